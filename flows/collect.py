"""The pipeline as plain sentences. The orchestrator runs these; tests and the demo could run them without."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.contract import Connector
from connectors.errors import BadInput, Refused, SourceError, Unreachable
from connectors.records import Batch, Gap, Inventory
from flows import thread_states
from flows.context import Night
from reports.status import StatusUnreadable, read_status
from warehouse import ledger, moving, reading
from warehouse.files import write_whole
from warehouse.rows import root_id
from warehouse.statuses import all_complete, statuses

ROOTS_A_WRITE = 250
"""Batches are stored together until they hold this many records: few transactions, little to repeat."""

MISTAKES_SHOWN = 5
"""Of a file that is wrong in every row, a few rows say what is wrong."""

Progress = Callable[[str], None]


class StepFailed(Exception):
    """A step broke in a way nobody foresaw. Its message holds a type and a place, no value."""

    details = ""
    """The whole traceback, for a file that only the operator reads."""


class HomeNotWritable(Exception):
    """The disk is full, closed or read-only."""


def list_scopes(night: Night, connector: Connector) -> Sequence[str]:
    """What this source has to fetch, remembered for the ledger. Raises SourceError."""
    scopes = tuple(connector.scopes())
    night.scopes[connector.source] = scopes
    night.messages += connector.remarks
    for error in connector.refused:
        _say(night, connector, error)
    _follow_scopes(night, connector, scopes)
    _leave_unlisted_open(night, connector)
    if not scopes:
        night.unfinished.append(connector.source)
        night.messages.append(
            f"{connector.source}: nothing to read is listed; check the settings and what the token may see"
        )
    return scopes


def _follow_scopes(night: Night, connector: Connector, scopes: Sequence[str]) -> None:
    """A repository that was renamed or transferred is read on under its new name. Raises SourceError.

    What is listed is known by its id; what is named is asked about where something else is missing tonight.
    """
    known = moving.repositories_read(night.store, connector.source)
    strangers = [scope for scope in scopes if scope not in known] if {*known} - {*scopes} else []
    moving.follow_scopes(night.store, connector.source, connector.scope_ids(strangers))


def _leave_unlisted_open(night: Night, connector: Connector) -> None:
    """An organisation that would not be listed, and of which nothing is known, is a scope that was not read.

    Of one that was read before, what is missing tonight is looked for by name.
    """
    known = ledger.known_scopes(night.store, connector.source)
    owners_read = {scope.split("/")[0].casefold() for scope in known if "/" in scope}
    for owner in connector.unlisted:
        if owner in known or owner.casefold() not in owners_read:
            night.scopes[connector.source] += (owner,)
            _open_gap(night, connector, owner, "not_listed")


def fetch_scope(night: Night, connector: Connector, scope: str, progress: Progress) -> None:
    """Everything that changed in this scope, stored step by step; then what an earlier night could not get.

    Objects are asked for by their ids; what was missing without a name makes the scope be read from the top.
    Raises SourceError after the last whole step.
    """
    before = connector.spent()
    key = (connector.source, scope)
    try:
        cursor = night.store.cursor(*key)
        night.read_whole[key] = cursor is None
        _fetch_from(night, connector, scope, cursor, progress)
        if cursor is None:
            return
        told = night.told_gaps.get(key, [])
        if ledger.needs_reading_again(night.store, *key, told, names_all=connector.names_all):
            night.store.forget_cursor(*key)
            night.told_gaps.pop(key, None)
            night.read_whole[key] = True
            _fetch_from(night, connector, scope, None, progress)
        else:
            fetch_again(night, connector, scope, ledger.objects_to_try_again(night.store, *key, told))
    finally:
        _count_spending(night, connector, scope, before)


def _fetch_from(
    night: Night, connector: Connector, scope: str, cursor: str | None, progress: Progress
) -> None:
    kept: list[Batch] = []
    seen = 0
    try:
        for batch in connector.fetch(scope, cursor):
            kept.append(batch)
            _hear_gaps(night, connector, scope, batch)
            seen += len(batch.roots)
            progress(f"{connector.source} {scope}: {seen} records")
            if sum(len(waiting.roots) for waiting in kept) >= ROOTS_A_WRITE:
                night.store.write(connector.source, scope, kept, night.vault)
                kept = []
    finally:
        if kept:
            night.store.write(connector.source, scope, kept, night.vault)


def reconcile_scope(night: Night, connector: Connector, scope: str) -> list[Gap]:
    """Holds the source's own count against the store, repairs what differs, and returns what stays open."""
    before = connector.spent()
    try:
        listed, unlisted = _listed(night, connector, scope)
        found = ledger.differences(night.store, connector.source, scope, listed, unlisted=unlisted)
        known = {each.object_id for each in found}
        threads = thread_states.differing(night, connector, scope)
        found += [each for each in threads if each.object_id not in known]
        left = found
        if found:
            by_kind: dict[str, list[str]] = {}
            for difference in found:
                by_kind.setdefault(difference.kind, []).append(difference.object_id)
            confirmed = fetch_again(night, connector, scope, by_kind)
            left = ledger.differences(night.store, connector.source, scope, listed, unlisted=unlisted)
            if left:  # what changed between the count and the repair is counted once more
                listed, unlisted = _inventory(night, connector, scope)
                left = ledger.differences(night.store, connector.source, scope, listed, unlisted=unlisted)
            # older than the days that are asked about, and still there: the source has just sent it
            left = [each for each in left if each.reason != "vanished" or each.object_id not in confirmed]
        span = (connector.since, min(night.today, night.as_of))
        key = (connector.source, scope)
        left_ids = {each.object_id for each in left}
        repaired = [each for each in found if each.object_id not in left_ids]
        ledger.note_repairs(night.store, *key, night.as_of, repaired)
        night.counted.append(key)
        return ledger.close_books(
            night.store,
            *key,
            listed,
            left,
            night.told_gaps.get(key, []),
            span,
            was_read_whole=night.read_whole.get(key, False),
            names_all=connector.names_all,
        )
    finally:
        _count_spending(night, connector, scope, before)


