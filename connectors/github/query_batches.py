"""What to ask for by id in one request: objects that hold alike together, as many as one point buys.

GitHub prices what could come, not what comes: every list costs a request for each object it could stand
under, and a query costs those requests divided by a hundred, rounded. What an object holds has been counted
for nothing, so a list that is empty is not asked for.
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
"""Lists that are always asked for: files, commits, events; labels, assignees, events, comments."""

MOST_FOR_A_POINT = 149
MOST_AT_ONCE = 100
"""Ids in one request; also the most of a list that comes at once."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Which lists of an object are worth asking for."""

    threads: int = 0
    has_reviews: bool = False
    has_closing: bool = False

    def __or__(self, other: Holds) -> Holds:
        return Holds(
            max(self.threads, other.threads),
            self.has_reviews or other.has_reviews,
            self.has_closing or other.has_closing,
        )

    def price(self, kind: Kind) -> int:
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
class Parcel:
    """Objects of one kind to ask for in one request."""

    kind: Kind
    nodes: tuple[Mapping[str, Any], ...]
    """As they were listed: id, moments, counts."""
    holds: Holds

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(node["id"] for node in self.nodes)


def holds(node: Mapping[str, Any]) -> Holds:
    """What a listed object holds; of more than a hundred threads the rest is read on from there."""
    return Holds(
        min(MOST_AT_ONCE, total(node, "reviewThreads")),
        total(node, "reviews") > 0,
        total(node, "closing") > 0,
    )


def kind_of(node: Mapping[str, Any]) -> Kind:
    """What a listed object is: each kind has lists that are counted, or none, and no other has the same."""
    return "pull_requests" if "reviews" in node else "issues" if "comments" in node else "discussions"


def parcels(kind: Kind, nodes: Iterable[Mapping[str, Any]], most: int = MOST_AT_ONCE) -> Iterator[Parcel]:
    """All of these, each once, in parcels of one point and of `most` objects at most."""
    together: list[Mapping[str, Any]] = []
    shared = Holds()
    for node in sorted(nodes, key=_likeness, reverse=True):
        joined = shared | holds(node)
        if together and (
            len(together) == most or (len(together) + 1) * joined.price(kind) > MOST_FOR_A_POINT
        ):
            yield Parcel(kind, tuple(together), shared)
            together, joined = [], holds(node)
        together.append(node)
        shared = joined
    if together:
        yield Parcel(kind, tuple(together), shared)


def how_many(kind: Kind, nodes: Sequence[Mapping[str, Any]]) -> int:
    """Requests, and points, that these take."""
    return sum(1 for _ in parcels(kind, nodes))


def _likeness(node: Mapping[str, Any]) -> tuple[int, bool, bool, str]:
    held = holds(node)
    return held.threads, held.has_closing, held.has_reviews, node["id"]
