"""PagerDuty's payloads -> records. Pure: recorded answers test it without a network.

A payload's times live here as long as it takes to put an incident's actions in order, then become dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from connectors.errors import PayloadBroken
from connectors.http import Payload
from connectors.records import Account, Incident, IncidentAction, IncidentPage
from connectors.references import pull_requests_named
from connectors.shifts import Entry

Kind = Literal["declared", "acknowledged", "responded", "updated", "resolved"]

_KINDS: Mapping[str, Kind] = {
    "trigger_log_entry": "declared",
    "acknowledge_log_entry": "acknowledged",
    "resolve_log_entry": "resolved",
    "annotate_log_entry": "updated",
    "status_update_log_entry": "updated",
}
"""The log entries that are actions. Assigning, escalating, notifying and snoozing are not."""
_HANDED_OUT = ("assign_log_entry", "escalate_log_entry", "delegate_log_entry")
"""The log entries that page the users they name, if no person made them."""

_AUTOMATIC = frozenset({"auto", "timeout"})
"""Channels through which PagerDuty itself acts, even in a user's name."""
_MACHINES = _AUTOMATIC | {"api", "nagios", "events_api", "events_api_v2", "integration"}
"""Channels that do not count as declaring. Monitoring opens incidents through the API and has to name some
user's address when it does; the buttons of a chat, on the other hand, acknowledge through the API too."""


@dataclass(frozen=True, slots=True)
class TimedAction:
    """One log entry or responder, on its way to becoming an action."""

    action_id: str
    incident_id: str
    kind: Kind
    user_id: str | None
    """None where a service or an integration did it."""
    by_hand: bool
    at: datetime


def incident(payload: Payload) -> Incident:
    """One incident of `/incidents`, its actions still to be added."""
    incident_id = _required(payload, "id")
    is_resolved = payload.get("status") == "resolved"
    # answers recorded before 2023 have no resolved_at
    resolved_at = payload.get("resolved_at") or payload.get("last_status_change_at")
    reason = object_in(payload, "resolve_reason")
    is_merged = reason.get("type") == "merge_resolve_reason"
    return Incident(
        incident_id=incident_id,
        source="pagerduty",
        url=_web_address(payload.get("html_url")),
        service_id=_id(payload.get("service")),
        severity=_severity(payload),
        opened_on=opened_on(payload),
        resolved_on=_moment(resolved_at).date() if is_resolved and resolved_at else None,
        merged_into=_id(reason.get("incident")) if is_merged else None,
        actions=(),
    )


def created_at(payload: Payload) -> datetime:
    """The moment an incident was first triggered, or a log entry was made."""
    return _moment(_required(payload, "created_at"))


def opened_on(payload: Payload) -> date:
    """The day an incident was first triggered, in UTC."""
    return created_at(payload).date()


def timed_action(entry: Payload, incident_id: str | None = None) -> TimedAction | None:
    """One entry of `/log_entries` as a timed_action; None for entries that are nobody's contribution.

    A trigger counts even without a user: only the first trigger of an incident can be its declaration.
    """
    kind = _KINDS.get(str(entry.get("type")))
    incident_id = _id(entry.get("incident")) or incident_id
    agent = object_in(entry, "agent")
    is_user = _is_user(agent)
    if kind is None or incident_id is None or not (is_user or kind == "declared"):
        return None
    channel = object_in(entry, "channel").get("type")
    refused = _MACHINES if kind == "declared" else _AUTOMATIC
    return TimedAction(
        action_id=_required(entry, "id"),
        incident_id=incident_id,
        kind=kind,
        user_id=_id(agent) if is_user else None,
        by_hand=is_user and str(channel) not in refused,
        at=created_at(entry),
    )


def fixes_named(entry: Payload) -> tuple[str, ...]:
    """`owner/name#12` of the pull requests that a note or a status update names; its text goes no further."""
    if entry.get("type") not in ("annotate_log_entry", "status_update_log_entry", "resolve_log_entry"):
        return ()
    channel, update = object_in(entry, "channel"), object_in(entry, "status_update")
    texts = (channel.get("summary"), channel.get("content"), entry.get("note"), update.get("message"))
    named = [name for text in texts if isinstance(text, str) for name in pull_requests_named(text)]
    return tuple(dict.fromkeys(named))


def paged(entry: Payload) -> Iterator[tuple[str, date]]:
    """The users that PagerDuty called with this entry, each with the day.

    A user who was handed the incident by a person was asked, not paged; but the notification that follows is
    PagerDuty's. An entry that names nobody (some old ones tell a name in words) pages nobody.
    """
    called: Iterable[object] = ()
    if entry.get("type") == "notify_log_entry":
        called = [entry.get("user")]
    elif entry.get("type") in _HANDED_OUT and not _is_user(object_in(entry, "agent")):
        called = objects_in(entry, "assignees")
    for user in called:
        if user_id := _id(user):
            yield user_id, created_at(entry).date()


