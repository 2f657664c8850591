"""payload -> record. No network here: what these functions need is in the payload, every list to its end.

`complete_lists.py` has already put what was loaded by id (comments of threads, authors of commits) where a
nested query would have put it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal

from connectors.contract import ThreadState
from connectors.github.bots import is_robot_by_type
from connectors.github.features import (
    asks_question,
    has_context,
    has_suggestion,
    has_words,
    is_backport,
    is_generated,
    is_revert,
    links_documentation,
    path_features,
    reverted,
)
from connectors.github.settings import TEAM_TOOLS, IssueKind
from connectors.records import (
    Account,
    Comment,
    Commit,
    Discussion,
    Issue,
    IssueEvent,
    PullRequest,
    PullRequestEvent,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
)
from connectors.references import incidents_named

Payload = Mapping[str, Any]

STATES: Mapping[str, Literal["open", "merged", "closed"]] = {
    "OPEN": "open",
    "MERGED": "merged",
    "CLOSED": "closed",
}
REVIEW_STATES: Mapping[str, Literal["approved", "changes_requested", "commented", "dismissed"]] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes_requested",
    "COMMENTED": "commented",
    "DISMISSED": "dismissed",
}
REASONS: Mapping[str, Literal["completed", "not_planned", "duplicate"]] = {
    "COMPLETED": "completed",
    "NOT_PLANNED": "not_planned",
    "DUPLICATE": "duplicate",
}
EVENTS: Mapping[str, Literal["labeled", "assigned", "closed", "reopened"]] = {
    "LabeledEvent": "labeled",
    "AssignedEvent": "assigned",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
}
PULL_REQUEST_EVENTS: Mapping[
    str,
    Literal[
        "review_requested",
        "review_request_removed",
        "ready_for_review",
        "converted_to_draft",
        "queued_to_merge",
        "merged",
    ],
] = {
    "ReviewRequestedEvent": "review_requested",
    "ReviewRequestRemovedEvent": "review_request_removed",
    "ReadyForReviewEvent": "ready_for_review",
    "ConvertToDraftEvent": "converted_to_draft",
    "AddedToMergeQueueEvent": "queued_to_merge",
    "MergedEvent": "merged",
}
CHECKS: Mapping[str, Literal["passed", "failed", "running"]] = {
    "SUCCESS": "passed",
    "FAILURE": "failed",
    "ERROR": "failed",
    "PENDING": "running",
    "EXPECTED": "running",
}
IDEAS = frozenset({"idea", "ideas", "proposals", "rfcs"})
"""Names of discussion categories that are for proposals, besides those of the label that means one."""
KIND_PREFIXES = frozenset({"kind", "type", "t", "category", "issue", "issue type"})


def moment(text: str) -> datetime:
    """A GitHub timestamp as an aware UTC moment."""
    return datetime.fromisoformat(text).astimezone(UTC)


def day(text: str) -> date:
    """The UTC day of a GitHub timestamp."""
    return moment(text).date()


def nodes(payload: Payload, name: str) -> list[Any]:
    """The nodes of one connection; none where GitHub would not give it (there is a gap for that)."""
    connection = payload.get(name) or {}
    return [node for node in connection.get("nodes") or () if node is not None]


def total(payload: Payload, name: str) -> int:
    """What GitHub says the connection holds."""
    return int((payload.get(name) or {}).get("totalCount") or 0)


def account(actor: Payload | None) -> Account | None:
    """Who this is; None for a deleted account, which GitHub sends as null."""
    if not actor or not actor.get("id"):
        return None
    login = actor["login"]
    return Account("github", actor["id"], login, is_robot_by_type(actor["__typename"], login))


def repository(payload: Payload) -> Repository:
    """The repository under today's name."""
    return Repository(
        repository_id=payload["id"],
        name=payload["nameWithOwner"],
        url=payload["url"],
        is_archived=payload["isArchived"],
    )


def positions(happened: Iterable[tuple[str | None, str]]) -> dict[str, int]:
    """The order of things, as `id -> 0, 1, 2 ...`, given when each happened; ties go by id.

    What has no moment comes last.
    """
    last = datetime.max.replace(tzinfo=UTC)
    in_order = sorted((moment(when) if when else last, key) for when, key in happened)
    return {key: position for position, (_, key) in enumerate(in_order)}


