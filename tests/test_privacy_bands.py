"""The band rule against an attacker who tries every world. Shares no code with the rule it attacks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations

import pytest

from privacy.bands import band_of, bands, check_shown, shown, words
from privacy.errors import NotShown

SIZES = range(1, 13)

# What is published about one team, given its size and which members left traces (one bit a member).
Rule = Callable[[int, int], Hashable]


def the_rule(coalition: int = 1) -> Rule:
    def publish(size: int, world: int) -> Hashable:
        if not shown(size, coalition=coalition):
            return None
        return band_of(world.bit_count(), size, coalition=coalition).word

    return publish


# --- the worked table ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "edges"),
    [
        (4, []),
        (5, [(0, 2), (3, 5)]),
        (6, [(0, 2), (3, 6)]),
        (7, [(0, 2), (3, 4), (5, 7)]),
        (8, [(0, 2), (3, 5), (6, 8)]),
        (10, [(0, 3), (4, 6), (7, 10)]),
        (12, [(0, 4), (5, 7), (8, 12)]),
    ],
)
def test_the_worked_table_of_the_band_rule(size: int, edges: list[tuple[int, int]]) -> None:
    assert [(band.low, band.high) for band in bands(size)] == edges


def test_two_bands_and_three_bands_have_words_and_no_numbers() -> None:
    assert [band.word for band in bands(6)] == ["fewer than half", "about half or more"]
    assert [band.word for band in bands(7)] == ["few", "some", "most"]


@pytest.mark.parametrize(("k", "coalition"), [(5, 1), (5, 2), (9, 1), (7, 3)])
def test_the_table_of_words_has_the_word_of_every_count_and_of_no_other(k: int, coalition: int) -> None:
    for size in range(60):
        found = words(size, k=k, coalition=coalition)
        rule = [band_of(n, size, k=k, coalition=coalition).word for n in range(size + 1) if found]
        assert list(found) == rule
        assert bool(found) is shown(size, k=k, coalition=coalition)


@pytest.mark.parametrize("coalition", [1, 2, 3, 4, 5])
def test_bands_cover_every_count_once_and_in_order(coalition: int) -> None:
    for size in range(1, 200):
        found = [
            count for band in bands(size, coalition=coalition) for count in range(band.low, band.high + 1)
        ]
        assert found == (list(range(size + 1)) if shown(size, coalition=coalition) else [])


@pytest.mark.parametrize("coalition", [1, 2, 3, 4, 5])
def test_fewer_than_half_is_meant_exactly(coalition: int) -> None:
    for size in range(1, 200):
        for band in bands(size, coalition=coalition):
            if band.word == "fewer than half":
                assert 2 * band.high < size
            if band.word == "about half or more":
                assert 2 * band.low >= size


def test_a_team_of_five_is_shown_and_a_team_of_four_is_not() -> None:
    assert shown(5)
    assert not shown(4)


def test_a_stricter_floor_hides_more_teams() -> None:
    assert not shown(7, k=8)
    assert shown(8, k=8)
    assert not shown(6, coalition=2)
    assert shown(7, coalition=2)


def test_the_reason_for_hiding_says_which_rule_hid_it() -> None:
    with pytest.raises(NotShown, match="smaller than k = 5"):
        check_shown(4)
    with pytest.raises(NotShown, match="hide from 2 of its own"):
        check_shown(6, coalition=2)


@pytest.mark.parametrize(("k", "coalition"), [(4, 1), (5, 0), (0, 0)])
def test_the_floors_hold_for_whoever_calls_the_rule(k: int, coalition: int) -> None:
    with pytest.raises(ValueError, match="k >= 5 and coalition >= 1"):
        bands(9, k=k, coalition=coalition)


@pytest.mark.parametrize("count", [-1, 6])
def test_a_count_outside_the_team_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="is not a count"):
        band_of(count, 5)


def test_a_hidden_team_has_no_band() -> None:
    with pytest.raises(NotShown):
        band_of(2, 4)


# --- the attacker -------------------------------------------------------------------------------------


@pytest.mark.parametrize("coalition", [1, 2, 3])
def test_nobody_outside_a_coalition_is_ever_determined(coalition: int) -> None:
    nobody_is_determined(the_rule(coalition), coalition=coalition)


def test_nobody_is_determined_where_one_item_implies_another() -> None:
    for size in range(5, 9):
        worlds = [a | b << size for a in range(1 << size) for b in range(1 << size) if b & ~a == 0]
        ones = (1 << size) - 1
        published = [(the_rule()(size, world & ones), the_rule()(size, world >> size)) for world in worlds]
        masks = [mask | mask << size for mask in coalitions(size, 1)]
        assert determined(worlds, published, masks, 2 * size) is None


@pytest.mark.parametrize("size", [5, 6])
def test_nobody_is_determined_where_an_item_is_seen_by_either_of_two_signals(size: int) -> None:
    # three items over two signals: one item for each, and one that either of them shows
    worlds, ones = range(1 << 2 * size), (1 << size) - 1
    facts = [(world & ones, world >> size, world & ones | world >> size) for world in worlds]
    published = [tuple(the_rule()(size, fact) for fact in three) for three in facts]
    told = [first | second << size | either << 2 * size for first, second, either in facts]
    masks = [mask | mask << size | mask << 2 * size for mask in coalitions(size, 1)]
    assert determined(told, published, masks, 3 * size) is None


def test_nobody_is_determined_by_the_bands_of_two_separate_teams() -> None:
    assert attack_two_teams(lambda first, second: (the_rule()(5, first), the_rule()(5, second))) is None


def test_the_surest_guess_is_right_seven_times_in_eight() -> None:
    # the sentence in docs/promises.md: fair-coin prior, one colluding teammate
    assert surest_guesses(the_rule()) == (Fraction(1, 8), Fraction(7, 8))


# --- rules that look safe and are not: the same attacker catches each ------------------------------------


def exact_counts(size: int, world: int) -> Hashable:
    return world.bit_count() if size >= 5 else None


def a_floor_of_four(size: int, world: int) -> Hashable:
    if size == 4:
        return world.bit_count() >= 2
    return the_rule()(size, world)


def a_tail_of_width_one(size: int, world: int) -> Hashable:
    return {0: "none", size: "all"}.get(world.bit_count(), "some") if size >= 5 else None


def a_tail_of_width_two(size: int, world: int) -> Hashable:
    count = world.bit_count()
    return ("few" if count <= 1 else "most" if count >= size - 1 else "some") if size >= 5 else None


def a_dash_below_five(size: int, world: int) -> Hashable:
    return None if world.bit_count() < 5 else the_rule()(size, world)


def a_dash_for_none(size: int, world: int) -> Hashable:
    return None if world == 0 else the_rule()(size, world)


def a_note_when_all_agree(size: int, world: int) -> Hashable:
    return the_rule()(size, world), size >= 5 and world.bit_count() == size


def shares_in_quarters(size: int, world: int) -> Hashable:
    return round(4 * world.bit_count() / size) if size >= 5 else None


def an_order_of_people(size: int, world: int) -> Hashable:
    return the_rule()(size, world), size >= 5 and world & 1


@pytest.mark.parametrize(
    "mutant",
    [
        exact_counts,
        a_floor_of_four,
        a_tail_of_width_one,
        a_tail_of_width_two,
        a_dash_below_five,
        a_dash_for_none,
        a_note_when_all_agree,
        shares_in_quarters,
        an_order_of_people,
    ],
)
def test_the_attacker_catches_a_rule_that_looks_safe(mutant: Rule) -> None:
    with pytest.raises(AssertionError, match="is determined"):
        nobody_is_determined(mutant, coalition=1)


@pytest.mark.parametrize("coalition", [2, 3])
def test_the_attacker_catches_a_rule_that_expected_fewer_colluders(coalition: int) -> None:
    with pytest.raises(AssertionError, match="is determined"):
        nobody_is_determined(the_rule(coalition - 1), coalition=coalition)


def test_two_colluders_break_teams_of_five_to_eight_where_one_was_expected() -> None:
    broken = []
    for size in SIZES:
        published = [the_rule(1)(size, world) for world in range(1 << size)]
        if determined(range(1 << size), published, coalitions(size, 2), size):
            broken.append(size)
    assert broken == [5, 6, 7, 8]


def test_the_attacker_catches_a_band_of_the_whole_department() -> None:
    def publish(first: int, second: int) -> Hashable:
        both = first.bit_count() + second.bit_count()
        return the_rule()(5, first), the_rule()(5, second), band_of(both, 10).word

    assert attack_two_teams(publish) is not None


def test_the_attacker_catches_overlapping_teams() -> None:
    # members 0 to 4 are one team, members 1 to 5 the other
    worlds = range(1 << 6)
    published = [(the_rule()(5, world & 0b11111), the_rule()(5, world >> 1)) for world in worlds]
    assert determined(worlds, published, coalitions(6, 1), 6) is not None


def test_the_attacker_catches_the_same_team_published_again_without_a_leaver() -> None:
    worlds = range(1 << 6)
    published = [(the_rule()(6, world), the_rule()(5, world & 0b11111)) for world in worlds]
    assert determined(worlds, published, coalitions(6, 1), 6) is not None


# --- the attacker's tools -----------------------------------------------------------------------------


def nobody_is_determined(rule: Rule, *, coalition: int) -> None:
    """Tries every size, every world and every coalition of up to `coalition` teammates."""
    for size in SIZES:
        worlds = range(1 << size)
        found = determined(worlds, [rule(size, world) for world in worlds], coalitions(size, coalition), size)
        assert found is None, f"in a team of {size}, {found}"


def attack_two_teams(publish: Callable[[int, int], Hashable]) -> str | None:
    worlds = range(1 << 10)
    published = [publish(world & 0b11111, world >> 5) for world in worlds]
    return determined(worlds, published, coalitions(10, 1), 10)


def coalitions(people: int, at_most: int) -> list[int]:
    """Every set of up to `at_most` people, one bit each."""
    return [
        sum(1 << who for who in who_) for n in range(at_most + 1) for who_ in combinations(range(people), n)
    ]


def determined(
    worlds: Sequence[int], published: Sequence[Hashable], masks: Iterable[int], facts: int
) -> str | None:
    """The first fact outside a coalition that is the same in every world which fits what it sees."""
    for mask in masks:
        outside = ((1 << facts) - 1) & ~mask
        for (seen, own), (in_all, in_any) in fitting(worlds, published, mask):
            forced = (in_all | ~in_any) & outside
            if forced:
                who = (forced & -forced).bit_length() - 1
                return (
                    f"fact {who} is determined for coalition {mask:b} that holds {own:b} and reads {seen!r}"
                )
    return None


def fitting(
    worlds: Sequence[int], published: Sequence[Hashable], mask: int
) -> Iterator[tuple[tuple[Hashable, int], tuple[int, int]]]:
    """For everything a coalition can see: the bits set in all the worlds that fit, and in any of them."""
    found: dict[tuple[Hashable, int], tuple[int, int]] = {}
    for world, reading in zip(worlds, published, strict=True):
        sees = (reading, world & mask)
        in_all, in_any = found.get(sees, (-1, 0))
        found[sees] = (in_all & world, in_any | world)
    yield from found.items()


def surest_guesses(rule: Rule) -> tuple[Fraction, Fraction]:
    """The lowest and highest chance that one teammate can reach about another, fair coins before."""
    chances = set()
    for size in range(5, 13):
        for own in (0, 1):  # member 0 colludes, member 1 is guessed at; the rule treats members alike
            readings: dict[Hashable, list[int]] = {}
            for world in range(1 << size):
                if world & 1 == own:
                    readings.setdefault(rule(size, world), []).append(world >> 1 & 1)
            chances |= {Fraction(sum(bits), len(bits)) for bits in readings.values()}
    return min(chances), max(chances)
