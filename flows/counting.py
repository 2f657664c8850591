"""What a night will take, and who is counted in it: all that fits a quota, and a sample of the rest."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import Connector
from flows import reconcile, thread_states
from flows.context import Night
from flows.run_log import Plan, Sampled
from flows.step import Progress
from warehouse import counting, ledger


def due_tonight(night: Night, connector: Connector, scopes: Sequence[str]) -> set[str]:
    """The scopes to count; of a source that is small, or cannot be sampled, all."""
    if not connector.can_recount:
        return set(scopes)
    return counting.due(night.store, connector.source, scopes, night.as_of)


def is_due(night: Night, connector: Connector, scope: str, due: set[str]) -> bool:
    """Whether this scope is counted: its turn has come, or something is missing in it."""
    return scope in due or counting.has_gap(night.store, connector.source, scope)


def plan_fetch(
    night: Night, connector: Connector, scopes: Sequence[str], due: set[str], progress: Progress
) -> None:
    """Says what the night will take of a source, before anything is taken. Raises SourceError."""
    if not scopes:
        return
    cursors = {scope: night.store.cursor(connector.source, scope) for scope in scopes}
    plan = connector.plan(cursors)
    if plan is None:
        return
    # what is read for the first time is counted while it is listed
    known = [scope for scope in due if cursors.get(scope) is not None]
    counts = sum(counting.prices(night.store, connector.source, known).values())
    threads = sum(len(thread_states.due(night, connector.source, scope)) for scope in known)
    counts += -(-threads // counting.LISTED_AT_ONCE)
    sentence = f"{connector.source} {plan.with_counts(counts).sentence()}"
    night.log.append(Plan(sentence))
    progress(sentence)


def sample_the_rest(night: Night, connector: Connector, scopes: Sequence[str]) -> None:
    """Asks what objects of the uncounted scopes hold now; where one differs, its scope is counted whole.

    Raises SourceError.
    """
    if not connector.can_recount:
        return
    counted = {scope for source, scope in night.log.counted() if source == connector.source}
    rest = [scope for scope in scopes if scope not in counted]
    picked = counting.sample(night.store, connector.source, rest, night.as_of) if rest else []
    if not picked:
        return
    by_scope: dict[str, list[str]] = {}
    for scope, _, object_id in picked:
        by_scope.setdefault(scope, []).append(object_id)
    inventory = {each.object_id: each for each in connector.recount(by_scope)}
    night.log.append(Sampled(len(picked)))
    for scope, object_ids in by_scope.items():
        listed = [inventory[each] for each in object_ids if each in inventory]
        if ledger.differences(night.store, connector.source, scope, listed, only=object_ids):
            reconcile.reconcile_scope(night, connector, scope)