def _listed(night: Night, connector: Connector, scope: str) -> tuple[list[Inventory], set[str]]:
    """What the source says exists: by counting where that is enough, else by its list."""
    told = connector.tally(scope)
    listed = None if told is None else ledger.as_listed(night.store, connector.source, scope, told)
    return _inventory(night, connector, scope) if listed is None else (listed, set())


def _inventory(night: Night, connector: Connector, scope: str) -> tuple[list[Inventory], set[str]]:
    """What the source lists, and the kinds that it does not list, each of which becomes a gap."""
    told = list(connector.inventory(scope))
    gaps = [each for each in told if isinstance(each, Gap)]
    unlisted = {gap.kind for gap in gaps}
    night.told_gaps.setdefault((connector.source, scope), []).extend(gaps)
    night.messages += [
        f"{connector.source}: {gap.kind.replace('_', ' ')} are not listed ({gap.reason.replace('_', ' ')}); "
        f"check what the token may read{connector.remedies.get(gap.kind, '')}"
        for gap in gaps
    ]
    return [each for each in told if isinstance(each, Inventory) and each.kind not in unlisted], unlisted


def leave_scope_open(night: Night, connector: Connector, scope: str, error: SourceError) -> None:
    """Writes down that this scope could not be fetched to its end, and says so."""
    _open_gap(night, connector, scope, error.code)
    _say(night, connector, error)


def leave_source_open(night: Night, connector: Connector, error: SourceError) -> None:
    """The same for a source that did not even say what there is to fetch: all it had before is open."""
    night.scopes[connector.source] = tuple(ledger.known_scopes(night.store, connector.source))
    for scope in night.scopes[connector.source]:
        _open_gap(night, connector, scope, error.code)
    night.unfinished.append(connector.source)
    _say(night, connector, error)


def look_for_lost_scopes(night: Night, connector: Connector) -> None:
    """A repository that its organisation no longer lists is a gap, not a quiet one.

    One that was renamed or transferred has moved to its new name before. One that the settings no longer ask
    for was left out on purpose.
    """
    settings = night.settings.github
    if connector.source != "github" or settings is None:
        return
    asked = {owner.casefold() for owner in settings.organisations}
    for scope in sorted({*ledger.known_scopes(night.store, "github")} - {*night.scopes["github"]}):
        is_asked = scope.split("/")[0].casefold() in asked and settings.lets_in(scope)
        is_asked = is_asked and scope.casefold() not in connector.left_out
        if not ledger.holds_anything(night.store, "github", scope):
            ledger.forget_scope(night.store, "github", scope)
        elif is_asked:
            night.scopes["github"] += (scope,)
            _open_gap(night, connector, scope, "no_longer_listed")
            night.messages.append(
                f"github: {scope} is no longer listed by its organisation: give the token access again, "
                "or name it under github.exclude if it is gone for good"
            )


def _open_gap(night: Night, connector: Connector, scope: str, code: str) -> None:
    starts_on = ledger.trusted_until(night.store, connector.source, scope, connector.yields)
    starts_on = starts_on or connector.since
    gap = Gap(ledger.EVERYTHING, starts_on, night.today + timedelta(days=1), code)
    ledger.leave_open(night.store, connector.source, scope, gap)
    night.unfinished.append(f"{connector.source}:{scope}")


def _say(night: Night, connector: Connector, error: SourceError) -> None:
    asks_somebody = isinstance(error, Refused | Unreachable)
    if isinstance(error, BadInput):
        shown = error.mistakes[:MISTAKES_SHOWN]
        more = len(error.mistakes) - len(shown)
        night.messages += shown + (
            [f"{connector.source}: and {more} more mistakes like these"] if more else []
        )
        return
    named = str(error).startswith(connector.source)
    sentence = str(error) if named else f"{connector.source}: {error}"
    (night.refused if asks_somebody else night.messages).append(sentence)


