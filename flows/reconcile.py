"""Holds what is stored against what a source says exists, repairs what differs, and leaves the rest open."""

from __future__ import annotations

from connectors.contract import Connector
from connectors.records import Gap, Inventory
from flows import thread_states
from flows.collect import count_spending, fetch_again, log_gaps
from flows.context import Night
from flows.run_log import Counted
from warehouse import ledger


def reconcile_scope(night: Night, connector: Connector, scope: str) -> list[Gap]:
    """Holds the source's own count against the store, repairs what differs, and returns what stays open."""
    before = connector.spent()
    try:
        listed, unlisted = _listed(night, connector, scope)
        differences = ledger.differences(night.store, connector.source, scope, listed, unlisted=unlisted)
        known = {each.object_id for each in differences}
        threads = thread_states.differences(night, connector, scope)
        differences += [each for each in threads if each.object_id not in known]
        left = differences
        if differences:
            by_kind: dict[str, list[str]] = {}
            for difference in differences:
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
        repaired = [each for each in differences if each.object_id not in left_ids]
        ledger.note_repairs(night.store, *key, night.as_of, repaired)
        night.log.append(Counted(*key))
        return ledger.close_books(
            night.store,
            *key,
            listed,
            left,
            night.log.gaps(*key),
            span,
            was_read_completely=night.log.was_read_completely(*key),
            names_all=connector.names_all,
        )
    finally:
        count_spending(night, connector, scope, before)


def _listed(night: Night, connector: Connector, scope: str) -> tuple[list[Inventory], set[str]]:
    """What the source says exists: by counting where that is enough, else by its list."""
    tally = connector.tally(scope)
    listed = None if tally is None else ledger.as_listed(night.store, connector.source, scope, tally)
    return _inventory(night, connector, scope) if listed is None else (listed, set())


def _inventory(night: Night, connector: Connector, scope: str) -> tuple[list[Inventory], set[str]]:
    """What the source lists, and the kinds that it does not list, each of which becomes a gap."""
    inventory = list(connector.inventory(scope))
    gaps = [each for each in inventory if isinstance(each, Gap)]
    unlisted = {gap.kind for gap in gaps}
    log_gaps(night, connector, scope, gaps)
    for gap in gaps:
        kind, reason = gap.kind.replace("_", " "), gap.reason.replace("_", " ")
        remedy = connector.remedies.get(gap.kind, "")
        night.log.say(
            f"{connector.source}: {kind} are not listed ({reason}); check what the token may read{remedy}"
        )
    return [each for each in inventory if isinstance(each, Inventory) and each.kind not in unlisted], unlisted
