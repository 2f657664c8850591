"""What an attacker knows: releases, the public rule of bands, the roster, and how items hang together.

Everything here is written again from the published description, and on purpose in another way than the door
does it. Where the two disagree, the truth does not fit what was read, and the attack says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Fact(NamedTuple):
    """Whether this person left traces of this item in this window."""

    person_id: str
    item: str
    window: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Of these facts, from `least` to `most` are true. Whatever was published is put into this form."""

    facts: frozenset[Fact]
    least: int
    most: int


Rules = Mapping[str, Collection[tuple[str, int]]]
"""For an item: the traces of which any one makes it true, and how many quarters ago. The map is public."""

Cohorts = Mapping[tuple[str, str, str], Collection[str]]
"""Who is counted, by team, window and rubric."""

Meaning = Callable[[str | None, int], tuple[int, int] | None]
"""From a word, or a dash, and the size of a team: the least and the most people behind it, or nothing."""

# A trace of the first kind cannot be left without one of the second: what the signals' queries say.
IMPLIED: Mapping[str, str] = {
    "newcomer_reviews": "reviews_with_substance",
    "reviews_with_substance": "reviews_given",
    "coauthored_work": "merged_work",
    "docs_merged": "merged_work",
    "experiments_merged": "merged_work",
    "incident_updates": "incident_participation",
    "incident_roles": "incident_participation",
    "review_coverage": "merged_work",
    "review_wait": "merged_work",
    "review_load_balance": "reviews_given",
}


MOST_OBJECTS = 5
"""Of one person so many objects of a signal count for what the organisation is told, and no more."""


class RosterRow(Protocol):
    """One person in one team, from `starts_on` until before `ends_on`."""

    @property
    def person_id(self) -> str: ...
    @property
    def team(self) -> str: ...
    @property
    def manager_id(self) -> str | None: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date | None: ...
    @property
    def rubric(self) -> str: ...


