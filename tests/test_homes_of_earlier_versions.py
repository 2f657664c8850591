"""Homes that earlier versions left behind, opened with today's code: nothing is lost, frozen bytes stay.

`tests/homes/make_home.py` made them and says how; `facts.json` in each says who did what in it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config.settings import load_settings
from flows.context import open_night
from flows.night import run_night
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running
from warehouse import rights
from warehouse.absences import left_out

ARCHIVES = sorted((Path(__file__).parent / "homes").glob("*.tar.xz"))


@dataclass(frozen=True, slots=True)
class Kept:
    """A home of an earlier version as it was, the same after a night of today's code, and a fresh one."""

    facts: dict[str, Any]
    log: list[bytes]
    """The entries of the audit log, as they were."""
    before: Path
    after: Path
    fresh: Path
    """Where the same person was erased after a first night."""
    status: dict[str, Any]
    """What the night of today's code said."""


@pytest.fixture(scope="module", params=ARCHIVES, ids=lambda path: path.name.removesuffix(".tar.xz"))
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    before, after, fresh = folder / "before", folder / "after", folder / "fresh"
    for copy in (before, after):
        with tarfile.open(request.param) as archive:
            archive.extractall(copy, filter="data")
    facts = json.loads((before / "facts.json").read_text())
    log = (before / "home" / "audit.jsonl").read_bytes().splitlines()
    as_of = date.fromisoformat(facts["as_of"])
    organisation = generate(facts["seed"], until=as_of, quarters=facts["quarters"], **facts["sizes"])
    with running(organisation) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        patch.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty")
        fresh.mkdir()
        shutil.copy(before / "sightline.yaml", fresh)
        complete_roster(fresh, server)
        for copy in (before, after, fresh):
            read_from(copy, server)
            agree(copy)
        status = night(after, as_of)
        assert night(fresh, as_of)["last_run"]["outcome"] == "complete"
        erased = sightline(fresh, "privacy", "erase", facts["erased"], "--yes")
        assert erased.returncode == 0, erased.stderr
        complete_roster(fresh, server, without=facts["erased"])
        night(fresh, as_of)
        yield Kept(facts, log, before, after, fresh, status)


def test_there_is_a_home_of_the_first_version() -> None:
    """Without archives every other test here would silently have nothing to run on."""
    assert "first-version.tar.xz" in {path.name for path in ARCHIVES}
    assert [path.name for path in ARCHIVES if path.stat().st_size > 1_000_000] == []


def test_a_night_goes_on_from_it_and_is_complete(kept: Kept) -> None:
    assert kept.status["last_run"]["outcome"] == "complete", kept.status["last_run"]["messages"]
    assert kept.status["last_run"]["messages"] == []
    assert kept.status["last_run"]["published"] == []
    receipts = sorted((kept.fresh / "home" / "receipts").iterdir())
    first = json.loads(receipts[0].read_text())["last_run"]
    assert kept.status["last_run"]["requests"] < first["requests"] / 3


def test_its_status_is_read_before_and_after(kept: Kept) -> None:
    for home in (kept.before, kept.after):
        done = sightline(home, "status", "--check", "--max-age", "999999d")
        assert re.fullmatch(r"complete: ended .*; missing: nothing\n", done.stdout)
        assert done.returncode == 0, done.stderr


def test_what_it_published_keeps_its_bytes_and_is_read(kept: Kept) -> None:
    before, after = releases(kept.before), releases(kept.after)
    assert len([name for name in before if name.endswith(f"{kept.facts['window']}.json")]) >= 1
    assert after == before
    team = team_of(kept, kept.facts["roles"]["contests"])
    read = [
        sightline(home, "coverage", team, "--window", kept.facts["window"], "--format", "json")
        for home in (kept.before, kept.after)
    ]
    assert [each.returncode for each in read] == [0, 0], read
    assert read[0].stdout == read[1].stdout
    assert len(json.loads(read[0].stdout)["items"]) > 30


