"""signal file -> Signal. Reads every `signals/<name>.sql` and says all that is wrong with them at once.

Nothing here sees data: the queries are described against the empty tables of the migrations.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from connectors.errors import BadInput
from connectors.marked_yaml import NotYaml, marked
from signals.queries import COLUMNS, mistakes_in_query
from warehouse.completeness import COLUMNS_APART

FOLDER = Path(__file__).parent
_NONE = re.compile(r"none\b")
"""How a guard begins that is none."""
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def _question(text: str) -> str:
    if not text.strip().endswith("?"):
        raise ValueError("is a question and ends with a question mark")
    return text.strip()


def _sentence(text: str) -> str:
    if not text.strip().endswith("."):
        raise ValueError("is a whole sentence and ends with a full stop")
    return text.strip()


def _words(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; say it in a few words")
    return text.strip()


Question = Annotated[str, AfterValidator(_question)]
Sentence = Annotated[str, AfterValidator(_sentence)]
Words = Annotated[str, AfterValidator(_words)]


Kind = Literal["evidence", "opportunity", "process", "step"]
Grain = Literal["root", "quarter"]


class Header(BaseModel):
    """What a signal owes its reader before its query begins."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    signal: Words
    """The file's name without `.sql`."""
    kind: Kind = "evidence"
    """Opportunity: a day on which something could have come up, which makes absence fair to speak of.

    Process: for whom in a team something went well in a quarter. It is never stored and never evidence; the
    door makes one word of it for a whole team, or nothing. Step: what ties a person's traces of one incident
    together, as a link for that person alone; nothing counts it.
    """
    answers: Question
    unit: Words
    """What is counted, in the plural: distinct source objects. Opportunities count months."""
    reads: tuple[str, ...]
    """Every table the query reads, and no other: the sources that have to be complete."""
    optional: tuple[str, ...] = ()
    """Those of them that not every organisation has: where no source fills one, nothing is missing in it."""
    grain: Grain = "quarter"
    """root: a row rests on one pull request or issue with all that is below it, and on no other, so that a
    change is computed again for its months alone; quarter: on what else is dated in the same quarter too."""
    sensitivity: Literal["band", "person", "self", "team"]
    """band: links for the person, may feed a band; person: never a band; self: the person alone; team: a word
    for a team and nothing about anybody, which is for a process and for nothing else."""
    opportunity: Words | None
    """The opportunity signal without which finding nothing says nothing."""
    guard: Words | None
    """The counter-signal that keeps this one honest, or `none, because` and why there is none.

    Null is for opportunities and steps: nobody gains by those.
    """
    misleads: Sentence
    basis: Words
    """Where the definition comes from."""
    owner: Words
    review_by: date


class Signal(Header):
    """A declared question with the SQL that answers it in rows."""

    sql: str
    """The whole file: the header is a comment to the database."""
    path: Path
    sha256: str
    """Of the whole file: the version of the rule."""
    unguarded: str | None
    """Why it has no guard, as a sentence."""
    is_own: bool
    """Of the organisation, and not shipped."""
    apart: tuple[str, ...] = ()
    """What it reads by a permission of its own, under the name by which a source may lack it."""
    open_because: str | None = None
    """Why whatever rests on it is left open: its rows were refused. None for a signal that is in order."""

    @property
    def file(self) -> str:
        """Where it stands, for sentences about it."""
        return f"{self.path.parent.name}/{self.path.name}"

    def overdue(self, day: date) -> list[str]:
        """A sentence for readers when the review was due before `day`; nothing otherwise."""
        if self.review_by >= day:
            return []
        return [
            f"What counts as {self.signal!r} was due to be read again by {self.review_by} and was not, so it "
            "may no longer say what it claims."
        ]


class Catalog(Mapping[str, Signal]):
    """All signals by name, in alphabetical order."""

    def __init__(self, signals: Mapping[str, Signal]) -> None:
        self._signals = dict(sorted(signals.items()))

    def __getitem__(self, name: str) -> Signal:
        return self._signals[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._signals)

    def __len__(self) -> int:
        return len(self._signals)

    def of_kind(self, kind: Kind) -> list[Signal]:
        """The signals of this kind."""
        return [signal for signal in self.values() if signal.kind == kind]

    def refusing(self, open_because: Mapping[str, str]) -> Catalog:
        """The same with these signals refused, each for its reason; names of no signal are left out."""
        return Catalog(
            {
                name: signal.model_copy(update={"open_because": open_because.get(name)})
                for name, signal in self.items()
            }
        )

    def overdue(self, day: date) -> list[str]:
        """One sentence for every signal whose review was due before `day`."""
        return [
            f"{_place(signal.path, 1)}: review was due on {signal.review_by}; {signal.owner} should read"
            " the definition again and set a new date"
            for signal in self.values()
            if signal.review_by < day
        ]


