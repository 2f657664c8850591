"""A signal names people on objects in which they took part; any other is refused and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from random_tables import without_part

from connectors.records import (
    Account,
    Batch,
    Comment,
    Incident,
    IncidentAction,
    IncidentPage,
    Membership,
    PullRequest,
    Review,
)
from signals.catalog import Catalog, Signal, load_catalog
from signals.participants import CHECKED, open_because, refusal
from signals.run import refresh
from warehouse.as_of import refused_signals_at
from warehouse.store import Store
from warehouse.vault import Vault

CATALOG = load_catalog()
JULY, AUGUST = date(2026, 7, 9), date(2026, 8, 9)
MANAGER, ADA, BEN = (Account("github", f"U{n}", login) for n, login in enumerate(("mia", "ada", "ben")))

A_TEAM_FOR_ITS_MANAGER = """
select manager_id as person_id, submitted_on as occurred_on, 'pull_request' as source_kind,
  pull_request_id as source_id
from reviews join memberships on memberships.person_id = reviewer_id
"""
READS_THE_TEAM = "memberships, reviews"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault.duckdb")


@pytest.fixture
def store(tmp_path: Path, vault: Vault) -> Iterator[Store]:
    """Ben reviewed what Ada wrote; Mia manages both and took no part."""
    opened = Store(tmp_path / "warehouse.duckdb")
    opened.write("github", "acme", [Batch((pull_request("one", JULY),), "")], vault)
    memberships = [
        Membership(each, (), "search", MANAGER, date(2026, 1, 1), None, "ic1") for each in (ADA, BEN)
    ]
    opened.write_memberships(memberships, vault, JULY)
    yield opened
    opened.close()


def test_a_signal_that_shows_a_manager_their_team_is_refused(store: Store, tmp_path: Path) -> None:
    catalog = with_own(tmp_path, A_TEAM_FOR_ITS_MANAGER, READS_THE_TEAM)
    counts = refresh(store.con, catalog, run=1)
    assert counts["ours"] == 0
    assert counts["reviews_given"] == 1  # the others are computed as ever
    assert refused_signals_at(store, 1) == {"ours": 1}
    assert refusal(catalog["ours"], 1).startswith(
        "our_signals/ours.sql: 1 of its rows names a person who took no part in the object they point to"
    )


def test_a_manager_who_commented_takes_part_in_that_pull_request_and_in_no_other(
    store: Store, vault: Vault, tmp_path: Path
) -> None:
    catalog = with_own(tmp_path, A_TEAM_FOR_ITS_MANAGER, READS_THE_TEAM)
    said = Comment("C1", MANAGER, JULY, 2, asks_question=False)
    one = replace(pull_request("one", JULY), comments=(said,), comments_total=1)
    store.write("github", "acme", [Batch((one,), "")], vault)
    assert refresh(store.con, catalog, run=1)["ours"] == 1
    store.write("github", "acme", [Batch((pull_request("two", JULY),), "")], vault)
    assert refresh(store.con, catalog, run=2)["ours"] == 0
    assert refused_signals_at(store, 2) == {"ours": 1}


def test_a_refused_signal_keeps_no_row_of_former_nights_either(store: Store, tmp_path: Path) -> None:
    own = "select author_id, created_on, 'pull_request', pull_request_id from pull_requests"
    right = with_own(tmp_path, named(own), "pull_requests")
    assert refresh(store.con, right, run=1)["ours"] == 1
    wrong = with_own(tmp_path, A_TEAM_FOR_ITS_MANAGER, READS_THE_TEAM)
    refresh(store.con, wrong, run=2)
    for table in ("evidence", "evidence_past"):
        assert store.con.execute(f"select * from {table} where signal = 'ours'").fetchall() == []
    assert refused_signals_at(store, 1) == {"ours": 1}  # a look back finds no row, and why


def test_a_refused_signal_is_looked_at_by_every_night_until_its_file_is_mended(
    store: Store, tmp_path: Path
) -> None:
    wrong = with_own(tmp_path, A_TEAM_FOR_ITS_MANAGER, READS_THE_TEAM)
    for run in (1, 2):
        refresh(store.con, wrong, run=run)
        assert refused_signals_at(store, run) == {"ours": 1}
    right = with_own(tmp_path, A_TEAM_FOR_ITS_MANAGER.replace("manager_id", "reviewer_id"), READS_THE_TEAM)
    assert refresh(store.con, right, run=3)["ours"] == 1
    assert refused_signals_at(store, 3) == {}
    assert refused_signals_at(store, 2) == {"ours": 1}


def test_what_changed_tonight_is_checked_tonight(store: Store, vault: Vault, tmp_path: Path) -> None:
    """The signal's rows were right until an object came of which they are not."""
    somebody = "case when number = 1 then author_id else 'somebody-else' end"
    own = f"select {somebody}, created_on, 'pull_request', pull_request_id from pull_requests"
    catalog = with_own(tmp_path, named(own), "pull_requests", grain="root")
    assert refresh(store.con, catalog, run=1)["ours"] == 1
    two = replace(pull_request("two", AUGUST), number=2)
    store.write("github", "acme", [Batch((two,), "")], vault)
    assert refresh(store.con, catalog, run=2)["ours"] == 0
    assert refused_signals_at(store, 2) == {"ours": 1}


