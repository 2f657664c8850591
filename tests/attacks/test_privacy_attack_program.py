"""The integer-programming attacker against all that the door publishes, and against doors that look safe."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import combinations, product
from pathlib import Path

import pytest

from privacy import door
from privacy.attack.attacker import GivenAway, a_world, coalition_that_stops, given_away
from privacy.attack.knowledge import (
    Fact,
    Reading,
    Rules,
    closed_under,
    counted,
    counted_by_rubric,
    is_true,
    quarters_before,
    read_releases,
    word_means,
)
from privacy.attack.organisations import Organisation, on_rubrics
from privacy.bands import bands
from privacy.policy import Policy, load_policy
from privacy.rehearsal import WINDOWS, attack, generated, publish_all, rehearse, rules_of
from rubric.cells import band_signals
from rubric.map import load_map
from signals.catalog import load_catalog

ROOT = Path(__file__).parents[2]
FURTHER_MAPS = sorted((ROOT / "maps").glob("*.yaml"))
ALONE: Rules = {"reviews": [("reviews", 0)]}
LINKED: Rules = {
    "reviews": [("review", 0)],
    "helps": [("review", 0), ("answer", 0)],
    "answers": [("answer", 0)],
    "incidents": [("incident", 0)],
}
OVER_TWO_QUARTERS: Rules = {"reviews": [("review", 0)], "reviews-lately": [("review", 0), ("review", 1)]}


# --- the door holds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_the_items_of_the_shipped_map_give_nobody_away_in_forty_organisations_with_churn(
    first: int, tmp_path: Path
) -> None:
    looked_at = 0
    for seed, answers, found in rehearse(range(first, first + 10), SHIPPED, POLICY, tmp_path):
        assert found == [], f"organisation {seed}"
        looked_at += answers
    assert looked_at > 5_000


@pytest.mark.parametrize("path", FURTHER_MAPS, ids=lambda path: path.stem)
def test_the_items_of_every_further_map_give_nobody_away(path: Path, tmp_path: Path) -> None:
    rules = rules_of(load_map(path, CATALOG), CATALOG)
    found = list(rehearse(range(300, 308), rules, POLICY, tmp_path))
    assert [leaks for _, _, leaks in found if leaks] == []
    assert sum(answers for _, answers, _ in found) > 3_000


@pytest.mark.parametrize("coalition", [2, 3])
def test_an_agreement_that_expects_more_colluders_gives_nobody_away_to_them(
    coalition: int, tmp_path: Path
) -> None:
    stricter = POLICY.model_copy(update={"coalition": coalition})
    found = list(rehearse(range(30), LINKED, stricter, tmp_path))
    assert [leaks for _, _, leaks in found if leaks] == []
    assert sum(answers for _, answers, _ in found) > 500


def test_what_was_withdrawn_is_remembered_and_gives_nobody_away(tmp_path: Path) -> None:
    found = generated(3, LINKED)
    publish_all(found, LINKED, POLICY, tmp_path)
    before, _ = attack(found, LINKED, POLICY, tmp_path)
    team = door.published_teams(tmp_path)[0]
    shown = [item["item"] for item in door.read_team(tmp_path, team, "2026Q1").body["items"] if item["shown"]]
    assert shown
    door.withdraw(tmp_path, team, "2026Q1", shown[0], withdrawn_on=date(2026, 5, 1))
    assert attack(found, LINKED, POLICY, tmp_path) == (before, [])


# --- doors that look safe, and are not ------------------------------------------------------------------


def exact_counts(shop: Shop) -> Iterator[Reading]:
    for people, item, window in shop.cells():
        if len(people) >= 5:
            yield shop.between(people, item, window, lambda count: (count, count))


def a_floor_of_four(shop: Shop) -> Iterator[Reading]:
    yield from shop.published()
    for people, item, window in shop.cells():
        if len(people) == 4:
            yield shop.between(people, item, window, lambda count: (0, 1) if count < 2 else (2, 4))


def a_dash_for_fewer_than_five(shop: Shop) -> Iterator[Reading]:
    yield from shop.published()
    for people, item, window in shop.cells():
        size = len(people)
        ends = (5, size) if shop.count(people, item, window) >= 5 else (0, min(4, size))
        yield shop.between(people, item, window, lambda _, ends=ends: ends)


def a_dash_for_nobody(shop: Shop) -> Iterator[Reading]:
    yield from shop.published()
    for people, item, window in shop.cells():
        if len(people) >= 5 and shop.count(people, item, window) == 0:
            yield shop.between(people, item, window, lambda _: (0, 0))


def overlapping_teams(shop: Shop) -> Iterator[Reading]:
    """Two teams of nearly the same people: each lacks one whom the other has."""
    for people, item, window in shop.cells():
        for one in (min(people), max(people)):
            yield from shop.banded(people - {one}, item, window)


def an_independent_band_of_the_department(shop: Shop) -> Iterator[Reading]:
    yield from shop.published()
    for window in WINDOWS:
        everybody = frozenset().union(*(shop.cohort(team, window.name) for team in shop.found.teams))
        for item in shop.rules:
            yield from shop.banded(everybody, item, window.name)


def tails_of_width_one(shop: Shop) -> Iterator[Reading]:
    for people, item, window in shop.cells():
        if (size := len(people)) >= 5:
            yield shop.between(
                people,
                item,
                window,
                lambda count, size=size: (count, count) if count in (0, size) else (1, size - 1),
            )


def tails_of_width_two(shop: Shop) -> Iterator[Reading]:
    """What would be enough if nobody colluded."""
    for people, item, window in shop.cells():
        if (size := len(people)) >= 5:
            yield shop.between(
                people,
                item,
                window,
                lambda count, size=size: (
                    (0, 1) if count < 2 else (size - 1, size) if count > size - 2 else (2, size - 2)
                ),
            )


def published_again_without_a_leaver(shop: Shop) -> Iterator[Reading]:
    yield from shop.published()
    for people, item, window in shop.cells():
        yield from shop.banded(people - {min(people, default="")}, item, window)


def a_total_of_all_shown_items(shop: Shop) -> Iterator[Reading]:
    yield from shop.published()
    for window in WINDOWS:
        for team in shop.found.teams:
            facts = frozenset(
                Fact(person, item, window.name)
                for person in shop.cohort(team, window.name)
                for item in shop.rules
            )
            total = sum(map(shop.is_true, facts))
            if facts:
                yield Reading(facts, total, total)


def the_manager_told_apart(shop: Shop) -> Iterator[Reading]:
    """One band of the team, one of the team and its manager."""
    yield from shop.published()
    managers = {row.team: row.manager_id for row in shop.found.roster if row.manager_id}
    for window in WINDOWS:
        for team, manager in managers.items():
            for item in shop.rules:
                yield from shop.banded(shop.cohort(team, window.name) | {manager}, item, window.name)


@pytest.mark.parametrize(
    "mutant",
    [
        exact_counts,
        a_floor_of_four,
        a_dash_for_fewer_than_five,
        a_dash_for_nobody,
        overlapping_teams,
        an_independent_band_of_the_department,
        tails_of_width_one,
        tails_of_width_two,
        published_again_without_a_leaver,
        a_total_of_all_shown_items,
        the_manager_told_apart,
    ],
)
def test_the_attacker_catches_a_door_that_looks_safe(mutant: Callable[[Shop], Iterator[Reading]]) -> None:
    """And the door's own bands, in the very organisation where it does, give nobody away."""
    for seed in range(60):
        shop = Shop(generated(seed, LINKED), LINKED)
        if shop.attacked(list(mutant(shop))):
            assert shop.attacked(list(shop.published())) == []
            return
    pytest.fail("the attacker found nobody")


