"""Two accounts of one person are one person everywhere, and parting them again leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Literal

import duckdb
import pytest
from compare_homes import different_tables
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.records import Account, Batch, Membership, OnCallShift, PullRequest, Review
from signals.catalog import load_catalog
from signals.run import compute, recompute, refresh
from warehouse import reading
from warehouse.accounts import AccountKey, Entry, Link
from warehouse.aliases import ids_of
from warehouse.people import Followed, SamePerson, enrol, follow, part
from warehouse.store import Store
from warehouse.vault import Vault
from warehouse.vault_lookup import find_person

TODAY = date(2026, 11, 22)
KIM = "k" * 32
ASKED = ("reviews_given", "review_breadth", "merged_work", "oncall_shifts", "team_pull_requests_open")
CATALOG = {name: signal for name, signal in load_catalog().items() if name in ASKED}
ADA, ADA_AT_HOME, BO = (
    Account("github", "U_1", "ada"),
    Account("github", "U_2", "ada-at-home"),
    Account("github", "U_3", "bo"),
)
PAGER = Account("pagerduty", "PU1", "PU1")
EVERYBODY = (ADA, ADA_AT_HOME, BO, PAGER, Account("pagerduty", "PU2", "PU2"))


class Home:
    """A vault, a warehouse, and what a night does to them once everything is fetched."""

    def __init__(self, path: Path) -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.vault = Vault(path / "vault.duckdb")
        self.store = Store(path / "warehouse.duckdb")

    def fetch(self, *roots: PullRequest | OnCallShift) -> None:
        self.store.write("github", "acme/api", [Batch(roots, "cursor")], self.vault)

    def evidence(self) -> list[tuple[str, str, str]]:
        self.store.follow(self.vault)
        refresh(self.store.con, CATALOG)
        return self.store.con.execute(
            "select person_id, signal, source_id from evidence order by all"
        ).fetchall()

    def link(self, account: Account, to: Account) -> None:
        self.vault.relink([Link(self.id(account), self.id(to), "keeper", KIM, TODAY)], [])

    def unlink(self, account: Account) -> None:
        self.part(self.vault.link_of(self.id(account)))

    def part(self, standing: Link | None) -> None:
        assert standing
        part(
            self.store,
            self.vault,
            [Entry(standing.own_id, "unlinked", standing.to_id, "keeper", KIM, TODAY)],
        )

    def lock(self, account: Account, action: Literal["locked", "unlocked"]) -> None:
        self.vault.lock(Entry(self.id(account), action, None, "person", self.id(account), TODAY))

    def id(self, account: Account) -> str:
        return str(self.vault.own_ids([account], told_by_source=False)[key(account)])


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = Home(tmp_path / "home")
    yield opened
    opened.store.close()


def test_evidence_of_a_second_account_is_the_persons(home: Home) -> None:
    home.fetch(pull_request("one", author=BO, reviewer=ADA_AT_HOME))
    home.vault.own_ids([ADA])
    home.link(ADA_AT_HOME, ADA)
    given = [row for row in home.evidence() if row[1] == "reviews_given"]
    assert given == [(home.vault.person_of(ADA), "reviews_given", "one")]
    assert find_person(home.path / "vault.duckdb", ADA_AT_HOME) == home.vault.person_of(ADA)


def test_a_review_of_ones_own_pull_request_from_a_second_account_is_none(home: Home) -> None:
    home.fetch(pull_request("one", author=ADA, reviewer=ADA_AT_HOME))
    assert [row for row in home.evidence() if row[1] == "reviews_given"] != []
    home.link(ADA_AT_HOME, ADA)
    assert [row for row in home.evidence() if row[1] == "reviews_given"] == []


def test_the_team_of_a_second_account_is_the_persons(home: Home) -> None:
    home.store.write_memberships([membership(ADA_AT_HOME)], home.vault, TODAY)
    home.vault.own_ids([ADA])
    home.link(ADA_AT_HOME, ADA)
    home.store.follow(home.vault)
    assert [row.person_id for row in reading.memberships(home.store)] == [home.vault.person_of(ADA)]
    refresh(home.store.con, CATALOG)
    assert ids_of(home.store.con, home.id(ADA)) == [home.id(ADA), home.id(ADA_AT_HOME)]


def test_a_chain_of_accounts_leads_to_one_person_and_parts_in_the_middle(home: Home) -> None:
    home.vault.own_ids(EVERYBODY)
    home.link(PAGER, ADA_AT_HOME)
    home.link(ADA_AT_HOME, ADA)
    assert {home.vault.person_of(each) for each in (ADA, ADA_AT_HOME, PAGER)} == {home.vault.person_of(ADA)}
    home.unlink(ADA_AT_HOME)
    assert home.vault.person_of(PAGER) == home.vault.person_of(ADA_AT_HOME) != home.vault.person_of(ADA)


def test_links_do_not_go_round_and_an_account_has_one(home: Home) -> None:
    home.vault.own_ids(EVERYBODY)
    home.link(ADA_AT_HOME, ADA)
    for account, to in ((ADA, ADA_AT_HOME), (ADA_AT_HOME, BO)):
        with pytest.raises(ValueError, match="one link"):
            home.link(account, to)
    assert Vault(home.path / "vault.duckdb").links() == home.vault.links()


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_undoing_a_link_restores_the_warehouse_to_what_it_would_have_been(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Nights, links and their undoing in any order; the other home has the same nights and never a link."""
    random = Random(seed)
    linked, never = (Home(tmp_path_factory.mktemp(name)) for name in ("linked", "never"))
    for step in range(random.randrange(4, 10)):
        if random.random() < 0.5:
            roots = [any_root(f"{step}-{number}", random) for number in range(random.randrange(1, 6))]
            members = [membership(who) for who in random.sample(EVERYBODY[:3], random.randrange(4))]
            for each in (linked, never):
                each.fetch(*roots)
                each.store.write_memberships(members, each.vault, TODAY)
                each.evidence()
        for account in random.sample(EVERYBODY, 2):
            to = random.choice(EVERYBODY)
            linked.vault.own_ids(EVERYBODY)
            never.vault.own_ids(EVERYBODY)
            if linked.vault.link_of(linked.id(account)):
                linked.unlink(account)
            elif not linked.vault.goes_round(linked.id(account), linked.id(to)):
                linked.link(account, to)
        computed = linked.evidence()
        recompute(linked.store.con, CATALOG)
        assert computed == linked.evidence(), "the part is the whole"
    while standing := linked.vault.links():
        linked.part(random.choice(standing))
    for each in (linked, never):
        each.evidence()
        each.store.close()
    tables = different_tables(linked.path, never.path)
    assert {table for table, (*_, same) in tables.items() if not same} == set()


