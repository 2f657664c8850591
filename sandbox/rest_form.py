"""Recorded REST objects: one pull request or issue with its timeline and review comments, as NDJSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.commits import ChangedFile, PullRequestCommit
from sandbox.model import Comment, Event, Issue, PullRequest, Repository, Review, ReviewComment, ReviewThread
from sandbox.recording import Recording, listed
from sandbox.world import number_for

Payload = Mapping[str, Any]
LONG_AGO = "1970-01-01T00:00:00Z"

_EVENT_KINDS = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "assigned": "AssignedEvent",
    "unassigned": "UnassignedEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "renamed": "RenamedTitleEvent",
    "marked_as_duplicate": "MarkedAsDuplicateEvent",
    "transferred": "TransferredEvent",
    "cross-referenced": "CrossReferencedEvent",
    "merged": "MergedEvent",
    "ready_for_review": "ReadyForReviewEvent",
    "convert_to_draft": "ConvertToDraftEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "review_requested": "ReviewRequestedEvent",
    "review_request_removed": "ReviewRequestRemovedEvent",
    "added_to_merge_queue": "AddedToMergeQueueEvent",
}


def is_rest(found: Payload) -> bool:
    """Whether this object is in the REST form."""
    return any(isinstance(found.get(key), Mapping) for key in ("pull", "pull_request", "issue"))


def read(recording: Recording, found: Payload) -> bool:
    """Keep the pull request or issue of this object; False when it holds neither."""
    pull = found.get("pull") or found.get("pull_request")
    if pull:
        recording.keep(_pull_request(recording, pull, found))
        return True
    issue = found.get("issue")
    if not issue:
        return False
    if not issue.get("pull_request"):  # REST lists pull requests among the issues too
        recording.keep(_issue(recording, issue, listed(found.get("events"))))
    return True


def _repository(recording: Recording, payload: Payload) -> Repository:
    base = (payload.get("base") or {}).get("repo") or payload.get("repository") or {}
    name = base.get("full_name")
    if not name:
        address = str(payload.get("repository_url") or payload.get("url") or payload.get("html_url") or "")
        match = re.search(r"(?:/repos|://(?!api\.)[^/]+)/([\w.-]+/[\w.-]+)", address)
        name = match[1] if match else "recorded/unknown"
    return recording.repository(name, base)


def _numbered(recording: Recording, payload: Payload, repository: Repository) -> dict[str, Any]:
    """What a pull request and an issue share."""
    created_at = payload.get("created_at") or LONG_AGO
    closed_at = payload.get("closed_at") or payload.get("merged_at")
    if str(payload.get("state", "")).lower() == "open":
        closed_at = None
    elif closed_at is None:
        closed_at = payload.get("updated_at") or created_at
    return {
        "id": payload.get("node_id") or f"N_{repository.id}_{payload['number']}",
        "repository": repository,
        "number": int(payload["number"]),
        "author": recording.account(payload.get("user")),
        "title": payload.get("title") or "",
        "body": payload.get("body") or "",
        "created_at": created_at,
        "updated_at": payload.get("updated_at") or closed_at or created_at,
        "closed_at": closed_at,
        "full_database_id": payload.get("id") or number_for(f"{repository.id}#{payload['number']}"),
        "labels": [recording.label(repository, label) for label in listed(payload.get("labels"))],
        "assignees": [
            who for each in listed(payload.get("assignees")) if (who := recording.account(each)) is not None
        ],
        "locked": bool(payload.get("locked")),
    }


def _issue(recording: Recording, payload: Payload, events: list[Payload]) -> Issue:
    repository = _repository(recording, payload)
    reason = payload.get("state_reason")
    shared = _numbered(recording, payload, repository)
    issue = Issue(**shared, state_reason=reason.upper() if reason else None)
    _read_timeline(recording, issue, events)
    return issue


def _pull_request(recording: Recording, payload: Payload, found: Payload) -> PullRequest:
    repository = _repository(recording, payload)
    head, base = payload.get("head") or {}, payload.get("base") or {}
    head_payload = head.get("repo") or {}
    shared = _numbered(recording, payload, repository)
    head_name = head_payload.get("full_name")
    merged_at = payload.get("merged_at") or (shared["closed_at"] if payload.get("merged") else None)
    pull = PullRequest(
        **shared,
        merged_at=merged_at,
        merged_by=recording.account(payload.get("merged_by")),
        is_draft=bool(payload.get("draft")),
        additions=payload.get("additions") or 0,
        deletions=payload.get("deletions") or 0,
        changed_files=payload.get("changed_files") or 0,
        base_ref_name=base.get("ref") or "main",
        base_ref_oid=base.get("sha") or "0" * 40,
        head_ref_name=head.get("ref") or "unknown",
        head_ref_oid=head.get("sha") or "0" * 40,
        head_repository=repository if head_name == repository.name_with_owner else None,
        files=[
            ChangedFile(each["filename"], each.get("additions") or 0, each.get("deletions") or 0)
            for each in listed(found.get("files"))
        ],
    )
    events = listed(found.get("events"))
    events += [{"event": "reviewed", **each} for each in listed(found.get("reviews"))]
    events += [{"event": "committed", **each} for each in listed(found.get("commits"))]
    _read_timeline(recording, pull, events)
    _read_threads(recording, pull, listed(found.get("comments")))
    return pull


def _read_timeline(recording: Recording, item: PullRequest | Issue, events: list[Payload]) -> None:
    for place, event in enumerate(events):
        kind = event.get("event")
        if kind == "commented":
            item.comments.append(_comment(recording, item, event, place))
        elif kind == "reviewed" and isinstance(item, PullRequest):
            item.reviews.append(_review(recording, item, event, place))
        elif kind == "committed" and isinstance(item, PullRequest):
            commit = recording.commit(event)
            item.commits.append(PullRequestCommit(f"PURC_{item.id}_{commit.oid}", commit, item))
        elif kind in _EVENT_KINDS and (event.get("label") or "labeled" not in kind):
            item.events.append(_event(recording, item, event, place))


def _comment(recording: Recording, item: PullRequest | Issue, event: Payload, place: int) -> Comment:
    created_at = event.get("created_at") or item.created_at
    return Comment(
        event.get("node_id") or f"IC_{item.id}_{place}",
        recording.account(event.get("user") or event.get("actor")),
        created_at,
        event.get("body") or "",
        item,
        event.get("id") or number_for(item.id) + place,
        event.get("updated_at") or created_at,
    )


def _review(recording: Recording, pull: PullRequest, event: Payload, place: int) -> Review:
    state = str(event.get("state") or "COMMENTED").upper()
    submitted_at = event.get("submitted_at") or event.get("created_at")
    moment = submitted_at or event.get("updated_at") or pull.created_at
    return Review(
        event.get("node_id") or f"PRR_{pull.id}_{place}",
        pull,
        recording.account(event.get("user") or event.get("author")),
        state,
        None if state == "PENDING" else moment,
        moment,
        event.get("body") or "",
        event.get("id") or number_for(pull.id) + place,
        event.get("updated_at") or moment,
    )


def _event(recording: Recording, item: PullRequest | Issue, event: Payload, place: int) -> Event:
    details: dict[str, Any] = {}
    if event.get("label"):
        details["label"] = recording.label(item.repository, event["label"])
    if event.get("assignee"):
        details["assignee"] = recording.account(event["assignee"])
    if event.get("requested_reviewer"):
        details["requested_reviewer"] = recording.account(event["requested_reviewer"])
    if event.get("rename"):
        details["previous_title"] = event["rename"].get("from") or ""
        details["current_title"] = event["rename"].get("to") or ""
    if event.get("event") == "closed" and event.get("state_reason"):
        details["state_reason"] = str(event["state_reason"]).upper()
    if event.get("event") == "merged":
        details["merge_ref_name"] = item.base_ref_name if isinstance(item, PullRequest) else "main"
    if event.get("event") == "cross-referenced":
        source = (event.get("source") or {}).get("issue") or {}
        details["source_number"] = source.get("number") or 0
    return Event(
        event.get("node_id") or f"EV_{item.id}_{place}",
        _EVENT_KINDS[event["event"]],
        recording.account(event.get("actor") or event.get("user")),
        event.get("created_at") or item.created_at,
        details,
    )


def _read_threads(recording: Recording, pull: PullRequest, payloads: list[Payload]) -> None:
    """Comments grouped by the comment they answer; a deleted root leaves its answers together."""
    reviews = {review.full_database_id: review for review in pull.reviews}
    comments: dict[int, ReviewComment] = {}
    answers_to: dict[int, int] = {}
    for place, payload in enumerate(payloads):
        comment = _review_comment(recording, pull, payload, place)
        comment.review = reviews.get(payload.get("pull_request_review_id") or 0)
        if comment.review:
            comment.review.comments.append(comment)
        comments[comment.full_database_id] = comment
        if payload.get("in_reply_to_id"):
            answers_to[comment.full_database_id] = payload["in_reply_to_id"]
    threads: dict[int, ReviewThread] = {}
    for number, comment in sorted(comments.items(), key=lambda each: (each[1].created_at, each[0])):
        root = number
        while root in answers_to:
            root = answers_to[root]
        comment.reply_to = comments.get(answers_to.get(number, 0))
        thread = threads.setdefault(root, ReviewThread(f"PRRT_{pull.id}_{root}", pull, []))
        thread.comments.append(comment)
        thread.is_outdated = thread.comments[0].outdated
    pull.threads = list(threads.values())


def _review_comment(recording: Recording, pull: PullRequest, payload: Payload, place: int) -> ReviewComment:
    created_at = payload.get("created_at") or pull.created_at
    number = payload.get("id") or number_for(f"{pull.id}/comments") + place
    return ReviewComment(
        payload.get("node_id") or f"PRRC_{pull.id}_{number}",
        pull,
        None,
        recording.account(payload.get("user") or payload.get("author")),
        created_at,
        payload.get("body") or "",
        payload.get("path") or "",
        payload.get("line"),
        number,
        payload.get("updated_at") or created_at,
        outdated="position" in payload and payload["position"] is None,
    )
