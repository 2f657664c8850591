"""`agreement.yaml` -> Policy: what the pipeline may collect, compute, keep and show at all.

The agreement may be stricter than the floors of this package and never laxer. Whatever is in use and not
in the agreement is a mistake of whoever configured it, and nothing starts until it is settled.
"""

from __future__ import annotations

import hashlib
import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StrictInt,
    StrictStr,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from connectors.errors import BadInput
from connectors.marked_yaml import Marked, NotYaml, Place, marked, text_of
from privacy import floors
from signals.catalog import did_you_mean

ALL_LISTED = "all listed"
"""Instead of a list of signals: every signal of the catalogue. A new signal then needs no new agreement."""

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")

Value = TypeVar("Value")


def _refuse(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("agreement", "{sentence}", {"sentence": sentence})


def _sentence(text: str) -> str:
    if not text.strip().endswith("."):
        raise _refuse("is not a sentence; say it in words and end with a full stop")
    return " ".join(text.split())


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise _refuse("is not a name; write lower-case words with - or _ between them")
    return text


def _not_consent(text: str) -> str:
    if text == "consent":
        raise _refuse(
            "consent is no basis for work: nobody can freely refuse an employer; name another basis"
        )
    return text


def _at_least(floor: int, value: int) -> int:
    if value < floor:
        raise _refuse(f"{value} is laxer than the built-in floor of {floor}; write {floor} or more")
    return value


def _nothing(value: int) -> int:
    if value != 0:
        raise _refuse("payloads are never stored, and no agreement can change that; write 0")
    return value


def _listed(value: object) -> object:
    return None if value == ALL_LISTED else value


def _forbids_enough(value: Mapping[str, str]) -> Mapping[str, str]:
    if missing := sorted(floors.FORBIDDEN_OUTPUTS - set(value)):
        raise _refuse(f"does not forbid {', '.join(missing)}; no agreement can allow these, so add them")
    return value


def _shows_teams_and_selves(value: Mapping[str, object]) -> Mapping[str, object]:
    if "self" not in value:
        raise _refuse("leaves out 'self'; whoever is collected about sees it first")
    return value


Sentence = Annotated[StrictStr, AfterValidator(_sentence)]
Name = Annotated[StrictStr, AfterValidator(_name)]
Days = Annotated[StrictInt, Field(ge=0)]
Named = Annotated[Mapping[Name, Value], Field(min_length=1), AfterValidator(MappingProxyType)]
Fields = Annotated[tuple[Name, ...], Field(min_length=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Purpose(_Frozen):
    """What the data is for, and what allows it."""

    says: Sentence
    basis: Annotated[
        Literal["works agreement", "contract", "legal obligation", "legitimate interest"],
        BeforeValidator(_not_consent),
    ]
    because: Sentence


class Source(_Frozen):
    """One place that data may come from, and all that may be kept of it."""

    purposes: Annotated[tuple[Name, ...], Field(min_length=1)]
    because: Sentence
    tables: Named[Fields]


class Audience(_Frozen):
    """Who may read, and what never reaches them."""

    sees: Annotated[tuple[Sentence, ...], Field(min_length=1)]
    never: Annotated[tuple[Sentence, ...], Field(min_length=1)]


class Retention(_Frozen):
    """How long each kind of thing is kept, at most."""

    raw_payloads_days: Annotated[StrictInt, AfterValidator(_nothing)]
    evidence_months: Annotated[StrictInt, Field(ge=1)]
    releases_quarters: Annotated[StrictInt, Field(ge=1)]
    shares_days: Days
    audit_months: Annotated[StrictInt, Field(ge=1)]
    orchestrator_days: Days
    backups_days: Days


def _as_written(value: object) -> object:
    """A day without quotes is a date to YAML."""
    return value.isoformat() if type(value) is date else value


class Approval(_Frozen):
    """A signature: who approves the text above with this hash, and since when."""

    by: Annotated[StrictStr, Field(min_length=2)]
    on: Annotated[StrictStr, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), BeforeValidator(_as_written)]
    body: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]


class Policy(_Frozen):
    """The agreement, as read. Frozen; `sha256` is the hash of all of it but its signatures."""

    title: Sentence
    purposes: Named[Purpose]
    sources: Named[Source]
    computed: Named[Fields]
    """Tables that no source fills: what the pipeline works out or notes down itself."""
    rights: Named[Fields]
    """Tables that people fill about themselves, and what is noted for them there."""
    opt_out: Literal["bands and evidence", "bands", "nothing"]
    """What somebody may leave by saying so."""
    signals: Annotated[tuple[Name, ...] | None, BeforeValidator(_listed)]
    """None: every signal that Sightline ships, and none of the organisation's own."""
    own_signals: Literal["listed", "for the person"] = "listed"
    """Whether a signal of the organisation's own needs its line where nobody but the person sees it."""
    audiences: Annotated[
        Mapping[Literal["self", "team", "organisation", "operator", "officer"], Audience],
        AfterValidator(_shows_teams_and_selves),
        AfterValidator(MappingProxyType),
    ]
    k: Annotated[StrictInt, AfterValidator(partial(_at_least, floors.K))]
    coalition: Annotated[StrictInt, AfterValidator(partial(_at_least, floors.COALITION))]
    windows: Literal["calendar quarter"]
    delay_days: Annotated[StrictInt, AfterValidator(partial(_at_least, floors.DELAY_DAYS))]
    hold_days: Days
    """How much longer a window waits for incomplete sources before it is published without their items."""
    presence_percent: Annotated[
        StrictInt, Field(le=100), AfterValidator(partial(_at_least, floors.PRESENCE_PERCENT))
    ]
    retention: Retention
    forbidden_outputs: Annotated[Named[Sentence], AfterValidator(_forbids_enough)]
    jurisdictions: Named[Sentence]
    approved: tuple[Approval, ...] = ()
    """Signatures, the last part of the file. An amendment needs two that are about it as it stands."""

    _sha256: str = PrivateAttr(default="")
    _file: str = PrivateAttr(default="agreement.yaml")

    @property
    def sha256(self) -> str:
        return self._sha256

    def kept_since(self, as_of: date) -> date:
        """The first day whose traces are still kept: the first of a month, so that it moves once a month."""
        cutoff = months_before(as_of, self.retention.evidence_months)
        return cutoff if cutoff.day == 1 else (cutoff.replace(day=1) + timedelta(days=31)).replace(day=1)

    @property
    def file(self) -> str:
        """The file's name, for sentences about it."""
        return self._file


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def load_policy(path: Path) -> Policy:
    """The agreement in this file. Raises BadInput with every mistake in it, each with its line."""
    text = text_of(path, path.name)
    try:
        reading = marked(text)
    except NotYaml as error:
        raise BadInput([error.sentence(path.name)]) from None
    written = reading.data
    if written is None:
        raise BadInput([f"{path.name}:1: the file is empty"])
    mistakes = [(reading.line(place), f"{_where(place)}: {sentence}") for place, sentence in reading.mistakes]
    policy = None
    try:
        policy = Policy.model_validate(written)
    except ValidationError as error:
        mistakes += [_mistake(reading, dict(each)) for each in error.errors(include_url=False)]
    mistakes += _unknown_purposes(written, reading)
    if isinstance(written, dict) and "approved" in written and [*written][-1] != "approved":
        line = reading.lines[("approved",)]
        mistakes.append((line, "approved: stands above parts of the agreement; signatures come last"))
    if mistakes or policy is None:
        raise BadInput([f"{path.name}:{line}: {sentence}" for line, sentence in sorted(mistakes)])
    # a frozen model lets nobody set a field; these two are not fields, so no file can state them
    policy._sha256 = body_sha256(text)
    policy._file = path.name
    return policy


def body_of(text: str) -> str:
    """What is agreed to: everything above the signatures, which are the last part of the file."""
    signatures = re.search(r"^approved:", text, flags=re.MULTILINE)
    return text[: signatures.start()] if signatures else text


def body_sha256(text: str) -> str:
    """The hash that stands in releases and log, and that is signed; a signature does not change it."""
    return hashlib.sha256(body_of(text).rstrip().encode()).hexdigest()


def check_agreement(
    policy: Policy,
    *,
    sources_in_use: Iterable[str],
    signals_in_use: Iterable[str],
    tables_in_use: Iterable[str] | Mapping[str, Collection[str]],
    columns_read: Mapping[str, Mapping[str, Mapping[str, int]]] = MappingProxyType({}),
    own_signals: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """One sentence for everything in use that the agreement does not list; empty when all is agreed.

    `tables_in_use` may map each table to the fields in use, which are then checked as well. `columns_read`
    says for each signal's file which columns of which table its query reads, and on what line.
    `own_signals` says who sees each signal in use that is the organisation's own: its sensitivity.
    """
    allowed: dict[str, set[str]] = {}
    for tables in [source.tables for source in policy.sources.values()] + [policy.computed, policy.rights]:
        for table, fields in tables.items():
            allowed.setdefault(table, set()).update(fields)
    used: Mapping[str, Collection[str]] = (
        tables_in_use if isinstance(tables_in_use, Mapping) else dict.fromkeys(tables_in_use, ())
    )
    missing = [
        *_not_agreed("source", sources_in_use, policy.sources),
        *_not_agreed_signals(policy, signals_in_use, own_signals),
        *_not_agreed("table", used, allowed),
        *(
            sentence
            for table, fields in sorted(used.items())
            if table in allowed
            for sentence in _not_agreed(f"table '{table}': field", fields, allowed[table])
        ),
    ]
    return [f"{policy.file}: {sentence}" for sentence in missing] + [
        f"{file}:{line}: reads '{column}' of '{table}', which {policy.file} does not list there; "
        "leave it out of the query, or agree to it there first"
        for file, tables in sorted(columns_read.items())
        for table, columns in sorted(tables.items())
        # what no part of the agreement lists at all is filled by nothing, so there is nothing to read in it
        if table in allowed
        for column, line in sorted(columns.items())
        if column not in allowed[table]
    ]


def _not_agreed_signals(policy: Policy, used: Iterable[str], own: Mapping[str, str]) -> Iterator[str]:
    # an agreement to all signals is to those that it could be read beside, and not to what is written since
    listed = {*used} - {*own} if policy.signals is None else {*policy.signals}
    for_the_person = {name for name, seen_by in own.items() if seen_by in ("person", "self")}
    needs_no_line = for_the_person if policy.own_signals == "for the person" else set()
    for name in sorted({*used} - listed - needs_no_line):
        if name not in own:
            yield from _not_agreed("signal", [name], listed)
        elif policy.own_signals == "listed":
            yield f"own signal '{name}' is not agreed to; list it there under signals"
        else:
            yield (
                f"own signal '{name}' is for more eyes than its person's (sensitivity: {own[name]}) and not "
                "agreed to; list it there under signals, or make it one for the person"
            )


def _not_agreed(kind: str, used: Iterable[str], allowed: Iterable[str]) -> Iterator[str]:
    known = sorted(set(allowed))
    for name in sorted(set(used) - set(known)):
        hinted = did_you_mean(name, known) or "; agree to it there or stop using it"
        yield f"{kind} '{name}' is in use and not agreed to{hinted}"


def _mistake(reading: Marked, error: dict[str, Any]) -> tuple[int, str]:
    place = tuple(part for part in error["loc"] if part != "[key]")
    line = reading.line(place)
    match error["type"]:
        case "missing":
            return line, f"{_where(place[:-1])}: '{place[-1]}' is missing; add it"
        case "extra_forbidden":
            known = _keys_beside(place)
            hinted = did_you_mean(str(place[-1]), known) or f"; known keys are {', '.join(known)}"
            return line, f"{_where(place[:-1])}: no key is named '{place[-1]}'{hinted}"
        case "agreement":
            return line, f"{_where(place)}: {error['ctx']['sentence']}"
        case "model_type" | "mapping_type" | "dict_type":
            return line, f"{_where(place)}: expected keys with values"
    message = str(error["msg"])
    return line, f"{_where(place)}: {message[0].lower()}{message[1:]}"


def _keys_beside(place: tuple[str | int, ...]) -> list[str]:
    """The keys that would have been known where an unknown one stands."""
    models: dict[str, type[BaseModel]] = {
        "purposes": Purpose,
        "sources": Source,
        "audiences": Audience,
        "retention": Retention,
        "approved": Approval,
    }
    model: type[BaseModel] = models.get(str(place[0]), Policy) if len(place) > 1 else Policy
    return list(model.model_fields)


def _where(place: Place) -> str:
    if not place:
        return "the agreement"
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)


def _unknown_purposes(written: Any, reading: Marked) -> Iterator[tuple[int, str]]:
    """A sentence for every source whose purpose the agreement does not state."""
    match written:
        case {"purposes": dict(purposes), "sources": dict(sources)}:
            for name, source in sources.items():
                named = source.get("purposes") if isinstance(source, dict) else None
                for at, purpose in enumerate(named if isinstance(named, list) else []):
                    if isinstance(purpose, str) and purpose not in purposes:
                        place = ("sources", name, "purposes", at)
                        hinted = did_you_mean(purpose, [*purposes])
                        yield reading.line(place), f"{_where(place)}: no purpose is named '{purpose}'{hinted}"
