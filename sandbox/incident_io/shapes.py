"""What the organisation holds as incident.io's answers write it."""

from __future__ import annotations

from typing import Any

from sandbox.incident_io.model import (
    Acknowledgement,
    Escalation,
    FollowUp,
    Incident,
    Postmortem,
    RoleChange,
    Update,
    User,
)

Body = dict[str, Any]
API_ADDRESS = "https://app.incident.example"
"""Where web addresses point to; nothing listens there."""

_NAMES = {"live": "Investigating", "learning": "Post-incident", "closed": "Closed", "merged": "Merged"}
_ROLE_TYPES = {"Incident Lead": "lead", "Reporter": "reporter"}
_MADE_AT = "2024-01-08T09:00:00Z"


def user(one: User) -> Body:
    return {"id": one.id, "name": one.name, "email": one.email, "role": "responder"}


def actor(one: User | None) -> Body:
    """Who did something: a user, or a workflow of that name."""
    return {"user": user(one)} if one else {"workflow": {"id": "01WORKFLOW", "name": "Page them"}}


def status(category: str) -> Body:
    return {
        "id": f"01STATUS{category.upper()}",
        "category": category,
        "name": _NAMES.get(category, category.title()),
        "description": "",
        "rank": 1,
        "created_at": _MADE_AT,
        "updated_at": _MADE_AT,
    }


def role(name: str) -> Body:
    return {
        "id": f"01ROLE{name.upper().replace(' ', '')}",
        "name": name,
        "role_type": _ROLE_TYPES.get(name, "custom"),
        "shortform": name.split()[-1].lower(),
        "description": "",
        "instructions": "",
        "created_at": _MADE_AT,
        "updated_at": _MADE_AT,
    }


def issue(address: str | None) -> Body:
    if address is None:
        return {}
    name = address.rpartition("/")[2]
    reference = {"provider": "github", "issue_name": f"#{name}", "issue_permalink": address}
    return {"external_issue_reference": reference}


def incident(one: Incident) -> Body:
    severity = {"id": f"01SEVERITY{one.severity}", "name": one.severity, "description": "", "rank": 1}
    held = one.holders()
    started = [
        {"incident_timestamp": {"id": "01STARTED", "name": "Impact started", "rank": 1}, "value": None}
    ]
    if one.impact_started_at:
        started[0]["value"] = {"value": one.impact_started_at}
    return {
        "id": one.id,
        "reference": one.reference,
        "name": one.name,
        "summary": "Customers see errors.",
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "last_activity_at": one.updated_at,
        "creator": actor(one.creator) if one.creator else {"alert": {"id": "01ALERT", "title": one.name}},
        "mode": one.mode,
        "visibility": "public",
        "permalink": f"{API_ADDRESS}/acme/incidents/{one.number}",
        "incident_status": status(one.status),
        "severity": severity | {"created_at": _MADE_AT, "updated_at": _MADE_AT} if one.severity else None,
        "incident_role_assignments": [
            {"role": role(name), "assignee": user(held[name]) if name in held else None}
            for name in dict.fromkeys([*("Incident Lead", "Scribe"), *held])
        ],
        "incident_timestamp_values": started,
        "custom_field_entries": [],
        "postmortem_document_ids": [document.id for document in one.postmortems],
        "slack_channel_id": "C0000000000",
        "slack_team_id": "T0000000000",
        "team_ids": [],
    } | issue(one.issue_address)


def update(one: Update, of: Incident) -> Body:
    body: Body = {
        "id": one.id,
        "incident_id": of.id,
        "created_at": one.created_at,
        "updater": actor(one.by),
        "new_incident_status": status(one.status),
    }
    if one.message is not None:
        body["message"] = one.message
    if one.merged_into:
        body["merged_into_incident_id"] = one.merged_into.id
    return body


def follow_up(one: FollowUp, of: Incident) -> Body:
    return {
        "id": one.id,
        "incident_id": of.id,
        "title": "Make it fail sooner",
        "description": "So that nobody waits.",
        "status": one.status,
        "created_at": one.created_at,
        "updated_at": one.completed_at or one.created_at,
        "creator": actor(None),
        "labels": [],
    } | {
        key: value
        for key, value in (
            ("completed_at", one.completed_at),
            ("assignee", user(one.assignee) if one.assignee else None),
        )
        if value
    }


def postmortem(one: Postmortem, of: Incident) -> Body:
    return {
        "id": one.id,
        "incident_id": of.id,
        "title": f"{of.reference}: {of.name}",
        "document_url": f"{API_ADDRESS}/acme/incidents/{of.number}/post-mortems/{one.id}",
        "exported_urls": [],
        "editors": [user(editor) for editor in one.editors],
        "status": "completed",
        "type": "in_app",
        "created_at": one.created_at,
        "updated_at": one.updated_at or one.created_at,
    }


def role_change(one: RoleChange, of: Incident) -> Body:
    change = {"role": role(one.role), "updater": actor(one.new or one.previous)}
    change |= {"new_assignee": user(one.new)} if one.new else {}
    change |= {"previous_assignee": user(one.previous)} if one.previous else {}
    return _entry(one.id, one.at, of, "role_update", change)


def acknowledgement(one: Acknowledgement, of: Incident) -> Body:
    content: Body = {"escalation_id": "01ESCALATION"}
    content |= {"acknowledger": user(one.by)} if one.by else {}
    return _entry(one.id, one.at, of, "escalation_acknowledged", content)


def escalation(one: Escalation, of: Incident) -> Body:
    called = [user(each) for each in one.called]
    content = {"escalation_id": one.id, "creator": actor(None), "escalated_to_users": called}
    return _entry(f"{one.id}C", one.at, of, "escalation_created", content)


def attachments(of: Incident) -> list[Body]:
    return [
        {
            "id": f"{of.id}A{place}",
            "incident_id": of.id,
            "resource": {
                "external_id": address.rpartition("/")[2],
                "permalink": address,
                "resource_type": "github_pull_request",
                "title": "Drain the queue again",
            },
        }
        for place, address in enumerate(of.pull_requests)
    ] + [
        {
            "id": f"{of.id}P{place}",
            "incident_id": of.id,
            "resource": {
                "external_id": key,
                "permalink": f"https://acme.pagerduty.com/incidents/{key}",
                "resource_type": "pager_duty_incident",
                "title": "Queue is not drained",
            },
        }
        for place, key in enumerate(of.pagerduty_ids)
    ]


def _entry(key: str, at: str, of: Incident, kind: str, content: Body) -> Body:
    return {
        "id": key,
        "incident_id": of.id,
        "created_at": at,
        "occurred_at": at,
        "type": kind,
        "title": "Something happened",
        "content": {kind: content},
    }
