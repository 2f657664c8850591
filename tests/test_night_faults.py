"""A night on GitHub's bad day ends complete or says precisely what is missing; it is never silently short."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from connectors.errors import SourceError
from connectors.github.connector import GitHub
from flows import collect, counting, reconcile
from flows.context import open_night
from flows.run_log import Message, Refusal
from sandbox.mutations import mutate
from sandbox.organisation.load import load
from sandbox.server import Running, running

TODAY = date(2026, 11, 22)
PULLS, REPOSITORIES = 12, 2
FAULTS = [
    "bad_gateway",
    "secondary_403",
    "secondary_403_without_retry_after",
    "rate_limited_403",
    "rate_limited_200",
    "too_many_429",
    "too_many_429_without_retry_after",
    "resource_limits",
    "truncated_body",
    "dropped_connection",
    "server_error",
]


@pytest.mark.parametrize("name", FAULTS)
def test_what_passes_leaves_a_complete_night(name: str, server: Running, home: Path) -> None:
    server.sandbox.faults.switch(name, 3, skip=2)
    held, gaps, messages = night(home, server)
    assert held == {"pull_requests": PULLS, "reviews": 3 * PULLS, "review_comments": 4 * PULLS}
    assert (gaps, messages) == ([], [])


@pytest.mark.parametrize(
    "name", ["bad_gateway", "secondary_403", "resource_limits", "truncated_body", "dropped_connection"]
)
def test_what_stays_is_said_and_the_next_night_completes_it(name: str, server: Running, home: Path) -> None:
    """The first repository is read; then it begins, and does not end."""
    server.sandbox.faults.switch(name, 10_000, skip=3, seconds=10_000)
    held, gaps, messages = night(home, server)
    missing = {scope for scope, kind, _ in gaps if kind == "*"}
    complete = REPOSITORIES - len(missing)
    assert missing, "nothing is called whole that was not read and counted"
    assert held["pull_requests"] >= complete * PULLS // REPOSITORIES
    assert len(messages) >= 1
    server.sandbox.faults.switch(name, 0)
    held, gaps, messages = night(home, server)
    assert held == {"pull_requests": PULLS, "reviews": 3 * PULLS, "review_comments": 4 * PULLS}
    assert (gaps, messages) == ([], [])


@pytest.mark.parametrize("days", [-3, 3])
def test_our_clock_may_be_wrong_by_days(days: int, server: Running, home: Path) -> None:
    """Bookmarks are in GitHub's time: whatever it says it is now, what moves after it is found."""
    there = datetime.now(UTC) + timedelta(days=days)
    server.sandbox.clock = lambda: there
    night(home, server)
    later = (there + timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {"do": "late_review", "pull_request": "PR_load_3", "bump": True, "at": later}
    mutate(server.holding.github, told)
    held, gaps, _ = night(home, server, count=False)
    assert (held["reviews"], gaps) == (3 * PULLS + 1, [])


# --- builders ---


@pytest.fixture
def server() -> Iterator[Running]:
    with running(load(PULLS, repositories=REPOSITORIES)) as found:
        yield found


def night(home: Path, server: Running, *, count: bool = True) -> tuple[dict[str, int], list[Any], list[str]]:
    """What is held after a night of one source, its gaps, and what it had to say. Nobody waits for real."""
    (home / "roster.csv").write_text("login,team,manager,from,until,rubric\nengineer-01,core,,2026-01-01,,\n")
    config = home / "sightline.yaml"
    config.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        "  repositories: [heavy-load/service-0, heavy-load/service-1]\n"
    )
    settings = load_settings(config)
    assert settings.github is not None
    with open_night(settings, TODAY) as opened, GitHub(settings.github, lambda _: None) as github:
        for scope in collect.list_scopes(opened, github):
            try:
                collect.fetch_scope(opened, github, scope, lambda _: None)
                if count or counting.is_due(opened, github, scope, set()):
                    reconcile.reconcile_scope(opened, github, scope)
            except SourceError as error:
                collect.leave_scope_open(opened, github, scope, error)
        held = {table: opened.store.count(table) for table in ("pull_requests", "reviews", "review_comments")}
        gaps = opened.store.con.execute("select scope, kind, reason from gaps").fetchall()
        return held, gaps, opened.log.texts(Refusal) + opened.log.texts(Message)
