"""The ordinary changes of a day, and the rare ones: opened, edited, merged, transferred, deleted.

Each moves `updatedAt` as GitHub does; deletions, renames and deleted accounts move nothing, as there.
"""

from __future__ import annotations

from typing import Any

from sandbox.commits import Commit
from sandbox.model import (
    Account,
    Event,
    GitActor,
    Issue,
    PullRequest,
    PullRequestCommit,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
)
from sandbox.world import HasId, World, by_moment, number_for


def open_pull_request(
    world: World, repository: Repository, author: Account, at: str, title: str
) -> PullRequest:
    """A new pull request with one commit, open."""
    number = _next_number(repository)
    pull = PullRequest(
        id=f"PR_new_{number_for(f'{repository.id}#{number}')}",
        repository=repository,
        number=number,
        author=author,
        title=title,
        body="## Why\n\nIt was asked for.",
        created_at=at,
        updated_at=at,
        full_database_id=number_for(f"{repository.id}#{number}"),
    )
    repository.pull_requests.append(pull)
    world.index(pull)
    push(world, pull, author, at)
    return pull


def open_issue(world: World, repository: Repository, author: Account, at: str, title: str) -> Issue:
    """A new issue, open."""
    number = _next_number(repository)
    issue = Issue(
        id=f"I_new_{number_for(f'{repository.id}#{number}')}",
        repository=repository,
        number=number,
        author=author,
        title=title,
        body="It happens about once a day.",
        created_at=at,
        updated_at=at,
    )
    repository.issues.append(issue)
    world.index(issue)
    return issue


def push(world: World, pull: PullRequest, who: Account, at: str) -> Commit:
    """One commit more."""
    oid = f"{number_for(f'{pull.id}/{len(pull.commits)}'):040x}"
    commit = world.add(
        Commit(f"C_{oid}", oid, at, "Go on", [GitActor(who.login, f"{who.login}@example.test", who, at)], at)
    )
    pull.commits.append(world.add(PullRequestCommit(f"PURC_{oid}", commit, pull)))
    pull.commits.sort(key=by_moment)
    pull.updated_at = max(pull.updated_at, at)
    return commit


def discuss(world: World, pull: PullRequest, who: Account, at: str) -> ReviewThread:
    """A review with one line comment: a new thread."""
    number = number_for(f"{pull.id}/remarks") + len(pull.reviews)
    review = Review(f"PRR_new_{number}", pull, who, "COMMENTED", at, at, "", number, at)
    pull.reviews.append(world.add(review))
    pull.reviews.sort(key=by_moment)
    comment = _line_comment(world, pull, review, who, at, None)
    thread = world.add(ReviewThread(f"PRRT_new_{number}", pull, [comment]))
    pull.threads.append(thread)
    pull.threads.sort(key=by_moment)
    pull.updated_at = max(pull.updated_at, at)
    return thread


def reply(world: World, thread: ReviewThread, who: Account, at: str, *, bump: bool) -> ReviewComment:
    """An answer in a thread; `bump` moves `updatedAt` of the pull request."""
    pull = thread.pull_request
    comment = _line_comment(world, pull, None, who, at, thread.comments[0])
    thread.comments.append(comment)
    if bump:
        pull.updated_at = max(pull.updated_at, at)
    return comment


def resolve(thread: ReviewThread, who: Account, at: str, *, bump: bool = True) -> None:
    """Resolves the thread; `bump` moves `updatedAt` of the pull request."""
    thread.is_resolved, thread.resolved_by, thread.resolved_at = True, who, at
    if bump:
        thread.pull_request.updated_at = max(thread.pull_request.updated_at, at)


def unresolve(thread: ReviewThread) -> None:
    """Opens the thread again, which does not move `updatedAt`."""
    thread.is_resolved, thread.resolved_by, thread.resolved_at = False, None, None


def merge(world: World, pull: PullRequest, who: Account, at: str) -> None:
    pull.merged_at = pull.closed_at = at
    pull.merged_by = who
    _event(world, pull, "MergedEvent", who, at, merge_ref_name=pull.base_ref_name, commit=None)
    _event(world, pull, "ClosedEvent", who, at)


