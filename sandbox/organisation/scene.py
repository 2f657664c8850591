"""Three people of a team and a plain pull request, for traps to build on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sandbox.model import Account, PullRequest, Repository
from sandbox.organisation.maker import Maker
from sandbox.organisation.places import Places, changed
from sandbox.organisation.quarters import later, some_moment


@dataclass(frozen=True, slots=True)
class Scene:
    """An author and two colleagues of one team, in their repository, at a moment early in the quarter."""

    maker: Maker
    places: Places
    rng: Random
    repository: Repository
    author: Account
    reviewer: Account
    other: Account
    at: str

    def pull_request(
        self, title: str, body: str = "", *, author: Account | None = None, by_nobody: bool = False
    ) -> PullRequest:
        """An open pull request with one commit."""
        who = None if by_nobody else author or self.author
        files = [changed(self.rng, "services/shared/loader.py"), changed(self.rng, "tests/test_loader.py")]
        pull = self.maker.pull_request(self.repository, who, self.at, title, body, files)
        self.maker.commit(pull, [who] if who else [], later(self.at, hours=-1), title)
        return pull

    def merged(self, title: str, body: str = "", *, author: Account | None = None) -> PullRequest:
        """A pull request that is approved after two hours and merged after three."""
        pull = self.pull_request(title, body, author=author)
        self.maker.review(pull, self.reviewer, "APPROVED", later(self.at, hours=2))
        self.maker.merge(pull, self.author, later(self.at, hours=3))
        return pull


def scene(maker: Maker, places: Places, name: str) -> Scene:
    """The scene of this trap in this quarter. Its people stay in their team for the whole quarter."""
    rng = maker.rng("trap", name)
    at = some_moment(rng, maker.quarter, 0.05, 0.35)
    day = date.fromisoformat(at[:10])
    last_day = maker.quarter.ends_on - timedelta(days=1)
    for team in rng.sample(places.staff.teams, len(places.staff.teams)):
        staying = [
            places.account(who)
            for who in places.staff.on(day, team, managers=True)
            if places.staff.team_of(who, last_day) == team
        ]
        if len(staying) >= 3:
            author, reviewer, other = rng.sample(staying, 3)
            return Scene(maker, places, rng, places.home_repository(team), author, reviewer, other, at)
    raise AssertionError("sizes are checked before: some team has three people who stay")
