"""What a night and its readers leave in the audit log, and what `sightline privacy` says of it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from in_process import as_data
from in_process import sightline as printed

from app.published import LogVerified, verify_log, verify_published
from app.request import OPERATOR
from cli.nightly import run_nightly
from config.settings import Settings, load_settings
from connectors.errors import BadInput, Refused
from flows.context import open_night
from flows.night import run_night
from privacy import audit, logbook
from privacy.logbook import note_night, note_published
from privacy.policy import body_sha256
from sandbox.server import Running

Q3 = ("--window", "2026Q3")
AGREED = Path(__file__).parents[1] / "agreement.yaml"


@pytest.fixture(scope="module")
def config(organisation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One night ran here, on a generated organisation, with an anchor; the tests below read and add."""
    folder = tmp_path_factory.mktemp("night")
    path = written(folder, organisation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        patch.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty")
        with open_night(load_settings(path), date(2026, 11, 22)) as night:
            assert run_night(night)["last_run"]["messages"] == []
        yield path


def test_a_night_logs_itself_and_every_release_with_its_hash(config: Path) -> None:
    settings = load_settings(config)
    teams = settings.published / "teams"
    logged = {
        entry["about"]["file"]: entry["about"]["sha256"] for entry in logged_as(settings, "release published")
    }
    of_all = {
        f"../organisation/{path.name}": path for path in (settings.published / "organisation").glob("2*.json")
    }
    assert of_all
    assert logged == {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in (
            *of_all.items(),
            *((str(path.relative_to(teams)), path) for path in teams.glob("*/*.json")),
        )
    }
    assert len(logged) > 5
    assert [entry["about"]["outcome"] for entry in logged_as(settings, "night ran")] == ["complete"]


def test_reading_ones_own_report_is_logged_by_a_mark_and_by_no_id_or_login(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(config)
    login = an_engineer(config)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    before = len(logged_as(settings, "report read"))
    body = as_data(config, "me", *Q3)
    printed(config, "explain", body["items"][0]["item"], *Q3)
    read = logged_as(settings, "report read")[before:]
    assert [entry["about"]["window"] for entry in read] == ["2026Q3", "2026Q3"]
    (mark,) = {entry["about"]["person"] for entry in read}
    people = [path.name for path in (settings.published / "people").iterdir()]
    (person_id,) = [person for person in people if logbook.mark(settings, person) == mark]
    assert login not in settings.audit_file.read_text()
    assert person_id not in settings.audit_file.read_text()


def test_reading_a_teams_release_is_logged_with_the_file(config: Path) -> None:
    settings = load_settings(config)
    before = len(logged_as(settings, "release read"))
    printed(config, "coverage", a_team(config), *Q3)
    read = logged_as(settings, "release read")[before:]
    assert [(settings.published / "teams" / entry["about"]["file"]).exists() for entry in read] == [True]


def test_a_report_that_cannot_be_logged_is_not_shown(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(config)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{an_engineer(config)}")
    key = settings.audit_key.read_text()
    settings.audit_key.unlink()
    try:
        with pytest.raises(audit.NotLogged):
            printed(config, "me", *Q3)
    finally:
        settings.audit_key.write_text(key)


def test_no_name_of_anybody_is_in_the_log(config: Path) -> None:
    text = load_settings(config).audit_file.read_text()
    rows = (config.parent / "roster.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows if row.split(",")[0] in text] == []


def test_a_withdrawal_is_logged_and_the_item_is_gone(config: Path) -> None:
    settings = load_settings(config)
    team = a_team(config)
    shown = [item for item in coverage_items(config, team) if item["shown"]]
    said = printed(config, "privacy", "withdraw", team, "2026Q3", shown[0]["item"])
    assert said.splitlines() == [
        f"{shown[0]['item']} of {team} in 2026Q3 is withdrawn; it is never shown again"
    ]
    assert [item["item"] for item in coverage_items(config, team) if item["shown"]] == [
        item["item"] for item in shown[1:]
    ]
    (entry,) = logged_as(settings, "item withdrawn")
    assert (settings.published / "teams" / entry["about"]["file"]).exists()


def test_a_second_look_logs_no_release_twice(config: Path) -> None:
    settings = load_settings(config)
    assert note_published(settings) == []
    files = Counter(entry["about"]["file"] for entry in logged_as(settings, "release published"))
    assert set(files.values()) == {1}


def test_all_is_well_and_says_so(config: Path) -> None:
    assert verify_published(load_settings(config), OPERATOR) == []
    log = log_of(config)
    assert log.wrong == []
    assert log.anchor
    assert "whole, and as anchored in" in printed(config, "privacy", "audit", "verify")


def test_a_log_cut_off_at_its_end_is_in_the_next_nights_messages(config: Path) -> None:
    settings = load_settings(config)
    text = settings.audit_file.read_text()
    note_night(settings, {"run_id": "again", "outcome": "complete"})
    lines = text.splitlines(keepends=True)
    night = next(at for at, line in enumerate(lines) if "night ran" in line)
    settings.audit_file.write_text("".join(lines[: night - 1]) + lines[night])
    assert any("entries were deleted" in sentence for sentence in note_published(settings))
    settings.audit_file.write_text(text)


def test_nothing_starts_while_the_log_is_broken(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(config)
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    monkeypatch.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty")
    text = settings.audit_file.read_text()
    settings.audit_file.write_text(text.replace('"outcome":"complete"', '"outcome":"gaps"', 1))
    try:
        with (
            pytest.raises(BadInput, match="was altered, or is not from this log"),
            open_night(settings, None),
        ):
            pass
        with pytest.raises(audit.LogBroken, match="restore it from a backup"):
            printed(config, "coverage", a_team(config), *Q3)
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "--config", str(config), "nightly"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert "is not what was written, so nothing goes on" in done.stderr
    finally:
        settings.audit_file.write_text(text)
    logbook.check(settings, from_start=True)


def test_a_night_that_finds_a_release_altered_ends_with_gaps(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(config)
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    monkeypatch.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty")
    release = sorted((settings.published / "teams").glob("*/2026Q3.json"))[0]
    text = release.read_text()
    release.write_text(text.replace("2026-10", "2026-11"))
    try:
        with open_night(settings, date(2026, 11, 22)) as night:
            last = run_night(night)["last_run"]
    finally:
        release.write_text(text)
    assert last["outcome"] == "gaps"
    assert any("differs from what was published" in sentence for sentence in last["messages"])


def test_an_officer_lets_a_broken_log_go_on_and_the_log_says_who(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(config)
    before = {path: path.read_text() for path in (settings.audit_file, config)}
    with settings.audit_file.open("a") as file:
        file.write('{"about":{"outc')
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{an_engineer(config)}")
    try:
        with pytest.raises(Refused, match="only a privacy officer may"):
            printed(config, "privacy", "audit", "accept")
        config.write_text(before[config] + f"officers: [{an_engineer(config)}]\n")
        with pytest.raises(BadInput, match="restore it from a backup"):
            run_nightly(config, None)  # stops, and records who is an officer
        assert "is no whole entry" in printed(config, "privacy", "audit", "accept")
        printed(config, "coverage", a_team(config), *Q3)
        log = log_of(config)
        assert (log.wrong, log.accepted_on) == ([], [datetime.now(UTC).date().isoformat()])
    finally:
        for path, text in before.items():
            path.write_text(text)
        settings.audit_file.with_suffix(".checkpoint").unlink()


def test_a_release_and_its_manifest_altered_together_are_found(config: Path) -> None:
    teams = load_settings(config).published / "teams"
    release = sorted(teams.glob("*/2026Q3.json"))[0]
    manifest = teams / "manifest.json"
    before = release.read_text(), manifest.read_text()
    altered = before[0].replace("2026-10", "2026-11")
    assert altered != before[0]
    release.write_text(altered)
    old, new = (hashlib.sha256(text.encode()).hexdigest() for text in (before[0], altered))
    manifest.write_text(before[1].replace(old, new))
    found = verify_published(load_settings(config), OPERATOR)
    release.write_text(before[0])
    manifest.write_text(before[1])
    assert len(found) == 1
    assert found[0].startswith(f"{release.relative_to(teams)}: differs from what was published on ")


@pytest.mark.parametrize("command", [["verify"], ["audit", "verify"]])
def test_the_command_exits_with_one_when_something_was_altered(config: Path, command: list[str]) -> None:
    settings = load_settings(config)
    altered = sorted((settings.published / "teams").glob("*/2026Q3.json"))[0]
    path = altered if command == ["verify"] else settings.audit_file
    before = path.read_text()
    assert sightline(config, *command).returncode == 0
    path.write_text(before.replace("2026", "2025", 1))
    spoiled = sightline(config, *command)
    path.write_text(before)
    assert (spoiled.returncode, spoiled.stdout) == (1, "")
    assert altered.name in spoiled.stderr or "audit.jsonl:1: " in spoiled.stderr


def test_the_agreement_is_printed_in_plain_words_with_all_that_it_lists(config: Path) -> None:
    said = sightline(config, "agreement").stdout
    assert body_sha256(AGREED.read_text())[:12] in said
    for words in [
        "A team of fewer than 5 has no bands.",
        "reviews_given",
        "review_threads: thread_id",
        "audit months: 24",
    ]:
        assert words in said
    assert "{" not in said
    assert "mappingproxy" not in said


def test_the_agreement_can_be_read_before_anything_is_set_up(tmp_path: Path) -> None:
    answer = sightline(tmp_path / "none.yaml", "agreement", "--format", "json")
    assert answer.returncode == 0
    agreement = json.loads(answer.stdout)
    assert (agreement["k"], agreement["retention"]["raw_payloads_days"]) == (5, 0)
    assert agreement["sources"]["github"]["tables"]["closing_references"] == ["pull_request_id", "issue_id"]


@pytest.mark.parametrize("command", [["verify"], ["audit", "verify"]])
def test_a_home_without_a_night_says_what_to_do(tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "sightline.yaml"
    path.write_text("roster: roster.csv\n")
    answer = sightline(path, *command)
    assert answer.returncode == 2
    assert "run `sightline nightly`" in answer.stderr


def test_the_door_can_be_attacked_from_the_command_line(tmp_path: Path) -> None:
    answer = sightline(tmp_path / "none.yaml", "attack", "--organisations", "2")
    assert answer.returncode == 0
    said = re.findall(
        r"^[a-z0-9-]+: 2 organisations, \d+ items, 4 quarters, up to 1 colluding: \d+ answers attacked, "
        r"0 given away",
        answer.stdout,
        flags=re.MULTILINE,
    )
    assert len(said) == 4, "of each shipped map"


# --- builders -------------------------------------------------------------------------------------------


def written(folder: Path, server: Running) -> Path:
    with urllib.request.urlopen(f"{server.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    organization = server.holding.organization
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\naudit_anchor: elsewhere/anchor\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{organization}]\n  since: 2026-04-01\n"
        f"github_incidents:\n  repositories: [{organization}/operations]\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n"
    )
    return path


def log_of(config: Path) -> LogVerified:
    return verify_log(load_settings(config), OPERATOR, None)


def logged_as(settings: Settings, action: str) -> list[dict[str, Any]]:
    return [entry for entry in audit.entries(settings.audit_file) if entry["action"] == action]


def coverage_items(config: Path, team: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = as_data(config, "coverage", team, *Q3)["items"]
    return items


def a_team(config: Path) -> str:
    teams = [row.split(",")[1] for row in (config.parent / "roster.csv").read_text().splitlines()[1:]]
    return max(sorted(set(teams)), key=teams.count)


def an_engineer(config: Path) -> str:
    rows = [row.split(",") for row in (config.parent / "roster.csv").read_text().splitlines()[1:]]
    return next(row[0] for row in rows if row[1] == a_team(config) and row[0] != row[2] and not row[4])


def sightline(config: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "--config", str(config), "privacy", *command],
        capture_output=True,
        text=True,
        check=False,
    )
