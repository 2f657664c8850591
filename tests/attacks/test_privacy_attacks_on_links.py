"""What links two people, such as a change they wrote together, held against the band of their team."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from privacy.bands import band_of


@pytest.mark.parametrize("size", range(5, 11))
def test_knowing_that_nobody_writes_together_alone_determines_nobody(size: int) -> None:
    """A co-author needs another one. Where both must be of the team, no world has exactly one of them."""
    assert sure_of(size, possible=lambda count: count != 1) == []


def test_knowing_that_everybody_writes_with_exactly_one_teammate_breaks_teams_of_five_and_seven() -> None:
    """No odd number can be then, and a colluder who wrote with nobody knows that all others did. A limit."""
    broken = [size for size in range(5, 13) if sure_of(size, possible=lambda count: count % 2 == 0)]
    assert broken == [5, 7]


# --- the attacker ---------------------------------------------------------------------------------------


def sure_of(size: int, possible: Callable[[int], bool]) -> list[tuple[int, bool | None, bool]]:
    """Every count, with what a colluder knows of themselves, from which the value of anybody else follows.

    The band is the same whoever the people are, so only counts matter: of the others, and of the one of them
    who is looked at.
    """
    found = []
    for count in filter(possible, range(size + 1)):
        band = band_of(count, size)
        for own in (None, False, True):
            others = size if own is None else size - 1
            worlds = {
                (value, rest)
                for value, rest in product((False, True), range(others))
                if band.low <= value + rest + bool(own) <= band.high and possible(value + rest + bool(own))
            }
            values = {value for value, _ in worlds}
            if worlds and len(values) == 1 and 0 <= count - bool(own) <= others:
                found.append((count, own, values.pop()))
    return found
