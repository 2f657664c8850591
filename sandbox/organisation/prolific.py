"""One person with more pull requests than search can reach, and the colleagues they work with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from sandbox.app import Holding
from sandbox.commits import ChangedFile
from sandbox.model import Account, PullRequest, Repository
from sandbox.organisation.hiding import visible
from sandbox.organisation.maker import Maker, soon_after
from sandbox.organisation.places import ORGANIZATION
from sandbox.organisation.quarters import moment, quarters_until, some_moment
from sandbox.organisation.words import DOINGS, OUTCOMES, REASONS, THINGS
from sandbox.world import World

LOGIN = "prolific"
COLLEAGUES = ("steady", "thorough", "quiet")
REPOSITORIES = ("monorepo", "search-service", "ingest-pipeline", "design-notes")


def prolific(pulls: int, *, until: date, seed: str = "prolific", quarters: int = 3) -> Holding:
    """`pulls` pull requests of one person over `quarters` closed quarters and the running one.

    For every five of them they review one of a colleague's, for every twenty they open an issue, and for
    every forty they open a discussion and answer a colleague's.
    """
    world = World()
    owner = world.add_account(Account("O_kgDO000001", ORGANIZATION, "Organization", database_id=900_001))
    people = [
        world.add_account(
            Account(f"U_kgDO{number:06d}", login, name=login.title(), email=f"{login}@tidewater.example",
                    database_id=910_000 + number)
        )
        for number, login in enumerate((LOGIN, *COLLEAGUES))
    ]  # fmt: skip
    places = [
        world.add_repository(
            Repository(
                f"R_kgDO{number:06d}", owner, name, database_id=700_000 + number, has_discussions_enabled=True
            )
        )
        for number, name in enumerate(REPOSITORIES)
    ]
    end = moment(until + timedelta(days=1), 0)
    shown = quarters_until(until, quarters)
    makers = [Maker(world, seed, quarter) for quarter in shown]
    days = [min(1.0, (until - maker.quarter.starts_on).days / maker.quarter.days) for maker in makers]
    for number in range(pulls):
        at = number * len(makers) // pulls
        _work(makers[at], days[at], number, people, places)
    items = [item for maker in makers for item in maker.finish()]
    for item in sorted(visible(items, end), key=lambda each: (each.created_at, each.number)):
        if isinstance(item, PullRequest):
            item.repository.pull_requests.append(item)
        else:
            item.repository.issues.append(item)
        world.index(item)
    discussions = [each for maker in makers for each in maker.discussions if each.created_at < end]
    for discussion in sorted(discussions, key=lambda each: (each.created_at, each.id)):
        discussion.as_of(end)
        world.add_discussion(discussion)
    return Holding(world, organization=ORGANIZATION)


def _work(
    maker: Maker, until: float, number: int, people: Sequence[Account], places: Sequence[Repository]
) -> None:
    rng = maker.rng("prolific", number)
    me, colleague = people[0], people[1 + number % len(COLLEAGUES)]
    repository = places[number % len(places)]
    at = some_moment(rng, maker.quarter, 0, max(0.0, until - 0.02))
    own = _change(maker, rng, repository, me, at)
    if number % 20 == 0:
        issue = maker.issue(repository, me, at, f"How should we {_what(rng)}?", "Is this worth doing now?")
        maker.comment(issue, colleague, soon_after(rng, at, 4), "It is. I would start small.")
        maker.refer(own, issue, at, closes=True)
    if number % 40 == 0:
        maker.discussion(repository, me, at, f"Should we {_what(rng)}?")
        question = maker.discussion(repository, colleague, at, f"How do we {_what(rng)}?")
        answer = maker.discuss(question, me, soon_after(rng, at, 5), "The way we did it last time.")
        maker.mark_answer(answer, colleague, soon_after(rng, at, 9))
    review_at = soon_after(rng, at, 3)
    if number % 4 == 0:
        requested = maker.review(
            own, colleague, "CHANGES_REQUESTED", review_at, "Could you add a test for it?"
        )
        maker.thread(requested, own.files[0].path, "What happens when this is empty?")
        review_at = soon_after(rng, review_at, 2)
        maker.commit(own, [me], review_at, "Answer the review")
    maker.review(own, colleague, "APPROVED", soon_after(rng, review_at, 1))
    maker.merge(own, me, soon_after(rng, review_at, 3))
    if number % 5 == 0:
        theirs = _change(maker, rng, repository, colleague, at)
        given = maker.review(
            theirs, me, "COMMENTED", soon_after(rng, at, 2), "Why this order, and not the other?"
        )
        maker.thread(given, theirs.files[0].path, "Does this hold for an empty batch?")
        maker.merge(theirs, colleague, soon_after(rng, at, 6))


def _change(maker: Maker, rng: Random, repository: Repository, author: Account, at: str) -> PullRequest:
    thing = rng.choice(THINGS).replace(" ", "_")
    files = [ChangedFile(f"src/{thing}.py", 20, 4), ChangedFile(f"tests/test_{thing}.py", 12, 1)]
    if rng.random() < 0.1:
        files.append(ChangedFile(f"docs/{thing}.md", 9, 2))
    body = f"## Why\n\n{rng.choice(REASONS)}"
    pull = maker.pull_request(repository, author, at, _what(rng).capitalize(), body, files)
    maker.commit(pull, [author], at)
    return pull


def _what(rng: Random) -> str:
    return f"{rng.choice(DOINGS).lower()} the {rng.choice(THINGS)} {rng.choice(OUTCOMES)}"
