"""GitHub's teams as a roster: one home team a person, history from the day it was first seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from pydantic import SecretStr, ValidationError

from connectors.errors import BadInput, Refused
from connectors.github.settings import GitHubSettings, GitHubTeamsSettings
from connectors.github.teams import Team, memberships, teams_now
from connectors.records import Account, Membership
from sandbox.model import Account as Person
from sandbox.model import Team as TheirTeam
from sandbox.server import Running, running
from sandbox.world import World

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)


# --- over HTTP ------------------------------------------------------------------------------------------


def test_every_team_arrives_with_all_of_its_members_and_the_team_above_it() -> None:
    world = a_world({"eng": 150, "search": 3}, above={"search": "eng"})
    with running(world) as server:
        found = {team.slug: team for team in teams_now(settings(server), "acme")}
    assert {slug: (len(team.members), team.above) for slug, team in found.items()} == {
        "eng": (150, None),
        "search": (3, "eng"),
    }


def test_more_teams_than_one_page_holds_are_all_there() -> None:
    with running(a_world({f"team-{number}": 1 for number in range(60)})) as server:
        assert len(teams_now(settings(server), "acme")) == 60


def test_the_sandbox_organisation_has_the_teams_of_its_roster(organisation: Running) -> None:
    found = teams_now(settings(organisation), str(organisation.holding.organization))
    rows = [line.split(",") for line in organisation.holding.roster_csv.splitlines()[1:]]
    still = {(row[0], row[1]) for row in rows if not row[4]}
    assert {(who.login, team.slug) for team in found for who in team.members} == still


def test_an_organisation_that_shows_no_teams_is_refused_with_what_to_check() -> None:
    with running(a_world({"search": 1})) as server, pytest.raises(Refused, match="read:org"):
        teams_now(settings(server), "nobody")


# --- from teams to memberships ----------------------------------------------------------------------------


def test_whoever_is_in_two_teams_is_at_home_in_the_first_of_the_order_and_it_is_said() -> None:
    teams = [a_team("platform", "ada", "ben"), a_team("search", "ada", "cy")]
    found, said = memberships(teams, declared("search", "platform"), [], MONDAY)
    assert homes(found) == {"ada": "search", "ben": "platform", "cy": "search"}
    assert said == ["github_teams: 1 person is in 'search' and in 'platform'; their home is 'search'"]


def test_an_overlap_without_an_order_is_a_mistake() -> None:
    teams = [a_team("platform", "ada"), a_team("search", "ada")]
    with pytest.raises(BadInput, match="1 person is in 'platform' and in 'search'; list the teams"):
        memberships(teams, declared(), [], MONDAY)


def test_a_team_comes_before_the_ones_above_it() -> None:
    teams = [a_team("eng", "ada", "ben"), a_team("search", "ada", above="eng")]
    found, said = memberships(teams, declared(), [], MONDAY)
    assert (homes(found), said) == ({"ada": "search", "ben": "eng"}, [])


def test_teams_outside_of_the_order_do_not_count() -> None:
    teams = [a_team("everybody", "ada", "ben"), a_team("search", "ada")]
    found, _ = memberships(teams, declared("search"), [], MONDAY)
    assert homes(found) == {"ada": "search"}


def test_a_membership_begins_on_the_day_it_was_first_seen_and_stays() -> None:
    teams = [a_team("search", "ada")]
    first, _ = memberships(teams, declared("search"), [], MONDAY)
    again, _ = memberships(teams, declared("search"), first, WEDNESDAY)
    assert again == first
    assert [(one.starts_on, one.ends_on) for one in again] == [(MONDAY, None)]


def test_a_move_and_a_departure_end_on_the_day_they_are_seen_and_are_kept() -> None:
    first, _ = memberships(
        [a_team("search", "ada", "ben"), a_team("platform", "cy")], declared("search", "platform"), [], MONDAY
    )
    moved = [a_team("search"), a_team("platform", "cy", "ada")]
    second, _ = memberships(moved, declared("search", "platform"), first, TUESDAY)
    third, _ = memberships(moved, declared("search", "platform"), second, WEDNESDAY)
    assert third == second
    assert spans(second) == [
        ("ada", "platform", TUESDAY, None),
        ("ada", "search", MONDAY, TUESDAY),
        ("ben", "search", MONDAY, TUESDAY),
        ("cy", "platform", MONDAY, None),
    ]


def test_nobody_has_two_homes_on_a_day_whatever_the_teams_do() -> None:
    order = declared("a", "b", "c")
    known: tuple[Membership, ...] = ()
    for day, where in enumerate(["a", "ab", "b", "", "bc", "ca", "c"]):
        teams = [a_team(slug, *(["ada"] if slug in where else [])) for slug in "abc"]
        known, _ = memberships(teams, order, known, date(2026, 11, 1 + day))
    open_days = [
        day
        for one in known
        for day in range(one.starts_on.toordinal(), (one.ends_on or date(2026, 11, 8)).toordinal())
    ]
    assert len(open_days) == len(set(open_days)) == 6


def test_the_first_teams_may_be_declared_to_have_been_so_since_a_day() -> None:
    since = GitHubTeamsSettings(organisation="acme", order=("search",), since=date(2026, 7, 1))
    first, _ = memberships([a_team("search", "ada")], since, [], MONDAY)
    later, _ = memberships([a_team("search", "ada", "ben")], since, first, TUESDAY)
    assert spans(later) == [("ada", "search", date(2026, 7, 1), None), ("ben", "search", TUESDAY, None)]


def test_a_renamed_login_is_the_same_member() -> None:
    first, _ = memberships([a_team("search", "ada")], declared("search"), [], MONDAY)
    renamed = [Team("search", None, (Account("github", "U_ada", "ada-l"),))]
    later, _ = memberships(renamed, declared("search"), first, TUESDAY)
    assert [(one.account.login, one.starts_on) for one in later] == [("ada-l", MONDAY)]


def test_managers_are_declared_and_robots_are_nobodys_members() -> None:
    teams = [Team("search", None, (Account("github", "U_ada", "ada"), Account("github", "B", "bot", True)))]
    managed = GitHubTeamsSettings(organisation="acme", order=("search",), managers={"search": "zoe"})
    [found] = memberships(teams, managed, [], MONDAY)[0]
    assert (found.account.login, found.manager) == ("ada", Account("github", "", "zoe"))


def test_a_declared_team_that_is_not_there_is_a_mistake_and_not_a_departure_of_everybody() -> None:
    teams = [a_team("search", "ada")]
    with pytest.raises(BadInput) as error:
        memberships(teams, declared("serch", "platform"), [], MONDAY)
    assert error.value.mistakes == [
        "github_teams.order: acme has no team 'serch' that this token can see; did you mean 'search'?",
        "github_teams.order: acme has no team 'platform' that this token can see",
    ]
    with pytest.raises(BadInput, match="shows no team to this token"):
        memberships([], declared(), [], MONDAY)


def test_an_order_that_names_a_team_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="names a team twice: search"):
        declared("search", "search")


# --- builders ---


def declared(*order: str) -> GitHubTeamsSettings:
    return GitHubTeamsSettings(organisation="acme", order=order)


def a_team(slug: str, *logins: str, above: str | None = None) -> Team:
    return Team(slug, above, tuple(Account("github", f"U_{login}", login) for login in logins))


def homes(found: Sequence[Membership]) -> dict[str, str]:
    assert len({one.account.account_id for one in found}) == len(found)
    return {one.account.login: one.team for one in found}


def spans(found: Sequence[Membership]) -> list[tuple[str, str, date, date | None]]:
    return sorted((one.account.login, one.team, one.starts_on, one.ends_on) for one in found)


def settings(server: Running) -> GitHubSettings:
    return GitHubSettings(base_url=server.github, token=SecretStr("sandbox-token"))


def a_world(sizes: dict[str, int], above: dict[str, str] | None = None) -> World:
    world = World()
    world.add_account(Person("O", "acme", "Organization"))
    teams: dict[str, TheirTeam] = {}
    for slug, size in sizes.items():
        members = [
            world.add_account(Person(f"U_{slug}_{number}", f"{slug}-{number}")) for number in range(size)
        ]
        teams[slug] = world.add(TheirTeam(f"T_{slug}", slug.title(), slug, "acme", members))
    for slug, over in (above or {}).items():
        teams[slug].parent_team = teams[over]
    return world
