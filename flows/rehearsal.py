"""The door rehearsed: generated organisations go through it, and the attacker reads what came out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from privacy import door
from privacy.attack.attacker import GivenAway, given_away
from privacy.attack.knowledge import (
    Fact,
    Rules,
    closed_under,
    counted,
    is_true,
    quarters_before,
    read_releases,
    releases_in,
    word_means,
)
from privacy.attack.organisations import Organisation, organisation
from privacy.policy import Policy
from rubric.cells import bandable
from rubric.map import RubricMap
from signals.catalog import Catalog
from warehouse.windows import Window

WINDOWS = [Window(2026, quarter) for quarter in (1, 2, 3, 4)]
_SOURCE = {"source": "generated", "complete": True, "from": None, "through": None, "because": None}


def rules_of(rubric: RubricMap, catalog: Catalog) -> Rules:
    """For each item that may have a band: which traces of the window itself make it true."""
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


def publish_all(found: Organisation, rules: Rules, policy: Policy, published: Path) -> None:
    """Every team's release of the four windows, through the door, into a folder."""
    for window in WINDOWS:
        for team in found.teams:
            members = door.eligible(found.roster, team, window, policy)
            released = door.release_team(
                team=team,
                window=window,
                members=members,
                traces={item: _who_left(item, members, window, rules, found) for item in rules},
                items=[_item(item) for item in rules],
                sources=[_SOURCE],
                rubric={"id": "generated", "title": "Generated"},
                policy=policy,
                published_on=window.ends_on + timedelta(days=policy.delay_days),
            )
            door.publish(published, released)


def attack(
    found: Organisation, rules: Rules, policy: Policy, published: Path, *, seconds: float = 10.0
) -> tuple[int, list[GivenAway]]:
    """How many answers the attacker read about, and which were given away."""
    cohorts = {
        (team, window.name): counted(
            found.roster, team, window.starts_on, window.ends_on, policy.presence_percent
        )
        for window in WINDOWS
        for team in found.teams
    }
    readings = read_releases(releases_in(published), cohorts, word_means(policy.coalition))
    truth = {fact: is_true(fact, rules, found.left) for reading in readings for fact in reading.facts}
    return len(truth), given_away(readings, rules, truth, coalition=policy.coalition, seconds=seconds)


def rehearse(
    seeds: Sequence[int], rules: Rules, policy: Policy, folder: Path
) -> Iterator[tuple[int, int, list[GivenAway]]]:
    """For each seed: the seed, how many answers were attacked, and which were given away."""
    for seed in seeds:
        found = generated(seed, rules)
        publish_all(found, rules, policy, folder / str(seed))
        yield seed, *attack(found, rules, policy, folder / str(seed))


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
