"""Makes pull requests, reviews, issues and events of one quarter, with ids that never change.

Numbers and the texts that name them are filled in at the end (`finish`), when it is known what came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from random import Random

from sandbox.commits import ChangedFile, Commit, GitActor, PullRequestCommit
from sandbox.discussions import QUESTIONS, Discussion, DiscussionCategory, DiscussionComment
from sandbox.model import (
    Account,
    Comment,
    Event,
    Issue,
    Label,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewRequest,
    ReviewThread,
    Team,
)
from sandbox.organisation.quarters import Quarter, chance, later
from sandbox.world import World

MOST_NUMBERS = 10_000
"""Pull requests and issues a repository can have in one quarter: numbers are `quarter * this + place`."""
BEYOND_32_BITS = 3_000_000_000
"""Review comments have ids above this, as on GitHub: the old 32-bit field cannot hold them."""


CHECKS = ("SUCCESS",) * 14 + ("FAILURE",) * 3 + ("PENDING", None, None)
"""What the checks of twenty commits come to."""


class Maker:
    """Makes what happens in one quarter."""

    def __init__(self, world: World, seed: str, quarter: Quarter) -> None:
        self.world = world
        self.seed = seed
        self.quarter = quarter
        self._made = 0
        self._items: list[PullRequest | Issue] = []
        self.discussions: list[Discussion] = []
        self._lines: list[tuple[PullRequest | Issue, Callable[[], str]]] = []

    def rng(self, *about: object) -> Random:
        return chance(self.seed, self.quarter.name, *about)

    def next_ids(self, prefix: str) -> tuple[str, int]:
        """A node id and a database id that nothing else has."""
        self._made += 1
        number = self.quarter.ordinal * 10_000_000 + self._made
        digest = hashlib.blake2b(f"{self.seed}/{number}".encode(), digest_size=8).hexdigest()
        return f"{prefix}_kwDO{digest}", number

    # --- pull requests ------------------------------------------------------------------------------

    def pull_request(
        self,
        repository: Repository,
        author: Account | None,
        created_at: str,
        title: str,
        body: str = "",
        files: Sequence[ChangedFile] = (),
        *,
        base: str = "main",
        is_draft: bool = False,
    ) -> PullRequest:
        node_id, number = self.next_ids("PR")
        pull = PullRequest(
            id=node_id,
            repository=repository,
            number=0,
            author=author,
            title=title,
            body=body,
            created_at=created_at,
            full_database_id=number,
            is_draft=is_draft,
            base_ref_name=base,
            head_ref_name=f"change-{number}",
            head_repository=repository,
            files=list(files),
        )
        self._items.append(pull)
        return pull

    def commit(
        self,
        pull: PullRequest,
        authors: Sequence[Account | GitActor],
        at: str,
        message: str = "",
    ) -> Commit:
        """A commit by these people; co-authors stand in its trailers."""
        node_id, number = self.next_ids("C")
        actors = [who if isinstance(who, GitActor) else git_actor(who, at) for who in authors]
        trailers = "".join(f"\nCo-authored-by: {who.name} <{who.email}>" for who in actors[1:])
        text = (message or pull.title) + (f"\n{trailers}" if trailers else "")
        oid = hashlib.sha1(f"{self.seed}/{number}".encode(), usedforsecurity=False).hexdigest()
        url = f"{pull.repository.url}/commit/{oid}"
        # by the commit's own number, so that checks draw no random number
        checks = CHECKS[int(oid[:4], 16) % len(CHECKS)]
        commit = Commit(node_id, oid, at, text, actors, authored_date=at, url=url, checks=checks)
        pull.commits.append(PullRequestCommit(self.next_ids("PURC")[0], commit, pull))
        pull.head_ref_oid = oid
        return commit

    def review(
        self,
        pull: PullRequest,
        author: Account | None,
        state: str,
        at: str,
        body: str = "",
        *,
        for_team: Team | None = None,
    ) -> Review:
        node_id, number = self.next_ids("PRR")
        submitted_at = None if state == "PENDING" else at
        review = Review(node_id, pull, author, state, submitted_at, at, body, number, at)
        review.on_behalf_of = [for_team] if for_team else []
        pull.reviews.append(review)
        return review

    def thread(self, review: Review, path: str, text: str) -> ReviewThread:
        """A thread that this review starts."""
        thread = ReviewThread(self.next_ids("PRRT")[0], review.pull_request, [])
        self.line_comment(thread, review, review.author, review.created_at, text, path)
        review.pull_request.threads.append(thread)
        return thread

    def reply(self, thread: ReviewThread, author: Account | None, at: str, text: str) -> ReviewComment:
        """An answer in a thread; as on GitHub it comes with a review of its own."""
        review = self.review(thread.pull_request, author, "COMMENTED", at)
        return self.line_comment(thread, review, author, at, text, thread.path)

    def line_comment(
        self,
        thread: ReviewThread,
        review: Review | None,
        author: Account | None,
        at: str,
        text: str,
        path: str,
    ) -> ReviewComment:
        node_id, number = self.next_ids("PRRC")
        comment = ReviewComment(
            node_id,
            thread.pull_request,
            review,
            author,
            at,
            text,
            path,
            10,
            BEYOND_32_BITS + number,
            at,
            thread.comments[0] if thread.comments else None,
        )
        thread.comments.append(comment)
        if review:
            review.comments.append(comment)
        return comment

    def settle(self, thread: ReviewThread, by: Account | None, at: str, *, outdated: bool = True) -> None:
        """The thread is resolved; `outdated` when a push changed the lines it stands on."""
        thread.resolved_by, thread.resolved_at, thread.is_resolved = by, at, True
        if outdated:
            thread.outdated_at, thread.is_outdated = at, True

    def ask_for_review(
        self, pull: PullRequest, who: Account | Team, at: str, *, as_code_owner: bool = False
    ) -> None:
        self.event(pull, "ReviewRequestedEvent", pull.author, at, requested_reviewer=who)
        node_id, _ = self.next_ids("RR")
        pull.review_requests.append(ReviewRequest(node_id, pull, who, as_code_owner, at))

    def merge(self, pull: PullRequest, by: Account | None, at: str) -> None:
        pull.merged_at = pull.closed_at = at
        pull.merged_by = by
        if pull.commits:
            pull.merge_commit = pull.commits[-1].commit
        self.event(pull, "MergedEvent", by, at, merge_ref_name=pull.base_ref_name, commit=pull.merge_commit)
        self.event(pull, "ClosedEvent", by, at)
        for issue in pull.closing:
            if issue.closed_at is None:
                self.close(issue, by, at, closer=pull)

    # --- issues -----------------------------------------------------------------------------------------

    def issue(
        self,
        repository: Repository,
        author: Account | None,
        created_at: str,
        title: str,
        body: str = "",
        labels: Sequence[str] = (),
    ) -> Issue:
        """An issue that its author labelled while opening it."""
        node_id, number = self.next_ids("I")
        issue = Issue(
            id=node_id,
            repository=repository,
            number=0,
            author=author,
            title=title,
            body=body,
            created_at=created_at,
            full_database_id=number,
        )
        for name in labels:
            self.label(issue, name, author, created_at)
        self._items.append(issue)
        return issue

    def label(self, item: PullRequest | Issue, name: str, by: Account | None, at: str) -> None:
        label = label_of(item.repository, name)
        item.labels.append(label)
        self.event(item, "LabeledEvent", by, at, label=label)

    def assign(self, issue: Issue, who: Account, by: Account | None, at: str) -> None:
        issue.assignees.append(who)
        self.event(issue, "AssignedEvent", by, at, assignee=who)

    def unassign(self, issue: Issue, who: Account, by: Account | None, at: str) -> None:
        issue.assignees.remove(who)
        self.event(issue, "UnassignedEvent", by, at, assignee=who)

    def close(
        self,
        item: PullRequest | Issue,
        by: Account | None,
        at: str,
        reason: str = "COMPLETED",
        closer: PullRequest | None = None,
    ) -> None:
        item.closed_at = at
        if isinstance(item, Issue):
            item.state_reason = reason
            self.event(item, "ClosedEvent", by, at, state_reason=reason, closer=closer)
        else:
            self.event(item, "ClosedEvent", by, at)

    def refer(
        self, source: PullRequest | Issue, target: PullRequest | Issue, at: str, *, closes: bool = False
    ) -> None:
        """`source` mentions `target`: a line in its body, and a cross reference on the target."""
        word = "Fixes" if closes else "Follows from"
        self.write_later(source, lambda: f"{word} {place_of(target, source.repository)}.")
        details = {
            "source": source,
            "target": target,
            "will_close_target": closes,
            "is_cross_repository": source.repository is not target.repository,
        }
        self.event(target, "CrossReferencedEvent", source.author, at, **details)
        if closes and isinstance(source, PullRequest) and isinstance(target, Issue):
            source.closing.append(target)

    # --- discussions ------------------------------------------------------------------------------------

    def discussion(
        self,
        repository: Repository,
        author: Account | None,
        created_at: str,
        title: str,
        body: str = "",
        category: DiscussionCategory = QUESTIONS,
    ) -> Discussion:
        node_id, number = self.next_ids("D")
        found = Discussion(node_id, repository, 0, author, title, body, created_at, category)
        found.full_database_id = number
        self.discussions.append(found)
        return found

    def discuss(
        self, discussion: Discussion, author: Account | None, at: str, text: str
    ) -> DiscussionComment:
        comment = DiscussionComment(self.next_ids("DC")[0], author, at, text, discussion)
        discussion.comments.append(comment)
        return comment

    def mark_answer(self, comment: DiscussionComment, by: Account | None, at: str) -> None:
        discussion = comment.discussion
        discussion.answer, discussion.answer_chosen_by, discussion.answer_chosen_at = comment, by, at

    # --- both ---------------------------------------------------------------------------------------------

    def comment(self, item: PullRequest | Issue, author: Account | None, at: str, text: str) -> Comment:
        node_id, number = self.next_ids("IC")
        comment = Comment(node_id, author, at, text, item, number, at)
        item.comments.append(comment)
        return comment

    def event(
        self, item: PullRequest | Issue, kind: str, actor: Account | None, at: str, **details: object
    ) -> Event:
        event = Event(self.next_ids("EV")[0], kind, actor, at, details)
        item.events.append(event)
        return event

    def write_later(self, item: PullRequest | Issue, line: Callable[[], str]) -> None:
        """Add a line to the body once numbers are known."""
        self._lines.append((item, line))

    def finish(self) -> list[PullRequest | Issue]:
        """Everything that was made, numbered in the order in which it was opened."""
        places: dict[str, int] = {}
        everything = [*self._items, *self.discussions]
        for item in sorted(everything, key=lambda each: (each.created_at, each.full_database_id)):
            place = places[item.repository.id] = places.get(item.repository.id, 0) + 1
            item.number = self.quarter.ordinal * MOST_NUMBERS + place
        for item, line in self._lines:
            item.body = f"{item.body}\n\n{line()}".strip()
        return self._items


def git_actor(who: Account, at: str) -> GitActor:
    return GitActor(who.name, who.email, who, at)


def place_of(item: PullRequest | Issue, seen_from: Repository) -> str:
    """`#12`, or `owner/name#12` from another repository."""
    return f"{'' if item.repository is seen_from else item.repository.name_with_owner}#{item.number}"


def label_of(repository: Repository, name: str) -> Label:
    """The label of this name, made when it is first used."""
    for label in repository.labels:
        if label.name == name:
            return label
    label = Label(f"LA_{repository.id}_{name}", name)
    repository.labels.append(label)
    return label


def soon_after(rng: Random, at: str, hours: float) -> str:
    """Some time after `at`, about so many hours."""
    return later(at, minutes=5 + rng.random() * hours * 120)
