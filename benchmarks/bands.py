"""How many people are given away with certainty: by exact counts above a floor, by suppression, by bands.

    .venv/bin/python benchmarks/bands.py [--draws 20]

300 engineers in teams of 3 to 12, five teams a department. One yes-or-no item, left by each person with the
same chance. The attacker of `privacy/attack` reads what each rule publishes and knows the roster; it colludes
with up to 0, 1 or 2 people, who know their own answers. Counted is everybody of whom some such coalition is
sure. "nobody" is nobody at all, and not a rounded number.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from privacy.attack.attacker import given_away
from privacy.attack.knowledge import Fact, Reading
from privacy.bands import band_of, shown

PEOPLE, FLOOR, TEAMS_A_DEPARTMENT = 300, 5, 5
CHANCES = {
    "rare, 2 %": 0.02,
    "rare, 10 %": 0.1,
    "middle, 50 %": 0.5,
    "common, 90 %": 0.9,
    "near-universal, 98 %": 0.98,
}
COLLUDERS = (0, 1, 2)


@dataclass(frozen=True)
class Company:
    """Departments of teams of people, and who left traces."""

    departments: tuple[tuple[tuple[str, ...], ...], ...]
    left: frozenset[str]

    def count(self, people: Sequence[str]) -> int:
        return sum(person in self.left for person in people)


Published = Iterator[tuple[Sequence[str], int, int]]
"""Groups of people, with the least and the most of them that may have left traces."""


def exact_counts(company: Company) -> Published:
    """Each team of five or more with its count, and each department with its total."""
    for teams in company.departments:
        for people in [*(team for team in teams if len(team) >= FLOOR), *totals(teams)]:
            yield people, company.count(people), company.count(people)


def complementary_suppression(company: Company) -> Published:
    """The same; where one team alone is hidden, the smallest of the others is hidden with it."""
    for teams in company.departments:
        by_size = sorted(teams, key=len)
        hidden = sum(len(team) < FLOOR for team in teams)
        for people in [*by_size[2 if hidden == 1 else hidden :], *totals(teams)]:
            yield people, company.count(people), company.count(people)


def totals(teams: Sequence[Sequence[str]]) -> list[list[str]]:
    """Everybody of a department, where it is more than one team."""
    return [[person for team in teams for person in team]] if len(teams) > 1 else []


def bands(coalition: int) -> Callable[[Company], Published]:
    """Each team's band as the door makes it, and no total."""

    def publish(company: Company) -> Published:
        for teams in company.departments:
            for team in teams:
                if shown(len(team), coalition=coalition):
                    band = band_of(company.count(team), len(team), coalition=coalition)
                    yield team, band.low, band.high

    return publish


RULES: dict[str, Callable[[Company], Published]] = {
    "exact counts, k >= 5": exact_counts,
    "with complementary suppression": complementary_suppression,
    "bands, one colluder expected": bands(1),
    "bands, two colluders expected": bands(2),
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=20)
    draws = parser.parse_args().draws
    print("| rule | who leaves traces | has an own result | 0 colluders | 1 colluder | 2 colluders |")
    print("|---|---|---:|---:|---:|---:|")
    for rule, publish in RULES.items():
        for words, chance in CHANCES.items():
            with_result, shares = measured(publish, chance, range(draws))
            cells = " | ".join(_percent(share) for share in (with_result, *shares))
            print(f"| {rule} | {words} | {cells} |", flush=True)


def measured(
    publish: Callable[[Company], Published], chance: float, seeds: Sequence[int]
) -> tuple[float, list[float]]:
    """The share of people whose team has a result, and of those given away, by number of colluders."""
    with_result, found = 0, [0 for _ in COLLUDERS]
    for seed in seeds:
        company = a_company(seed, chance)
        published = list(publish(company))
        teams = {team for teams in company.departments for team in teams}
        with_result += sum(len(people) for people, _, _ in published if tuple(people) in teams)
        readings = [
            Reading(frozenset(Fact(person, "item", "2026Q3") for person in people), least, most)
            for people, least, most in published
        ]
        truth = {fact: fact.person_id in company.left for reading in readings for fact in reading.facts}
        for at, colluders in enumerate(COLLUDERS):
            found[at] += len(given_away(readings, {}, truth, coalition=colluders))
    everybody = PEOPLE * len(seeds)
    return with_result / everybody, [each / everybody for each in found]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share else "nobody"


def a_company(seed: int, chance: float) -> Company:
    """The company of this seed: the same roster for every chance."""
    draw = random.Random(seed)  # noqa: S311  chance for a measurement
    teams: list[tuple[str, ...]] = []
    left = PEOPLE
    while left:
        size = min(draw.randint(3, 12), left)
        if left - size in (1, 2):
            size = left if left <= 12 else size - 3 + (left - size)
        teams.append(tuple(f"{len(teams)}-{number}" for number in range(size)))
        left -= size
    departments = tuple(
        tuple(teams[at : at + TEAMS_A_DEPARTMENT]) for at in range(0, len(teams), TEAMS_A_DEPARTMENT)
    )
    return Company(
        departments, frozenset(person for team in teams for person in team if draw.random() < chance)
    )


if __name__ == "__main__":
    main()
