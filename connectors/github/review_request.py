"""When review of a pull request was first asked for, and which commit was its head then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.github.payloads import moment, nodes

Payload = Mapping[str, Any]


def review_first_asked_at(payload: Payload) -> datetime | None:
    """When review was first requested; None for a draft that was never offered.

    Opening a pull request offers it. One that was opened as a draft is offered when it is made ready, or
    when somebody is asked by name.
    """
    events = nodes(payload, "events")
    changes = [
        each for each in events if each["__typename"] in ("ReadyForReviewEvent", "ConvertToDraftEvent")
    ]
    first_change = min(changes, key=lambda each: moment(each["createdAt"]), default=None)
    # GitHub does not say how it was opened: one made ready first, or still a draft, was a draft.
    was_draft = first_change["__typename"] == "ReadyForReviewEvent" if first_change else payload["isDraft"]
    if not was_draft:
        return moment(payload["createdAt"])
    offers = [
        each for each in events if each["__typename"] in ("ReadyForReviewEvent", "ReviewRequestedEvent")
    ]
    return min((moment(each["createdAt"]) for each in offers), default=None)


def head_when_asked(payload: Payload) -> str | None:
    """The id of the commit that was the head when review was first asked for; None where it cannot be told.

    A commit knows when it was made and not when it was pushed. After a force push the commits of the time
    before are no longer listed: then the first force push since says what was there before it.
    """
    asked_at = review_first_asked_at(payload)
    if asked_at is None:
        return None
    forced = [each for each in nodes(payload, "events") if each["__typename"] == "HeadRefForcePushedEvent"]
    since = [each for each in forced if moment(each["createdAt"]) > asked_at]
    if since:
        replaced = min(since, key=lambda each: moment(each["createdAt"]))["beforeCommit"]
        commits = [replaced] if replaced else []
    else:
        commits = [node["commit"] for node in nodes(payload, "commits") if node.get("commit")]
    there = [commit for commit in commits if moment(commit["committedDate"]) <= asked_at]
    return str(max(there, key=lambda commit: moment(commit["committedDate"]))["id"]) if there else None
