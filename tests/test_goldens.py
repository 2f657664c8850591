"""What people read, kept as files: a change of code that means to change nothing changes none of them.

One generated organisation, two nights at fixed days, then the commands as somebody would type them. Keys and
people's ids are written into the home before the first night, since chance is drawn with them. What differs
from run to run (times, ports, random ids) is replaced by a word in angle brackets.

`make goldens` writes the files again. Do that in the commit that means to change them, and read the diff.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.request import urlopen

import click
import duckdb
import pytest
from click.testing import CliRunner

from cli.main import cli, main
from config.settings import load_settings
from flows.context import open_night
from flows.night import run_night
from warehouse import absences, rights
from warehouse.rights_rows import Note
from warehouse.vault import Vault

ROOT = Path(__file__).parents[1]
GOLDENS = Path(__file__).parent / "goldens"
SIGHTLINE = Path(sys.executable).with_name("sightline")
UNTIL, EARLY = "2026-11-22", "2026-10-08"
"""The night of EARLY finds the third quarter still open to contests; that of UNTIL publishes it."""
SIZE = ["--teams", "3", "--people", "24", "--repositories", "3"]
OTHER_RUBRIC = ("hedda-birkett", "odile-copsewood", "tavi-nettleton", "una-umberfield", "vesna-dunmore")
ENGINEER, OTHER, NEWCOMER = "perrin-juniper", "hedda-birkett", "fenn-glenhow"
ITEM, CONTESTED = "ownership-clarifies", "ownership-sev-contribution"

COMMANDS: dict[str, tuple[str | None, str]] = {
    "status.txt": (None, "status"),
    "status.json": (None, "status --format json"),
    "coverage-search.txt": (None, "coverage search --window 2026Q3"),
    "coverage-search.html": (None, "coverage search --window 2026Q3 --format html"),
    "coverage-search.csv": (None, "coverage search --window 2026Q3 --format csv"),
    "coverage-search.json": (None, "coverage search --window 2026Q3 --format json"),
    "coverage-ranking-two-rubrics.txt": (None, "coverage ranking"),
    "coverage-payments-hidden.txt": (None, "coverage payments --window 2026Q3"),
    "coverage-unknown-team.txt": (None, "coverage paymints"),
    "me-engineer.txt": (ENGINEER, "me --window 2026Q3"),
    "me-engineer-full.txt": (ENGINEER, "me --window 2026Q3 --full"),
    "me-newcomer.md": (NEWCOMER, "me --format md"),
    "me-newcomer.csv": (NEWCOMER, "me --format csv"),
    "me-newcomer.json": (NEWCOMER, "me --format json"),
    "me-engineer-as-of.txt": (ENGINEER, f"me --window 2026Q3 --as-of {EARLY}"),
    "me-newcomer.html": (NEWCOMER, "me --format html"),
    "me-other-rubric.txt": (OTHER, "me --window 2026Q3"),
    "incidents.txt": (ENGINEER, "me incidents --window 2026Q3"),
    "incidents.md": (ENGINEER, "me incidents --window 2026Q3 --format md"),
    "incidents.json": (ENGINEER, "me incidents --window 2026Q3 --format json"),
    "explain.txt": (ENGINEER, f"explain {ITEM} --window 2026Q3 --since {EARLY}"),
    "explain-contested.txt": (ENGINEER, f"explain {CONTESTED} --window 2026Q3 --since {EARLY}"),
    "explain.json": (ENGINEER, f"explain {ITEM} --window 2026Q3 --format json"),
    "access-log.txt": (ENGINEER, "me access-log"),
    "nobody.txt": ("nobody-at-all", "me"),
    "delivery.txt": (ENGINEER, "me delivery"),
    "shares.txt": (ENGINEER, "me shares"),
    "people-log.txt": (ENGINEER, "people log"),
    "people-suggest.txt": (ENGINEER, "people suggest"),
    "contests-refused.txt": (ENGINEER, "contests list"),
    "unknown-quarter.txt": (ENGINEER, "me --window 2026Q5"),
    "signals-coverage.txt": (None, "signals coverage"),
    "signals-list.txt": (None, "signals list"),
    "signals-show.txt": (None, "signals show reviews_given"),
    "rubric-list.txt": (None, "rubric list"),
    "rubric-check.txt": (None, "rubric check"),
    "privacy-agreement.txt": (None, "privacy agreement"),
    "privacy-notice.md": (None, "privacy notice"),
    "privacy-record.md": (None, "privacy record"),
    "privacy-assessment.md": (None, "privacy assessment"),
    "privacy-verify.txt": (None, "privacy verify"),
    "privacy-audit-verify.txt": (None, "privacy audit verify"),
    "query-tables.txt": (None, "query"),
    "query.txt": (
        None,
        "query 'select team, quarter, rubric, answer, count(*) from answers group by all order by all'",
    ),
}
"""Golden file -> who reads, and what they type. A code other than 0 is written on the last line."""
FURTHER = {"help.txt", "export.txt", "reports.txt", "releases.txt"}


def test_reports_releases_and_receipts_are_as_before(home: Path, pytestconfig: pytest.Config) -> None:
    compare(pytestconfig, readings(home))


def test_every_help_page_is_as_before(pytestconfig: pytest.Config) -> None:
    compare(pytestconfig, {"help.txt": help_pages()})


def test_every_golden_is_of_something_that_is_still_compared() -> None:
    assert {path.name for path in GOLDENS.iterdir()} == {*COMMANDS, *FURTHER}


# --- the comparison ---


def compare(config: pytest.Config, texts: Mapping[str, str]) -> None:
    """Holds each text against its golden, or writes it. Fails with what is different in any of them."""
    if config.getoption("--write-goldens"):
        GOLDENS.mkdir(exist_ok=True)
        for name, text in texts.items():
            (GOLDENS / name).write_bytes(text.encode())
        return
    wrong = "\n".join(filter(None, (difference(name, text) for name, text in texts.items())))
    assert not wrong, f"{wrong}\n\nIf that is meant, run `make goldens` and commit what it writes."


def difference(name: str, text: str) -> str:
    """A unified diff from the golden to what is printed now, at most a screen of it; empty where none."""
    golden = GOLDENS / name
    before = golden.read_bytes().decode() if golden.exists() else ""
    if text == before:
        return ""
    old, new = (each.replace("\r", "␍").splitlines(keepends=True) for each in (before, text))
    lines = [line.rstrip("\n") for line in difflib.unified_diff(old, new, f"goldens/{name}", "now", n=2)]
    more = [f"... and {len(lines) - 40} lines more"] if len(lines) > 40 else []
    return "\n".join([*lines[:40], *more])


# --- what is compared ---


def help_pages() -> str:
    """The help of every command, and of the sandbox, which has an own parser."""
    pages = [
        f"$ sightline {' '.join([*path, '--help'])}\n\n"
        + CliRunner().invoke(cli, [*path, "--help"], prog_name="sightline", terminal_width=80).output
        for path in [(), *paths(cli)]
        if path != ("sandbox",)
    ]
    printed = subprocess.run(
        [SIGHTLINE, "sandbox", "--help"],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return "\n\n".join([*pages, f"$ sightline sandbox --help\n\n{printed}"])


def paths(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*above, name)
        if isinstance(command, click.Group):
            yield from paths(command, (*above, name))


def readings(folder: Path) -> dict[str, str]:
    """What two nights on the generated organisation publish and print, by the name of the golden."""
    first_day = datetime.now(UTC).date()
    with sandbox() as addresses:
        people = prepare(folder, addresses)
        night(folder, EARLY)
        decide(folder / "sightline-home", people)
        night(folder, UNTIL)
        printed = {name: sightline(folder, who, line) for name, (who, line) in COMMANDS.items()}
        printed["status.json"] = without_what_grows(printed["status.json"])
        exported = json.loads(sightline(folder, ENGINEER, "me export"))
    published = folder / "sightline-home" / "published"
    printed["export.txt"] = listing(exported["stored"])
    days = {first_day, datetime.now(UTC).date()}
    masked = {name: stable(text, folder, people, days) for name, text in printed.items()}
    masked["reports.txt"] = "".join(
        f"{stable(path.parent.name, folder, people, days)} {path.stem} "
        + digests(json.loads(stable(path.read_text(), folder, people, days)))
        for path in sorted((published / "people").rglob("*.json"))
    )
    masked["releases.txt"] = "".join(
        f"{digest(stable(path.read_text(), folder, people, days))} {path.relative_to(published)}\n"
        for room in ("organisation", "teams")
        for path in sorted((published / room).rglob("2*.json"))
    )
    return masked


# --- the organisation and its home ---


@contextmanager
def sandbox() -> Iterator[dict[str, Any]]:
    server = subprocess.Popen(
        [SIGHTLINE, "sandbox", "--organisation", "goldens", "--until", UNTIL, *SIZE],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())
    finally:
        server.terminate()
        server.communicate()


def prepare(folder: Path, addresses: Mapping[str, Any]) -> dict[str, str]:
    """Settings, roster, keys and people's ids, as files; returns login -> id."""
    with urlopen(addresses["roster"]) as answer:
        rows = list(csv.DictReader(answer.read().decode().splitlines()))
    for row in rows:
        if row["login"] in OTHER_RUBRIC:
            row["rubric"] = "ic2-software-engineer"
    with (folder / "roster.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (folder / "sightline.yaml").write_text(
        f"roster: roster.csv\n"
        f"rubric_maps: [{ROOT / 'maps' / 'ic2_software_engineer.yaml'}]\n"
        f"github:\n  base_url: {addresses['github']['base_url']}\n"
        f"  organisations: [{addresses['organization']}]\n  since: 2026-04-01\n"
        f"github_incidents:\n  repositories: [{addresses['organization']}/operations]\n"
        f"pagerduty:\n  base_url: {addresses['pagerduty']['base_url']}\n  since: 2026-04-01\n",
        encoding="utf-8",
    )
    home = folder / "sightline-home"
    home.mkdir()
    (home / "audit.key").write_text("5e" * 32 + "\n")
    with rights.opened(home / "rights.duckdb") as own:
        own.con.execute("insert into draw_key values (?)", ["7a" * 32])
    people = {row["login"]: hashlib.sha256(row["login"].encode()).hexdigest()[:32] for row in rows}
    Vault(home / "vault.duckdb")
    with duckdb.connect(home / "vault.duckdb") as con:
        con.executemany(
            "insert into accounts values ('github', 'login:' || $login, $login, $id, $id, false, false)",
            [{"login": login, "id": person_id} for login, person_id in people.items()],
        )
    return people


