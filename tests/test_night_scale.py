"""A night over many repositories: a few steps for the orchestrator, and one that fails stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from timeit import timeit
from typing import Any

import pytest

from config.settings import load_settings
from flows.context import open_night
from flows.night import FEW_SCOPES, run_night
from flows.run_log import RunLog, SignalRefused, Spent
from flows.step import run_step
from sandbox.organisation.vast import VastWorld, vast
from sandbox.server import Running, running

TODAY = datetime.now(UTC).date()
REPOSITORIES = FEW_SCOPES + 1


@pytest.fixture
def server() -> Iterator[Running]:
    with running(vast(REPOSITORIES, pulls_each=2, people=16, until=TODAY)) as started:
        yield started


def test_many_repositories_are_a_few_steps_and_all_of_them_are_complete(server: Running, home: Path) -> None:
    status, names = night(written(home, server))
    assert status["last_run"]["outcome"] == "complete"
    assert sum(source["records"]["pull_requests"] for source in status["sources"]) == 2 * REPOSITORIES
    assert [name for name in names if name.startswith("fetch ")] == [
        "fetch github 1 to 25 of 51",
        "fetch github 26 to 50 of 51",
        "fetch github 51 to 51 of 51",
    ]


def test_a_repository_that_is_refused_leaves_the_others_complete(server: Running, home: Path) -> None:
    world = server.holding.github
    assert isinstance(world, VastWorld)
    lost = world.places[30].name_with_owner
    del world.repositories[lost]
    status, names = night(written(home, server))
    assert status["last_run"]["outcome"] == "refused"
    incomplete = [source["scope"] for source in status["sources"] if not source["complete"]]
    assert incomplete == [lost]
    assert f"fetch github {lost}" in names


def test_a_host_that_refuses_everything_is_not_asked_about_every_repository(
    server: Running, home: Path
) -> None:
    config = written(home, server)
    fault = {"name": "unauthorized", "where": "graphql", "count": 100_000, "skip": 2}
    server.post("/_sandbox/faults", fault)
    status, _ = night(config)
    assert status["last_run"]["outcome"] == "refused"
    assert [source["scope"] for source in status["sources"] if source["complete"]] == []
    assert server.get("/_sandbox/stats")[2]["requests"]["graphql"] < REPOSITORIES


def test_what_a_run_refused_is_looked_up_as_quickly_with_many_repositories_as_with_none() -> None:
    """It is asked for with every person and item of a release."""
    log, empty = RunLog(), RunLog()
    for number in range(20_000):
        log.list_scopes("github", [f"acme/{number}"])
        log.append(Spent("github", f"acme/{number}", requests=1, points=1))
    few, many = (timeit(lambda each=each: each.of(SignalRefused), number=200) for each in (empty, log))
    assert many < 50 * few
    assert len(log.scopes["github"]) == 20_000


# --- builders ---


def night(config: Path) -> tuple[dict[str, Any], list[str]]:
    """A night's status, and the steps that the orchestrator would have seen."""
    names: list[str] = []

    def noting(name: str, action: Callable[[], Any]) -> Any:
        names.append(name)
        return run_step(name, action)

    with open_night(load_settings(config), None) as opened:
        return run_night(opened, noting), names


def written(folder: Path, server: Running) -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        f"  since: {TODAY - timedelta(days=400)}\n"
    )
    return path
