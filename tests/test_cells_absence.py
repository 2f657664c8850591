"""What an empty cell says, and when: no opportunity, not collected, none seen; and what teams are told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from rubric.cells import (
    Cell,
    Evidence,
    SourceState,
    bandable,
    beside,
    enrolled_share,
    evaluate,
    open_reasons,
    sources_of,
    trace,
)
from rubric.map import Item
from rubric.rule import Indicator
from warehouse.windows import Window

Q2, Q3, Q4 = Window(2026, 2), Window(2026, 3), Window(2026, 4)
LATER = date(2026, 10, 15)

# --- no opportunity -------------------------------------------------------------------------------------


def test_enrolled_for_exactly_half_of_the_window_is_an_opportunity() -> None:
    half = [(Q3.starts_on, Q3.starts_on + timedelta(days=46))]
    assert state(memberships=half) == "none seen"


def test_enrolled_for_a_day_less_than_half_is_none() -> None:
    less = [(Q3.starts_on, Q3.starts_on + timedelta(days=45))]
    assert state(memberships=less) == "no opportunity"


def test_two_memberships_add_up_and_a_shared_day_counts_once() -> None:
    first = (Q3.starts_on, Q3.starts_on + timedelta(days=23))
    second = (Q3.starts_on + timedelta(days=22), Q3.starts_on + timedelta(days=46))
    assert enrolled_share([first, second], Q3, LATER) == Fraction(1, 2)


def test_the_open_window_is_measured_by_its_days_so_far() -> None:
    joined_halfway = [(date(2026, 7, 6), None)]
    assert enrolled_share(joined_halfway, Q3, date(2026, 7, 10)) == Fraction(1, 2)


def test_days_outside_the_window_do_not_count_as_enrolled() -> None:
    assert enrolled_share([(date(2020, 1, 1), Q3.starts_on)], Q3, LATER) == 0
    assert enrolled_share([(date(2020, 1, 1), None)], Q3, LATER) == 1
    assert enrolled_share([(Q3.ends_on, None)], Q3, LATER) == 0


def test_without_the_occasion_there_is_no_opportunity() -> None:
    assert state(simple("reviews_given"), opportunities=set()) == "no opportunity"
    assert state(simple("reviews_given"), opportunities={"team_pull_requests_open"}) == "none seen"


def test_one_indicator_that_waits_for_nothing_is_an_opportunity() -> None:
    assert state(two_signals("all", "reviews_given"), opportunities=set()) == "none seen"


def test_leave_and_a_missing_occasion_read_the_same() -> None:
    on_leave = evaluated(simple("reviews_given"), memberships=[])
    no_occasion = evaluated(simple("reviews_given"), opportunities=set())
    assert on_leave.state == "no opportunity"
    assert on_leave == no_occasion


# --- not collected --------------------------------------------------------------------------------------


def test_a_table_that_no_source_fills_is_not_collected() -> None:
    cell = evaluated(sources=[])
    assert cell.state == "not collected"
    assert cell.because == (
        "No connected source collects pull requests and reviews; this item is left open rather than guessed."
    )


def test_a_table_that_not_everybody_has_is_missed_only_where_a_source_of_it_is_incomplete() -> None:
    rule = simple("postmortems")
    assert state(rule, sources=[everything()]) == "none seen"
    documents = replace(everything(), source="documents", kinds=frozenset({"documents"}))
    assert state(rule, sources=[everything(), documents]) == "none seen"
    assert state(rule, sources=[everything(), replace(documents, complete=False)]) == "not collected"


def test_a_table_that_one_signal_may_do_without_is_missed_where_another_may_not() -> None:
    """Found together, in one rule: what the first takes for nothing is all that the second looks at."""
    both = item(Indicator("postmortems", 1, "document"), Indicator("documents_written", 1, "document"))
    for seen_when in ("any", "all"):
        cell = evaluated(replace(both, seen_when=seen_when), sources=[everything()])
        assert cell.state == "not collected"
        assert cell.because == (
            "No connected source collects documents; this item is left open rather than guessed."
        )


def test_a_source_of_something_else_proves_nothing() -> None:
    assert state(sources=[replace(everything(), kinds=frozenset({"incidents"}))]) == "not collected"


def test_every_table_has_to_be_filled_by_some_source() -> None:
    only_changes = replace(everything(), kinds=frozenset({"pull_requests"}))
    only_reviews = replace(everything(), source="elsewhere", kinds=frozenset({"reviews"}))
    assert state(sources=[only_changes]) == "not collected"
    assert state(sources=[only_changes, only_reviews]) == "none seen"


def test_an_incomplete_source_is_not_collected_and_is_named() -> None:
    cell = evaluated(sources=[replace(everything(), complete=False, because="rate limit reached.")])
    assert cell.state == "not collected"
    assert cell.because == (
        "github was incomplete for some days between 2026-07-01 and 2026-09-30 (rate limit reached);"
        " this item is left open rather than guessed."
    )


def test_a_source_that_lacks_what_the_item_does_not_read_is_complete_for_it() -> None:
    other = replace(
        everything(), complete=False, because="github lacks issues", lacks={"issues": "forbidden"}
    )
    assert state(sources=[other]) == "none seen"


def test_a_source_that_lacks_what_the_item_reads_is_not_collected_and_says_what() -> None:
    lacks = {"issues": "forbidden", "pull_requests": "too heavy", "reviews": "too heavy"}
    cell = evaluated(sources=[replace(everything(), complete=False, because="much", lacks=lacks)])
    assert cell.state == "not collected"
    assert cell.because == (
        "github lacks pull requests and reviews (too heavy) for some days between 2026-07-01 and 2026-09-30;"
        " this item is left open rather than guessed."
    )


@pytest.mark.parametrize(
    ("opportunities", "expected"), [({"incidents_in_own_services"}, "none seen"), (set(), "not collected")]
)
def test_an_occasion_that_did_not_come_needs_its_own_tables_too(
    opportunities: set[str], expected: str
) -> None:
    tables = frozenset({"incidents", "incident_actions", "oncall_shifts", "oncall_services"})
    pager = SourceState(
        "pager", tables, Q3.starts_on, LATER, False, "no schedules", {"oncall_shifts": "forbidden"}
    )
    rule = simple("incident_participation")
    assert state(rule, sources=[pager], opportunities=opportunities) == expected


def test_a_source_that_calls_itself_complete_and_lacks_something_is_not_believed() -> None:
    assert state(sources=[replace(everything(), lacks={"reviews": "forbidden"})]) == "not collected"


def test_one_incomplete_source_of_two_is_enough_to_leave_the_item_open() -> None:
    other = replace(everything(), source="elsewhere", complete=False)
    assert state(sources=[everything(), other]) == "not collected"


def test_an_incomplete_source_of_other_tables_does_not_matter() -> None:
    other = SourceState("pager", frozenset({"incidents"}), None, None, complete=False)
    assert state(sources=[everything(), other]) == "none seen"


@pytest.mark.parametrize(("from_day", "expected"), [(1, "none seen"), (2, "not collected")])
def test_a_source_younger_than_the_window_is_not_collected(from_day: int, expected: str) -> None:
    assert state(sources=[everything(from_day=date(2026, 7, from_day))]) == expected


def test_a_source_that_is_complete_until_the_window_ends_is_enough() -> None:
    assert state(sources=[everything(through_day=Q3.ends_on)]) == "none seen"


def test_a_source_that_misses_the_last_day_is_not() -> None:
    cell = evaluated(sources=[everything(through_day=date(2026, 9, 30))])
    assert cell.because == (
        "github was incomplete for 1 of 92 days between 2026-07-01 and 2026-09-30;"
        " this item is left open rather than guessed."
    )


@pytest.mark.parametrize(("through", "expected"), [(10, "none seen"), (9, "not collected")])
def test_the_open_window_needs_every_day_until_the_day_of_the_report(through: int, expected: str) -> None:
    source = everything(through_day=date(2026, 8, through))
    assert state(as_of=date(2026, 8, 10), sources=[source]) == expected


def test_a_source_that_was_never_complete_is_missing_every_day() -> None:
    cell = evaluated(sources=[everything(from_day=None, through_day=None)])
    assert cell.because is not None
    assert "for 92 of 92 days" in cell.because


def test_on_its_first_day_a_window_has_no_complete_day() -> None:
    assert state(as_of=Q3.starts_on) == "not collected"


def test_an_occasion_is_absent_only_where_its_own_tables_are_complete() -> None:
    rule = simple("incident_participation")
    no_rota = [
        everything(),
        SourceState("pager", frozenset({"incidents", "incident_actions"}), Q3.starts_on, LATER, True),
    ]
    assert state(rule, opportunities=set(), sources=no_rota) == "not collected"
    with_rota = [
        *no_rota,
        replace(no_rota[1], source="rota", kinds=frozenset({"oncall_shifts", "oncall_services"})),
    ]
    assert state(rule, opportunities=set(), sources=with_rota) == "no opportunity"
    assert state(rule, opportunities={"incidents_in_own_services"}, sources=no_rota) == "none seen"


def test_a_quarter_without_any_incident_needs_no_rota_to_say_so() -> None:
    """Who was on call matters only where there was something to be called to."""
    pager = SourceState("pager", frozenset({"incidents", "incident_actions"}), Q3.starts_on, LATER, True)
    assert state(simple("incident_roles"), opportunities=set(), sources=[pager]) == "no opportunity"
    some = {"incidents_at_all"}
    assert state(simple("incident_roles"), opportunities=some, sources=[pager]) == "not collected"
    open_ended = replace(pager, complete=False)
    assert state(simple("incident_roles"), opportunities=set(), sources=[open_ended]) == "not collected"


def test_a_signal_that_reads_no_source_never_proves_an_absence() -> None:
    assert state(simple("from_nowhere")) == "not collected"


# --- none seen ------------------------------------------------------------------------------------------


def test_none_seen_names_sources_dates_and_what_misleads() -> None:
    assert evaluated().because == (
        "No matching activity in github between 2026-07-01 and 2026-09-30."
        " That does not mean it did not happen: much of it leaves no trace here."
        " Talk is not recorded. Presence, not depth."
    )


def test_none_seen_in_the_open_window_speaks_of_complete_days_only() -> None:
    because = evaluated(as_of=date(2026, 8, 10)).because
    assert because is not None
    assert "between 2026-07-01 and 2026-08-09" in because


# --- what the team may be told --------------------------------------------------------------------------


def test_reasons_for_everybody_do_not_depend_on_anybodys_occasions() -> None:
    rule = simple("incident_participation")
    incidents_only = [
        SourceState("pager", frozenset({"incidents", "incident_actions"}), Q3.starts_on, LATER, True)
    ]
    assert open_reasons(rule, CATALOG, window=Q3, as_of=LATER, sources=incidents_only) == []


def test_an_asked_item_has_no_open_reasons() -> None:
    assert open_reasons(asked(), CATALOG, window=Q3, as_of=LATER, sources=[]) == []


def test_a_trace_is_any_row_of_a_signal_that_may_feed_a_band() -> None:
    assert trace(two_signals("all"), CATALOG, [review("PR_1")])
    assert not trace(two_signals("all"), CATALOG, [question("PR_1")])
    assert not trace(simple("merged_work"), CATALOG, [review("PR_1")])
    assert not trace(asked(), CATALOG, [review("PR_1")])


def test_what_stands_beside_an_item_decides_nothing_and_is_in_no_band() -> None:
    nothing_but = replace(simple("merged_work"), beside=("reviewed",))
    rows = [review("PR_1")]
    assert beside(nothing_but, rows, Q3, LATER) == rows
    assert not trace(nothing_but, CATALOG, rows)
    assert evaluated(nothing_but, evidence=rows).state == evaluated(simple("merged_work")).state


def test_what_stands_beside_an_item_is_of_the_window() -> None:
    shown = replace(simple("merged_work"), beside=("reviewed",))
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 9, 30), date(2026, 10, 1)]
    rows = [review(f"PR_{n}", day) for n, day in enumerate(days)]
    assert [row.source_id for row in beside(shown, rows, Q3, LATER)] == ["PR_1", "PR_2"]
    assert [row.source_id for row in beside(shown, rows, Q3, date(2026, 9, 30))] == ["PR_1", "PR_2"]
    assert [row.source_id for row in beside(shown, rows, Q3, date(2026, 9, 29))] == ["PR_1"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 6, 30), False),
        (date(2026, 7, 1), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
    ],
)
def test_a_trace_of_a_window_lies_in_the_window(day: date, expected: bool) -> None:
    assert trace(simple(), CATALOG, [review("PR_1", day)], window=Q3) is expected


def test_a_band_counts_its_own_quarter_however_far_back_the_rule_looks() -> None:
    """Two bands that shared a quarter determined people around leavers in generated organisations."""
    looks_back = simple(over_quarters=2)
    assert not trace(looks_back, CATALOG, [review("PR_1", date(2026, 6, 30))], window=Q3)
    assert trace(looks_back, CATALOG, [review("PR_1", date(2026, 7, 1))], window=Q3)


def test_an_item_may_be_banded_when_one_of_its_signals_may() -> None:
    assert bandable(two_signals("all"), CATALOG)
    assert not bandable(simple("review_questions"), CATALOG)
    assert not bandable(asked(), CATALOG)


def test_an_item_names_the_sources_that_feed_it_and_no_others() -> None:
    other = SourceState("pager", frozenset({"incidents"}), None, None, complete=False)
    assert sources_of(simple(), CATALOG, [other, everything()]) == ("github",)


# --- builders -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlainSignal:
    unit: str
    sensitivity: str = "band"
    reads: tuple[str, ...] = ("pull_requests", "reviews", "persons")
    opportunity: str | None = None
    kind: str = "evidence"
    misleads: str = "Presence, not depth."
    optional: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    open_because: str | None = None
    answers: str = "Which of them?"
    guard: str | None = None


CATALOG = {
    "reviewed": PlainSignal("pull requests"),
    "reviews_given": PlainSignal("pull requests", opportunity="team_pull_requests_open"),
    "postmortems": PlainSignal("documents", reads=("issues", "documents"), optional=("documents",)),
    "documents_written": PlainSignal("documents", reads=("documents",)),
    "review_questions": PlainSignal("questions", sensitivity="self"),
    "merged_work": PlainSignal("pull requests"),
    "from_nowhere": PlainSignal("people", reads=("persons", "memberships")),
    "incident_participation": PlainSignal(
        "incidents", reads=("incidents", "incident_actions"), opportunity="incidents_in_own_services"
    ),
    "incident_roles": PlainSignal(
        "incidents", reads=("incidents", "incident_actions"), opportunity="incidents_on_my_rota"
    ),
    "incidents_on_my_rota": PlainSignal(
        "incidents", kind="opportunity", reads=("incidents", "oncall_shifts"), opportunity="incidents_at_all"
    ),
    "incidents_at_all": PlainSignal("incidents", kind="opportunity", reads=("incidents",)),
    "team_pull_requests_open": PlainSignal("pull requests", kind="opportunity"),
    "incidents_in_own_services": PlainSignal(
        "incidents", kind="opportunity", reads=("incidents", "oncall_shifts", "oncall_services")
    ),
}


def simple(
    signal: str = "reviewed", at_least: int = 1, in_weeks: int | None = None, over_quarters: int = 1
) -> Item:
    unit = CATALOG[signal].unit
    return item(Indicator(signal, at_least, unit, in_weeks, over_quarters))


def two_signals(seen_when: str, first: str = "reviewed") -> Item:
    rules = Indicator(first, 1, "pull request"), Indicator("review_questions", 1, "question")
    return replace(item(*rules), seen_when="any" if seen_when == "any" else "all")


def asked() -> Item:
    return replace(item(), item_class="ask", because="It is said aloud.")


def item(*indicators: Indicator) -> Item:
    return Item(
        "reviews",
        "Craft",
        "Code",
        "Reviews code.",
        "partly",
        "Talk is not recorded.",
        "What did you learn?",
        indicators,
        "all",
        "ab" * 32,
        1,
    )


def review(source_id: str, day: date = date(2026, 7, 1), signal: str = "reviewed") -> Evidence:
    return Evidence("p1", signal, day, "pull_request", source_id)


def question(source_id: str) -> Evidence:
    return review(source_id, signal="review_questions")


def everything(from_day: date | None = date(2026, 1, 1), through_day: date | None = LATER) -> SourceState:
    return SourceState(
        "github", frozenset({"pull_requests", "reviews", "issues"}), from_day, through_day, complete=True
    )


def evaluated(
    rule: Item | None = None,
    *,
    window: Window = Q3,
    as_of: date = LATER,
    evidence: list[Evidence] | None = None,
    opportunities: set[str] | None = None,
    memberships: list[tuple[date, date | None]] | None = None,
    sources: list[SourceState] | SourceState | None = None,
) -> Cell:
    return evaluate(
        rule or simple(at_least=4, in_weeks=3),
        CATALOG,
        person_id="p1",
        window=window,
        as_of=as_of,
        evidence=evidence or [],
        opportunities={"team_pull_requests_open"} if opportunities is None else opportunities,
        memberships=[(date(2020, 1, 1), None)] if memberships is None else memberships,
        sources=[everything()] if sources is None else sources if isinstance(sources, list) else [sources],
    )


def state(rule: Item | None = None, **given: object) -> str:
    return evaluated(rule, **given).state  # type: ignore[arg-type]