def word_means(coalition: int = 1) -> Meaning:
    """The public rule of bands, read backwards: from a word to the counts that are behind it."""

    def meaning(word: str | None, size: int) -> tuple[int, int] | None:
        outer = max(size // 3, 1 + coalition)
        match word:
            case None:
                return None
            case "few" | "fewer than half":
                return 0, outer
            case "some":
                return outer + 1, size - outer - 1
            case "most":
                return size - outer, size
            case "about half or more":
                return outer + 1, size
        raise ValueError(f"the word {word!r} is in no release that the attacker has heard of")

    return meaning


def signal_means(word: str, size: int, count: int, coalition: int) -> tuple[int, int]:
    """The least and the most of `size` people who can have left a trace, given the organisation's word.

    It is `often` from as many objects as there are people, and five more, where five of one person count at
    the most. A world may give everybody who left a trace one object, or give everybody five, whatever they
    left of other signals: so what is said here of each signal alone is all that is said of several together,
    linked or not. Colluders know their own objects, and thereby more; returned is the most that any of so
    many of them could know where `count`, the truth, is so.
    """
    if word == "often":  # whoever left one object knows that others left more
        return min(count, coalition - (coalition - size - MOST_OBJECTS) // MOST_OBJECTS), size
    # whoever left five knows that others left fewer
    return 0, max(count, min(size, size + (MOST_OBJECTS - 1) * (1 - coalition)))


def as_item(signal: str) -> str:
    """What a signal is called beside the items that rest on it."""
    return f"signal {signal}"


def read_signals(
    bodies: Iterable[Mapping[str, Any]],
    people: Mapping[str, Collection[str]],
    true: Callable[[Fact], bool],
    coalition: int = 1,
) -> list[Reading]:
    """What these reports about signals say about the people who count in them, by window."""
    found = []
    for body in bodies:
        for row in body["signals"]:
            if row["word"] is not None:
                facts = frozenset(
                    Fact(person, as_item(row["signal"]), body["window"]) for person in people[body["window"]]
                )
                ends = signal_means(row["word"], len(facts), sum(map(true, facts)), coalition)
                found.append(Reading(facts, *ends))
    return found


def releases_in(published: Path) -> Iterator[dict[str, Any]]:
    """Every team's release below a folder, as it was first published: what was withdrawn is not forgotten."""
    for path in sorted((published / "teams").rglob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        if body.get("kind") == "team":
            yield body


def signals_in(published: Path) -> Iterator[dict[str, Any]]:
    """What the organisation was told of its signals, window by window."""
    for path in sorted((published / "organisation").glob("[0-9]*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def read_releases(
    bodies: Iterable[Mapping[str, Any]], cohorts: Cohorts, meaning: Meaning | None = None
) -> list[Reading]:
    """What these releases say about the people counted in them."""
    means = meaning or word_means()
    found = []
    for body in bodies:
        people = cohorts.get((body["team"], body["window"], body["rubric"]["id"]), ())
        told = [(item["item"], item["band"]) for item in body["items"]]
        told += [(process["process"], process["band"]) for process in body.get("processes", ())]
        for what, band in told:
            counts = means(band, len(people))
            if counts:
                facts = frozenset(Fact(person, what, body["window"]) for person in people)
                found.append(Reading(facts, *counts))
    return found


def counted_by_rubric(
    roster: Iterable[RosterRow], team: str, starts_on: date, ends_on: date, presence_percent: int = 50
) -> dict[str, frozenset[str]]:
    """Who counts in a team's bands, parted by the rubric that each was on for most of the days.

    Of equals the rubric of the last day, then the one that was begun last.
    """
    rows = list(roster)
    found: dict[str, set[str]] = {}
    for person in counted(rows, team, starts_on, ends_on, presence_percent):
        days: dict[str, list[date]] = {}
        for offset in range((ends_on - starts_on).days):
            day = starts_on + timedelta(days=offset)
            for rubric in {row.rubric for row in rows if row.person_id == person and _holds(row, day)}:
                days.setdefault(rubric, []).append(day)
        ranked = sorted((len(on), on[-1], on[0], rubric) for rubric, on in days.items())
        found.setdefault(ranked[-1][3], set()).add(person)
    return {rubric: frozenset(people) for rubric, people in found.items()}


def _holds(row: RosterRow, day: date) -> bool:
    return row.starts_on <= day and (row.ends_on is None or day < row.ends_on)


def counted(
    roster: Iterable[RosterRow], team: str, starts_on: date, ends_on: date, presence_percent: int = 50
) -> frozenset[str]:
    """Who counts in a team's bands from `starts_on` until before `ends_on`, by walking through the days.

    Whoever was there for enough days, and on no more days anywhere else; of equals the team of the last day,
    then the one that was entered last. Nobody who managed the team in that time.
    """
    rows = list(roster)
    on_days: dict[str, dict[str, list[date]]] = {}
    managers: set[str | None] = set()
    day = starts_on
    while day < ends_on:
        for row in rows:
            if _holds(row, day):
                days = on_days.setdefault(row.person_id, {}).setdefault(row.team, [])
                if not days or days[-1] != day:
                    days.append(day)
                if row.team == team:
                    managers.add(row.manager_id)
        day += timedelta(days=1)
    length = (ends_on - starts_on).days
    found = set()
    for person, teams in on_days.items():
        ranked = sorted((len(days), days[-1], days[0], name) for name, days in teams.items())
        days_there, _, _, home = ranked[-1]
        if home == team and person not in managers and days_there * 100 >= presence_percent * length:
            found.add(person)
    return frozenset(found)


def closed_under(rules: Rules, implied: Mapping[str, str] = IMPLIED) -> dict[str, frozenset[tuple[str, int]]]:
    """The same rules with every trace that brings a listed one along, and so makes the item true as well."""
    brought: dict[str, set[str]] = {}
    for first in implied:
        trace: str | None = first
        while trace is not None:
            brought.setdefault(trace, set()).add(first)
            trace = implied.get(trace)
    return {
        item: frozenset(
            (other, ago) for trace, ago in traces for other in {trace} | brought.get(trace, set())
        )
        for item, traces in rules.items()
    }


def is_true(fact: Fact, rules: Rules, left: Mapping[tuple[str, str], Collection[str]]) -> bool:
    """Whether the person left any trace the item asks for; `left` has the traces by person and window."""
    return any(
        trace in left.get((fact.person_id, quarters_before(fact.window, ago)), ())
        for trace, ago in rules[fact.item]
    )


def quarters_before(window: str, ago: int) -> str:
    """The name of the window so many quarters earlier: one before 2026Q1 is 2025Q4."""
    year, quarter = divmod(4 * int(window[:4]) + int(window[5:]) - 1 - ago, 4)
    return f"{year:04}Q{quarter + 1}"
