"""incident.io's payloads, as far as they are read, and payload -> record. Pure: no network here.

The models name what is read and nothing else; a message is read for the pull requests that it names, and
whether it says anything, and dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from connectors.records import Account, Incident, IncidentAction, IncidentPage
from connectors.references import incidents_named, issues_named, pull_requests_named

SOURCE = "incident_io"
Kind = Literal[
    "declared",
    "acknowledged",
    "role",
    "updated",
    "resolved",
    "followup_assigned",
    "followup_completed",
    "postmortem",
]
_OVER = ("learning", "closed", "merged")
"""Categories of status in which the incident itself is over; learning is the app's "post-incident"."""
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(_Read):
    id: _Id


class Actor(_Read):
    """Who did something: a user, or else a workflow, an API key or an alert, which are nobody."""

    user: User | None = None


class Role(_Read):
    name: str
    role_type: str = "custom"


class RoleAssignment(_Read):
    role: Role
    assignee: User | None = None


class Status(_Read):
    category: str


class Severity(_Read):
    name: str


class TimestampValue(_Read):
    value: AwareDatetime


class Timestamp(_Read):
    value: TimestampValue | None = None


class ExternalIssue(_Read):
    provider: str = ""
    issue_permalink: str | None = None


class IncidentPayload(_Read):
    """GET /v2/incidents."""

    id: _Id
    reference: str
    created_at: AwareDatetime
    creator: Actor
    incident_status: Status
    mode: str = "standard"
    severity: Severity | None = None
    permalink: str | None = None
    incident_role_assignments: tuple[RoleAssignment, ...] = ()
    incident_timestamp_values: tuple[Timestamp, ...] = ()
    external_issue_reference: ExternalIssue | None = None


class Update(_Read):
    """GET /v2/incident_updates."""

    id: _Id
    incident_id: _Id
    created_at: AwareDatetime
    updater: Actor
    message: str | None = None
    new_incident_status: Status
    merged_into_incident_id: _Id | None = None


class FollowUp(_Read):
    """GET /v3/follow_ups."""

    id: _Id
    incident_id: _Id
    status: Literal["outstanding", "completed", "not_doing", "deleted"]
    created_at: AwareDatetime
    completed_at: AwareDatetime | None = None
    assignee: User | None = None


class Postmortem(_Read):
    """GET /v1/postmortem_documents."""

    id: _Id
    incident_id: _Id
    created_at: AwareDatetime
    updated_at: str | None = None
    editors: tuple[User, ...] = ()


class RoleUpdate(_Read):
    role: Role | None = None
    new_assignee: User | None = None
    previous_assignee: User | None = None


class Acknowledgement(_Read):
    acknowledger: User | None = None


class Escalation(_Read):
    escalated_to_users: tuple[User, ...] = ()


class Content(_Read):
    role_update: RoleUpdate | None = None
    escalation_created: Escalation | None = None
    escalation_acknowledged: Acknowledgement | None = None


class LogEntry(_Read):
    """GET /v2/incident_activity_log_entries: who held a role before, who was paged, who acknowledged it."""

    id: _Id
    incident_id: _Id
    occurred_at: AwareDatetime
    content: Content = Content()


class Schedule(_Read):
    """GET /v2/schedules."""

    id: _Id


class ScheduleEntry(_Read):
    """GET /v2/schedule_entries. In an entry without a user nobody is on call."""

    start_at: AwareDatetime
    end_at: AwareDatetime
    user: User | None = None


class Resource(_Read):
    resource_type: str
    external_id: str | None = None
    permalink: str | None = None


class Attachment(_Read):
    id: _Id
    incident_id: _Id
    resource: Resource


class Attachments(_Read):
    """GET /v1/incident_attachments: the pull requests and the pages elsewhere that the incident names."""

    incident_attachments: list[Attachment]


@dataclass(slots=True)
class Around:
    """Everything that belongs to one incident."""

    updates: list[Update] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    postmortems: list[Postmortem] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    step_id: str
    kind: Kind
    user: User
    role: str | None = None


def opened_on(payload: IncidentPayload) -> date:
    """The UTC day it began: for one that was entered afterwards, the first day it tells of."""
    moments = [one.value.value for one in payload.incident_timestamp_values if one.value]
    entered_afterwards = payload.mode == "retrospective"
    return _day(min([payload.created_at, *(moments if entered_afterwards else ())]))


def incident(payload: IncidentPayload, around: Around) -> Incident:
    """One incident with what was done in it, in the order it was done."""
    steps = sorted(_steps(payload, around), key=lambda one: (one.at, one.step_id, one.user.id))
    updates = sorted(around.updates, key=lambda one: (one.created_at, one.id))
    merges = [one.merged_into_incident_id for one in updates if one.merged_into_incident_id]
    is_merged = payload.incident_status.category == "merged"
    over = _over(updates)
    return Incident(
        incident_id=payload.id,
        source=SOURCE,
        url=_web_address(payload.permalink),
        service_id=None,
        severity=_slug(payload.severity.name) if payload.severity else None,
        opened_on=opened_on(payload),
        resolved_on=_day(over.created_at) if over and payload.incident_status.category in _OVER else None,
        merged_into=merges[-1] if merges and is_merged else None,
        actions=tuple(
            IncidentAction(
                action_id=step.step_id,
                actor=Account(SOURCE, step.user.id, step.user.id),
                kind=step.kind,
                role=step.role,
                by_hand=True,
                occurred_on=_day(step.at),
                position=position,
            )
            for position, step in enumerate(steps)
        ),
        fix_pull_requests=tuple(dict.fromkeys(_fixes(around))),
        pages=tuple(dict.fromkeys(_pages(around.log))),
        same_as=tuple(dict.fromkeys(_same_elsewhere(payload, around))),
        reference=payload.reference if re.fullmatch(r"[A-Z]{1,10}-\d{1,7}", payload.reference) else None,
    )


