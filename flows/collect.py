"""Reads what a source has: its scopes, what changed in each, and what an earlier night could not get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from connectors.contract import Connector
from connectors.errors import BadInput, Refused, SourceError, Unreachable
from connectors.records import Batch, Gap
from flows.context import Night
from flows.run_log import GapReported, Message, ReadStarted, Refusal, Spent, Unfinished
from flows.step import Progress
from warehouse import ledger, moving
from warehouse.rows import root_id

ROOTS_A_WRITE = 250
"""Batches are stored together until they hold this many records: few transactions, little to repeat."""

MISTAKES_SHOWN = 5
"""Of a file that is wrong in every row, a few rows say what is wrong."""


def list_scopes(night: Night, connector: Connector) -> Sequence[str]:
    """What this source has to fetch, remembered for the ledger. Raises SourceError."""
    scopes = tuple(connector.scopes())
    night.log.say(*connector.remarks)
    for error in connector.refused:
        _say(night, connector, error)
    _follow_scopes(night, connector, scopes)
    night.log.list_scopes(connector.source, scopes)
    _leave_unlisted_open(night, connector)
    if not scopes:
        night.log.append(Unfinished(connector.source))
        night.log.say(
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
            night.log.list_scopes(connector.source, [owner])
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
        night.log.append(ReadStarted(*key, from_beginning=cursor is None))
        _fetch_from(night, connector, scope, cursor, progress)
        if cursor is None:
            return
        gaps = night.log.gaps(*key)
        if ledger.needs_reading_again(night.store, *key, gaps, names_all=connector.names_all):
            night.store.forget_cursor(*key)
            night.log.append(ReadStarted(*key, from_beginning=True))
            _fetch_from(night, connector, scope, None, progress)
        else:
            fetch_again(night, connector, scope, ledger.objects_to_try_again(night.store, *key, gaps))
    finally:
        count_spending(night, connector, scope, before)


def _fetch_from(
    night: Night, connector: Connector, scope: str, cursor: str | None, progress: Progress
) -> None:
    kept: list[Batch] = []
    seen = 0
    try:
        for batch in connector.fetch(scope, cursor):
            kept.append(batch)
            log_gaps(night, connector, scope, batch.gaps)
            seen += len(batch.roots)
            progress(f"{connector.source} {scope}: {seen} records")
            if sum(len(waiting.roots) for waiting in kept) >= ROOTS_A_WRITE:
                night.store.write(connector.source, scope, kept, night.vault)
                kept = []
    finally:
        if kept:
            night.store.write(connector.source, scope, kept, night.vault)


def leave_scope_open(night: Night, connector: Connector, scope: str, error: SourceError) -> None:
    """Writes down that this scope could not be fetched to its end, and says so."""
    _open_gap(night, connector, scope, error.code)
    _say(night, connector, error)


def leave_source_open(night: Night, connector: Connector, error: SourceError) -> None:
    """The same for a source that did not even say what there is to fetch: all it had before is open."""
    scopes = tuple(ledger.known_scopes(night.store, connector.source))
    night.log.list_scopes(connector.source, scopes)
    for scope in scopes:
        _open_gap(night, connector, scope, error.code)
    night.log.append(Unfinished(connector.source))
    _say(night, connector, error)


def look_for_lost_scopes(night: Night, connector: Connector) -> None:
    """A repository that its organisation no longer lists is a gap, not a quiet one.

    One that was renamed or transferred has moved to its new name before. One that the settings no longer ask
    for was left out on purpose.
    """
    settings = night.settings.github
    if connector.source != "github" or settings is None:
        return
    organisations = {owner.casefold() for owner in settings.organisations}
    for scope in sorted({*ledger.known_scopes(night.store, "github")} - {*night.log.scopes["github"]}):
        is_asked = scope.split("/")[0].casefold() in organisations and settings.lets_in(scope)
        is_asked = is_asked and scope.casefold() not in connector.left_out
        if not ledger.holds_anything(night.store, "github", scope):
            ledger.forget_scope(night.store, "github", scope)
        elif is_asked:
            night.log.list_scopes("github", [scope])
            _open_gap(night, connector, scope, "no_longer_listed")
            night.log.say(
                f"github: {scope} is no longer listed by its organisation: give the token access again, "
                "or name it under github.exclude if it is gone for good"
            )


def _open_gap(night: Night, connector: Connector, scope: str, code: str) -> None:
    starts_on = ledger.trusted_until(night.store, connector.source, scope, connector.yields)
    starts_on = starts_on or connector.since
    gap = Gap(ledger.EVERYTHING, starts_on, night.today + timedelta(days=1), code)
    ledger.leave_open(night.store, connector.source, scope, gap)
    night.log.append(Unfinished(f"{connector.source}:{scope}"))


def _say(night: Night, connector: Connector, error: SourceError) -> None:
    if isinstance(error, BadInput):
        shown = error.mistakes[:MISTAKES_SHOWN]
        more = len(error.mistakes) - len(shown)
        night.log.say(*shown, *([f"{connector.source}: and {more} more mistakes like these"] if more else []))
        return
    named = str(error).startswith(connector.source)
    sentence = str(error) if named else f"{connector.source}: {error}"
    night.log.append(Refusal(sentence) if isinstance(error, Refused | Unreachable) else Message(sentence))


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
                log_gaps(night, connector, scope, batch.gaps)
            night.store.write(connector.source, scope, news, night.vault)
    return confirmed


def log_gaps(night: Night, connector: Connector, scope: str, gaps: Iterable[Gap]) -> None:
    """Writes down what the connector could not get."""
    night.log.append(*(GapReported(connector.source, scope, gap) for gap in gaps))


def _groups(batches: Iterator[Batch]) -> Iterator[list[Batch]]:
    group: list[Batch] = []
    for batch in batches:
        group.append(batch)
        if sum(len(waiting.roots) for waiting in group) >= ROOTS_A_WRITE:
            yield group
            group = []
    if group:
        yield group


def count_spending(night: Night, connector: Connector, scope: str, before: tuple[int, int]) -> None:
    """Writes down what was spent on a scope since `before`, as the connector counts it."""
    requests, points = connector.spent()
    night.log.append(Spent(connector.source, scope, requests - before[0], points - before[1]))
