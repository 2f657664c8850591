"""Rules in groups: any of these among all of those, as a cell, as words, and as a change of the map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.rehearsal import rules_of
from rubric.cells import Cell, Evidence, SourceState, band_signals, evaluate
from rubric.impact import changes
from rubric.manual import manual
from rubric.map import Item, RubricMap, load_map
from rubric.rule import Group, Indicator, Part, SeenWhen, implies, is_met
from signals.catalog import load_catalog
from warehouse.windows import Window

Q3, AS_OF = Window(2026, 3), date(2026, 10, 20)
SIGNALS = ("wrote", "paired", "reviewed", "commented", "fixed")
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class PlainSignal:
    reads: tuple[str, ...] = ("pull_requests",)
    opportunity: str | None = None
    unit: str = "pull requests"
    sensitivity: str = "band"
    kind: str = "evidence"
    misleads: str = "Presence, not depth."
    optional: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    open_because: str | None = None
    answers: str = "Which of them?"
    guard: str | None = None


CATALOG = {name: PlainSignal() for name in SIGNALS}


def one(signal: str, at_least: int = 1) -> Indicator:
    return Indicator(signal, at_least, "pull requests")


MADE_AND_READ: tuple[Part, ...] = (
    Group("any", (one("wrote"), one("paired"))),
    Group("any", (one("reviewed"), one("commented"))),
)
ALONE_OR_TOGETHER: tuple[Part, ...] = (one("wrote", 3), Group("all", (one("paired"), one("reviewed"))))


# --- the cell -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("did", "state"),
    [
        ("wrote reviewed", "seen"),
        ("paired commented", "seen"),
        ("wrote paired", "partly seen"),
        ("commented", "partly seen"),
        ("", "none seen"),
        ("fixed", "none seen"),
    ],
)
def test_one_of_each_group_is_asked_for(did: str, state: str) -> None:
    assert cell(MADE_AND_READ, "all", did).state == state


@pytest.mark.parametrize(
    ("did", "state"),
    [
        ("wrote wrote wrote", "seen"),
        ("paired reviewed", "seen"),
        ("wrote wrote paired", "partly seen"),
        ("reviewed", "partly seen"),
    ],
)
def test_a_whole_group_is_one_way_among_others(did: str, state: str) -> None:
    assert cell(ALONE_OR_TOGETHER, "any", did).state == state


def test_what_is_missing_is_said_by_the_group_that_is_not_met() -> None:
    assert cell(MADE_AND_READ, "all", "wrote").because == (
        "Some of it was seen, and the rule asks for more: either Reviewed: at least 1 pull requests over 1 "
        "quarter, or Commented: at least 1 pull requests over 1 quarter."
    )


# --- words ----------------------------------------------------------------------------------------------


def test_a_rule_with_groups_is_read_aloud() -> None:
    assert an_item(MADE_AND_READ, "all").rule == (
        "either Wrote: at least 1 pull requests over 1 quarter, "
        "or Paired: at least 1 pull requests over 1 quarter; "
        "and either Reviewed: at least 1 pull requests over 1 quarter, "
        "or Commented: at least 1 pull requests over 1 quarter"
    )
    assert an_item(ALONE_OR_TOGETHER, "any").rule.endswith(
        "; or both Paired: at least 1 pull requests over 1 quarter, "
        "and Reviewed: at least 1 pull requests over 1 quarter"
    )
    three = Group("all", (one("wrote"), one("paired"), one("fixed")))
    assert an_item((three, one("reviewed")), "any").rule.startswith("all of Wrote: at least 1")


def test_the_page_of_the_rubric_has_a_line_for_each_group() -> None:
    page = manual(RubricMap("r", "R", {}, (an_item(MADE_AND_READ, "all"),), ()), CATALOG)
    assert "All of:<br>Either Wrote: at least 1 pull requests over 1 quarter, or Paired" in page
    assert "<br>Either Reviewed: at least 1 pull requests" in page


def test_a_shipped_map_asks_for_a_reaction_and_a_part_of_the_repair() -> None:
    """Met by a single update before, which is said from the side as easily as from the middle."""
    catalog = load_catalog()
    for name in ("ic2_software_engineer", "ic2_machine_learning_engineer"):
        item = load_map(ROOT / "maps" / f"{name}.yaml", catalog).item("ownership-resolves-incidents")
        assert [type(part) for part in item.parts] == [Group, Group]
        assert item.beside == ("incident_participation",)
        assert band_signals(item, catalog) == {
            "incidents_acknowledged",
            "incident_followups",
            "postmortems",
        }


def test_a_band_and_whoever_attacks_it_see_no_group() -> None:
    """A band rests on any trace at all, so links between items are those of the rules written flat."""
    catalog = load_catalog()
    rubric = load_map(ROOT / "maps" / "ic2_software_engineer.yaml", catalog)
    flat = replace(rubric, items=tuple(replace(item, parts=item.indicators) for item in rubric.items))
    assert flat.items != rubric.items
    assert rules_of(rubric, catalog) == rules_of(flat, catalog)


# --- a change of the map --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "reach"),
    [
        ((MADE_AND_READ, "all"), (MADE_AND_READ[::-1], "all"), None),
        ((MADE_AND_READ, "all"), (MADE_AND_READ, "any"), "wider"),
        (((one("wrote"), one("reviewed")), "all"), (MADE_AND_READ, "all"), "wider"),
        ((MADE_AND_READ, "all"), ((one("wrote"), one("reviewed")), "all"), "narrower"),
        ((MADE_AND_READ, "all"), (ALONE_OR_TOGETHER, "any"), "other"),
        ((ALONE_OR_TOGETHER, "any"), (ALONE_OR_TOGETHER[:1], "all"), "narrower"),
    ],
)
def test_whether_more_or_less_is_seen_follows_through_groups(
    before: tuple[tuple[Part, ...], SeenWhen], after: tuple[tuple[Part, ...], SeenWhen], reach: str | None
) -> None:
    old, new = (RubricMap("r", "R", {}, (an_item(*side),), ()) for side in (before, after))
    assert [each.reach for each in changes(old, new, CATALOG)] == ([reach] if reach else [])


def test_the_order_inside_a_group_is_a_matter_of_reading() -> None:
    turned = tuple(Group("any", part.indicators[::-1]) for part in MADE_AND_READ if isinstance(part, Group))
    old, new = (RubricMap("r", "R", {}, (an_item(p, "all"),), ()) for p in (MADE_AND_READ, turned))
    assert changes(old, new, CATALOG) == []


@st.composite
def rules(draw: st.DrawFn) -> tuple[SeenWhen, tuple[Part, ...]]:
    how: SeenWhen = draw(st.sampled_from(["all", "any"]))
    other: SeenWhen = "any" if how == "all" else "all"
    named = draw(st.permutations(SIGNALS))[: draw(st.integers(1, 5))]
    parts: list[Part] = []
    while named:
        take = draw(st.sampled_from([1, 1, 2, 3]))
        some = tuple(one(name, draw(st.integers(1, 2))) for name in named[:take])
        parts.append(Group(other, some) if len(some) > 1 else some[0])
        named = named[take:]
    return how, tuple(parts)


@settings(max_examples=300, deadline=None)
@given(rules(), rules())
def test_one_rule_implies_another_exactly_where_no_evidence_tells_them_apart(
    first: tuple[SeenWhen, tuple[Part, ...]], second: tuple[SeenWhen, tuple[Part, ...]]
) -> None:
    """Over every amount of every signal, by hand: nested tuples, none of the code that reads maps."""
    worlds = [dict(zip(SIGNALS, amounts, strict=True)) for amounts in product((0, 1, 2), repeat=len(SIGNALS))]
    met = [[by_hand(rule, world) for world in worlds] for rule in (first, second)]
    assert implies(first, second) == all(b for a, b in zip(*met, strict=True) if a)
    for world, expected in zip(worlds, met[0], strict=True):
        how, parts = first
        assert is_met(parts, how, lambda each, world=world: world[each.signal] >= each.at_least) == expected


@settings(max_examples=60, deadline=None)
@given(rules(), st.lists(st.sampled_from(SIGNALS), max_size=6))
def test_a_cell_is_seen_exactly_where_its_rule_is_met_by_hand(
    rule: tuple[SeenWhen, tuple[Part, ...]], did: list[str]
) -> None:
    how, parts = rule
    found = cell(parts, how, " ".join(did))
    assert (found.state == "seen") == by_hand(rule, {name: did.count(name) for name in SIGNALS})
    known = {each.signal for each in an_item(parts, how).indicators}
    assert len(found.evidence) == sum(name in known for name in did)


# --- builders -------------------------------------------------------------------------------------------


def by_hand(rule: tuple[SeenWhen, tuple[Part, ...]], world: dict[str, int]) -> bool:
    how, parts = rule
    held = []
    for part in parts:
        inside = part.indicators if isinstance(part, Group) else (part,)
        holds = [world[each.signal] >= each.at_least for each in inside]
        held.append(sum(holds) == len(holds) if how == "any" else sum(holds) > 0)
    return sum(held) > 0 if how == "any" else sum(held) == len(held)


def an_item(parts: tuple[Part, ...], seen_when: SeenWhen) -> Item:
    return Item("i", "P", "G", "S.", "partly", "B.", "Q?", parts, seen_when, "ab" * 32, 1)


def cell(parts: tuple[Part, ...], seen_when: SeenWhen, did: str) -> Cell:
    rows = [
        Evidence("p1", signal, date(2026, 8, 3), "pull_request", f"PR{number}")
        for number, signal in enumerate(did.split())
    ]
    complete = SourceState("github", frozenset({"pull_requests"}), Q3.starts_on, AS_OF, complete=True)
    return evaluate(
        an_item(parts, seen_when), CATALOG, person_id="p1", window=Q3, as_of=AS_OF, evidence=rows,
        opportunities=set(), memberships=[(Q3.starts_on, None)], sources=[complete],
    )  # fmt: skip
