"""Days that somebody leaves out: dates alone are kept, their own report alone looks, nothing seen is lost."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from app.leave import _check_days
from cli.main import cli
from config.settings import load_settings
from connectors.errors import BadInput
from flows.context import open_night
from flows.night import run_night
from sandbox.server import Running
from warehouse.absences import change, left_out, present
from warehouse.vault import Vault

Q3_CLOSED, Q3_DUE = date(2026, 10, 5), date(2026, 11, 22)
LEAVE = ("2026-07-01", "2026-08-31")


def test_leave_turns_what_was_not_seen_into_no_opportunity_and_nothing_else(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the releases of two homes, one in which half of everybody is on leave, are the same bytes."""
    first = home / "first"
    first.mkdir()
    night(written(first, organisation), Q3_CLOSED)
    login, person_id = somebody(first)
    before = states(first, person_id)
    assert {"seen", "none seen"} <= set(before.values())

    second = shutil.copytree(first, home / "second")
    config = second / "sightline.yaml"
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    said = run(config, "leave", *LEAVE)
    assert "2026-07-01 to 2026-08-31" in said
    assert "2026Q3: you left 62 of 92 days out, more than half" in said
    for each in sorted(everybody(second))[::2]:
        change(second / "home" / "absences.duckdb", {each}, each, *map(date.fromisoformat, LEAVE), leave=True)

    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    for folder in (first, second):
        night(folder / "sightline.yaml", Q3_DUE)
    assert releases(first) == releases(second)
    assert any(path.endswith("2026Q3.json") for path in releases(first))

    after, undisturbed = states(second, person_id), states(first, person_id)
    assert {item for item in after if after[item] != undisturbed[item]} != set()
    for item, state in after.items():
        expected = (
            "no opportunity" if undisturbed[item] in ("none seen", "not collected") else undisturbed[item]
        )
        assert state == expected, item
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    assert "you left 62 of 92 days out" in run(config, "--window", "2026Q3")
    for form in ("json", "md", "html"):
        assert "left 62 of" not in run(config, "--window", "2026Q3", "--format", form)

    said = run(config, "leave", *LEAVE, "--count-again")
    assert said.strip() == "no days are left out of what is expected of you"
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    night(config, Q3_DUE)
    assert states(second, person_id) == undisturbed


def test_what_is_kept_is_days_and_no_kind_and_days_that_touch_are_one_row(tmp_path: Path) -> None:
    path = tmp_path / "absences.duckdb"
    change(path, {"a"}, "a", date(2026, 7, 1), date(2026, 7, 31), leave=True)
    change(path, {"a"}, "a", date(2026, 8, 1), date(2026, 8, 9), leave=True)
    change(path, {"b"}, "b", date(2026, 8, 1), date(2026, 8, 9), leave=True)
    assert left_out(path)["a"] == [(date(2026, 7, 1), date(2026, 8, 10))]
    with duckdb.connect(path, read_only=True) as con:
        columns = con.execute("select column_name from duckdb_columns() where not internal").fetchall()
    assert columns == [("person_id",), ("starts_on",), ("ends_on",)]


def test_days_taken_back_split_what_stands_whichever_account_said_it(tmp_path: Path) -> None:
    path = tmp_path / "absences.duckdb"
    change(path, {"a", "b"}, "a", date(2026, 7, 1), date(2026, 7, 31), leave=True)
    change(path, {"a", "b"}, "b", date(2026, 7, 10), date(2026, 7, 20), leave=False)
    assert left_out(path) == {
        "a": [(date(2026, 7, 1), date(2026, 7, 10)), (date(2026, 7, 21), date(2026, 8, 1))]
    }


def test_a_day_taken_back_is_in_no_byte_of_the_file(tmp_path: Path) -> None:
    path, person = tmp_path / "absences.duckdb", "canary-of-a-person"
    change(path, {person}, person, date(2026, 7, 1), date(2026, 7, 31), leave=True)
    assert person.encode() in path.read_bytes()
    change(path, {person}, person, date(2026, 7, 1), date(2026, 7, 31), leave=False)
    assert person.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("out", "days"),
    [
        ([], 92),
        ([(date(2026, 8, 1), date(2026, 8, 2))], 91),
        ([(date(2026, 6, 1), date(2026, 7, 3))], 90),
        ([(date(2026, 9, 30), date(2027, 9, 30))], 91),
        ([(date(2026, 7, 1), date(2026, 10, 1))], 0),
    ],
)
def test_days_left_out_are_not_present(out: list[tuple[date, date]], days: int) -> None:
    kept = present([(date(2026, 7, 1), None)], out, date(2026, 10, 1))
    assert sum((ends - begins).days for begins, ends in kept if ends) == days


@pytest.mark.parametrize(
    ("days", "because"),
    [
        (("2026-08-01", "2026-07-01"), "is before"),
        (("2062-08-01", "2062-08-02"), "check the year"),
    ],
)
def test_a_slip_of_the_pen_is_told(days: tuple[str, str], because: str) -> None:
    with pytest.raises(BadInput, match=because):
        _check_days(*map(date.fromisoformat, days))


# --- builders -------------------------------------------------------------------------------------------


def written(folder: Path, server: Running) -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"home: home\nroster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        f"  organisations: [{server.holding.organization}]\n  since: 2026-07-01\n"
    )
    return path


def night(config: Path, as_of: date) -> dict[str, Any]:
    with open_night(load_settings(config), as_of) as opened:
        return dict(run_night(opened)["last_run"])


def somebody(folder: Path) -> tuple[str, str]:
    """A person who was enrolled all through the quarter and of whom something was not seen."""
    vault = Vault(folder / "home" / "vault.duckdb")
    for row in (folder / "roster.csv").read_text().splitlines()[1:]:
        login, _, _, begins, until, *_ = row.split(",")
        key = vault.account_of_login("github", login)
        assert key
        person_id = str(vault.person_of(key))
        if begins < "2026-06-01" and not until and "none seen" in states(folder, person_id).values():
            return login, person_id
    raise AssertionError("everything was seen of everybody")


def everybody(folder: Path) -> set[str]:
    return {path.name for path in (folder / "home" / "published" / "people").iterdir()}


def states(folder: Path, person_id: str) -> dict[str, str]:
    path = folder / "home" / "published" / "people" / person_id / "2026Q3.json"
    return {item["item"]: item["state"] for item in json.loads(path.read_text())["items"]}


def releases(folder: Path) -> dict[str, bytes]:
    teams = folder / "home" / "published" / "teams"
    return {str(path.relative_to(teams)): path.read_bytes() for path in sorted(teams.rglob("*.json"))}


def run(config: Path, *arguments: str) -> str:
    result = CliRunner().invoke(
        cli, ["--config", str(config), "me", *arguments], catch_exceptions=False, standalone_mode=False
    )
    return result.output