def pull_request(payload: Payload, team_tools: Collection[str] = TEAM_TOOLS) -> PullRequest:
    """One pull request with everything that happened on it; pending reviews and their comments left out."""
    commits = [node["commit"] for node in nodes(payload, "commits") if node.get("commit")]
    all_reviews = nodes(payload, "reviews")
    reviews = [review for review in all_reviews if review["state"] != "PENDING" and review["submittedAt"]]
    threads = nodes(payload, "reviewThreads")
    happened = nodes(payload, "events")
    comments = [event for event in happened if event["__typename"] == "IssueComment"]
    events = [event for event in happened if event["__typename"] in PULL_REQUEST_EVENTS]
    thread_comments = {thread["id"]: _submitted(nodes(thread, "comments")) for thread in threads}
    pending = sum(len(nodes(thread, "comments")) - len(thread_comments[thread["id"]]) for thread in threads)
    order = positions(
        [(commit["committedDate"], commit["oid"]) for commit in commits]
        + [(review["submittedAt"], review["id"]) for review in reviews]
        + [(one["createdAt"], one["id"]) for thread in threads for one in thread_comments[thread["id"]]]
        + [(one["createdAt"], one["id"]) for one in [*comments, *events]]
    )
    repository = payload["repository"]
    files = None
    if payload.get("files") is not None:
        files = [(file["path"], file["additions"] + file["deletions"]) for file in nodes(payload, "files")]
    paths = path_features(files, team_tools)
    return PullRequest(
        pull_request_id=payload["id"],
        repository_id=repository["id"],
        number=payload["number"],
        author=account(payload["author"]),
        state=STATES[payload["state"]],
        is_draft=payload["isDraft"],
        created_on=day(payload["createdAt"]),
        merged_on=day(payload["mergedAt"]) if payload["mergedAt"] else None,
        closed_on=day(payload["closedAt"]) if payload["closedAt"] else None,
        touches_code=paths.touches_code,
        touches_tests=paths.touches_tests,
        touches_docs=paths.touches_docs,
        touches_experiments=paths.touches_experiments,
        touches_designs=paths.touches_designs,
        is_generated_only=paths.is_generated_only,
        is_backport=is_backport(payload["title"], payload["body"]),
        is_revert=is_revert(payload["title"], payload["body"]),
        has_description=has_words(payload["body"]),
        has_context=has_context(payload["body"]),
        size_band=paths.size_band,
        closes_issue_ids=_once(issue["id"] for issue in nodes(payload, "closingIssuesReferences")),
        commits=tuple(_commit(commit, order) for commit in commits),
        reviews=tuple(_review(review, order) for review in reviews),
        threads=tuple(_thread(thread, thread_comments[thread["id"]], order) for thread in threads),
        comments=tuple(_comment(comment, order) for comment in comments),
        reviews_total=total(payload, "reviews"),
        reviews_left_out=len(all_reviews) - len(reviews),
        threads_total=total(payload, "reviewThreads"),
        review_comments_total=sum(total(thread, "comments") for thread in threads) - pending,
        comments_total=total(payload, "comments"),
        touches_team_tools=paths.touches_team_tools,
        is_on_default_branch=payload["baseRefName"] == (repository["defaultBranchRef"] or {}).get("name"),
        is_in_milestone=payload["milestone"] is not None,
        merge_commit_id=(payload["mergeCommit"] or {}).get("oid"),
        checks_at_review=_checks(payload),
        events=tuple(_pull_request_event(event, order) for event in events),
        file_ids=_once(file_id(repository["id"], path) for path, _ in files or () if not is_generated(path)),
        reverted=reverted(payload["title"], payload["body"], repository["nameWithOwner"]),
        incident_references=incidents_named(f"{payload['title']}\n{payload['body']}"),
        all_comments_total=payload["totalCommentsCount"] or 0,
    )


def thread_state(payload: Payload) -> ThreadState:
    """How a review thread stands."""
    return ThreadState(
        payload["id"], payload["isResolved"], payload["isOutdated"], account(payload["resolvedBy"])
    )


def file_id(repository_id: str, path: str) -> str:
    """An id of a file that does not reveal its path to anybody who does not know it."""
    return hashlib.blake2b(f"{repository_id}/{path}".encode(), digest_size=8).hexdigest()


def issue(payload: Payload, labels: Mapping[IssueKind, Collection[str]]) -> Issue:
    """One issue, its labels reduced to the kinds that `labels` gives a meaning."""
    comments = nodes(payload, "comments")
    events = [event for event in nodes(payload, "timelineItems") if event.get("__typename") in EVENTS]
    order = positions((one["createdAt"], one["id"]) for one in [*comments, *events])
    is_closed = payload["state"] == "CLOSED"
    return Issue(
        issue_id=payload["id"],
        repository_id=payload["repository"]["id"],
        number=payload["number"],
        author=account(payload["author"]),
        state="closed" if is_closed else "open",
        closed_as=REASONS.get(payload["stateReason"] or "") if is_closed else None,
        created_on=day(payload["createdAt"]),
        closed_on=day(payload["closedAt"]) if payload["closedAt"] else None,
        kinds=kinds((label["name"] for label in nodes(payload, "labels")), labels),
        asks_question=asks_question(payload["title"]) or asks_question(payload["body"]),
        assignees=_accounts(nodes(payload, "assignees")),
        events=tuple(_event(event, order) for event in events),
        comments=tuple(_comment(comment, order) for comment in comments),
        comments_total=total(payload, "comments"),
    )


