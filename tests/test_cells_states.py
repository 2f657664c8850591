"""Which state a cell is in, on both sides of every edge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from rubric.cells import (
    Cell,
    Evidence,
    SourceState,
    evaluate,
    windows_read,
)
from rubric.map import Item
from rubric.rule import Indicator
from warehouse.windows import Window

Q2, Q3, Q4 = Window(2026, 2), Window(2026, 3), Window(2026, 4)
LATER = date(2026, 10, 15)

# --- seen and partly seen -------------------------------------------------------------------------------


def test_as_many_objects_as_the_rule_asks_are_seen() -> None:
    assert state(evidence=reviews(4, weeks=3)) == "seen"


def test_one_object_less_than_the_rule_asks_is_partly_seen() -> None:
    assert state(evidence=reviews(3, weeks=3)) == "partly seen"


def test_as_many_weeks_as_the_rule_asks_are_seen() -> None:
    assert state(evidence=reviews(5, weeks=3)) == "seen"


def test_one_week_less_than_the_rule_asks_is_partly_seen() -> None:
    assert state(evidence=reviews(5, weeks=2)) == "partly seen"


def test_the_same_object_on_many_days_counts_once() -> None:
    rows = [review("PR_1", date(2026, 7, 1) + timedelta(days=7 * week)) for week in range(6)]
    assert state(evidence=rows) == "partly seen"


def test_objects_of_two_kinds_with_one_id_are_two_objects() -> None:
    rows = reviews(3, weeks=3)
    assert state(evidence=[*rows, replace(rows[0], source_kind="issue")]) == "seen"


def test_sunday_and_monday_are_two_weeks() -> None:
    weekend = [review("PR_1", date(2026, 7, 5)), review("PR_2", date(2026, 7, 6))]
    rule = simple(at_least=2, in_weeks=2)
    assert state(rule, evidence=weekend) == "seen"


def test_new_year_does_not_split_a_week() -> None:
    days = [review("PR_1", date(2026, 12, 31)), review("PR_2", date(2027, 1, 1))]
    rule = simple(at_least=2, in_weeks=2, over_quarters=2)
    both = everything(from_day=date(2026, 10, 1), through_day=date(2027, 4, 1))
    assert (
        state(rule, window=Window(2027, 1), as_of=date(2027, 4, 15), evidence=days, sources=both)
        == "partly seen"
    )


def test_the_first_week_of_two_years_is_two_weeks() -> None:
    days = [date(2025, 1, 2), date(2025, 12, 30)]  # each in week 1, of 2025 and of 2026
    rows = [review(f"PR_{n}", day) for n, day in enumerate(days)]
    rule = simple(at_least=2, in_weeks=2, over_quarters=4)
    assert state(rule, window=Window(2025, 4), evidence=rows) == "seen"


def test_with_all_every_indicator_has_to_be_met() -> None:
    both = two_signals("all")
    assert state(both, evidence=[review("PR_1")]) == "partly seen"
    assert state(both, evidence=[review("PR_1"), question("PR_1")]) == "seen"


def test_with_any_one_indicator_is_enough() -> None:
    assert state(two_signals("any"), evidence=[question("PR_1")]) == "seen"


def test_a_partly_seen_cell_says_what_the_rule_still_asks_for() -> None:
    cell = evaluated(two_signals("all"), evidence=[review("PR_1")])
    assert cell.because == (
        "Some of it was seen, and the rule asks for more: "
        "Review questions: at least 1 question over 1 quarter."
    )


def test_a_seen_cell_needs_no_reason() -> None:
    assert evaluated(evidence=reviews(4, weeks=4)).because is None


def test_what_was_seen_stays_seen_without_enrolment_and_with_gaps() -> None:
    assert state(evidence=reviews(4, weeks=4), memberships=[], sources=[], opportunities=set()) == "seen"


def test_what_was_partly_seen_stays_so_and_names_the_gap() -> None:
    cell = evaluated(evidence=[review("PR_1")], sources=[everything(through_day=date(2026, 9, 20))])
    assert cell.state == "partly seen"
    assert cell.because is not None
    assert "github was incomplete for 11 of 92 days" in cell.because


# --- which evidence belongs to a cell -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 6, 30), "none seen"),
        (date(2026, 7, 1), "seen"),
        (date(2026, 9, 30), "seen"),
        (date(2026, 10, 1), "none seen"),
    ],
)
def test_a_window_holds_its_first_and_its_last_day_and_no_other(day: date, expected: str) -> None:
    assert state(simple(), evidence=[review("PR_1", day)]) == expected


def test_a_report_as_of_a_day_knows_nothing_of_the_next() -> None:
    open_at = date(2026, 8, 10)
    on_the_day, after = review("PR_1", open_at), review("PR_2", open_at + timedelta(days=1))
    assert evaluated(simple(), as_of=open_at, evidence=[on_the_day, after]).evidence == (on_the_day,)


def test_a_rule_over_two_quarters_looks_at_the_previous_window_too() -> None:
    rows = [review("PR_1", date(2026, 4, 1)), review("PR_2", date(2026, 9, 30))]
    assert state(simple(at_least=2, over_quarters=2), evidence=rows) == "seen"
    assert state(simple(at_least=2, over_quarters=1), evidence=rows) == "partly seen"


def test_a_rule_over_two_quarters_needs_both_collected() -> None:
    rule = simple(over_quarters=2)
    assert state(rule, sources=[everything(from_day=Q2.starts_on)]) == "none seen"
    assert state(rule, sources=[everything(from_day=Q2.starts_on + timedelta(days=1))]) == "not collected"


def test_a_cell_reads_the_windows_of_its_longest_rule() -> None:
    assert windows_read(simple(over_quarters=2), Q3) == [Q2, Q3]
    assert windows_read(simple(), Q3) == [Q3]
    assert windows_read(asked(), Q3) == [Q3]


def test_a_row_that_came_twice_is_one_row() -> None:
    assert evaluated(evidence=[review("PR_1"), review("PR_1")]).evidence == (review("PR_1"),)


def test_evidence_of_another_person_is_refused() -> None:
    with pytest.raises(ValueError, match="another person") as caught:
        state(evidence=[replace(review("PR_1"), person_id="somebody-else")])
    assert "somebody-else" not in str(caught.value)


def test_a_window_that_has_not_begun_is_refused() -> None:
    with pytest.raises(ValueError, match="2026Q4 has not begun"):
        state(window=Q4, as_of=date(2026, 9, 30))


# --- ask and withheld -----------------------------------------------------------------------------------


def test_an_asked_item_stays_asked_whatever_came() -> None:
    cell = evaluated(asked(), evidence=[review("PR_1")])
    assert (cell.state, cell.evidence) == ("ask", ())


def test_a_withheld_item_stays_withheld_whatever_came() -> None:
    cell = evaluated(replace(asked(), item_class="withheld"), evidence=[review("PR_1")])
    assert (cell.state, cell.evidence) == ("withheld", ())
    assert cell.because == "This could be measured, and Sightline declines to. It is said aloud."


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
    answers: str = "Which of them?"
    guard: str | None = None
    open_because: str | None = None


CATALOG = {
    "reviewed": PlainSignal("pull requests"),
    "reviews_given": PlainSignal("pull requests", opportunity="team_pull_requests_open"),
    "review_questions": PlainSignal("questions", sensitivity="self"),
    "team_pull_requests_open": PlainSignal("pull requests", kind="opportunity"),
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


def reviews(objects: int, weeks: int) -> list[Evidence]:
    """So many pull requests, spread over so many weeks."""
    return [review(f"PR_{n}", date(2026, 7, 1) + timedelta(days=7 * (n % weeks))) for n in range(objects)]


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