def close(world: World, item: PullRequest | Issue, who: Account, at: str) -> None:
    item.closed_at = at
    reason = {}
    if isinstance(item, Issue):
        item.state_reason = "NOT_PLANNED"
        reason = {"state_reason": "NOT_PLANNED"}
    _event(world, item, "ClosedEvent", who, at, **reason)


def reopen(world: World, item: PullRequest | Issue, who: Account, at: str) -> None:
    item.closed_at = None
    if isinstance(item, Issue):
        item.state_reason = "REOPENED"
    _event(world, item, "ReopenedEvent", who, at)


def edit(item: PullRequest | Issue, at: str) -> None:
    """Another body; on GitHub an edit of the description moves `updatedAt`."""
    item.body = "" if item.body else "## Why\n\nSaid at last."
    item.updated_at = max(item.updated_at, at)


def assign(world: World, issue: Issue, who: Account, by: Account, at: str) -> None:
    if who not in issue.assignees:
        issue.assignees.append(who)
        _event(world, issue, "AssignedEvent", by, at, assignee=who)


def delete_issue(world: World, issue: Issue) -> None:
    """Without a trace; no pull request closes it any more."""
    issue.repository.issues.remove(issue)
    parts: list[HasId] = [issue, *issue.comments, *issue.events]
    for part in parts:
        world.nodes.pop(part.id, None)
    pulls = [pull for repository in set(world.repositories.values()) for pull in repository.pull_requests]
    for pull in pulls:  # it may be closed from another repository
        if issue in pull.closing:
            pull.closing.remove(issue)


def rename_repository(world: World, repository: Repository, to: str) -> None:
    """The former name leads to it from now on."""
    repository.name = to
    world.repositories[repository.name_with_owner.lower()] = repository


def transfer_repository(world: World, repository: Repository, to: Account) -> None:
    """Another owner; the former name leads to it from now on."""
    repository.owner.repositories.remove(repository)
    repository.owner = to
    to.repositories.append(repository)
    world.repositories[repository.name_with_owner.lower()] = repository


def create_repository(world: World, owner: Account, name: str) -> Repository:
    """A new one. A name that led to one of another name leads to this one from now on."""
    number = number_for(f"{owner.id}/{name}/{len(world.nodes)}")
    return world.add_repository(Repository(f"R_new_{number}", owner, name, number))


def delete_account(world: World, who: Account) -> None:
    """What they did stays, without an author. No `updatedAt` moves."""
    world.accounts.pop(who.login.lower(), None)
    world.nodes.pop(who.id, None)
    for node in list(world.nodes.values()):
        for role in ("author", "actor", "merged_by", "resolved_by", "answer_chosen_by"):
            if getattr(node, role, None) is who:
                setattr(node, role, None)
        if isinstance(node, Event):
            for role, value in node.details.items():
                if value is who:
                    node.details[role] = None
        if isinstance(node, PullRequest | Issue):
            node.assignees = [each for each in node.assignees if each is not who]
        if isinstance(node, PullRequest):
            kept = [each for each in node.review_requests if each.requested_reviewer is not who]
            node.review_requests = kept
        if isinstance(node, Commit):
            for signed in node.authors:
                signed.user = None if signed.user is who else signed.user


def _line_comment(
    world: World,
    pull: PullRequest,
    review: Review | None,
    who: Account,
    at: str,
    reply_to: ReviewComment | None,
) -> ReviewComment:
    number = number_for(f"{pull.id}/lines") + len(world.nodes)
    comment = ReviewComment(
        f"PRRC_new_{number}", pull, review, who, at, "Is it?", "src/a.py", 1, number, at, reply_to
    )
    if review:
        review.comments.append(comment)
    return world.add(comment)


def _event(world: World, item: PullRequest | Issue, kind: str, who: Account, at: str, **details: Any) -> None:
    event = Event(f"EV_new_{len(world.nodes)}_{item.id}", kind, who, at, details)
    item.events.append(world.add(event))
    item.events.sort(key=by_moment)
    item.updated_at = max(item.updated_at, at)


def _next_number(repository: Repository) -> int:
    listed = (repository.pull_requests, repository.issues, repository.discussions)
    return max((item.number for items in listed for item in items), default=0) + 1
