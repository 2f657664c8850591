"""The door rehearsed: generated organisations go through it, and the attacker reads what came out."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from privacy import asides, door
from privacy.attack.attacker import GivenAway, given_away
from privacy.attack.knowledge import (
    Fact,
    Rules,
    as_item,
    closed_under,
    counted_by_rubric,
    is_true,
    quarters_before,
    read_releases,
    read_signals,
    releases_in,
    signals_in,
    word_means,
)
from privacy.attack.organisations import Organisation, on_rubrics, organisation
from privacy.bands import shown
from privacy.organisation import Traces
from privacy.policy import Policy
from rubric.cells import bandable
from rubric.map import RubricMap
from signals.catalog import Catalog
from warehouse.windows import Window

WINDOWS = [Window(2026, quarter) for quarter in (1, 2, 3, 4)]
Asides = Mapping[str, frozenset[str]]
"""People for whom a random answer is counted, by window."""
NOBODY: Asides = MappingProxyType({})
Erased = Mapping[str, str]
"""The first window that is published without somebody who was erased."""
NOT_ONE: Erased = MappingProxyType({})

_SECRET = "of the rehearsal"  # noqa: S105  guards nothing: there is nobody behind a generated person
_SIGNAL = {"asks": "Which?", "kind": "evidence", "repositories": 1, "because": None, "blind": ["Chat."]}
_SOURCE = {"source": "generated", "complete": True, "from": None, "through": None, "because": None}


def rules_of(rubric: RubricMap, catalog: Catalog) -> Rules:
    """For each item that may have a band: which traces of the window itself make it true.

    And each process of a team, which is banded like an item and is a trace of its own.
    """
    return closed_under(
        {
            item.slug: [
                (indicator.signal, 0)
                for indicator in item.indicators
                if catalog[indicator.signal].sensitivity == "band"
            ]
            for item in rubric.items
            if bandable(item, catalog)
        }
        | {each.signal: [(each.signal, 0)] for each in catalog.of_kind("process")}
    )


def generated(seed: int, rules: Rules) -> Organisation:
    """The organisation of this seed, with the traces that these rules ask for."""
    before = max(ago for traces in rules.values() for _, ago in traces)
    windows = [Window(int(name[:4]), int(name[5:])) for name in _names_before(before)] + WINDOWS
    return organisation(
        seed,
        sorted({trace for traces in rules.values() for trace, _ in traces}),
        [(window.name, window.starts_on, window.ends_on) for window in windows],
    )


def some_aside(seed: int, found: Organisation) -> Asides:
    """Who contests, shares or opts out before a window is published: nobody, a few, or most of the people."""
    draw = random.Random(f"aside {seed}")  # noqa: S311  chance for tests, not for secrets
    share = draw.choice((0.0, 0.1, 0.3, 0.8))
    people = sorted({row.person_id for row in found.roster})
    return {
        window.name: frozenset(person for person in people if draw.random() < share) for window in WINDOWS
    }


def some_erased(seed: int, found: Organisation) -> Erased:
    """Who is erased, and the first window that is published without them: nobody, or some of the people."""
    draw = random.Random(f"erased {seed}")  # noqa: S311  chance for tests, not for secrets
    share = draw.choice((0.0, 0.05, 0.2))
    people = sorted({row.person_id for row in found.roster})
    return {person: draw.choice(WINDOWS).name for person in people if draw.random() < share}


def remaining(found: Organisation, erased: Erased, window: Window) -> Organisation:
    """The organisation that a window is published from: whoever was erased by then is nobody in it."""
    gone = {person for person, first in erased.items() if first <= window.name}
    rows = [row for row in found.roster if row.person_id not in gone]
    kept = [replace(row, manager_id=None) if row.manager_id in gone else row for row in rows]
    return Organisation(tuple(kept), found.left)


def publish_all(
    found: Organisation,
    rules: Rules,
    policy: Policy,
    published: Path,
    aside: Asides = NOBODY,
    erased: Erased = NOT_ONE,
) -> None:
    """Every team's release of the four windows, through the door, into a folder."""
    signals = {item: sorted({trace for trace, _ in traces}) for item, traces in rules.items()}
    for window in WINDOWS:
        there = remaining(found, erased, window)
        for team in there.teams:
            released = [
                door.release_team(
                    team=team,
                    window=window,
                    members=members,
                    traces=asides.with_drawn(
                        {item: _who_left(item, members, window, rules, found) for item in rules},
                        members & aside.get(window.name, frozenset()),
                        window=window.name,
                        signals=signals,
                        secret=_SECRET,
                    ),
                    items=[_item(item) for item in rules],
                    sources=[_SOURCE],
                    rubric={"id": rubric, "title": "Generated"},
                    policy=policy,
                    published_on=window.ends_on + timedelta(days=policy.delay_days),
                )
                for rubric, members in sorted(door.cohorts(there.roster, team, window, policy).items())
            ]
            if released:
                door.publish(published, *released)


