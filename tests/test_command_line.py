"""The commands as an operator runs them: real processes, a real Prefect server, exit codes and sentences."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.recorded_settings import record_settings
from config.settings import load_settings
from privacy import traces
from sandbox.server import Running


def test_a_night_through_prefect_is_complete_and_leaves_no_person_in_its_database(
    organisation: Running, home: Path
) -> None:
    config = written(home, organisation)
    done = sightline("--config", config, "nightly", "--as-of", "2026-11-22")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "complete" in done.stdout
    assert done.stderr == ""
    logins = {row.split(",")[0] for row in (home / "roster.csv").read_text().splitlines()[1:]}
    stored = everything_stored(home / "sightline-home" / "orchestrator" / "prefect.db")
    assert "nightly-receipt" in stored
    assert [secret for secret in [*logins, "sandbox-token", "sandbox-pagerduty"] if secret in stored] == []
    assert set(history_after_a_month(home / "sightline-home" / "orchestrator").values()) == {0}

    status = sightline("status", "--config", config, "--format", "json")
    found = json.loads(status.stdout)
    assert found["last_run"]["outcome"] == "complete"
    assert {
        "source",
        "scope",
        "records",
        "expected",
        "complete",
        "gaps",
        "requests",
        "points",
        "last_event",
        "counted_on",
    } == set(found["sources"][0])


def test_a_wrong_token_exits_3_with_one_sentence(organisation: Running, home: Path) -> None:
    config = written(home, organisation)
    done = sightline("--config", config, "nightly", GITHUB_TOKEN="wrong-canary")
    assert done.returncode == 3
    assert "does not accept the credentials" in one_line(done.stdout)
    assert "wrong-canary" not in done.stdout + done.stderr
    assert b"wrong-canary" not in b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "sentence"),
    [
        (["--config", "none.yaml", "status"], {}, 2, "none.yaml: cannot be read"),
        (["status"], {}, 2, "no night has run here yet; run `sightline nightly`"),
        (["coverage", "nobody", "--window", "2026Q3"], {}, 1, "nobody"),
        (["coverage", "nobody", "--window", "third"], {}, 2, "write it like 2026Q3"),
        (["nightly", "--as-of", "yesterday"], {}, 2, "write it like 2026-09-30"),
        (["nightly"], {"GITHUB_TOKEN": ""}, 2, "GITHUB_TOKEN is not set"),
        (["me"], {}, 2, "no night has run here yet; run `sightline nightly`"),
        (["nightly"], {"SIGHTLINE_ROSTER": "missing.csv"}, 2, "missing.csv"),
        (["nightly"], {"SIGHTLINE_HOME": "/proc/none"}, 2, "home cannot be written"),
        (["signals", "show", "reviews_gven"], {}, 2, "did you mean 'reviews_given'?"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(
    organisation: Running,
    home: Path,
    arguments: list[str],
    variables: dict[str, str],
    code: int,
    sentence: str,
) -> None:
    written(home, organisation)
    done = sightline(*arguments, cwd=home, **variables)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_output_that_finds_no_room_is_a_sentence_and_no_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*SIGHTLINE, "rubric", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "the output: No space left on device; make room or mend the permissions\n"


def test_a_broken_database_file_is_named_without_a_traceback(organisation: Running, home: Path) -> None:
    config = written(home, organisation)
    (home / "sightline-home").mkdir()
    record_settings(load_settings(Path(config)))
    (home / "sightline-home" / "vault.duckdb").write_text("no database" * 999)
    done = sightline("--config", config, "me", GITHUB_TOKEN="sandbox-token")
    assert done.returncode == 2, done.stderr
    assert "vault.duckdb" in done.stderr
    assert "restore the file from a backup" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_signal_in_the_map_is_named_before_anything_starts(
    organisation: Running, home: Path
) -> None:
    shipped = Path(__file__).parents[1] / "rubric_map.yaml"
    (home / "map.yaml").write_text(
        shipped.read_text().replace("signal: reviews_given", "signal: reviews_gven")
    )
    written(home, organisation)
    done = sightline("nightly", cwd=home, SIGHTLINE_RUBRIC_MAP="map.yaml")
    assert done.returncode == 2
    assert re.search(
        r"map\.yaml:\d+: item '.*': no signal named 'reviews_gven'; did you mean 'reviews_given'\?",
        done.stderr,
    )
    assert not (home / "sightline-home" / "warehouse.duckdb").exists()


@pytest.mark.parametrize("command", [["status"], ["coverage", "search"]])
def test_what_reads_published_files_alone_starts_without_the_database_driver(
    command: list[str], home: Path
) -> None:
    (home / "sightline.yaml").write_text("roster: roster.csv\ngithub:\n  organisations: [acme]\n")
    started = [sys.executable, "-X", "importtime", "-m", "cli.main", *command]
    done = subprocess.run(started, cwd=home, capture_output=True, text=True, check=False)
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "app.reports" in modules
    assert "duckdb" not in modules


# --- builders ---

SIGHTLINE = [sys.executable, "-m", "cli.main"]


def sightline(
    *arguments: object, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SIGHTLINE, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def written(folder: Path, server: Running) -> Path:
    with urllib.request.urlopen(f"{server.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        f"  since: 2026-04-01\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n"
    )
    return path


def one_line(text: str) -> str:
    return " ".join(text.split())


def history_after_a_month(folder: Path) -> dict[str, int]:
    """What the retention of runs leaves of a copy of this database, had it been written a month ago."""
    copy = Path(shutil.copytree(folder, folder.with_name("a-month-ago")))
    today, then = date.today(), date.today() - timedelta(days=30)  # noqa: DTZ011  as the database writes it
    tables = ("flow_run", "task_run", "flow_run_state", "task_run_state", "events", "artifact")
    with closing(sqlite3.connect(copy / "prefect.db")) as con, con:
        for table in (*tables, "artifact_collection", "event_resources"):
            for column in (row[1] for row in con.execute(f"pragma table_info({table})")):
                con.execute(f"update {table} set {column} = replace({column}, '{today}', '{then}')")
        assert con.execute("select count(*) from task_run").fetchone()[0] > 10
    traces.expire(copy, today - timedelta(days=14))
    with closing(sqlite3.connect(copy / "prefect.db")) as con:
        return {table: con.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}


def everything_stored(database: Path) -> str:
    """Every value of every table, and what it says once base64 is decoded."""
    found: list[str] = []
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as con:
        for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in con.execute(f'select * from "{table}"').fetchall():
                found += [
                    value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    for value in row
                ]
    text = "\n".join(found)
    for candidate in set(re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", text)):
        try:
            text += base64.b64decode(candidate, validate=True).decode("utf-8", "ignore")
        except ValueError:
            continue
    return text
