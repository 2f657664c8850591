"""Shares and a band together: every set of shares that tells the rest was warned of, and no other."""

from __future__ import annotations

import re
from datetime import date
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from privacy import door, shares
from privacy.asides import BRINGS
from privacy.attack.attacker import given_away
from privacy.attack.knowledge import Fact, Reading, is_true
from privacy.bands import bands
from privacy.policy import load_policy
from privacy.rehearsal import WINDOWS, generated, rules_of
from rubric.map import load_map
from signals.catalog import load_catalog

ROOT = Path(__file__).parents[2]
POLICY = load_policy(ROOT / "agreement.yaml")
CATALOG = load_catalog()
SHIPPED = rules_of(load_map(ROOT / "rubric_map.yaml", CATALOG), CATALOG)
PROCESSES = {each.signal for each in CATALOG.of_kind("process")}
SIZES = range(5, 13)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("coalition", [1, 2])
def test_every_set_of_shares_that_tells_the_rest_was_warned_of(size: int, coalition: int) -> None:
    """All bands, all sets, as numbers of yeses and noes told: who tells a yes is like who tells another."""
    tried = 0
    for band in bands(size, coalition=coalition):
        for yeses, noes in product(range(size), repeat=2):
            if yeses + noes < size and tells_the_rest(band.low, band.high, size, yeses, noes):
                warned = [
                    shares.others_needed(band.low, band.high, size, value)
                    for value, told in ((True, yeses), (False, noes))
                    if told
                ]
                numbers = [number for number in warned if number is not None]
                assert numbers, (band, yeses, noes)
                assert min(numbers) <= yeses + noes - 1
                tried += 1
    assert tried or not bands(size, coalition=coalition)


@pytest.mark.parametrize("size", SIZES)
def test_a_warning_names_the_fewest_others_that_it_really_takes(size: int) -> None:
    for band in bands(size):
        for value in (True, False):
            sets = [
                yeses + noes
                for yeses, noes in product(range(size), repeat=2)
                if yeses + noes < size - 1
                and tells_the_rest(band.low, band.high, size, yeses + value, noes + (not value))
                and not tells_the_rest(band.low, band.high, size, yeses, noes)
            ]
            assert shares.others_needed(band.low, band.high, size, value) == min(sets, default=None)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("coalition", [1, 2])
def test_one_share_alone_needs_as_many_others_as_the_band_is_made_for(size: int, coalition: int) -> None:
    for band in bands(size, coalition=coalition):
        for value in (True, False):
            needed = shares.others_needed(band.low, band.high, size, value)
            assert needed is None or needed >= coalition


@pytest.mark.parametrize("seed", range(200, 212))
def test_shares_without_a_warning_give_nobody_away_across_items_and_quarters(seed: int) -> None:
    """Everybody shares all that they are not warned of; an attacker reads that and the bands, and colludes.

    What somebody told themselves, or what follows from it alone, is not given away by anybody. The words
    about processes are read too; for whom they held nobody can share, and nobody is warned of them.
    """
    found = generated(seed, SHIPPED)
    readings, told, warned = [], set(), set()
    for window in WINDOWS:
        for team in found.teams:
            people = door.eligible(found.roster, team, window, POLICY)
            for item in SHIPPED:
                facts = {person: Fact(person, item, window.name) for person in people}
                true = {person: is_true(fact, SHIPPED, found.left) for person, fact in facts.items()}
                for band in bands(len(people)):
                    if band.low <= sum(true.values()) <= band.high:
                        readings.append(Reading(frozenset(facts.values()), band.low, band.high))
                        for person, value in true.items():
                            if item in PROCESSES:
                                continue
                            needed = shares.others_needed(band.low, band.high, len(people), value)
                            (told if needed is None else warned).add(facts[person])
    shared = {fact for fact in told if not beside(fact, warned)}
    truth = {fact: is_true(fact, SHIPPED, found.left) for reading in readings for fact in reading.facts}
    leaks = given_away(readings, SHIPPED, truth, shared=shared, coalition=1)
    assert [leak for leak in leaks if not beside(leak.fact, shared)] == []
    assert len(shared) > 20
    assert warned


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("coalition", [1, 2])
def test_what_an_item_tells_of_a_process_its_own_band_warns_of_as_early(size: int, coalition: int) -> None:
    """Why the words about processes warn of nothing: a share tells of them a no at most, by telling that what
    they need is missing. Whoever has the process has that too, so its band is never the lower one.
    """
    of_count = {n: band for band in bands(size, coalition=coalition) for n in range(band.low, band.high + 1)}
    for item, process in ((a, b) for a in of_count for b in of_count if b <= a):
        by_process = shares.others_needed(of_count[process].low, of_count[process].high, size, False)
        by_item = shares.others_needed(of_count[item].low, of_count[item].high, size, False)
        assert by_process is None or (by_item is not None and by_item <= by_process)


