"""Organisations to try an attack on: teams of many sizes, people who come, go and move, all chances."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

CHANCES = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0)
"""How likely somebody leaves a trace: rare and near-universal ones are what gives people away."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One person in one team, from `starts_on` until before `ends_on`."""

    person_id: str
    team: str
    manager_id: str | None
    starts_on: date
    ends_on: date | None
    rubric: str = "generated"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A roster, and what everybody did."""

    roster: tuple[Enrolled, ...]
    left: dict[tuple[str, str], frozenset[str]]
    """The traces somebody left, by person and window."""

    @property
    def teams(self) -> list[str]:
        return sorted({row.team for row in self.roster})


def organisation(
    seed: int, traces: Collection[str], windows: Sequence[tuple[str, date, date]]
) -> Organisation:
    """The organisation of this seed. A window is its name, its first day, and the day after its last."""
    draw = random.Random(seed)  # noqa: S311  chance for tests, not for secrets
    first, end = windows[0][1], windows[-1][2]
    churn = draw.choice((0.0, 0.05, 0.15, 0.3))
    teams = [f"team-{number}" for number in range(draw.randint(2, 5))]
    roster: list[Enrolled] = []
    for team in teams:
        manager = f"{team}-lead" if draw.random() < 0.8 else None
        people = [f"{team}-{number}" for number in range(draw.randint(4, 12))]
        for person in [*people, *([manager] if manager else [])]:
            roster += _path(draw, person, team, manager, teams, first, end, churn * len(windows))
    chance = {(trace, team): draw.choice(CHANCES) for trace in sorted(traces) for team in teams}
    team_of = {row.person_id: row.team for row in roster}
    left = {
        (person, name): frozenset(trace for trace in sorted(traces) if draw.random() < chance[(trace, team)])
        for person, team in sorted(team_of.items())
        for name, _, _ in windows
    }
    return Organisation(tuple(roster), left)


def on_rubrics(found: Organisation, rubrics: Sequence[str], seed: int, ends_on: date) -> Organisation:
    """The same people, each on one of these rubrics; some are moved to another one on a day in between."""
    draw = random.Random(seed)  # noqa: S311  chance for tests, not for secrets
    roster: list[Enrolled] = []
    for row in found.roster:
        first, then = draw.choice(rubrics), draw.choice(rubrics)
        days = ((row.ends_on or ends_on) - row.starts_on).days
        if draw.random() < 0.3 and days > 2:
            turn = row.starts_on + timedelta(days=draw.randrange(1, days))
            roster += [replace(row, rubric=first, ends_on=turn), replace(row, rubric=then, starts_on=turn)]
        else:
            roster.append(replace(row, rubric=first))
    return Organisation(tuple(roster), found.left)


def _path(
    draw: random.Random,
    person: str,
    team: str,
    manager: str | None,
    teams: Sequence[str],
    first: date,
    end: date,
    churn: float,
) -> list[Enrolled]:
    """What the roster says of one person: stays, comes later, leaves, moves, or is in two teams at once."""
    days = (end - first).days

    def some_day() -> date:
        return first + timedelta(days=draw.randrange(1, days))

    if draw.random() >= churn:
        return [Enrolled(person, team, manager, first, None)]
    turn = some_day()
    match draw.randrange(4):
        case 0:
            return [Enrolled(person, team, manager, turn, None)]
        case 1:
            return [Enrolled(person, team, manager, first, turn)]
        case 2:
            return [
                Enrolled(person, team, manager, first, turn),
                Enrolled(person, draw.choice(teams), None, turn, None),
            ]
    return [
        Enrolled(person, team, manager, first, None),
        Enrolled(person, draw.choice(teams), None, turn, min(end, turn + timedelta(days=60))),
    ]
