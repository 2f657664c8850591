"""Who counts in a team's bands: decided by the roster and the calendar alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from privacy import door
from privacy.policy import load_policy
from warehouse.windows import Window

Q3 = Window(2026, 3)  # 92 days: half is 46, and 16 August is the first day of the second half


class Row(NamedTuple):
    person_id: str
    team: str
    starts_on: date = date(2025, 1, 1)
    ends_on: date | None = None
    manager_id: str | None = None


def test_everyone_in_the_team_for_the_whole_window_counts() -> None:
    assert counted(Row("p1", "payments"), Row("p2", "payments"), Row("p3", "search")) == {"p1", "p2"}


def test_the_manager_of_the_team_does_not_count() -> None:
    assert counted(Row("p1", "payments", manager_id="m"), Row("m", "payments")) == {"p1"}


def test_a_manager_counts_in_the_team_they_work_in() -> None:
    assert counted(Row("m", "payments"), Row("p1", "search", manager_id="m")) == {"m"}


def test_who_managed_the_team_before_the_window_counts() -> None:
    former = Row("p1", "payments", ends_on=date(2026, 7, 1), manager_id="m")
    assert counted(former, Row("m", "payments")) == {"m"}


@pytest.mark.parametrize(("starts_on", "count"), [(date(2026, 8, 16), {"p1"}), (date(2026, 8, 17), set())])
def test_half_of_the_window_is_enough_and_a_day_less_is_not(starts_on: date, count: set[str]) -> None:
    assert counted(Row("p1", "payments", starts_on=starts_on)) == count


def test_two_stays_in_a_team_add_up() -> None:
    first = Row("p1", "payments", date(2026, 7, 1), date(2026, 7, 24))
    second = Row("p1", "payments", date(2026, 9, 7), None)
    assert counted(first) == counted(second) == set()
    assert counted(first, second) == {"p1"}


def test_a_day_written_twice_counts_once() -> None:
    row = Row("p1", "payments", date(2026, 8, 25), None)
    assert counted(row, row) == set()


def test_who_moved_counts_in_the_team_of_most_days() -> None:
    rows = [
        Row("p1", "payments", ends_on=date(2026, 8, 20)),
        Row("p1", "search", starts_on=date(2026, 8, 20)),
    ]
    assert counted(*rows) == {"p1"}
    assert counted(*rows, team="search") == set()


def test_who_moved_in_the_very_middle_counts_in_the_later_team() -> None:
    rows = [
        Row("p1", "search", ends_on=date(2026, 8, 16)),
        Row("p1", "payments", starts_on=date(2026, 8, 16)),
    ]
    assert counted(*rows) == {"p1"}
    assert counted(*rows, team="search") == set()


def test_nobody_counts_in_two_teams_even_where_the_roster_lists_them_in_both() -> None:
    rows = [Row(f"p{n}", team) for n in range(4) for team in ("payments", "search", "billing")]
    teams = [counted(*rows, team=team) for team in ("payments", "search", "billing")]
    assert sorted(person for team in teams for person in team) == ["p0", "p1", "p2", "p3"]


def test_the_order_of_the_roster_changes_nothing() -> None:
    rows = [Row("p1", "payments"), Row("p1", "search"), Row("p2", "payments", manager_id="p1")]
    assert counted(*rows) == counted(*reversed(rows))


def test_a_stricter_agreement_asks_for_more_presence() -> None:
    strict = load_policy(AGREEMENT).model_copy(update={"presence_percent": 80})
    rows = [Row("p1", "payments", starts_on=date(2026, 8, 1)), Row("p2", "payments")]
    assert door.eligible(rows, "payments", Q3, strict) == {"p2"}


# --- builders -------------------------------------------------------------------------------------------

AGREEMENT = Path(__file__).parents[1] / "agreement.yaml"


def counted(*rows: Row, team: str = "payments") -> frozenset[str]:
    return door.eligible(rows, team, Q3, load_policy(AGREEMENT))
