"""Who counts in a team's bands, and when those may be published: roster, calendar and agreement decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from warehouse.windows import Window

if TYPE_CHECKING:
    from privacy.policy import Policy


class Enrolment(Protocol):
    """One row of the roster: one person in one team from `starts_on` until before `ends_on` (None: still)."""

    @property
    def person_id(self) -> str: ...
    @property
    def team(self) -> str: ...
    @property
    def manager_id(self) -> str | None: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date | None: ...


class OnRubric(Enrolment, Protocol):
    """An enrolment that says which rubric the person is on meanwhile."""

    @property
    def rubric(self) -> str: ...


Row = TypeVar("Row", bound=Enrolment)


def by_team(memberships: Iterable[Row]) -> dict[str, list[Row]]:
    """For each team all rows of everybody who was ever in it: who counts there follows from these alone.

    Looking through everybody's rows for every team takes hours where there are thousands of teams.
    """
    rows_of: dict[str, list[Row]] = {}
    people: dict[str, dict[str, None]] = {}
    for row in memberships:
        rows_of.setdefault(row.person_id, []).append(row)
        people.setdefault(row.team, {})[row.person_id] = None
    return {team: [row for person in those for row in rows_of[person]] for team, those in people.items()}


def cohorts(
    memberships: Iterable[OnRubric], team: str, window: Window, policy: Policy
) -> dict[str, frozenset[str]]:
    """Everyone who counts in this team and window, by the rubric they are on. Nobody is in two cohorts.

    A rubric that anybody but the manager was on has a cohort, be it an empty one. A band is about one cohort:
    where two rubrics ask the same of people, counting both together would make groups that overlap.
    """
    rows = [row for row in memberships if _days(row, window)]
    counted = eligible(rows, team, window, policy)
    of_team = [row for row in rows if row.team == team]
    managers = {row.manager_id for row in of_team}
    people = {row.person_id for row in of_team}
    people_on: dict[str, set[str]] = {}
    for person_id in people - managers or people:
        rubric = home_rubric([row for row in rows if row.person_id == person_id], window)
        people_on.setdefault(rubric, set()).update({person_id} & counted)
    return {rubric: frozenset(of_rubric) for rubric, of_rubric in people_on.items()}


def home_rubric(rows: Iterable[OnRubric], window: Window) -> str:
    """The rubric that somebody was on for most of the window; of equals, the one they were on last."""
    days: dict[str, set[int]] = {}
    for row in rows:
        days.setdefault(row.rubric, set()).update(_days(row, window))
    return _home({rubric: present for rubric, present in days.items() if present})


def eligible(memberships: Iterable[Enrolment], team: str, window: Window, policy: Policy) -> frozenset[str]:
    """Everyone who counts in the bands of this team and window: home team, present enough, not its manager.

    A person's home team is the one they spent most days of the window in; of equals, the one they were in
    last. Nobody has two, so no two teams' bands overlap.
    """
    rows = list(memberships)
    days: dict[str, dict[str, set[int]]] = {}
    managers = set()
    for row in rows:
        if present := _days(row, window):
            days.setdefault(row.person_id, {}).setdefault(row.team, set()).update(present)
            if row.team == team:
                managers.add(row.manager_id)
    needed = policy.presence_percent * (window.ends_on - window.starts_on).days
    return frozenset(
        person_id
        for person_id, teams in days.items()
        if person_id not in managers and _home(teams) == team and 100 * len(teams[team]) >= needed
    )


def due_on(window: Window, policy: Policy, *, sources_complete: bool) -> date:
    """The first day on which this window may be published."""
    held = 0 if sources_complete else policy.hold_days
    return window.ends_on + timedelta(days=policy.delay_days + held)


def is_due(window: Window, as_of: date, policy: Policy, sources_complete: bool) -> bool:
    """Whether a window may be published: closed for long enough, and longer while a source is incomplete."""
    return as_of >= due_on(window, policy, sources_complete=sources_complete)


def _days(row: Enrolment, window: Window) -> range:
    """The days of the window on which this row of the roster holds."""
    end = window.ends_on.toordinal()
    until = end if row.ends_on is None else min(end, row.ends_on.toordinal())
    return range(max(window.starts_on.toordinal(), row.starts_on.toordinal()), until)


def _home(names: Mapping[str, set[int]]) -> str:
    if len(names) == 1:  # nearly everybody, and their days need not be looked through
        return next(iter(names))
    return max(names, key=lambda name: (len(names[name]), max(names[name]), min(names[name]), name))