def load_catalog(folder: Path = FOLDER, *, own: Sequence[Path] = (), are_checked: bool = False) -> Catalog:
    """Every signal in `folder`, and in the folders of an organisation's own beside it.

    Raises BadInput with every mistake in every file. Queries that were checked when they ran, and are only
    spoken of now, are not checked again.
    """
    files = {each: sorted(each.glob("*.sql")) for each in (folder, *own)}
    if empty := [each for each, paths in files.items() if not paths]:
        raise BadInput([_no_signals(each) for each in empty])
    readings: dict[str, _Reading] = {}
    mistakes: list[tuple[Path, int, str]] = []
    for path in (path for paths in files.values() for path in paths):
        if path.stem in readings:
            first = _place(readings[path.stem].path, 1)
            mistakes.append((path, 1, f"signal: {path.stem!r} is the name of {first} already; take another"))
        else:
            readings[path.stem] = _read(path)
    kinds = {name: reading.kind for name, reading in readings.items()}
    mistakes += [
        (reading.path, line, sentence)
        for reading in readings.values()
        for line, sentence in (
            *reading.mistakes,
            *_wrong_references(reading, kinds),
            *(() if are_checked else (*_unguarded(reading), *_wrong_query(reading))),
        )
    ]
    if mistakes:
        ordered = sorted(mistakes, key=lambda each: (_place(each[0], 0), *each[1:]))
        raise BadInput([f"{_place(path, line)}: {sentence}" for path, line, sentence in ordered])
    own_names = {path.stem for each in own for path in files[each]}
    return Catalog({name: reading.signal(name in own_names) for name, reading in readings.items()})


def _no_signals(folder: Path) -> str:
    if not folder.is_dir():
        return f"{folder}: there is no such folder; `signals:` names folders of signal files"
    return f"{folder.name}/: there is no signal file here; a signal is {folder.name}/<name>.sql"


