"""One night on real recorded activity stores everything that was recorded, and a second one the same."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import SHIPPED, load_settings
from flows.context import Night, open_night
from flows.night import run_night
from sandbox.recorded import load
from sandbox.server import Running, running

REST, GRAPHQL = "github-rest-secp256k1", "github-graphql-ietf"


@pytest.fixture(scope="module", params=[REST, GRAPHQL])
def recording(request: pytest.FixtureRequest, shared: Path) -> Iterator[tuple[str, Running, dict[str, int]]]:
    folder = shared / "data" / request.param
    with running(load(folder)) as server:
        yield request.param, server, recorded_counts(folder)


def test_a_full_sync_stores_everything_and_a_second_one_the_same(
    recording: tuple[str, Running, dict[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, server, expected = recording
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    config = written(tmp_path, server)
    with open_night(load_settings(config), None) as night:
        status = run_night(night)
        stored = {table: night.store.count(table) for table in expected}
        evidence = rows(night, "evidence")
    assert stored == expected
    assert status["last_run"]["outcome"] == "complete"
    assert all(source["records"] == source["expected"] for source in status["sources"])
    with open_night(load_settings(config), None) as night:
        again = run_night(night)
        assert {table: night.store.count(table) for table in expected} == expected
        assert rows(night, "evidence") == evidence
    assert again["last_run"]["outcome"] == "complete"
    assert again["last_run"]["requests"] < status["last_run"]["requests"] / 2
    assert no_evidence_of_nobody_bots_or_oneself(config)


def no_evidence_of_nobody_bots_or_oneself(config: Path) -> bool:
    with open_night(load_settings(config), None) as night:
        found = night.store.con.execute(
            "select count(*) from evidence left join persons using (person_id) "
            "where persons.person_id is null or is_bot"
        ).fetchone()
        own = night.store.con.execute(
            "select count(*) from evidence join pull_requests on source_id = pull_request_id "
            "where signal = 'reviews_given' and person_id = author_id"
        ).fetchone()
        reviewed = night.store.con.execute(
            "select count(*) from evidence where signal = 'reviews_given'"
        ).fetchone()
        return found == (0,) and own == (0,) and reviewed != (0,)


def rows(night: Night, table: str) -> list[Any]:
    return night.store.con.execute(f"select * from {table} order by all").fetchall()


def recorded_counts(folder: Path) -> dict[str, int]:
    """Counted in the files themselves, by other code than what serves them."""
    found = {"pull_requests": 0, "reviews": 0, "review_comments": 0}
    for path in sorted(folder.glob("*.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            if path.name.endswith(".json.gz"):
                for pull in json.load(file)["pulls"]:
                    found["pull_requests"] += 1
                    found["reviews"] += len(pull["reviews"])
                    found["review_comments"] += sum(len(review["comments"]) for review in pull["reviews"])
            elif path.name.startswith("pulls"):
                for line in file:
                    pull = json.loads(line)
                    found["pull_requests"] += 1
                    found["reviews"] += sum(event["event"] == "reviewed" for event in pull["events"])
                    found["review_comments"] += len(pull["comments"])
    return found


def written(folder: Path, server: Running) -> Path:
    world = server.holding.github
    logins = sorted({account.login for account in world.accounts.values() if "[" not in account.login})[:12]
    lines = [f"{login},core,,2014-01-01,,\n" for login in logins]
    (folder / "roster.csv").write_text("login,team,manager,from,until,rubric\n" + "".join(lines))
    names = "".join(f"    - {repository.name_with_owner}\n" for repository in world.repositories.values())
    path = folder / "sightline.yaml"
    # recorded years ago, and all of it is to be looked at
    agreement = (
        (SHIPPED / "agreement.yaml").read_text().replace("evidence_months: 15", "evidence_months: 300")
    )
    (folder / "agreement.yaml").write_text(agreement)
    path.write_text(
        "roster: roster.csv\nagreement: agreement.yaml\n"
        f"github:\n  base_url: {server.github}\n  repositories:\n{names}"
    )
    return path
