"""A wrong roster is told line by line and changes nothing: the last good one stays in force."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import BadInput
from flows.night import open_night
from flows.pipeline import run_night
from flows.settings import load_settings
from sandbox.server import Running
from warehouse import reading
from warehouse.reading import MembershipRow

TODAY = date(2026, 11, 22)


def test_while_the_roster_is_wrong_the_last_good_one_stays_in_force(
    organisation: Running, home: Path
) -> None:
    config, roster = written(home, organisation), home / "roster.csv"
    good = roster.read_text().splitlines()
    login, team, manager, begins, *_ = good[1].split(",")
    run, before = night(config)
    assert run["outcome"] == "complete", run["messages"]

    two_managers = f"new-person,{team},somebody-else,{begins},,,"
    again = f"{login},another-team,,{begins},,,"
    formula = '"=cmd()",search,,2026-01-05,,,'
    wrong = {
        "two managers, two teams, a formula": [*good, two_managers, again, formula],
        "a login that GitHub does not know": [*good, f"{login}-misspelt,{team},{manager},2026-01-01,,,"],
        "half of the file": good[: len(good) // 2],
    }
    last = len(good)
    expected = {
        "two managers, two teams, a formula": [
            f"{last + 1}: team '{team}' has another manager here than on line",
            f"{last + 2}: the same login is in team '{team}' on line 2",
            f"{last + 3}: login starts with '=', which a spreadsheet would run; remove it",
        ],
        "a login that GitHub does not know": [f"{last + 1}: GitHub knows no account '{login}-misspelt'"],
        "half of the file": ["1: names"],
    }
    for name, rows in wrong.items():
        roster.write_text("\n".join(rows) + "\n")
        run, members = night(config)
        assert run["outcome"] == "gaps", name
        assert members == before, name
        assert run["reports"] > 0, name
        assert any("who is in which team is not certain" in each for each in run["messages"]), name
        told = [each.removeprefix(f"{roster}:") for each in run["messages"] if each.startswith(f"{roster}:")]
        assert [any(each.startswith(start) for each in told) for start in expected[name]] == [True] * len(
            expected[name]
        ), (name, told)
        assert len(told) == len(expected[name]), (name, told)

    roster.write_text("\n".join([good[0], *good[2:]]) + "\n")
    run, members = night(config)
    assert run["outcome"] == "complete", run["messages"]
    ended = {row.person_id for row in members if row.ends_on == TODAY}
    assert len(ended) == 1, "whoever is no longer named is in no team from this night on"
    assert len(members) == len(before)


def test_a_wrong_roster_ends_the_first_night_before_it_begins(organisation: Running, home: Path) -> None:
    config = written(home, organisation)
    (home / "roster.csv").write_text("login,team,manager,from,until,rubric\nada,search,,x,,\n")
    with pytest.raises(BadInput, match=r"roster\.csv:2: from 'x' is not a day"):
        night(config)
    assert not (home / "sightline-home").exists()


# --- builders ---


def written(folder: Path, server: Running) -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        f"  organisations: [{server.holding.organization}]\n  since: 2026-09-01\n"
    )
    return path


def night(config: Path) -> tuple[dict[str, Any], list[MembershipRow]]:
    with open_night(load_settings(config), TODAY) as opened:
        run = run_night(opened)["last_run"]
        return run, reading.memberships(opened.store)
