"""What a fetch will cost, before it is begun: from what moved last in each repository, and from counts."""

from __future__ import annotations

from connectors.github.cursor import Walk
from connectors.github.listing import Head
from connectors.github.query_batches import MOST_AT_ONCE, MOST_FOR_ONE_POINT, Kind, batch_count, held_lists
from connectors.plans import Plan

SECONDS_A_PULL_REQUEST = 0.1
"""GitHub's own time for one, as wide as we request; it grants each token a minute of that a minute."""
SECONDS_A_REQUEST = 0.2
HOUR = 3_600


class Cost:
    """Adds up what every list of every repository will take."""

    def __init__(self) -> None:
        self.requests = 0
        self.pulls = 0

    def add(self, kind: Kind, head: Head, walk: Walk, *, is_unread: bool) -> None:
        """One list: exactly where all that moved is in view, else by how many there are."""
        listed = head.listed.get(kind)
        if listed is None:
            self.requests += 1
            return
        fresh = [node for node in listed.nodes if node["updatedAt"] >= walk.floor]
        if len(fresh) < len(listed.nodes) or not listed.after:
            self._add(kind, len(fresh), batch_count(kind, fresh))
            return
        count = head.totals[kind] if is_unread else min(head.totals[kind], MOST_AT_ONCE)
        cost = max(1, sum(held_lists(node).cost(kind) for node in fresh) // len(fresh))
        together = min(MOST_AT_ONCE, max(1, MOST_FOR_ONE_POINT // cost))
        self._add(kind, count, -(-count // MOST_AT_ONCE) + -(-count // together))

    def plan(self, budget: tuple[int, int] | None, tokens: int) -> Plan:
        """All together; every request is one point."""
        seconds = self.pulls * SECONDS_A_PULL_REQUEST / tokens + self.requests * SECONDS_A_REQUEST / tokens
        if budget and self.requests > budget[0]:
            seconds += HOUR * -(-(self.requests - budget[0]) // max(1, budget[1]))
        return Plan(self.requests, self.requests, round(seconds), budget)

    def _add(self, kind: Kind, count: int, requests: int) -> None:
        self.requests += requests
        if kind == "pull_requests":
            self.pulls += count
            self.requests += -(-count // MOST_AT_ONCE)  # who else signed, and whether checks were green