def test_the_attacker_catches_a_rule_that_expected_fewer_colluders() -> None:
    caught = [
        seed
        for seed in range(6)
        if (shop := Shop(generated(seed, LINKED), LINKED)).attacked(list(shop.published()), coalition=2)
    ]
    assert caught


def test_the_attacker_catches_shares_that_say_the_rest() -> None:
    readings, truth = team_of("abcde", true="ab")
    shares = [Fact("a", "reviews", "2026Q1"), Fact("b", "reviews", "2026Q1")]
    assert given_away(readings, ALONE, truth) == []
    found = given_away(readings, ALONE, truth, shared=shares, coalition=0)
    assert {(leak.fact.person_id, leak.value) for leak in found} == {("c", False), ("d", False), ("e", False)}


def test_the_attacker_catches_an_item_that_looks_back_over_two_quarters() -> None:
    readings, truth = looking_back()
    found = given_away(readings, OVER_TWO_QUARTERS, truth, coalition=0)
    assert {(leak.fact.person_id, leak.value) for leak in found} == {
        ("e", True),
        *((new, False) for new in "vwxy"),
    }


def test_one_answer_that_the_roster_rules_out_and_a_colluder_give_a_team_of_five_away() -> None:
    """The only newcomer reviews no newcomer's change, and everybody can see that from the roster."""
    readings, truth = team_of("abcde", true="abc")
    newcomer = Fact("e", "reviews", "2026Q1")
    assert given_away(readings, ALONE, truth) == []
    found = given_away(readings, ALONE, truth, shared=[newcomer])
    assert {leak.fact.person_id for leak in found} == {"a", "b", "c"}
    assert {leak.coalition for leak in found} == {frozenset("d")}


