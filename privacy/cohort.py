"""Who counts in a team's bands, and when those may be published: roster, calendar and agreement decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

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


def eligible(memberships: Iterable[Enrolment], team: str, window: Window, policy: Policy) -> frozenset[str]:
    """Everyone who counts in the bands of this team and window: home team, present enough, not its manager.

    A person's home team is the one they spent most days of the window in; of equals, the one they were in
    last. Nobody has two, so no two teams' bands overlap.
    """
    rows = list(memberships)
    days: dict[str, dict[str, set[int]]] = {}
    managers = set()
    first, end = window.starts_on.toordinal(), window.ends_on.toordinal()
    for row in rows:
        until = end if row.ends_on is None else min(end, row.ends_on.toordinal())
        present = range(max(first, row.starts_on.toordinal()), until)
        if present:
            days.setdefault(row.person_id, {}).setdefault(row.team, set()).update(present)
            if row.team == team:
                managers.add(row.manager_id)
    needed = policy.presence_percent * (end - first)
    return frozenset(
        person_id
        for person_id, teams in days.items()
        if person_id not in managers and _home_team(teams) == team and 100 * len(teams[team]) >= needed
    )


def due_on(window: Window, policy: Policy, *, sources_complete: bool) -> date:
    """The first day on which this window may be published."""
    held = 0 if sources_complete else policy.hold_days
    return window.ends_on + timedelta(days=policy.delay_days + held)


def is_due(window: Window, as_of: date, policy: Policy, sources_complete: bool) -> bool:
    """Whether a window may be published: closed for long enough, and longer while a source is incomplete."""
    return as_of >= due_on(window, policy, sources_complete=sources_complete)


def _home_team(teams: Mapping[str, set[int]]) -> str:
    return max(teams, key=lambda team: (len(teams[team]), max(teams[team]), min(teams[team]), team))
