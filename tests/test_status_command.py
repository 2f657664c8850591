"""`sightline status` through the real command line: exit codes, and one line for monitoring.

The files come from real nights; a case changes the clock or the outcome in one of them, no more.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from flows.context import open_night
from flows.night import run_night
from sandbox.organisation.load import load
from sandbox.server import Running, running

LATE = (
    r"GitHub 2 of 2 scopes \(everything: rate limited\)",
    r"GitHub 2 of 2 scopes \(everything: refused\)",
)

NOW = r"(just now|\d+ minutes? ago)"
"""A moment that real nights took to get here."""

# what the home holds; what is changed in it; options; exit code; the line
CASES: dict[str, tuple[str, str, str, int, str]] = {
    "complete": ("complete", "", "", 0, f"complete: ended {NOW}; missing: nothing"),
    "25 hours old": ("complete", "age 25h", "", 0, "complete: ended 25 hours ago; missing: nothing"),
    "27 hours old": ("complete", "age 27h", "", 1, "complete: ended 27 hours ago, more than 26 hours; .*"),
    "27 hours of 28": ("complete", "age 27h", "--max-age 28h", 0, "complete: ended 27 hours ago; .*"),
    "89 minutes of 90": ("complete", "age 89m", "--max-age 90m", 0, "complete: ended 89 minutes ago; .*"),
    "91 minutes of 90": ("complete", "age 91m", "--max-age 90m", 1, ".* 91 minutes ago, more than 90 .*"),
    "47 hours of 2 days": ("complete", "age 47h", "--max-age 2d", 0, "complete: ended 47 hours ago; .*"),
    "49 hours of 2 days": ("complete", "age 49h", "--max-age 2d", 1, ".* 2 days ago, more than 2 days; .*"),
    "clocks apart": ("complete", "age -4m", "", 0, f"complete: ended {NOW}; missing: nothing"),
    "in the future": ("complete", "age -170m", "", 1, "complete: ended 2 hours in the future, check .*"),
    "without an end": ("complete", "no end", "", 1, "complete: started .*; missing: nothing"),
    "gaps": ("gaps", "", "", 1, f"gaps: ended {NOW}; missing: {LATE[0]}"),
    "old gaps": ("gaps", "age 30h", "", 1, f"gaps: ended 30 hours ago, .*; missing: {LATE[0]}"),
    "refused": ("refused", "", "", 3, f"refused: ended {NOW}; missing: {LATE[1]}"),
    "refused long ago": ("refused", "age 9d", "", 3, f"refused: ended 9 days ago, .*; missing: {LATE[1]}"),
    "failed": ("failed", "", "", 1, f"failed: started {NOW}; missing: not known, .*"),
    "running, before it complete": (
        "running", "", "", 0,
        f"running: started {NOW}, or killed since; the night before: complete: .*; missing: nothing",
    ),
    "running, before it old": (
        "running", "age 27h", "", 1, "running: .*; the night before: complete: ended 27 hours ago, .*"
    ),
    "running, before it refused": ("running after refused", "", "", 3, "running: .*: refused: .*"),
    "running for the first time": ("running at first", "", "", 1, "running: .*; no night has ended yet"),
    "unknown outcome": ("complete", "outcome paused", "", 1, f"paused: ended {NOW}; missing: see the .*"),
    "half written": ("complete", "cut", "", 1, "unreadable: .*status.json: is damaged; the next night .*"),
    "emptied": ("complete", "empty", "", 1, "unreadable: .*"),
    "something else": ("complete", "list", "", 1, "unreadable: .*"),
    "no night yet": ("nothing", "", "", 1, "none: no night has run in .* yet; run `sightline nightly`"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_check_exits_by_what_it_finds_and_prints_one_line(name: str, nights: Path, tmp_path: Path) -> None:
    night, change, options, code, line = CASES[name]
    home = home_after(nights, tmp_path, night, change)
    done = status(home, "--check", *options.split())
    assert re.fullmatch(f"{line}\n", done.stdout), done.stdout
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize(
    "name",
    ["complete", "27 hours old", "gaps", "refused", "failed", "running, before it old", "half written"],
)
def test_the_page_exits_as_the_check_does_and_json_says_the_same(
    name: str, nights: Path, tmp_path: Path
) -> None:
    night, change, options, code, line = CASES[name]
    home = home_after(nights, tmp_path, night, change)
    check = status(home, "--check", "--format", "json", *options.split())
    assert check.stdout.count("\n") == 1
    told = json.loads(check.stdout)
    assert re.fullmatch(line, told["line"])
    assert (check.returncode, told["exit_code"], told["max_age_seconds"]) == (code, code, 26 * 3600)
    assert told["outcome"] in line
    page, body = status(home, *options.split()), status(home, "--format", "json", *options.split())
    assert (page.returncode, body.returncode) == (code, code)
    stored = (home / "sightline-home" / "status.json").read_text()
    if name == "half written":
        assert page.stdout == body.stdout == ""
    else:
        assert page.stdout.startswith("Last night ")
        assert json.loads(body.stdout) == json.loads(stored)
    needs_a_reason = name in ("27 hours old", "running, before it old", "half written")
    assert bool(page.stderr) == bool(body.stderr) == needs_a_reason
    assert re.fullmatch(f"({line}\n)?", page.stderr)


@pytest.mark.parametrize("age", ["26", "0h", "-1h", "1.5h", "26 h", "tomorrow", "9999999d", ""])
def test_an_age_that_is_none_is_refused(age: str, nights: Path, tmp_path: Path) -> None:
    done = status(home_after(nights, tmp_path, "complete", ""), "--check", "--max-age", age)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "is not an age; write it like 90m, 26h or 2d" in done.stderr


def test_a_home_that_does_not_exist_is_a_mistake_in_the_settings(nights: Path, tmp_path: Path) -> None:
    home = home_after(nights, tmp_path, "nothing", "")
    (home / "sightline-home").rmdir()
    done = status(home, "--check")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no such folder" in done.stderr


def test_a_check_names_nobody_and_counts_nobody(nights: Path, tmp_path: Path) -> None:
    """A wrong roster is told by the page, in sentences that may name its people; never by the line."""
    home = home_after(nights, tmp_path, "wrong roster", "")
    assert "Ann Example" in status(home).stdout
    for form in ("text", "json"):
        done = status(home, "--check", "--format", form)
        assert done.returncode == 1
        assert "missing: see the messages of `sightline status`" in done.stdout
        assert "Ann" not in done.stdout
        assert "people" not in done.stdout


def test_a_night_writes_over_a_damaged_status_file(
    nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything in it that was JSON without `sources` broke every night before it began."""
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    home = home_after(nights, tmp_path, "complete", "list")
    with running(load(4, repositories=2)) as server:
        night(home, server)
    assert status(home, "--check").returncode == 0


