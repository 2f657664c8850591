"""Pages -> whole objects: every list to its end, and what hangs below asked for by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.github.api.client import MOST_IDS, Answer, Client, Page
from connectors.github.api.documents import document
from connectors.github.api.transport import TooHeavy
from connectors.github.payloads import nodes, total
from connectors.github.review_request import head_when_asked

MOST_IN_A_LIST = 100
FEW_IN_A_LIST = 10
"""For objects that were too heavy with more."""

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
TABLES = {
    "files": "pull_requests",
    "commits": "commits",
    "authors": "commit_authors",
    "reviews": "reviews",
    "reviewThreads": "review_threads",
    "threadComments": "review_comments",
    "closingIssuesReferences": "closing_references",
    "events": "pull_request_events",
    "checks": "pull_requests",
    "labels": "issues",
    "assignees": "issue_assignees",
    "timelineItems": "issue_events",
    "comments": "comments",
    "issueComments": "comments",
    "incidentEvents": "incident_actions",
}
"""Which table misses rows when a list could not be read."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A part of one object that GitHub would not give."""

    object_id: str
    table: str
    code: str


def complete(
    client: Client, payloads: Sequence[dict[str, Any]], kind: str, lists: int = MOST_IN_A_LIST
) -> list[Hole]:
    """Reads every list of these payloads to its end, in place, and tells what could not be had."""
    names = LISTS.get(kind, {})
    found: list[Hole] = []
    for payload in payloads:
        for name, flag in names.items():
            found += _to_the_end(client, payload["id"], payload, name, flag, payload["id"], lists)
        for thread in nodes(payload, "reviewThreads"):
            found += _to_the_end(
                client, thread["id"], thread, "comments", "threadComments", payload["id"], lists
            )
    return found