def publish_signals(
    found: Organisation,
    rules: Rules,
    policy: Policy,
    published: Path,
    aside: Asides,
    erased: Erased,
    told: Collection[str],
) -> None:
    """What the organisation reads of these signals in the four windows, through the door, into the folder.

    Everybody leaves the same number of objects of each signal that they left a trace of, one or up to nine.
    """
    as_items = closed_under({as_item(signal): [(signal, 0)] for signal in told})
    every = {trace for traces in rules.values() for trace, _ in traces}
    for window in WINDOWS:
        there = remaining(found, erased, window)
        people = _with_bands(there, window, policy)
        draw = random.Random(f"objects {window.name}")  # noqa: S311  chance for tests, not for secrets
        many = {person: draw.choice((1, 1, 2, 5, 9)) for person in sorted(people)}
        objects = {
            signal: {
                person: {f"{person} {number}" for number in range(many[person])}
                for person in _who_left(as_item(signal), people, window, as_items, found)
            }
            for signal in told
        }
        set_aside = people & aside.get(window.name, frozenset())
        drawn = asides.with_drawn(
            objects,
            set_aside,
            window=window.name,
            signals={signal: [signal] for signal in every},
            secret=_SECRET,
        )
        released = door.release_organisation(
            window=window,
            traces=Traces(people, objects, set_aside, drawn),
            signals=[{**_SIGNAL, "signal": signal} for signal in told],
            repositories=1,
            policy=policy,
            published_on=window.ends_on + timedelta(days=policy.delay_days),
        )
        door.publish_organisation(published, released)


def as_counted(found: Organisation, rules: Rules, aside: Asides) -> Organisation:
    """The organisation as the bands count it: whoever is set aside did what was drawn for them."""
    signals = sorted({trace for traces in rules.values() for trace, _ in traces})
    made_up = {
        (person, window): asides.drawn(person, window, signals, _SECRET)
        for window, people in aside.items()
        for person in people
    }
    return Organisation(found.roster, found.left | made_up)


def attack(
    found: Organisation,
    rules: Rules,
    policy: Policy,
    published: Path,
    aside: Asides = NOBODY,
    erased: Erased = NOT_ONE,
    *,
    seconds: float = 10.0,
) -> tuple[int, list[GivenAway]]:
    """How many answers the attacker read about, and which were given away."""
    found = as_counted(found, rules, aside)
    cohorts = {
        (team, window.name, rubric): people
        for window in WINDOWS
        for there in [remaining(found, erased, window)]
        for team in there.teams
        for rubric, people in counted_by_rubric(
            there.roster, team, window.starts_on, window.ends_on, policy.presence_percent
        ).items()
    }
    readings = read_releases(releases_in(published), cohorts, word_means(policy.coalition))
    reports = list(signals_in(published))
    named = {row["signal"] for body in reports for row in body["signals"]}
    rules = {**rules, **closed_under({as_item(signal): [(signal, 0)] for signal in named})}
    least = max(policy.k, 2 * policy.coalition + 3)
    with_bands = {
        window.name: {
            person
            for (_, name, _), people in cohorts.items()
            if name == window.name and len(people) >= least
            for person in people
        }
        for window in WINDOWS
    }
    readings += read_signals(
        reports, with_bands, lambda fact: is_true(fact, rules, found.left), policy.coalition
    )
    truth = {fact: is_true(fact, rules, found.left) for reading in readings for fact in reading.facts}
    return len(truth), given_away(readings, rules, truth, coalition=policy.coalition, seconds=seconds)


def rehearse(
    seeds: Sequence[int], rules: Rules, policy: Policy, folder: Path, told: Collection[str] = ()
) -> Iterator[tuple[int, int, list[GivenAway]]]:
    """For each seed: the seed, how many answers were attacked, and which were given away.

    The organisation is told of the signals `told`.
    """
    for seed in seeds:
        found = generated(seed, rules)
        if seed % 2:  # every other organisation has people on two rubrics that ask the same of them
            found = on_rubrics(found, ("generated", "other"), seed, WINDOWS[-1].ends_on)
        aside, erased = some_aside(seed, found), some_erased(seed, found)
        publish_all(found, rules, policy, folder / str(seed), aside, erased)
        if told:
            publish_signals(found, rules, policy, folder / str(seed), aside, erased, told)
        yield seed, *attack(found, rules, policy, folder / str(seed), aside, erased)


def told_of(rules: Rules, catalog: Catalog) -> list[str]:
    """The signals with a word for the organisation, of those that these rules ask for."""
    asked = {trace for traces in rules.values() for trace, _ in traces}
    return [
        each.signal
        for each in catalog.of_kind("evidence")
        if each.sensitivity == "band" and each.signal in asked
    ]


def _with_bands(there: Organisation, window: Window, policy: Policy) -> frozenset[str]:
    """Everybody who counts in a group that has bands."""
    return frozenset(
        person
        for team in there.teams
        for members in door.cohorts(there.roster, team, window, policy).values()
        if shown(len(members), k=policy.k, coalition=policy.coalition)
        for person in members
    )


def _names_before(count: int) -> list[str]:
    return [quarters_before(WINDOWS[0].name, ago) for ago in range(count, 0, -1)]


def _who_left(
    item: str, members: Collection[str], window: Window, rules: Rules, found: Organisation
) -> set[str]:
    return {person for person in members if is_true(Fact(person, item, window.name), rules, found.left)}


def _item(slug: str) -> Mapping[str, Any]:
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
