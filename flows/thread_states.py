"""Review threads that were resolved, or opened again, without a trace: neither need move their pull request.

No count tells it, so every stored thread is asked about within a week, which is how long a count may take as
well: a seventh of them with each day that passed since their repository was last counted. They are asked
about before the repositories are, a hundred at a time however many repositories those are of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import Connector
from flows.context import Night
from flows.run_log import ThreadsCompared
from warehouse import counting
from warehouse.counting import StoredThread
from warehouse.ledger import Difference


def look(night: Night, connector: Connector, scopes: Sequence[str]) -> None:
    """Asks how the threads of these scopes stand, for when they are counted tonight. Raises SourceError."""
    if connector.can_check_threads:
        stored = {scope: due(night, connector.source, scope) for scope in scopes}
        for scope, differing in _differing(night, connector, stored).items():
            night.log.append(ThreadsCompared(connector.source, scope, tuple(differing)))


def differences(night: Night, connector: Connector, scope: str) -> tuple[Difference, ...]:
    """The pull requests of a scope with a thread that is not as it is stored. Raises SourceError."""
    if night.log.threads_compared(connector.source, scope) is None:
        look(night, connector, [scope])
    compared = night.log.threads_compared(connector.source, scope)
    return compared.differences if compared else ()


def due(night: Night, source: str, scope: str) -> list[StoredThread]:
    """The threads whose turn came since the last count; none where all were read this very night."""
    if night.log.was_read_completely(source, scope):
        return []
    return counting.threads_due(night.store, source, scope, night.as_of)


def _differing(
    night: Night, connector: Connector, stored: Mapping[str, Sequence[StoredThread]]
) -> dict[str, list[Difference]]:
    """By scope, which pull requests have to be fetched again."""
    thread_ids = {scope: [each.thread_id for each in threads] for scope, threads in stored.items() if threads}
    if not thread_ids:
        return {scope: [] for scope in stored}
    source = connector.account_source
    own_ids = {key.account_id: known.own_id for key, known in night.vault.accounts() if key.source == source}
    states = {
        each.thread_id: (
            each.is_resolved,
            each.is_outdated,
            own_ids.get(each.resolved_by.account_id) if each.resolved_by else None,
        )
        for each in connector.threads(thread_ids)
    }
    # One that is gone, or was not given, differs; which of the two it is, asking for its pull request tells.
    pulls_by_scope = {
        scope: {
            each.pull_request_id: each.created_on
            for each in threads
            if states.get(each.thread_id) != (each.is_resolved, each.is_outdated, each.resolver_id)
        }
        for scope, threads in stored.items()
    }
    return {
        scope: [Difference("pull_requests", one, day, "threads_differ") for one, day in pulls.items()]
        for scope, pulls in pulls_by_scope.items()
    }
