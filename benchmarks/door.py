"""What the door costs: everybody of a large organisation through it, for four quarters.

    .venv/bin/python benchmarks/door.py [--engineers 50000] [--items 40] [--put 500]

Teams of 3 to 12, one in twenty people moves or leaves in each quarter. Measured apart: who counts (roster
and calendar), which word (the arithmetic of bands alone, and the whole release with its checks), and putting
`--put` of the releases into a folder, each recorded and flushed to disk.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from privacy import door
from privacy.bands import words
from privacy.policy import Policy, load_policy
from privacy.released import Released
from warehouse.windows import Window

ROOT = Path(__file__).parents[1]
WINDOWS = [Window(2026, quarter) for quarter in (1, 2, 3, 4)]
MOVES = 0.05
CHANCES = (0.02, 0.1, 0.5, 0.9, 0.98)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the roster."""

    person_id: str
    team: str
    manager_id: str | None
    starts_on: date
    ends_on: date | None
    rubric: str = "generated"


def roster(engineers: int, draw: random.Random) -> list[Row]:
    """Everybody in a team, some of them in another one later."""
    rows: list[Row] = []
    number = team = 0
    while number < engineers:
        name, manager = f"team-{team}", f"lead-{team}"
        for _ in range(min(draw.randint(3, 12), engineers - number)):
            person = f"{number:032x}"
            turn = WINDOWS[0].starts_on + timedelta(days=draw.randrange(1, 365))
            if draw.random() < MOVES * len(WINDOWS):
                rows.append(Row(person, name, manager, date(2025, 1, 1), turn))
                if draw.random() < 0.5:
                    rows.append(Row(person, f"team-{draw.randint(0, max(team, 1))}", None, turn, None))
            else:
                rows.append(Row(person, name, manager, date(2025, 1, 1), None))
            number += 1
        team += 1
    return rows


def releases(
    cohorts: dict[tuple[str, Window], frozenset[str]],
    traces: dict[str, dict[str, set[str]]],
    items: list[dict[str, Any]],
    policy: Policy,
) -> Iterator[Released]:
    """Every team's release, window by window."""
    for (team, window), members in cohorts.items():
        yield door.release_team(
            team=team,
            window=window,
            members=members,
            traces=traces[window.name],
            items=items,
            sources=[
                {"source": "generated", "complete": True, "from": None, "through": None, "because": None}
            ],
            rubric={"id": "generated", "title": "Generated"},
            policy=policy,
            published_on=window.ends_on + timedelta(days=policy.delay_days),
        )


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--engineers", type=int, default=50_000)
    arguments.add_argument("--items", type=int, default=40)
    arguments.add_argument("--put", type=int, default=500)
    asked = arguments.parse_args()
    draw = random.Random(1)  # noqa: S311  chance for a measurement, not for secrets
    policy = load_policy(ROOT / "agreement.yaml")
    rows = roster(asked.engineers, draw)
    people = sorted({row.person_id for row in rows})
    items = [item(f"item-{number}") for number in range(asked.items)]
    traces = {
        window.name: {
            each["item"]: {person for person in people if draw.random() < chance}
            for each, chance in zip(items, CHANCES * asked.items, strict=False)
        }
        for window in WINDOWS
    }
    print(f"{asked.engineers:,} engineers, {asked.items} items, {len(WINDOWS)} quarters")
    before = peak()

    started = perf_counter()
    of_team = door.by_team(rows)
    cohorts = {
        (team, window): members
        for window in WINDOWS
        for team, those in of_team.items()
        for members in door.cohorts(those, team, window, policy).values()
    }
    say("who counts", started, f"{len(cohorts):,} cohorts of {len(of_team):,} teams")

    started = perf_counter()
    said: Counter[str] = Counter()
    for (_, window), members in cohorts.items():
        if of_size := words(len(members)):  # as `privacy/door.py` does it, and nothing else
            said.update([of_size[len(members & left)] for left in traces[window.name].values()])
    say("the arithmetic", started, f"{said.total():,} words")

    started = perf_counter()
    made = sum(len(each.canonical()) for each in releases(cohorts, traces, items, policy))
    say("whole releases, checked", started, f"{made / 1e6:,.0f} MB of JSON")

    with tempfile.TemporaryDirectory() as folder:
        some = [
            each for _, each in zip(range(asked.put), releases(cohorts, traces, items, policy), strict=False)
        ]
        started = perf_counter()
        for each in some:
            door.publish(Path(folder), each)
        say("put in place", started, f"{len(some):,} releases")
        started = perf_counter()
        assert door.verify(Path(folder)) == []
        say("verified", started, f"{len(some):,} releases")
    print(f"memory: {peak():,} MB at most, of which {before:,} MB are roster and traces")


def item(slug: str) -> dict[str, Any]:
    return {
        "item": slug,
        "pillar": "Generated",
        "group": "Generated",
        "says": f"Does {slug}.",
        "class": "observable",
        "question": None,
        "sources": ["generated"],
        "misleads": [],
        "because": None,
        "bandable": True,
    }


def say(what: str, started: float, amount: str) -> None:
    print(f"{what:26} {perf_counter() - started:8.2f} s   {amount}")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
