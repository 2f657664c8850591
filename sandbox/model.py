"""What a GitHub holds, as plain objects: the generated and the recorded world are both made of these.

Moments are texts like `2026-03-01T09:30:00Z`: they sort as they are and are served as they are.
Attribute names are GitHub's GraphQL names in snake case, so a field resolves itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from sandbox.accounts import WEB, Account, Identity, IdentityProvider, Team
from sandbox.commits import ChangedFile, Commit, GitActor, PullRequestCommit
from sandbox.discussions import Discussion

__all__ = [
    "WEB",
    "Account",
    "ChangedFile",
    "Comment",
    "Commit",
    "Event",
    "GitActor",
    "Identity",
    "IdentityProvider",
    "Issue",
    "Label",
    "Milestone",
    "PullRequest",
    "PullRequestCommit",
    "Ref",
    "Repository",
    "Review",
    "ReviewComment",
    "ReviewRequest",
    "ReviewThread",
    "Team",
]


@dataclass(slots=True, eq=False)
class Label:
    typename: ClassVar[str] = "Label"
    id: str
    name: str
    color: str = "cccccc"
    description: str | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    typename: ClassVar[str] = "Ref"
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Milestone:
    typename: ClassVar[str] = "Milestone"
    id: str
    number: int
    title: str


@dataclass(slots=True, eq=False)
class Repository:
    typename: ClassVar[str] = "Repository"
    id: str
    owner: Account
    name: str
    database_id: int = 0
    description: str | None = None
    is_archived: bool = False
    is_fork: bool = False
    has_discussions_enabled: bool = False
    created_at: str = "2020-01-01T00:00:00Z"
    labels: list[Label] = field(default_factory=list)
    pull_requests: list[PullRequest] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    discussions: list[Discussion] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    """Text files on the default branch, by path: only those that are to be read."""

    is_disabled: ClassVar[bool] = False
    is_private: ClassVar[bool] = True
    has_issues_enabled: ClassVar[bool] = True

    @property
    def name_with_owner(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def url(self) -> str:
        return f"{WEB}/{self.name_with_owner}"

    @property
    def default_branch_ref(self) -> Ref:
        return Ref(f"REF_{self.id}", "main")

    @property
    def is_empty(self) -> bool:
        return not self.pull_requests and not self.issues

    @property
    def updated_at(self) -> str:
        moments = [item.updated_at for item in (*self.pull_requests, *self.issues)]
        return max(moments, default=self.created_at)

    @property
    def pushed_at(self) -> str:
        return self.updated_at

    @property
    def archived_at(self) -> str | None:
        return self.updated_at if self.is_archived else None


@dataclass(slots=True, eq=False)
class Comment:
    """One comment in the conversation of a pull request or an issue."""

    typename: ClassVar[str] = "IssueComment"
    id: str
    author: Account | None
    created_at: str
    body: str
    parent: PullRequest | Issue
    full_database_id: int = 0
    updated_at: str = ""
    is_minimized: ClassVar[bool] = False

    @property
    def url(self) -> str:
        return f"{self.parent.url}#issuecomment-{self.full_database_id}"


@dataclass(slots=True, eq=False)
class Review:
    """One review. `submitted_at` is None while it is pending; a dismissal keeps it."""

    typename: ClassVar[str] = "PullRequestReview"
    id: str
    pull_request: PullRequest
    author: Account | None
    state: str
    submitted_at: str | None
    created_at: str
    body: str = ""
    full_database_id: int = 0
    updated_at: str = ""
    comments: list[ReviewComment] = field(default_factory=list)
    on_behalf_of: list[Team] = field(default_factory=list)
    commit: Commit | None = None

    @property
    def url(self) -> str:
        return f"{self.pull_request.url}#pullrequestreview-{self.full_database_id}"


@dataclass(slots=True, eq=False)
class ReviewComment:
    """One comment in a review thread. `review` is None where the source does not name it any more."""

    typename: ClassVar[str] = "PullRequestReviewComment"
    id: str
    pull_request: PullRequest
    review: Review | None
    author: Account | None
    created_at: str
    body: str
    path: str = ""
    line: int | None = None
    full_database_id: int = 0
    updated_at: str = ""
    reply_to: ReviewComment | None = None
    outdated: bool = False

    @property
    def state(self) -> str:
        return "PENDING" if self.review and self.review.state == "PENDING" else "SUBMITTED"

    @property
    def pull_request_review(self) -> Review | None:
        return self.review

    @property
    def url(self) -> str:
        return f"{self.pull_request.url}#discussion_r{self.full_database_id}"


@dataclass(slots=True, eq=False)
class ReviewThread:
    """A conversation on lines of the diff. The `_at` moments let the generated world hide tomorrow."""

    typename: ClassVar[str] = "PullRequestReviewThread"
    id: str
    pull_request: PullRequest
    comments: list[ReviewComment]
    resolved_by: Account | None = None
    is_resolved: bool = False
    is_outdated: bool = False
    resolved_at: str | None = None
    outdated_at: str | None = None

    @property
    def created_at(self) -> str:
        return self.comments[0].created_at if self.comments else self.pull_request.created_at

    @property
    def is_collapsed(self) -> bool:
        return self.is_resolved

    @property
    def path(self) -> str:
        return self.comments[0].path if self.comments else ""

    @property
    def line(self) -> int | None:
        return self.comments[0].line if self.comments else None

    @property
    def repository(self) -> Repository:
        return self.pull_request.repository


@dataclass(slots=True, eq=False)
class ReviewRequest:
    """A review request that is still open."""

    typename: ClassVar[str] = "ReviewRequest"
    id: str
    pull_request: PullRequest
    requested_reviewer: Account | Team
    as_code_owner: bool = False
    created_at: str = ""


@dataclass(slots=True, eq=False)
class Event:
    """Something that happened to a pull request or an issue; `kind` is the GraphQL type of it."""

    id: str
    kind: str
    actor: Account | None
    created_at: str
    details: dict[str, Any] = field(default_factory=dict)
    """What this kind adds, by GraphQL name in snake case: `label`, `assignee`, `state_reason` ..."""

    @property
    def typename(self) -> str:
        return self.kind


@dataclass(slots=True, eq=False, kw_only=True)
class Numbered:
    """What a pull request and an issue have in common."""

    id: str
    repository: Repository
    number: int
    author: Account | None
    title: str
    body: str
    created_at: str
    updated_at: str = ""
    closed_at: str | None = None
    full_database_id: int = 0
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    locked: bool = False

    @property
    def closed(self) -> bool:
        return self.closed_at is not None


@dataclass(slots=True, eq=False, kw_only=True)
class PullRequest(Numbered):
    typename: ClassVar[str] = "PullRequest"
    merged_at: str | None = None
    merged_by: Account | None = None
    merge_commit: Commit | None = None
    is_draft: bool = False
    milestone: Milestone | None = None
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    base_ref_name: str = "main"
    base_ref_oid: str = "0" * 40
    head_ref_name: str = "change"
    head_ref_oid: str = "0" * 40
    head_repository: Repository | None = None
    files: list[ChangedFile] = field(default_factory=list)
    closing: list[Issue] = field(default_factory=list)
    commits: list[PullRequestCommit] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    threads: list[ReviewThread] = field(default_factory=list)
    review_requests: list[ReviewRequest] = field(default_factory=list)

    @property
    def state(self) -> str:
        return "MERGED" if self.merged_at else "CLOSED" if self.closed_at else "OPEN"

    @property
    def merged(self) -> bool:
        return self.merged_at is not None

    @property
    def resource_path(self) -> str:
        return f"/{self.repository.name_with_owner}/pull/{self.number}"

    @property
    def url(self) -> str:
        return f"{WEB}{self.resource_path}"

    @property
    def is_cross_repository(self) -> bool:
        return self.head_repository is not self.repository

    @property
    def base_repository(self) -> Repository:
        return self.repository

    @property
    def review_comments(self) -> list[ReviewComment]:
        return [comment for thread in self.threads for comment in thread.comments]

    @property
    def total_comments_count(self) -> int:
        return len(self.comments) + len(self.review_comments)


@dataclass(slots=True, eq=False, kw_only=True)
class Issue(Numbered):
    typename: ClassVar[str] = "Issue"
    state_reason: str | None = None
    issue_type: str | None = None
    """The name of its type; GraphQL of the schema we hold does not know types, REST does."""

    @property
    def state(self) -> str:
        return "CLOSED" if self.closed_at else "OPEN"

    @property
    def resource_path(self) -> str:
        return f"/{self.repository.name_with_owner}/issues/{self.number}"

    @property
    def url(self) -> str:
        return f"{WEB}{self.resource_path}"