def test_every_process_needs_what_some_item_with_a_band_rests_on() -> None:
    """Or nothing that any item rests on; then no share tells of it at all."""
    resting = {name: signals(name) for name in SHIPPED if name not in PROCESSES}
    for process in PROCESSES:
        needed = BRINGS.get(process)
        assert needed is None or any(needed in traces for traces in resting.values())
    assert sum(process in BRINGS for process in PROCESSES) == 3


def test_shares_that_were_warned_of_do_give_people_away() -> None:
    people = {who: Fact(who, "reviews", "2026Q1") for who in "abcde"}
    truth = {fact: who in "ab" for who, fact in people.items()}
    reading = Reading(frozenset(truth), 0, 2)
    assert shares.others_needed(0, 2, 5, True) == 1
    found = given_away(
        [reading], {"reviews": [("r", 0)]}, truth, shared=[people["a"], people["b"]], coalition=0
    )
    assert {leak.fact.person_id for leak in found} == {"c", "d", "e"}


# --- who may open -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reader", "day", "does"),
    [
        ({}, "reader", 1, True),
        ({}, "reader", 30, True),
        ({}, "reader", 31, False),
        ({}, "forwarded-to", 1, False),
        ({}, None, 1, False),
        ({"recipient_id": None}, None, 1, False),
        ({"recipient_id": None}, "reader", 1, False),
        ({"revoked_on": date(2026, 10, 1)}, "reader", 1, False),
        ({"shared_on": date(2026, 10, 2)}, "reader", 1, False),
        (None, "reader", 1, False),
        (None, None, 1, False),
    ],
)
def test_who_may_open_a_share(
    changed: dict[str, object] | None, reader: str | None, day: int, does: bool
) -> None:
    share = None if changed is None else Share()._replace(**changed)  # type: ignore[arg-type]
    assert shares.opens(share, reader, date(2026, 10, day)) is does


def test_no_two_tokens_are_the_same_and_none_is_kept() -> None:
    made = {shares.new_token() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(re.fullmatch(r"[0-9a-f]{48}", token) for token in made)
    assert not made & {shares.token_sha256(token) for token in made}


# --- builders ---------------------------------------------------------------------------------------------


class Share(NamedTuple):
    recipient_id: str | None = "reader"
    shared_on: date = date(2026, 10, 1)
    ends_on: date = date(2026, 10, 31)
    revoked_on: date | None = None


def signals(item: str) -> set[str]:
    return {trace for trace, _ in SHIPPED[item]}


def beside(fact: Fact, others: set[Fact]) -> bool:
    """Whether one of these is the same person's and window's, and of an item that tells on this one."""
    return any(
        Fact(fact.person_id, item, fact.window) in others
        and shares.tell_on_each_other(signals(fact.item), signals(item))
        for item in SHIPPED
    )


def tells_the_rest(low: int, high: int, size: int, yeses: int, noes: int) -> bool:
    """By trying every count of the rest that the band allows: whether all of these say the same of everybody.

    False for what no true count fits.
    """
    rest = size - yeses - noes
    possible = [count for count in range(rest + 1) if low <= yeses + count <= high]
    return possible in ([0], [rest])