def test_a_signal_asked_for_by_itself_answers_about_people_too(home: Home) -> None:
    home.fetch(pull_request("one", author=BO, reviewer=ADA_AT_HOME))
    home.vault.own_ids([ADA])
    home.link(ADA_AT_HOME, ADA)
    home.evidence()
    ((person, *_),) = compute(home.store.con, CATALOG["reviews_given"])
    assert person == home.vault.person_of(ADA)


# --- what the roster states -----------------------------------------------------------------------------


def test_a_pagerduty_account_named_late_by_the_roster_has_its_rows_already(home: Home) -> None:
    home.fetch(shift("S1", PAGER))
    taken_over(home, stated(ADA, PAGER))
    assert [row[0] for row in home.evidence() if row[1] == "oncall_shifts"] == [home.vault.person_of(ADA)]


def test_a_corrected_pagerduty_id_moves_the_shifts_and_nobodys_github_history(home: Home) -> None:
    home.fetch(pull_request("one", author=ADA, reviewer=BO), shift("S1", PAGER))
    taken_over(home, stated(ADA, PAGER), stated(BO))
    taken_over(home, stated(ADA), stated(BO, PAGER))
    held = [row[0] for row in home.evidence() if row[1] == "oncall_shifts"]
    assert held == [home.vault.person_of(BO)]
    assert {row[0] for row in home.evidence() if row[1] == "reviews_given"} == {home.vault.person_of(BO)}
    assert home.store.cursor("github", "acme/api") == "cursor", "nothing is fetched again"


def test_an_emptied_cell_takes_the_link_back(home: Home) -> None:
    taken_over(home, stated(ADA, PAGER))
    taken_over(home, stated(ADA))
    assert home.vault.person_of(PAGER) != home.vault.person_of(ADA)


def test_whoever_left_the_roster_keeps_their_link(home: Home) -> None:
    taken_over(home, stated(ADA, PAGER), stated(BO))
    taken_over(home, stated(BO))
    assert home.vault.person_of(PAGER) == home.vault.person_of(ADA)


def test_a_locked_account_stays_as_it_is_whatever_the_roster_says(home: Home) -> None:
    taken_over(home, stated(ADA, PAGER), stated(BO))
    home.lock(PAGER, "locked")
    assert taken_over(home, stated(ADA), stated(BO, PAGER)).held == 2
    assert home.vault.person_of(PAGER) == home.vault.person_of(ADA)
    home.lock(PAGER, "unlocked")
    assert taken_over(home, stated(ADA), stated(BO, PAGER)).linked == 1


def test_what_a_keeper_decided_is_not_undone_by_a_row(home: Home) -> None:
    home.vault.own_ids(EVERYBODY)
    home.link(PAGER, BO)
    assert taken_over(home, stated(ADA, PAGER)).held == 1
    assert home.vault.person_of(PAGER) == home.vault.person_of(BO)


