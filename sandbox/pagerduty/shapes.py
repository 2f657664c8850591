"""What the account holds as PagerDuty's REST answers write it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.pagerduty.model import (
    API_ADDRESS,
    EscalationPolicy,
    Incident,
    LogEntry,
    PagerDuty,
    Responder,
    Schedule,
    Service,
    Shift,
    Team,
    User,
)
from sandbox.pagerduty.schedules import clipped, final

Body = dict[str, Any]

_PATHS = {
    "user": "users",
    "team": "teams",
    "service": "services",
    "schedule": "schedules",
    "escalation_policy": "escalation_policies",
    "incident": "incidents",
    "priority": "priorities",
}


class Shapes:
    """Writes bodies whose `self` addresses start with `base`."""

    def __init__(self, account: PagerDuty, base: str) -> None:
        self.account = account
        self.base = base

    def reference(self, kind: str, node_id: str, summary: str) -> Body:
        """A reference, as bodies hold instead of whole objects."""
        return self._head(kind, node_id, summary) | {"type": f"{kind}_reference"}

    def _head(self, kind: str, node_id: str, summary: str) -> Body:
        path = f"{_PATHS[kind]}/{node_id}"
        return {
            "id": node_id,
            "type": kind,
            "summary": summary,
            "self": f"{self.base}/{path}",
            "html_url": f"{API_ADDRESS}/{path}",
        }

    def user_reference(self, user: User) -> Body:
        return self.reference("user", user.id, user.name)

    def user(self, user: User) -> Body:
        teams = [team for team in self.account.teams if user in team.members]
        return self._head("user", user.id, user.name) | {
            "name": user.name,
            "email": user.email,
            "time_zone": user.time_zone,
            "color": "green",
            "role": "user",
            "avatar_url": f"{API_ADDRESS}/avatars/{user.id}",
            "description": None,
            "invitation_sent": False,
            "created_via_sso": False,
            "job_title": None,
            "teams": [self.reference("team", team.id, team.name) for team in teams],
            "contact_methods": [],
            "notification_rules": [],
        }

    def team(self, team: Team) -> Body:
        return self._head("team", team.id, team.name) | {
            "name": team.name,
            "description": None,
            "parent": None,
        }

    def service(self, service: Service) -> Body:
        policy = service.policy
        return self._head("service", service.id, service.name) | {
            "name": service.name,
            "description": None,
            "status": "active",
            "created_at": "2022-01-10T09:00:00Z",
            "auto_resolve_timeout": None,
            "acknowledgement_timeout": 1800,
            "escalation_policy": self.reference("escalation_policy", policy.id, policy.name),
            "teams": [self.reference("team", policy.team.id, policy.team.name)],
            "integrations": [],
            "alert_creation": "create_alerts_and_incidents",
            "incident_urgency_rule": {"type": "constant", "urgency": "high"},
            "support_hours": None,
            "scheduled_actions": [],
            "alert_grouping_parameters": {"type": None, "config": None},
            "auto_pause_notifications_parameters": {"enabled": False, "timeout": None},
        }

    def policy(self, policy: EscalationPolicy) -> Body:
        services = [service for service in self.account.services if service.policy is policy]
        target = self.reference("schedule", policy.schedule.id, policy.schedule.name)
        rule = {"id": f"{policy.id}R", "escalation_delay_in_minutes": 30, "targets": [target]}
        return self._head("escalation_policy", policy.id, policy.name) | {
            "name": policy.name,
            "escalation_rules": [rule],
            "services": [self.reference("service", service.id, service.name) for service in services],
            "num_loops": 0,
            "on_call_handoff_notifications": "if_has_services",
            "teams": [self.reference("team", policy.team.id, policy.team.name)],
        }

    # --- schedules --------------------------------------------------------------------------------------

    def schedule(self, schedule: Schedule) -> Body:
        """A schedule as it stands in a list: without its layers."""
        policies = [policy for policy in self.account.policies if policy.schedule is schedule]
        return self._head("schedule", schedule.id, schedule.name) | {
            "name": schedule.name,
            "time_zone": schedule.time_zone,
            "description": None,
            "escalation_policies": [
                self.reference("escalation_policy", policy.id, policy.name) for policy in policies
            ],
            "users": [self.user_reference(user) for user in schedule.team.members],
            "teams": [self.reference("team", schedule.team.id, schedule.team.name)],
        }

    def schedule_in_full(self, schedule: Schedule, since: str, until: str, zone: str) -> Body:
        """With layers, overrides and the final schedule between two moments, in this time zone."""
        rotation, overrides = (
            clipped(schedule.shifts, since, until),
            clipped(schedule.overrides, since, until),
        )
        first = schedule.shifts[0].start if schedule.shifts else since
        layer = {
            "id": f"{schedule.id}L",
            "name": "Week by week",
            "start": in_zone(first, zone),
            "end": None,
            "rotation_virtual_start": in_zone(first, zone),
            "rotation_turn_length_seconds": 7 * 24 * 3600,
            "users": [{"user": self.user_reference(user)} for user in schedule.team.members],
            "restrictions": [],
        }
        return self.schedule(schedule) | {
            "schedule_layers": [layer | self._rendered("Week by week", rotation, zone)],
            "overrides_subschedule": self._rendered("Overrides", overrides, zone),
            "final_schedule": self._rendered("Final Schedule", final(schedule, since, until), zone),
        }

    def _rendered(self, name: str, shifts: Iterable[Shift], zone: str) -> Body:
        entries = [
            {
                "start": in_zone(shift.start, zone),
                "end": in_zone(shift.end, zone),
                "user": self.user_reference(shift.user),
            }
            for shift in shifts
        ]
        coverage = 100.0 if entries else 0.0
        return {"name": name, "rendered_schedule_entries": entries, "rendered_coverage_percentage": coverage}

    def on_call(self, policy: EscalationPolicy, shift: Shift, zone: str) -> Body:
        return {
            "escalation_policy": self.reference("escalation_policy", policy.id, policy.name),
            "escalation_level": 1,
            "schedule": self.reference("schedule", policy.schedule.id, policy.schedule.name),
            "user": self.user_reference(shift.user),
            "start": in_zone(shift.start, zone),
            "end": in_zone(shift.end, zone),
        }

    # --- incidents --------------------------------------------------------------------------------------

    def incident_reference(self, incident: Incident) -> Body:
        return self.reference("incident", incident.id, f"[#{incident.number}] {incident.title}")

    def incident(self, incident: Incident, include: Collection[str] = ()) -> Body:
        service, policy = incident.service, incident.service.policy
        status = incident.status
        changed = incident.last("trigger_log_entry", "acknowledge_log_entry", "unacknowledge_log_entry",
                                "resolve_log_entry")  # fmt: skip
        acknowledged = [entry for entry in incident.entries if entry.type == "acknowledge_log_entry"]
        trigger = incident.entries[0] if incident.entries else None
        is_merged = incident.merged_into is not None and status == "resolved"
        body = self._head("incident", incident.id, f"[#{incident.number}] {incident.title}") | {
            "incident_number": incident.number,
            "title": incident.title,
            "created_at": incident.created_at,
            "updated_at": incident.updated_at,
            "status": status,
            "incident_key": incident.id.lower(),
            "service": self.reference("service", service.id, service.name),
            "assignments": [] if status == "resolved" else self._assignments(incident),
            "assigned_via": "escalation_policy",
            "last_status_change_at": changed.created_at if changed else incident.created_at,
            "last_status_change_by": self._agent(changed, incident) if changed else None,
            "resolved_at": incident.resolved_at,
            "first_trigger_log_entry": self._entry_reference(trigger, incident) if trigger else None,
            "alert_counts": {
                "all": 1,
                "triggered": int(status != "resolved"),
                "resolved": int(status == "resolved"),
            },
            "is_mergeable": status != "resolved",
            "incident_type": {"name": "incident_default"},
            "escalation_policy": self.reference("escalation_policy", policy.id, policy.name),
            "teams": [self.reference("team", policy.team.id, policy.team.name)],
            "pending_actions": [],
            "acknowledgements": [
                {"at": entry.created_at, "acknowledger": self._agent(entry, incident)}
                for entry in acknowledged
            ]
            if status == "acknowledged"
            else [],
            "alert_grouping": None,
            "priority": self.reference("priority", f"PP{incident.priority}", incident.priority)
            | {"name": incident.priority}
            if incident.priority
            else None,
            "resolve_reason": {
                "type": "merge_resolve_reason",
                "incident": self.incident_reference(incident.merged_into),
            }
            if is_merged and incident.merged_into
            else None,
            "conference_bridge": None,
            "incidents_responders": [
                self._responder(responder, incident) for responder in incident.responders
            ],
            "responder_requests": [],
            "urgency": incident.urgency,
        }
        if "first_trigger_log_entries" in include and trigger:
            body["first_trigger_log_entry"] = self.log_entry(trigger, incident)
        if "services" in include:
            body["service"] = self.service(service)
        return body

    def _assignments(self, incident: Incident) -> list[Body]:
        last = incident.last("assign_log_entry", "escalate_log_entry")
        if last is None:
            return []
        return [{"at": last.created_at, "assignee": self.user_reference(user)} for user in last.assignees]

    def _responder(self, responder: Responder, incident: Incident) -> Body:
        return {
            "state": "joined" if responder.joined_at else "pending",
            "user": self.user_reference(responder.user),
            "incident": self.incident_reference(incident),
            "updated_at": responder.joined_at or responder.requested_at,
            "message": "Please help",
            "requester": self.user_reference(responder.requester),
            "requested_at": responder.requested_at,
            "escalation_policy_requests": [],
        }

    def _agent(self, entry: LogEntry, incident: Incident) -> Body:
        if entry.agent is not None:
            return self.user_reference(entry.agent)
        return self.reference("service", incident.service.id, incident.service.name)

    def _entry_head(self, entry: LogEntry, incident: Incident) -> Body:
        what = entry.type.removesuffix("_log_entry").replace("_", " ").capitalize()
        return {
            "id": entry.id,
            "type": entry.type,
            "summary": f"{what} through {entry.channel}",
            "self": f"{self.base}/log_entries/{entry.id}?incident_id={incident.id}",
            "html_url": f"{API_ADDRESS}/incidents/{incident.id}/log_entries/{entry.id}",
        }

    def _entry_reference(self, entry: LogEntry, incident: Incident) -> Body:
        return self._entry_head(entry, incident) | {"type": f"{entry.type}_reference"}

    def log_entry(self, entry: LogEntry, incident: Incident, include: Collection[str] = ()) -> Body:
        policy = incident.service.policy
        channel: Body = {"type": entry.channel}
        body = self._entry_head(entry, incident) | {
            "created_at": entry.created_at,
            "agent": self._agent(entry, incident),
            "channel": channel,
            "service": self.reference("service", incident.service.id, incident.service.name),
            "incident": self.incident_reference(incident),
            "teams": [self.reference("team", policy.team.id, policy.team.name)],
            "contexts": [],
        }
        if entry.type == "annotate_log_entry":
            channel |= {"type": "note", "summary": entry.note}
        elif entry.type == "status_update_log_entry":
            body["status_update"] = {"message": entry.note}
        elif entry.type == "trigger_log_entry":
            body["event_details"] = {"description": incident.title}
        if entry.type == "notify_log_entry" and entry.assignees:
            body["user"] = self.user_reference(entry.assignees[0])
        elif entry.assignees:
            body["assignees"] = [self.user_reference(user) for user in entry.assignees]
        if "incidents" in include:
            body["incident"] = self.incident(incident)
        if "users" in include and entry.agent is not None:
            body["agent"] = self.user(entry.agent)
        return body


def in_zone(moment: str, zone: str) -> str:
    """The same moment written in this time zone: `2026-10-26T09:00:00+01:00`."""
    at = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if zone == "UTC":
        return moment
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
