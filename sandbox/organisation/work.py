"""The ordinary work of a quarter: pull requests with reviews, and issues that are triaged and closed."""

from __future__ import annotations

from datetime import date
from random import Random

from sandbox.model import Account, Issue, Milestone, PullRequest
from sandbox.organisation.maker import Maker, soon_after
from sandbox.organisation.people import Person
from sandbox.organisation.places import Places, paths, pick
from sandbox.organisation.quarters import later, some_moment
from sandbox.organisation.words import (
    ANSWERS,
    QUESTIONS,
    REMARKS,
    change_title,
    description,
    problem_title,
    question_title,
    review_remark,
)

KINDS = (
    "feature", "feature", "feature", "feature", "fix", "fix", "docs", "experiment", "experiment", "config",
    "design", "vendored",
)  # fmt: skip
ISSUE_KINDS = ("bug", "bug", "question", "regression", "proposal", "follow-up", None)


def do_ordinary_work(maker: Maker, places: Places) -> None:
    """Everything that nobody would call special."""
    issues = open_issues(maker, places)
    for person in {each.person.number: each.person for each in places.staff.memberships}.values():
        rng = maker.rng("work", person.number)
        for _ in range(2 + int(rng.random() * 8)):
            change(maker, places, rng, person, issues)
    update_dependencies(maker, places)


def change(
    maker: Maker, places: Places, rng: Random, person: Person, issues: dict[str, list[Issue]]
) -> PullRequest | None:
    """One pull request from draft to merge, if its author is here on that day."""
    opened_at = some_moment(rng, maker.quarter)
    day = date.fromisoformat(opened_at[:10])
    team = places.staff.team_of(person, day)
    if team is None:
        return None
    author = places.account(person)
    kind = rng.choice(KINDS)
    elsewhere = rng.random() < 0.15
    repository = (
        rng.choice(places.repositories[1:] or places.repositories)
        if elsewhere
        else places.home_repository(team)
    )
    title = change_title(rng)
    is_draft = rng.random() < 0.15
    files = paths(rng, kind, team, rng.random() < person.habits.testing)
    pull = maker.pull_request(
        repository, author, opened_at, title, description(rng, person.habits.care), files, is_draft=is_draft
    )
    if pull.full_database_id % 3 == 0:
        pull.milestone = Milestone(f"MI_{repository.id}_{maker.quarter.name}", 1, "This quarter")
    mates = [places.account(mate) for mate in places.staff.on(day, team, managers=True) if mate != person]
    for place in range(1 + rng.randrange(4)):
        helper = pick(rng, mates, 1) if place == 0 and rng.random() < 0.12 else []
        maker.commit(pull, [author, *helper], later(opened_at, hours=-place - 1), title)
    ready_at = opened_at
    if is_draft:
        ready_at = soon_after(rng, opened_at, 20)
        maker.event(pull, "ReadyForReviewEvent", author, ready_at)
    open_targets = [
        issue
        for issue in issues.get(repository.id, [])
        if issue.created_at < opened_at and not issue.closed_at
    ]
    if open_targets and rng.random() < 0.4:
        maker.refer(pull, rng.choice(open_targets), opened_at, closes=True)
    done_at = review_rounds(maker, places, rng, pull, ready_at, mates)
    end_change(maker, rng, pull, done_at, mates)
    return pull


def review_rounds(
    maker: Maker, places: Places, rng: Random, pull: PullRequest, ready_at: str, mates: list[Account]
) -> str:
    """Reviews by teammates, and sometimes by others; the moment of the last approval."""
    habits = {places.account(each.person).id: each.person.habits for each in places.staff.memberships}
    strangers = [places.account(who) for who in places.staff.on(date.fromisoformat(ready_at[:10]))]
    willing = [who for who in mates if rng.random() < 0.25 + habits[who.id].reviewing * 0.6]
    reviewers = pick(rng, willing or mates, 1 + rng.randrange(2))
    if rng.random() < 0.2:
        reviewers += [
            who for who in pick(rng, strangers, 1) if who is not pull.author and who not in reviewers
        ]
    at = ready_at
    for reviewer in reviewers:
        if rng.random() < 0.5:
            maker.event(pull, "ReviewRequestedEvent", pull.author, ready_at, requested_reviewer=reviewer)
        at = one_review(maker, rng, pull, reviewer, soon_after(rng, at, 10), habits[reviewer.id].curiosity)
    if rng.random() < 0.3 and pull.author:
        maker.comment(pull, pull.author, later(at, minutes=4), rng.choice(ANSWERS))
    if rng.random() < 0.15 and mates:
        maker.comment(pull, rng.choice(mates), later(at, minutes=9), rng.choice((*REMARKS, *QUESTIONS)))
    return at