@pytest.mark.parametrize("path", [ROOT / "rubric_map.yaml", *FURTHER_MAPS], ids=lambda path: path.stem)
def test_so_no_band_rests_on_reviews_for_newcomers(path: Path) -> None:
    rubric = load_map(path, CATALOG)
    named = {indicator.signal for item in rubric.items for indicator in item.indicators}
    banded = set().union(*(band_signals(item, CATALOG) for item in rubric.items))
    assert "newcomer_reviews" in named - banded
    assert "reviews_given" in banded


# --- the attacker itself --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_the_attacker_finds_exactly_what_trying_every_world_finds(seed: int) -> None:
    readings, rules, truth, coalition = something_small(seed)
    fast = {leak.fact for leak in given_away(readings, rules, truth, coalition=coalition)}
    assert fast == given_away_by_trying(readings, rules, truth, coalition)


def test_trying_every_world_finds_something_in_some_of_these() -> None:
    found = [given_away_by_trying(*something_small(seed)) for seed in range(60)]
    assert 5 < sum(map(bool, found)) < 55


def test_the_coalition_that_is_named_is_sure_indeed() -> None:
    for seed in range(30):
        readings, rules, truth, coalition = something_small(seed)
        for leak in given_away(readings, rules, truth, coalition=coalition):
            assert len(leak.coalition) <= coalition
            assert leak.fact.person_id not in leak.coalition
            assert leak.fact in sure_of(readings, rules, truth, leak.coalition)


def test_out_of_time_counts_as_given_away() -> None:
    readings, truth = looking_back()
    found = given_away(readings, OVER_TWO_QUARTERS, truth, coalition=0, seconds=0.0)
    assert {leak.by for leak in found} == {"timeout"}
    assert {leak.fact.person_id for leak in found} >= set("vwxy")


def test_a_reading_that_does_not_fit_the_truth_is_no_clean_bill() -> None:
    readings, truth = team_of("abcde", true="abc")
    with pytest.raises(ValueError, match="does not fit the truth"):
        given_away([Reading(readings[0].facts, 0, 2)], ALONE, truth)


def test_an_attacker_who_knows_no_truth_finds_the_same() -> None:
    readings, truth = team_of("abcde", true="ab")
    known = {Fact("a", "reviews", "2026Q1"): True, Fact("b", "reviews", "2026Q1"): True}
    fitting = a_world(readings, ALONE, known)
    found = given_away(readings, ALONE, fitting, coalition=0, shared=known)
    assert {leak.fact.person_id for leak in found} == {"c", "d", "e"}
    assert all(fitting[fact] == truth[fact] for fact in known)


