"""What a report said on a former day, and why a cell has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from config.settings import Settings
from connectors.errors import BadInput
from people.former_reports import Former, opened, run_for
from people.rights import rights_of
from privacy.errors import NoReport
from privacy.released import Released
from warehouse.as_of import EvidenceKey, EvidenceMoves, memberships_at, moves_between
from warehouse.store import Store


class Change(NamedTuple):
    """One reason why a cell is not what it was; `cause` is one of CAUSES."""

    cause: str
    says: str


CAUSES = (
    "new event",
    "late arrival",
    "mapping edit",
    "signal version",
    "identity change",
    "contest",
    "erasure or deletion",
    "sources",
    "roster",
    "occasion",
    "the day",
)
"""Why a cell changes. Whether somebody else was erased is theirs: their work is no longer stored, like any
that its source has deleted."""


def report_as_of(settings: Settings, person_id: str, window: str | None, as_of: date) -> Released:
    """The report that the last night until this day wrote, byte for byte. Raises BadInput or NoReport."""
    with opened(settings) as store:
        return run_for(settings, store, as_of).report(person_id, window)


def changes_since(
    settings: Settings, person_id: str, window: str, items: Sequence[str], since: date
) -> list[dict[str, Any]]:
    """For each of these items what it was and is, and every reason for the difference. Raises BadInput."""
    with opened(settings) as store:
        before, after = run_for(settings, store, since), run_for(settings, store, None)
        try:
            then = before.report(person_id, window).body
        except NoReport:
            raise BadInput([f"there was no report for {window} on {since} to compare with"]) from None
        now = after.report(person_id, window).body
        was = {item["item"]: item for item in then["items"]}
        changes = []
        for item in now["items"]:
            if item["item"] in items:
                old = was.get(item["item"])
                reasons = _reasons(store, before, after, person_id, old, item)
                if then["rubric"]["id"] != now["rubric"]["id"]:
                    titles = now["rubric"]["title"], then["rubric"]["title"]
                    moved = "The roster puts you on {} now; it was {}.".format(*titles)
                    reasons.insert(0, Change("roster", moved))
                reasons += _contests(settings, person_id, window, item["item"], before.run.as_of)
                changes.append(
                    {
                        "item": item["item"],
                        "since": before.run.as_of.isoformat(),
                        "was": old["state"] if old else None,
                        "is": item["state"],
                        "reasons": [each._asdict() for each in reasons],
                    }
                )
        return changes


def _reasons(
    store: Store,
    before: Former,
    after: Former,
    person_id: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
) -> list[Change]:
    if old is None:
        return [Change("mapping edit", "The map had no such item then.")]
    moves = moves_between(store, person_id, before.run.run, after.run.run)
    changes = [*_rule_changes(old, new)]
    edited = {each["signal"] for each in old["signals"]} ^ {each["signal"] for each in new["signals"]}
    came, went = _differing(old, new), _differing(new, old)
    for key, row in came.items():
        run = moves.seen.get(key)
        of_same_object = next((each for each in went.values() if _object(each) == _object(row)), None)
        cause = _cause_of_arrival(row, run, moves, edited, before.run.as_of)
        if of_same_object is not None:
            day = of_same_object["occurred_on"]
            changes.append(
                Change(cause, f"{_named(row)} counted on {day} then and counts on {row['occurred_on']}.")
            )
        else:
            changes.append(
                Change(cause, f"{_named(row)} of {row['occurred_on']} came{_on(run, moves)}: {_WHY[cause]}")
            )
    for key, row in went.items():
        if any(_object(each) == _object(row) for each in came.values()):
            continue
        run = moves.gone.get(key)
        cause = _cause_of_leaving(row, run, moves, edited)
        changes.append(
            Change(cause, f"{_named(row)} of {row['occurred_on']} went{_on(run, moves)}: {_LEFT[cause]}")
        )
    if old["state"] != new["state"] or old["because"] != new["because"]:
        changes += _circumstances(store, before, after, person_id, old, new, has_reason=bool(changes))
    return changes


def _rule_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    if old["rule"] != new["rule"] or old["class"] != new["class"]:
        yield Change(
            "mapping edit",
            "The map was changed: it said {!r} and says {!r}.".format(
                *(each["rule"] or each["class"] for each in (old, new))
            ),
        )
    versions = {each["signal"]: each["version"] for each in old["signals"]}
    for each in new["signals"]:
        was = versions.get(each["signal"], each["version"])
        if was != each["version"]:
            yield Change(
                "signal version",
                f"{each['signal']} was computed with version {was} of its file, now with {each['version']}.",
            )


_WHY = {
    "new event": "it happened since.",
    "late arrival": "it had happened before, and no night had seen it yet.",
    "mapping edit": "the map looks at this since its change.",
    "signal version": "the signal counts it since its file was changed.",
    "identity change": "an account was linked to you.",
}
_LEFT = {
    "mapping edit": "the map no longer looks at this.",
    "signal version": "the signal no longer counts it since its file was changed.",
    "identity change": "an account is no longer linked to you.",
    "erasure or deletion": "what it rested on is not stored any more: changed or deleted at its source, "
    "or erased.",
}


def _cause_of_arrival(
    row: Mapping[str, Any], run: int | None, moves: EvidenceMoves, edited: set[str], then: date
) -> str:
    if row["signal"] in edited:
        return "mapping edit"
    night_before = max((day for number, day in moves.days.items() if number < (run or 0)), default=then)
    if row["occurred_on"] > night_before.isoformat():
        return "new event"  # no earlier night could have seen it, whatever else was changed that day
    if run in moves.identity_runs:
        return "identity change"
    if (row["signal"], run) in moves.version_runs:
        return "signal version"
    return "late arrival"


def _cause_of_leaving(row: Mapping[str, Any], run: int | None, moves: EvidenceMoves, edited: set[str]) -> str:
    if row["signal"] in edited:
        return "mapping edit"
    if run in moves.identity_runs:
        return "identity change"
    if (row["signal"], run) in moves.version_runs:
        return "signal version"
    return "erasure or deletion"


def _circumstances(
    store: Store,
    before: Former,
    after: Former,
    person_id: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    has_reason: bool,
) -> Iterator[Change]:
    """What made a difference beside rule and evidence: sources, occasions, the roster, or the day alone."""
    runs = before.run.run, after.run.run
    states = {old["state"], new["state"]}
    # another manager changes no cell
    rosters = [
        [row._replace(manager_id=None) for row in memberships_at(store, run) if row.person_id == person_id]
        for run in runs
    ]
    if "no opportunity" in states and rosters[0] != rosters[1]:
        yield Change("roster", "The roster says something else about when you were in which team.")
    elif "not collected" in states:
        yield Change("sources", f"Then: {old['because'] or 'complete.'} Now: {new['because'] or 'complete.'}")
    elif "no opportunity" in states:
        yield Change(
            "occasion", f"Then: {old['because'] or old['state']} Now: {new['because'] or new['state']}"
        )
    elif not has_reason and old["state"] != new["state"]:
        yield Change("the day", "Nothing came or went: more of the window has passed.")


def _contests(settings: Settings, person_id: str, window: str, item: str, since: date) -> Iterator[Change]:
    with rights_of(settings) as own:  # also what was said by an account that was linked since
        for each in own.contests(person_id):
            if (each.quarter, each.item) != (window, item):
                continue
            if each.opened_on >= since:
                yield Change("contest", f"You contested it on {each.opened_on}; until then it was not.")
            if each.resolved_on and each.resolved_on >= since:
                yield Change("contest", f"Your contest was {each.state} on {each.resolved_on}.")


# --- rows of evidence, as they stand in a report ----------------------------------------------------------


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[EvidenceKey, Mapping[str, Any]]:
    """The rows of evidence that the second has and the first has not."""
    before = {_key(row) for row in old["evidence"]}
    return {_key(row): row for row in new["evidence"] if _key(row) not in before}


def _key(row: Mapping[str, Any]) -> EvidenceKey:
    return EvidenceKey(
        row["signal"], date.fromisoformat(row["occurred_on"]), row["source_kind"], row["source_id"]
    )


def _object(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["signal"], row["source_kind"], row["source_id"]


def _named(row: Mapping[str, Any]) -> str:
    kind = row["source_kind"].replace("_", " ")
    return f"{row['url'] or kind + ' ' + row['source_id']} ({row['signal']})"


def _on(run: int | None, moves: EvidenceMoves) -> str:
    day = moves.days.get(run) if run is not None else None
    return f" with the night of {day}" if day else ""