def one_review(
    maker: Maker, rng: Random, pull: PullRequest, reviewer: Account, at: str, curiosity: float
) -> str:
    """One reviewer's way from the first look to the approval; the moment of the approval."""
    remarks = rng.randrange(3) if rng.random() < 0.6 else 0
    if not remarks:
        body = rng.choice(("", "", "Looks right to me.", rng.choice(QUESTIONS)))
        maker.review(pull, reviewer, "APPROVED", at, body)
        return at
    wants_changes = rng.random() < 0.35
    review = maker.review(pull, reviewer, "CHANGES_REQUESTED" if wants_changes else "COMMENTED", at)
    threads = [
        maker.thread(review, rng.choice(pull.files).path, review_remark(rng, curiosity * 0.8))
        for _ in range(remarks)
    ]
    answered_at = soon_after(rng, at, 6)
    is_acted_on = wants_changes or rng.random() < 0.5
    for thread in threads:
        maker.reply(thread, pull.author, answered_at, rng.choice(ANSWERS))
        if is_acted_on:
            maker.settle(thread, reviewer if rng.random() < 0.5 else pull.author, later(answered_at, hours=1))
    if is_acted_on and pull.author:
        maker.commit(pull, [pull.author], later(answered_at, minutes=20), "Act on the review")
    approved_at = soon_after(rng, later(answered_at, hours=1), 5)
    maker.review(pull, reviewer, "APPROVED", approved_at)
    return approved_at


def end_change(maker: Maker, rng: Random, pull: PullRequest, at: str, mates: list[Account]) -> None:
    """Merged most of the time, now and then given up or left open."""
    fate = rng.random()
    at = soon_after(rng, at, 4)
    if fate < 0.88:
        maker.merge(pull, rng.choice(mates) if mates and rng.random() < 0.3 else pull.author, at)
    elif fate < 0.95:
        maker.close(pull, pull.author, at)


def update_dependencies(maker: Maker, places: Places) -> None:
    """A robot raises lock files every other week."""
    robot = places.robots["dependency-updates"]
    for repository in places.repositories[1:]:
        rng = maker.rng("dependencies", repository.name)
        for place in range(6):
            at = some_moment(rng, maker.quarter, place / 6, (place + 1) / 6)
            files = paths(rng, "dependencies", "any", with_tests=False)
            pull = maker.pull_request(repository, robot, at, "Raise locked versions", "", files)
            maker.commit(pull, [robot], at)
            reviewers = places.staff.on(date.fromisoformat(at[:10]))
            reviewer = places.account(rng.choice(reviewers))
            maker.review(pull, reviewer, "APPROVED", later(at, hours=3))
            maker.merge(pull, places.robots["merge-queue"], later(at, hours=4))


def open_issues(maker: Maker, places: Places) -> dict[str, list[Issue]]:
    """Issues by repository: opened by people, triaged by others, closed by hand or by a later change."""
    found: dict[str, list[Issue]] = {}
    for repository in places.repositories[1:]:
        rng = maker.rng("issues", repository.name)
        for _ in range(18):
            at = some_moment(rng, maker.quarter)
            here = places.staff.on(date.fromisoformat(at[:10]), managers=True)
            author, helper, triager = (places.account(who) for who in rng.sample(here, 3))
            kind = rng.choice(ISSUE_KINDS)
            title = question_title(rng) if kind == "question" else problem_title(rng)
            body = rng.choice(("", "It happens about once a day.", "Seen on two machines. Is this known?"))
            issue = maker.issue(repository, author, at, title, body)
            triaged_at = soon_after(rng, at, 10)
            if kind:
                maker.label(issue, kind, triager if rng.random() < 0.7 else author, triaged_at)
            if rng.random() < 0.5:
                maker.assign(issue, helper, triager, later(triaged_at, minutes=2))
            for place in range(rng.randrange(4)):
                who = (helper, author)[place % 2]
                maker.comment(
                    issue, who, later(triaged_at, hours=1 + place * 3), rng.choice((*ANSWERS, *QUESTIONS))
                )
            if rng.random() < 0.35:
                reason = rng.choice(("COMPLETED", "COMPLETED", "NOT_PLANNED"))
                maker.close(issue, rng.choice((helper, triager)), soon_after(rng, triaged_at, 60), reason)
            found.setdefault(repository.id, []).append(issue)
    return found
