"""What the organisation reads of its signals, attacked: it must tell nothing of anybody."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from privacy import door, organisation
from privacy.attack.attacker import given_away
from privacy.attack.knowledge import Fact, Reading, is_true, signal_means, signals_in
from privacy.bands import band_of
from privacy.errors import BrokenRelease, NotDue, NotYetPublished, RefusedBody
from privacy.organisation import CAP, SELDOM, Traces, often
from privacy.policy import load_policy
from privacy.rehearsal import WINDOWS, generated, rehearse, rules_of, told_of
from privacy.released import Released
from reports import signal_coverage
from rubric.map import load_map
from signals.catalog import load_catalog
from warehouse.windows import Window

ROOT = Path(__file__).parents[2]
POLICY = load_policy(ROOT / "agreement.yaml")
CATALOG = load_catalog()
MAPS = [ROOT / "rubric_map.yaml", *sorted((ROOT / "maps").glob("*.yaml"))]
SHIPPED = rules_of(load_map(MAPS[0], CATALOG), CATALOG)
Q2, Q3 = Window(2026, 2), Window(2026, 3)
PEOPLE = [f"p{n}" for n in range(10)]
SIGNALS = ["merged_work", "tests_touched", "reviews_given", "work_size_band"]

Objects = dict[str, dict[str, set[str]]]


@pytest.mark.parametrize("sizes", [(5,), (7,), (5, 5), (5, 6), (5, 5, 5), (9, 6)])
def test_the_word_beside_the_bands_of_every_team_determines_nobody(sizes: tuple[int, ...]) -> None:
    assert not list(determined(sizes, threshold=sum(sizes) + CAP))


def test_the_attacker_catches_a_word_that_begins_too_low_or_too_high() -> None:
    assert list(determined((5, 5), threshold=1))
    assert list(determined((5, 5), threshold=6))
    assert list(determined((5, 5), threshold=10 * CAP))


@pytest.mark.parametrize("sizes", [(5,), (5, 5), (7, 5)])
def test_words_of_two_signals_of_which_one_brings_the_other_determine_nobody(sizes: tuple[int, ...]) -> None:
    """Whoever left the first left the second, as with reviews with substance and reviews."""
    threshold = sum(sizes) + CAP
    for first, second in ((a, b) for b in range(CAP + 1) for a in range(b + 1)):
        free = [size - (place == 0) for place, size in enumerate(sizes)]
        pairs = [[(a, b) for b in range(each + 1) for a in range(b + 1)] for each in free]
        readings: dict[tuple[object, ...], list[tuple[tuple[int, int], ...]]] = {}
        for world in product(*pairs):
            words = tuple(
                band_of(count + (place == 0 and own > 0), sizes[place]).word
                for place, counts in enumerate(world)
                for count, own in zip(counts, (first, second), strict=True)
            )
            low, high = (
                [own + each * sum(counts[k] for counts in world) for k, own in ((0, first), (1, second))]
                for each in (1, CAP)
            )
            can = {
                (False, False): low[1] < threshold,
                (False, True): low[0] < threshold <= high[1],
                (True, True): high[0] >= threshold,
            }
            for told in (told for told, is_possible in can.items() if is_possible):
                readings.setdefault((*words, told), []).append(world)
        for worlds in readings.values():
            for place, among in enumerate(free):
                for k in (0, 1):
                    assert {world[place][k] for world in worlds} not in ({0}, {among})


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_words_of_all_signals_beside_the_bands_of_all_items_give_nobody_away(
    path: Path, tmp_path: Path
) -> None:
    """The integer program reads them together, linked as they are: any number of signals, teams and items."""
    rules = rules_of(load_map(path, CATALOG), CATALOG)
    told = told_of(rules, CATALOG)
    found = list(rehearse(range(400, 405), rules, POLICY, tmp_path, told))
    assert [leaks for _, _, leaks in found if leaks] == []
    words = Counter(
        row["word"] for seed in tmp_path.iterdir() for body in signals_in(seed) for row in body["signals"]
    )
    assert min(words["often"], words[SELDOM]) > 20
    assert len(told) > 10


@pytest.mark.parametrize("begins", ["with the first", "with the last"])
def test_the_program_catches_a_word_that_begins_elsewhere(begins: str) -> None:
    """Told `often` as soon as anybody left a trace, or once everybody did: one of the words tells all."""
    caught = 0
    for seed in range(400, 406):
        found = generated(seed, SHIPPED)
        for item, window in product(SHIPPED, WINDOWS):
            facts = [Fact(row.person_id, item, window.name) for row in found.roster]
            truth = {fact: is_true(fact, SHIPPED, found.left) for fact in facts}
            count, least = sum(truth.values()), 1 if begins == "with the first" else len(truth)
            ends = (least, len(truth)) if count >= least else (0, least - 1)
            caught += bool(given_away([Reading(frozenset(truth), *ends)], SHIPPED, truth, first_only=True))
    assert caught


def test_the_program_is_told_as_much_of_a_word_as_any_colluders_can_know() -> None:
    """By trying all objects that they can have left, and all numbers of others who left one or five each."""
    for size, colluders in product(range(5, 14), range(3)):
        for own in product(range(CAP + 1), repeat=colluders):
            known = sum(map(bool, own))
            for word, each in (("often", CAP), (SELDOM, 1)):
                possible = [
                    known + left
                    for left in range(size - colluders + 1)
                    if (sum(own) + left * each >= size + CAP) is (word == "often")
                ]
                for count in possible:
                    least, most = signal_means(word, size, count, colluders)
                    assert least <= count <= most
                    assert least >= min(possible) or min(possible) == known  # nothing but their own
                    assert most <= max(possible) or max(possible) == known + size - colluders


def test_often_begins_where_the_attack_says() -> None:
    counts = dict.fromkeys(PEOPLE[:3], 99)
    assert often(counts, 10)
    assert not often({**counts, "p2": CAP - 1}, 10)


def test_below_the_floor_nothing_is_shown_whatever_the_data() -> None:
    bodies = [release(objects, PEOPLE[:4]).body for objects in (plenty(), {name: {} for name in plenty()})]
    assert bodies[0] == bodies[1]
    assert (bodies[0]["shown"], bodies[0]["signals"], bodies[0]["repositories"]) == (False, [], None)
    assert "No team" in signal_coverage.text(signal_coverage.view([release(plenty(), PEOPLE[:4])]))


def test_shuffled_data_changes_neither_which_signals_are_shown_nor_their_order() -> None:
    dice = random.Random("signal coverage")
    seen = set()
    for _ in range(50):
        objects = {
            name: {person: set(map(str, range(dice.randrange(9)))) for person in PEOPLE} for name in SIGNALS
        }
        body = release(objects).body
        seen.add(tuple((row["signal"], row["shown"]) for row in body["signals"]))
    assert seen == {tuple((name, name != "work_size_band") for name in SIGNALS)}


def test_overlap_is_of_objects_and_between_signals_that_fire_often() -> None:
    rows = {row["signal"]: row for row in release(plenty()).body["signals"]}
    assert rows["tests_touched"]["overlaps"] == ["merged_work"]
    assert rows["merged_work"]["overlaps"] == rows["reviews_given"]["overlaps"] == []
    few = plenty() | {"tests_touched": {"p0": {"p0 0", "p0 1"}}}
    rows = {row["signal"]: row for row in release(few).body["signals"]}
    assert (rows["tests_touched"]["word"], rows["tests_touched"]["overlaps"]) == (SELDOM, [])


def test_whoever_is_set_aside_has_nothing_of_their_own_in_it() -> None:
    without = {name: {who: ids for who, ids in of.items() if who != "p0"} for name, of in plenty().items()}
    assert release(plenty(), aside={"p0"}).body == release(without, aside={"p0"}).body


def test_it_is_published_once_and_for_its_audience_alone(tmp_path: Path) -> None:
    with pytest.raises(NotYetPublished):
        organisation.latest(tmp_path)
    door.publish_organisation(tmp_path, release(plenty()))
    door.publish_organisation(tmp_path, release({name: {} for name in SIGNALS}))
    told = door.read_organisation(tmp_path, organisation.latest(tmp_path))
    assert told.body == release(plenty()).body
    with pytest.raises(RefusedBody):
        door.publish(tmp_path, told)
    with pytest.raises(NotDue):
        release(plenty(), on=date(2026, 10, 14))
    organisation.expire(tmp_path, organisation.past(tmp_path, Q3.next()))
    assert organisation.windows(tmp_path) == []
    assert door.verify(tmp_path) == []


def test_what_was_altered_removed_or_planted_is_found_and_not_read(tmp_path: Path) -> None:
    door.publish_organisation(tmp_path, release(plenty()))
    path = tmp_path / "organisation" / "2026Q3.json"
    text = path.read_text()
    assert door.verify(tmp_path) == []
    path.write_text(text.replace('"often"', '"seldom or never"'))
    assert door.verify(tmp_path) == ["organisation/2026Q3.json: differs from what was published"]
    with pytest.raises(BrokenRelease, match="differs from what was published"):
        door.read_organisation(tmp_path, "2026Q3")
    path.unlink()
    assert door.verify(tmp_path) == ["organisation/2026Q3.json: was published and is missing"]
    with pytest.raises(BrokenRelease, match="is missing"):
        door.read_organisation(tmp_path, "2026Q3")
    path.write_text(text)
    path.chmod(0o640)
    planted = path.with_name("2026Q2.json")
    planted.write_text(text)
    assert door.verify(tmp_path) == ["organisation/2026Q2.json: lies there and was never published"]
    with pytest.raises(BrokenRelease, match="never published"):
        door.read_organisation(tmp_path, "2026Q2")


def test_what_an_older_sightline_left_is_recorded_once(tmp_path: Path) -> None:
    door.publish_organisation(tmp_path, release(plenty()))
    path = tmp_path / "organisation" / "2026Q3.json"
    (path.parent / "manifest.json").unlink()
    assert door.read_organisation(tmp_path, "2026Q3").body == release(plenty()).body
    organisation.adopt(tmp_path)
    path.write_text(path.read_text().replace('"often"', '"seldom or never"'))
    organisation.adopt(tmp_path)
    assert door.verify(tmp_path) == ["organisation/2026Q3.json: differs from what was published"]


def test_a_word_that_changed_says_so() -> None:
    empty: Objects = {name: {} for name in SIGNALS}
    told = signal_coverage.view([release(empty, window=Q2), release(plenty())])
    said = {row["signal"]: row["stability"] for row in told["signals"]}
    assert said["merged_work"] == "changed once in 2 quarters"
    assert said["work_size_band"] is None
    same = signal_coverage.view([release(empty, window=Q2), release(empty)])
    assert same["signals"][0]["stability"] == "the same word in both quarters"
    assert "Can fire in 2 of 3 repositories." in signal_coverage.markdown(told)


def determined(sizes: tuple[int, ...], threshold: int) -> Iterator[tuple[object, ...]]:
    """Every reading from which somebody who knows their own objects is sure whether another left any.

    Teammates are alike to a reader, so a world is how many of each team left traces. Its total may be
    anything from one object for each of them to CAP for each.
    """
    for own in range(CAP + 1):  # of the colluder, who is in the first team
        free = [size - (place == 0) for place, size in enumerate(sizes)]
        readings: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
        for left in product(*(range(each + 1) for each in free)):
            all_left = [count + (place == 0 and own > 0) for place, count in enumerate(left)]
            words = tuple(band_of(count, size).word for count, size in zip(all_left, sizes, strict=True))
            for is_often in {own + sum(left) * each >= threshold for each in (1, CAP)}:
                readings.setdefault((*words, is_often), []).append(left)
        for reading, worlds in readings.items():
            for place, among in enumerate(free):
                found = {world[place] for world in worlds}
                if found in ({0}, {among}):
                    yield own, place, reading


def plenty() -> Objects:
    merged = {person: {f"{person} {n}" for n in range(5)} for person in PEOPLE}
    tested = {person: {f"{person} {n}" for n in range(2)} for person in PEOPLE}
    reviewed = {person: {f"other {person} {n}" for n in range(5)} for person in PEOPLE}
    return {"merged_work": merged, "tests_touched": tested, "reviews_given": reviewed}


def release(
    objects: Mapping[str, Mapping[str, set[str]]],
    people: list[str] = PEOPLE,
    *,
    window: Window = Q3,
    aside: set[str] = frozenset(),  # type: ignore[assignment]
    on: date = date(2026, 10, 15),
) -> Released:
    signals = [
        {
            "signal": name,
            "asks": "Which?",
            "kind": "evidence",
            "repositories": 2,
            "because": "It is for its person alone." if name == "work_size_band" else None,
            "blind": ["Chat is not seen."],
        }
        for name in SIGNALS
    ]
    return door.release_organisation(
        window=window,
        traces=Traces(people, objects, aside),
        signals=signals,
        repositories=3,
        policy=POLICY,
        published_on=on,
    )
