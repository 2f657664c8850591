"""A thread that is resolved or opened again without a trace arrives within a week, a hundred for a point."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from flows.context import open_night
from flows.night import fetch_everything
from flows.step import run_step
from sandbox import mutations_of_work as work
from sandbox.mutations import mutate
from sandbox.organisation.load import load
from sandbox.server import Running, running
from warehouse.counting import threads_due
from warehouse.store import Store

PULLS = 40
SCOPE = "heavy-load/service-0"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def server() -> Iterator[Running]:
    with running(load(PULLS)) as started:
        yield started


def test_threads_are_looked_at_a_hundred_a_request_and_point(server: Running) -> None:
    first, second, *others = threads(server)
    work.resolve(first, server.holding.github.accounts["engineer-03"], "2026-11-01T00:00:00Z", bump=False)
    for comment in list(second.comments):
        mutate(server.holding.github, {"do": "delete_comment", "comment": comment.id})
    with GitHub(
        GitHubSettings(base_url=server.github, repositories=(SCOPE,), token="sandbox-token")
    ) as github:
        told = {
            each.thread_id: each
            for each in github.threads({SCOPE: [each.id for each in (first, second, *others)]})
        }
        assert github.spent() == (3, 3), "of 120 threads two requests, and one to be sure of what is gone"
    assert {*told} == {first.id, *(each.id for each in others)}
    assert (told[first.id].is_resolved, told[others[0].id].is_resolved) == (True, False)
    assert told[first.id].resolved_by is not None


def test_what_was_resolved_and_opened_again_arrives_within_the_week(server: Running, home: Path) -> None:
    config = written(home, server)
    first, second = threads(server)[0], threads(server)[3]
    who = server.holding.github.accounts["engineer-03"]
    work.resolve(second, who, "2026-11-01T00:00:00Z", bump=False)
    for thread in threads(server):
        if thread is not second:
            work.unresolve(thread)
    assert fetched(config, TODAY - timedelta(days=7))["resolved"] == {second.id}
    work.resolve(first, who, "2026-11-01T00:00:00Z", bump=False)
    work.unresolve(second)
    week = fetched(config, TODAY)
    assert week["resolved"] == {first.id}
    assert week["repairs"] == [("pull_requests", "threads_differ", 2)]
    assert week["gaps"] == 0
    quiet = fetched(config, TODAY)
    assert quiet["resolved"] == {first.id}
    assert week["requests"] == quiet["requests"] + 2 + 3, (
        "two for 120 threads; counts, the two whole, co-authors"
    )


def test_threads_of_many_repositories_are_looked_at_together(home: Path) -> None:
    with running(load(PULLS, PULLS)) as server:
        config = written(home, server, "organisations: [heavy-load]")
        fetched(config, TODAY - timedelta(days=7))
        quiet = fetched(config, TODAY - timedelta(days=7))["requests"]
        assert fetched(config, TODAY)["requests"] == quiet + 2, "120 threads in 40 repositories"


@pytest.mark.parametrize("nights", [range(1, 8), (1, 2, 5, 8), (7,), (9, 16)], ids=str)
def test_every_thread_has_its_turn_once_in_a_week_whichever_nights_run(nights: Any, tmp_path: Path) -> None:
    with closing(Store(tmp_path / "warehouse.duckdb")) as store:
        store.con.execute(
            "insert into review_threads select 'T' || n, 'P' || n, false, null, false from range(500) it(n)"
        )
        others = ", ".join(f"{value} as {name}" for name, value in required(store).items())
        for row, into in (
            (f"'P' || n as pull_request_id, 'R' as repository_id, {others}", "pull_requests by name"),
            ("'s:o/a', 'pull_requests', 'P' || n", "scopes"),
        ):
            store.con.execute(f"insert into {into} select {row} from range(500) it(n)")
        store.con.execute("insert into reconciled values ('s', 'o/a', ?, ?, true)", [TODAY, TODAY])
        assert threads_due(store, "s", "o/a", TODAY) == []
        seen: list[str] = []
        for night in nights:
            today = TODAY + timedelta(days=night)
            seen += [each.thread_id for each in threads_due(store, "s", "o/a", today)]
            store.con.execute("update reconciled set ends_on = ?", [today])
        once = {f"T{n}" for n in range(500)}
        assert {*seen} == once
        assert len(seen) < 2 * len(once) + 1
        if max(nights) <= 7:
            assert len(seen) == len(once)


# --- builders ---


def threads(server: Running) -> list[Any]:
    pulls = server.holding.github.repositories[SCOPE].pull_requests
    return [thread for pull in pulls for thread in pull.threads]


def required(store: Store) -> dict[str, str]:
    """Whatever else a row of pull requests has to hold."""
    plain = {"VARCHAR": "'x'", "BOOLEAN": "false", "DATE": "date '2026-11-01'", "BIGINT": "0", "INTEGER": "0"}
    columns = store.con.execute(
        "select column_name, data_type from duckdb_columns() "
        "where table_name = 'pull_requests' and not is_nullable"
    ).fetchall()
    return {name: plain[kind] for name, kind in columns if name not in ("pull_request_id", "repository_id")}


def fetched(config: Path, as_of: date) -> dict[str, Any]:
    """What there is after the reading of one night, and what it took."""
    with open_night(load_settings(config), as_of) as night:
        fetch_everything(night, run_step, lambda _: None)
        ask = night.store.con.execute
        return {
            "resolved": {
                one for (one,) in ask("select thread_id from review_threads where is_resolved").fetchall()
            },
            "repairs": ask("select kind, reason, objects from repairs").fetchall(),
            "gaps": night.store.count("gaps"),
            "requests": night.connectors[0].spent()[0],
        }


def written(folder: Path, server: Running, what: str = f"repositories: [{SCOPE}]") -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n  {what}\n")
    return path
