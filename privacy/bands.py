"""The band rule: how coarse a team's result has to be before anyone may read it.

For every person outside a coalition of at most `coalition` teammates, both "left traces" and "left none" stay
possible, given the band, the roster and the coalition's own results. That holds because a band's edges
depend on the size of the team alone, and because every band reaches up to `coalition + 1` people and down to
`size - coalition - 1`: the coalition can explain away its own share and is still short of all or of none.

It is deniability, not differential privacy: one answer may be seven times as likely as the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from privacy import floors
from privacy.errors import NotShown


@dataclass(frozen=True, slots=True)
class Band:
    """From `low` to `high` people, both included. Only the word is ever published."""

    low: int
    high: int
    word: str


def check_shown(size: int, *, k: int = floors.K, coalition: int = floors.COALITION) -> None:
    """Nothing, where a team of this size may have bands. Raises NotShown with the reason.

    The reason is for whoever configures and tests; what is published gives no reason.
    """
    if k < floors.K or coalition < floors.COALITION:
        needed = f"k >= {floors.K} and coalition >= {floors.COALITION}"
        raise ValueError(f"bands need {needed}; got k={k} and coalition={coalition}")
    if size < k:
        raise NotShown(f"a team of {size} is smaller than k = {k}")
    # two bands of coalition + 2 counts each are the least that hides anyone, and there are size + 1 counts
    if size < 2 * coalition + 3:
        raise NotShown(
            f"a team of {size} is too small to hide from {coalition} of its own; it takes {2 * coalition + 3}"
        )


def shown(size: int, *, k: int = floors.K, coalition: int = floors.COALITION) -> bool:
    """Whether a team of this size has bands at all. Depends on nothing else."""
    try:
        check_shown(size, k=k, coalition=coalition)
    except NotShown:
        return False
    return True


@cache
def bands(size: int, *, k: int = floors.K, coalition: int = floors.COALITION) -> tuple[Band, ...]:
    """The bands of a team of this size, from none to all; empty where it has none."""
    if not shown(size, k=k, coalition=coalition):
        return ()
    tail = max(coalition + 1, size // 3)
    if size - 2 * tail - 1 >= 2:  # a middle of one value would be an exact count
        return (
            Band(0, tail, "few"),
            Band(tail + 1, size - tail - 1, "some"),
            Band(size - tail, size, "most"),
        )
    return Band(0, tail, "fewer than half"), Band(tail + 1, size, "about half or more")


def band_of(count: int, size: int, *, k: int = floors.K, coalition: int = floors.COALITION) -> Band:
    """The band that holds `count` of `size` people. Raises NotShown where the team has no bands."""
    if not 0 <= count <= size:
        raise ValueError(f"{count} of {size} people is not a count")
    check_shown(size, k=k, coalition=coalition)
    return next(band for band in bands(size, k=k, coalition=coalition) if band.low <= count <= band.high)


@cache
def words(size: int, *, k: int = floors.K, coalition: int = floors.COALITION) -> tuple[str, ...]:
    """The word for each count of a team of this size, from none to all; empty where it has no bands."""
    counts = range(size + 1) if shown(size, k=k, coalition=coalition) else ()
    return tuple(band_of(count, size, k=k, coalition=coalition).word for count in counts)
