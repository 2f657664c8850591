"""An organisation of nothing but load: many pull requests of one shape, to measure with.

Each pull request has 3 reviews, 4 review comments in 3 threads, 5 comments, 4 commits and 2 files, and was
last updated a minute after the one before it. Every eighth has a co-author; what is made is the same always.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox.app import Holding
from sandbox.commits import ChangedFile, Commit, GitActor, PullRequestCommit
from sandbox.model import (
    Account,
    Comment,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
)
from sandbox.world import World

ORGANIZATION = "heavy-load"
PEOPLE = 40
FIRST_MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)
STATES = ("COMMENTED", "CHANGES_REQUESTED", "APPROVED")
REMARK = "Should this not be checked before the loop starts? It costs a query for every row otherwise."


def load(pull_requests: int, repositories: int = 1) -> Holding:
    """So many pull requests, spread evenly over so many repositories."""
    world = World()
    owner = world.add_account(Account("O_load", ORGANIZATION, "Organization", database_id=2))
    people = [
        world.add_account(Account(f"U_load_{number}", f"engineer-{number:02}", database_id=100 + number))
        for number in range(PEOPLE)
    ]
    places = [
        world.add_repository(Repository(f"R_load_{number}", owner, f"service-{number}", 1_000 + number))
        for number in range(repositories)
    ]
    for number in range(pull_requests):
        pull = _pull_request(number, places[number % repositories], people)
        pull.repository.pull_requests.append(pull)
        world.index(pull)
    roster = "".join(f"{who.login},team-{place % 5},,2026-01-01,,,\n" for place, who in enumerate(people))
    return Holding(
        world,
        roster_csv=f"login,team,manager,from,until,rubric,pagerduty_id\n{roster}",
        organization=ORGANIZATION,
    )


def _pull_request(number: int, repository: Repository, people: list[Account]) -> PullRequest:
    at = [_moment(number - 10 + minutes) for minutes in range(11)]
    author, *others = (people[(number + place) % PEOPLE] for place in range(4))
    pull = PullRequest(
        id=f"PR_load_{number}",
        repository=repository,
        number=len(repository.pull_requests) + 1,
        author=author,
        title=f"Check rows before the loop, part {number}",
        body="## Why\n\nIt is slow.\n\n## How it was tested\n\nBy the tests beside it.",
        created_at=at[0],
        updated_at=at[10],
        merged_at=at[10],
        merged_by=others[0],
        closed_at=at[10],
        full_database_id=number + 1,
        head_repository=repository,
        files=[ChangedFile(f"src/part_{number}.py", 40, 6), ChangedFile(f"tests/test_part_{number}.py", 25)],
    )
    for place in range(4):
        signed = [author, others[0]] if number % 8 == 0 and place == 3 else [author]
        pull.commits.append(_commit(pull, number * 4 + place, signed, at[place]))
    for place, state in enumerate(STATES):
        review = Review(
            f"PRR_load_{number}_{place}",
            pull,
            others[place],
            state,
            at[4 + place],
            at[4 + place],
            "Please look at the remark.",
            number * 3 + place + 1,
            at[4 + place],
        )
        pull.reviews.append(review)
        first = _line_comment(review, others[place], number * 4 + place, None)
        pull.threads.append(
            ReviewThread(f"PRRT_load_{number}_{place}", pull, [first], author, is_resolved=place != 2)
        )
    pull.threads[0].comments.append(
        _line_comment(pull.reviews[0], author, number * 4 + 3, pull.threads[0].comments[0])
    )
    for place in range(5):
        pull.comments.append(
            Comment(
                f"IC_load_{number}_{place}",
                (author, *others)[place % 4],
                at[5 + place],
                "It is the same in the other module.",
                pull,
                number * 5 + place + 1,
                at[5 + place],
            )
        )
    return pull


def _commit(pull: PullRequest, number: int, people: list[Account], at: str) -> PullRequestCommit:
    authors = [GitActor(who.login, f"{who.login}@heavy.example", who, at) for who in people]
    commit = Commit(f"C_load_{number}", f"{number:040x}", at, pull.title, authors, at)
    return PullRequestCommit(f"PURC_load_{number}", commit, pull)


def _line_comment(
    review: Review, author: Account, number: int, reply_to: ReviewComment | None
) -> ReviewComment:
    comment = ReviewComment(
        f"PRRC_load_{number}",
        review.pull_request,
        review,
        author,
        review.created_at,
        REMARK,
        review.pull_request.files[0].path,
        10,
        3_000_000_000 + number,
        review.created_at,
        reply_to,
    )
    review.comments.append(comment)
    return comment


def _moment(minutes: int) -> str:
    return (FIRST_MOMENT + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
