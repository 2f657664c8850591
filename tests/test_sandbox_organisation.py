"""The invented organisation: the same for the same seed, growing by a day a day, with every trap in it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import Holding
from sandbox.organisation.build import ImpossibleSize, organisation
from sandbox.organisation.people import team_sizes
from sandbox.organisation.quarters import FOUNDED, quarter_of, quarters_until
from sandbox.organisation.traps import TRAPS

UNTIL = date(2026, 8, 20)


def test_the_same_seed_gives_the_same_organisation() -> None:
    assert told(built("seed", UNTIL)) == told(organisation("seed", until=UNTIL, quarters=1))


def test_another_seed_gives_another_organisation() -> None:
    assert told(built("seed", UNTIL)) != told(built("other", UNTIL))


@pytest.mark.parametrize("until", [UNTIL, date(2026, 6, 30)])
def test_tomorrows_organisation_is_todays_and_one_day_more(until: date) -> None:
    today = told(built("seed", until))
    next_day = until + timedelta(days=1)
    # on the first day of a quarter there is one closed quarter more
    tomorrow = told(built("seed", next_day, quarters=1 + (quarter_of(next_day) > quarter_of(until))))
    assert today - tomorrow == set()
    assert {fact[1][:10] for fact in tomorrow - today} == {next_day.isoformat()}


def test_nothing_is_shown_that_happened_after_the_day() -> None:
    assert max(fact[1] for fact in told(built("seed", UNTIL))) < (UNTIL + timedelta(days=1)).isoformat()


def test_a_pull_request_that_is_not_merged_yet_is_open() -> None:
    late = {pull.id: pull for pull in pulls(built("seed", date(2026, 8, 21)))}
    early = {pull.id: pull for pull in pulls(built("seed", date(2026, 8, 10)))}
    merged_between = [
        each for each, pull in late.items() if each in early and pull.merged and not early[each].merged
    ]
    assert merged_between != []
    for each in merged_between:
        assert (early[each].state, early[each].merged_by, early[each].merged_at) == ("OPEN", None, None)


@pytest.mark.parametrize("name", TRAPS)
def test_every_trap_is_planted_and_can_be_looked_up(name: str) -> None:
    holding = built("seed", UNTIL)
    known = holding.github.nodes.keys() | holding.pagerduty.ids()
    assert holding.traps[name] != []
    assert set(holding.traps[name]) <= known


def test_teams_are_of_varied_sizes_and_one_is_below_the_floor() -> None:
    assert team_sizes(6, 44) == [4, 5, 6, 8, 9, 12]
    assert sorted(members_on(built("seed", UNTIL), UNTIL).values())[0] < 5


@given(teams=st.integers(1, 30), members=st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_every_team_has_somebody_and_nobody_is_left_over(teams: int, members: int) -> None:
    sizes = team_sizes(teams, members)
    assert min(sizes) >= 1
    assert sum(sizes) == max(members, teams)


def test_somebody_moves_somebody_leaves_and_somebody_joins() -> None:
    rows = roster(built("seed", UNTIL))
    start = quarters_until(UNTIL, 1)[0].starts_on.isoformat()
    by_login = Counter(row["login"] for row in rows)
    assert max(by_login.values()) == 2
    assert [row for row in rows if row["until"] and by_login[row["login"]] == 1] != []
    assert [row for row in rows if row["from"] >= start and by_login[row["login"]] == 1] != []


def test_the_roster_knows_nothing_of_tomorrow() -> None:
    for row in roster(built("seed", UNTIL)):
        assert row["from"] <= UNTIL.isoformat()
        assert row["until"] <= UNTIL.isoformat()


def test_nobody_works_before_they_joined_or_after_they_left() -> None:
    holding = built("seed", UNTIL)
    days: dict[str, list[tuple[str, str]]] = {}
    for row in roster(holding):
        days.setdefault(row["login"], []).append((row["from"], row["until"] or "9999"))
    for pull in pulls(holding):
        author = pull.author
        if author is not None and author.login in days:
            day = pull.created_at[:10]
            assert any(first <= day <= last for first, last in days[author.login]), (author.login, day)


def test_every_person_of_the_roster_has_a_user_in_pagerduty() -> None:
    holding = built("seed", UNTIL)
    assert {row["pagerduty_id"] for row in roster(holding)} <= {user.id for user in holding.pagerduty.users}


def test_a_small_organisation_can_be_asked_for() -> None:
    holding = organisation("tiny", until=UNTIL, teams=1, people=8, quarters=0, repositories=1)
    assert len(holding.github.repositories) == 1
    assert pulls(holding) != []


@pytest.mark.parametrize("teams", [1, 2, 3, 7])
def test_five_people_a_team_are_enough_and_fewer_are_refused(teams: int) -> None:
    for seed in ("one", "two", "three"):
        assert pulls(
            organisation(seed, until=UNTIL, teams=teams, people=5 * teams, quarters=1, repositories=2)
        )
    with pytest.raises(ImpossibleSize, match="at least 5 people a team"):
        organisation("one", until=UNTIL, teams=teams, people=5 * teams - 1)


def test_quarters_before_the_founding_are_not_shown() -> None:
    assert quarters_until(date(2024, 5, 1), 8) == [FOUNDED, FOUNDED.next()]


@cache
def built(seed: str, until: date, quarters: int = 1) -> Holding:
    return organisation(seed, until=until, quarters=quarters)


def pulls(holding: Holding) -> list:  # type: ignore[type-arg]
    repositories = set(holding.github.repositories.values())
    return [pull for repository in repositories for pull in repository.pull_requests]


def roster(holding: Holding) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(holding.roster_csv)))


def members_on(holding: Holding, day: date) -> Counter[str]:
    here = day.isoformat()
    return Counter(
        row["team"]
        for row in roster(holding)
        if row["from"] <= here <= (row["until"] or "9999") and row["login"] != row["manager"]
    )


def told(holding: Holding) -> set[tuple[str, str, str, str]]:
    """Every dated fact of an organisation: id, moment, who and what."""
    found = set()
    for repository in set(holding.github.repositories.values()):
        for item in (*repository.pull_requests, *repository.issues):
            found.add((item.id, item.created_at, f"{repository.name}#{item.number}", item.title))
            parts = [
                *item.comments,
                *item.events,
                *getattr(item, "reviews", []),
                *getattr(item, "commits", []),
            ]
            parts += getattr(item, "review_comments", [])
            for part in parts:
                author = getattr(part, "author", None) or getattr(part, "actor", None)
                found.add((part.id, part.created_at, getattr(author, "login", ""), getattr(part, "body", "")))
    for incident in holding.pagerduty.incidents:
        found.add((incident.id, incident.created_at, incident.service.id, incident.title))
        for entry in incident.entries:
            found.add((entry.id, entry.created_at, entry.agent.id if entry.agent else "", entry.type))
    return found
