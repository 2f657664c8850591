"""Review threads that were resolved, or opened again, without a trace: neither need move their pull request.

No count tells it, so every stored thread is asked about within a week, which is how long a count may take as
well: a seventh of them with each day that passed since their repository was last counted.
"""

from __future__ import annotations

from connectors import Connector
from connectors.records import ThreadState
from flows.night import Night
from warehouse import counting
from warehouse.counting import StoredThread
from warehouse.ledger import Difference


def differing(night: Night, connector: Connector, scope: str) -> list[Difference]:
    """The pull requests of this scope with a thread that is not as it is stored. Raises SourceError."""
    look = getattr(connector, "threads", None)
    stored = due(night, connector.source, scope) if look else []
    if not look or not stored:
        return []
    source = night.account_sources[connector.source]
    own_ids = {key.account_id: known.own_id for key, known in night.vault.accounts() if key.source == source}
    told: dict[str, ThreadState] = {
        each.thread_id: each for each in look(scope, [each.thread_id for each in stored])
    }

    def is_as_stored(each: StoredThread) -> bool:
        now = told.get(each.thread_id)
        if now is None:  # gone, or not given: whichever it is comes out when its pull request is asked for
            return False
        resolver = own_ids.get(now.resolved_by.account_id) if now.resolved_by else None
        return (now.is_resolved, now.is_outdated, resolver) == (
            each.is_resolved,
            each.is_outdated,
            each.resolver_id,
        )

    found = {each.pull_request_id: each.created_on for each in stored if not is_as_stored(each)}
    return [
        Difference("pull_requests", pull_request_id, created_on, "threads_differ")
        for pull_request_id, created_on in found.items()
    ]


def due(night: Night, source: str, scope: str) -> list[StoredThread]:
    """The threads whose turn came since the last count; none where all were read this very night."""
    if night.read_whole.get((source, scope)):
        return []
    return counting.threads_due(night.store, source, scope, night.as_of)