@pytest.mark.parametrize(
    "query",
    [
        # the author of one pull request on the other
        "select one.author_id, one.created_on, 'pull_request', two.pull_request_id "
        "from pull_requests as one join pull_requests as two on one.author_id <> two.author_id",
        # the id of a pull request as that of something else
        "select author_id, created_on, 'issue', pull_request_id from pull_requests",
        "select author_id, created_on, 'team', pull_request_id from pull_requests",
        # an object that nobody stored, and a sentence in its place
        "select author_id, created_on, 'pull_request', 'reviewed by ' || pull_request_id from pull_requests",
        # somebody whom no source knows
        "select 'somebody', created_on, 'pull_request', pull_request_id from pull_requests",
        # whoever was only asked to review
        "select reviewer_id, occurred_on, 'pull_request', pull_request_id from pull_request_events",
    ],
)
def test_no_row_gets_round_the_check(store: Store, vault: Vault, tmp_path: Path, query: str) -> None:
    swapped = replace(pull_request("two", JULY), author=BEN, reviews=(), reviews_total=0)
    store.write("github", "acme", [Batch((swapped,), "")], vault)
    store.con.execute(
        "insert into pull_request_events select 'E1', 'two', 'review_requested', author_id, "
        "(select manager_id from memberships limit 1), false, created_on, 3 "
        "from pull_requests where pull_request_id = 'two'"
    )
    reads = "pull_request_events" if "pull_request_events" in query else "pull_requests"
    assert refresh(store.con, with_own(tmp_path, named(query), reads), run=1)["ours"] == 0
    assert set(refused_signals_at(store, 1)) == {"ours"}


@pytest.mark.parametrize("missing", ["author_id", "created_on", "pull_request_id"])
def test_a_row_about_nobody_or_nothing_is_no_row_and_no_mistake(
    store: Store, tmp_path: Path, missing: str
) -> None:
    own = "select author_id, created_on, 'pull_request', pull_request_id from pull_requests"
    catalog = with_own(
        tmp_path, named(own.replace(missing, f"nullif({missing}, {missing})")), "pull_requests"
    )
    assert refresh(store.con, catalog, run=1)["ours"] == 0
    assert refused_signals_at(store, 1) == {}


def test_a_person_takes_part_with_each_of_their_accounts(store: Store, tmp_path: Path) -> None:
    """Ben's reviews are Ada's once the two accounts are one person's."""
    ada, ben = (
        store.con.execute(f"select {column} from {table}").fetchall()[0][0]
        for column, table in (("author_id", "pull_requests"), ("reviewer_id", "reviews"))
    )
    store.put_aliases({ben: ada})
    own = "select reviewer_id, submitted_on, 'pull_request', pull_request_id from reviews"
    assert refresh(store.con, with_own(tmp_path, named(own), "reviews"), run=1)["ours"] == 1
    held = store.con.execute("select person_id from evidence where signal = 'ours'").fetchall()
    assert held == [(ada,)]


def test_a_page_makes_a_step_and_no_evidence(store: Store, vault: Vault, tmp_path: Path) -> None:
    outage = blank_incident("outage", pages=(IncidentPage(ADA, JULY),))
    store.write("pagerduty", "all", [Batch((outage,), "")], vault)
    counts = refresh(store.con, CATALOG, run=1)
    assert counts["paged_for_incident"] == 1
    assert refused_signals_at(store, 1) == {}
    # a rota that happens to name who was paged is no way to the incident
    own = "select author_id, opened_on, 'incident', incident_id from pull_requests cross join incidents"
    refresh(store.con, with_own(tmp_path, named(own), "incidents, pull_requests"), run=2)
    assert refused_signals_at(store, 2) == {"ours": 1}


@pytest.mark.parametrize("incident", ["'outage'", "'reviewed by ' || reviewer_id"])
def test_a_step_belongs_to_a_stored_incident(
    store: Store, vault: Vault, tmp_path: Path, incident: str
) -> None:
    store.write("pagerduty", "all", [Batch((blank_incident("outage"),), "")], vault)
    query = (
        "select reviewer_id as person_id, submitted_on as occurred_on, 'pull_request' as source_kind, "
        f"pull_request_id as source_id, {incident} as incident_id from reviews"
    )
    refresh(store.con, with_own(tmp_path, query, "reviews", kind="step"), run=1)
    assert refused_signals_at(store, 1) == ({} if incident == "'outage'" else {"ours": 1})


