"""payload -> Incident, for incidents that are kept as labelled issues. No network here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from connectors.github.incidents.forms import FormRead
from connectors.github.payloads import account, day, moment, nodes, positions, spellings
from connectors.records import Account, Incident, IncidentAction
from connectors.references import issues_named

Payload = Mapping[str, Any]
Kind = Literal[
    "declared",
    "role",
    "responded",
    "updated",
    "resolved",
    "fixed",
    "followup_assigned",
    "followup_completed",
    "postmortem",
]
POSTMORTEM = re.compile(
    r"\b(post-?\s?mortem|retrospective|incident (review|report)|rca|root cause analysis)\b", re.I
)


@dataclass(frozen=True, slots=True)
class IncidentLabels:
    """What labels mean on issues that are incidents, or refer to one."""

    severity_prefix: str
    follow_up: Collection[str]
    postmortem: Collection[str]


@dataclass(frozen=True, slots=True)
class TimedAction:
    """Something somebody did, with its moment."""

    action_id: str
    kind: Kind
    actor: Account | None
    when: str
    role: str | None = None


def incident(
    payload: Payload,
    referring: Mapping[str, Payload],
    labels: IncidentLabels,
    form: FormRead | None = None,
) -> Incident:
    """One incident that is kept as an issue, and who did what in it.

    `referring` holds the issues that refer to incidents, by id; `form` is what its form states.
    """
    names = [label["name"] for label in nodes(payload, "labels")]
    stated = stated_severity(form.severity if form else None, labels.severity_prefix)
    return incident_with(
        [*_actions(payload, referring, labels), *role_actions(payload["id"], payload["createdAt"], form)],
        incident_id=payload["id"],
        url=payload["url"],
        severity=severity(names, labels.severity_prefix) or stated,
        opened_on=day(payload["createdAt"]),
        resolved_on=day(payload["closedAt"]) if payload["closedAt"] else None,
        merged_into=_canonical(payload),
        fixes=[f"{one['repository']['nameWithOwner']}#{one['number']}" for one in _fixes(payload)],
        same_as=form.same_as if form else (),
    )


def incident_with(
    actions: Sequence[TimedAction],
    *,
    incident_id: str,
    url: str,
    severity: str | None,
    opened_on: date,
    resolved_on: date | None,
    merged_into: str | None,
    fixes: Iterable[str],
    same_as: tuple[str, ...] = (),
) -> Incident:
    """An incident with what was done in it, in order.

    What a robot did has `by_hand=False`; what a deleted account did counts as done by hand.
    """
    order = positions((action.when, action.action_id) for action in actions)
    return Incident(
        incident_id=incident_id,
        source="github_incidents",
        url=url,
        service_id=None,
        severity=severity,
        opened_on=opened_on,
        resolved_on=resolved_on,
        merged_into=merged_into,
        actions=tuple(
            IncidentAction(
                action_id=action.action_id,
                actor=action.actor,
                kind=action.kind,
                role=action.role,
                by_hand=not (action.actor and action.actor.is_bot),
                occurred_on=day(action.when),
                position=order[action.action_id],
            )
            for action in sorted(actions, key=lambda one: order[one.action_id])
        ),
        fix_pull_requests=tuple(dict.fromkeys(fixes)),
        reference=reference(url),
        same_as=same_as,
    )


def role_actions(incident_id: str, when: str, form: FormRead | None) -> Iterator[TimedAction]:
    """Who holds a role by the form; the vault knows whose login it is."""
    for nth, (role, login) in enumerate(form.roles if form else ()):
        who = Account("github", f"login:{login.casefold()}", login)
        yield TimedAction(f"{incident_id}:role:{nth}", "role", who, when, role)


def stated_severity(text: str | None, prefix: str) -> str | None:
    """What a field of a form states: `SEV-2`, `2`, `high`; as `sev2`, `sev2`, `high`."""
    return severity([text, f"{prefix} {text}"], prefix) if text else None


def referring_issue_ids(payload: Payload) -> list[str]:
    """Ids of the issues that refer to this incident: its follow-ups and post-mortems are among them."""
    return [
        event["source"]["id"]
        for event in _events(payload, "CrossReferencedEvent")
        if event["source"]
        and event["source"]["__typename"] == "Issue"
        and event["source"]["id"] != payload["id"]
    ]


def reference(url: str) -> str | None:
    """`owner/name#12`, as people write it, of the address of an issue or a discussion."""
    return next(iter(issues_named(url)), None)


def severity(names: Iterable[str], prefix: str) -> str | None:
    """What a label like `sev1`, `SEV-2` or `severity: high` states, as `sev1`, `sev2`, `high`."""
    for name in names:
        stated = re.fullmatch(
            rf"{re.escape(prefix.casefold())}(?:erity)?[\s:/_-]*([a-z0-9]{{1,12}})", name.casefold()
        )
        if stated:
            return f"{prefix.casefold()}{stated[1]}" if stated[1].isdigit() else stated[1]
    return None


def _actions(
    payload: Payload, referring: Mapping[str, Payload], labels: IncidentLabels
) -> Iterator[TimedAction]:
    key = payload["id"]
    yield TimedAction(f"{key}:declared", "declared", account(payload["author"]), payload["createdAt"])
    yield from _responders(payload)
    closed_at = payload["closedAt"]
    for comment in nodes(payload, "comments"):
        # What is said after the incident is over is no update during it.
        if closed_at is None or moment(comment["createdAt"]) <= moment(closed_at):
            yield TimedAction(comment["id"], "updated", account(comment["author"]), comment["createdAt"])
    closings = _events(payload, "ClosedEvent")
    if payload["state"] == "CLOSED" and closings:
        last = max(closings, key=lambda event: (moment(event["createdAt"]), event["id"]))
        yield TimedAction(last["id"], "resolved", account(last["actor"]), last["createdAt"])
    for fix in _fixes(payload):
        yield TimedAction(f"{key}:{fix['id']}", "fixed", account(fix["author"]), fix["mergedAt"])
    for pull in _merged_pull_requests(payload):
        if POSTMORTEM.search(pull["title"] or ""):
            yield TimedAction(f"{key}:{pull['id']}", "postmortem", account(pull["author"]), pull["mergedAt"])
    for issue_id in dict.fromkeys(referring_issue_ids(payload)):
        if issue_id in referring:
            yield from _follow_up(key, referring[issue_id], labels)


def _responders(payload: Payload) -> Iterator[TimedAction]:
    seen: set[str] = set()
    for event in _events(payload, "AssignedEvent"):
        who = account(event["assignee"])
        if who is not None and who.account_id not in seen:
            seen.add(who.account_id)
            yield TimedAction(event["id"], "responded", who, event["createdAt"])
    # A user who was assigned when the issue was opened has no event.
    for index, actor in enumerate(nodes(payload, "assignees")):
        who = account(actor)
        if who is not None and who.account_id not in seen:
            yield TimedAction(f"{payload['id']}:responded:{index}", "responded", who, payload["createdAt"])


def _follow_up(incident_id: str, issue: Payload, labels: IncidentLabels) -> Iterator[TimedAction]:
    names = [label["name"] for label in nodes(issue, "labels")]
    key = f"{incident_id}:{issue['id']}"
    if _is_labelled(names, labels.postmortem) or POSTMORTEM.search(issue["title"] or ""):
        yield TimedAction(f"{key}:postmortem", "postmortem", account(issue["author"]), issue["createdAt"])
    elif _is_labelled(names, labels.follow_up):
        is_done = issue["state"] == "CLOSED" and issue["stateReason"] not in ("NOT_PLANNED", "DUPLICATE")
        for index, actor in enumerate(nodes(issue, "assignees")):
            who = account(actor)
            yield TimedAction(f"{key}:assigned:{index}", "followup_assigned", who, issue["createdAt"])
            if is_done:
                yield TimedAction(f"{key}:completed:{index}", "followup_completed", who, issue["closedAt"])


def _fixes(payload: Payload) -> list[Payload]:
    return [pull for pull in _merged_pull_requests(payload) if not POSTMORTEM.search(pull["title"] or "")]


def _merged_pull_requests(payload: Payload) -> list[Payload]:
    """Merged pull requests that close, are linked to, or refer to the incident; none from before it began."""
    candidates = [event["closer"] for event in _events(payload, "ClosedEvent")]
    candidates += [event["subject"] for event in _events(payload, "ConnectedEvent")]
    candidates += [event["source"] for event in _events(payload, "CrossReferencedEvent")]
    opened = moment(payload["createdAt"])
    merged = {
        one["id"]: one
        for one in candidates
        if one and one.get("mergedAt") and one.get("repository") and moment(one["mergedAt"]) >= opened
    }
    return list(merged.values())


def _canonical(payload: Payload) -> str | None:
    for event in _events(payload, "MarkedAsDuplicateEvent"):
        canonical, duplicate = event["canonical"] or {}, event["duplicate"] or {}
        if duplicate.get("id") == payload["id"] and canonical.get("id"):
            return str(canonical["id"])
    return None


def _events(payload: Payload, typename: str) -> list[Payload]:
    return [event for event in nodes(payload, "timelineItems") if event.get("__typename") == typename]


def _is_labelled(names: Iterable[str], known: Collection[str]) -> bool:
    written = {spelling for name in names for spelling in spellings(name)}
    return bool(written & {name.casefold() for name in known})
