"""Faults that are switched on: what GitHub does on a bad day, a number of times.

A fault is set at the start (`--fault bad_gateway:2`) or at run time (POST /_sandbox/faults). Each is used
up after `count` requests; `page_too_heavy` stays until it is switched off with count 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Where = Literal["graphql", "search", "rest", "pagerduty", "incident_io", "any"]

FAULTS: dict[str, Where] = {
    "bad_gateway": "graphql",  # 502 with an HTML body
    "page_too_heavy": "graphql",  # 502 whenever a page is wider than `limit`
    "resource_limits": "graphql",  # 200 with RESOURCE_LIMITS_EXCEEDED and null nodes
    "rate_limited_200": "graphql",  # 200 with RATE_LIMITED and nothing else: GraphQL's primary limit
    "rate_limited_403": "any",  # the primary limit, with the moment it is lifted
    "secondary_403": "any",  # the secondary limit, with Retry-After
    "secondary_403_without_retry_after": "any",
    "too_many_429": "any",  # with Retry-After
    "too_many_429_without_retry_after": "any",
    "truncated_body": "any",  # half of the promised bytes, then the end of the connection
    "dropped_connection": "any",  # no answer at all
    "search_incomplete": "search",  # a page of results lacks some, and the count does not say so
    "not_found_node": "graphql",  # one node is null and NOT_FOUND, the others are there
    "unauthorized": "any",  # 401 on good credentials
    "server_error": "any",  # 500 with a JSON body
}
DEFAULT_LIMIT = 25


class UnknownFault(ValueError):
    """No fault has this name; the message lists those there are."""


@dataclass(slots=True)
class Fault:
    name: str
    count: int | None
    """How many requests it still spoils; None: every one."""
    where: Where
    seconds: int
    """What Retry-After, or the reset of the rate limit, says."""
    limit: int
    """`page_too_heavy` and `resource_limits`: the widest page that is still answered."""
    skip: int
    """Requests to let through first."""


class Faults:
    """The faults that are switched on."""

    def __init__(self, switches: Iterable[str] = ()) -> None:
        self._on: list[Fault] = []
        for switch in switches:
            name, _, number = switch.partition(":")
            if number and not number.isdigit():
                raise UnknownFault(f"--fault {switch}: {number!r} is not a number; write it like {name}:2")
            if name == "page_too_heavy":
                self.switch(name, limit=int(number or DEFAULT_LIMIT))
            else:
                self.switch(name, count=int(number or 1))

    def switch(
        self,
        name: str,
        count: int | None = None,
        *,
        where: Where | None = None,
        seconds: int = 1,
        limit: int | None = None,
        skip: int = 0,
    ) -> None:
        """Switch a fault on for `count` requests, or off with 0. Raises UnknownFault."""
        if name not in FAULTS:
            raise UnknownFault(f"no fault named {name!r}; there are {', '.join(FAULTS)}")
        self._on = [fault for fault in self._on if fault.name != name]
        if count is None and name != "page_too_heavy":
            count = 1
        if limit is None:
            limit = DEFAULT_LIMIT if name == "page_too_heavy" else 0
        if count != 0:
            self._on.append(Fault(name, count, where or FAULTS[name], seconds, limit, skip))

    def next(self, where: Where, widest_page: int = 0) -> Fault | None:
        """The fault that spoils this request, used up by one; None when it may pass."""
        for fault in self._on:
            if fault.where not in (where, "any") or widest_page < fault.limit + bool(fault.limit):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count == 0:
                    self._on.remove(fault)
            return fault
        return None

    def as_list(self) -> list[dict[str, Any]]:
        return [{"name": fault.name, "count": fault.count, "where": fault.where} for fault in self._on]


def null_nodes(body: dict[str, Any]) -> dict[str, Any]:
    """The answer with every list of nodes emptied to nulls, as when the resource limits are exceeded."""

    def emptied(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: [None] * len(inner) if key == "nodes" and isinstance(inner, list) else emptied(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [None] * len(value)
        return value

    message = "Resource limits for this query exceeded."
    return {
        "data": emptied(body.get("data")),
        "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": message}],
    }


def without_one_node(body: dict[str, Any]) -> dict[str, Any]:
    """The answer with the first node of the first list of nodes null and NOT_FOUND."""
    found = _first_list(body.get("data"), [])
    if found is None:
        return body
    nodes, path = found
    nodes[0] = None
    error = {
        "type": "NOT_FOUND",
        "path": [*path, 0],
        "message": "Could not resolve to a node with the global id of 'gone'",
    }
    return {**body, "errors": [*body.get("errors", []), error]}


def short_of_results(body: dict[str, Any]) -> dict[str, Any]:
    """The answer with a third of every page of search results left out, and the counts as they were."""

    def shortened(value: Any) -> Any:
        if isinstance(value, dict) and "issueCount" in value and value.get("nodes"):
            return {**value, "nodes": value["nodes"][: len(value["nodes"]) * 2 // 3]}
        return value

    return {**body, "data": {name: shortened(value) for name, value in (body.get("data") or {}).items()}}


def _first_list(value: Any, path: list[str | int]) -> tuple[list[Any], list[str | int]] | None:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return value, path
    if isinstance(value, dict):
        for key, inner in value.items():
            found = _first_list(inner, [*path, key])
            if found:
                return found
    return None
