"""An organisation of any size in little memory: pull requests are made when they are read.

What is made depends on the numbers of the repository and of the pull request only, so it is the same each
time. The pull requests of 64 repositories are kept in memory, and what `touch` changed.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from sandbox.app import Holding
from sandbox.commits import ChangedFile, Commit, PullRequestCommit
from sandbox.model import Account, Comment, PullRequest, Repository, Review, ReviewComment, ReviewThread
from sandbox.organisation.maker import git_actor
from sandbox.organisation.places import ORGANIZATION
from sandbox.organisation.quarters import FORMAT
from sandbox.world import World

AT_HAND = 64
A_TEAM = 8
DAYS = 360
"""The pull requests of a repository are spread over so many days before the last."""


class VastWorld(World):
    """A world that makes the pull requests of a repository when they are read."""

    def __init__(self, repositories: int, pulls_each: int, people: int, until: date) -> None:
        super().__init__()
        self.pulls_each = pulls_each
        self.until = until
        self.touched: dict[tuple[int, int], str] = {}
        """When a pull request was reviewed once more, by repository and number."""
        self._at_hand: OrderedDict[int, list[PullRequest]] = OrderedDict()
        owner = self.add_account(Account("O_v", ORGANIZATION, "Organization", database_id=900_001))
        self.people = [
            self.add_account(
                Account(
                    f"U_v{number}",
                    f"engineer-{number}",
                    name=f"Engineer {number}",
                    database_id=100_000 + number,
                )
            )
            for number in range(people)
        ]
        self.places = [VastRepository(self, number, owner) for number in range(repositories)]
        for place in self.places:
            self.add_repository(place)
        self.nodes = _Nodes(self, self.nodes)
        last = datetime(until.year, until.month, until.day, 8, tzinfo=UTC) - timedelta(days=2)
        self._days = [
            last - timedelta(days=DAYS * (pulls_each - number) / pulls_each)
            for number in range(pulls_each + 1)
        ]
        self._moments: dict[tuple[int, int], str] = {}

    def moment(self, number: int, *, hours: int = 0) -> str:
        """When the pull request of this number was opened, or so many hours after."""
        found = self._moments.get((number, hours))
        if found is None:
            found = (self._days[number] + timedelta(hours=hours)).strftime(FORMAT)
            self._moments[(number, hours)] = found
        return found

    def made(self, place: VastRepository) -> list[PullRequest]:
        """The pull requests of a repository, oldest first."""
        known = self._at_hand.pop(place.place, None)
        if known is None:
            known = [VastPull(self, place, number) for number in range(1, self.pulls_each + 1)]
        self._at_hand[place.place] = known
        if len(self._at_hand) > AT_HAND:
            self._at_hand.popitem(last=False)
        return known

    def touch(self, place: int, number: int, at: datetime) -> None:
        """One more review of this pull request, now."""
        self.touched[(place, number)] = at.astimezone(UTC).strftime(FORMAT)
        self._at_hand.pop(place, None)


class VastRepository(Repository):
    """A repository with its number in the organisation; its pull requests are made when they are read."""

    def __init__(self, world: VastWorld, place: int, owner: Account) -> None:
        self.world = world
        self.place = place
        super().__init__(f"R_v{place}", owner, f"service-{place:04d}", database_id=700_000 + place)

    @property
    def pull_requests(self) -> list[PullRequest]:
        return self.world.made(self)

    @pull_requests.setter
    def pull_requests(self, value: list[PullRequest]) -> None:
        """The base class begins with an empty list, which nobody needs."""

    @property
    def updated_at(self) -> str:
        touched = [at for (place, _), at in self.world.touched.items() if place == self.place]
        return max([self.world.moment(self.world.pulls_each, hours=9), *touched])


class _Nodes(dict[str, Any]):
    """Node by id, made if need be: the id names the repository and the pull request by number."""

    def __init__(self, world: VastWorld, known: dict[str, Any]) -> None:
        super().__init__(known)
        self._world = world

    def get(self, key: str, default: Any = None) -> Any:
        found = super().get(key)
        if found is not None:
            return found
        named = re.fullmatch(r"([A-Z]+)_v(\d+)_(\d+)(?:_\d+)?", key)
        if named is None or int(named[2]) >= len(self._world.places):
            return default
        pulls = self._world.made(self._world.places[int(named[2])])
        if not 1 <= int(named[3]) <= len(pulls):
            return default
        pull = pulls[int(named[3]) - 1]
        assert isinstance(pull, VastPull)
        return pull if named[1] == "PR" else pull.node(key) or default


def vast(repositories: int, *, pulls_each: int = 100, people: int = 200, until: date) -> Holding:
    """So many repositories with so many pull requests each, and a roster of teams of eight."""
    world = VastWorld(repositories, pulls_each, people, until)
    rows = ["login,team,manager,from,until,rubric,pagerduty_id"]
    for number, who in enumerate(world.people):
        manager = world.people[number - number % A_TEAM].login
        rows.append(f"{who.login},team-{number // A_TEAM},{manager},2024-01-01,,,")
    return Holding(world, roster_csv="\n".join(rows) + "\n", organization=ORGANIZATION)


@dataclass
class Made:
    """What belongs to one pull request."""

    files: list[ChangedFile] = field(default_factory=list)
    commits: list[PullRequestCommit] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    threads: list[ReviewThread] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


def _made(name: str) -> Any:
    return property(lambda pull: getattr(pull.made, name), lambda _pull, _value: None)


class VastPull(PullRequest):
    """A merged pull request; its reviews, threads, comments and commits are made when one of them is read."""

    def __init__(self, world: VastWorld, place: VastRepository, number: int) -> None:
        name, seed = f"v{place.place}_{number}", place.place * 31 + number
        author = world.people[seed % len(world.people)]
        super().__init__(
            id=f"PR_{name}",
            repository=place,
            number=number,
            author=author,
            title=f"Change {number}",
            body="## Why\n\nThe old way was slower.",
            created_at=world.moment(number),
            updated_at=world.touched.get((place.place, number), world.moment(number, hours=9)),
            closed_at=world.moment(number, hours=9),
            merged_at=world.moment(number, hours=9),
            merged_by=author,
            full_database_id=place.place * 1_000_000 + number,
            head_repository=place,
        )
        self._of = (world, name, seed)

    @cached_property
    def made(self) -> Made:
        world, name, seed = self._of
        author, reviewer, other = (world.people[(seed + step) % len(world.people)] for step in (0, 1, 2))
        found = Made([ChangedFile("src/service.py", 20, 4), ChangedFile("tests/test_service.py", 9, 0)])
        for step in (0, 1):
            at = world.moment(self.number, hours=2 * step)
            commit = Commit(
                f"C_{name}_{step}", f"{seed:032x}{step:08x}", at, "Change", [git_actor(author, at)], at
            )
            found.commits.append(PullRequestCommit(f"PURC_{name}_{step}", commit, self))
        commented_at, approved_at = world.moment(self.number, hours=1), world.moment(self.number, hours=4)
        first_review = Review(
            f"PRR_{name}_0", self, reviewer, "COMMENTED", commented_at, commented_at, "", 1, commented_at
        )
        thread = ReviewThread(f"PRRT_{name}", self, [], is_resolved=True, resolved_by=reviewer)
        for step, (who, text) in enumerate(((reviewer, "Why here?"), (author, "It is read here."))):
            comment = ReviewComment(
                f"PRRC_{name}_{step}",
                self,
                first_review,
                who,
                commented_at,
                text,
                "src/service.py",
                3,
                step,
            )
            first_review.comments.append(comment)
            thread.comments.append(comment)
        found.threads.append(thread)
        approval = Review(
            f"PRR_{name}_1", self, other, "APPROVED", approved_at, approved_at, "", 2, approved_at
        )
        found.reviews += [first_review, approval]
        found.comments.append(Comment(f"IC_{name}", other, approved_at, "Thank you.", self, 4, approved_at))
        if touched_at := world.touched.get((self.repository.place, self.number)):  # type: ignore[attr-defined]
            found.reviews.append(
                Review(
                    f"PRR_{name}_2", self, other, "COMMENTED", touched_at, touched_at, "Later.", 3, touched_at
                )
            )
        return found

    # the base class begins with empty lists, which nobody needs
    files = _made("files")
    commits = _made("commits")
    reviews = _made("reviews")
    threads = _made("threads")
    comments = _made("comments")

    def node(self, node_id: str) -> Any:
        """The part of it with this id."""
        parts: list[Any] = [*self.reviews, *self.threads, *self.review_comments, *self.comments]
        parts += [each for entry in self.commits for each in (entry, entry.commit)]
        return next((part for part in parts if part.id == node_id), None)