def accepted_responders(payload: Payload) -> Iterator[TimedAction]:
    """The responders of an incident who accepted, as actions. Being asked is not joining."""
    incident_id = _required(payload, "id")
    for responder in objects_in(payload, "incidents_responders"):
        user_id = _id(responder.get("user"))
        at = responder.get("updated_at") or responder.get("requested_at")
        if responder.get("state") == "joined" and user_id and at:
            yield TimedAction("", incident_id, "responded", user_id, True, _moment(at))


def with_actions(
    head: Incident,
    timed_actions: Iterable[TimedAction],
    fixes: Iterable[str] = (),
    called: Iterable[tuple[str, date]] = (),
) -> Incident:
    """The incident with its pages, the fixes named in it, and what was done in it, in that order."""
    ordered = sorted(set(timed_actions), key=lambda one: (one.at, one.action_id, one.user_id or ""))
    first_trigger = next((one for one in ordered if one.kind == "declared"), None)
    kept = [
        one for one in ordered if one.user_id is not None and (one.kind != "declared" or one is first_trigger)
    ]
    actions = tuple(
        IncidentAction(
            # a responder has no id of its own, and one made of the user's would name the user
            action_id=one.action_id or f"{head.incident_id}:{position}",
            actor=_account(one.user_id),
            kind=one.kind,
            role=None,
            by_hand=one.by_hand,
            occurred_on=one.at.date(),
            position=position,
        )
        for position, one in enumerate(kept)
    )
    pages = tuple(IncidentPage(_account(user_id), day) for user_id, day in sorted(set(called)))
    return replace(head, actions=actions, fix_pull_requests=tuple(sorted(set(fixes))), pages=pages)


def services_by_schedule(policies: Iterable[Payload]) -> dict[str, tuple[str, ...]]:
    """The services that page each schedule, through any rule of any escalation policy, as of now."""
    services: dict[str, set[str]] = {}
    for policy in policies:
        service_ids = {
            service_id for service in objects_in(policy, "services") if (service_id := _id(service))
        }
        for rule in objects_in(policy, "escalation_rules"):
            for target in objects_in(rule, "targets"):
                if target.get("type") in ("schedule_reference", "schedule") and (schedule_id := _id(target)):
                    services.setdefault(schedule_id, set()).update(service_ids)
    return {schedule_id: tuple(sorted(service_ids)) for schedule_id, service_ids in services.items()}


def final_entries(answer: Payload) -> Iterator[Entry]:
    """Who is on call from when until when on one schedule, overrides applied.

    API: GET /schedules/{id}, `final_schedule.rendered_schedule_entries`.
    """
    schedule = answer.get("schedule")
    final = schedule.get("final_schedule") if isinstance(schedule, Mapping) else None
    if not isinstance(final, Mapping):
        raise PayloadBroken("pagerduty: GET /schedules: a schedule has no final_schedule; the API changed")
    for entry in objects_in(final, "rendered_schedule_entries"):
        begin = _moment(_required(entry, "start"))
        if user_id := _id(entry.get("user")):
            yield begin, _moment(entry["end"]) if entry.get("end") else None, user_id


def _account(user_id: str | None) -> Account:
    assert user_id is not None
    return Account("pagerduty", user_id, user_id)  # the login is no name and no address


def _severity(payload: Payload) -> str | None:
    """The priority's name or, without one, the urgency, as a slug of at most 30 letters."""
    priority = object_in(payload, "priority")
    name = priority.get("name") or priority.get("summary") or payload.get("urgency")
    return re.sub(r"[^a-z0-9]+", "-", str(name).casefold())[:30].strip("-") or None if name else None


def _web_address(value: object) -> str | None:
    return (
        value if isinstance(value, str) and re.fullmatch(r"https://[A-Za-z0-9_.~:/?#&=%+-]+", value) else None
    )


def object_in(payload: Payload, name: str) -> Payload:
    """What stands there, or nothing of it. Anything but an object is not what was described."""
    value = payload.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise PayloadBroken(f"pagerduty: {name} is no object; the API changed")
    return value or {}


def objects_in(payload: Payload, name: str) -> Sequence[Payload]:
    value = payload.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise PayloadBroken(f"pagerduty: {name} is no list of objects; the API changed")
    return value


def _is_user(agent: Payload) -> bool:
    return agent.get("type") in ("user_reference", "user")


def _id(reference: object) -> str | None:
    value = reference.get("id") if isinstance(reference, Mapping) else None
    return str(value) if value else None


def _required(payload: Payload, name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        what = str(payload.get("type") or "schedule entry").removesuffix("_reference").replace("_", " ")
        raise PayloadBroken(f"pagerduty: {_slug(what)} without {name}; the API changed")
    return value


def _slug(text: str) -> str:
    return re.sub(r"[^a-z ]+", "", text)[:40]


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise PayloadBroken(
            "pagerduty: a time is not written like 2026-07-01T00:00:00Z; the API changed"
        ) from None
