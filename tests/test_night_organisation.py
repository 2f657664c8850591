"""One night on a generated organisation, the complete way from two APIs to the reports, without Prefect."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from compare_homes import different_tables
from in_process import as_data, sightline

from config.settings import load_settings
from flows.context import Busy, open_night
from flows.night import run_night
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running
from warehouse.reading import opened
from warehouse.windows import parse_window

TODAY = date(2026, 11, 22)
RUN = "from pathlib import Path; from flows.context import open_night; from flows.night import run_night\n"
RUN += "from config.settings import load_settings; from datetime import date\n"
RUN += "with open_night(load_settings(Path('sightline.yaml')), date(2026, 11, 22)) as night: run_night(night)"


def test_a_night_is_complete_and_a_second_one_changes_no_released_byte(
    organisation: Running, home: Path
) -> None:
    config = written(home, organisation)
    first = night(config)
    released = release_bytes(home)
    second = night(config)
    assert first["last_run"]["outcome"] == second["last_run"]["outcome"] == "complete", first["last_run"]
    assert len(released) > 5
    assert release_bytes(home) == released
    told = as_data(config, "signals", "coverage")
    said = {row["signal"]: row["word"] for row in told["signals"]}
    assert (told["window"], said["merged_work"], said["work_size_band"]) == ("2026Q3", "often", None)
    assert second["last_run"]["published"] == []
    assert second["last_run"]["requests"] < first["last_run"]["requests"] / 3
    assert second["last_run"]["evidence_rows"] == first["last_run"]["evidence_rows"] > 1000


def test_every_view_of_the_same_night_speaks_of_all_38_items(organisation: Running, home: Path) -> None:
    config = written(home, organisation)
    night(config)
    team = largest_team(home)
    coverage = as_data(config, "coverage", team, "--window", "2026Q3")
    assert len(coverage["items"]) == 38
    assert {item["class"] for item in coverage["items"]} == {"observable", "partly", "ask", "withheld"}
    processes = {process["process"]: process["band"] for process in coverage["processes"]}
    assert set(processes) == {"oncall_load", "review_coverage", "review_load_balance", "review_wait"}
    assert None not in processes.values()
    assert of_processes(home, processes) == []
    bands = {item["band"] for item in coverage["items"] if item["shown"]}
    assert bands <= {"few", "some", "most", "fewer than half", "about half or more"}
    assert bands
    for login in (row.split(",")[0] for row in roster_rows(home)):
        assert login not in json.dumps(coverage)

    os.environ["GITHUB_TOKEN"] = f"sandbox-{an_engineer(home, team)}"
    mine = as_data(config, "me", "--window", "2026Q3")
    assert len(mine["items"]) == 38
    seen = [item for item in mine["items"] if item["state"] == "seen"]
    assert seen
    assert all(
        row["url"] or row["source_kind"] == "oncall_shift" for item in seen for row in item["evidence"]
    )
    link = next(row["url"] for item in seen for row in item["evidence"] if row["url"])
    (explained,) = as_data(config, "explain", seen[0]["item"], "--window", "2026Q3")["items"]
    assert explained["rule"] == seen[0]["rule"]
    assert "signals/" in sightline(config, "explain", link, "--window", "2026Q3")

    status = json.loads((home / "sightline-home" / "status.json").read_text())
    assert {source["source"] for source in status["sources"]} == {"github", "github_incidents", "pagerduty"}
    assert all(source["complete"] and source["records"] == source["expected"] for source in status["sources"])


@pytest.mark.parametrize("moves", [True, False])
def test_a_review_months_after_the_merge_is_seen(home: Path, moves: bool) -> None:
    """Whether or not GitHub moves the pull request's `updatedAt` with it."""
    with running(generate("late", until=TODAY, teams=2, people=12, repositories=2)) as server:
        config = written(home, server)
        night(config)
        before = count(config, "reviews_given")
        pull_request, reviewer = long_merged(server, home)
        told(
            server,
            "mutate",
            {"do": "late_review", "pull_request": pull_request, "author": reviewer, "bump": moves},
        )
        status = night(config)
        assert status["last_run"]["outcome"] == "complete"
        assert count(config, "reviews_given") == before + 1


