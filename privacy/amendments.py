"""Putting an agreement into force: what it changes, in plain words, and the two signatures that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from config.settings import Settings
from connectors.errors import BadInput
from privacy import logbook
from privacy.policy import Policy, load_policy
from warehouse.files import write_atomically
from warehouse.windows import today

SIGNERS = 2
"""How many different people have to sign an amendment: one who proposes it is not enough."""

_NUMBERS: Sequence[tuple[str, str, bool]] = (
    ("k", "the smallest team that has bands", True),
    ("coalition", "colleagues who may pool what they know", True),
    ("presence_percent", "per cent of a quarter somebody has to be there to be counted", True),
    ("delay_days", "days between the end of a quarter and its release", True),
    ("hold_days", "days a quarter waits longer for incomplete sources", True),
)
"""A number of the agreement, what it is, and whether more of it is stricter."""


def adopt(settings: Settings, policy: Policy) -> None:
    """Puts the agreement into force, or raises BadInput where it differs from the one in force, unsigned."""
    in_force = settings.agreement_in_force
    if not in_force.exists():
        _put(settings, in_force, "agreement adopted", policy)
        return
    before = load_policy(in_force)
    logged = logbook.agreements_logged(settings)
    if logged and before.sha256 != logged[-1]:
        raise BadInput(
            [f"{in_force}: is not the agreement that was put into force; restore it from a backup"]
        )
    if policy.sha256 == before.sha256:
        return
    if len(signed := signers(policy)) < SIGNERS:
        by = f"only {signed[0]} has signed it" if signed else "nobody has signed it"
        raise BadInput(
            [
                f"{settings.agreement}: is not the agreement in force, and {by}; it takes {SIGNERS} names "
                "(`sightline privacy agreement sign --by NAME` prints the line). What it changes:",
                *(f"  {sentence}" for sentence in differences(before, policy) or ["nothing but its wording"]),
            ]
        )
    _put(settings, in_force, "agreement amended", policy)


def _put(settings: Settings, in_force: Path, action: str, policy: Policy) -> None:
    # the log goes first: a copy that nobody put into force is found, a log of one that was never put is not
    text = settings.agreement.read_text(encoding="utf-8")
    write_atomically(in_force.with_name(f".{in_force.name}.next"), text)
    logbook.note(settings, action, sha256=policy.sha256)
    in_force.with_name(f".{in_force.name}.next").replace(in_force)


def signature_line(agreement: Path, name: str) -> str:
    """The line that says that somebody approves an agreement. Raises BadInput."""
    if not name.strip() or '"' in name or "\\" in name:
        raise BadInput(["a signature is a name, without quotes"])
    policy = load_policy(agreement)
    line = signature(name.strip(), today().isoformat(), policy.sha256)
    return line if policy.approved else f"approved:\n{line}"


def signature(name: str, on: str, sha256: str) -> str:
    """The line to add under `approved:`."""
    return f'  - {{by: "{name}", on: {on}, body: {sha256}}}'


def signers(policy: Policy) -> list[str]:
    """Who signed the agreement as it now stands. A signature under an earlier text does not count."""
    return sorted({each.by.casefold().strip() for each in policy.approved if each.body == policy.sha256})


def differences(old: Policy, new: Policy) -> list[str]:
    """A sentence for everything that `new` says otherwise; none where they say the same."""
    return [
        *_named("purpose", _texts(old.purposes), _texts(new.purposes)),
        *_sources(old, new),
        *_tables("worked out", old.computed, new.computed),
        *_tables("kept of what people say themselves", old.rights, new.rights),
        *_signals(old, new),
        *_audiences(old, new),
        *_numbers(old, new),
        *_retention(old, new),
        *_changed("what somebody may opt out of", old.opt_out, new.opt_out),
        *_named("forbidden output", dict(old.forbidden_outputs), dict(new.forbidden_outputs)),
        *_named("jurisdiction", dict(old.jurisdictions), dict(new.jurisdictions)),
        *_changed("title", old.title, new.title),
    ]


def _texts(models: Mapping[str, object]) -> dict[str, str]:
    return {name: " ".join(str(value) for _, value in each) for name, each in models.items()}  # type: ignore[attr-defined]


def _named(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield f"adds the {kind} {name}: {new[name]}"
        elif name not in new:
            yield f"drops the {kind} {name}: {old[name]}"
        elif old[name] != new[name]:
            yield f"rewords the {kind} {name}: {new[name]}"


def _sources(old: Policy, new: Policy) -> Iterator[str]:
    for name in sorted({*old.sources, *new.sources}):
        if name not in old.sources:
            source = new.sources[name]
            yield f"collects from a new source, {name}, for {', '.join(source.purposes)}: {source.because}"
            yield from _tables(f"kept from {name}", {}, source.tables)
        elif name not in new.sources:
            yield f"no longer collects from {name}"
        else:
            before, after = old.sources[name], new.sources[name]
            yield from _changed(f"what {name} is for", before.purposes, after.purposes)
            yield from _tables(f"kept from {name}", before.tables, after.tables)


def _tables(what: str, old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for table in sorted({*old, *new}):
        more = sorted({*new.get(table, ())} - {*old.get(table, ())})
        less = sorted({*old.get(table, ())} - {*new.get(table, ())})
        if more:
            yield f"{what}, new: {table} ({', '.join(more)})"
        if less:
            yield f"{what}, no longer: {table} ({', '.join(less)})"


def _signals(old: Policy, new: Policy) -> Iterator[str]:
    if old.own_signals != new.own_signals:
        yield (
            "questions of the organisation's own need no line where their person alone sees the answer"
            if new.own_signals == "for the person"
            else "every question of the organisation's own needs its line from now on"
        )
    if (old.signals is None) != (new.signals is None):
        yield (
            "any signal of the program may be asked from now on"
            if new.signals is None
            else "only the listed signals may be asked from now on"
        )
        return
    more, less = (
        {*(new.signals or ())} - {*(old.signals or ())},
        {*(old.signals or ())} - {*(new.signals or ())},
    )
    if more:
        yield f"asks new questions: {', '.join(sorted(more))}"
    if less:
        yield f"no longer asks: {', '.join(sorted(less))}"


def _audiences(old: Policy, new: Policy) -> Iterator[str]:
    for name in sorted({*old.audiences, *new.audiences}):
        before, after = old.audiences.get(name), new.audiences.get(name)
        for word in ("sees", "never"):
            was, now = (getattr(each, word) if each else () for each in (before, after))
            verb = "sees" if word == "sees" else "never sees"
            yield from (f"{name} {verb}, new: {sentence}" for sentence in now if sentence not in was)
            yield from (f"{name} {verb}, no longer: {sentence}" for sentence in was if sentence not in now)


def _numbers(old: Policy, new: Policy) -> Iterator[str]:
    for name, says, more_is_stricter in _NUMBERS:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            way = "stricter" if (after > before) == more_is_stricter else "laxer"
            yield f"{says}: {after} instead of {before}, which is {way}"


def _retention(old: Policy, new: Policy) -> Iterator[str]:
    for name, before in old.retention.model_dump().items():
        after = getattr(new.retention, name)
        if before != after:
            what, unit = name.rsplit("_", 1)
            way = "longer" if after > before else "shorter"
            yield f"keeps {what.replace('_', ' ')} {way}: {after} {unit} instead of {before}"


def _changed(what: str, old: object, new: object) -> Iterator[str]:
    if old != new:
        yield f"{what}: {_listed(new)} instead of {_listed(old)}"


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
