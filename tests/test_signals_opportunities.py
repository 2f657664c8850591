"""Opportunities, processes of a team and steps of an incident in plain Python, held against their SQL.

An opportunity is a set of days, and its rows are the first of them in each month. On random tables, robots
and people without a team among them, a signal finds the rows that follow from its claim and no others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_tables import World, computed

from signals.catalog import load_catalog

CATALOG = load_catalog()
Row = tuple[Any, ...]
Days = Iterator[tuple[str, date]]
"""A person, and a day on which they could have."""


# --- opportunities --------------------------------------------------------------------------------------


def days_on_call(world: World) -> Days:
    for shift in world.oncall_shifts:
        yield from ((shift.person_id, day) for day in days(shift.starts_on, shift.ends_on))


def days_of_any_incident(world: World) -> Days:
    for incident in world.incidents:
        for day in days_of(incident):
            yield from ((person, day) for person, _ in world.members(day))


def days_of_incidents_for_me(world: World) -> Days:
    names_services = {i.source for i in world.incidents if i.service_id}
    told_elsewhere = {world.surviving(i.incident_id) for i in world.incidents if i.service_id}
    for incident in world.incidents:
        everybody = incident.source not in names_services
        everybody = everybody and world.surviving(incident.incident_id) not in told_elsewhere
        on_service = {s.shift_id for s in world.oncall_services if s.service_id == incident.service_id}
        for day in days_of(incident):
            for shift in world.oncall_shifts:
                if shift.shift_id in on_service and shift.starts_on <= day <= shift.ends_on:
                    yield shift.person_id, day
            yield from ((person, day) for person, _ in (world.members(day) if everybody else ()))
    yield from ((page.person_id, page.paged_on) for page in world.incident_pages)


def days_of_newcomers_pull_requests(world: World) -> Days:
    joined: dict[str, date] = {}
    for row in world.memberships:
        joined[row.person_id] = min(row.starts_on, joined.get(row.person_id, date.max))
    for author, day in days_open(world, world.pull_requests):
        if author in joined and 0 <= (day - joined[author]).days < 90:
            yield from ((person, day) for person, _ in world.members(day) if person != author)


def days_of_issues_by_others(world: World) -> Days:
    for author, day in days_open(world, world.issues):
        yield from ((person, day) for person, _ in world.members(day) if person != author)


def days_of_a_teams_pull_requests(world: World) -> Days:
    for author, day in days_open(world, world.pull_requests):
        teams = {team for person, team in world.members(day) if person == author}
        yield from ((p, day) for p, team in world.members(day) if team in teams and p != author)
    for request in world.pull_request_events:
        withdrawn = any(
            later.kind == "review_request_removed" and later.position > request.position
            for later in world.pull_request_events
            if (later.pull_request_id, later.reviewer_id) == (request.pull_request_id, request.reviewer_id)
        )
        pull = world.pulls.get(request.pull_request_id)
        is_of_them = pull and world.is_of_another_human(request.reviewer_id, pull.author_id)
        if request.kind == "review_requested" and is_of_them and not withdrawn:
            yield request.reviewer_id, request.occurred_on


def days_of_interviews(world: World) -> Days:
    yield from ((each.interviewer_id, each.held_on) for each in world.interviews)


def days_of_code_where(
    world: World, holds: Callable[[SimpleNamespace], bool], with_coauthors: bool = True
) -> Days:
    """The days on which somebody merged code in a repository where this holds of any merged change."""
    merged = [each for each in world.pull_requests if each.state == "merged"]
    repositories = {each.repository_id for each in merged if holds(each)}
    for pull in merged:
        is_own = not (pull.is_generated_only or pull.is_backport or pull.is_revert)
        if pull.repository_id in repositories and pull.touches_code and is_own:
            wrote = {c.person_id for c in world.commit_authors if c.pull_request_id == pull.pull_request_id}
            yield from (
                (who, pull.merged_on) for who in {pull.author_id} | (wrote if with_coauthors else set())
            )


OPPORTUNITIES: dict[str, Callable[[World], Days]] = {
    "enrolled_on_rota": days_on_call,
    "incidents_at_all": days_of_any_incident,
    "incidents_in_my_services": days_of_incidents_for_me,
    "interviews_held": days_of_interviews,
    "newcomer_pull_requests_open": days_of_newcomers_pull_requests,
    "open_issues_by_others": days_of_issues_by_others,
    "repositories_with_checks": lambda world: days_of_code_where(
        world, lambda pull: pull.checks_at_review in ("passed", "failed"), with_coauthors=False
    ),
    "repositories_with_team_tools": lambda world: days_of_code_where(world, lambda p: p.touches_team_tools),
    "repositories_with_tests": lambda world: days_of_code_where(world, lambda p: p.touches_tests),
    "team_pull_requests_open": days_of_a_teams_pull_requests,
}


def first_in_each_month(world: World, could: Days) -> set[Row]:
    first: dict[tuple[str, int, int], date] = {}
    for person, day in could:
        if person in world.humans:
            month = person, day.year, day.month
            first[month] = min(day, first.get(month, date.max))
    return {(person, day) for (person, _, _), day in first.items()}


# --- processes of a team --------------------------------------------------------------------------------


def mostly_on_call(world: World) -> Iterator[tuple[str, date]]:
    begins = {(s.source, s.schedule_id, s.starts_on) for s in world.oncall_shifts}
    held: dict[tuple[str, date], set[date]] = defaultdict(set)
    for shift in world.oncall_shifts:
        taken_over = (shift.source, shift.schedule_id, shift.ends_on) in begins
        for day in days(shift.starts_on, shift.ends_on):
            if day < shift.ends_on or day == shift.starts_on or not taken_over:
                held[shift.person_id, quarter(day)].add(day)
    for (person, on), dates in held.items():
        length = (quarter(on + timedelta(days=100)) - on).days
        if len(dates) * 4 > length:
            yield person, on


def changes_by_humans(world: World) -> Iterator[SimpleNamespace]:
    for pull in world.pull_requests:
        is_own = not (pull.is_generated_only or pull.is_backport)
        if pull.state == "merged" and is_own and pull.author_id in world.humans:
            yield pull


def nearly_always_looked_at(world: World) -> Iterator[tuple[str, date]]:
    looked: dict[tuple[str, date], list[bool]] = defaultdict(list)
    for pull in changes_by_humans(world):
        events = [e for e in world.pull_request_events if e.pull_request_id == pull.pull_request_id]
        merges = [e.position for e in events if e.kind == "merged"]
        looks = any(
            (review.position < min(merges) if merges else review.submitted_on <= pull.merged_on)
            for review, of in world.others_reviews()
            if of is pull
        ) or any(
            e.kind in ("merged", "queued_to_merge") and world.is_of_another_human(e.actor_id, pull.author_id)
            for e in events
        )
        looked[pull.author_id, quarter(pull.merged_on)].append(looks)
    yield from (key for key, looks in looked.items() if 10 * sum(looks) >= 9 * len(looks))


def mostly_looked_at_within_three_days(world: World) -> Iterator[tuple[str, date]]:
    in_time: dict[tuple[str, date], list[bool]] = defaultdict(list)
    for pull in changes_by_humans(world):
        reviews = [r for r, of in world.others_reviews() if of is pull and r.submitted_on <= pull.merged_on]
        if reviews:
            first = min(reviews, key=lambda r: (r.position, r.review_id))
            offers = [
                e.occurred_on
                for e in world.pull_request_events
                if (e.pull_request_id, e.kind) == (pull.pull_request_id, "ready_for_review")
                and e.position < first.position
            ]
            waited = first.submitted_on - max(offers, default=pull.created_on)
            in_time[pull.author_id, quarter(pull.merged_on)].append(waited <= timedelta(days=3))
    yield from (key for key, waits in in_time.items() if 2 * sum(waits) > len(waits))


def at_least_half_of_an_equal_share(world: World) -> Iterator[tuple[str, date]]:
    first: dict[tuple[str, str], date] = {}
    for review, pull in world.others_reviews():
        key = review.reviewer_id, pull.pull_request_id
        first[key] = min(review.submitted_on, first.get(key, date.max))
    counted: dict[tuple[str, str, date], set[str]] = defaultdict(set)
    for (person, key), on in first.items():
        for member, team in world.members(on):
            if member == person:
                counted[team, person, quarter(on)].add(key)
    totals = Counter[tuple[str, date]]()
    for (team, _, on), keys in counted.items():
        totals[team, on] += len(keys)
    for (team, person, on), keys in counted.items():
        ends_on = quarter(on + timedelta(days=100))
        people = {
            row.person_id
            for row in world.memberships
            if row.team == team and row.person_id in world.humans
            if row.starts_on < ends_on and (row.ends_on is None or row.ends_on > on)
        }
        if 2 * len(keys) * len(people) >= totals[team, on]:
            yield person, on


PROCESSES: dict[str, Callable[[World], Iterable[Row]]] = {
    "oncall_load": mostly_on_call,
    "review_coverage": nearly_always_looked_at,
    "review_load_balance": at_least_half_of_an_equal_share,
    "review_wait": mostly_looked_at_within_three_days,
}


# --- steps of an incident -------------------------------------------------------------------------------


def fixes(world: World) -> Iterator[Row]:
    for key, pull in world.fixes():
        yield pull.author_id, pull.merged_on, "pull_request", pull.pull_request_id, world.surviving(key)


def pages(world: World) -> Iterator[Row]:
    for page in world.incident_pages:
        if page.incident_id in world.stored_incidents:
            key = world.surviving(page.incident_id)
            yield page.person_id, page.paged_on, "incident", key, key


def shifts(world: World) -> Iterator[Row]:
    for shift in world.oncall_shifts:
        paged = {(p.incident_id, p.paged_on) for p in world.incident_pages if p.person_id == shift.person_id}
        services = {s.service_id for s in world.oncall_services if s.shift_id == shift.shift_id}
        for key, incident in world.stored_incidents.items():
            served = set(days_of(incident)) if incident.service_id in services else set()
            for day in days(shift.starts_on, shift.ends_on):
                if day in served or (key, day) in paged:
                    yield shift.person_id, day, "oncall_shift", shift.shift_id, world.surviving(key)


STEPS: dict[str, Callable[[World], Iterator[Row]]] = {
    "fixed_incident": fixes,
    "on_call_for_incident": shifts,
    "paged_for_incident": pages,
}


def first_of_each(world: World, rows: Iterable[Row]) -> set[Row]:
    first: dict[Row, date] = {}
    for person, day, *key in rows:
        if person in world.humans:
            first[person, *key] = min(day, first.get((person, *key), date.max))
    return {(key[0], day, *key[1:]) for key, day in first.items()}


# --- the tests ------------------------------------------------------------------------------------------


def test_every_signal_that_is_no_evidence_has_a_claim() -> None:
    for kind, claims in (("opportunity", OPPORTUNITIES), ("process", PROCESSES), ("step", STEPS)):
        assert sorted(claims) == sorted(signal.signal for signal in CATALOG.of_kind(kind))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_these_signals_find_what_their_claims_hold_of_and_nothing_else(seed: int) -> None:
    world, rows = computed(Random(seed), ALL)
    for name, could in OPPORTUNITIES.items():
        assert rows[name] == first_in_each_month(world, could(world)), name
    for name, holds in PROCESSES.items():
        assert rows[name] == {row for row in holds(world) if row[0] in world.humans}, name
    for name, steps in STEPS.items():
        assert rows[name] == first_of_each(world, steps(world)), name


@pytest.mark.parametrize("name", [*OPPORTUNITIES, *PROCESSES, *STEPS])
def test_random_tables_have_rows_of_every_one_of_these_signals(name: str) -> None:
    assert any(computed(Random(seed), [name])[1][name] for seed in range(6))


# --- builders -------------------------------------------------------------------------------------------

ALL = [*OPPORTUNITIES, *PROCESSES, *STEPS]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def days_of(incident: SimpleNamespace) -> list[date]:
    return days(incident.opened_on, max(incident.opened_on, incident.resolved_on or incident.opened_on))


def days_open(world: World, rows: list[SimpleNamespace]) -> set[tuple[str, date]]:
    """Each human author with each day on which something of theirs was open; the last day known ends all."""

    def ended_on(row: SimpleNamespace) -> date | None:
        ends_on: date | None = getattr(row, "merged_on", None) or row.closed_on
        return ends_on

    known = max(max(row.created_on, getattr(row, "merged_on", None) or row.created_on,
                    row.closed_on or row.created_on) for row in rows)  # fmt: skip
    return {
        (row.author_id, day)
        for row in rows
        if row.author_id in world.humans
        for day in days(row.created_on, ended_on(row) or known)
    }


def quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