def write_status(night: Night, run: dict[str, Any]) -> dict[str, Any]:
    """What `sightline status` prints, and this run's receipt, as files."""
    sources = [
        state
        | dict(zip(("requests", "points"), night.spent.get((source, state["scope"]), (0, 0)), strict=True))
        for source, scopes in sorted(night.scopes.items())
        for state in statuses(night.store, source, scopes)
    ]
    status = {"sources": sources, "last_run": run}
    text = json.dumps(status, indent=1, sort_keys=True)
    write_whole(night.settings.receipts / f"{run['run_id']}.json", text)
    write_whole(night.settings.status_file, text)
    return status


def everything_reconciled(night: Night) -> bool:
    """Whether every scope of every source was held against its source tonight, and nothing is missing."""
    sources = {source: scopes for source, scopes in night.scopes.items() if scopes}
    return (
        bool(sources)
        and all(all_complete(night.store, source, scopes) for source, scopes in sources.items())
        and not night.unfinished
    )


def totals(night: Night) -> dict[str, Any]:
    """What the night cost, what was counted, and how many people it is about."""
    spent = [connector.spent() for connector in night.connectors]
    return {
        "requests": sum(requests for requests, _ in spent),
        "points": sum(points for _, points in spent),
        "planned": night.plans,
        "counted": len({*night.counted}),
        "sampled": night.sampled,
        "scopes": sum(len(scopes) for scopes in night.scopes.values()),
        "people": len({row.person_id for row in reading.memberships(night.store)}),
    }


def without_values(name: str, action: Callable[[], Any]) -> Any:
    """What the action returns. Anything unforeseen is raised as a type and a place, without its values."""
    try:
        return action()
    except SourceError:
        raise
    except OSError as error:
        raise HomeNotWritable(f"{name}: {error.strerror or type(error).__name__}") from None
    except Exception as error:
        if "IOException" in type(error).__name__ or "No space left" in str(error):
            raise HomeNotWritable(f"{name}: the warehouse cannot be written") from None
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        failed = StepFailed(f"{name}: {type(error).__name__} at {place}")
        failed.details = "".join(traceback.format_exception(error))
        raise failed from None  # the orchestrator would store the values in the cause


def note_outcome(night: Night, run: dict[str, Any], outcome: str) -> None:
    """Says in the status that this run is `running` or has `failed`; the sources stay as they were."""
    try:
        before = read_status(night.settings)
    except (OSError, StatusUnreadable):
        before = None
    status = {"sources": before["sources"] if before else [], "last_run": run | {"outcome": outcome}}
    with suppress(OSError):  # a full disk is said by the step that needed it
        write_whole(night.settings.status_file, json.dumps(status, indent=1, sort_keys=True))


def now() -> datetime:
    """The moment, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def fetch_again(
    night: Night, connector: Connector, scope: str, wanted: Mapping[str, Sequence[str]]
) -> set[str]:
    """Fetches these again, whole; returns the ids of those that the source still has."""
    confirmed: set[str] = set()
    known = {
        (gap.kind, gap.reason, gap.object_id)
        for gap in ledger.ledger_gaps(night.store, connector.source, scope)
    }
    for kind, object_ids in sorted(wanted.items()):
        for group in _groups(connector.hydrate(scope, kind, object_ids)):
            for batch in group:
                confirmed |= {root_id(root) for root in batch.roots}
            # what is refused again was written down, and dated, when it was refused first
            news = [
                replace(
                    batch,
                    gaps=tuple(
                        gap
                        for gap in batch.gaps
                        if gap.object_id in confirmed or (gap.kind, gap.reason, gap.object_id) not in known
                    ),
                )
                for batch in group
            ]
            for batch in news:
                _hear_gaps(night, connector, scope, batch)
            night.store.write(connector.source, scope, news, night.vault)
    return confirmed


def _hear_gaps(night: Night, connector: Connector, scope: str, batch: Batch) -> None:
    night.told_gaps.setdefault((connector.source, scope), []).extend(batch.gaps)


def _groups(batches: Iterator[Batch]) -> Iterator[list[Batch]]:
    group: list[Batch] = []
    for batch in batches:
        group.append(batch)
        if sum(len(waiting.roots) for waiting in group) >= ROOTS_A_WRITE:
            yield group
            group = []
    if group:
        yield group


def _count_spending(night: Night, connector: Connector, scope: str, before: tuple[int, int]) -> None:
    requests, points = night.spent.get((connector.source, scope), (0, 0))
    after = connector.spent()
    night.spent[(connector.source, scope)] = (
        requests + after[0] - before[0],
        points + after[1] - before[1],
    )
