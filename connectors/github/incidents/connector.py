"""Incidents that are kept as issues or discussions on GitHub.

Source: GraphQL of the same GitHub as `connectors/github`, with the same credentials; REST for types, forms.
Cursor: JSON with the moment read up to. Follow-ups are closed without moving the incident, so every run reads
    what was updated in the last 90 days again.
Yields: incidents, incident_actions, incident_fixes.
Never: titles, bodies, comments, label text outside the severity, exact times. Roles only where a form asks.
Raises: Refused, Unreachable, RateLimited, PayloadBroken.
"""

from __future__ import annotations

import json
import time as clock
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.errors import PayloadBroken, Refused
from connectors.github.api.client import Client, PageSize
from connectors.github.api.documents import document
from connectors.github.by_id import MOST_IN_A_LIST, MissingField, issues_by_id, missing_fields, objects_by_id
from connectors.github.complete_lists import complete_lists
from connectors.github.cursor import iso
from connectors.github.incidents.candidates import candidates
from connectors.github.incidents.discussions import discussion_ids, discussions_by_id
from connectors.github.incidents.discussions import incident as of_discussion
from connectors.github.incidents.forms import FormRead
from connectors.github.incidents.payloads import IncidentLabels, incident, referring_issue_ids
from connectors.github.incidents.settings import GitHubIncidentsSettings
from connectors.github.listing import gaps_of
from connectors.github.payloads import day
from connectors.github.payloads import nodes as payload_nodes
from connectors.github.repository_connector import RepositoryConnector
from connectors.github.settings import GitHubSettings
from connectors.records import Batch, Gap, Incident, Inventory

REREAD = timedelta(days=90)
PAGE_SIZE = 25
SWEPT_AT_ONCE = 100
OVERLAP = timedelta(hours=1)
"""Our clock may be ahead of GitHub's."""
_DISCUSSION = "D_"
"""How GitHub's ids of discussions begin."""