def discussion(payload: Payload, labels: Mapping[IssueKind, Collection[str]]) -> Discussion:
    """One discussion, its category reduced to what it is for."""
    category = payload["category"]
    answer = payload["answer"]
    named = kinds([category["name"]], labels)
    return Discussion(
        discussion_id=payload["id"],
        repository_id=payload["repository"]["id"],
        number=payload["number"],
        author=account(payload["author"]),
        created_on=day(payload["createdAt"]),
        is_question=category["isAnswerable"],
        is_proposal="proposal" in named or category["name"].strip().casefold() in IDEAS,
        asks_question=asks_question(payload["title"]) or asks_question(payload["body"]),
        answered_by=account(answer["author"]) if answer else None,
        answered_on=day(answer["createdAt"]) if answer else None,
        marked_by=account(payload["answerChosenBy"]) if answer else None,
    )


def kinds(names: Iterable[str], labels: Mapping[IssueKind, Collection[str]]) -> tuple[IssueKind, ...]:
    """The meanings of these labels, in the order of `labels`; `kind/bug` and `type: bug` mean `bug`."""
    written = {spelling for name in names for spelling in spellings(name)}
    return tuple(kind for kind, known in labels.items() if written & {name.casefold() for name in known})


def spellings(label: str) -> set[str]:
    """A label's name in lower case, and without a prefix that only says "what follows is a kind"."""
    name = label.strip().casefold()
    prefix, divider, rest = re.sub(r"\s*[:/]\s*", "/", name).partition("/")
    return {name, rest.strip()} if divider and prefix in KIND_PREFIXES else {name}


def _commit(commit: Payload, order: Mapping[str, int]) -> Commit:
    # `authors` is asked only for commits that have several; `author` is the first of them.
    several = nodes(commit, "authors")
    signed = several or [commit["author"] or {}]
    return Commit(
        commit_id=commit["oid"],
        authors=_accounts(one.get("user") for one in signed),
        committed_on=day(commit["committedDate"]),
        position=order[commit["oid"]],
    )


def _review(review: Payload, order: Mapping[str, int]) -> Review:
    return Review(
        review_id=review["id"],
        author=account(review["author"]),
        state=REVIEW_STATES[review["state"]],
        submitted_on=day(review["submittedAt"]),
        position=order[review["id"]],
        has_body=has_words(review["body"]),
        asks_question=asks_question(review["body"]),
    )


def _thread(thread: Payload, comments: Iterable[Payload], order: Mapping[str, int]) -> ReviewThread:
    return ReviewThread(
        thread_id=thread["id"],
        is_resolved=thread["isResolved"],
        resolved_by=account(thread["resolvedBy"]),
        is_outdated=thread["isOutdated"],
        comments=tuple(
            ReviewComment(
                comment_id=comment["id"],
                review_id=(comment["pullRequestReview"] or {}).get("id"),
                author=account(comment["author"]),
                created_on=day(comment["createdAt"]),
                position=order[comment["id"]],
                asks_question=asks_question(comment["body"]),
                has_suggestion=has_suggestion(comment["body"]),
                links_documentation=links_documentation(comment["body"]),
            )
            for comment in comments
        ),
    )


def _checks(payload: Payload) -> Literal["passed", "failed", "running", "none", "unknown", "refused"]:
    # The key is there once the commit was asked; null then means that nothing ever checked it.
    head = payload.get("headWhenAsked") or {}
    if "statusCheckRollup" not in head:
        return "refused" if head.get("mayNotBeRead") else "unknown"
    rollup = head["statusCheckRollup"]
    return CHECKS[rollup["state"]] if rollup else "none"


def _pull_request_event(event: Payload, order: Mapping[str, int]) -> PullRequestEvent:
    reviewer = event.get("requestedReviewer") or {}
    is_team = reviewer.get("__typename") == "Team"
    return PullRequestEvent(
        event_id=event["id"],
        kind=PULL_REQUEST_EVENTS[event["__typename"]],
        actor=account(event["actor"]),
        reviewer=None if is_team else account(reviewer),
        is_team=is_team,
        occurred_on=day(event["createdAt"]),
        position=order[event["id"]],
    )


def _comment(comment: Payload, order: Mapping[str, int]) -> Comment:
    return Comment(
        comment_id=comment["id"],
        author=account(comment["author"]),
        created_on=day(comment["createdAt"]),
        position=order[comment["id"]],
        asks_question=asks_question(comment["body"]),
    )


def _event(event: Payload, order: Mapping[str, int]) -> IssueEvent:
    return IssueEvent(
        event_id=event["id"],
        kind=EVENTS[event["__typename"]],
        actor=account(event["actor"]),
        assignee=account(event.get("assignee")),
        occurred_on=day(event["createdAt"]),
        position=order[event["id"]],
    )


def _submitted(comments: list[Any]) -> list[Any]:
    # Only the token's own pending comments are ever visible; they have not been said yet.
    return [comment for comment in comments if comment["state"] != "PENDING"]


def _accounts(actors: Iterable[Payload | None]) -> tuple[Account, ...]:
    accounts = (account(actor) for actor in actors)
    return tuple({one.account_id: one for one in accounts if one is not None}.values())


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
