"""The organisation's repositories, accounts and robots, and which paths a change touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from sandbox.commits import ChangedFile
from sandbox.model import Account, Repository, Team
from sandbox.organisation.people import Person, Staff
from sandbox.organisation.words import REPOSITORIES
from sandbox.world import World

ORGANIZATION = "tidewater-works"
FORMER_OWNER = "tidewater-lab"
"""Who owned the last repository before it was transferred."""

ROBOTS = {
    "dependency-updates": "Bot",
    "merge-queue": "Bot",
    "stale-sweeper": "Bot",
    "review-assistant": "Bot",  # an AI that reviews
    "release-robot": "User",  # a robot on an ordinary account
}


@dataclass(slots=True)
class Places:
    """What the work of a quarter happens in and with."""

    world: World
    staff: Staff
    repositories: list[Repository]
    accounts: dict[int, Account] = field(default_factory=dict)
    robots: dict[str, Account] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    @property
    def operations(self) -> Repository:
        """Where incidents are kept as issues."""
        return self.repositories[0]

    def account(self, who: Person) -> Account:
        return self.accounts[who.number]

    def home_repository(self, team: str) -> Repository:
        """The repository in which this team does most of its work."""
        others = self.repositories[1:] or self.repositories
        return others[self.staff.teams.index(team) % len(others)]


def places(world: World, staff: Staff, repositories: int) -> Places:
    """The organisation without any work in it yet."""
    owner = world.add_account(
        Account("O_kgDO000001", ORGANIZATION, "Organization", "Tidewater Works", database_id=900_001)
    )
    former = world.add_account(Account("O_kgDO000002", FORMER_OWNER, "Organization", database_id=900_002))
    found = Places(world, staff, [])
    for number in range(repositories):
        name = REPOSITORIES[number] if number < len(REPOSITORIES) else f"service-{number + 1}"
        repository = Repository(
            f"R_kgDO{number + 1:06d}",
            owner,
            name,
            database_id=700_001 + number,
            description=f"The {name.replace('-', ' ')}.",
            has_discussions_enabled=number < 2,
        )
        is_transferred = number == repositories - 1 and repositories > 1
        names = [f"{former.login}/{name}"] if is_transferred else []
        found.repositories.append(world.add_repository(repository, also_known_as=names))
    for membership in staff.memberships:
        who = membership.person
        if who.number not in found.accounts:
            found.accounts[who.number] = world.add_account(
                Account(
                    who.node_id,
                    who.login,
                    name=who.name,
                    email=f"{who.login}@tidewater.example",
                    database_id=100_000 + who.number,
                )
            )
    for number, (login, kind) in enumerate(ROBOTS.items()):
        prefix = "BOT" if kind == "Bot" else "U"
        account = Account(f"{prefix}_kgDOrobot{number}", login, kind, database_id=800_001 + number)
        found.robots[login] = world.add_account(account)
    for team in staff.teams:
        found.teams[team] = world.add(Team(f"T_kwDO{team}", team.title(), team, ORGANIZATION))
    return found


def paths(rng: Random, kind: str, team: str, with_tests: bool) -> list[ChangedFile]:
    """The files that a change of this kind touches."""
    stem = rng.choice(("loader", "planner", "cache", "scorer", "router", "ledger", "sampler", "writer"))
    folder = team.replace("-", "_")
    match kind:
        case "docs":
            names = [rng.choice((f"docs/guides/{stem}.md", f"docs/runbooks/{stem}.md", "README.md"))]
        case "design":
            names = [f"docs/design/{stem}-proposal.md"]
        case "experiment":
            names = [f"notebooks/{stem}_{rng.randrange(100)}.ipynb"]
            names += rng.sample(
                [f"configs/train/{stem}.yaml", f"experiments/{stem}/report.md"], rng.randrange(3)
            )
        case "config":
            names = [f"deploy/{folder}/{stem}.yaml"]
        case "dependencies":
            names = ["requirements.lock"]
        case "vendored":
            names = [f"third_party/{stem}/{stem}.c", f"third_party/{stem}/{stem}.h"]
        case _:
            names = [f"services/{folder}/{stem}.py"]
            names += [f"libs/shared/{stem}_client.py"] if rng.random() < 0.2 else []
            names += [f"services/{folder}/tests/test_{stem}.py"] if with_tests else []
            names += [f"docs/guides/{stem}.md"] if rng.random() < 0.12 else []
    return [changed(rng, name) for name in names]


def changed(rng: Random, path: str) -> ChangedFile:
    is_new = rng.random() < 0.25
    additions = int(rng.paretovariate(1.1) * 8) % 900 + 1
    return ChangedFile(path, additions, 0 if is_new else rng.randrange(40), "ADDED" if is_new else "MODIFIED")


def pick(rng: Random, people: Sequence[Account], count: int) -> list[Account]:
    """Some of these people, at most all."""
    return rng.sample(list(people), min(count, len(people)))