def _steps(payload: IncidentPayload, around: Around) -> Iterator[_Step]:
    key = payload.id
    if payload.creator.user:
        yield _Step(payload.created_at, f"{key}:declared", "declared", payload.creator.user)
    yield from _roles(payload, around.log)
    for entry in around.log:
        by = entry.content.escalation_acknowledged
        if by and by.acknowledger:
            yield _Step(entry.occurred_at, entry.id, "acknowledged", by.acknowledger)
    for update in around.updates:
        if update.updater.user and (update.message or "").strip():
            yield _Step(update.created_at, update.id, "updated", update.updater.user)
    over = _over(around.updates)
    if over and over.updater.user and payload.incident_status.category in _OVER:
        yield _Step(over.created_at, f"{over.id}:resolved", "resolved", over.updater.user)
    for one in around.follow_ups:
        if one.assignee and one.status != "deleted":
            yield _Step(one.created_at, f"{one.id}:assigned", "followup_assigned", one.assignee)
            if one.status == "completed":
                done_at = one.completed_at or one.created_at
                yield _Step(done_at, f"{one.id}:completed", "followup_completed", one.assignee)
    for document in around.postmortems:
        for nth, editor in enumerate(document.editors):
            yield _Step(document.created_at, f"{document.id}:{nth}", "postmortem", editor)


def _roles(payload: IncidentPayload, log: Sequence[LogEntry]) -> Iterator[_Step]:
    """Every role anybody held, also one that was handed on: it belongs to both.

    The log tells who took a role and when. Who holds one now and is in no entry took it at the beginning, as
    did whoever the first entry about the role says held it before.
    """
    held: dict[tuple[str, str], _Step] = {}

    def hold(at: datetime, step_id: str, role: Role | None, user: User | None) -> None:
        if role is None or user is None:
            return
        if role.role_type == "reporter":
            if payload.creator.user != user:
                held.setdefault(("reporter", user.id), _Step(at, step_id, "declared", user))
            return
        slug = _slug(role.name).replace("-", "_") or "role"
        held.setdefault((slug, user.id), _Step(at, step_id, "role", user, slug))

    for entry in sorted(log, key=lambda one: (one.occurred_at, one.id)):
        if change := entry.content.role_update:
            hold(payload.created_at, f"{entry.id}:before", change.role, change.previous_assignee)
            hold(entry.occurred_at, entry.id, change.role, change.new_assignee)
    for nth, assignment in enumerate(payload.incident_role_assignments):
        hold(payload.created_at, f"{payload.id}:role:{nth}", assignment.role, assignment.assignee)
    yield from held.values()


def _pages(log: Iterable[LogEntry]) -> Iterator[IncidentPage]:
    """The users an escalation called. Whoever escalated, the call itself is the machine's."""
    for entry in sorted(log, key=lambda one: (one.occurred_at, one.id)):
        if escalation := entry.content.escalation_created:
            for user in escalation.escalated_to_users:
                yield IncidentPage(Account(SOURCE, user.id, user.id), _day(entry.occurred_at))


def _over(updates: Iterable[Update]) -> Update | None:
    """The update with which the incident was over for good: the first after it was last going on."""
    over: Update | None = None
    for update in sorted(updates, key=lambda one: (one.created_at, one.id)):
        if update.new_incident_status.category not in _OVER:
            over = None
        elif over is None:
            over = update
    return over


def _fixes(around: Around) -> Iterator[str]:
    for attachment in around.attachments:
        if attachment.resource.resource_type == "github_pull_request":
            yield from pull_requests_named(attachment.resource.permalink)
    for update in around.updates:
        yield from pull_requests_named(update.message)


def _same_elsewhere(payload: IncidentPayload, around: Around) -> Iterator[str]:
    """What other tools hold of this incident: what paged for it, and the issue that is kept for it."""
    for attachment in around.attachments:
        resource = attachment.resource
        if resource.resource_type == "pager_duty_incident":
            if re.fullmatch(r"[A-Z0-9]{7,14}", resource.external_id or ""):
                yield str(resource.external_id)
            yield from incidents_named(resource.permalink)
    issue = payload.external_issue_reference
    if issue and issue.provider == "github":
        yield from issues_named(issue.issue_permalink)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold())[:30].strip("-")


def _web_address(value: str | None) -> str | None:
    return value if value and re.fullmatch(r"https://[A-Za-z0-9_.~:/?#&=%+-]+", value) else None
