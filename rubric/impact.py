"""Two versions of a map -> what the change does, as far as the maps alone can tell.

Whether more or less would be seen follows from the rules where one of them implies the other, and is left
open where none does. What it does to a team's bands needs evidence, and is read in `app/rubric_impact.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rubric.cells import bandable
from rubric.map import Item, RubricMap
from rubric.rule import Group, Indicator, Part, SeenWhen, implies
from rubric.rule_reading import SignalLike

Change = Literal["added", "dropped", "changed"]
Reach = Literal["same", "wider", "narrower", "other", "begins", "ends"]

_WORDS = ("pillar", "group", "says", "because", "question")


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One item that is not the same in both maps; `before` or `after` is None where it is not there."""

    item: str
    change: Change
    before: Item | None
    after: Item | None
    reach: Reach
    """For how many people the item would be seen: whether it can only be more, only fewer, or both."""
    band_reach: Reach
    """The same for those who left a trace that a band may rest on."""
    words: tuple[str, ...]
    """Which of its texts differ."""
    is_of_other_statement: bool


def changes(old: RubricMap, new: RubricMap, catalog: Mapping[str, SignalLike]) -> list[ItemChange]:
    """Every item that differs, in the order of the new map; then what was dropped, in that of the old."""
    before = {item.slug: item for item in old.items}
    after = {item.slug: item for item in new.items}
    item_changes = []
    for slug in [*after, *(slug for slug in before if slug not in after)]:
        one, other = before.get(slug), after.get(slug)
        words = tuple(word for word in _WORDS if getattr(one, word, None) != getattr(other, word, None))
        item_changes.append(
            ItemChange(
                item=slug,
                change="added" if one is None else "dropped" if other is None else "changed",
                before=one,
                after=other,
                reach=_reach(_rule(one), _rule(other)),
                band_reach=_band_reach(_traces(one, catalog), _traces(other, catalog)),
                words=words if one and other else (),
                is_of_other_statement=bool(one and other and one.statement_sha256 != other.statement_sha256),
            )
        )
    return [each for each in item_changes if _differs(each)]


def as_json(change: ItemChange, catalog: Mapping[str, SignalLike]) -> dict[str, Any]:
    """One change as plain values. Words of items are named and not quoted: the two files have them."""

    def described(names: list[str]) -> list[dict[str, str]]:
        return [
            {"signal": name, "answers": catalog[name].answers, "sensitivity": catalog[name].sensitivity}
            for name in names
        ]

    def compared(before: list[str], after: list[str]) -> dict[str, list[dict[str, str]]]:
        return {
            "added": described([name for name in after if name not in before]),
            "removed": described([name for name in before if name not in after]),
        }

    return {
        "item": change.item,
        "change": change.change,
        "class": _both(change, lambda item: item.item_class),
        "rule": _both(change, lambda item: item.rule or None),
        "signals": compared(_signals(change.before), _signals(change.after)),
        "beside": compared(_beside(change.before), _beside(change.after)),
        "may_be_banded": _both(change, lambda item: bandable(item, catalog)),
        "reach": change.reach,
        "band_reach": change.band_reach,
        "words": list(change.words),
        "is_of_other_statement": change.is_of_other_statement,
    }


def _both(change: ItemChange, value_of: Any) -> dict[str, Any]:
    return {
        "before": value_of(change.before) if change.before else None,
        "after": value_of(change.after) if change.after else None,
    }


def _differs(change: ItemChange) -> bool:
    before, after = change.before, change.after
    if before is None or after is None or change.words or change.is_of_other_statement:
        return True
    # The order of indicators is a matter of reading, and changes nothing.
    one, other = ((item.item_class, _rule(item), {*item.beside}) for item in (before, after))
    return one != other


# --- what a rule implies --------------------------------------------------------------------------------

_Rule = tuple[SeenWhen, frozenset[Part]]


def _rule(item: Item | None) -> _Rule | None:
    """The rule, without the words it is written in and without its order."""
    if item is None or not item.parts:
        return None
    return "all" if len(item.parts) == 1 else item.seen_when, frozenset(map(_without_words, item.parts))


def _without_words(part: Part) -> Part:
    if isinstance(part, Group):
        named = sorted(map(_asks, part.indicators), key=lambda each: each.signal)
        return Group(part.seen_when, tuple(named))
    return _asks(part)


def _asks(each: Indicator) -> Indicator:
    return Indicator(each.signal, each.at_least, "", each.in_weeks, each.over_quarters)


def _reach(before: _Rule | None, after: _Rule | None) -> Reach:
    if before is None or after is None:
        return "same" if before is after else "begins" if before is None else "ends"
    one, other = (before[0], tuple(before[1])), (after[0], tuple(after[1]))
    return _named(implies(one, other), implies(other, one))


def _named(is_kept: bool, is_not_new: bool) -> Reach:
    """`is_kept`: whoever had it before has it after. `is_not_new`: whoever has it after had it before."""
    if is_kept:
        return "same" if is_not_new else "wider"
    return "narrower" if is_not_new else "other"


def _traces(item: Item | None, catalog: Mapping[str, SignalLike]) -> set[str] | None:
    """What a band of this item looks at: each signal that may feed one."""
    if item is None or not bandable(item, catalog):
        return None
    return {each.signal for each in item.indicators if catalog[each.signal].sensitivity == "band"}


def _band_reach(before: set[str] | None, after: set[str] | None) -> Reach:
    """A band rests on any trace in the window, so amounts, weeks and spans do not move it; signals do."""
    if before is None or after is None:
        return "same" if before is after else "begins" if before is None else "ends"

    return _named(after >= before, before >= after)


def _signals(item: Item | None) -> list[str]:
    return [each.signal for each in item.indicators] if item else []


def _beside(item: Item | None) -> list[str]:
    return list(item.beside) if item else []
