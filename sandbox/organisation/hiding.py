"""Removes what happens after a moment, so that tomorrow's organisation is today's and one day more.

Quarters are generated to their end; what depends on removed events (state, labels, assignees, resolutions)
goes back to what it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.model import Event, Issue, PullRequest, Review, ReviewThread


def visible(items: Iterable[PullRequest | Issue], end: str) -> list[PullRequest | Issue]:
    """What had been opened before `end`, as it was then."""
    found = [item for item in items if item.created_at < end]
    ids = {item.id for item in found}
    for item in found:
        _hide_conversation(item, ids, end)
        if isinstance(item, PullRequest):
            _hide_work(item, ids, end)
        item.updated_at = last_moment(item)
    return found


def last_moment(item: PullRequest | Issue) -> str:
    """When it was last touched, in the way that moves `updatedAt`: resolving a thread does not."""
    moments: list[str] = [item.created_at, *(comment.created_at for comment in item.comments)]
    moments += [event.created_at for event in item.events]
    if isinstance(item, PullRequest):
        moments += [review.submitted_at for review in item.reviews if review.submitted_at]
        moments += [comment.created_at for comment in item.review_comments]
        moments += [entry.created_at for entry in item.commits]
    return max(moments)


def _hide_conversation(item: PullRequest | Issue, ids: set[str], end: str) -> None:
    item.comments = [comment for comment in item.comments if comment.created_at < end]
    hidden = [event for event in item.events if event.created_at >= end]
    item.events = [event for event in item.events if event.created_at < end and _is_about_known(event, ids)]
    for event in sorted(hidden, key=lambda each: each.created_at, reverse=True):
        _take_back(item, event)
    if item.closed_at and item.closed_at >= end:
        item.closed_at = None
    if isinstance(item, Issue):
        _settle_state(item)


def _is_about_known(event: Event, ids: set[str]) -> bool:
    mentioned = [event.details.get(key) for key in ("source", "canonical", "closer")]
    return all(each is None or each.id in ids for each in mentioned)


def _take_back(item: PullRequest | Issue, event: Event) -> None:
    """The item as it was before this event."""
    match event.kind:
        case "LabeledEvent":
            item.labels.remove(event.details["label"])
        case "AssignedEvent" if event.details["assignee"] in item.assignees:
            item.assignees.remove(event.details["assignee"])
        case "UnassignedEvent":
            item.assignees.append(event.details["assignee"])
        case "ReviewDismissedEvent":
            event.details["review"].state = event.details["previous_review_state"]
        case "ReadyForReviewEvent" if isinstance(item, PullRequest):
            item.is_draft = True
        case "ConvertToDraftEvent" if isinstance(item, PullRequest):
            item.is_draft = False


def _settle_state(issue: Issue) -> None:
    """Open or closed by the last event that says so."""
    events = [event for event in issue.events if event.kind in ("ClosedEvent", "ReopenedEvent")]
    last = max(events, key=lambda event: event.created_at, default=None)
    is_closed = last is not None and last.kind == "ClosedEvent"
    issue.closed_at = last.created_at if last and is_closed else None
    issue.state_reason = (
        last.details.get("state_reason") if last and is_closed else "REOPENED" if last else None
    )


def _hide_work(pull: PullRequest, ids: set[str], end: str) -> None:
    pull.commits = [entry for entry in pull.commits if entry.created_at < end]
    pull.commits.sort(key=lambda entry: entry.created_at)
    pull.head_ref_oid = pull.commits[-1].commit.oid if pull.commits else pull.head_ref_oid
    pull.reviews = [review for review in pull.reviews if review.created_at < end]
    for review in pull.reviews:
        _hide_comments(review, end)
    for thread in pull.threads:
        _hide_comments(thread, end)
        _unsettle(thread, end)
    pull.threads = [thread for thread in pull.threads if thread.comments]
    pull.review_requests = [request for request in pull.review_requests if request.created_at < end]
    pull.closing = [issue for issue in pull.closing if issue.id in ids]
    if pull.merged_at and pull.merged_at >= end:
        pull.merged_at = pull.merged_by = pull.merge_commit = None
    events = [event for event in pull.events if event.kind in ("ReadyForReviewEvent", "ConvertToDraftEvent")]
    if events:
        pull.is_draft = max(events, key=lambda event: event.created_at).kind == "ConvertToDraftEvent"
    pull.additions = sum(file.additions for file in pull.files)
    pull.deletions = sum(file.deletions for file in pull.files)
    pull.changed_files = len(pull.files)


def _hide_comments(holder: Review | ReviewThread, end: str) -> None:
    holder.comments = [comment for comment in holder.comments if comment.created_at < end]
    for comment in holder.comments:
        comment.outdated = isinstance(holder, ReviewThread) and bool(
            holder.outdated_at and holder.outdated_at < end
        )


def _unsettle(thread: ReviewThread, end: str) -> None:
    if thread.resolved_at and thread.resolved_at >= end:
        thread.is_resolved, thread.resolved_by = False, None
    if thread.outdated_at and thread.outdated_at >= end:
        thread.is_outdated = False
