"""The warehouse replaces whole records, remembers where it was, and knows which months changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.records import (
    Account,
    Batch,
    Comment,
    Gap,
    Inventory,
    Membership,
    OnCallShift,
    PullRequest,
    Repository,
    Review,
)
from warehouse import history
from warehouse.completeness import source_window
from warehouse.dirty_months import DATED
from warehouse.ledger import (
    close_books,
    differences,
    leave_open,
    needs_reading_again,
)
from warehouse.rows import PERSON_COLUMNS
from warehouse.statuses import statuses
from warehouse.store import Store
from warehouse.vault import Vault
from warehouse.vault_lookup import find_person
from warehouse.windows import parse_window

NIGHT = date(2026, 11, 22)
SPAN = (date(2026, 1, 1), date(2026, 11, 1))
WINDOW = parse_window("2026Q3")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault.duckdb")


@pytest.fixture
def store(tmp_path: Path):
    opened = Store(tmp_path / "warehouse.duckdb")
    yield opened
    opened.close()


def test_a_record_fetched_twice_is_stored_once(store: Store, vault: Vault) -> None:
    store.write("github", "acme/api", [batch(pull_request(reviews=(review("R1"),)))], vault)
    store.write("github", "acme/api", [batch(pull_request(reviews=(review("R1"),)))], vault)
    assert [store.count(table) for table in ("pull_requests", "reviews", "scopes")] == [1, 1, 1]


def test_a_review_that_is_gone_at_the_source_is_gone_here(store: Store, vault: Vault) -> None:
    store.write("github", "acme/api", [batch(pull_request(reviews=(review("R1"), review("R2"))))], vault)
    store.write("github", "acme/api", [batch(pull_request(reviews=(review("R2"),)))], vault)
    assert store.con.execute("select review_id from reviews").fetchall() == [("R2",)]


def test_both_the_old_and_the_new_month_of_a_moved_review_are_dirty(store: Store, vault: Vault) -> None:
    store.write(
        "github", "acme/api", [batch(pull_request(reviews=(review("R1", on=date(2026, 3, 9)),)))], vault
    )
    store.con.execute("delete from dirty_months")
    store.write(
        "github", "acme/api", [batch(pull_request(reviews=(review("R1", on=date(2026, 5, 9)),)))], vault
    )
    months = {month for (month,) in store.con.execute("select distinct month from dirty_months").fetchall()}
    assert {date(2026, 3, 1), date(2026, 5, 1)} <= months


def test_every_month_of_a_long_shift_is_dirty(store: Store, vault: Vault) -> None:
    shift = OnCallShift(
        "S1", "pagerduty", "P1", Account("pagerduty", "PU1", "PU1"), date(2026, 1, 30), date(2026, 4, 2), ()
    )
    store.write("pagerduty", "account", [Batch((shift,), "c")], vault)
    months = {month.month for (month,) in store.con.execute("select month from dirty_months").fetchall()}
    assert months == {1, 2, 3, 4}


def test_records_and_cursor_are_stored_together_or_not_at_all(store: Store, vault: Vault) -> None:
    broken = replace(pull_request(), number="not a number")  # type: ignore[arg-type]
    with pytest.raises(Exception, match="Failed to cast"):
        store.write("github", "acme/api", [Batch((broken,), "page-2")], vault)
    assert store.cursor("github", "acme/api") is None
    assert store.count("pull_requests") == 0


def test_an_object_named_gone_is_forgotten_with_all_below_it(store: Store, vault: Vault) -> None:
    store.write("github", "acme/api", [batch(pull_request(reviews=(review("R1"),)))], vault)
    store.write("github", "acme/api", [Batch((), "", gone=("PR1",))], vault)
    assert [store.count(table) for table in ("pull_requests", "reviews", "scopes")] == [0, 0, 0]


def test_an_issue_that_is_gone_is_closed_by_nothing_any_more(store: Store, vault: Vault) -> None:
    store.write("github", "acme/api", [batch(replace(pull_request(), closes_issue_ids=("I1", "I2")))], vault)
    store.con.execute("delete from dirty_months")
    store.write("github", "acme/api", [Batch((), "", gone=("I1",))], vault)
    assert store.con.execute("select issue_id from closing_references").fetchall() == [("I2",)]
    assert store.count("dirty_months") > 0


def test_a_deleted_account_is_stored_as_nobody(store: Store, vault: Vault) -> None:
    store.write("github", "acme/api", [batch(pull_request(reviews=(review("R1", by=None),)))], vault)
    assert store.con.execute("select reviewer_id from reviews").fetchall() == [(None,)]


def test_an_object_the_source_lists_and_we_lack_is_a_difference(store: Store, vault: Vault) -> None:
    store.write("github", "acme/api", [batch(pull_request())], vault)
    listed = [inventory("PR1"), inventory("PR2")]
    assert [(d.object_id, d.reason) for d in differences(store, "github", "acme/api", listed)] == [
        ("PR2", "missing")
    ]


@pytest.mark.parametrize(("reviews", "expected"), [(1, []), (2, ["counts_differ"])])
def test_one_review_more_at_the_source_is_a_difference(
    store: Store, vault: Vault, reviews: int, expected: list[str]
) -> None:
    store.write("github", "acme/api", [batch(pull_request(reviews=(review("R1"),)))], vault)
    found = differences(store, "github", "acme/api", [inventory("PR1", reviews=reviews)])
    assert [difference.reason for difference in found] == expected


def test_a_pending_review_is_counted_but_not_missed(store: Store, vault: Vault) -> None:
    store.write("github", "acme/api", [batch(replace(pull_request(), reviews_left_out=1))], vault)
    assert differences(store, "github", "acme/api", [inventory("PR1", reviews=1)]) == []


def test_a_window_is_complete_only_after_its_books_are_closed_without_a_gap(
    store: Store, vault: Vault
) -> None:
    def complete() -> bool:
        return source_window(
            store, "github", ["reviews"], ["acme/api"], (WINDOW.starts_on, WINDOW.ends_on)
        ).complete

    store.write("github", "acme/api", [batch(pull_request())], vault)
    assert not complete()
    listed = [inventory("PR1"), inventory("PR2")]
    left = differences(store, "github", "acme/api", listed)
    span = (date(2026, 1, 1), date(2026, 11, 1))
    close_books(store, "github", "acme/api", listed, left, [], span, was_read_completely=True)
    assert not complete()
    close_books(store, "github", "acme/api", listed[:1], [], [], span, was_read_completely=False)
    assert complete()


def test_a_repository_in_which_nothing_happened_is_not_written_again(store: Store, vault: Vault) -> None:
    place = Repository("R1", "acme/api", "https://github.example/acme/api")

    def written(root: Repository, cursor: str = "cursor", scope: str = "acme/api") -> tuple[Any, ...]:
        store.write("github", scope, [Batch((root,), cursor)], vault)
        return tuple(store.con.execute(
            "select rowid, name, is_archived, (select list(cursor order by cursor) from cursors) "
            "from repositories"
        ).fetchall())  # fmt: skip

    first = written(place)
    assert written(place) == first
    assert written(place, cursor="later") != first
    [(_, name, is_archived, cursors)] = written(replace(place, is_archived=True), cursor="later")
    assert (name, is_archived, cursors) == ("acme/api", True, ["later"])
    [(_, name, _, cursors)] = written(replace(place, name="acme/new"), "other", scope="acme/new")
    assert (name, cursors) == ("acme/new", ["later", "other"])
    assert store.con.execute("select scope_key from scopes").fetchall() == [("github:acme/new",)]


def test_what_else_is_stored_changes_nothing_in_the_books_of_a_scope(store: Store, vault: Vault) -> None:
    other = replace(pull_request((review("V1"),)), pull_request_id="PR2")
    store.write("github", "acme/api", [batch(pull_request())], vault)
    store.write("github", "acme/web", [batch(other)], vault)
    gaps_left(store, [])
    counted = "select kind, expected, stored from expected where scope = 'acme/api' order by all"
    assert store.con.execute(counted).fetchall() == [
        ("comments", 1, 1), ("pull_requests", 1, 1), ("review_comments", 0, 0), ("review_threads", 0, 0),
        ("reviews", 0, 0),
    ]  # fmt: skip


def test_a_gap_in_a_stored_object_stays_until_it_is_written_without_one(store: Store, vault: Vault) -> None:
    """Nobody counts commits, so no later night would notice that they are missing."""
    gap = Gap("commits", *SPAN, "forbidden", "PR1")
    store.write("github", "acme/api", [Batch((pull_request(),), "cursor", gaps=(gap,))], vault)
    assert gaps_left(store, [gap]) == [gap]
    assert gaps_left(store, [], was_read_completely=True) == [gap]
    store.write("github", "acme/api", [batch(pull_request())], vault)
    assert gaps_left(store, []) == []


def test_a_gap_in_nothing_stored_stays_until_the_scope_is_read_completely_without_it(
    store: Store, vault: Vault
) -> None:
    """An incremental night speaks of the last days only; the older ones are as missing as before."""
    store.write("github", "acme/api", [batch(pull_request())], vault)
    long, short = (
        Gap("incidents", *SPAN, "forbidden"),
        Gap("incidents", date(2026, 10, 1), SPAN[1], "forbidden"),
    )
    assert gaps_left(store, [long], was_read_completely=True) == [long]
    assert gaps_left(store, [short]) == [long]
    assert needs_reading_again(store, "github", "acme/api", []) is True
    assert needs_reading_again(store, "github", "acme/api", [short]) is False
    assert gaps_left(store, [short], was_read_completely=True) == [short]
    assert gaps_left(store, [], was_read_completely=True) == []


def test_a_scope_that_broke_keeps_its_other_gaps(store: Store, vault: Vault) -> None:
    store.write("github", "acme/api", [batch(pull_request())], vault)
    told = Gap("incidents", *SPAN, "forbidden")
    gaps_left(store, [told], was_read_completely=True)
    leave_open(store, "github", "acme/api", Gap("*", *SPAN, "unreachable"))
    leave_open(store, "github", "acme/api", Gap("*", *SPAN, "rate_limited"))
    assert {gap["reason"] for gap in statuses(store, "github", ["acme/api"])[0]["gaps"]} == {
        "forbidden",
        "rate_limited",
    }
    assert gaps_left(store, [told]) == [told]


@pytest.mark.parametrize(
    ("since", "through"), [(date(2026, 7, 2), date(2026, 11, 1)), (date(2026, 7, 1), date(2026, 9, 30))]
)
def test_a_source_that_misses_one_day_of_the_window_is_not_complete(
    store: Store, vault: Vault, since: date, through: date
) -> None:
    store.write("github", "acme/api", [batch(pull_request())], vault)
    close_books(
        store, "github", "acme/api", [inventory("PR1")], [], [], (since, through), was_read_completely=True
    )
    found = source_window(store, "github", ["reviews"], ["acme/api"], (WINDOW.starts_on, WINDOW.ends_on))
    assert not found.complete
    assert found.because


def test_a_roster_login_becomes_the_account_that_github_tells(store: Store, vault: Vault) -> None:
    store.write_memberships([membership("Ada")], vault, NIGHT)
    store.write("github", "acme/api", [batch(pull_request(author=Account("github", "U_1", "ada")))], vault)
    assert store.con.execute(
        "select count(*) from pull_requests join memberships on author_id = person_id"
    ).fetchone() == (1,)


def test_whoever_takes_a_freed_login_is_another_person(vault: Vault) -> None:
    placeholder = Account("github", "login:ada", "ada")
    first, second = Account("github", "U_1", "ada"), Account("github", "U_2", "ada")
    person = vault.own_ids([placeholder])[("github", "login:ada")]
    assert vault.own_ids([first])[("github", "U_1")] == person
    assert vault.own_ids([second])[("github", "U_2")] != person


def test_the_vault_finds_the_same_person_after_a_rename(tmp_path: Path) -> None:
    path = tmp_path / "vault.duckdb"
    before = Vault(path).own_ids([Account("github", "U_1", "ada")])
    after = Vault(path).own_ids([Account("github", "U_1", "ada-l")])
    assert before == after
    assert find_person(path, Account("github", "U_1", "whatever")) == before[("github", "U_1")]


def test_person_ids_are_random_and_not_derived_from_the_account(tmp_path: Path) -> None:
    account = Account("github", "U_1", "ada")
    ids = {Vault(tmp_path / f"{n}.duckdb").own_ids([account])[("github", "U_1")] for n in range(3)}
    assert len(ids) == 3


@pytest.mark.usefixtures("store", "vault")
def test_vault_and_warehouse_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("*.duckdb")}
    assert modes == {"vault.duckdb": 0o600, "warehouse.duckdb": 0o600}


def test_every_column_that_holds_a_person_is_known(store: Store) -> None:
    """Columns are named after the role; whoever adds one adds it to PERSON_COLUMNS."""
    roles = {"person_id", "author_id", "reviewer_id", "resolver_id", "actor_id", "assignee_id",
             "interviewer_id", "manager_id", "answerer_id", "marker_id", "alias_id"}  # fmt: skip
    found: dict[str, set[str]] = {}
    for table, column in store.con.execute(
        "select table_name, column_name from duckdb_columns() where not internal"
    ).fetchall():
        if column in roles:
            found.setdefault(table, set()).add(column)
    assert found == {table: set(columns) for table, columns in PERSON_COLUMNS.items()}


def test_no_column_holds_a_time_of_day_or_free_text(store: Store) -> None:
    types = {
        kind
        for (kind,) in store.con.execute(
            "select distinct data_type from duckdb_columns() where not internal"
        ).fetchall()
    }
    assert types == {"VARCHAR", "VARCHAR[]", "BOOLEAN", "BIGINT", "DATE"}
    names = {
        name
        for (name,) in store.con.execute(
            "select column_name from duckdb_columns() where not internal"
        ).fetchall()
    }
    assert not names & {"title", "body", "message", "email", "login", "text", "path"}


def test_every_date_an_event_is_dated_by_marks_its_month(store: Store) -> None:
    dates: dict[str, set[str]] = {}
    for table, column in store.con.execute(
        "select table_name, column_name from duckdb_columns() where not internal and data_type = 'DATE'"
    ).fetchall():
        dates.setdefault(table, set()).add(column)
    bookkeeping = {
        *history.TABLES,
        "memberships",
        "evidence",
        "opportunities",
        "steps",
        "dirty_months",
        "reconciled",
        "gaps",
        "repairs",
        "first_night",
    }
    assert {table: found for table, found in dates.items() if table not in bookkeeping} == {
        table: set(columns) for table, columns in DATED.items()
    }


# --- builders ---


def pull_request(reviews: tuple[Review, ...] = (), author: Account | None = None) -> PullRequest:
    return PullRequest(
        pull_request_id="PR1", repository_id="REPO1", number=1, author=author, state="open", is_draft=False,
        created_on=date(2026, 7, 3), merged_on=None, closed_on=None, touches_code=True, touches_tests=False,
        touches_docs=False, touches_experiments=False, touches_designs=False, is_generated_only=False,
        is_backport=False, is_revert=False, has_description=True, has_context=False, size_band="small",
        closes_issue_ids=(), commits=(), reviews=reviews, threads=(),
        comments=(Comment("C1", Account("github", "U_9", "bo"), date(2026, 7, 4), 0, False),),
        reviews_total=len(reviews), reviews_left_out=0, threads_total=0, review_comments_total=0,
        comments_total=1,
    )  # fmt: skip


REVIEWER = Account("github", "U_2", "cy")


def review(review_id: str, on: date = date(2026, 7, 5), by: Account | None = REVIEWER) -> Review:
    return Review(review_id, by, "approved", on, 1, False, False)


def batch(*roots: PullRequest) -> Batch:
    return Batch(roots, "cursor")


def gaps_left(store: Store, told: list[Gap], *, was_read_completely: bool = False) -> list[Gap]:
    return close_books(
        store,
        "github",
        "acme/api",
        [inventory("PR1")],
        [],
        told,
        SPAN,
        was_read_completely=was_read_completely,
    )


def inventory(object_id: str, reviews: int = 0) -> Inventory:
    return Inventory(
        "pull_requests", object_id, date(2026, 7, 3), (("reviews", reviews), ("threads", 0), ("comments", 1))
    )


def membership(login: str) -> Membership:
    return Membership(Account("github", "", login), (), "payments", None, date(2026, 1, 1), None, "ic1")
