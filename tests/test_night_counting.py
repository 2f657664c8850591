"""What is counted tonight, what is only sampled, and how a gap closes without reading everything again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from connectors.records import Gap, Inventory
from flows import accounts
from flows.context import open_night
from flows.night import run_night
from sandbox import model
from sandbox.mutations import mutate
from sandbox.organisation.load import load
from sandbox.server import Running, running
from warehouse import counting
from warehouse.ledger import close_books, never_reconciled
from warehouse.store import Store

FIRST, TODAY = date(2026, 1, 1), date(2026, 11, 22)
SCOPES = [f"acme/r{number}" for number in range(21)]


def test_an_organisation_that_fits_the_quota_is_counted_completely_every_night(store: Store) -> None:
    counted_on(store, dict.fromkeys(SCOPES, TODAY - timedelta(days=1)))
    assert counting.due(store, "github", SCOPES, TODAY) == set(SCOPES)


def test_beyond_the_quota_a_seventh_is_counted_the_longest_uncounted_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "COUNTED_A_NIGHT", 0)
    days = {scope: TODAY - timedelta(days=1 + number % 6) for number, scope in enumerate(SCOPES)}
    counted_on(store, days)
    chosen = counting.due(store, "github", SCOPES, TODAY)
    assert len(chosen) == 3
    assert {days[scope] for scope in chosen} == {TODAY - timedelta(days=6)}


@pytest.mark.parametrize(("days_ago", "expected"), [(6, 3), (7, 21)])
def test_a_week_is_the_longest_that_anything_stays_uncounted(
    store: Store, monkeypatch: pytest.MonkeyPatch, days_ago: int, expected: int
) -> None:
    monkeypatch.setattr(counting, "COUNTED_A_NIGHT", 0)
    counted_on(store, dict.fromkeys(SCOPES, TODAY - timedelta(days=days_ago)))
    assert len(counting.due(store, "github", SCOPES, TODAY)) == expected


def test_what_was_never_counted_or_did_not_pass_is_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "COUNTED_A_NIGHT", 0)
    counted_on(store, dict.fromkeys(SCOPES[2:], TODAY))
    store.con.execute("update reconciled set passed = false where scope = ?", [SCOPES[5]])
    assert {*SCOPES[:2], SCOPES[5]} <= counting.due(store, "github", SCOPES, TODAY)


def test_the_sample_is_of_other_objects_every_night_and_of_the_asked_scopes_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "SAMPLED_A_NIGHT", 5)
    held = [
        {"scope_key": f"github:{scope}", "root_kind": "issues", "root_id": f"I_{scope}"} for scope in SCOPES
    ]
    store.insert("scopes", held)
    nights = [counting.sample(store, "github", SCOPES[:11], TODAY + timedelta(days=n)) for n in range(2)]
    assert [len(night) for night in nights] == [5, 5]
    assert nights[0] != nights[1]
    assert {scope for night in nights for scope, _, _ in night} <= set(SCOPES[:11])
    assert nights[0] == counting.sample(store, "github", SCOPES[:11], TODAY)


def test_a_review_that_moved_nothing_is_found_by_the_sample_and_written_down(
    server: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(home, server)
    night(config)
    late(server, "PR_load_3")
    monkeypatch.setattr(counting, "due", lambda *_: set())
    second = night(config)["last_run"]
    assert (second["counted"], second["scopes"], second["sampled"]) == (1, 4, 12)
    assert second["outcome"] == "complete"
    assert table(config, "repairs") == [
        ("github", "heavy-load/service-3", TODAY, "pull_requests", "counts_differ", 1)
    ]
    assert ("PR_load_3", 4) in table(config, "(select pull_request_id, count(*) from reviews group by all)")


def test_a_quiet_night_of_uncounted_repositories_costs_what_moved_last_and_the_sample(
    server: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is not counted is called whole until its last count only."""
    config = written(home, server)
    night(config, TODAY - timedelta(days=3))
    monkeypatch.setattr(counting, "due", lambda *_: set())
    monkeypatch.setattr(accounts, "is_looked_at", lambda *_: True)
    status = night(config)
    quiet = status["last_run"]
    # the organisation's repositories, what moved last in all of them, the accounts, the sample
    assert (quiet["requests"], quiet["counted"], quiet["sampled"]) == (4, 0, 12)
    assert quiet["outcome"] == "complete"
    assert {source["counted_on"] for source in status["sources"]} == {str(TODAY - timedelta(days=3))}


def test_what_could_not_be_had_is_asked_for_by_its_id_until_it_can_be(
    server: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else is read again for its sake."""
    config = written(home, server)
    slot = model.PullRequest.state
    monkeypatch.setattr(model.PullRequest, "state", property(state_of_all_but_the_ninth))
    first, second = night(config), night(config)
    assert [run["last_run"]["outcome"] for run in (first, second)] == ["gaps", "gaps"]
    assert table(config, "(select kind, reason, object_id, starts_on from gaps)") == [
        ("pull_requests", "missing", "PR_load_9", date(2026, 1, 5)),
        ("pull_requests", "too_heavy", "PR_load_9", date(2026, 1, 5)),
    ]
    monkeypatch.setattr(model.PullRequest, "state", slot)
    monkeypatch.setattr(accounts, "is_looked_at", lambda *_: False)
    healed = night(config)["last_run"]
    assert healed["outcome"] == "complete"
    assert healed["requests"] <= 9
    assert table(config, "gaps") == []


def test_a_gap_without_a_name_ends_with_a_count_that_names_everything(store: Store) -> None:
    vault_less = Gap("pull_requests", TODAY, TODAY, "not_found")
    store.add_gaps("github", "acme/r0", [vault_less])
    span = (FIRST, TODAY)
    listed: list[Inventory] = []
    books = (store, "github", "acme/r0", listed, [])
    assert close_books(*books, [], span, was_read_completely=False) == [vault_less]
    assert close_books(*books, [vault_less], span, was_read_completely=False, names_all=True) == [vault_less]
    assert close_books(*books, [], span, was_read_completely=False, names_all=True) == []


# --- builders ---


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "warehouse.duckdb")) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[Running]:
    with running(load(12, repositories=4)) as running_server:
        yield running_server


def counted_on(store: Store, days: dict[str, date]) -> None:
    assert never_reconciled(store, "github", days)
    store.insert(
        "reconciled",
        [
            {
                "source": "github",
                "scope": scope,
                "starts_on": date(2026, 1, 1),
                "ends_on": day,
                "passed": True,
            }
            for scope, day in days.items()
        ],
    )


def written(folder: Path, server: Running) -> Path:
    (folder / "roster.csv").write_text(
        "login,team,manager,from,until,rubric\nengineer-01,core,,2026-01-01,,\n"
    )
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n  organisations: [heavy-load]\n"
        "  since: 2026-01-01\n"
    )
    return path


def night(config: Path, as_of: date = TODAY) -> dict[str, Any]:
    with open_night(load_settings(config), as_of) as opened:
        return run_night(opened)


def late(server: Running, pull_request: str) -> None:
    mutate(server.holding.github, {"do": "late_review", "pull_request": pull_request, "bump": False})


def table(config: Path, name: str) -> list[Any]:
    with open_night(load_settings(config), TODAY) as opened:
        return opened.store.con.execute(f"select * from {name} order by all").fetchall()


def state_of_all_but_the_ninth(pull: model.PullRequest) -> str:
    if pull.id == "PR_load_9":
        raise ValueError("something went wrong")
    return "MERGED"
