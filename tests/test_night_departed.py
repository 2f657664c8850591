"""What the settings no longer name keeps what it told, and only the quarter it left in is left open."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from flows.context import open_night
from flows.night import run_night
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running

TODAY = date(2026, 11, 22)
LEFT_ON = date(2026, 8, 15)


@pytest.fixture(scope="module")
def server() -> Any:
    with running(generate("absence", until=TODAY, teams=2, people=12, repositories=2)) as started:
        yield started


def test_a_repository_that_left_leaves_open_the_quarter_it_left_in_and_no_other(
    server: Running, home: Path
) -> None:
    config = written(home, server)
    night(config, LEFT_ON)
    [gone] = [name for name in names(server) if not name.endswith("operations")][:1]
    stay = ", ".join(name for name in names(server) if name != gone)
    written(home, server, f"  include: [{stay}]\n")
    first = night(config, LEFT_ON + timedelta(days=1))
    assert first["outcome"] == "complete"
    assert [each for each in first["messages"] if f"github: {gone} is no longer in the settings" in each]
    later = night(config, TODAY)
    assert not [each for each in later["messages"] if "no longer in the settings" in each]

    told = {window: states(home, window) for window in ("2026Q2", "2026Q3", "2026Q4")}
    for window in ("2026Q2", "2026Q4"):
        assert {source["complete"] for source in sources(home, window)} == {True}, window
        assert "none seen" in told[window], window
    [github] = [source for source in sources(home, "2026Q3") if source["source"] == "github"]
    assert (github["complete"], github["because"]) == (
        False,
        "github was last complete on 2026-08-15",
    )
    assert told["2026Q3"]["not collected"] > told["2026Q2"].get("not collected", 0)
    assert told["2026Q3"]["seen"] > 0, "what was seen stays seen"

    written(home, server)
    again = night(config, TODAY)
    assert again["outcome"] == "complete"
    assert "none seen" in states(home, "2026Q3"), "once it is read again the quarter is whole"


def test_a_repository_that_is_excluded_leaves_nothing_open(server: Running, home: Path) -> None:
    config = written(home, server)
    night(config, LEFT_ON)
    [gone] = [name for name in names(server) if not name.endswith("operations")][:1]
    written(home, server, f"  exclude: [{gone}]\n")
    assert not [each for each in night(config, TODAY)["messages"] if "no longer in the settings" in each]
    assert {source["complete"] for source in sources(home, "2026Q3")} == {True}


def test_a_source_that_left_stays_complete_for_the_quarters_before(server: Running, home: Path) -> None:
    config = written(home, server, pagerduty=True)
    night(config, TODAY)
    before = {window: bodies(home, window) for window in ("2026Q2", "2026Q3")}
    assert "pagerduty" in {source["source"] for source in sources(home, "2026Q3")}
    written(home, server)
    after = night(config, TODAY + timedelta(days=1))
    assert any("pagerduty: account is no longer in the settings" in each for each in after["messages"])
    for window, former in before.items():
        assert [body["items"] for body in bodies(home, window)] == [body["items"] for body in former], window
    [pagerduty] = [source for source in sources(home, "2026Q4") if source["source"] == "pagerduty"]
    assert not pagerduty["complete"]


# --- builders -------------------------------------------------------------------------------------------


def names(server: Running) -> list[str]:
    owner = server.holding.github.accounts[str(server.holding.organization).lower()]
    return sorted(each.name_with_owner for each in owner.repositories)


def written(folder: Path, server: Running, more: str = "", *, pagerduty: bool = False) -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        f"  since: 2026-04-01\n{more}"
        + (f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n" if pagerduty else "")
    )
    return path


def night(config: Path, as_of: date) -> dict[str, Any]:
    with open_night(load_settings(config), as_of) as opened:
        return dict(run_night(opened)["last_run"])


def bodies(home: Path, window: str) -> list[dict[str, Any]]:
    people = home / "sightline-home" / "published" / "people"
    return [json.loads(path.read_text()) for path in sorted(people.glob(f"*/{window}.json"))]


def sources(home: Path, window: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bodies(home, window)[0]["sources"]
    return found


def states(home: Path, window: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in (item for body in bodies(home, window) for item in body["items"]):
        found[item["state"]] = found.get(item["state"], 0) + 1
    return found
