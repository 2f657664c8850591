"""Record -> rows of tables. Pure: who is who has been looked up before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.records import (
    Account,
    Comment,
    Discussion,
    Incident,
    Interview,
    Issue,
    OnCallShift,
    Postmortem,
    PullRequest,
    Repository,
    Root,
)

Row = dict[str, Any]
PersonOf = Callable[[Account | None], str | None]

ROOT_KEYS: Mapping[str, str] = {
    "repositories": "repository_id",
    "pull_requests": "pull_request_id",
    "issues": "issue_id",
    "discussions": "discussion_id",
    "incidents": "incident_id",
    "postmortem_documents": "postmortem_id",
    "oncall_shifts": "shift_id",
    "interviews": "interview_id",
}
"""Each root table and its key."""

CHILDREN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "repositories": (),
    "pull_requests": (
        ("closing_references", "pull_request_id"),
        ("incident_references", "pull_request_id"),
        ("commits", "pull_request_id"),
        ("commit_authors", "pull_request_id"),
        ("reviews", "pull_request_id"),
        ("review_threads", "pull_request_id"),
        ("review_comments", "pull_request_id"),
        ("pull_request_events", "pull_request_id"),
        ("pull_request_files", "pull_request_id"),
        ("reverted_changes", "pull_request_id"),
        ("comments", "parent_id"),
    ),
    "issues": (
        ("issue_assignees", "issue_id"),
        ("issue_events", "issue_id"),
        ("comments", "parent_id"),
    ),
    "discussions": (),
    "incidents": (
        ("incident_actions", "incident_id"),
        ("incident_fixes", "incident_id"),
        ("incident_pages", "incident_id"),
    ),
    "postmortem_documents": (("postmortem_authors", "postmortem_id"),),
    "oncall_shifts": (("oncall_services", "shift_id"),),
    "interviews": (),
}
"""What is stored below each root, and the column that points to it: replaced together with the root."""

PERSON_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "persons": ("person_id",),
    "pull_requests": ("author_id",),
    "commit_authors": ("person_id",),
    "reviews": ("reviewer_id",),
    "review_threads": ("resolver_id",),
    "review_comments": ("author_id",),
    "pull_request_events": ("actor_id", "reviewer_id"),
    "comments": ("author_id",),
    "issues": ("author_id",),
    "issue_assignees": ("person_id",),
    "discussions": ("author_id", "answerer_id", "marker_id"),
    "issue_events": ("actor_id", "assignee_id"),
    "incident_actions": ("actor_id",),
    "incident_pages": ("person_id",),
    "postmortem_authors": ("person_id",),
    "oncall_shifts": ("person_id",),
    "interviews": ("interviewer_id",),
    "memberships": ("person_id", "manager_id"),
    "aliases": ("alias_id", "person_id"),
    "evidence": ("person_id",),
    "opportunities": ("person_id",),
    "evidence_past": ("person_id",),
    "opportunities_past": ("person_id",),
    "steps": ("person_id",),
    "steps_past": ("person_id",),
    "membership_log": ("person_id", "manager_id"),
    "account_log": ("person_id",),
}
"""Every column that holds a person; a test compares it with the schema."""

COMPUTED = frozenset({"aliases", "evidence", "opportunities", "evidence_past", "opportunities_past"}) | {
    "steps",
    "steps_past",
    "membership_log",
    "account_log",
}
"""Those in which `person_id` is a person; in all others it is the account that the source told."""


def root_table(root: Root) -> str:
    """The table of this root."""
    match root:
        case Repository():
            return "repositories"
        case PullRequest():
            return "pull_requests"
        case Issue():
            return "issues"
        case Discussion():
            return "discussions"
        case Incident():
            return "incidents"
        case Postmortem():
            return "postmortem_documents"
        case OnCallShift():
            return "oncall_shifts"
        case Interview():
            return "interviews"


def root_id(root: Root) -> str:
    """The key of this root in its table."""
    return str(getattr(root, ROOT_KEYS[root_table(root)]))


def accounts(root: Root) -> Iterator[Account]:
    """Everybody who appears in this root."""
    match root:
        case PullRequest():
            people = [root.author]
            people += [author for commit in root.commits for author in commit.authors]
            people += [review.author for review in root.reviews]
            people += [thread.resolved_by for thread in root.threads]
            people += [comment.author for thread in root.threads for comment in thread.comments]
            people += [comment.author for comment in root.comments]
            people += [account for event in root.events for account in (event.actor, event.reviewer)]
        case Issue():
            people = [root.author, *root.assignees]
            people += [account for event in root.events for account in (event.actor, event.assignee)]
            people += [comment.author for comment in root.comments]
        case Discussion():
            people = [root.author, root.answered_by, root.marked_by]
        case Incident():
            people = [action.actor for action in root.actions]
            people += [page.account for page in root.pages]
        case Postmortem():
            people = [*root.authors, *root.reviewers]
        case OnCallShift():
            people = [root.account]
        case Interview():
            people = [root.interviewer]
        case Repository():
            people = []
    yield from (account for account in people if account is not None)


def rows(root: Root, person_of: PersonOf) -> Iterator[tuple[str, Row]]:
    """This root as rows, each with its table."""
    match root:
        case Repository():
            yield (
                "repositories",
                {
                    "repository_id": root.repository_id,
                    "name": root.name,
                    "url": root.url,
                    "is_archived": root.is_archived,
                },
            )
        case PullRequest():
            yield from _pull_request_rows(root, person_of)
        case Issue():
            yield from _issue_rows(root, person_of)
        case Discussion():
            people = ("author", "answered_by", "marked_by")
            plain = {name: getattr(root, name) for name in Discussion.__slots__ if name not in people}
            yield (
                "discussions",
                plain
                | {
                    "author_id": person_of(root.author),
                    "answerer_id": person_of(root.answered_by),
                    "marker_id": person_of(root.marked_by),
                },
            )
        case Incident():
            yield from _incident_rows(root, person_of)
        case Postmortem():
            yield from _postmortem_rows(root, person_of)
        case OnCallShift():
            yield (
                "oncall_shifts",
                {
                    "shift_id": root.shift_id,
                    "source": root.source,
                    "schedule_id": root.schedule_id,
                    "person_id": person_of(root.account),
                    "starts_on": root.starts_on,
                    "ends_on": root.ends_on,
                },
            )
            for service_id in root.service_ids:
                yield "oncall_services", {"shift_id": root.shift_id, "service_id": service_id}
        case Interview():
            yield (
                "interviews",
                {
                    "interview_id": root.interview_id,
                    "source": root.source,
                    "interviewer_id": person_of(root.interviewer),
                    "held_on": root.held_on,
                    "scorecard_on": root.scorecard_on,
                },
            )


_BELOW_A_PULL_REQUEST = frozenset(
    {
        "author",
        "closes_issue_ids",
        "incident_references",
        "commits",
        "reviews",
        "threads",
        "comments",
        "events",
        "file_ids",
        "reverted",
    }
)
"""Fields of the record that are rows of other tables."""


def _pull_request_rows(pull: PullRequest, person_of: PersonOf) -> Iterator[tuple[str, Row]]:
    key = {"pull_request_id": pull.pull_request_id}
    plain = {name: getattr(pull, name) for name in PullRequest.__slots__ if name not in _BELOW_A_PULL_REQUEST}
    yield "pull_requests", plain | {"author_id": person_of(pull.author)}
    for issue_id in pull.closes_issue_ids:
        yield "closing_references", key | {"issue_id": issue_id}
    for reference in pull.incident_references:
        yield "incident_references", key | {"reference": reference}
    for commit in pull.commits:
        of_commit = key | {"commit_id": commit.commit_id}
        yield "commits", of_commit | {"committed_on": commit.committed_on, "position": commit.position}
        for person_id in dict.fromkeys(person_of(author) for author in commit.authors):
            yield "commit_authors", of_commit | {"person_id": person_id}
    for review in pull.reviews:
        yield (
            "reviews",
            key
            | {
                "review_id": review.review_id,
                "reviewer_id": person_of(review.author),
                "state": review.state,
                "submitted_on": review.submitted_on,
                "position": review.position,
                "has_body": review.has_body,
                "asks_question": review.asks_question,
            },
        )
    for thread in pull.threads:
        yield (
            "review_threads",
            key
            | {
                "thread_id": thread.thread_id,
                "is_resolved": thread.is_resolved,
                "resolver_id": person_of(thread.resolved_by),
                "is_outdated": thread.is_outdated,
            },
        )
        for line_comment in thread.comments:
            yield (
                "review_comments",
                key
                | {
                    "comment_id": line_comment.comment_id,
                    "thread_id": thread.thread_id,
                    "review_id": line_comment.review_id,
                    "author_id": person_of(line_comment.author),
                    "created_on": line_comment.created_on,
                    "position": line_comment.position,
                    "asks_question": line_comment.asks_question,
                    "has_suggestion": line_comment.has_suggestion,
                    "links_documentation": line_comment.links_documentation,
                },
            )
    for event in pull.events:
        yield (
            "pull_request_events",
            key
            | {
                "event_id": event.event_id,
                "kind": event.kind,
                "actor_id": person_of(event.actor),
                "reviewer_id": person_of(event.reviewer),
                "is_team": event.is_team,
                "occurred_on": event.occurred_on,
                "position": event.position,
            },
        )
    for file_id in pull.file_ids:
        yield "pull_request_files", key | {"file_id": file_id}
    for change in pull.reverted:
        yield "reverted_changes", key | {"number": change.number, "commit_id": change.commit_id}
    for comment in pull.comments:
        yield "comments", _comment_row(comment, "pull_request", pull.pull_request_id, person_of)


def _issue_rows(issue: Issue, person_of: PersonOf) -> Iterator[tuple[str, Row]]:
    plain = {
        name: getattr(issue, name)
        for name in Issue.__slots__
        if name not in {"author", "assignees", "events", "comments"}
    }
    yield "issues", plain | {"author_id": person_of(issue.author)}
    for person_id in dict.fromkeys(person_of(assignee) for assignee in issue.assignees):
        yield "issue_assignees", {"issue_id": issue.issue_id, "person_id": person_id}
    for event in issue.events:
        yield (
            "issue_events",
            {
                "event_id": event.event_id,
                "issue_id": issue.issue_id,
                "kind": event.kind,
                "actor_id": person_of(event.actor),
                "assignee_id": person_of(event.assignee),
                "occurred_on": event.occurred_on,
                "position": event.position,
            },
        )
    for comment in issue.comments:
        yield "comments", _comment_row(comment, "issue", issue.issue_id, person_of)


def _comment_row(comment: Comment, parent_kind: str, parent_id: str, person_of: PersonOf) -> Row:
    return {
        "comment_id": comment.comment_id,
        "parent_kind": parent_kind,
        "parent_id": parent_id,
        "author_id": person_of(comment.author),
        "created_on": comment.created_on,
        "position": comment.position,
        "asks_question": comment.asks_question,
    }


def _incident_rows(incident: Incident, person_of: PersonOf) -> Iterator[tuple[str, Row]]:
    plain = {
        name: getattr(incident, name)
        for name in Incident.__slots__
        if name not in {"actions", "fix_pull_requests", "pages"}
    }
    yield "incidents", plain
    for action in incident.actions:
        yield (
            "incident_actions",
            {
                "action_id": action.action_id,
                "incident_id": incident.incident_id,
                "actor_id": person_of(action.actor),
                "kind": action.kind,
                "role": action.role,
                "by_hand": action.by_hand,
                "occurred_on": action.occurred_on,
                "position": action.position,
            },
        )
    for reference in incident.fix_pull_requests:
        name, _, number = reference.rpartition("#")
        yield (
            "incident_fixes",
            {"incident_id": incident.incident_id, "repository_name": name, "number": int(number)},
        )
    called = {(person_of(page.account), page.paged_on): None for page in incident.pages}
    for person_id, paged_on in called:
        yield (
            "incident_pages",
            {"incident_id": incident.incident_id, "person_id": person_id, "paged_on": paged_on},
        )


def _postmortem_rows(document: Postmortem, person_of: PersonOf) -> Iterator[tuple[str, Row]]:
    key = {"postmortem_id": document.postmortem_id}
    named = {"source": document.source, "reference": document.reference}
    yield "postmortem_documents", key | named | {"written_on": document.written_on}
    for part, people in (("author", document.authors), ("reviewer", document.reviewers)):
        for person_id in dict.fromkeys(person_of(account) for account in people):
            yield "postmortem_authors", key | {"person_id": person_id, "part": part}