def issues_by_id(client: Client, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Issues that refer to incidents; one that may not be read, or is gone, is absent."""
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(ids), MOST_IDS):
        variables = {"ids": list(ids[start : start + MOST_IDS]), "lists": FEW_IN_A_LIST}
        answer = client.graphql(document("follow_ups"), variables)
        found |= {node["id"]: node for node in answer.data["nodes"] if node}
    return found


@dataclass(slots=True)
class ById:
    """What asking for objects by id brought."""

    found: list[dict[str, Any]]
    refused: dict[str, str]
    """Ids of those that exist and could not be had, and why."""
    gone: list[str]
    inside: list[tuple[str, Answer, tuple[str | int, ...]]]

    def holes(self, table: str) -> list[Hole]:
        """The holes inside the objects that were found."""
        return [
            hole
            for object_id, answer, where in self.inside
            for hole in holes_of(answer, where, object_id, table)
        ]

    def __add__(self, other: ById) -> ById:
        return ById(
            self.found + other.found,
            self.refused | other.refused,
            self.gone + other.gone,
            self.inside + other.inside,
        )


def objects_by_id(
    client: Client,
    query: str,
    variables: Mapping[str, Any],
    part: str,
    ids: Sequence[str],
    lists: int = MOST_IN_A_LIST,
    page: Page | None = None,
    *,
    is_second_time: bool = False,
) -> ById:
    """The objects with these ids, asked for as `$part` and answered under `part`.

    Fewer at a time where GitHub cannot give them together, which `page` remembers; in smaller lists where it
    cannot give one alone.
    """

    def again(some: Sequence[str], smaller: int = lists, *, is_again: bool = is_second_time) -> ById:
        return objects_by_id(client, query, variables, part, some, smaller, page, is_second_time=is_again)

    size = page.size if page else len(ids)  # once: another thread may change it any moment
    if len(ids) > size:
        return again(ids[:size]) + again(ids[size:])
    is_last_resort = len(ids) == 1 and lists == FEW_IN_A_LIST
    asked = {**variables, part: list(ids), "lists": lists}
    if "threads" in asked:
        asked["threads"] = min(asked["threads"], lists)
    try:
        answer = client.graphql(query, asked, tries=2, is_last_resort=is_last_resort)
    except TooHeavy:
        client.check_alive()
        if page and page.size >= len(ids):
            page.halve()
        if len(ids) > 1:
            return again(ids[: len(ids) // 2]) + again(ids[len(ids) // 2 :])
        return ById([], {ids[0]: "too_heavy"}, [], []) if is_last_resort else again(ids, FEW_IN_A_LIST)
    if page:
        page.keep()
    told = ById([], {}, [], [])
    doubtful = []
    for index, object_id in enumerate(ids):
        node = answer.data[part][index]
        holes = answer.refused_below(part, index)
        if not is_second_time and (not node or holes):
            # What is gone will be forgotten, and GitHub has been wrong before.
            doubtful.append(object_id)
        elif node:
            told.found.append(node)
            told.inside.append((object_id, answer, (part, index)))
        # An empty object is something else under this id: not what it was thought to be.
        elif node == {} or next(iter(holes.values())) == "not_found":
            told.gone.append(object_id)
        else:
            told.refused[object_id] = next(iter(holes.values()))
    return told + again(doubtful, is_again=True) if doubtful else told


def holes_of(answer: Answer, where: tuple[str | int, ...], object_id: str, table: str) -> list[Hole]:
    """The holes inside one object of an answer, each under the table that misses it."""
    found = []
    for path, code in answer.refused_below(*where).items():
        names = [name for name in path if isinstance(name, str) and name in TABLES]
        if names[-2:] == ["reviewThreads", "comments"]:
            names.append("threadComments")
        found.append(Hole(object_id, TABLES[names[-1]] if names else table, code))
    return found


def _to_the_end(
    client: Client, object_id: str, holder: dict[str, Any], name: str, flag: str, whole_id: str, lists: int
) -> list[Hole]:
    """Reads one list on to its last page; `whole_id` is the pull request or issue that it belongs to."""
    query = document("more_incident_events" if flag == "incidentEvents" else "more")
    connection = holder.get(name)
    found: list[Hole] = []
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
                return [*found, Hole(whole_id, TABLES[flag], "too_heavy")]
        found += [Hole(whole_id, TABLES[flag], code) for code in answer.refused.values()]
        more = (answer.data["node"] or {}).get(flag)
        if more is None:
            return found or [Hole(whole_id, TABLES[flag], "not_found")]
        if more["pageInfo"]["hasNextPage"] and more["pageInfo"]["endCursor"] == variables["after"]:
            return [*found, Hole(whole_id, TABLES[flag], "truncated")]
        connection["nodes"] = nodes(holder, name) + nodes({name: more}, name)
        connection["pageInfo"] = more["pageInfo"]
    return found


def below(client: Client, payloads: Iterable[dict[str, Any]], lists: int = MOST_IN_A_LIST) -> list[Hole]:
    """Fills in what is asked about commits by id, and tells what could not be had."""
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
    found: list[Hole] = []
    left = {part: list(wanted.places(part)) for part in LISTS_BELOW}
    while any(left.values()):
        size = client.ids.size
        ids = {part: these[:size] for part, these in left.items()}
        left = {part: these[size:] for part, these in left.items()}
        found += _ask_below(client, ids, wanted, lists)
    return found


class _Wanted:
    """What to ask for by id, and the places in the page's payloads where the answers belong."""

    def __init__(self) -> None:
        self.commits: dict[str, list[dict[str, Any]]] = {}
        self.heads: dict[str, list[dict[str, Any]]] = {}
        self.owner: dict[str, str] = {}

    def places(self, part: str) -> Mapping[str, list[dict[str, Any]]]:
        found: Mapping[str, list[dict[str, Any]]] = getattr(self, part)
        return found


LISTS_BELOW = {
    "commits": ("authors", "authors"),
    "heads": ("statusCheckRollup", "checks"),
}
"""What is asked below each part, and the key of `TABLES` that says what misses it."""
NOT_PERMITTED = frozenset({"forbidden", "insufficient_scopes", "saml"})
"""Checks need a permission of their own. Without it each says so for itself, and nothing else is missing."""


def _ask_below(
    client: Client, ids: Mapping[str, list[str]], wanted: _Wanted, lists: int, *, is_second_time: bool = False
) -> list[Hole]:
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
                alone = [{part: ids[part] if part == asked else [] for part in ids} for asked in ids]
                return [hole for one in alone for hole in _ask_below(client, one, wanted, lists)]
            return _ask_below(client, first, wanted, lists) + _ask_below(client, second, wanted, lists)
        if lists > FEW_IN_A_LIST:
            return _ask_below(client, ids, wanted, FEW_IN_A_LIST)
        return [
            Hole(wanted.owner[one], TABLES[LISTS_BELOW[part][1]], "too_heavy")
            for part, these in ids.items()
            for one in these
        ]
    client.ids.keep()
    found: list[Hole] = []
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
            found += [Hole(owner, TABLES[flag], code) for code in codes]
            node = answer.data[part][index] or {}
            for place in wanted.places(part)[object_id]:
                if part == "heads":
                    if node:
                        place[name] = node[name]
                    continue
                place[name] = {**place[name], **(node.get(name) or {})}
                if "pageInfo" in place[name]:
                    found += _to_the_end(client, object_id, place, name, flag, owner, lists)
    return found + _ask_below(client, again, wanted, lists, is_second_time=True)