class GitHubIncidents(RepositoryConnector):
    """Incidents of the configured repositories."""

    source = "github_incidents"
    yields: tuple[str, ...] = ("incidents", "incident_actions", "incident_fixes")

    def __init__(
        self,
        settings: GitHubIncidentsSettings,
        github: GitHubSettings,
        pause: Callable[[float], None] = clock.sleep,
    ) -> None:
        super().__init__(settings, github, pause)
        self._settings = settings
        self._client: Client
        """Who can read the scope that is being read."""
        self._forms: dict[str, FormRead | None] = {}
        self._labels = IncidentLabels(
            settings.severity_prefix, settings.follow_up_labels, settings.postmortem_labels
        )

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Every incident updated since `cursor` and 90 days before it; the last batch moves the cursor."""
        self._client = self._access.of(scope)
        before: dict[str, Any] = {"until": None, "since": self.since.isoformat()}
        floor = self.since
        if cursor and date.fromisoformat(json.loads(cursor)["since"]) <= self.since:
            before = json.loads(cursor)
            if before["until"] is not None:
                floor = max(self.since, date.fromisoformat(before["until"][:10]) - REREAD)
        started = iso(datetime.now(UTC) - OVERLAP)
        read: set[str] = set()
        for nodes, gaps, answered_at in self._labelled(scope, "incidents", floor):
            started = min(started, iso(answered_at))
            read |= {node["id"] for node in nodes}
            incidents, missing = self._incidents(nodes)
            yield self._batch(incidents, json.dumps(before), [*gaps, *missing])
        unlabelled = [one for one in self._by_type_or_form(scope, floor) if one not in read]
        discussions = [discussion_id for discussion_id, _ in self._in_discussions(scope, floor)]
        yield from self._load([*unlabelled, *discussions], json.dumps(before))
        yield self._batch((), json.dumps({"until": started, "since": before["since"]}), ())

    def inventory(self, scope: str) -> Iterator[Inventory]:
        """Every incident updated since `since`."""
        self._client = self._access.of(scope)
        days: dict[str, date] = {}
        for nodes, gaps, _ in self._labelled(scope, "incident_ids", self.since):
            if gaps:
                # To go on would read as "they no longer exist".
                raise Refused(
                    f"{self._client.host} does not list every incident of {scope!r}; check the token"
                )
            days |= {node["id"]: day(node["createdAt"]) for node in nodes}
        days |= self._by_type_or_form(scope, self.since)
        days |= dict(self._in_discussions(scope, self.since))
        for incident_id, created_on in days.items():
            yield Inventory("incidents", incident_id, created_on)

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These incidents again; one that is none any more is `gone`."""
        if kind != "incidents":
            raise ValueError(f"github_incidents hydrates incidents, not {kind!r}")
        self._client = self._access.of(scope)
        yield from self._load(list(dict.fromkeys(object_ids)), "")

    def _load(self, ids: Sequence[str], cursor: str) -> Iterator[Batch]:
        """Issues and discussions by id, complete."""
        of_discussions = [one for one in ids if one.startswith(_DISCUSSION)]
        of_issues = [one for one in ids if not one.startswith(_DISCUSSION)]
        for start in range(0, len(of_issues), PAGE_SIZE):
            issues, gaps, gone = self._issues(of_issues[start : start + PAGE_SIZE])
            incidents, missing = self._incidents(issues)
            yield self._batch(incidents, cursor, [*gaps, *missing], gone)
        for start in range(0, len(of_discussions), PAGE_SIZE):
            objects, fields = discussions_by_id(self._client, of_discussions[start : start + PAGE_SIZE])
            settings = self._settings
            gaps = [self._gap(code, object_id) for object_id, code in objects.refused.items()]
            gaps += [self._gap(field.code, field.object_id) for field in fields]
            incidents = [
                of_discussion(node, settings.forms, settings.severity_prefix) for node in objects.nodes
            ]
            yield self._batch(incidents, cursor, gaps, objects.gone)

    def _by_type_or_form(self, scope: str, floor: date) -> dict[str, date]:
        """Issues that are incidents by their type or their form; what the form says is remembered."""
        settings = self._settings
        if not (settings.types or settings.forms):
            return {}
        issues = {
            one.issue_id: one
            for one in candidates(self._client, scope, settings.types, settings.forms, floor)
        }
        self._forms |= {issue_id: one.form for issue_id, one in issues.items()}
        return {issue_id: one.created_on for issue_id, one in issues.items()}

    def _in_discussions(self, scope: str, floor: date) -> Iterator[tuple[str, date]]:
        if categories := self._settings.discussion_categories:
            lowest = iso(datetime.combine(floor, time(), UTC))
            yield from discussion_ids(self._client, scope, categories, lowest)

    def _labelled(
        self, scope: str, query: str, floor: date
    ) -> Iterator[tuple[list[dict[str, Any]], list[Gap], datetime]]:
        if self._settings.labels:
            page = PageSize(PAGE_SIZE if query == "incidents" else SWEPT_AT_ONCE)
            yield from self._pages(scope, query, floor, page)

    def _pages(
        self, scope: str, query: str, floor: date, page: PageSize
    ) -> Iterator[tuple[list[dict[str, Any]], list[Gap], datetime]]:
        """Pages of labelled incidents from the last updated down to the floor."""
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
                    gaps += gaps_of(node, missing_fields(answer, where, node["id"], "incidents"))
            fresh = [node for node in nodes if node["updatedAt"] >= lowest]
            info = connection["pageInfo"]
            is_last = not info["hasNextPage"] or len(fresh) < len(nodes)
            yield fresh, gaps, answer.answered_at
            if is_last:
                return
            if info["endCursor"] in (None, after):
                raise PayloadBroken(f"{self._client.host} says that there are more incidents, and not where")
            after = info["endCursor"]

    def _issues(self, ids: list[str]) -> tuple[list[dict[str, Any]], list[Gap], list[str]]:
        """Those of these issues that are incidents, what is missing of them, and those that are none."""
        objects = objects_by_id(self._client, document("incidents_by_id"), {}, "ids", ids)
        labels = {label.casefold() for label in self._settings.labels}
        issues = [
            node
            for node in objects.nodes
            if node["id"] in self._forms
            or labels & {label["name"].casefold() for label in payload_nodes(node, "labels")}
        ]
        kept = {node["id"] for node in issues}
        gaps = [self._gap(code, object_id) for object_id, code in objects.refused.items()]
        gaps += _gaps_in(issues, objects.missing_fields("incidents"))
        return (
            issues,
            gaps,
            [*objects.gone, *(node["id"] for node in objects.nodes if node["id"] not in kept)],
        )

    def _incidents(self, issues: Sequence[dict[str, Any]]) -> tuple[list[Incident], list[Gap]]:
        missing = complete_lists(self._client, issues, "incidents")
        referring_ids = dict.fromkeys(issue_id for node in issues for issue_id in referring_issue_ids(node))
        referring = issues_by_id(self._client, list(referring_ids))
        incidents = [incident(node, referring, self._labels, self._forms.get(node["id"])) for node in issues]
        return incidents, _gaps_in(issues, missing)

    def _gap(self, reason: str, object_id: str | None = None) -> Gap:
        return Gap("incidents", self.since, datetime.now(UTC).date() + timedelta(days=1), reason, object_id)

    def _batch(
        self, incidents: Sequence[Incident], cursor: str, gaps: Sequence[Gap], gone: Sequence[str] = ()
    ) -> Batch:
        return Batch(tuple(incidents), cursor, tuple(gaps), tuple(gone))


def _gaps_in(issues: Iterable[dict[str, Any]], missing: Sequence[MissingField]) -> list[Gap]:
    return [
        gap
        for node in issues
        for gap in gaps_of(node, (field for field in missing if field.object_id == node["id"]))
    ]