def night(folder: Path, day: str) -> None:
    with open_night(load_settings(folder / "sightline.yaml"), date.fromisoformat(day)) as opened:
        run_night(opened)


def decide(home: Path, people: Mapping[str, str]) -> None:
    """What people said between the two nights: a note, two contests, an opt-out, a leave."""
    on = date(2026, 10, 9)
    with rights.opened(home / "rights.duckdb") as own:
        own.write_note(Note(people[ENGINEER], "2026Q3", ITEM, "note", "I asked in the design review.", on))
        own.contest(people[ENGINEER], "2026Q3", CONTESTED, "not-me", on)
        made = own.contest(people["fenn-larkmoor"], "2026Q3", ITEM, "incomplete", on)
        own.resolve(made.contest_id, "dismissed", people["liora-fernley"], on)
        own.opt_out(people["calla-juniper"], date(2026, 9, 20))
    leaves = home / "absences.duckdb"
    for login, first, last in (
        (ENGINEER, date(2026, 7, 20), date(2026, 8, 14)),
        (OTHER, date(2026, 7, 1), date(2026, 8, 31)),  # more than half of the quarter
    ):
        absences.change(leaves, [people[login]], people[login], first, last, leave=True)


def sightline(folder: Path, login: str | None, line: str) -> str:
    """What the command prints, and its exit code where it is not 0."""
    own = ("SIGHTLINE_", "GITHUB_", "PAGERDUTY_", "PREFECT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    environment |= {"GITHUB_TOKEN": f"sandbox-{login or 'token'}", "COLUMNS": "80"}
    arguments = ["sightline", "--config", str(folder / "sightline.yaml"), *shlex.split(line)]
    printed = io.StringIO()
    with (
        patch.dict(os.environ, environment, clear=True),
        patch.object(sys, "argv", arguments),
        redirect_stdout(printed),
        redirect_stderr(printed),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    code = f"exit code {ended.value.code}\n" if ended.value.code else ""
    return printed.getvalue() + code


# --- how it is written down ---


def stable(text: str, folder: Path, people: Mapping[str, str], days: Collection[date]) -> str:
    """The text with a word in angle brackets for whatever is another on each run.

    Versions and hashes of our own files too: that a comment in a query was edited is no change of a report.
    """
    for login, person_id in people.items():
        text = text.replace(person_id, f"<id of {login}>")
    text = text.replace(str(folder), "<folder>").replace(str(ROOT), "<checkout>")
    for pattern, word in VARYING.items():
        text = re.sub(pattern, word, text, flags=re.MULTILINE | re.DOTALL)
    for day in days:  # the day of the test itself, when something was read
        text = re.sub(f"^{day}", "<today>", text, flags=re.MULTILINE)
    return text


VARYING = {
    r"(http://)?127\.0\.0\.1:\d+": "<sandbox>",
    r"\b\d{8}T\d{6}-[0-9a-f]{6}\b": "<run>",
    r"\b\d{4}-\d\d-\d\dT[\d:]+\+00:00": "<time>",
    r"^(  (?:started|took|cost|evidence) +)\d[^\n]*": r"\1<varies>",
    r"(?<=oncall shifts )[\d,]+ of [\d,]+": "<varies>",
    r"^(  (?:GitHub incidents|PagerDuty) .*?last event )[^\n]*": r"\1<varies>",
    r"(warehouse.duckdb (?:evidence|oncall_shifts|opportunities)): \d+": r"\1: <varies>",
    r"\b[0-9a-f]{64}\b": "<sha256>",
    r"\b[0-9a-f]{32}\b": "<id>",
    r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b": "<version>",
    r"'sha256-[^']+'": "'<sha256>'",
    r"<style>.*?</style>": "<style>...</style>",
    r"^  ! What counts as [^\n]*\n": "",  # on a card that was due to be read again
}
UNTIL_NOW = {"github_incidents", "pagerduty"}
"""Read up to the moment of the test, whatever day the night is for: what they hold and cost grows with it."""
GROWS = {"requests", "points", "seconds", "evidence_rows", "last_event"}


def without_what_grows(status: str) -> str:
    """The status as JSON without what depends on the moment of the test."""
    body = json.loads(status)
    for part in (body["last_run"], *(each for each in body["sources"] if each["source"] in UNTIL_NOW)):
        part |= dict.fromkeys(GROWS & part.keys(), "<varies>")
        for counts in (part.get("records", {}), part.get("expected", {})):
            counts |= dict.fromkeys({"oncall_shifts"} & counts.keys(), "<varies>")
    return json.dumps(body, indent=1)


def listing(stored: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]) -> str:
    """Each table of an export, with its rows counted and its columns named."""
    return "".join(
        f"{file} {table}: {len(rows)} rows of {', '.join(rows[0])}\n"
        for file, tables in sorted(stored.items())
        for table, rows in sorted(tables.items())
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def digests(report: Mapping[str, Any]) -> str:
    """A report in short: a digest, and of each item that tools can see its state, traces and a digest."""
    items = [
        f"  {item['item']} {item['state']} {len(item['evidence'])} {digest(json.dumps(item))}\n"
        for item in report["items"]
        if item["class"] not in ("ask", "withheld")
    ]
    rest = digest(json.dumps(report))
    return f"{rest}\n{''.join(items)}"
