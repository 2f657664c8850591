"""An attacker who holds the items of the shipped map against each other, knowing how they are linked.

Members are alike but for what they did, so a team is the number of members with each profile: which of the
items they left traces of. The attacker knows the bands of all the items, one teammate's profile, and which
profiles can occur at all, and asks of every item whether all the others must have left traces, or none.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, permutations
from pathlib import Path

import pytest

from privacy.bands import band_of
from rubric.cells import bandable
from rubric.map import RubricMap, load_map
from signals.catalog import Catalog, load_catalog

ROOT = Path(__file__).parents[2]

# Whoever has the first has the second: what the queries say, and what an attacker may read in them.
IMPLIES = {
    "newcomer_reviews": "reviews_with_substance",
    "reviews_with_substance": "reviews_given",
    "coauthored_work": "merged_work",
    "docs_merged": "merged_work",
    "experiments_merged": "merged_work",
    "incident_updates": "incident_participation",
}
TOGETHER = 4
"""So many items are held against each other at a time."""

Profile = tuple[int, ...]


@pytest.mark.parametrize("size", [5, 6, 7, 8])
def test_items_of_the_shipped_map_held_against_each_other_determine_nobody(size: int) -> None:
    links = links_between_items()
    assert len(links) > 10
    assert [(sorted(link), found) for link in links if (found := attack(link, size))] == []


@pytest.mark.parametrize("size", [6, 7])
def test_the_attacker_finds_items_that_give_each_other_away(size: int) -> None:
    # three items of which everybody has exactly one: a link that no map may have
    one_of_three = frozenset({(1, 0, 0), (0, 1, 0), (0, 0, 1)})
    assert attack(one_of_three, size) is not None


# --- the attacker ---------------------------------------------------------------------------------------


def attack(profiles: frozenset[Profile], size: int) -> str | None:
    """The first item of which everybody's result follows, and from what; None when nobody's does."""
    others = size - 1
    totals = totals_of(profiles, others)
    word = [band_of(count, size).word for count in range(size + 1)]
    for own in profiles:
        least: dict[tuple[str, ...], tuple[int, ...]] = {}
        most: dict[tuple[str, ...], tuple[int, ...]] = {}
        for total in totals:
            sees = tuple(word[count + mine] for count, mine in zip(total, own, strict=True))
            least[sees] = tuple(map(min, least.get(sees, total), total))
            most[sees] = tuple(map(max, most.get(sees, total), total))
        for words in least:
            for item, (low, high) in enumerate(zip(least[words], most[words], strict=True)):
                if high == 0 or low == others:
                    return f"item {item} of {size} people, for whoever has {own} and reads {words}"
    return None


def totals_of(profiles: Iterable[Profile], people: int) -> set[Profile]:
    """Every way in which so many people's profiles can add up, item by item."""
    found = {tuple(0 for _ in next(iter(profiles)))}
    for _ in range(people):
        found = {tuple(map(sum, zip(total, each, strict=True))) for total in found for each in profiles}
    return found


# --- the shipped map --------------------------------------------------------------------------------------


def links_between_items() -> set[frozenset[Profile]]:
    """The profiles that can occur, for every few linked items of every shipped map; each kind of link once.

    Items that rest on the same signals say the same, and are one.
    """
    catalog = load_catalog()
    found = set()
    for path in [ROOT / "rubric_map.yaml", *sorted((ROOT / "maps").glob("*.yaml"))]:
        items = set(shown_by(load_map(path, catalog), catalog).values())
        for together in range(2, TOGETHER + 1):
            for few in combinations(sorted(items, key=sorted), together):
                if all(any(linked(a, b) for b in few if b != a) for a in few):
                    found.add(as_one_kind(profiles_of(list(few))))
    return found


def shown_by(rubric: RubricMap, catalog: Catalog) -> dict[str, frozenset[str]]:
    """For each item that has bands: which signals feed them."""
    return {
        item.slug: frozenset(
            each.signal for each in item.indicators if catalog[each.signal].sensitivity == "band"
        )
        for item in rubric.items
        if bandable(item, catalog)
    }


def implied(signal: str) -> set[str]:
    """The signal and everything that follows from it."""
    return {signal} | (implied(IMPLIES[signal]) if signal in IMPLIES else set())


def linked(some: frozenset[str], others: frozenset[str]) -> bool:
    return bool(set().union(*map(implied, some)) & set().union(*map(implied, others)))


def profiles_of(items: list[frozenset[str]]) -> frozenset[Profile]:
    """Every profile somebody can have: nothing, what one signal brings about, and any of these together."""
    signals = set(IMPLIES) | set().union(*items)
    alone = {tuple(int(bool(implied(signal) & item)) for item in items) for signal in signals}
    found = {tuple(0 for _ in items)}
    while True:
        grown = found | {tuple(map(max, one, other)) for one in found for other in alone}
        if grown == found:
            return frozenset(found)
        found = grown


def as_one_kind(profiles: frozenset[Profile]) -> frozenset[Profile]:
    """The same profiles with the items in whatever order comes first: equal links become equal."""
    width = len(next(iter(profiles)))
    orders = sorted(permutations(range(width)))
    return min(
        (frozenset(tuple(each[at] for at in order) for each in profiles) for order in orders), key=sorted
    )
