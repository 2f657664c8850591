"""What an item asks of its evidence: rules over single signals, all or any of them, in groups one deep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

SeenWhen = Literal["all", "any"]


@dataclass(frozen=True, slots=True)
class Indicator:
    """A rule over one signal: how many distinct source objects, in how many weeks, over what span."""

    signal: str
    at_least: int
    unit: str
    in_weeks: int | None = None
    over_quarters: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Several rules that stand as one: any of them among all others, or all of them as one of any.

    One deep and no deeper: what two words join can be read aloud, and three cannot.
    """

    seen_when: SeenWhen
    indicators: tuple[Indicator, ...]


Part = Indicator | Group


def indicators_in(parts: Iterable[Part]) -> tuple[Indicator, ...]:
    """Every rule, in the order it is written."""
    return tuple(each for part in parts for each in (part.indicators if isinstance(part, Group) else (part,)))


def is_met(parts: Sequence[Part], seen_when: SeenWhen, holds: Callable[[Indicator], bool]) -> bool:
    """Whether the whole rule is met, given which of its indicators hold."""
    enough = all if seen_when == "all" else any
    return enough(part_is_met(part, holds) for part in parts)


def part_is_met(part: Part, holds: Callable[[Indicator], bool]) -> bool:
    """The same for one part of it."""
    if isinstance(part, Group):
        return is_met(part.indicators, part.seen_when, holds)
    return holds(part)


# --- read aloud -----------------------------------------------------------------------------------------


def rule_text(parts: Iterable[Part], seen_when: SeenWhen) -> str:
    """The rule as it is read aloud; empty where there is none."""
    return ("; and " if seen_when == "all" else "; or ").join(map(part_text, parts))


def part_text(part: Part) -> str:
    """One part read aloud: an indicator, or `either ..., or ...`, or `both ..., and ...`."""
    if isinstance(part, Indicator):
        return indicator_text(part)
    indicators = [indicator_text(each) for each in part.indicators]
    if part.seen_when == "any":
        return f"either {', or '.join(indicators)}"
    return f"{'both' if len(indicators) == 2 else 'all of'} {', and '.join(indicators)}"


def indicator_text(indicator: Indicator) -> str:
    """One indicator read aloud: `Reviews given: at least 4 pull requests over 1 quarter`."""
    name = indicator.signal.replace("_", " ").capitalize()
    weeks = f" in {indicator.in_weeks} different weeks" if indicator.in_weeks else ""
    quarters = "1 quarter" if indicator.over_quarters == 1 else f"{indicator.over_quarters} quarters"
    return f"{name}: at least {indicator.at_least} {indicator.unit}{weeks} over {quarters}"


# --- what one rule says of another ----------------------------------------------------------------------


def implies(one: tuple[SeenWhen, Sequence[Part]], other: tuple[SeenWhen, Sequence[Part]]) -> bool:
    """Whether every evidence that meets `one` is sure to meet `other`.

    Each way of meeting `one` has to meet each thing that `other` asks for.
    """
    return all(
        any(asks_no_less(mine, theirs) for mine in way for theirs in required)
        for way in _ways(*one)
        for required in _required(*other)
    )


def asks_no_less(one: Indicator, other: Indicator) -> bool:
    """Whether whatever meets `one` meets `other`."""
    return (
        one.signal == other.signal
        and one.at_least >= other.at_least
        and (one.in_weeks or 0) >= (other.in_weeks or 0)
        and one.over_quarters <= other.over_quarters
    )


def _ways(seen_when: SeenWhen, parts: Sequence[Part]) -> list[frozenset[Indicator]]:
    """Every smallest set of indicators that meets the rule."""
    of_parts = [_sets(part, "any") for part in parts]
    return [each for sets in of_parts for each in sets] if seen_when == "any" else _crossed(of_parts)


def _required(seen_when: SeenWhen, parts: Sequence[Part]) -> list[frozenset[Indicator]]:
    """Every set of which one indicator at least has to hold."""
    of_parts = [_sets(part, "all") for part in parts]
    return [each for sets in of_parts for each in sets] if seen_when == "all" else _crossed(of_parts)


def _sets(part: Part, splits: SeenWhen) -> list[frozenset[Indicator]]:
    """The indicators of a part, one by one where it is such a group, together where it is none."""
    named = indicators_in([part])
    if isinstance(part, Group) and part.seen_when == splits:
        return [frozenset([each]) for each in named]
    return [frozenset(named)]


def _crossed(of_parts: Sequence[Sequence[frozenset[Indicator]]]) -> list[frozenset[Indicator]]:
    """One set out of each part, in every combination, joined."""
    combinations: list[frozenset[Indicator]] = [frozenset()]
    for sets in of_parts:
        combinations = [have | more for have in combinations for more in sets]
    return combinations
