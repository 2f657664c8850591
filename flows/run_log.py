"""What happened in one run: entries that are appended and never changed, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from connectors.records import Gap
from warehouse.ledger import Difference


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for the receipt."""

    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The sentence of a source that refused, or was not reached."""

    text: str


@dataclass(frozen=True, slots=True)
class RosterMistake:
    """Why the roster cannot be taken over in this run."""

    text: str


@dataclass(frozen=True, slots=True)
class Alteration:
    """A release or the audit log is not what was written."""

    text: str


@dataclass(frozen=True, slots=True)
class SignalRefused:
    """A signal whose rows are about other people: none of them is kept."""

    signal: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a source was expected to take, as a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A source, a scope or the roster that was not read to its end."""

    name: str


@dataclass(frozen=True, slots=True)
class Sampled:
    """So many objects of scopes that were not counted were looked at."""

    objects: int


@dataclass(frozen=True, slots=True)
class EvidenceRun:
    """The number under which the evidence of this run is stored."""

    number: int


@dataclass(frozen=True, slots=True)
class ScopeListed:
    """A scope that is due, or that is missing from the list of its source."""

    source: str
    scope: str


@dataclass(frozen=True, slots=True)
class ReadStarted:
    """A scope is read; from its beginning, what was missing so far is asked for again."""

    source: str
    scope: str
    from_beginning: bool


@dataclass(frozen=True, slots=True)
class GapReported:
    """What a connector could not get."""

    source: str
    scope: str
    gap: Gap


@dataclass(frozen=True, slots=True)
class ThreadsCompared:
    """The pull requests of a scope with a review thread that is not as it is stored."""

    source: str
    scope: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A scope was held against its source's own count."""

    source: str
    scope: str


@dataclass(frozen=True, slots=True)
class Spent:
    """What reading a scope cost."""

    source: str
    scope: str
    requests: int
    points: int


OfScope = ScopeListed | ReadStarted | GapReported | ThreadsCompared | Counted | Spent
OfRun = (
    Message | Refusal | RosterMistake | Alteration | SignalRefused | Plan | Unfinished | Sampled | EvidenceRun
)
Sentence = Message | Refusal | RosterMistake | Alteration | SignalRefused | Plan
Entry = TypeVar("Entry", bound=OfScope | OfRun)


class RunLog:
    """The entries of one run, in order."""

    def __init__(self) -> None:
        self._of_kind: dict[type[object], list[OfScope | OfRun]] = {}
        self._of_scope: dict[tuple[str, str], list[OfScope]] = {}
        self._sources: dict[str, dict[str, None]] = {}

    def append(self, *entries: OfScope | OfRun) -> None:
        """Adds entries at the end."""
        for entry in entries:
            self._of_kind.setdefault(type(entry), []).append(entry)
            if isinstance(entry, OfRun):
                continue
            self._of_scope.setdefault((entry.source, entry.scope), []).append(entry)
            if isinstance(entry, ScopeListed):
                self._sources.setdefault(entry.source, {})[entry.scope] = None

    def say(self, *sentences: str) -> None:
        """Adds sentences for the receipt."""
        self.append(*map(Message, sentences))

    def list_scopes(self, source: str, scopes: Iterable[str]) -> None:
        """Adds what a source has to read; a source with nothing to read is listed as well."""
        self._sources.setdefault(source, {})
        self.append(*(ScopeListed(source, scope) for scope in scopes))

    def of(self, kind: type[Entry]) -> list[Entry]:
        """The entries of one kind, in order."""
        return [entry for entry in self._of_kind.get(kind, ()) if isinstance(entry, kind)]

    def texts(self, kind: type[Sentence]) -> list[str]:
        """The sentences of one kind, each once."""
        return list(dict.fromkeys(entry.text for entry in self.of(kind)))

    @property
    def unfinished(self) -> set[str]:
        """What was not read to its end."""
        return {entry.name for entry in self.of(Unfinished)}

    @property
    def run(self) -> int:
        """The number of this run; 0 before its evidence is computed."""
        return max((entry.number for entry in self.of(EvidenceRun)), default=0)

    @property
    def scopes(self) -> dict[str, tuple[str, ...]]:
        """What each source has to read, for the sources that have told it."""
        return {source: tuple(scopes) for source, scopes in self._sources.items()}

    def gaps(self, source: str, scope: str) -> list[Gap]:
        """What a connector could not get of a scope, since it was last read from its beginning."""
        gaps: list[Gap] = []
        for entry in self._entries(source, scope):
            if isinstance(entry, GapReported):
                gaps.append(entry.gap)
            elif isinstance(entry, ReadStarted) and entry.from_beginning:
                gaps.clear()
        return gaps

    def was_read_completely(self, source: str, scope: str) -> bool:
        """Whether the scope was last read from its beginning in this run."""
        starts = [each for each in self._entries(source, scope) if isinstance(each, ReadStarted)]
        return bool(starts) and starts[-1].from_beginning

    def threads_compared(self, source: str, scope: str) -> ThreadsCompared | None:
        """The last comparison of review threads that no count has used yet."""
        entries = [
            each for each in self._entries(source, scope) if isinstance(each, ThreadsCompared | Counted)
        ]
        last = entries[-1] if entries else None
        return last if isinstance(last, ThreadsCompared) else None

    def counted(self) -> set[tuple[str, str]]:
        """The scopes that were held against their source's own count."""
        return {(entry.source, entry.scope) for entry in self.of(Counted)}

    def spent(self, source: str, scope: str) -> tuple[int, int]:
        """The requests and points that a scope took."""
        costs = [each for each in self._entries(source, scope) if isinstance(each, Spent)]
        return sum(each.requests for each in costs), sum(each.points for each in costs)

    def _entries(self, source: str, scope: str) -> list[OfScope]:
        return self._of_scope.get((source, scope), [])
