"""Evidence follows the tables: what changed is computed again, and the rest is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from connectors.records import (
    Account,
    Batch,
    Incident,
    PullRequest,
    Repository,
    Review,
)
from signals.catalog import Catalog, load_catalog
from signals.run import refresh
from warehouse.store import Store
from warehouse.vault import Vault

CATALOG = load_catalog()
Rows = list[tuple[object, ...]]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault.duckdb")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "warehouse.duckdb")
    yield opened
    opened.close()


def test_only_the_months_that_changed_are_computed_again(store: Store, vault: Vault) -> None:
    """A planted row of another month stays, one of a changed month goes: the past is not read again."""
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 7, 9)),), "")], vault)
    refresh(store.con, CATALOG)
    plant(store, date(2026, 2, 3))
    plant(store, date(2026, 8, 3))
    plant(store, date(2026, 7, 3))
    store.write("github", "acme", [Batch((pull_request("two", reviewed_on=date(2026, 7, 9)),), "")], vault)
    refresh(store.con, CATALOG)
    assert days(store, "reviews_given") == [
        date(2026, 2, 3), date(2026, 7, 9), date(2026, 7, 9), date(2026, 8, 3)
    ]  # fmt: skip


def test_with_nothing_changed_nothing_in_the_past_is_computed_again(store: Store, vault: Vault) -> None:
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 7, 9)),), "")], vault)
    refresh(store.con, CATALOG)
    plant(store, date(2026, 7, 3))
    refresh(store.con, CATALOG)
    assert days(store, "reviews_given") == [date(2026, 7, 3), date(2026, 7, 9)]


def test_a_late_review_stays_when_its_quarter_is_computed_again(store: Store, vault: Vault) -> None:
    """The old pull request has no other day in the quarter that another one makes dirty."""
    late = replace(
        pull_request("late", reviewed_on=date(2026, 7, 9)),
        created_on=date(2026, 1, 5),
        merged_on=date(2026, 1, 6),
        closed_on=date(2026, 1, 6),
    )
    store.write("github", "acme", [Batch((late,), "")], vault)
    refresh(store.con, CATALOG)
    store.write("github", "acme", [Batch((pull_request("two", reviewed_on=date(2026, 8, 9)),), "")], vault)
    refresh(store.con, CATALOG)
    assert days(store, "reviews_given") == [date(2026, 7, 9), date(2026, 8, 9)]


def test_the_first_review_of_a_quarter_passes_to_the_next_one(store: Store, vault: Vault) -> None:
    """One row for an author and a repository: when its pull request goes, another stands in for it."""
    july, september = (pull_request(key, reviewed_on=day) for key, day in FIRST_AND_SECOND)
    store.write("github", "acme", [Batch((july, september), "")], vault)
    refresh(store.con, CATALOG)
    assert days(store, "review_breadth") == [date(2026, 7, 9)]
    store.write("github", "acme", [Batch((), "", gone=("one",))], vault)
    refresh(store.con, CATALOG)
    assert days(store, "review_breadth") == [date(2026, 9, 9)]


def test_dirty_months_are_empty_afterwards(store: Store, vault: Vault) -> None:
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 7, 9)),), "")], vault)
    assert store.count("dirty_months") > 0
    refresh(store.con, CATALOG)
    assert store.count("dirty_months") == 0


def test_a_review_that_moved_to_another_month_leaves_the_old_one(store: Store, vault: Vault) -> None:
    for day in (date(2026, 3, 9), date(2026, 7, 9)):
        store.write("github", "acme", [Batch((pull_request("one", reviewed_on=day),), "")], vault)
        refresh(store.con, CATALOG)
        assert days(store, "reviews_given") == [day]


def test_a_pull_request_that_is_gone_takes_its_evidence_with_it(store: Store, vault: Vault) -> None:
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 7, 9)),), "")], vault)
    assert refresh(store.con, CATALOG)["reviews_given"] == 1
    store.write("github", "acme", [Batch((), "", gone=("one",))], vault)
    assert refresh(store.con, CATALOG)["reviews_given"] == 0


def test_a_changed_file_computes_its_signal_completely(store: Store, vault: Vault) -> None:
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 3, 9)),), "")], vault)
    refresh(store.con, CATALOG)
    plant(store, date(2025, 2, 3))
    catalog = edited("reviews_given", "from reviews_of_others", "from reviews_of_others where false")
    assert refresh(store.con, catalog)["reviews_given"] == 0


@pytest.mark.parametrize(
    ("view", "is_computed"), [("reviews_of_others", True), ("humans", True), ("days_enrolled", False)]
)
def test_a_changed_view_computes_what_reads_it_whole(
    store: Store, vault: Vault, view: str, is_computed: bool
) -> None:
    """Also what reads it through another view."""
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 7, 9)),), "")], vault)
    refresh(store.con, CATALOG)
    plant(store, date(2026, 2, 3))
    store.con.execute("update signal_runs set sha256 = 'former' where signal = ?", [f"view:{view}"])
    refresh(store.con, CATALOG)
    assert (date(2026, 2, 3) not in days(store, "reviews_given")) is is_computed


def test_a_signal_that_is_no_more_loses_its_evidence(store: Store, vault: Vault) -> None:
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 3, 9)),), "")], vault)
    refresh(store.con, CATALOG)
    fewer = Catalog({name: signal for name, signal in CATALOG.items() if name != "reviews_given"})
    assert "reviews_given" not in refresh(store.con, fewer)
    assert days(store, "reviews_given") == []
    assert refresh(store.con, CATALOG)["reviews_given"] == 1


def test_an_account_that_turns_out_to_be_a_robot_loses_old_evidence(store: Store, vault: Vault) -> None:
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 3, 9)),), "")], vault)
    assert refresh(store.con, CATALOG)["reviews_given"] == 1
    store.con.execute("update persons set is_bot = true")
    assert refresh(store.con, CATALOG)["reviews_given"] == 0


def test_a_renamed_repository_finds_its_fix(store: Store, vault: Vault) -> None:
    """Names change without a date, so no month is dirty."""
    fix = replace(pull_request("fix", reviewed_on=date(2026, 7, 9)), number=7, repository_id="R")
    incident = replace(blank_incident("outage"), fix_pull_requests=("acme/new#7",))
    old = Repository("R", "acme/old", "-")
    store.write("github", "acme", [Batch((old, fix, incident), "")], vault)
    assert refresh(store.con, CATALOG)["incident_participation"] == 0
    store.write("github", "acme", [Batch((replace(old, name="acme/new"),), "")], vault)
    assert refresh(store.con, CATALOG)["incident_participation"] == 1


def test_a_failing_signal_leaves_everything_as_it_was(store: Store, vault: Vault) -> None:
    store.write("github", "acme", [Batch((pull_request("one", reviewed_on=date(2026, 7, 9)),), "")], vault)
    refresh(store.con, CATALOG)
    before = results(store.con)
    store.write("github", "acme", [Batch((pull_request("two", reviewed_on=date(2026, 8, 9)),), "")], vault)
    catalog = edited("reviews_given", "'pull_request' as source_kind", "error('no') as source_kind")
    with pytest.raises(duckdb.Error):
        refresh(store.con, catalog)
    assert results(store.con) == before
    assert store.count("dirty_months") > 0


def test_a_merged_pull_request_without_a_day_does_not_end_the_night(store: Store, vault: Vault) -> None:
    one = replace(pull_request("one", reviewed_on=date(2026, 7, 9)), merged_on=None)
    store.write("github", "acme", [Batch((one,), "")], vault)
    assert refresh(store.con, CATALOG)["merged_work"] == 0


# --- builders -------------------------------------------------------------------------------------------

PEOPLE = (Account("github", "U0", "ada"), Account("github", "U1", "ben"))
FIRST_AND_SECOND = (("one", date(2026, 7, 9)), ("two", date(2026, 9, 9)))


def pull_request(key: str, reviewed_on: date) -> PullRequest:
    """Opened, reviewed and merged on one day."""
    review = Review(f"{key}:r", PEOPLE[1], "approved", reviewed_on, 1, has_body=False, asks_question=False)
    return PullRequest(
        pull_request_id=key, repository_id="R0", number=1, author=PEOPLE[0], state="merged", is_draft=False,
        created_on=reviewed_on, merged_on=reviewed_on, closed_on=reviewed_on, touches_code=True,
        touches_tests=False, touches_docs=False, touches_experiments=False, touches_designs=False,
        is_generated_only=False, is_backport=False, is_revert=False, has_description=True, has_context=False,
        size_band="small", closes_issue_ids=(), commits=(), reviews=(review,), threads=(), comments=(),
        reviews_total=1, reviews_left_out=0, threads_total=0, review_comments_total=0, comments_total=0,
    )  # fmt: skip


def blank_incident(key: str) -> Incident:
    return Incident(key, "pagerduty", None, None, None, date(2026, 7, 1), None, None, ())


def results(con: duckdb.DuckDBPyConnection) -> tuple[Rows, Rows]:
    return (
        con.execute("select * from evidence order by all").fetchall(),
        con.execute("select * from opportunities order by all").fetchall(),
    )


def days(store: Store, signal: str) -> list[date]:
    found = store.con.execute(
        "select occurred_on from evidence where signal = ? order by all", [signal]
    ).fetchall()
    return [day for (day,) in found]


def plant(store: Store, day: date) -> None:
    """A row that no event stands behind: it stays for as long as its quarter is not computed again."""
    store.con.execute(
        "insert into evidence (person_id, signal, occurred_on, source_kind, source_id) "
        "values ('planted', 'reviews_given', ?, 'pull_request', '-')",
        [day],
    )


def edited(signal: str, old: str, new: str) -> Catalog:
    """The catalog with one line of one signal changed, past the checks that the loader would make."""
    text = CATALOG[signal].sql
    assert old in text
    changed = CATALOG[signal].model_copy(update={"sql": text.replace(old, new), "sha256": "edited"})
    return Catalog({**CATALOG, signal: changed})
