"""What the agreement says about time is acted on, in bytes, and leaves what is still kept as it was."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.published import verify_log, verify_published
from app.request import OPERATOR
from config.settings import SHIPPED, load_settings
from flows.context import open_night
from flows.night import run_night
from privacy import audit, chain
from privacy.amendments import signature
from privacy.policy import Policy, body_sha256, load_policy
from reports.receipt import run_facts
from sandbox.server import Running
from warehouse import rights

TODAY = date(2026, 11, 22)
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def after_a_night(organisation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        patch.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty")
        night(written(folder, organisation), TODAY)
        yield folder


@pytest.fixture
def config(after_a_night: Path, tmp_path: Path) -> Path:
    """A copy of that home, to forget from."""
    shutil.copytree(after_a_night, tmp_path / "copy")
    return tmp_path / "copy" / "sightline.yaml"


def test_evidence_and_records_past_their_time_are_in_no_byte(config: Path) -> None:
    home = config.parent / "home"
    old = values(home, "select pull_request_id from pull_requests where greatest(created_on, merged_on, "
                       "closed_on) < date '2026-06-01' and pull_request_id not in (select pull_request_id "
                       "from reviews where submitted_on >= date '2026-06-01')")  # fmt: skip
    assert len(old) > 5
    run = night(agreeing(config, "evidence_months: 15", "evidence_months: 3"), TODAY)
    assert run["outcome"] == "complete"
    assert any(said.startswith("github.since 2026-04-01 is before 2026-09-01") for said in run["messages"])
    assert run["retention"]["records"] > len(old)
    assert values(home, "select min(occurred_on) from evidence")[0] >= date(2026, 9, 1)
    assert values(home, "select min(occurred_on) from opportunities")[0] >= date(2026, 9, 1)
    gone = [key for key in old if key not in values(home, "select pull_request_id from pull_requests")]
    assert len(gone) > 5
    content = plain_bytes(home)
    assert [key for key in gone if key.encode() in content] == []
    assert values(home, "select pull_request_id from pull_requests")[0].encode() in content


def test_reports_of_quarters_whose_evidence_is_gone_go_with_it(config: Path) -> None:
    people = config.parent / "home" / "published" / "people"
    assert {path.stem for path in people.glob("*/*.json")} == {"2026Q2", "2026Q3", "2026Q4"}
    run = night(agreeing(config, "evidence_months: 15", "evidence_months: 3"), TODAY)
    assert {path.stem for path in people.glob("*/*.json")} == {"2026Q4"}
    assert ("past its time", run["retention"]) != ("past its time", {})
    assert "reports" in dict(run_facts(run))["past its time"]


def test_releases_past_their_time_go_and_the_others_keep_their_bytes(config: Path) -> None:
    before = release_bytes(config)
    assert {name[-11:-5] for name in before} == {"2026Q2", "2026Q3"}
    stricter = agreeing(config, "releases_quarters: 8", "releases_quarters: 1")
    run = night(stricter, TODAY)
    after = release_bytes(config)
    assert after == {name: content for name, content in before.items() if "2026Q3" in name}
    assert run["retention"]["releases"] == len(before) - len(after)
    assert verify_published(load_settings(stricter), OPERATOR) == []
    assert verify_log(load_settings(stricter), OPERATOR, None).wrong == []
    assert night(stricter, TODAY)["published"] == []  # and they do not come back


def test_shares_and_receipts_past_their_time_go(config: Path) -> None:
    home = config.parent / "home"
    with rights.opened(home / "rights.duckdb") as opened:
        opened.con.execute(
            "insert into shares by name select 'old-share' as share_id, 'p' as person_id, "
            "'t' as token_sha256, '2026Q1' as quarter, []::varchar[] as items, false as with_notes, "
            "date '2026-01-01' as shared_on, date '2026-01-31' as ends_on"
        )
    (home / "receipts" / "20260101T030000-abcdef.json").write_text("{}")
    run = night(config, TODAY)
    assert (run["retention"]["shares"], run["retention"]["receipts"]) == (1, 1)
    assert b"old-share" not in plain_bytes(home)


def test_files_are_written_anew_once_a_week(config: Path) -> None:
    home = config.parent / "home"
    marker = json.loads((home / "retention.json").read_text())
    inode = (home / "warehouse.duckdb").stat().st_ino
    night(config, TODAY)
    assert (home / "warehouse.duckdb").stat().st_ino == inode
    (home / "retention.json").write_text(json.dumps(marker | {"rewritten_on": "2026-11-15"}))
    night(config, TODAY)
    assert (home / "warehouse.duckdb").stat().st_ino != inode
    assert json.loads((home / "retention.json").read_text())["rewritten_on"] == "2026-11-22"


@pytest.mark.parametrize(
    ("as_of", "kept_since"),
    [
        (date(2026, 11, 22), date(2025, 9, 1)),
        (date(2026, 11, 1), date(2025, 8, 1)),
        (date(2026, 3, 31), date(2025, 1, 1)),
        (date(2026, 3, 30), date(2025, 1, 1)),
    ],
)
def test_the_floor_is_the_first_of_a_month_and_never_more_than_fifteen_months_ago(
    as_of: date, kept_since: date
) -> None:
    assert policy().kept_since(as_of) == kept_since


def test_a_log_whose_older_entries_were_removed_is_complete_and_goes_on(tmp_path: Path) -> None:
    log = logged(tmp_path, 10)
    audit.write_anchor(log, tmp_path / "anchor", on=day(9))
    assert audit.shorten(log, KEY, day(4)) == 4
    assert audit.shorten(log, KEY, day(4)) == 0
    note(log, 10)
    assert audit.verify(log, KEY, tmp_path / "anchor") == []
    assert [entry["number"] for entry in audit.entries(log)] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert audit.shorten(log, KEY, day(6)) == 3
    assert audit.verify(log, KEY, tmp_path / "anchor") == []


@pytest.mark.parametrize("line", [0, 1, 3])
def test_an_entry_missing_from_a_shortened_log_is_found(line: int, tmp_path: Path) -> None:
    log = logged(tmp_path, 10)
    audit.shorten(log, KEY, day(4))
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:line] + lines[line + 1 :]))
    assert audit.verify(log, KEY) != []


def test_nobody_without_the_key_can_pretend_that_entries_were_removed_for_their_age(tmp_path: Path) -> None:
    log = logged(tmp_path, 10)
    with pytest.raises(audit.LogBroken):
        audit.shorten(log, bytes(32), day(4))
    kept = list(audit.entries(log))[5:]
    about = {"through": "5", "sha256": chain.START}
    first = {"number": 5, "on": "2026-11-22", "action": chain.SHORTENED, "about": about}
    forged = first | {"hash": chain.hash_of(bytes(32), chain.START, first)}
    log.write_text("".join(chain.text(entry) + "\n" for entry in (forged, *kept)))
    assert "says that older entries were removed, and is not from this log" in audit.verify(log, KEY)[0]


# --- builders -------------------------------------------------------------------------------------------


def written(folder: Path, server: Running) -> Path:
    with urllib.request.urlopen(f"{server.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    organization = server.holding.organization
    path = folder / "sightline.yaml"
    path.write_text(
        f"home: home\nroster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{organization}]\n  since: 2026-04-01\n"
        f"github_incidents:\n  repositories: [{organization}/operations]\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n"
    )
    return path


def night(config: Path, as_of: date) -> dict[str, Any]:
    with open_night(load_settings(config), as_of) as opened:
        run: dict[str, Any] = run_night(opened)["last_run"]
    return run


def agreeing(config: Path, before: str, after: str) -> Path:
    """The same settings under a stricter agreement."""
    text = (SHIPPED / "agreement.yaml").read_text()
    assert before in text
    body = text.replace(before, after).rstrip()
    lines = [signature(name, "2026-11-22", body_sha256(body)) for name in ("Ada", "Grace")]
    (config.parent / "agreement.yaml").write_text("\n".join([body, "approved:", *lines, ""]))
    if "agreement:" not in config.read_text():
        config.write_text(config.read_text() + "agreement: agreement.yaml\n")
    return config


def policy() -> Policy:
    return load_policy(SHIPPED / "agreement.yaml")


def values(home: Path, sql: str) -> list[Any]:
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as con:
        return [row[0] for row in con.execute(sql).fetchall()]


def plain_bytes(home: Path) -> bytes:
    """Every byte of the database files, written out uncompressed, and of all other files."""
    content = b""
    for path in sorted(each for each in home.rglob("*") if each.is_file()):
        content += path.read_bytes()
        if path.suffix == ".duckdb":
            copy = home.parent / "plain.db"
            copy.unlink(missing_ok=True)
            with duckdb.connect() as con:
                con.execute("set force_compression = 'uncompressed'")
                con.execute(f"attach '{path}' as kept (read_only)")
                con.execute(f"attach '{copy}' as plain")
                con.execute("copy from database kept to plain")
            content += copy.read_bytes()
    return content


def release_bytes(config: Path) -> dict[str, bytes]:
    teams = config.parent / "home" / "published" / "teams"
    return {str(path.relative_to(teams)): path.read_bytes() for path in sorted(teams.glob("*/*.json"))}


def day(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number)


def logged(folder: Path, count: int) -> Path:
    log = folder / "audit.jsonl"
    for number in range(count):
        note(log, number)
    return log


def note(log: Path, number: int) -> None:
    audit.append(log, KEY, "night ran", {"run_id": f"run-{number}", "outcome": "complete"}, on=day(number))
