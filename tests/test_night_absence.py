"""Nothing is called absent, and nothing is frozen, while another night may bring what is missing."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config.settings import load_settings
from connectors.errors import BadInput
from flows.context import open_night
from flows.night import run_night
from flows.receipt import now
from flows.step import StepFailed
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running

TODAY = date(2026, 11, 22)


@pytest.fixture
def server() -> Any:
    with running(generate("absence", until=TODAY, teams=2, people=12, repositories=2)) as started:
        yield started


def test_the_first_night_that_ends_early_freezes_nothing(server: Running, home: Path) -> None:
    config = written(home, server, "  wait_limit_seconds: 0\n")
    server.post("/_sandbox/faults", {"name": "rate_limited_403", "count": 1, "skip": 4})
    first = night(config)
    assert first["last_run"]["outcome"] == "gaps"
    assert first["last_run"]["published"] == []
    assert any("never read to its end" in message for message in first["last_run"]["messages"])
    server.post("/_sandbox/faults", {"name": "rate_limited_403", "count": 0})
    assert night(config)["last_run"]["published"] != []


def test_an_organisation_that_lists_nothing_is_not_complete(server: Running, home: Path) -> None:
    config = written(home, server)
    for repository in list(server.holding.github.accounts[organization(server).lower()].repositories):
        server.holding.github.accounts[organization(server).lower()].repositories.remove(repository)
    status = night(config)
    assert status["last_run"]["outcome"] == "gaps"
    assert status["last_run"]["published"] == []
    assert states(home)["none seen"] == 0


def test_a_repository_that_is_no_longer_listed_is_a_gap_until_it_is_excluded(
    server: Running, home: Path
) -> None:
    config = written(home, server)
    assert night(config)["last_run"]["outcome"] == "complete"
    owner = server.holding.github.accounts[organization(server).lower()]
    lost = next(each for each in owner.repositories if not each.name_with_owner.endswith("operations"))
    owner.repositories.remove(lost)
    status = night(config)
    assert status["last_run"]["outcome"] == "gaps"
    gaps = {
        s["scope"]: [gap["reason"] for gap in s["gaps"]] for s in status["sources"] if s["source"] == "github"
    }
    assert gaps[lost.name_with_owner] == ["no_longer_listed"]
    written(home, server, f"  exclude: [{lost.name_with_owner}]\n")
    assert night(config)["last_run"]["outcome"] == "complete"


def test_a_repository_that_a_rule_keeps_out_from_now_on_is_not_lost(server: Running, home: Path) -> None:
    config = written(home, server, "  archived: none\n")
    night(config)
    owner = server.holding.github.accounts[organization(server).lower()]
    closed = next(each for each in owner.repositories if not each.name_with_owner.endswith("operations"))
    closed.is_archived = True
    status = night(config)
    assert status["last_run"]["outcome"] == "complete"
    assert closed.name_with_owner not in {source["scope"] for source in status["sources"]}


def test_a_source_without_an_account_in_the_roster_shows_nothing_of_a_person(
    server: Running, home: Path
) -> None:
    config = written(home, server)
    roster = home / "roster.csv"
    rows = [line.split(",")[:6] for line in roster.read_text().splitlines()]  # without any other account
    roster.write_text("".join(",".join(row) + "\n" for row in rows))
    night(config)
    fed = [
        item["state"] for body in reports(home) for item in body["items"] if "pagerduty" in item["sources"]
    ]
    assert "not collected" in fed
    assert "none seen" not in fed


def test_a_day_that_has_not_come_is_refused(server: Running, home: Path) -> None:
    config = written(home, server)
    with (
        pytest.raises(BadInput, match="has not come yet"),
        open_night(load_settings(config), now().date() + timedelta(days=2)),
    ):
        pass


def test_a_warehouse_with_another_homes_vault_is_refused(server: Running, home: Path) -> None:
    config = written(home, server)
    night(config)
    (home / "sightline-home" / "vault.duckdb").unlink()
    with pytest.raises(BadInput, match="restore the vault"), open_night(load_settings(config), TODAY):
        pass


def test_a_start_moved_later_leaves_the_next_night_complete(server: Running, home: Path) -> None:
    night(written(home, server))
    config = written(home, server)
    config.write_text(config.read_text().replace("2026-04-01", "2026-08-01"))
    assert night(config)["last_run"]["outcome"] == "complete"


def test_a_night_that_broke_says_so_in_the_status(server: Running, home: Path) -> None:
    config = written(home, server)
    night(config)
    with duckdb.connect(home / "sightline-home" / "warehouse.duckdb") as con:
        con.execute("drop table opportunities")
    with pytest.raises(StepFailed, match="evidence: CatalogException"):
        night(config)
    status = json.loads((home / "sightline-home" / "status.json").read_text())
    assert status["last_run"]["outcome"] == "failed"
    assert status["sources"]


# --- builders ---


def organization(server: Running) -> str:
    assert server.holding.organization
    return server.holding.organization


def written(folder: Path, server: Running, more: str = "") -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{organization(server)}]\n"
        f"  since: 2026-04-01\n{more}"
        f"github_incidents:\n  repositories: [{organization(server)}/operations]\n  since: 2026-04-01\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n"
    )
    return path


def night(config: Path) -> dict[str, Any]:
    with open_night(load_settings(config), TODAY) as opened:
        return run_night(opened)


def reports(home: Path) -> list[dict[str, Any]]:
    people = home / "sightline-home" / "published" / "people"
    return [json.loads(path.read_text()) for path in sorted(people.glob("*/2026Q3.json"))]


def states(home: Path) -> Counter[str]:
    return Counter(item["state"] for body in reports(home) for item in body["items"])
