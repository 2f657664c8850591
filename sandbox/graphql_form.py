"""Recorded payloads with GraphQL names: one repository with its `pulls` and `issues`, as JSON.

Authors may be bare logins, comments have no ids, reviews may have `createdAt` only; the comments of a
review do not say which thread they stand in, so each is a thread of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.commits import ChangedFile
from sandbox.model import (
    Account,
    Comment,
    Issue,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
)
from sandbox.recording import Recording, listed
from sandbox.world import number_for

Payload = Mapping[str, Any]
LONG_AGO = "1970-01-01T00:00:00Z"


def read(recording: Recording, found: Payload) -> bool:
    """Keep every pull request and issue of this repository; False when it is no such object."""
    name = found.get("repo") or found.get("repository") or found.get("nameWithOwner")
    if isinstance(name, Mapping):
        name = name.get("nameWithOwner") or name.get("full_name")
    pulls = found.get("pulls", found.get("pullRequests"))
    if not isinstance(name, str) or (pulls is None and found.get("issues") is None):
        return False
    repository = recording.repository(name)
    for payload in listed(pulls):
        recording.keep(_pull_request(recording, repository, payload))
    for payload in listed(found.get("issues")):
        recording.keep(_issue(recording, repository, payload))
    return True


def _people(recording: Recording, values: Any) -> list[Account]:
    return [who for each in listed(values) if (who := recording.account(each)) is not None]


def _numbered(recording: Recording, repository: Repository, payload: Payload) -> dict[str, Any]:
    """What a pull request and an issue share."""
    created_at = payload.get("createdAt") or LONG_AGO
    closed_at = payload.get("closedAt") or payload.get("mergedAt")
    if str(payload.get("state", "")).upper() == "OPEN":
        closed_at = None
    elif closed_at is None:
        closed_at = payload.get("updatedAt") or created_at
    number = int(payload["number"])
    return {
        "id": payload.get("id") or f"N_{repository.id}_{number}",
        "repository": repository,
        "number": number,
        "author": recording.account(payload.get("author")),
        "title": payload.get("title") or "",
        "body": payload.get("body") or "",
        "created_at": created_at,
        "updated_at": payload.get("updatedAt") or closed_at or created_at,
        "closed_at": closed_at,
        "full_database_id": number_for(f"{repository.id}#{number}"),
        "labels": [recording.label(repository, label) for label in listed(payload.get("labels"))],
        "assignees": _people(recording, payload.get("assignees")),
    }


def _issue(recording: Recording, repository: Repository, payload: Payload) -> Issue:
    reason = payload.get("stateReason")
    issue = Issue(**_numbered(recording, repository, payload), state_reason=reason)
    issue.comments = _comments(recording, issue, listed(payload.get("comments")))
    return issue


def _pull_request(recording: Recording, repository: Repository, payload: Payload) -> PullRequest:
    shared = _numbered(recording, repository, payload)
    merged_at = payload.get("mergedAt")
    if merged_at is None and str(payload.get("state", "")).upper() == "MERGED":
        merged_at = shared["closed_at"]
    head = payload.get("headRepository")
    head_name = head.get("nameWithOwner") if isinstance(head, Mapping) else head
    pull = PullRequest(
        **shared,
        merged_at=merged_at,
        merged_by=recording.account(payload.get("mergedBy")),
        is_draft=bool(payload.get("isDraft")),
        additions=payload.get("additions") or 0,
        deletions=payload.get("deletions") or 0,
        changed_files=payload.get("changedFiles") or 0,
        base_ref_name=payload.get("baseRefName") or "main",
        base_ref_oid=payload.get("baseRefOid") or "0" * 40,
        head_ref_name=payload.get("headRefName") or "unknown",
        head_ref_oid=payload.get("headRefOid") or "0" * 40,
        head_repository=repository if head_name == repository.name_with_owner else None,
        files=[
            ChangedFile(each["path"], each.get("additions") or 0, each.get("deletions") or 0)
            for each in listed(payload.get("files"))
        ],
    )
    pull.comments = _comments(recording, pull, listed(payload.get("comments")))
    for place, each in enumerate(listed(payload.get("reviews"))):
        _read_review(recording, pull, each, place)
    return pull


def _comments(recording: Recording, parent: PullRequest | Issue, payloads: list[Payload]) -> list[Comment]:
    found = []
    for place, payload in enumerate(payloads):
        created_at = payload.get("createdAt") or parent.created_at
        found.append(
            Comment(
                payload.get("id") or f"IC_{parent.id}_{place}",
                recording.account(payload.get("author")),
                created_at,
                payload.get("body") or "",
                parent,
                number_for(f"{parent.id}/comments") + place,
                payload.get("updatedAt") or created_at,
            )
        )
    return found


def _read_review(recording: Recording, pull: PullRequest, payload: Payload, place: int) -> None:
    state = str(payload.get("state") or "COMMENTED").upper()
    created_at = payload.get("createdAt") or payload.get("submittedAt") or pull.created_at
    submitted_at = payload.get("submittedAt") or created_at
    review = Review(
        payload.get("id") or f"PRR_{pull.id}_{place}",
        pull,
        recording.account(payload.get("author")),
        state,
        None if state == "PENDING" else submitted_at,
        created_at,
        payload.get("body") or "",
        number_for(f"{pull.id}/reviews") + place,
        payload.get("updatedAt") or submitted_at,
    )
    pull.reviews.append(review)
    for index, each in enumerate(listed(payload.get("comments"))):
        moment = each.get("createdAt") or created_at
        comment_id = each.get("id") or f"PRRC_{review.id}_{index}"
        comment = ReviewComment(
            comment_id,
            pull,
            review,
            # only a comment that names nobody is by the author of its review: a null author is a deleted one
            recording.account(each["author"]) if "author" in each else review.author,
            moment,
            each.get("body") or "",
            each.get("path") or "",
            each.get("line"),
            number_for(review.id) + index,
            each.get("updatedAt") or moment,
            outdated=bool(each.get("outdated")),
        )
        review.comments.append(comment)
        pull.threads.append(ReviewThread(f"PRRT_{comment_id}", pull, [comment], is_outdated=comment.outdated))
