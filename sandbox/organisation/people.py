"""Who works here, in which team, from when until when. Every quarter one leaves, one moves and one joins."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sandbox.organisation.quarters import FOUNDED, Quarter, chance
from sandbox.organisation.words import TEAMS, full_name

RUBRIC = "ic1-machine-learning-engineer"
SIZES = (4, 5, 6, 8, 9, 12)
"""Members without the manager: one team below the floor, some at the edges of the band rule."""
TALBOT = 3
"""The number of somebody whose login ends in `bot` and who is no robot."""
HEADER = ("login", "team", "manager", "from", "until", "rubric", "pagerduty_id", "incident_io_id")


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    login: str
    name: str
    habits: Habits

    @property
    def node_id(self) -> str:
        return f"U_kgDO{self.number:06d}"

    @property
    def pagerduty_id(self) -> str:
        return f"PU{self.number:05d}"

    @property
    def incident_io_id(self) -> str:
        return f"01USR{self.number:021d}"


@dataclass(frozen=True, slots=True)
class Habits:
    """What somebody tends to do, each from 0 to 1. Invented, so that teams differ; nothing measures it."""

    reviewing: float
    curiosity: float
    care: float
    testing: float
    triage: float


@dataclass(frozen=True, slots=True)
class Membership:
    person: Person
    team: str
    starts_on: date
    last_day: date | None = None
    is_manager: bool = False

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.last_day is None or day <= self.last_day)


@dataclass(slots=True)
class Staff:
    """Everybody there ever was, and which trap persons stand for."""

    teams: tuple[str, ...]
    memberships: list[Membership]
    changes: dict[Quarter, dict[str, Person]] = field(default_factory=dict)
    """Per quarter: the `leaver`, the `mover` and the `joiner`."""

    def on(self, day: date, team: str | None = None, *, managers: bool = False) -> list[Person]:
        """Who is in the team, or in any team, on this day; managers only when asked for."""
        return [
            each.person
            for each in self.memberships
            if each.holds_on(day)
            and (team is None or each.team == team)
            and (managers or not each.is_manager)
        ]

    def manager(self, team: str) -> Person:
        return next(each.person for each in self.memberships if each.team == team and each.is_manager)

    def team_of(self, person: Person, day: date) -> str | None:
        for each in self.memberships:
            if each.person == person and each.holds_on(day):
                return each.team
        return None

    def roster_csv(self, first_day: date, until: date) -> str:
        """The roster as the operator keeps it: everybody of these days, with nothing after `until`."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADER)
        for each in sorted(self.memberships, key=lambda row: (row.team, row.starts_on, row.person.login)):
            if each.starts_on > until or (each.last_day and each.last_day < first_day):
                continue
            has_left = each.last_day is not None and each.last_day <= until
            writer.writerow(
                (
                    each.person.login,
                    each.team,
                    self.manager(each.team).login,
                    each.starts_on,
                    each.last_day if has_left else "",
                    RUBRIC,
                    each.person.pagerduty_id,
                    each.person.incident_io_id,
                )
            )
        return out.getvalue()


def staff(seed: str, teams: int, people: int, through: Quarter) -> Staff:
    """Everybody from the founding until the end of this quarter."""
    names = tuple(TEAMS[n] if n < len(TEAMS) else f"team-{n + 1}" for n in range(teams))
    found = Staff(names, [])
    number = 0
    for team, size in zip(names, team_sizes(teams, people - teams), strict=True):
        for place in range(size + 1):
            rng = chance(seed, "start", number)
            starts_on = date(2022, 1, 10) + timedelta(days=7 * rng.randrange(100))
            found.memberships.append(Membership(person(seed, number), team, starts_on, is_manager=place == 0))
            number += 1
    quarter = FOUNDED
    while quarter <= through:
        if teams > 1:
            _change(found, seed, quarter, number)
            number += 1
        quarter = quarter.next()
    return found


def team_sizes(teams: int, members: int) -> list[int]:
    """How many members each team has, managers aside: as varied as `members` allows, at least one each."""
    sizes = [SIZES[n % len(SIZES)] for n in range(teams)]
    while sum(sizes) != max(members, teams):
        step = 1 if sum(sizes) < members else -1
        # the largest takes up the difference, so the team below the floor stays there
        largest = max(range(teams), key=lambda n: (sizes[n], n))
        sizes[largest] += step
    return sizes


def person(seed: str, number: int) -> Person:
    """The n-th person there can be."""
    given, family = full_name(number)
    if number == TALBOT:
        family = "Talbot"
    again = number // 720  # names repeat after that many people
    login = f"{given}-{family}".lower() + (f"-{again + 1}" if again else "")
    rng = chance(seed, "habits", number)
    habits = Habits(*(round(rng.random(), 2) for _ in range(5)))
    return Person(number, login, f"{given} {family}", habits)


def _change(found: Staff, seed: str, quarter: Quarter, next_number: int) -> None:
    """One leaves a team, one of another team moves there, and somebody new takes that place."""
    rng = chance(seed, "changes", quarter.name)
    one, other = rng.sample(found.teams, 2)
    leaver = _somebody(found, quarter, one, rng.random())
    mover = _somebody(found, quarter, other, rng.random())
    joiner = person(seed, next_number)
    last_day = quarter.day(0.30 + rng.random() * 0.3)
    moved_on = quarter.day(0.45)
    _end(found, leaver, last_day)
    _end(found, mover, moved_on - timedelta(days=1))
    found.memberships.append(Membership(mover, one, moved_on))
    found.memberships.append(Membership(joiner, other, quarter.day(0.15 + rng.random() * 0.1)))
    found.changes[quarter] = {"leaver": leaver, "mover": mover, "joiner": joiner}


def _somebody(found: Staff, quarter: Quarter, team: str, place: float) -> Person:
    """Some member of the team who may leave it: the one whose login is a trap stays."""
    people = [who for who in found.on(quarter.starts_on, team) if who.number != TALBOT]
    return people[int(place * len(people))]


def _end(found: Staff, who: Person, last_day: date) -> None:
    for place, each in enumerate(found.memberships):
        if each.person == who and each.last_day is None:
            found.memberships[place] = replace(each, last_day=last_day)
