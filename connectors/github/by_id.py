"""Objects by their node ids: fewer at a time, then with less in them, until GitHub can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.github.api.client import MOST_IDS, Client, GraphQLAnswer, PageSize
from connectors.github.api.documents import document
from connectors.github.api.transport import TooHeavy

MOST_IN_A_LIST = 100
FEW_IN_A_LIST = 10
"""For objects that were too heavy with more."""

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
class MissingField:
    """A part of one object that GitHub would not give."""

    object_id: str
    table: str
    code: str


@dataclass(slots=True)
class ObjectsById:
    """The answer for a list of ids: every id is in `nodes`, `refused` or `gone`."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Ids of objects that exist and could not be had, and why."""
    gone: list[str] = field(default_factory=list)
    places: list[tuple[str, GraphQLAnswer, tuple[str | int, ...]]] = field(default_factory=list)
    """Where each node stands in its answer."""

    def missing_fields(self, table: str) -> list[MissingField]:
        """What is missing inside the nodes."""
        return [
            each
            for object_id, answer, where in self.places
            for each in missing_fields(answer, where, object_id, table)
        ]

    def __add__(self, other: ObjectsById) -> ObjectsById:
        return ObjectsById(
            self.nodes + other.nodes,
            self.refused | other.refused,
            self.gone + other.gone,
            self.places + other.places,
        )


def objects_by_id(
    client: Client,
    query: str,
    variables: Mapping[str, Any],
    part: str,
    ids: Sequence[str],
    lists: int = MOST_IN_A_LIST,
    page: PageSize | None = None,
    *,
    is_second_time: bool = False,
) -> ObjectsById:
    """The objects with these ids, requested as `$part` and answered under `part`.

    Fewer at a time where GitHub cannot give them together, which `page` remembers; in smaller lists where it
    cannot give one alone.
    """

    def again(
        part_of_ids: Sequence[str], smaller: int = lists, *, is_again: bool = is_second_time
    ) -> ObjectsById:
        return objects_by_id(
            client, query, variables, part, part_of_ids, smaller, page, is_second_time=is_again
        )

    size = page.size if page else len(ids)  # once: another thread may change it any moment
    if len(ids) > size:
        return again(ids[:size]) + again(ids[size:])
    is_last_resort = len(ids) == 1 and lists == FEW_IN_A_LIST
    values = {**variables, part: list(ids), "lists": lists}
    if "threads" in values:
        values["threads"] = min(values["threads"], lists)
    try:
        answer = client.graphql(query, values, tries=2, is_last_resort=is_last_resort)
    except TooHeavy:
        client.check_alive()
        if page and page.size >= len(ids):
            page.halve()
        if len(ids) > 1:
            return again(ids[: len(ids) // 2]) + again(ids[len(ids) // 2 :])
        return ObjectsById(refused={ids[0]: "too_heavy"}) if is_last_resort else again(ids, FEW_IN_A_LIST)
    if page:
        page.keep()
    objects = ObjectsById()
    doubtful = []
    for index, object_id in enumerate(ids):
        node = answer.data[part][index]
        codes = answer.refused_below(part, index)
        if not is_second_time and (not node or codes):
            # What is gone will be deleted here, and GitHub has been wrong before.
            doubtful.append(object_id)
        elif node:
            objects.nodes.append(node)
            objects.places.append((object_id, answer, (part, index)))
        # An empty object is something else under this id: not what it was thought to be.
        elif node == {} or next(iter(codes.values())) == "not_found":
            objects.gone.append(object_id)
        else:
            objects.refused[object_id] = next(iter(codes.values()))
    return objects + again(doubtful, is_again=True) if doubtful else objects


def missing_fields(
    answer: GraphQLAnswer, where: tuple[str | int, ...], object_id: str, table: str
) -> list[MissingField]:
    """What is missing inside one object of an answer, each with the table that misses it."""
    missing = []
    for path, code in answer.refused_below(*where).items():
        names = [name for name in path if isinstance(name, str) and name in TABLES]
        if names[-2:] == ["reviewThreads", "comments"]:
            names.append("threadComments")
        missing.append(MissingField(object_id, TABLES[names[-1]] if names else table, code))
    return missing


def issues_by_id(client: Client, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Issues that refer to incidents; one that may not be read, or is gone, is absent."""
    issues: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(ids), MOST_IDS):
        variables = {"ids": list(ids[start : start + MOST_IDS]), "lists": FEW_IN_A_LIST}
        answer = client.graphql(document("follow_ups"), variables)
        issues |= {node["id"]: node for node in answer.data["nodes"] if node}
    return issues