def test_a_source_that_refuses_stops_neither_the_others_nor_publishes_anything(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGERDUTY_TOKEN", "wrong")
    status = night(written(home, organisation))
    assert status["last_run"]["outcome"] == "refused"
    assert status["last_run"]["evidence_rows"] > 1000
    assert status["last_run"]["published"] == []
    assert release_bytes(home) == {}
    assert any("pagerduty" in message for message in status["last_run"]["messages"])


def test_two_nights_do_not_write_at_once(organisation: Running, home: Path) -> None:
    settings = load_settings(written(home, organisation))
    with open_night(settings, TODAY), pytest.raises(Busy, match="another night"), open_night(settings, TODAY):
        pass


def test_a_night_killed_ten_times_ends_like_an_undisturbed_one(organisation: Running, home: Path) -> None:
    unbroken, killed = home / "whole", home / "killed"
    for folder in (unbroken, killed):
        folder.mkdir()
        written(folder, organisation)
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", RUN], cwd=unbroken, check=True, env=environment())
    length = time.monotonic() - started
    chance = random.Random(7)
    kills = 0
    for _ in range(10):
        process = subprocess.Popen([sys.executable, "-c", RUN], cwd=killed, env=environment())
        try:
            process.wait(timeout=length * chance.uniform(0.15, 0.95))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
            process.wait()
    subprocess.run([sys.executable, "-c", RUN], cwd=killed, check=True, env=environment())
    tables = different_tables(unbroken / "sightline-home", killed / "sightline-home")
    assert kills > 2
    assert {table for table, (_, _, same) in tables.items() if not same} == set()
    assert tables["evidence"][0] > 1000
    assert release_bytes(unbroken) == release_bytes(killed)


def test_no_window_is_published_before_it_was_closed_for_a_fortnight(
    organisation: Running, home: Path
) -> None:
    config = written(home, organisation)
    assert not published(night(config, date(2026, 10, 14)), "2026Q3")
    assert published(night(config, date(2026, 10, 15)), "2026Q3")


def test_planted_names_and_prose_are_in_no_file_outside_the_vault(organisation: Running, home: Path) -> None:
    """Compression hides strings in the database files, so their values are read back and looked through."""
    config = written(home, organisation)
    night(config)
    logins = {row.split(",")[0] for row in roster_rows(home)}
    settings = load_settings(config)
    with open_night(settings, TODAY) as opened:
        values = {
            str(value)
            for (table,) in opened.store.con.execute("select table_name from duckdb_tables()").fetchall()
            # public names, moments of our own runs, and our own sentences about sources
            if table not in ("repositories", "addresses", "cursors", "runs", "source_log")
            for row in opened.store.con.execute(f"select distinct * from {table}").fetchall()
            for value in row
        }
    assert not values & logins
    assert not [value for value in values if " " in value and not value.startswith("[")]
    for path in settings.home.rglob("*"):
        if path.is_file() and path.suffix != ".duckdb":
            text = path.read_bytes().decode("utf-8", "replace")
            assert not [login for login in logins if login in text], path


# --- builders ---


def written(folder: Path, server: Running) -> Path:
    with urllib.request.urlopen(f"{server.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    organization = server.holding.organization
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{organization}]\n  since: 2026-04-01\n"
        f"github_incidents:\n  repositories: [{organization}/operations]\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n"
    )
    return path


def night(config: Path, as_of: date = TODAY) -> dict[str, Any]:
    with open_night(load_settings(config), as_of) as opened:
        return run_night(opened)


def count(config: Path, signal_name: str) -> int:
    with open_night(load_settings(config), TODAY) as opened:
        found = opened.store.con.execute(
            "select count(*) from evidence where signal = ?", [signal_name]
        ).fetchone()
        assert found is not None
        return int(found[0])


def told(server: Running, what: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{server.control}/{what}", data=json.dumps(body).encode(), method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def long_merged(server: Running, home: Path) -> tuple[str, str]:
    """A pull request of an enrolled person, merged before July, and somebody who did not review it."""
    logins = {row.split(",")[0] for row in roster_rows(home)}
    for repository in server.holding.github.repositories.values():
        for pull in repository.pull_requests:
            if (
                pull.author
                and pull.author.login in logins
                and "2026-04" <= (pull.merged_at or "") < "2026-07"
            ):
                others = (
                    logins - {pull.author.login} - {each.author.login for each in pull.reviews if each.author}
                )
                return pull.id, min(others)
    raise AssertionError("the organisation has no such pull request")


def release_bytes(home: Path) -> dict[str, bytes]:
    teams = home / "sightline-home" / "published" / "teams"
    return {str(path.relative_to(teams)): path.read_bytes() for path in sorted(teams.glob("*/*.json"))}


def published(status: dict[str, Any], window: str) -> bool:
    assert parse_window(window)
    return any(window in name for name in status["last_run"]["published"])


def roster_rows(home: Path) -> list[str]:
    return (home / "roster.csv").read_text().splitlines()[1:]


def of_processes(home: Path, names: Collection[str]) -> list[str]:
    """The processes that anything but the releases of teams says something about."""
    kept = home / "sightline-home"
    text = "".join(path.read_text() for path in (kept / "published" / "people").rglob("*.json"))
    with opened(kept / "warehouse.duckdb") as store:
        for table in ("evidence", "opportunities", "signal_runs"):
            text += str(store.con.execute(f"select distinct signal from {table}").fetchall())
    assert "reviews_given" in text
    return [name for name in names if name in text]


def largest_team(home: Path) -> str:
    teams = [row.split(",")[1] for row in roster_rows(home)]
    return max(sorted(set(teams)), key=teams.count)


def an_engineer(home: Path, team: str) -> str:
    rows = [row.split(",") for row in roster_rows(home)]
    return next(row[0] for row in rows if row[1] == team and row[0] != row[2] and not row[4])


def environment() -> dict[str, str]:
    return dict(os.environ)
