"""A tool that the settings no longer name: what it told stays, and what it cannot tell is not called absent.

The first night reads GitHub, incidents of its issues and PagerDuty; then one of them is taken out of the
settings, in the middle of the third quarter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from flows.context import open_night
from flows.night import run_night
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running

TAKEN_OUT = date(2026, 8, 20)
LATER = date(2026, 11, 22)
SEV = "ownership-sev-contribution"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(generate("taken-out", until=LATER, teams=2, people=12, repositories=2)) as started:
        yield started


def test_what_a_removed_tool_told_stays_and_the_quarter_it_left_in_is_open(
    server: Running, home: Path
) -> None:
    night(written(home, server, "github_incidents", "pagerduty"), TAKEN_OUT)
    before = {quarter: cells(home, quarter) for quarter in ("2026Q2", "2026Q3")}
    night(written(home, server, "github_incidents"), LATER)

    assert any(key.startswith("Q0") for key in ids(before["2026Q2"]))  # PagerDuty's
    assert cells(home, "2026Q2") == before["2026Q2"]  # it was whole, and is as whole as it was
    assert ids(before["2026Q3"]) <= ids(cells(home, "2026Q3"))
    left_open = [body for body in cells(home, "2026Q3").values() if not body["evidence"]]
    assert left_open
    for body in left_open:
        assert body["state"] == "not collected"
        assert "pagerduty was last complete on 2026-08-20" in body["because"]
    assert not any("pagerduty" in (body["because"] or "") for body in cells(home, "2026Q4").values())


def test_a_repository_taken_out_of_the_incidents_leaves_its_quarter_open(server: Running, home: Path) -> None:
    night(written(home, server, "github_incidents"), TAKEN_OUT)
    config = written(home, server, "github_incidents")
    config.write_text(config.read_text().replace("/operations]", f"/{another_repository(server)}]"))
    night(config, LATER)
    said = "github_incidents was last complete on 2026-08-20"
    quarter = cells(home, "2026Q3").values()
    assert any(body["state"] == "not collected" and said in body["because"] for body in quarter)
    assert {body["state"] for body in quarter if not body["evidence"]} <= {"not collected", "no opportunity"}
    assert not any(said in (body["because"] or "") for body in cells(home, "2026Q4").values())


# --- builders ---------------------------------------------------------------------------------------------


def written(home: Path, server: Running, *tools: str) -> Path:
    (home / "roster.csv").write_text(server.holding.roster_csv)
    here = {
        "github_incidents": f"  repositories: [{organization(server)}/operations]\n",
        "pagerduty": f"  base_url: {server.pagerduty}\n",
    }
    path = home / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        f"  organisations: [{organization(server)}]\n  since: 2026-04-01\n"
        + "".join(f"{tool}:\n{here[tool]}  since: 2026-04-01\n" for tool in tools)
    )
    return path


def night(config: Path, as_of: date) -> None:
    with open_night(load_settings(config), as_of) as opened:
        run_night(opened)


def cells(home: Path, quarter: str) -> Mapping[str, Any]:
    """Everybody's cell of the item about incidents, without what moves from night to night."""
    found = {}
    for path in sorted((home / "sightline-home" / "published" / "people").glob(f"*/{quarter}.json")):
        body = json.loads(path.read_text())
        item = next(each for each in body["items"] if each["item"] == SEV)
        found[path.parent.name] = {key: item[key] for key in ("state", "because", "evidence")}
    return found


def ids(found: Mapping[str, Any]) -> set[str]:
    return {row["source_id"] for body in found.values() for row in body["evidence"]}


def organization(server: Running) -> str:
    assert server.holding.organization
    return server.holding.organization


def another_repository(server: Running) -> str:
    names = [
        each.name_with_owner.split("/")[1]
        for each in server.holding.github.accounts[organization(server).lower()].repositories
    ]
    return next(name for name in names if name != "operations")