def test_its_audit_log_is_unbroken_before_and_after(kept: Kept) -> None:
    for home in (kept.before, kept.after):
        done = sightline(home, "privacy", "audit", "verify")
        assert done.returncode == 0, done.stdout + done.stderr
    # it is shortened at its beginning in a few years, so the later half stands for all of it
    later = (kept.after / "home" / "audit.jsonl").read_bytes().splitlines()
    assert [line for line in kept.log[len(kept.log) // 2 :] if line not in later] == []
    assert len(kept.log) > 20


def test_nobody_is_proven_before_a_night_has_recorded_by_what_host(kept: Kept) -> None:
    if load_settings(kept.before / "sightline.yaml").recorded_file.exists():
        pytest.skip("the nights of this version recorded their settings")
    done = sightline(kept.before, "me", "--window", kept.facts["window"], by=kept.facts["manager"])
    assert (done.returncode, done.stdout) == (2, "")
    assert "no night has recorded its settings here yet; run `sightline nightly` once" in done.stderr


def test_everybody_reads_their_own_report_after_a_night(kept: Kept) -> None:
    report = own_report(kept, kept.facts["roles"]["notes and shares"])
    assert report["window"] == kept.facts["window"]
    assert Counter(item["state"] for item in report["items"])["seen"] > 3
    assert kept.facts["note"] in json.dumps(items(report)[kept.facts["noted"]])


def test_contests_stay_with_what_became_of_them(kept: Kept) -> None:
    roles, facts = kept.facts["roles"], kept.facts
    pending = items(own_report(kept, roles["contests"]))[facts["contested"]]["contest"]
    assert (pending["state"], pending["because"]) == ("open", "not-me")
    decided = items(own_report(kept, roles["contested before"]))[facts["contested_before"]]["contest"]
    assert (decided["state"], decided["because"]) == ("upheld", "wrong-item")
    listed = sightline(kept.after, "contests", "list", "--format", "json", by=facts["answerable"])
    assert [row["login"] for row in json.loads(listed.stdout)["contests"]] == [roles["contests"]]


@pytest.mark.parametrize("which", ["before", "after"])
def test_what_people_decided_is_still_there(which: str, kept: Kept) -> None:
    home = getattr(kept, which) / "home"
    ids, roles = person_ids(home), kept.facts["roles"]
    with rights.opened(home / "rights.duckdb") as own:
        assert [(note.person_id, note.said) for note in own.notes(ids[roles["notes and shares"]])] == [
            (ids[roles["notes and shares"]], kept.facts["note"])
        ]
        assert {(each.person_id, each.state) for each in own.contests()} == {
            (ids[roles["contests"]], "open"),
            (ids[roles["contested before"]], "upheld"),
        }
        assert list(own.opt_outs()) == [ids[roles["opts out"]]]
        assert [each.person_id for each in own.shared_early()] == [ids[roles["notes and shares"]]]
        shares = [(each.person_id, each.recipient_id, each.items) for each in own.shares()]
    shared = (ids[roles["notes and shares"]], ids[kept.facts["manager"]], [kept.facts["shared"]])
    if which == "before" or shares:  # a night forgets a share once it has ended for long enough
        assert shares == [shared]
    first, last = map(date.fromisoformat, kept.facts["leave"])
    [(person, [(starts_on, ends_on)])] = left_out(home / "absences.duckdb").items()
    assert (person, starts_on) == (ids[roles["is on leave"]], first)
    assert (ends_on - last).days == 1


def test_whoever_was_erased_stays_erased(kept: Kept) -> None:
    erased = kept.facts["erased"]
    assert erased not in person_ids(kept.before / "home")
    assert erased not in person_ids(kept.after / "home")
    done = sightline(kept.after, "me", "--window", kept.facts["window"], by=erased)
    assert done.returncode != 0
    assert done.stdout == ""
    for path in (kept.after / "home").rglob("*"):
        if path.is_file():
            assert erased.encode() not in path.read_bytes(), path


def test_its_evidence_is_that_of_a_fresh_home(kept: Kept) -> None:
    """But for whoever opted out from that day on."""
    here, there = evidence(kept.after / "home"), evidence(kept.fresh / "home")
    opted_out, since = kept.facts["roles"]["opts out"], date.fromisoformat(kept.facts["as_of"])
    there = Counter({row: count for row, count in there.items() if row[0] != opted_out or row[2] < since})
    assert here.total() > 300
    assert (here - there, there - here) == (Counter(), Counter())
    assert {row[0] for row in here if row[3] == "oncall_shift"} >= {kept.facts["roles"]["is linked"]}


# --- builders ---


def read_from(home: Path, server: Running) -> None:
    """The sandbox has another port in every run."""
    path = home / "sightline.yaml"
    text = re.sub(r"http://127\.0\.0\.1:\d+/api/v3", server.github, path.read_text())
    path.write_text(re.sub(r"http://127\.0\.0\.1:\d+/pagerduty", server.pagerduty, text))


def agree(home: Path) -> None:
    """Today's shipped agreement with as many months as the home has agreed on, signed by two people."""
    shipped = (Path(__file__).parents[1] / "agreement.yaml").read_text()
    text = re.sub(r"evidence_months: \d+", "evidence_months: 18", shipped).rstrip()
    (home / "agreement.yaml").write_text(f"{text}\n")
    lines = [
        sightline(home, "privacy", "agreement", "sign", "--by", name).stdout.splitlines()[-1]
        for name in ("The Operator", "The Works Council")
    ]
    (home / "agreement.yaml").write_text("\n".join([text, "approved:", *lines, ""]))


def complete_roster(home: Path, server: Running, without: str = "") -> None:
    """It names the account too that somebody linked by hand in the earlier home."""
    with urllib.request.urlopen(f"{server.control}/roster.csv") as answer:
        lines = answer.read().decode().splitlines(keepends=True)
    (home / "roster.csv").write_text("".join(line for line in lines if line.split(",")[0] != without))


def night(home: Path, as_of: date) -> dict[str, Any]:
    with open_night(load_settings(home / "sightline.yaml"), as_of) as opened:
        return run_night(opened)


def sightline(home: Path, *arguments: str, by: str = "") -> subprocess.CompletedProcess[str]:
    token = {"GITHUB_TOKEN": f"sandbox-{by}"} if by else {}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=home,
        env=os.environ | token,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def own_report(kept: Kept, login: str) -> dict[str, Any]:
    done = sightline(kept.after, "me", "--window", kept.facts["window"], "--format", "json", by=login)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def items(report: dict[str, Any]) -> dict[str, Any]:
    return {item["item"]: item for item in report["items"]}


def releases(home: Path) -> dict[str, bytes]:
    published = home / "home" / "published"
    return {
        str(path.relative_to(published)): path.read_bytes()
        for folder in ("teams", "organisation")
        for path in sorted((published / folder).rglob("*.json"))
    }


def team_of(kept: Kept, login: str) -> str:
    rows = [line.split(",") for line in (kept.before / "roster.csv").read_text().splitlines()]
    return next(row[1] for row in rows if row[0] == login)


def person_ids(home: Path) -> dict[str, str]:
    """The own id of every GitHub account, by login."""
    with closing(duckdb.connect(home / "vault.duckdb", read_only=True)) as con:
        return dict(con.execute("select login, own_id from accounts where source = 'github'").fetchall())


def evidence(home: Path) -> Counter[tuple[Any, ...]]:
    """Its rows, with the login in the place of the random id."""
    logins = {own_id: login for login, own_id in person_ids(home).items()}
    with closing(duckdb.connect(home / "warehouse.duckdb", read_only=True)) as con:
        rows = con.execute(
            "select person_id, signal, occurred_on, source_kind, source_id from evidence"
        ).fetchall()
    return Counter((logins.get(person, person), *row) for person, *row in rows)