# --- builders ---


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of homes, each as a real night left its status and receipts, or as it looked during one."""
    folder = tmp_path_factory.mktemp("nights")
    home = folder / "home"
    home.mkdir()
    with running(load(4, repositories=2)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        night(home, server, during=lambda: keep(home, folder / "running at first"))
        keep(home, folder / "complete")
        night(home, server, during=lambda: keep(home, folder / "running"))
        with pytest.raises(RuntimeError):
            night(home, server, during=breaks)
        keep(home, folder / "failed")
        server.sandbox.faults.switch("rate_limited_403", 10_000, seconds=10_000)
        night(home, server)
        keep(home, folder / "gaps")
        server.sandbox.faults.switch("rate_limited_403", 0)
        patch.setenv("GITHUB_TOKEN", "wrong")
        night(home, server)
        keep(home, folder / "refused")
        night(home, server, during=lambda: keep(home, folder / "running after refused"))
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        night(home, server)
        night(home, server, roster=ROSTER.replace("2026-01-01", "Ann Example"))
        keep(home, folder / "wrong roster")
    (folder / "nothing" / "sightline-home").mkdir(parents=True)
    (folder / "nothing" / "sightline.yaml").write_text("roster: roster.csv\n")
    return folder


ROSTER = "login,team,manager,from,until,rubric\nengineer-01,core,,2026-01-01,,\n"


def night(
    home: Path, server: Running, *, during: Callable[[], None] = lambda: None, roster: str = ROSTER
) -> None:
    """One night without Prefect; `during` is called before it publishes."""

    def do(name: str, action: Callable[[], Any]) -> Any:
        if name == "releases":
            during()
        return action()

    (home / "roster.csv").write_text(roster)
    (home / "sightline.yaml").write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n  wait_limit_seconds: 0\n"
        "  repositories: [heavy-load/service-0, heavy-load/service-1]\n"
    )
    with open_night(load_settings(home / "sightline.yaml"), None) as opened:
        run_night(opened, do)


def breaks() -> None:
    raise RuntimeError


def keep(home: Path, copy: Path) -> None:
    """What `sightline status` reads of this home."""
    (copy / "sightline-home").mkdir(parents=True)
    shutil.copy(home / "sightline.yaml", copy)
    shutil.copy(home / "sightline-home" / "status.json", copy / "sightline-home")
    if (receipts := home / "sightline-home" / "receipts").exists():
        shutil.copytree(receipts, copy / "sightline-home" / "receipts")


def home_after(nights: Path, folder: Path, night: str, change: str) -> Path:
    """A copy of one of these homes, with one thing changed."""
    home = Path(shutil.copytree(nights / night, folder / "home"))
    path = home / "sightline-home" / "status.json"
    what, _, value = change.partition(" ")
    match what:
        case "age":
            unit = {"m": "minutes", "h": "hours", "d": "days"}[value[-1]]
            ended = datetime.now(UTC) - timedelta(**{unit: int(value[:-1])})
            for file in [path, *(home / "sightline-home" / "receipts").iterdir()]:
                if "finished_at" in json.loads(file.read_text())["last_run"]:
                    rewrite(file, finished_at=ended.isoformat())
        case "no":
            body = json.loads(path.read_text())
            del body["last_run"]["finished_at"]
            path.write_text(json.dumps(body))
        case "outcome":
            rewrite(path, outcome=value)
        case "cut":
            path.write_bytes(path.read_bytes()[:200])
        case "empty":
            path.write_bytes(b"")
        case "list":
            path.write_text("[]")
    return home


def rewrite(file: Path, **changed: str) -> None:
    body = json.loads(file.read_text())
    body["last_run"] |= changed
    file.write_text(json.dumps(body))


def status(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "status", *options],
        cwd=home,
        env={name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