def test_a_robot_is_nobodys_second_account(home: Home) -> None:
    robot = replace(ADA_AT_HOME, is_bot=True)
    home.vault.own_ids([robot, ADA])
    found = follow(home.store, home.vault, [SamePerson(robot, ADA)], [ADA], because="sso", on=TODAY)
    assert (found.linked, found.held) == (0, 1)


# --- robots ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_roster", [True, False])
def test_a_robot_by_mistake_is_a_human_again_once_that_is_mended(home: Home, by_roster: bool) -> None:
    home.fetch(pull_request("one", author=BO, reviewer=ADA))
    before = home.evidence()
    home.vault.tell_bots(
        logins=[] if by_roster else ["Ada"], by_roster=[AccountKey("github", "U_1")] if by_roster else []
    )
    assert [row for row in home.evidence() if row[1] == "reviews_given"] == []
    home.vault.tell_bots(logins=[], by_roster=[])
    assert home.evidence() == before


def test_while_the_roster_is_wrong_its_robots_stay_robots(home: Home) -> None:
    home.vault.own_ids([ADA])
    home.vault.tell_bots(logins=[], by_roster=[key(ADA)])
    home.vault.tell_bots(logins=[], by_roster=None)
    assert home.id(ADA) in home.vault.bots()
    assert home.id(ADA) in Vault(home.path / "vault.duckdb").bots()


def test_a_robot_by_its_own_type_needs_no_list(home: Home) -> None:
    home.vault.own_ids([replace(ADA, is_bot=True)])
    home.vault.tell_bots(logins=[], by_roster=[])
    assert home.id(ADA) in home.vault.bots()


@pytest.mark.parametrize("told", [(True, False), (False, True)])
def test_a_robot_stays_one_wherever_it_is_called_a_user_as_beside_its_commits(
    home: Home, told: tuple[bool, bool]
) -> None:
    for is_bot in told:
        home.vault.own_ids([replace(ADA, is_bot=is_bot)])
    assert home.id(ADA) in home.vault.bots()
    assert home.id(ADA) in Vault(home.path / "vault.duckdb").bots()


# --- leavers --------------------------------------------------------------------------------------------


def test_whoever_the_roster_no_longer_names_is_in_no_team_from_that_night_on(home: Home) -> None:
    home.store.write_memberships([membership(ADA), membership(BO)], home.vault, TODAY)
    assert home.store.write_memberships([membership(BO)], home.vault, TODAY) == 1
    assert home.store.write_memberships([membership(BO)], home.vault, TODAY + timedelta(days=9)) == 0
    ends = {row.person_id: row.ends_on for row in reading.memberships(home.store)}
    assert ends == {home.vault.person_of(ADA): TODAY, home.vault.person_of(BO): None}


def test_a_day_that_the_roster_wrote_down_itself_stands(home: Home) -> None:
    left = replace(membership(ADA), ends_on=date(2026, 9, 1))
    home.store.write_memberships([left, membership(BO)], home.vault, TODAY)
    assert home.store.write_memberships([membership(BO)], home.vault, TODAY) == 0
    assert date(2026, 9, 1) in {row.ends_on for row in reading.memberships(home.store)}


def test_a_row_that_is_corrected_takes_the_place_of_the_one_before(home: Home) -> None:
    home.store.write_memberships([membership(ADA)], home.vault, TODAY)
    home.store.write_memberships([replace(membership(ADA), team="search")], home.vault, TODAY)
    assert [row.team for row in reading.memberships(home.store)] == ["search"]


# --- the log --------------------------------------------------------------------------------------------


def test_every_change_is_in_the_log_of_both_and_of_nobody_else(home: Home) -> None:
    home.vault.own_ids(EVERYBODY)
    home.link(ADA_AT_HOME, ADA)
    home.unlink(ADA_AT_HOME)
    home.lock(BO, "locked")
    actions = {who.login: actions_about(home, who) for who in (ADA, ADA_AT_HOME, BO)}
    assert actions == {"ada": ["linked", "unlinked"], "ada-at-home": ["linked", "unlinked"], "bo": ["locked"]}
    assert len(home.vault.log()) == 3


