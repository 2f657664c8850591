"""A canary in every free text that any source sends is in no file, page, log, error or process of ours.

The texts are found in whatever the sandbox holds, so a new kind of record, or a new source, is under test
without a line here. What is kept on purpose (names of repositories, labels, teams, logins) has no spaces, but
for the names that an organisation gives the roles in an incident.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sandbox.incident_io.model import Schedule, Shift, User
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running

CANARY = "zq7canary4f"
KEPT = {"role"}
USER = User("01CANARY", f"Somebody {CANARY}", f"{CANARY}@example.com")
TOKENS = {
    "GITHUB_TOKEN": "sandbox-token",
    "PAGERDUTY_TOKEN": "sandbox-pagerduty",
    "INCIDENT_IO_TOKEN": "sandbox-incident-io",
}
SECRETS = {"sandbox-pagerduty", "sandbox-incident-io"}
"""What only the environment holds. The engineers' own tokens begin like the one of GitHub."""
PRIVATE = {
    "email",
    "avatar_url",
    "bio",
    "location",
    "company",
    "message",
    "title",
    "body",
    "summary",
    "description",
}
"""Fields that hold something about a person or in words even where there is no space in it."""


@pytest.fixture(scope="module")
def planted() -> Iterator[tuple[Running, Counter[str]]]:
    holding = generate("canary", until=date(2026, 11, 22), teams=3, people=24, repositories=3)
    rota = Schedule("01ROTA", "the first line", [Shift("2026-07-06T09:00:00Z", "2026-07-13T09:00:00Z", USER)])
    rota.overrides = [Shift("2026-07-08T09:00:00Z", "2026-07-09T09:00:00Z", holding.incident_io.users[0])]
    holding.incident_io.schedules.append(rota)
    count = plant(holding, set())
    with running(holding) as server:
        yield server, count


def test_no_word_that_a_source_sends_is_in_any_file_page_log_or_process(
    planted: tuple[Running, Counter[str]], tmp_path: Path
) -> None:
    server, count = planted
    assert {"PullRequest", "Review", "ReviewComment", "Comment", "Issue", "Incident"} <= set(count)
    assert {"Discussion", "Schedule", "User", "Update"} <= set(count)
    assert count.total() > 1000
    assert CANARY in sent_by(server)  # what is looked for is really sent
    config = written(tmp_path, server)
    night = subprocess.Popen(
        command(config, "nightly", "--as-of", "2026-11-22"),
        env=os.environ | TOKENS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    processes = set()
    while night.poll() is None:
        processes |= command_lines()
        try:
            night.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
    said = night.communicate()[0]
    assert night.returncode == 0, said
    engineer, team = an_engineer(tmp_path)
    for read in (
        ["me", "--window", "2026Q3", "--format", "html"],
        ["me", "--window", "2026Q3", "--format", "md"],
        ["coverage", team, "--window", "2026Q3", "--format", "html"],
        ["coverage", team, "--window", "2026Q3", "--format", "csv"],
        ["me", "incidents", "--format", "json"],
        ["query", "select * from answers", "--format", "csv"],
        ["status", "--format", "json"],
    ):
        shown = subprocess.run(
            command(config, *read),
            env=os.environ | {"GITHUB_TOKEN": f"sandbox-{engineer}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert shown.returncode == 0, shown.stderr
        said += shown.stdout + shown.stderr
    assert CANARY not in said
    assert [line for line in processes if CANARY in line or any(secret in line for secret in SECRETS)] == []
    (tmp_path / "sevs.csv").unlink()
    assert [name for name, content in contents(tmp_path) if CANARY.encode() in content] == []


# --- builders -------------------------------------------------------------------------------------------


def plant(thing: Any, seen: set[int]) -> Counter[str]:
    """Puts the canary into every free text below this; returns how many there were in each kind of thing."""
    if id(thing) in seen or isinstance(thing, str | int | float | bool | bytes | None | date):
        return Counter()
    seen.add(id(thing))
    count: Counter[str] = Counter()
    for key, value in list(places_in(thing)):
        if isinstance(value, str) and key not in KEPT:
            if " " in value.strip() or (str(key) in PRIVATE and value):
                put(thing, key, f"{value} {CANARY}")
                count[type(thing).__name__] += 1
        elif not isinstance(value, str):
            count += plant(value, seen)
    return count


def places_in(thing: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(thing, dict):
        yield from thing.items()
    elif isinstance(thing, list):
        yield from enumerate(thing)
    elif isinstance(thing, tuple | set | frozenset):
        yield from ((None, each) for each in thing if not isinstance(each, str))
    elif is_dataclass(thing):
        yield from ((field.name, getattr(thing, field.name)) for field in fields(thing))
    elif hasattr(thing, "__dict__"):
        yield from vars(thing).items()


def put(thing: Any, key: Any, value: str) -> None:
    if isinstance(thing, dict | list):
        thing[key] = value
    else:
        object.__setattr__(thing, key, value)


def sent_by(server: Running) -> str:
    asked = (
        '{ search(query: "type:pr", type: ISSUE, first: 5) { nodes { ... on PullRequest { title body } } } }'
    )
    return repr(server.query(asked))


def written(folder: Path, server: Running) -> Path:
    with urllib.request.urlopen(f"{server.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    organization = server.holding.organization
    path = folder / "sightline.yaml"
    path.write_text(
        f"home: home\nroster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{organization}]\n  since: 2026-04-01\n"
        f"github_incidents:\n  repositories: [{organization}/operations]\n"
        f"github_postmortems:\n  repositories: [{organization}/operations]\n  folder: postmortems\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n"
        f"incident_io:\n  base_url: {server.base}/incident-io\n  since: 2026-04-01\n"
        "files:\n  - name: sev-log\n    kind: incidents\n    path: sevs.csv\n    accounts: github\n"
        "    since: 2026-04-01\n    constants: {severity: sev-2, service: checkout}\n"
        "    columns: {id: key, opened: start, resolved: end, declared_by: by}\n"
    )
    somebody = (folder / "roster.csv").read_text("utf-8").splitlines()[1].split(",")[0]
    (folder / "sevs.csv").write_text(
        f"key,start,end,by,title\nS-1,2026-07-06,2026-07-07,{somebody},It went down {CANARY}\n"
    )
    return path


def an_engineer(folder: Path) -> tuple[str, str]:
    rows = [row.split(",") for row in (folder / "roster.csv").read_text().splitlines()[1:]]
    teams = [row[1] for row in rows]
    team = max(sorted(set(teams)), key=teams.count)
    return next(row[0] for row in rows if row[1] == team and row[0] != row[2] and not row[4]), team


def command(config: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli.main", "--config", str(config), *arguments]


def command_lines() -> set[str]:
    """The command line of every process that can be seen."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, with what base64 in it decodes to, and a database with every value written out."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        decoded = [
            base64.b64decode(found[: len(found) // 4 * 4])
            for found in re.findall(rb"[A-Za-z0-9+/]{16,}={0,2}", content)
        ]
        values = ""
        if path.suffix == ".duckdb":
            with duckdb.connect(path, read_only=True) as con:
                for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
                    values += repr(con.execute(f'select distinct * from "{table}"').fetchall())
        yield str(path.relative_to(folder)), b"\n".join([content, *decoded, values.encode()])
