"""What holds of every cell, whatever the evidence, the leave, the sources and the days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from rubric.cells import Cell, Evidence, SourceState, State, enrolled_share, evaluate, sources_of
from rubric.map import Item
from rubric.rule import Group, Indicator, Part
from warehouse.windows import Window

WINDOW = Window(2026, 3)
SIGNALS = ("reviews_given", "review_questions", "incident_participation")
TABLES = frozenset({"pull_requests", "reviews", "incidents", "incident_actions", "oncall_shifts"})


@dataclass(frozen=True)
class PlainSignal:
    reads: tuple[str, ...]
    opportunity: str | None = None
    unit: str = "things"
    sensitivity: str = "band"
    kind: str = "evidence"
    misleads: str = "Presence, not depth."
    optional: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    answers: str = "Which of them?"
    guard: str | None = None
    open_because: str | None = None


CATALOG = {
    "reviews_given": PlainSignal(("pull_requests", "reviews", "persons"), "teammates_active"),
    "review_questions": PlainSignal(("reviews",)),
    "incident_participation": PlainSignal(("incidents", "incident_actions"), "on_a_rota"),
    "teammates_active": PlainSignal(("pull_requests", "memberships"), kind="opportunity"),
    "on_a_rota": PlainSignal(("oncall_shifts",), kind="opportunity"),
    "elsewhere": PlainSignal(("interviews",)),
}

days = st.dates(date(2026, 3, 25), date(2026, 10, 20))
evidence_rows = st.builds(
    Evidence,
    st.just("p1"),
    st.sampled_from([*SIGNALS, "elsewhere"]),
    days,
    st.sampled_from(["pull_request", "incident"]),
    st.sampled_from(["a", "b", "c", "d"]),
)
indicators = st.builds(
    Indicator,
    st.sampled_from(SIGNALS),
    st.integers(1, 4),
    st.just("things"),
    st.sampled_from([None, 2, 3]),
    st.sampled_from([1, 1, 2]),
)
# Mostly whole sources, so that the rare states are reached as often as the common ones.
sources = st.builds(
    SourceState,
    st.sampled_from(["github", "pager", "rota"]),
    st.frozensets(st.sampled_from(sorted(TABLES)), min_size=1),
    st.one_of(st.just(date(2026, 1, 1)), st.none(), days),
    st.one_of(st.just(date(2026, 10, 21)), st.none(), days),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([None, "the source said no"]),
    st.dictionaries(st.sampled_from(sorted(TABLES)), st.just("forbidden"), max_size=2),
)
complete = SourceState(
    "everything",
    TABLES,
    date(2026, 1, 1),
    date(2026, 10, 21),
    complete=True,
)
memberships = st.lists(st.tuples(days, st.one_of(st.none(), days)), max_size=3)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """Everything `evaluate` is asked with, and the item it is asked about."""
    rules = draw(st.lists(indicators, min_size=1, max_size=3, unique_by=lambda rule: rule.signal))
    item_class = draw(st.sampled_from(["partly", "partly", "partly", "partly", "ask", "withheld"]))
    if item_class in ("ask", "withheld"):
        rules = []
    seen_when = draw(st.sampled_from(["all", "any"]))
    parts: list[Part] = list(rules)
    if len(rules) == 3 and draw(st.booleans()):
        parts = [rules[0], Group("any" if seen_when == "all" else "all", tuple(rules[1:]))]
    item = Item(
        "i",
        "P",
        "G",
        "S.",
        item_class,
        "B.",
        "Q?",
        tuple(parts),
        seen_when,
        "0",
        1,
    )
    enrolled = draw(st.one_of(st.just([(date(2020, 1, 1), None)]), memberships))
    return {
        "item": item,
        "as_of": draw(st.one_of(st.just(date(2026, 10, 15)), st.dates(WINDOW.starts_on, date(2026, 10, 20)))),
        "evidence": draw(st.one_of(st.just([]), st.lists(evidence_rows, max_size=12))),
        "opportunities": draw(st.sets(st.sampled_from(["teammates_active", "on_a_rota"]))),
        "memberships": enrolled,
        "sources": draw(st.one_of(st.just([complete]), st.lists(sources, max_size=3))),
    }


def cell_of(asked: dict[str, Any]) -> Cell:
    rest = dict(asked)
    return evaluate(rest.pop("item"), CATALOG, person_id="p1", window=WINDOW, **rest)


ALWAYS = settings(max_examples=120, deadline=None)


@st.composite
def nearly_complete_sources(draw: st.DrawFn) -> SourceState:
    """A source that is whole but for one thing, or for none; both sides of every edge."""
    first, last = draw(
        st.sampled_from([(date(2026, 4, 1), WINDOW.ends_on), (WINDOW.starts_on, date(2026, 9, 2))])
    )
    nudge = st.sampled_from([-1, 0, 0, 0, 0, 1])
    lacks = draw(st.sampled_from([{}] * 5 + [{table: "forbidden"} for table in sorted(TABLES)]))
    return SourceState(
        draw(st.sampled_from(["github", "pager", "rota"])),
        draw(
            st.sampled_from(
                [
                    complete.kinds,
                    complete.kinds,
                    frozenset({"incidents", "incident_actions"}),
                    frozenset({"reviews"}),
                ]
            )
        ),
        draw(st.sampled_from([None] + [first] * 9)) and first + timedelta(days=draw(nudge)),
        draw(st.sampled_from([None] + [last] * 9)) and last + timedelta(days=draw(nudge)),
        not lacks and draw(st.sampled_from([False] + [True] * 9)),
        lacks=lacks,
    )


@ALWAYS
@given(
    st.lists(indicators, min_size=1, max_size=3, unique_by=lambda rule: rule.signal),
    st.lists(nearly_complete_sources(), max_size=2),
    st.sampled_from([date(2026, 9, 2), date(2026, 10, 15)]),
)
def test_an_empty_cell_is_none_seen_exactly_where_every_feeding_source_is_complete(
    rules: list[Indicator], sources: list[SourceState], as_of: date
) -> None:
    begins = date(2026, 4, 1) if any(rule.over_quarters == 2 for rule in rules) else WINDOW.starts_on
    ends = min(WINDOW.ends_on, as_of)
    expected = "none seen"
    for table in {table for rule in rules for table in CATALOG[rule.signal].reads} - {"persons"}:
        feeding = [source for source in sources if table in source.kinds]
        if not feeding or not all(
            (source.complete or source.lacks)
            and table not in source.lacks
            and source.from_day is not None
            and source.from_day <= begins
            and source.through_day is not None
            and source.through_day >= ends
            for source in feeding
        ):
            expected = "not collected"
    asked: dict[str, Any] = {
        "item": Item("i", "P", "G", "S.", "partly", "B.", "Q?", tuple(rules), "all", "0", 1),
        "as_of": as_of,
        "evidence": [],
        "opportunities": {"teammates_active", "on_a_rota"},
        "memberships": [(date(2020, 1, 1), None)],
        "sources": sources,
    }
    assert cell_of(asked).state == expected


@ALWAYS
@given(questions())
def test_an_empty_cell_without_occasion_enrolment_or_complete_source_is_never_none_seen(
    asked: dict[str, Any],
) -> None:
    item = asked["item"]
    waits = {CATALOG[rule.signal].opportunity for rule in item.indicators}
    away = enrolled_share(asked["memberships"], WINDOW, asked["as_of"]) * 2 < 1
    no_occasion = None not in waits and not waits & asked["opportunities"]
    broken = [each for each in asked["sources"] if not each.complete and not each.lacks]
    broken += [replace(each, kinds=each.kinds & {*each.lacks}) for each in asked["sources"]]
    if away or no_occasion or sources_of(item, CATALOG, broken):
        assert cell_of(asked).state != "none seen"


@ALWAYS
@given(questions())
def test_every_row_of_a_cell_was_handed_in_and_is_of_the_items_signals(asked: dict[str, Any]) -> None:
    cell = cell_of(asked)
    signals = {rule.signal for rule in asked["item"].indicators}
    assert set(cell.evidence) <= set(asked["evidence"])
    assert {row.signal for row in cell.evidence} <= signals
    assert all(row.occurred_on <= asked["as_of"] for row in cell.evidence)


@ALWAYS
@given(questions())
def test_there_is_no_state_outside_the_seven_and_only_seen_ones_have_evidence(
    asked: dict[str, Any],
) -> None:
    cell = cell_of(asked)
    assert cell.state in get_args(State)
    assert len(get_args(State)) == 7
    assert bool(cell.evidence) == (cell.state in ("seen", "partly seen"))
    assert (cell.because is None) == (cell.state == "seen")


@ALWAYS
@given(questions(), evidence_rows)
def test_more_evidence_never_unsees_a_cell(asked: dict[str, Any], row: Evidence) -> None:
    order = {"seen": 2, "partly seen": 1}
    before = cell_of(asked).state
    after = cell_of(asked | {"evidence": [*asked["evidence"], row]}).state
    assert order.get(after, 0) >= order.get(before, 0)


@ALWAYS
@given(questions())
def test_leave_never_changes_what_was_seen(asked: dict[str, Any]) -> None:
    present = cell_of(asked)
    away = cell_of(asked | {"memberships": []})
    assert (away == present) or present.state in ("none seen", "not collected", "no opportunity")
    assert away.state not in ("none seen", "not collected")


@ALWAYS
@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_sources_does_not_matter(asked: dict[str, Any], order: Random) -> None:
    shuffled = {key: order.sample(asked[key], len(asked[key])) for key in ("evidence", "memberships")}
    assert cell_of(asked | shuffled) == cell_of(asked)