# --- one file -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """A file as far as it could be read."""

    path: Path
    sql: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of each key."""
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def kind(self) -> str | None:
        """None where the header does not say, or says something else."""
        kind = self.header.get("kind", "evidence") if self.header else None
        return kind if kind in COLUMNS else None

    def signal(self, is_own: bool) -> Signal:
        version = hashlib.sha256(self.sql.encode()).hexdigest()
        guard, unguarded = _guard(self.header["guard"])
        read = {"sql": self.sql, "path": self.path, "sha256": version}
        query = self.sql.partition("*/")[2].lower()
        apart = (name for column, name in COLUMNS_APART.items() if re.search(rf"\b{column}\b", query))
        read |= {"unguarded": unguarded, "is_own": is_own, "apart": tuple(apart)}
        return Signal.model_validate(self.header | {"guard": guard} | read)


def _guard(guard: str | None) -> tuple[str | None, str | None]:
    """The guard that a header names, or why it names none."""
    reason = re.fullmatch(r"none, because (.*)", " ".join((guard or "").split()))
    return (None, reason[1]) if reason else (guard, None)


def _read(path: Path) -> _Reading:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return _Reading(path, mistakes=[(1, "the file is not UTF-8 text; save it as UTF-8")])
    comment = re.match(r"/\*[^\S\n]*\n(.*?)\*/", text, re.DOTALL)
    if not comment:
        return _Reading(
            path, mistakes=[(1, "the file opens with its header: YAML on the lines between /* and */")]
        )
    header, lines, wrong = _yaml(comment[1])
    if header is None:
        return _Reading(path, text, mistakes=wrong)
    for key in ("reads", "optional"):
        if isinstance(header.get(key), list):
            header[key] = tuple(str(table) for table in header[key])
    if not _NAME.fullmatch(path.stem):
        sentence = f"signal: {path.stem!r} is no name; write lower-case words with _ between them"
        wrong.append((lines.get("signal", 1), sentence))
    if header.get("signal") not in (None, path.stem):
        sentence = f"signal: is {header['signal']!r} but the file is {path.name}; name both alike"
        wrong.append((lines["signal"], sentence))
    try:
        Header.model_validate(header)
    except ValidationError as error:
        wrong += [_header_mistake(each, lines) for each in error.errors()]
    if (header.get("kind") == "process") != (header.get("sensitivity") == "team"):
        sentence = "sensitivity: a process is for the team, and nothing else is; write team for it alone"
        wrong.append((lines.get("sensitivity", 1), sentence))
    return _Reading(path, text, header, lines, wrong)


def _unguarded(reading: _Reading) -> Iterator[tuple[int, str]]:
    """What counts for somebody can become a target: it says what keeps it honest, or why nothing can."""
    guard = reading.header.get("guard", "")
    if guard is None and reading.kind not in ("opportunity", "step", None):
        sentence = (
            "guard: is null for opportunities and steps alone; name one, or write `none, because ... .`"
        )
        yield reading.lines["guard"], sentence
    elif isinstance(guard, str) and _NONE.match(guard) and not (_guard(guard)[1] or "").endswith("."):
        sentence = "guard: why there is none is said in a sentence; write `none, because ... .`"
        yield reading.lines["guard"], sentence


def _wrong_query(reading: _Reading) -> Iterator[tuple[int, str]]:
    reads = reading.header.get("reads")
    for table in reading.header.get("optional") or ():
        if isinstance(reads, tuple) and table not in reads:
            yield reading.lines["optional"], f"optional: {table!r} is not among what it reads; remove it"
    if reading.kind and isinstance(reads, tuple):
        yield from mistakes_in_query(reading.sql, reading.kind, reads, reading.lines["reads"])


def _yaml(text: str) -> tuple[dict[str, Any] | None, Mapping[str, int], list[tuple[int, str]]]:
    # the comment opens on line 1 of the file, and its text begins on line 2
    try:
        header = marked(text)
    except NotYaml as error:
        return (
            None,
            {},
            [(error.line + 1, f"not YAML: {error.problem}; quote a value that holds ': ' or '#'")],
        )
    if not isinstance(header.data, dict):
        return None, {}, [(1, "the header is a list of `key: value` lines and begins with `signal:`")]
    lines = {str(place[0]): line + 1 for place, line in header.lines.items() if len(place) == 1}
    wrong = [(header.line(place) + 1, f"{place[0]}: {sentence}") for place, sentence in header.mistakes]
    return header.data, lines, wrong


def _header_mistake(error: Any, lines: Mapping[str, int]) -> tuple[int, str]:
    key = str(error["loc"][0])
    line = lines.get(key, 1)
    if error["type"] == "missing":
        hint = {
            "opportunity": "; write `opportunity: null` if there is none",
            "guard": "; name the signal that keeps it honest, or write `guard: none, because ... .`",
        }
        return line, f"{key}: is missing{hint.get(key, '')}"
    if error["type"] == "extra_forbidden":
        return line, f"{key}: is no key of a header{did_you_mean(key, Header.model_fields)}"
    if error["type"] == "literal_error":
        given = str(error["input"])
        choices = re.findall(r"'([^']+)'", error["ctx"]["expected"])
        return line, f"{key}: is {given!r} and can be {', '.join(choices)}{did_you_mean(given, choices)}"
    if error["type"] == "value_error":
        return line, f"{key}: {error['ctx']['error']}"
    shape = {
        "reads": "a list of tables, like [pull_requests, reviews]",
        "optional": "a list of tables, like [pull_requests, reviews]",
        "review_by": "a date like 2027-06-30",
    }
    return line, f"{key}: is {shape.get(key, 'text')}"


def _wrong_references(reading: _Reading, kinds: Mapping[str, str | None]) -> Iterator[tuple[int, str]]:
    """What is wrong with the names of other signals. A kind is None where that file has its own mistakes."""
    # what keeps a word about a team honest is another word about the team
    guard = "process" if reading.kind == "process" else "evidence"
    for key, wanted in (("opportunity", "opportunity"), ("guard", guard)):
        named = reading.header.get(key)
        if not isinstance(named, str) or not named.strip() or (key == "guard" and _NONE.match(named)):
            continue
        line = reading.lines[key]
        if named == reading.path.stem:
            yield line, f"{key}: a signal is not its own {key}; name another or write none"
        elif named not in kinds:
            near = did_you_mean(named, [name for name, kind in kinds.items() if kind in (wanted, None)])
            yield line, f"{key}: no signal named {named!r}{near}"
        elif kinds[named] not in (wanted, None):
            yield line, f"{key}: {named!r} is of kind {kinds[named]}, and {wanted} is asked for"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing when nothing is near."""
    near = get_close_matches(name, sorted(set(known)), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _place(path: Path, line: int) -> str:
    return f"{path.parent.name}/{path.name}:{line}"
