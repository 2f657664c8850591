"""What to load by id in one request: objects with similar lists together, as many as one point buys.

The cost depends on the nodes requested, not on those returned: a list costs a request for each object it
could stand under, and a query costs these requests divided by a hundred, rounded. A list that is known to be
empty is not requested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from connectors.github.payloads import total

Kind = Literal["pull_requests", "issues", "discussions"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CONNECTIONS: Mapping[Kind, str] = {
    "pull_requests": "pullRequests",
    "issues": "issues",
    "discussions": "discussions",
}
PARTS: Mapping[Kind, str] = {"pull_requests": "pulls", "issues": "issues", "discussions": "discussions"}
"""What hydrate.graphql and listed.graphql call them."""
LISTS: Mapping[Kind, int] = {"pull_requests": 3, "issues": 4, "discussions": 0}
"""Lists that are always requested: files, commits, events; labels, assignees, events, comments."""

MOST_FOR_ONE_POINT = 149
MOST_AT_ONCE = 100
"""Ids in one request; also the most of a list that comes at once."""


@dataclass(frozen=True, slots=True)
class HeldLists:
    """Which lists of an object are not empty."""

    threads: int = 0
    has_reviews: bool = False
    has_closing: bool = False

    def __or__(self, other: HeldLists) -> HeldLists:
        return HeldLists(
            max(self.threads, other.threads),
            self.has_reviews or other.has_reviews,
            self.has_closing or other.has_closing,
        )

    def cost(self, kind: Kind) -> int:
        """Requests that the lists of one object could take."""
        threads = 1 + self.threads if self.threads else 0
        return LISTS[kind] + self.has_reviews + self.has_closing + threads

    def variables(self) -> dict[str, Any]:
        """The same for hydrate.graphql."""
        return {
            "withReviews": self.has_reviews,
            "withClosing": self.has_closing,
            "withThreads": self.threads > 0,
            "threads": max(1, self.threads),
        }


@dataclass(frozen=True, slots=True)
class QueryBatch:
    """Objects of one kind to load in one request."""

    kind: Kind
    nodes: tuple[Mapping[str, Any], ...]
    """As they were listed: id, moments, counts."""
    lists: HeldLists

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(node["id"] for node in self.nodes)


def held_lists(node: Mapping[str, Any]) -> HeldLists:
    """What a listed object holds; of more than a hundred threads the rest is read on from there."""
    return HeldLists(
        min(MOST_AT_ONCE, total(node, "reviewThreads")),
        total(node, "reviews") > 0,
        total(node, "closing") > 0,
    )


def kind_of(node: Mapping[str, Any]) -> Kind:
    """The kind of a listed object: no other has the same counts."""
    return "pull_requests" if "reviews" in node else "issues" if "comments" in node else "discussions"


def query_batches(
    kind: Kind, nodes: Iterable[Mapping[str, Any]], most: int = MOST_AT_ONCE
) -> Iterator[QueryBatch]:
    """All of these, each once, in batches of one point and of `most` objects at most."""
    together: list[Mapping[str, Any]] = []
    shared = HeldLists()
    for node in sorted(nodes, key=_sort_key, reverse=True):
        joined = shared | held_lists(node)
        if together and (
            len(together) == most or (len(together) + 1) * joined.cost(kind) > MOST_FOR_ONE_POINT
        ):
            yield QueryBatch(kind, tuple(together), shared)
            together, joined = [], held_lists(node)
        together.append(node)
        shared = joined
    if together:
        yield QueryBatch(kind, tuple(together), shared)


def batch_count(kind: Kind, nodes: Sequence[Mapping[str, Any]]) -> int:
    """Requests, and points, that these take."""
    return sum(1 for _ in query_batches(kind, nodes))


def _sort_key(node: Mapping[str, Any]) -> tuple[int, bool, bool, str]:
    held = held_lists(node)
    return held.threads, held.has_closing, held.has_reviews, node["id"]