def test_what_a_machine_did_in_somebodys_name_is_no_part_of_theirs(
    store: Store, vault: Vault, tmp_path: Path
) -> None:
    own = "select actor_id, occurred_on, 'incident', incident_id from incident_actions"
    catalog = with_own(tmp_path, named(own), "incident_actions")
    for run, (by_hand, refused) in enumerate(((True, {}), (False, {"ours": 1})), 1):
        did = IncidentAction("A1", ADA, "acknowledged", None, by_hand, JULY, 0)
        store.write("pagerduty", "all", [Batch((blank_incident("outage", actions=(did,)),), "")], vault)
        refresh(store.con, catalog, run=run)
        assert refused_signals_at(store, run) == refused


@pytest.mark.parametrize(
    ("link", "reads", "kind", "object_id"),
    [
        ("closing_references", "closing_references", "issue", "issue_id"),
        ("fixes_of_incidents", "incident_fixes, incident_references, incidents, repositories", "incident",
         "incident_id"),
    ],
)  # fmt: skip
def test_a_co_author_takes_part_in_what_the_pull_request_closes_or_fixes(
    store: Store, tmp_path: Path, link: str, reads: str, kind: str, object_id: str
) -> None:
    store.con.execute(
        "insert into commit_authors select pull_request_id, 'c1', reviewer_id from reviews;"
        "insert into closing_references values ('one', 'I1');"
        "insert into incident_references values ('one', 'outage');"
        "insert into incidents (incident_id, source, opened_on) values ('outage', 'pagerduty', '2026-07-01')"
    )
    own = f"select person_id, merged_on, '{kind}', {object_id} from {link} " \
        "join pull_requests using (pull_request_id) join commit_authors using (pull_request_id)"  # fmt: skip
    catalog = with_own(tmp_path, named(own), f"commit_authors, pull_requests, {reads}")
    assert refresh(store.con, catalog, run=1)["ours"] == 1
    assert refused_signals_at(store, 1) == {}


def test_no_signal_names_somebody_who_took_no_part() -> None:
    """In random worlds, where anything may be missing, doubled or dangling, linked or a robot's."""
    pointing = [name for name, signal in CATALOG.items() if signal.kind in CHECKED]
    assert {seed: wrong for seed in range(4) if (wrong := without_part(Random(seed), pointing))} == {}


def test_a_catalog_says_which_of_its_signals_were_refused() -> None:
    said = open_because(CATALOG["reviews_given"])
    refusing = CATALOG.refusing({"reviews_given": said})
    assert refusing["reviews_given"].open_because == said
    assert refusing["merged_work"].open_because is None
    assert CATALOG["reviews_given"].open_because is None


# --- builders -------------------------------------------------------------------------------------------


def named(query: str) -> str:
    """The query with the columns of evidence, whatever it calls them."""
    return f"select * from ({query}) as told (person_id, occurred_on, source_kind, source_id)"


def with_own(
    folder: Path, query: str, reads: str, *, grain: str = "quarter", kind: str = "evidence"
) -> Catalog:
    """The shipped signals and one of the organisation's own."""
    own = folder / "our_signals"
    own.mkdir(exist_ok=True)
    guard = "null" if kind == "step" else "none, because it is a test."
    (own / "ours.sql").write_text(
        f"/*\nsignal: ours\nkind: {kind}\nanswers: Is this right?\nunit: objects\nreads: [{reads}]\n"
        f"grain: {grain}\nsensitivity: person\nopportunity: null\nguard: {guard}\nmisleads: It may.\n"
        f"basis: our own\nowner: us\nreview_by: 2027-06-30\n*/\n{query}\n"
    )
    catalog = load_catalog(own=[own])
    assert isinstance(catalog["ours"], Signal)
    return catalog


def pull_request(key: str, day: date) -> PullRequest:
    """Written by Ada, reviewed by Ben and merged on one day."""
    review = Review(f"{key}:r", BEN, "approved", day, 1, has_body=False, asks_question=False)
    return PullRequest(
        pull_request_id=key, repository_id="R0", number=1, author=ADA, state="merged", is_draft=False,
        created_on=day, merged_on=day, closed_on=day, touches_code=True,
        touches_tests=False, touches_docs=False, touches_experiments=False, touches_designs=False,
        is_generated_only=False, is_backport=False, is_revert=False, has_description=True, has_context=False,
        size_band="small", closes_issue_ids=(), commits=(), reviews=(review,), threads=(), comments=(),
        reviews_total=1, reviews_left_out=0, threads_total=0, review_comments_total=0, comments_total=0,
    )  # fmt: skip


def blank_incident(
    key: str, actions: tuple[IncidentAction, ...] = (), pages: tuple[IncidentPage, ...] = ()
) -> Incident:
    return Incident(key, "pagerduty", None, None, None, date(2026, 7, 1), None, None, actions, pages=pages)