OF_THE_FIRST_VERSION = """
create table accounts (
  source varchar not null, account_id varchar not null, login varchar not null, person_id varchar not null,
  is_bot boolean not null, primary key (source, account_id)
);
insert into accounts values ('github', 'U_1', 'ada', 'aa', false), ('github', 'U_9', 'robot', 'bb', true);
"""
OF_THE_FIRST_LINKS = """
create table accounts (
  source varchar not null, account_id varchar not null, login varchar not null, own_id varchar not null,
  person_id varchar not null, bot_by_type boolean not null, bot_by_roster boolean not null,
  primary key (source, account_id)
);
create table links (
  own_id varchar not null, to_id varchar not null, because varchar not null, by_id varchar,
  made_on date not null, primary key (own_id)
);
create table locks (own_id varchar not null, primary key (own_id));
create table link_log (
  own_id varchar not null, action varchar not null, to_id varchar, because varchar not null, by_id varchar,
  made_on date not null
);
insert into accounts values ('github', 'U_1', 'ada', 'aa', 'aa', false, false),
  ('github', 'U_2', 'ada-at-home', 'cc', 'aa', false, false),
  ('github', 'U_9', 'robot', 'bb', 'bb', true, false);
insert into links values ('cc', 'aa', 'person', 'aa', date '2026-07-01');
"""


@pytest.mark.parametrize("made", [OF_THE_FIRST_VERSION, OF_THE_FIRST_LINKS])
def test_a_vault_of_an_older_version_is_taken_over_once(tmp_path: Path, made: str) -> None:
    path = tmp_path / "vault.duckdb"
    with duckdb.connect(path) as con:
        con.execute(made)
    for _ in range(2):
        vault = Vault(path)
        assert (vault.person_of(ADA), vault.own_id_of(ADA), vault.bots()) == ("aa", "aa", frozenset({"bb"}))
        assert vault.own_ids([ADA]) == {key(ADA): "aa"}
        assert vault.aliases() == ({"cc": "aa"} if made == OF_THE_FIRST_LINKS else {})
        assert [link.after_run for link in vault.links()] == ([0] if made == OF_THE_FIRST_LINKS else [])
    assert columns_of(path) == columns_of(new_vault(tmp_path))


def test_a_vault_from_before_migrations_were_numbered_stays_as_it_is(tmp_path: Path) -> None:
    path = new_vault(tmp_path)
    Vault(path).own_ids([ADA])
    with duckdb.connect(path) as con:
        con.execute("drop table migrations")
    own_id = Vault(path).own_id_of(ADA)
    assert own_id
    assert Vault(path).own_id_of(ADA) == own_id
    assert columns_of(path) == columns_of(new_vault(tmp_path))


# --- builders -------------------------------------------------------------------------------------------


def key(account: Account) -> AccountKey:
    return AccountKey(account.source, account.account_id)


def new_vault(folder: Path) -> Path:
    path = folder / "new.duckdb"
    Vault(path)
    return path


def columns_of(path: Path) -> list[tuple[object, ...]]:
    """Every column of every table, in order, with what it holds and whether it may be empty."""
    with duckdb.connect(path, read_only=True) as con:
        return con.execute(
            "select table_name, column_index, column_name, data_type, is_nullable from duckdb_columns() "
            "order by all"
        ).fetchall()


def actions_about(home: Home, who: Account) -> list[str]:
    return [entry.action for entry in home.vault.log(home.vault.person_of(who))]


def stated(who: Account, *others: Account) -> Membership:
    return replace(membership(who), other_accounts=others)


def taken_over(home: Home, *members: Membership) -> Followed:
    return enrol(home.store, home.vault, members, TODAY)[1]


def membership(who: Account) -> Membership:
    return Membership(who, (), "payments", None, date(2026, 1, 1), None, "ic1")


def shift(shift_id: str, who: Account, begins: date = date(2026, 7, 1)) -> OnCallShift:
    return OnCallShift(shift_id, "pagerduty", "P1", who, begins, begins + timedelta(days=3), ("S",))


def pull_request(key: str, author: Account, reviewer: Account, on: date = date(2026, 7, 3)) -> PullRequest:
    review = Review(f"{key}:r", reviewer, "approved", on, 1, has_body=True, asks_question=True)
    return PullRequest(
        pull_request_id=key, repository_id="R0", number=1, author=author, state="merged", is_draft=False,
        created_on=on, merged_on=on, closed_on=on, touches_code=True, touches_tests=True, touches_docs=False,
        touches_experiments=False, touches_designs=False, is_generated_only=False, is_backport=False,
        is_revert=False, has_description=True, has_context=True, size_band="small", closes_issue_ids=(),
        commits=(), reviews=(review,), threads=(), comments=(), reviews_total=1, reviews_left_out=0,
        threads_total=0, review_comments_total=0, comments_total=0,
    )  # fmt: skip


def any_root(name: str, random: Random) -> PullRequest | OnCallShift:
    on = date(2026, 1, 1) + timedelta(days=random.randrange(320))
    if random.random() < 0.3:
        return shift(name, random.choice(EVERYBODY), on)
    return pull_request(name, random.choice(EVERYBODY[:3]), random.choice(EVERYBODY[:3]), on)