def test_the_attacker_shares_no_code_with_the_door() -> None:
    files = sorted((ROOT / "privacy" / "attack").glob("*.py"))
    assert len(files) > 4
    imported = {
        f"{node.module}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    } | {
        alias.name
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    ours = tuple(path.parent.name for path in ROOT.glob("*/__init__.py"))
    assert len(ours) > 10
    assert [
        name for name in imported if name.startswith(ours) and not name.startswith("privacy.attack")
    ] == []


@pytest.mark.parametrize("coalition", [1, 2, 3])
def test_the_attacker_reads_the_words_as_the_door_means_them(coalition: int) -> None:
    means = word_means(coalition)
    for size in range(1, 60):
        for band in bands(size, coalition=coalition):
            assert means(band.word, size) == (band.low, band.high)


@pytest.mark.parametrize("seed", range(15))
def test_the_attacker_counts_the_same_people_as_the_door(seed: int) -> None:
    found = generated(seed, ALONE)
    for window in WINDOWS:
        for team in found.teams:
            assert counted(found.roster, team, window.starts_on, window.ends_on) == door.eligible(
                found.roster, team, window, POLICY
            )


@pytest.mark.parametrize("seed", range(15))
def test_the_attacker_parts_a_team_by_rubric_as_the_door_does(seed: int) -> None:
    found = on_rubrics(generated(seed, ALONE), ("one", "two"), seed, WINDOWS[-1].ends_on)
    for window in WINDOWS:
        for team in found.teams:
            theirs = counted_by_rubric(found.roster, team, window.starts_on, window.ends_on)
            ours = door.cohorts(found.roster, team, window, POLICY)
            assert theirs == {rubric: people for rubric, people in ours.items() if people}
            assert sum(len(people) for people in ours.values()) == len(
                door.eligible(found.roster, team, window, POLICY)
            )


def test_one_band_for_both_rubrics_beside_one_for_each_would_give_people_away() -> None:
    """Why a statement that two rubrics share is counted for each of them, and never for both together."""
    everybody = [f"p{number}" for number in range(11)]
    facts = [Fact(person, "reviews", "2026Q1") for person in everybody]
    truth = {fact: number >= 9 for number, fact in enumerate(facts)}
    apart = [Reading(frozenset(facts[:5]), 0, 2), Reading(frozenset(facts[5:]), 0, 2)]
    assert given_away(apart, ALONE, truth) == []
    overlapping = [*apart, Reading(frozenset(facts[:10]), 0, 1), Reading(frozenset(facts), 2, 2)]
    assert given_away(overlapping, ALONE, truth)


@pytest.mark.parametrize(("window", "ago", "name"), [("2026Q3", 0, "2026Q3"), ("2026Q1", 1, "2025Q4")])
def test_a_quarter_so_many_quarters_earlier(window: str, ago: int, name: str) -> None:
    assert quarters_before(window, ago) == name


def test_whoever_leaves_a_trace_also_leaves_what_it_implies() -> None:
    rules = closed_under({"reviews": [("reviews_given", 0)]})
    assert rules["reviews"] == {
        ("reviews_given", 0),
        ("reviews_with_substance", 0),
        ("newcomer_reviews", 0),
        ("review_load_balance", 0),
    }


def test_the_attacker_reads_the_words_about_processes_too() -> None:
    assert {each.signal for each in CATALOG.of_kind("process")} <= set(SHIPPED)
    body = {"team": "t", "window": "2026Q3", "rubric": {"id": "r"}, "items": []}
    body |= {"processes": [{"process": "wait", "band": "most"}]}
    [reading] = read_releases([body], {("t", "2026Q3", "r"): [f"p{n}" for n in range(7)]})
    assert ({fact.item for fact in reading.facts}, reading.least, reading.most) == ({"wait"}, 5, 7)


@pytest.mark.parametrize(
    ("worlds", "at_most", "found"),
    [
        ([], 1, set()),
        (["b", "b"], 0, None),
        (["b", "bc"], 1, {"b"}),
        (["b", "c"], 1, None),
        (["b", "c"], 2, {"b", "c"}),
        (["", "b"], 3, None),
    ],
)
def test_the_smallest_answer_to_some_worlds(worlds: list[str], at_most: int, found: set[str] | None) -> None:
    assert coalition_that_stops([frozenset(people) for people in worlds], at_most) == found


# --- builders -------------------------------------------------------------------------------------------

POLICY: Policy = load_policy(ROOT / "agreement.yaml")
CATALOG = load_catalog()
SHIPPED = rules_of(load_map(ROOT / "rubric_map.yaml", CATALOG), CATALOG)


class Shop:
    """A generated organisation, and what a door might publish of it."""

    def __init__(self, found: Organisation, rules: Rules) -> None:
        self.found, self.rules = found, rules

    def cohort(self, team: str, window: str) -> frozenset[str]:
        return next(
            door.eligible(self.found.roster, team, each, POLICY) for each in WINDOWS if each.name == window
        )

    def cells(self) -> Iterator[tuple[frozenset[str], str, str]]:
        for window in WINDOWS:
            for team in self.found.teams:
                people = self.cohort(team, window.name)
                yield from ((people, item, window.name) for item in self.rules if people)

    def is_true(self, fact: Fact) -> bool:
        return is_true(fact, self.rules, self.found.left)

    def count(self, people: frozenset[str], item: str, window: str) -> int:
        return sum(self.is_true(Fact(person, item, window)) for person in people)

    def between(
        self, people: frozenset[str], item: str, window: str, ends: Callable[[int], tuple[int, int]]
    ) -> Reading:
        return Reading(
            frozenset(Fact(person, item, window) for person in people),
            *ends(self.count(people, item, window)),
        )

    def banded(self, people: frozenset[str], item: str, window: str) -> Iterator[Reading]:
        """The door's own band, of whichever people."""
        for band in bands(len(people)):
            if band.low <= self.count(people, item, window) <= band.high:
                yield self.between(people, item, window, lambda _, band=band: (band.low, band.high))

    def published(self) -> Iterator[Reading]:
        for people, item, window in self.cells():
            yield from self.banded(people, item, window)

    def attacked(self, readings: list[Reading], coalition: int = 1) -> list[GivenAway]:
        truth = {fact: self.is_true(fact) for reading in readings for fact in reading.facts}
        return given_away(readings, self.rules, truth, coalition=coalition, first_only=True)


def team_of(people: str, *, true: str) -> tuple[list[Reading], dict[Fact, bool]]:
    """One item of one team in one window, in the band that the door would give it."""
    truth = {Fact(person, "reviews", "2026Q1"): person in true for person in people}
    band = next(band for band in bands(len(people)) if band.low <= len(true) <= band.high)
    return [Reading(frozenset(truth), band.low, band.high)], truth


def looking_back() -> tuple[list[Reading], dict[Fact, bool]]:
    """Three of five left traces; four of the five stay, and two such are all that the next "few" allows.

    So the two are among those who stay, and whoever is new left none.
    """
    before, after = "2026Q1", "2026Q2"
    truth = {Fact(who, "reviews", before): who in "abe" for who in "abcde"} | {
        Fact(who, "reviews-lately", after): who in "ab" for who in "abcdvwxy"
    }
    bands_read = {before: word_means()("about half or more", 5), after: word_means()("few", 8)}
    return [
        Reading(frozenset(fact for fact in truth if fact.window == window), *counts)
        for window, counts in bands_read.items()
        if counts
    ], truth


def something_small(seed: int) -> tuple[list[Reading], Rules, dict[Fact, bool], int]:
    """A few people and linked items, with sums over some of the facts that happen to hold."""
    draw = random.Random(seed)
    rules: Rules = draw.choice([ALONE, {"a": [("x", 0)], "b": [("x", 0), ("y", 0)], "c": [("y", 0)]}])
    people = "pqrst"[: draw.randint(3, 5) if len(rules) == 1 else draw.randint(2, 3)]
    left = {
        (person, "2026Q1"): {trace for trace in ["reviews", "x", "y"] if draw.random() < 0.5}
        for person in people
    }
    facts = [Fact(person, item, "2026Q1") for person in people for item in rules]
    truth = {fact: is_true(fact, rules, left) for fact in facts}
    readings = [Reading(frozenset(facts), 0, len(facts))]
    for _ in range(draw.randint(1, 4)):
        some = frozenset(draw.sample(facts, draw.randint(2, len(facts))))
        count = sum(truth[fact] for fact in some)
        readings.append(
            Reading(some, max(count - draw.randint(0, 2), 0), min(count + draw.randint(0, 2), len(some)))
        )
    return readings, rules, truth, draw.randint(0, 2)


def given_away_by_trying(
    readings: list[Reading], rules: Rules, truth: Mapping[Fact, bool], coalition: int
) -> set[Fact]:
    people = sorted({fact.person_id for fact in truth})
    groups = [frozenset(some) for size in range(coalition + 1) for some in combinations(people, size)]
    return set().union(*(sure_of(readings, rules, truth, group) for group in groups))


def sure_of(
    readings: list[Reading], rules: Rules, truth: Mapping[Fact, bool], group: frozenset[str]
) -> set[Fact]:
    """What this group knows of others, by trying every set of traces that everybody may have left."""
    traces = sorted({trace for each in rules.values() for trace, _ in each})
    people = sorted({fact.person_id for fact in truth})
    seen: dict[Fact, set[bool]] = {fact: set() for fact in truth}
    for bits in product((False, True), repeat=len(people) * len(traces)):
        chosen = iter(bits)
        left = {(person, "2026Q1"): {trace for trace in traces if next(chosen)} for person in people}
        world = {fact: is_true(fact, rules, left) for fact in truth}
        if all(world[fact] == truth[fact] for fact in truth if fact.person_id in group) and all(
            reading.least <= sum(world[fact] for fact in reading.facts) <= reading.most
            for reading in readings
        ):
            for fact, value in world.items():
                seen[fact].add(value)
    return {fact for fact, values in seen.items() if len(values) == 1 and fact.person_id not in group}
