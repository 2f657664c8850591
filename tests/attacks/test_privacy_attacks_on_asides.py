"""Whoever contests, shares early or opts out: what the bands then say, to readers who know all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from privacy import asides, door
from privacy.attack.attacker import given_away
from privacy.attack.knowledge import IMPLIED, Fact, Reading, Rules, is_true
from privacy.attack.organisations import Organisation
from privacy.bands import Band, bands
from privacy.policy import Policy, load_policy
from privacy.rehearsal import WINDOWS, as_counted, attack, generated, publish_all, rules_of, some_aside
from rubric.map import load_map
from signals.catalog import load_catalog

ROOT = Path(__file__).parents[2]
POLICY: Policy = load_policy(ROOT / "agreement.yaml")
CATALOG = load_catalog()
SHIPPED = rules_of(load_map(ROOT / "rubric_map.yaml", CATALOG), CATALOG)
ALONE: Rules = {"reviews": [("reviews_given", 0)]}


# --- what is published holds ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(100, 108))
def test_with_people_set_aside_nobody_is_given_away(seed: int, tmp_path: Path) -> None:
    """The attacker takes the drawn answers for true ones, and its proof needs no more."""
    found = generated(seed, SHIPPED)
    aside = {window.name: frozenset(people(found)[seed % 3 :: 3]) for window in WINDOWS}
    publish_all(found, SHIPPED, POLICY, tmp_path, aside)
    looked_at, leaks = attack(found, SHIPPED, POLICY, tmp_path, aside)
    assert leaks == []
    assert looked_at > 50


@pytest.mark.parametrize("seed", range(4))
def test_which_items_are_shown_is_the_same_whoever_is_set_aside(seed: int, tmp_path: Path) -> None:
    found = generated(seed, ALONE)
    everybody = {window.name: frozenset(people(found)) for window in WINDOWS}
    publish_all(found, ALONE, POLICY, tmp_path / "nobody")
    publish_all(found, ALONE, POLICY, tmp_path / "all", everybody)
    assert shown(tmp_path / "nobody") == shown(tmp_path / "all")


@pytest.mark.parametrize("seed", range(4))
def test_what_somebody_set_aside_really_did_changes_no_published_byte(seed: int, tmp_path: Path) -> None:
    found = generated(seed, SHIPPED)
    aside = {window.name: frozenset(people(found)[::4]) for window in WINDOWS}
    all_signals = frozenset(trace for traces in SHIPPED.values() for trace, _ in traces)
    for name, did in (("nothing", frozenset()), ("everything", all_signals)):
        other = {(person, window): did for window, some in aside.items() for person in some}
        publish_all(Organisation(found.roster, found.left | other), SHIPPED, POLICY, tmp_path / name, aside)
    assert published_bytes(tmp_path / "nothing") == published_bytes(tmp_path / "everything")


def test_the_rehearsal_sets_people_aside_in_most_of_its_organisations() -> None:
    counts = [sum(map(len, some_aside(seed, generated(seed, ALONE)).values())) for seed in range(20)]
    assert sum(count > 0 for count in counts) > 10
    assert min(counts) == 0


# --- doors that look safe, and are not ----------------------------------------------------------------------


def test_no_rule_of_words_hides_four_people_of_whom_one_colludes() -> None:
    """Why nobody leaves a team of five: whatever way four are cut into bands, some band tells.

    So either the band of five that lost one gives somebody away, or its dash says that one was set aside.
    """
    ways = [
        [(low, high - 1) for low, high in zip([0, *cuts], [*cuts, 5], strict=True)]
        for cuts in cut_ways(range(1, 5))
    ]
    assert len(ways) == 15
    for cut in ways:
        found = [
            leak for low, high in cut for count in range(low, high + 1) for leak in of_four(count, low, high)
        ]
        assert found, cut


def leaving_the_count(
    team: str, aside: frozenset[str], truth: dict[Fact, bool]
) -> Iterator[tuple[Reading, set[Fact]]]:
    """The band of those who are left, with the bands of the whole team."""
    left = {fact: value for fact, value in truth.items() if fact.person_id not in aside}
    band = banded(sum(left.values()), len(team))
    yield Reading(frozenset(left), band.low, min(band.high, len(left))), set()


def counted_as_none(
    team: str, aside: frozenset[str], truth: dict[Fact, bool]
) -> Iterator[tuple[Reading, set[Fact]]]:
    """Whoever is set aside is counted without traces, which whoever hears of it then knows."""
    counted = {fact: value and fact.person_id not in aside for fact, value in truth.items()}
    band = banded(sum(counted.values()), len(team))
    truth.update(counted)
    yield Reading(frozenset(counted), band.low, band.high), {f for f in truth if f.person_id in aside}


def counted_as_they_are(
    team: str, aside: frozenset[str], truth: dict[Fact, bool]
) -> Iterator[tuple[Reading, set[Fact]]]:
    """Sharers stay in the band, and whoever read their share knows what they did."""
    band = banded(sum(truth.values()), len(team))
    yield Reading(frozenset(truth), band.low, band.high), {f for f in truth if f.person_id in aside}


@pytest.mark.parametrize("mutant", [leaving_the_count, counted_as_none, counted_as_they_are])
def test_the_attacker_catches_other_ways_to_set_people_aside(
    mutant: Callable[[str, frozenset[str], dict[Fact, bool]], Iterator[tuple[Reading, set[Fact]]]],
) -> None:
    caught = 0
    for did in product((False, True), repeat=5):
        truth = {Fact(who, "reviews", "2026Q1"): value for who, value in zip("abcde", did, strict=True)}
        for reading, known in mutant("abcde", frozenset("a"), truth):
            rest = {fact: truth[fact] for fact in reading.facts | known}
            caught += bool(given_away([reading], ALONE, rest, shared=known))
    assert caught


# --- the made-up person -------------------------------------------------------------------------------------


def test_a_made_up_person_obeys_what_the_attacker_holds_for_law() -> None:
    assert asides.BRINGS == IMPLIED
    signals = sorted({trace for traces in SHIPPED.values() for trace, _ in traces})
    for number in range(300):
        left = asides.drawn(f"person-{number}", "2026Q1", signals, "secret")
        assert {IMPLIED[trace] for trace in left if trace in IMPLIED} <= left


def test_any_person_may_be_made_up_and_nobody_can_foresee_whom() -> None:
    signals = ["coauthored_work", "docs_merged", "merged_work"]
    lawful = {
        frozenset(some)
        for some in (
            [],
            ["merged_work"],
            ["merged_work", "docs_merged"],
            ["merged_work", "coauthored_work"],
            signals,
        )
    }
    drawn = [asides.drawn(f"person-{number}", "2026Q1", signals, "secret") for number in range(400)]
    assert {left & set(signals) for left in drawn} == lawful
    assert drawn == [asides.drawn(f"person-{number}", "2026Q1", signals, "secret") for number in range(400)]
    other = [asides.drawn(f"person-{number}", "2026Q1", signals, "other") for number in range(400)]
    assert sum(one != two for one, two in zip(drawn, other, strict=True)) > 200


def test_a_made_up_person_is_the_same_whichever_signals_are_asked_about() -> None:
    """A team's band asks about its rubric's signals, the word for the organisation about all of them."""
    for number in range(100):
        of_few = asides.drawn(f"person-{number}", "2026Q1", ["merged_work", "answers_given"], "secret")
        of_all = asides.drawn(
            f"person-{number}", "2026Q1", [*IMPLIED, "answers_given", "postmortems"], "secret"
        )
        assert of_few == of_all & {"merged_work", "answers_given"}


def test_an_item_of_somebody_set_aside_is_true_as_often_as_not() -> None:
    counted = as_counted(crowd(2_000), ALONE, {"2026Q1": frozenset(f"p{n}" for n in range(2_000))})
    count = sum(is_true(Fact(f"p{n}", "reviews", "2026Q1"), ALONE, counted.left) for n in range(2_000))
    assert 900 < count < 1_100


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (0, {"contests", "upheld", "shared", "out"}),
        (1, {"shared-next", "out", "out-later"}),
    ],
)
def test_who_is_set_aside_in_a_window(window: int, found: set[str]) -> None:
    contests = [
        Decided("contests", "2026Q1", "open"),
        Decided("upheld", "2026Q1", "upheld"),
        Decided("dismissed", "2026Q1", "dismissed"),
    ]
    shares = [Decided("shared", "2026Q1"), Decided("shared-next", "2026Q2")]
    out = {"out": date(2026, 3, 31), "out-later": date(2026, 4, 1)}
    assert asides.set_aside(WINDOWS[window], contests, shares, out) == found


# --- builders -----------------------------------------------------------------------------------------------


class Decided:
    """A contest or a share, as far as it matters."""

    def __init__(self, person_id: str, quarter: str, state: str = "") -> None:
        self.person_id, self.quarter, self.state = person_id, quarter, state


def people(found: Organisation) -> list[str]:
    return sorted({row.person_id for row in found.roster})


def crowd(size: int) -> Organisation:
    return Organisation((), {(f"p{number}", "2026Q1"): frozenset() for number in range(size)})


def shown(published: Path) -> list[tuple[str, str, list[bool]]]:
    return [
        (team, window, [item["shown"] for item in door.read_team(published, team, window).body["items"]])
        for team in door.published_teams(published)
        for window in door.published_windows(published, team)
    ]


def published_bytes(published: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in sorted((published / "teams").rglob("*.json"))}
    assert found
    return found


def banded(count: int, size: int) -> Band:
    return next(band for band in bands(size) if band.low <= count <= band.high)


def cut_ways(places: range) -> Iterator[tuple[int, ...]]:
    """Every way to cut the counts from 0 to 4 into at least two bands."""
    for chosen in product((False, True), repeat=len(places)):
        if any(chosen):
            yield tuple(place for place, cut in zip(places, chosen, strict=True) if cut)


def of_four(count: int, low: int, high: int) -> list[object]:
    truth = {Fact(who, "reviews", "2026Q1"): at < count for at, who in enumerate("abcd")}
    return list(given_away([Reading(frozenset(truth), low, high)], ALONE, truth, coalition=1))
