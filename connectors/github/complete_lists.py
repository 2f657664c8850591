"""Every list of an object to its end, and what hangs below its commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.github.api.client import Client
from connectors.github.api.documents import document
from connectors.github.api.transport import TooHeavy
from connectors.github.by_id import FEW_IN_A_LIST, MOST_IN_A_LIST, TABLES, MissingField
from connectors.github.payloads import nodes, total
from connectors.github.review_request import head_when_asked

PULL_REQUEST_LISTS = {
    name: name
    for name in ("files", "commits", "reviews", "reviewThreads", "events", "closingIssuesReferences")
}
ISSUE_LISTS = {
    "labels": "labels",
    "assignees": "assignees",
    "timelineItems": "timelineItems",
    "comments": "issueComments",
}
INCIDENT_LISTS = {**ISSUE_LISTS, "timelineItems": "incidentEvents"}
LISTS: Mapping[str, Mapping[str, str]] = {
    "pull_requests": PULL_REQUEST_LISTS,
    "issues": ISSUE_LISTS,
    "incidents": INCIDENT_LISTS,
}
"""The lists of each kind of object, each with its flag in the query for more of it."""
LISTS_BELOW = {
    "commits": ("authors", "authors"),
    "heads": ("statusCheckRollup", "checks"),
}
"""What is requested below each part, and the key of `TABLES` that says what misses it."""
NOT_PERMITTED = frozenset({"forbidden", "insufficient_scopes", "saml"})
"""Checks need a permission of their own; without it nothing else is missing."""


def complete_lists(
    client: Client, payloads: Sequence[dict[str, Any]], kind: str, lists: int = MOST_IN_A_LIST
) -> list[MissingField]:
    """Reads every list of these payloads to its end, in place, and returns what could not be had."""
    missing: list[MissingField] = []
    for payload in payloads:
        for name, flag in LISTS.get(kind, {}).items():
            missing += _rest_of_list(client, payload["id"], payload, name, flag, payload["id"], lists)
        for thread in nodes(payload, "reviewThreads"):
            missing += _rest_of_list(
                client, thread["id"], thread, "comments", "threadComments", payload["id"], lists
            )
    return missing


def _rest_of_list(
    client: Client, object_id: str, holder: dict[str, Any], name: str, flag: str, root_id: str, lists: int
) -> list[MissingField]:
    """Reads one list on to its last page; `root_id` is the pull request or issue that it belongs to."""
    query = document("more_incident_events" if flag == "incidentEvents" else "more")
    connection = holder.get(name)
    missing: list[MissingField] = []
    while connection and connection["pageInfo"]["hasNextPage"]:
        variables = {
            "id": object_id,
            "after": connection["pageInfo"]["endCursor"],
            "lists": lists,
            flag: True,
        }
        try:
            answer = client.graphql(query, variables, tries=3)
        except TooHeavy:
            try:
                variables["lists"] = FEW_IN_A_LIST
                answer = client.graphql(query, variables, tries=3, is_last_resort=True)
            except TooHeavy:
                client.check_alive()
                return [*missing, MissingField(root_id, TABLES[flag], "too_heavy")]
        missing += [MissingField(root_id, TABLES[flag], code) for code in answer.refused.values()]
        more = (answer.data["node"] or {}).get(flag)
        if more is None:
            return missing or [MissingField(root_id, TABLES[flag], "not_found")]
        if more["pageInfo"]["hasNextPage"] and more["pageInfo"]["endCursor"] == variables["after"]:
            return [*missing, MissingField(root_id, TABLES[flag], "truncated")]
        connection["nodes"] = nodes(holder, name) + nodes({name: more}, name)
        connection["pageInfo"] = more["pageInfo"]
    return missing


def fill_in_commits(
    client: Client, payloads: Iterable[dict[str, Any]], lists: int = MOST_IN_A_LIST
) -> list[MissingField]:
    """Fills in what is asked about commits by id, and returns what could not be had."""
    wanted = _Wanted()
    for payload in payloads:
        wanted.owner[payload["id"]] = payload["id"]
        head = head_when_asked(payload)
        if head is not None:
            payload["headWhenAsked"] = {"id": head}
            wanted.heads.setdefault(head, []).append(payload["headWhenAsked"])
            wanted.owner.setdefault(head, payload["id"])
        for node in nodes(payload, "commits"):
            commit = node.get("commit")
            if commit and total(commit, "authors") > 1:
                wanted.commits.setdefault(commit["id"], []).append(commit)
                wanted.owner[commit["id"]] = payload["id"]
    missing: list[MissingField] = []
    left = {part: list(wanted.places(part)) for part in LISTS_BELOW}
    while any(left.values()):
        size = client.ids.size
        ids = {part: these[:size] for part, these in left.items()}
        left = {part: these[size:] for part, these in left.items()}
        missing += _fill_in(client, ids, wanted, lists)
    return missing


class _Wanted:
    """What to ask for by id, and the places in the payloads where the answers belong."""

    def __init__(self) -> None:
        self.commits: dict[str, list[dict[str, Any]]] = {}
        self.heads: dict[str, list[dict[str, Any]]] = {}
        self.owner: dict[str, str] = {}

    def places(self, part: str) -> Mapping[str, list[dict[str, Any]]]:
        return self.heads if part == "heads" else self.commits


def _fill_in(
    client: Client, ids: Mapping[str, list[str]], wanted: _Wanted, lists: int, *, is_second_time: bool = False
) -> list[MissingField]:
    count = sum(map(len, ids.values()))
    if not count:
        return []
    try:
        answer = client.graphql(
            document("below"),
            {**ids, "lists": lists},
            tries=2,
            is_last_resort=count == 1 and lists == FEW_IN_A_LIST,
        )
    except TooHeavy:
        client.check_alive()
        client.ids.halve()
        if count > 1:
            first = {part: these[: len(these) // 2] for part, these in ids.items()}
            second = {part: these[len(these) // 2 :] for part, these in ids.items()}
            if not any(first.values()):
                # One of each kind: no half to take, so one kind at a time.
                alone = [{part: ids[part] if part == only else [] for part in ids} for only in ids]
                return [each for one in alone for each in _fill_in(client, one, wanted, lists)]
            return _fill_in(client, first, wanted, lists) + _fill_in(client, second, wanted, lists)
        if lists > FEW_IN_A_LIST:
            return _fill_in(client, ids, wanted, FEW_IN_A_LIST)
        return [
            MissingField(wanted.owner[one], TABLES[LISTS_BELOW[part][1]], "too_heavy")
            for part, these in ids.items()
            for one in these
        ]
    client.ids.keep()
    missing: list[MissingField] = []
    again: dict[str, list[str]] = {part: [] for part in LISTS_BELOW}
    for part, (name, flag) in LISTS_BELOW.items():
        for index, object_id in enumerate(ids[part]):
            owner = wanted.owner[object_id]
            codes = answer.refused_below(part, index).values()
            if part == "heads" and NOT_PERMITTED.issuperset(codes) and codes:
                for place in wanted.places(part)[object_id]:
                    place["mayNotBeRead"] = True
                continue
            if codes and not is_second_time:
                again[part].append(object_id)
                continue
            missing += [MissingField(owner, TABLES[flag], code) for code in codes]
            node = answer.data[part][index] or {}
            for place in wanted.places(part)[object_id]:
                if part == "heads":
                    if node:
                        place[name] = node[name]
                    continue
                place[name] = {**place[name], **(node.get(name) or {})}
                if "pageInfo" in place[name]:
                    missing += _rest_of_list(client, object_id, place, name, flag, owner, lists)
    return missing + _fill_in(client, again, wanted, lists, is_second_time=True)
