"""A repository that is renamed or transferred is read on under its new name, and nothing of it twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from flows.context import open_night
from flows.night import fetch_everything
from flows.run_log import Message, ReadStarted, Refusal
from flows.step import run_step
from sandbox import model
from sandbox import mutations_of_work as work
from sandbox.mutations import mutate
from sandbox.organisation.load import load
from sandbox.server import Running, running
from warehouse.moving import follow_scopes
from warehouse.store import Store

PULLS = 12
OWNER, ELSEWHERE = "heavy-load", "elsewhere"


@pytest.fixture
def server() -> Iterator[Running]:
    holding = load(PULLS, 3)
    holding.github.add_account(model.Account("O_elsewhere", ELSEWHERE, "Organization", database_id=9))
    with running(holding) as started:
        yield started


def test_a_night_after_a_rename_and_a_transfer_asks_what_a_quiet_night_asks(
    server: Running, home: Path
) -> None:
    config = written(home, server, f"  organisations: [{OWNER}, {ELSEWHERE}]\n")
    fetched(config)
    quiet = fetched(config)
    world = server.holding.github
    first, second, third = world.accounts[OWNER].repositories
    work.rename_repository(world, first, "renamed")
    work.transfer_repository(world, second, world.accounts[ELSEWHERE])
    moved = fetched(config)
    assert moved["spent"] == quiet["spent"]
    assert moved["rows"] == quiet["rows"]
    assert (moved["refused"], moved["messages"], moved["gaps"], moved["repairs"]) == ([], [], 0, 0)
    today = {f"{OWNER}/renamed", f"{ELSEWHERE}/{second.name}", third.name_with_owner}
    assert {*moved["scopes"]} == {*moved["cursors"]} == {*moved["counted"]} == today
    assert moved["names"] == today


def test_what_moved_while_it_moved_arrives_and_a_new_one_under_the_old_name_is_read_completely(
    server: Running, home: Path
) -> None:
    config = written(home, server, f"  organisations: [{OWNER}, {ELSEWHERE}]\n")
    before = fetched(config)
    world = server.holding.github
    first = world.accounts[OWNER].repositories[0]
    former = first.name
    work.rename_repository(world, first, "renamed")
    mutate(world, {"do": "late_review", "pull_request": first.pull_requests[0].id, "bump": True})
    made = work.create_repository(world, world.accounts[OWNER], former)
    work.open_pull_request(world, made, world.accounts["engineer-01"], "2026-01-02T00:00:00Z", "From before")
    after = fetched(config)
    assert after["rows"]["reviews"] == before["rows"]["reviews"] + 1
    assert after["rows"]["pull_requests"] == PULLS + 1
    assert (after["gaps"], after["refused"]) == (0, [])


def test_a_former_name_in_the_settings_is_the_repository_of_today_and_is_said(
    server: Running, home: Path
) -> None:
    first = server.holding.github.accounts[OWNER].repositories[0]
    config = written(home, server, f"  organisations: [{OWNER}]\n  repositories: [{first.name_with_owner}]\n")
    fetched(config)
    work.rename_repository(server.holding.github, first, "renamed")
    after = fetched(config)
    assert f"{OWNER}/renamed" in after["scopes"]
    assert len(after["scopes"]) == 3
    assert any(f"is called {OWNER}/renamed by now" in each for each in after["messages"])
    assert after["rows"]["pull_requests"] == PULLS
    assert {*after["cursors"]} == {*after["scopes"]}
    again = fetched(config)
    assert {*again["cursors"]} == {*again["scopes"]}
    assert again["whole"] == [], "it goes on where it stood, under the name of today"


def test_a_repository_that_the_settings_spell_otherwise_than_its_organisation_is_read_on(
    server: Running, home: Path
) -> None:
    first = server.holding.github.accounts[OWNER].repositories[0]
    spelt = first.name_with_owner.upper()
    config = written(home, server, f"  organisations: [{OWNER}]\n  repositories: [{spelt}]\n")
    fetched(config)
    after = fetched(config)
    assert spelt in after["scopes"]
    assert after["whole"] == []
    assert {*after["cursors"]} == {*after["scopes"]}


def test_a_new_name_in_the_settings_goes_on_where_the_former_one_stood(server: Running, home: Path) -> None:
    first = server.holding.github.accounts[OWNER].repositories[0]
    config = written(home, server, f"  repositories: [{first.name_with_owner}]\n")
    fetched(config)
    before = fetched(config)
    work.rename_repository(server.holding.github, first, "renamed")
    after = fetched(written(home, server, f"  repositories: [{OWNER}/renamed]\n"))
    assert after["rows"] == before["rows"]
    assert after["cursors"] == [f"{OWNER}/renamed"]
    assert after["spent"] == before["spent"] + 1, "what it is has to be asked, because nothing lists it"


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"o/a": "R_a", "o/b": "R_b"}, {"o/a": "R_a", "o/b": "R_b"}),
        ({"o/a": "R_b", "o/b": "R_a"}, {"o/a": "R_b", "o/b": "R_a"}),
        ({"o/b": "R_a", "o/c": "R_b"}, {"o/b": "R_a", "o/c": "R_b"}),
        ({"o/b": "R_a"}, {"o/b": "R_a"}),
        ({"o/a": "R_new", "o/b": "R_b"}, {"o/b": "R_b"}),
        ({}, {"o/a": "R_a", "o/b": "R_b"}),
    ],
    ids=["stayed", "swapped", "one after the other", "onto a lost one", "replaced", "nothing told"],
)
def test_a_cursor_goes_with_its_repository(
    told: dict[str, str], where: dict[str, str], tmp_path: Path
) -> None:
    with closing(Store(tmp_path / "warehouse.duckdb")) as store:
        for scope, repository_id in (("o/a", "R_a"), ("o/b", "R_b")):
            store.con.execute(
                "insert into scopes values (?, 'repositories', ?)", [f"s:{scope}", repository_id]
            )
            store.con.execute("insert into cursors values ('s', ?, ?)", [scope, repository_id])
        follow_scopes(store, "s", told)
        assert dict(store.con.execute("select scope, cursor from cursors").fetchall()) == where


# --- builders ---


def fetched(config: Path) -> dict[str, Any]:
    """What the reading of one night cost, and what there is after it."""
    with open_night(load_settings(config), None) as night:
        fetch_everything(night, run_step, lambda _: None)

        def column(query: str) -> list[str]:
            return [str(value) for (value,) in night.store.con.execute(query).fetchall()]

        return {
            "spent": sum(connector.spent()[0] for connector in night.connectors),
            "rows": {name: night.store.count(name) for name in ("pull_requests", "reviews", "commits")},
            "whole": sorted(each.scope for each in night.log.of(ReadStarted) if each.from_beginning),
            "refused": night.log.texts(Refusal),
            "messages": night.log.texts(Message),
            "scopes": night.log.scopes["github"],
            "gaps": night.store.count("gaps"),
            "repairs": night.store.count("repairs"),
            "cursors": column("select scope from cursors"),
            "counted": column("select scope from reconciled"),
            "names": {*column("select name from repositories")},
        }


def written(folder: Path, server: Running, what: str) -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n{what}")
    return path
