"""A night whose roster is GitHub's own teams: history from the day it was seen, the last good one kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config.settings import load_settings
from connectors.errors import BadInput
from flows.context import open_night
from flows.night import run_night
from sandbox.model import Team
from sandbox.organisation.vast import vast
from sandbox.server import Running, running

FIRST, SECOND, THIRD = date(2026, 10, 20), date(2026, 10, 21), date(2026, 10, 22)


@pytest.fixture
def server() -> Iterator[Running]:
    holding = vast(1, pulls_each=4, people=8, until=date(2026, 10, 20))
    world = holding.github
    people = [world.accounts[f"engineer-{number}"] for number in range(8)]
    for slug, members in (("search", people[:5]), ("platform", people[4:])):
        world.add(Team(f"T_{slug}", slug.title(), slug, "tidewater-works", list(members)))
    with running(holding) as started:
        yield started


def test_everybody_has_one_home_team_from_the_first_night_on(server: Running, home: Path) -> None:
    status = night(written(home, server), FIRST)
    assert status["last_run"]["outcome"] == "complete"
    assert status["last_run"]["people"] == 8
    assert (
        "github_teams: 1 person is in 'search' and in 'platform'; their home is 'search'"
        in status["last_run"]["messages"]
    )
    assert homes(home) == [("platform", FIRST, None, 3), ("search", FIRST, None, 5)]


def test_a_move_ends_one_membership_and_begins_another_and_the_past_stays(
    server: Running, home: Path
) -> None:
    config = written(home, server)
    night(config, FIRST)
    world = server.holding.github
    moved = world.nodes["T_search"].members.pop(0)
    world.nodes["T_platform"].members.append(moved)
    night(config, SECOND)
    night(config, THIRD)
    assert homes(home) == [
        ("platform", FIRST, None, 3),
        ("platform", SECOND, None, 1),
        ("search", FIRST, SECOND, 1),
        ("search", FIRST, None, 4),
    ]


def test_a_team_that_is_gone_leaves_the_last_good_roster_in_force(server: Running, home: Path) -> None:
    config = written(home, server)
    night(config, FIRST)
    before = homes(home)
    server.holding.github.nodes["T_search"].slug = "searching"
    status = night(config, SECOND)
    assert status["last_run"]["outcome"] == "gaps"
    assert any("has no team 'search'" in message for message in status["last_run"]["messages"])
    assert homes(home) == before


def test_the_manager_is_the_one_declared(server: Running, home: Path) -> None:
    night(written(home, server, "  managers: {search: engineer-7}\n"), FIRST)
    [(count,)] = rows(home, "select count(distinct manager_id) from memberships where team = 'search'")
    [(none,)] = rows(home, "select count(manager_id) from memberships where team = 'platform'")
    assert (count, none) == (1, 0)


def test_a_roster_and_github_teams_together_are_refused(server: Running, home: Path) -> None:
    config = written(home, server)
    config.write_text("roster: roster.csv\n" + config.read_text())
    with pytest.raises(BadInput, match="roster and github_teams both say"):
        load_settings(config)


# --- builders ---


def written(folder: Path, server: Running, more: str = "") -> Path:
    path = folder / "sightline.yaml"
    path.write_text(
        f"github:\n  base_url: {server.github}\n  organisations: [tidewater-works]\n  since: 2026-01-01\n"
        f"github_teams:\n  organisation: tidewater-works\n  order: [search, platform]\n{more}"
    )
    return path


def night(config: Path, as_of: date) -> dict[str, Any]:
    with open_night(load_settings(config), as_of) as opened:
        return run_night(opened)


def homes(home: Path) -> list[tuple[Any, ...]]:
    """How many people each stretch in a team has."""
    return rows(home, "select team, starts_on, ends_on, count(*) from memberships group by all order by all")


def rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home / "sightline-home" / "warehouse.duckdb", read_only=True) as con:
        return con.execute(sql).fetchall()
