"""Incidents kept as labelled issues, fetched; `connectors/github_incidents.py` describes the source."""

from __future__ import annotations

import json
import time as clock
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.errors import PayloadBroken, Refused
from connectors.github.client import Client, Page
from connectors.github.documents import document
from connectors.github.incident_payloads import IncidentLabels, incident, referring_issue_ids
from connectors.github.pages import gaps_of
from connectors.github.payloads import day
from connectors.github.payloads import nodes as payload_nodes
from connectors.github.progress import iso
from connectors.github.settings import GitHubSettings
from connectors.github.whole import (
    MOST_IN_A_LIST,
    complete,
    holes_of,
    issues_by_id,
    objects_by_id,
)
from connectors.github_incidents import GitHubIncidentsSettings
from connectors.records import Batch, Gap, Incident, Inventory

REREAD = timedelta(days=90)
PAGE_SIZE = 25
SWEPT_AT_ONCE = 100


class GitHubIncidents:
    """The connector; `github` says where GitHub is and as whom to ask."""

    source = "github_incidents"
    yields: tuple[str, ...] = ("incidents", "incident_actions", "incident_fixes")

    def __init__(
        self,
        settings: GitHubIncidentsSettings,
        github: GitHubSettings,
        pause: Callable[[float], None] = clock.sleep,
    ) -> None:
        self.since: date = settings.since or github.starts_on
        self._settings = settings
        self._bots = github.bots
        self._client = Client(github, pause)
        self._labels = IncidentLabels(
            settings.severity_prefix, settings.follow_up_labels, settings.postmortem_labels
        )

    def close(self) -> None:
        """Closes every connection."""
        self._client.close()

    def spent(self) -> tuple[int, int]:
        """Requests and points so far."""
        return self._client.requests, self._client.points

    def scopes(self) -> Sequence[str]:
        """The configured repositories."""
        return tuple(dict.fromkeys(self._settings.repositories))

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Every incident updated since `cursor` and 90 days before it; the last batch moves the cursor."""
        before: dict[str, Any] = {"until": None, "since": self.since.isoformat()}
        floor = self.since
        if cursor and date.fromisoformat(json.loads(cursor)["since"]) <= self.since:
            before = json.loads(cursor)
            if before["until"] is not None:
                floor = max(self.since, date.fromisoformat(before["until"][:10]) - REREAD)
        page = Page(PAGE_SIZE)
        started = ""
        for nodes, gaps, said_at, is_last in self._pages(scope, "incidents", floor, page):
            started = started or iso(said_at)
            incidents, holes = self._incidents(nodes)
            now = {"until": started, "since": before["since"]} if is_last else before
            yield self._batch(incidents, json.dumps(now), [*gaps, *holes])

    def inventory(self, scope: str) -> Iterator[Inventory]:
        """Every incident updated since `since`."""
        found: dict[str, Inventory] = {}
        page = Page(SWEPT_AT_ONCE)
        for nodes, gaps, _, _ in self._pages(scope, "incident_ids", self.since, page):
            if gaps:
                # To go on would read as "they no longer exist".
                raise Refused(
                    f"{self._client.host} does not list every incident of {scope!r}; check the token"
                )
            found |= {
                node["id"]: Inventory("incidents", node["id"], day(node["createdAt"])) for node in nodes
            }
        yield from found.values()

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:  # noqa: ARG002
        """These incidents again; one that is no longer labelled as one is `gone`."""
        if kind != "incidents":
            raise ValueError(f"github_incidents hydrates incidents, not {kind!r}")
        ids = list(dict.fromkeys(object_ids))
        for start in range(0, len(ids), PAGE_SIZE):
            found, gaps, gone = self._by_id(ids[start : start + PAGE_SIZE])
            incidents, holes = self._incidents(found)
            yield self._batch(incidents, "", [*gaps, *holes], gone)

    def _pages(
        self, scope: str, query: str, floor: date, page: Page
    ) -> Iterator[tuple[list[dict[str, Any]], list[Gap], datetime, bool]]:
        """Pages of incidents from the last updated down to the floor."""
        owner, name = scope.split("/")
        lowest = iso(datetime.combine(floor, time(), UTC))
        after: str | None = None
        while True:
            variables: dict[str, Any] = {"owner": owner, "name": name, "labels": list(self._settings.labels)}
            variables["after"] = after
            if query == "incidents":
                variables["lists"] = MOST_IN_A_LIST
            answer = self._client.graphql(document(query), variables, page)
            connection = (answer.data["repository"] or {}).get("issues")
            if connection is None:
                raise Refused(
                    f"{self._client.host} gives no issues of {scope!r} to these credentials; "
                    "check github_incidents.repositories and what the token may read"
                )
            nodes = [node for node in connection["nodes"] if node]
            gaps = []
            for index, node in enumerate(connection["nodes"]):
                where = ("repository", "issues", "nodes", index)
                if node is None:
                    gaps.append(self._gap(next(iter(answer.refused_below(*where).values()))))
                else:
                    gaps += gaps_of(node, holes_of(answer, where, node["id"], "incidents"))
            fresh = [node for node in nodes if node["updatedAt"] >= lowest]
            info = connection["pageInfo"]
            is_last = not info["hasNextPage"] or len(fresh) < len(nodes)
            yield fresh, gaps, answer.said_at, is_last
            if is_last:
                return
            if info["endCursor"] in (None, after):
                raise PayloadBroken(f"{self._client.host} says that there are more incidents, and not where")
            after = info["endCursor"]

    def _by_id(self, ids: list[str]) -> tuple[list[dict[str, Any]], list[Gap], list[str]]:
        told = objects_by_id(self._client, document("incidents_by_id"), {}, "ids", ids)
        wanted = {label.casefold() for label in self._settings.labels}
        found = [
            node
            for node in told.found
            if wanted & {label["name"].casefold() for label in payload_nodes(node, "labels")}
        ]
        kept = {node["id"] for node in found}
        gaps = [self._gap(code, object_id) for object_id, code in told.refused.items()]
        holes = told.holes("incidents")
        for node in found:
            gaps += gaps_of(node, (hole for hole in holes if hole.object_id == node["id"]))
        return found, gaps, [*told.gone, *(node["id"] for node in told.found if node["id"] not in kept)]

    def _incidents(self, found: Sequence[dict[str, Any]]) -> tuple[list[Incident], list[Gap]]:
        holes = complete(self._client, found, "incidents")
        wanted = dict.fromkeys(issue_id for node in found for issue_id in referring_issue_ids(node))
        referring = issues_by_id(self._client, list(wanted))
        gaps = [
            gap
            for node in found
            for gap in gaps_of(node, (one for one in holes if one.object_id == node["id"]))
        ]
        return [incident(node, referring, self._labels, self._bots) for node in found], gaps

    def _gap(self, reason: str, object_id: str | None = None) -> Gap:
        return Gap("incidents", self.since, datetime.now(UTC).date() + timedelta(days=1), reason, object_id)

    def _batch(
        self, incidents: Sequence[Incident], cursor: str, gaps: Sequence[Gap], gone: Sequence[str] = ()
    ) -> Batch:
        return Batch(tuple(incidents), cursor, tuple(gaps), tuple(gone))
