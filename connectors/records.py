"""The vocabulary: what every source is reduced to before anything is stored.

A record has no free text: titles, bodies, branch names and messages are read in memory, turned into the
yes-or-no features below, and dropped. Times are coarsened to dates; the order of events within one pull
request, issue or incident survives as `position` (0, 1, 2 ...), so that "a push after the review" can be
asked without a clock.

A record is complete: it carries everything below it, and storing it replaces what was stored before. That
is how an edited, dismissed or deleted review is followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from connectors.inventory import Counted as Counted
from connectors.inventory import Gap as Gap
from connectors.inventory import Inventory as Inventory


@dataclass(frozen=True, slots=True)
class Account:
    """Who did something, as the source names them. It goes to the vault and nowhere else."""

    source: str
    """`github`, `pagerduty`, or the name of a declared file source."""
    account_id: str
    """The source's immutable id (GitHub: node id). Logins are renamed and reused, so they are no key."""
    login: str
    is_bot: bool = False


# --- GitHub -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository, keyed by node id so that a rename or a transfer keeps its history."""

    repository_id: str
    name: str
    """`owner/name`, as it is today."""
    url: str
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a pull request, for co-authors and for pushes after a review."""

    commit_id: str
    authors: tuple[Account, ...]
    """Author and co-authors that GitHub linked to an account; trailers it could not link are absent."""
    committed_on: date
    position: int


@dataclass(frozen=True, slots=True)
class Review:
    """One submitted review. Pending reviews are not records: they have not happened yet."""

    review_id: str
    author: Account | None
    """None for a deleted account."""
    state: Literal["approved", "changes_requested", "commented", "dismissed"]
    submitted_on: date
    position: int
    has_body: bool
    asks_question: bool


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """One comment in a review thread."""

    comment_id: str
    review_id: str | None
    """None where the source no longer names the review the comment came with."""
    author: Account | None
    created_on: date
    position: int
    asks_question: bool
    has_suggestion: bool
    links_documentation: bool = False
    """It points to something written down: documentation, a decision record, a standard."""


@dataclass(frozen=True, slots=True)
class ReviewThread:
    """A conversation on lines of the diff; its first comment's author started it."""

    thread_id: str
    is_resolved: bool
    resolved_by: Account | None
    is_outdated: bool
    """The lines the thread stands on were changed by a later push."""
    comments: tuple[ReviewComment, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment in the conversation of a pull request or an issue."""

    comment_id: str
    author: Account | None
    created_on: date
    position: int
    asks_question: bool


@dataclass(frozen=True, slots=True)
class PullRequestEvent:
    """Something that happened to a pull request besides commits, reviews and comments."""

    event_id: str
    kind: Literal[
        "review_requested",
        "review_request_removed",
        "ready_for_review",
        "converted_to_draft",
        "queued_to_merge",
        "merged",
    ]
    actor: Account | None
    reviewer: Account | None
    """Who was asked, for the first two kinds; None for a deleted account and where a team was asked."""
    is_team: bool
    """A team was asked; which one is not kept."""
    occurred_on: date
    position: int


@dataclass(frozen=True, slots=True)
class Reverted:
    """What a revert says that it takes back: a pull request of its repository, or a commit."""

    number: int | None
    commit_id: str | None
    """As written, so it may be the beginning of one."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One pull request with everything that happened on it."""

    pull_request_id: str
    repository_id: str
    number: int
    author: Account | None
    state: Literal["open", "merged", "closed"]
    is_draft: bool
    created_on: date
    merged_on: date | None
    closed_on: date | None

    # what the changed paths, title and body say, as features
    touches_code: bool
    touches_tests: bool
    touches_docs: bool
    touches_experiments: bool
    """Notebooks, experiment reports, model or training configuration."""
    touches_designs: bool
    """Design documents, proposals, decision records."""
    is_generated_only: bool
    """Nothing but lock files, vendored or generated paths."""
    is_backport: bool
    is_revert: bool
    has_description: bool
    has_context: bool
    """The description has a section that says why, or names a trade-off, an alternative or a test."""
    size_band: Literal["small", "medium", "large", "unknown"]

    closes_issue_ids: tuple[str, ...]
    commits: tuple[Commit, ...]
    reviews: tuple[Review, ...]
    threads: tuple[ReviewThread, ...]
    comments: tuple[Comment, ...]

    # what the source says exists, to hold against what was kept
    reviews_total: int
    reviews_left_out: int
    """Reviews counted by the source and deliberately not kept: pending ones."""
    threads_total: int
    review_comments_total: int
    comments_total: int

    touches_team_tools: bool = False
    """Code of the team's shared libraries or tools was changed together with code that uses them."""
    is_on_default_branch: bool = True
    is_in_milestone: bool = False
    merge_commit_id: str | None = None
    checks_at_review: Literal["passed", "failed", "running", "none", "unknown", "refused"] = "unknown"
    """What the checks came to on the commit that was the head when review was first asked.

    Unknown: which commit that was cannot be told. Refused: the token may read no checks.
    """
    events: tuple[PullRequestEvent, ...] = ()
    file_ids: tuple[str, ...] = ()
    """The changed files that somebody wrote by hand: a hash of repository and path each."""
    reverted: tuple[Reverted, ...] = ()
    incident_references: tuple[str, ...] = ()
    """Ids or references of the incidents that the title or the body names."""
    all_comments_total: int = 0
    """What the source counts of all kinds together; it moves when one in an old thread comes or goes."""


@dataclass(frozen=True, slots=True)
class IssueEvent:
    """Somebody labelled, assigned, closed or reopened an issue."""

    event_id: str
    kind: Literal["labeled", "assigned", "closed", "reopened"]
    actor: Account | None
    assignee: Account | None
    """Only for `assigned`."""
    occurred_on: date
    position: int


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue. `kinds` are the allow-listed meanings of its labels; label text is not kept."""

    issue_id: str
    repository_id: str
    number: int
    author: Account | None
    state: Literal["open", "closed"]
    closed_as: Literal["completed", "not_planned", "duplicate"] | None
    created_on: date
    closed_on: date | None
    kinds: tuple[Literal["incident", "regression", "bug", "question", "proposal", "follow_up"], ...]
    asks_question: bool
    assignees: tuple[Account, ...]
    events: tuple[IssueEvent, ...]
    comments: tuple[Comment, ...]
    comments_total: int


@dataclass(frozen=True, slots=True)
class Discussion:
    """One discussion of a repository; what was said in it is not kept, only whose answer was marked."""

    discussion_id: str
    repository_id: str
    number: int
    author: Account | None
    created_on: date
    is_question: bool
    """It stands in a category in which answers can be marked."""
    is_proposal: bool
    """It stands in a category for ideas or proposals."""
    asks_question: bool
    answered_by: Account | None
    answered_on: date | None
    """The day of the answer, not of its marking; None without an answer."""
    marked_by: Account | None
    """Who said that this is the answer."""


# --- incidents and on-call --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncidentAction:
    """One thing one account did in an incident. What a robot did on its own has `by_hand=False`."""

    action_id: str
    actor: Account | None
    kind: Literal[
        "declared",
        "acknowledged",
        "responded",
        "role",
        "updated",
        "resolved",
        "fixed",
        "followup_assigned",
        "followup_completed",
        "postmortem",
    ]
    role: str | None
    """Only for `role`: incident_commander, communications, scribe ... as a slug."""
    by_hand: bool
    occurred_on: date
    position: int


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """A machine called somebody to an incident. It is nobody's contribution."""

    account: Account
    paged_on: date


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident and who did what in it. No timeline text, no clock."""

    incident_id: str
    source: str
    url: str | None
    service_id: str | None
    severity: str | None
    opened_on: date
    resolved_on: date | None
    merged_into: str | None
    """The incident this one turned out to be a part or a duplicate of."""
    actions: tuple[IncidentAction, ...]
    fix_pull_requests: tuple[str, ...] = ()
    """`owner/name#number` of pull requests that the incident names as its fix."""
    reference: str | None = None
    """What people call it where they do not write its id: `INC-123`, `owner/name#12`."""
    pages: tuple[IncidentPage, ...] = ()
    same_as: tuple[str, ...] = ()
    """Ids or references of the same event in another tool, where this record names them as that."""


@dataclass(frozen=True, slots=True)
class Postmortem:
    """One document about an incident, by its front matter. Nothing of its text."""

    postmortem_id: str
    source: str
    reference: str
    """The incident it is about: its id, or what people call it."""
    written_on: date
    authors: tuple[Account, ...]
    reviewers: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True)
class OnCallShift:
    """One shift on the final schedule, overrides applied, as a range of dates (both ends included)."""

    shift_id: str
    source: str
    schedule_id: str
    account: Account
    starts_on: date
    ends_on: date
    service_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interview:
    """One interview held by one person. Nothing about the candidate."""

    interview_id: str
    source: str
    interviewer: Account
    held_on: date
    scorecard_on: date | None


@dataclass(frozen=True, slots=True)
class Membership:
    """One person in one home team from `starts_on` until before `ends_on` (None: still)."""

    account: Account
    """GitHub account; `account_id` is empty until GitHub has told it."""
    other_accounts: tuple[Account, ...]
    """The same person elsewhere, as the roster states it (PagerDuty id)."""
    team: str
    manager: Account | None
    starts_on: date
    ends_on: date | None
    rubric: str
    line: int = field(default=0, compare=False)
    """Where the roster says so, for a mistake that only GitHub can tell; 0 where no file does."""


Root = Repository | PullRequest | Issue | Discussion | Incident | Postmortem | OnCallShift | Interview
"""What `fetch` yields, each with everything below it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One step of a fetch: what came, and where to go on from.

    Records and cursor are stored in one transaction, so a process that dies between two batches
    goes on exactly where the last stored batch ended.
    """

    roots: tuple[Root, ...]
    cursor: str
    """Opaque to everyone but the connector that wrote it (JSON)."""
    gaps: tuple[Gap, ...] = ()
    gone: tuple[str, ...] = ()
    """Ids of objects that the source says no longer exist."""
