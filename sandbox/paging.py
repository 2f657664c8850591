"""Pages of a list as GitHub cuts them: keyset cursors, `first` or `last`, at most 100.

A cursor encodes the sort key of an item, not its place. So an item that is bumped while somebody pages is
skipped when they walk towards older ones and met again when they walk towards newer ones, as on GitHub.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

Key = tuple[Any, ...]


class InvalidCursor(GraphQLError):
    """A cursor that no page of this server handed out."""


@dataclass(slots=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(slots=True)
class Edge:
    cursor: str
    node: Any


@dataclass(slots=True)
class Page:
    """One answer of a connection."""

    nodes: list[Any]
    total_count: int
    page_info: PageInfo
    key: Callable[[Any], Key]

    @property
    def edges(self) -> list[Edge]:
        return [Edge(cursor(self.key(node)), node) for node in self.nodes]

    @property
    def filtered_count(self) -> int:
        return self.total_count

    @property
    def updated_at(self) -> str:
        return max((node.created_at for node in self.nodes), default="1970-01-01T00:00:00Z")


def cursor(key: Key) -> str:
    """The opaque text that stands for a sort key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def key_of(text: str) -> Key:
    """The sort key behind a cursor. Raises InvalidCursor."""
    try:
        return tuple(json.loads(base64.urlsafe_b64decode(text.encode())))
    except ValueError:
        raise InvalidCursor(f"`{text}` does not appear to be a valid cursor.") from None


def page(
    items: Sequence[Any],
    key: Callable[[Any], Key],
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    descending: bool = False,
) -> Page:
    """The part of `items` that the arguments ask for; `items` must already be in the order of `key`.

    Without `first` and `last` no nodes come, only the count: the price list refuses such a query when it
    asks for nodes.
    """
    start, end = 0, len(items)
    if after is not None:
        start = _place(items, key, key_of(after), descending=descending, passing=True)
    if before is not None:
        end = _place(items, key, key_of(before), descending=descending, passing=False)
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    else:
        end = start
    nodes = list(items[start:end])
    return Page(
        nodes,
        len(items),
        PageInfo(
            has_next_page=end < len(items),
            has_previous_page=start > 0,
            start_cursor=cursor(key(nodes[0])) if nodes else None,
            end_cursor=cursor(key(nodes[-1])) if nodes else None,
        ),
        key,
    )


def _place(
    items: Sequence[Any], key: Callable[[Any], Key], wanted: Key, *, descending: bool, passing: bool
) -> int:
    """How many items stand before the cursor, the one it was cut from included when `passing` it."""
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        try:
            found = key(items[middle])
            stands_before = found > wanted if descending else found < wanted
        except TypeError:
            raise InvalidCursor("The cursor belongs to a connection with another order.") from None
        if stands_before or (passing and found == wanted):
            low = middle + 1
        else:
            high = middle
    return low
