"""Incidents that are kept as discussions of a category: who declared them, who posted updates, which fix.

A discussion has no timeline: it knows no responders, nobody who resolved it, and nothing that refers to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from connectors.errors import PayloadBroken, Refused
from connectors.github.api.client import Client, PageSize
from connectors.github.api.documents import document
from connectors.github.by_id import MissingField, ObjectsById, objects_by_id
from connectors.github.incidents.forms import IncidentForm, form_read
from connectors.github.incidents.payloads import TimedAction, incident_with, role_actions, stated_severity
from connectors.github.payloads import account, day, moment, nodes
from connectors.records import Incident
from connectors.references import pull_requests_named

LISTED_AT_ONCE = 100
COMMENTS_AT_ONCE = 50
DISCUSSIONS_AT_ONCE = 5


def discussion_ids(
    client: Client, scope: str, categories: Collection[str], lowest: str
) -> Iterator[tuple[str, date]]:
    """Ids and days of the discussions of these categories that were updated since this moment."""
    owner, name = scope.split("/")
    wanted = {category.casefold() for category in categories}
    after: str | None = None
    page = PageSize(LISTED_AT_ONCE)
    while True:
        variables = {"owner": owner, "name": name, "after": after}
        answer = client.graphql(document("incident_discussion_ids"), variables, page)
        connection = (answer.data["repository"] or {}).get("discussions")
        if connection is None:
            raise Refused(
                f"{client.host} gives no discussions of {scope!r} to these credentials; check that they are "
                "enabled there, or leave out github_incidents.discussion_categories"
            )
        listed = [node for node in connection["nodes"] if node]
        if len(listed) < len(connection["nodes"]):
            raise Refused(f"{client.host} does not list every discussion of {scope!r}; check the token")
        for node in listed:
            if node["updatedAt"] < lowest:
                return
            if {node["category"]["name"].casefold(), node["category"]["slug"].casefold()} & wanted:
                yield node["id"], day(node["createdAt"])
        info = connection["pageInfo"]
        if not info["hasNextPage"]:
            return
        if info["endCursor"] in (None, after):
            raise PayloadBroken(f"{client.host} says that there are more discussions, and not where")
        after = info["endCursor"]


def discussions_by_id(client: Client, ids: Sequence[str]) -> tuple[ObjectsById, list[MissingField]]:
    """These discussions with their comments, and what of them is missing."""
    objects = ObjectsById()
    query = document("incident_discussions_by_id")
    for start in range(0, len(ids), DISCUSSIONS_AT_ONCE):
        chunk = ids[start : start + DISCUSSIONS_AT_ONCE]
        objects += objects_by_id(client, query, {}, "ids", chunk, COMMENTS_AT_ONCE)
    missing = objects.missing_fields("incident_actions")
    for node in objects.nodes:
        lists = [node["comments"], *(comment["replies"] for comment in nodes(node, "comments"))]
        if any(one["pageInfo"]["hasNextPage"] for one in lists):
            missing.append(MissingField(node["id"], "incident_actions", "truncated"))
    return objects, missing


def incident(payload: Mapping[str, Any], forms: tuple[IncidentForm, ...], prefix: str) -> Incident:
    """One discussion as an incident. What is said after it was closed is no update during it."""
    form = form_read(payload["body"], forms)
    closed_at = payload["closedAt"]
    remarks = [
        remark
        for comment in nodes(payload, "comments")
        for remark in (comment, *nodes(comment, "replies"))
        if closed_at is None or moment(remark["createdAt"]) <= moment(closed_at)
    ]
    author = account(payload["author"])
    actions = [TimedAction(f"{payload['id']}:declared", "declared", author, payload["createdAt"])]
    actions += [
        TimedAction(one["id"], "updated", account(one["author"]), one["createdAt"]) for one in remarks
    ]
    actions += role_actions(payload["id"], payload["createdAt"], form)
    texts = [payload["body"], *(one["body"] for one in remarks)]
    return incident_with(
        actions,
        incident_id=payload["id"],
        url=payload["url"],
        severity=stated_severity(form.severity if form else None, prefix),
        opened_on=day(payload["createdAt"]),
        resolved_on=day(closed_at) if closed_at else None,
        merged_into=None,
        fixes=[name for text in texts for name in pull_requests_named(text)],
        same_as=form.same_as if form else (),
    )
