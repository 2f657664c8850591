"""`sightline people` on a night of the sandbox: who may say whose an account is, and what that does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from compare_homes import different_tables

from cli.main import cli
from config.recorded_settings import record_settings
from config.settings import Settings, load_settings
from connectors.errors import BadInput, Refused
from connectors.records import Account
from flows.context import open_night
from flows.night import run_night
from sandbox.server import Running
from warehouse.account_matching import suggestions
from warehouse.accounts import AccountKey, StoredAccount
from warehouse.people import SamePerson, stated_by_sign_on
from warehouse.vault import Vault

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def after_a_night(organisation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose roster leaves one PagerDuty account out."""
    folder = tmp_path_factory.mktemp("people")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        patch.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty")
        night(written(folder, organisation))
        yield folder


@pytest.fixture
def place(after_a_night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that home; its settings file."""
    config = shutil.copytree(after_a_night, tmp_path / "copy") / "sightline.yaml"
    monkeypatch.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty")
    record_settings(load_settings(config))
    return config


def test_somebody_takes_on_the_pagerduty_account_that_only_their_address_fits(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login, pager = left_out(place)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    suggested = json.loads(said(place, "suggest", "--format", "json"))
    pair = next(each for each in suggested["suggestions"] if each["account"] == f"pagerduty:{pager}")
    assert pair == {
        "account": f"pagerduty:{pager}",
        "to": f"github:{login}",
        "reason": "login_in_address",
        "only": True,
    }
    before = shutil.copytree(place.parent / "home", place.parent / "before")
    dry = said(place, "link", f"pagerduty:{pager}", f"github:{login}", "--dry-run")
    assert "nothing was changed" in dry
    assert "stay as they are: incident_actions " in dry
    assert same_homes(before, place.parent / "home")

    said(place, "link", f"pagerduty:{pager}", f"github:{login}")
    assert not same_homes(before, place.parent / "home")
    log = said(place, "log")
    assert f"pagerduty:{pager} linked to github:{login}  (their own word; by github:{login})" in log

    said(place, "unlink", f"pagerduty:{pager}")
    assert same_homes(before, place.parent / "home")
    assert "parted from" in said(place, "log")


def test_the_blast_radius_is_what_the_next_night_does(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login, pager = left_out(place)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    before = evidence(place)
    dry = said(place, "link", f"pagerduty:{pager}", f"github:{login}", "--dry-run")
    said(place, "link", f"pagerduty:{pager}", f"github:{login}")
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    night(place)
    after = evidence(place)
    gone, come = before - after, after - before
    moved = {row[1:] for row in gone} & {row[1:] for row in come}
    assert moved
    assert f"move to another person: {len(moved)}; that would go: {len(gone) - len(moved)} " in dry
    assert f"that would come: {len(come) - len(moved)}." in dry


def test_after_a_wrong_link_is_undone_no_former_day_shows_anothers_traces(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report of a former day is made from history, so history must not hold what was never theirs."""
    login, pager = left_out(place)
    other = next(row[0] for row in roster(place) if row[0] != login)
    name_keeper(place, other)
    never = shutil.copytree(place.parent, place.parent.with_name("never")) / place.name
    wrongly = str(person(place, "github", other))
    theirs = {row[3:] for row in evidence(place) if row[0] == person(place, "pagerduty", pager)}

    def runs_as(who: str, *arguments: str) -> None:
        monkeypatch.setenv("GITHUB_TOKEN", who)
        said(place, *arguments) if arguments else night(place)

    runs_as(f"sandbox-{other}", "link", f"pagerduty:{pager}", f"github:{other}")
    runs_as("sandbox-token")
    assert theirs & {row[3:] for row in evidence(place) if row[0] == wrongly and row[3] == "incident"}
    runs_as(f"sandbox-{other}", "unlink", f"pagerduty:{pager}")
    runs_as("sandbox-token")
    assert evidence(place, past=True) >= evidence(place)
    night(never)
    assert {row for row in evidence(place, past=True) if row[0] == wrongly} == {
        row for row in evidence(never, past=True) if row[0] == wrongly
    }
    assert same_homes(place.parent / "home", never.parent / "home")


def test_nobody_takes_an_account_that_is_somebodys_or_that_nothing_speaks_for(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login, pager = left_out(place)
    other, others_pager = next(row for row in roster(place) if row[1] and row[0] != login)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{other}")
    refused = {
        (f"pagerduty:{pager}", f"github:{other}"): "nothing but your word speaks for it",
        (f"pagerduty:{pager}", f"github:{login}"): "neither is yours, and you are no keeper",
        (f"github:{login}", f"github:{other}"): "both in a team on the same days",
        (f"pagerduty:{others_pager}", f"github:{other}"): "one person's already",
        ("github:review-assistant", f"github:{other}"): "a robot is nobody's second account",
        ("github:nobody-at-all", f"github:{other}"): "no account here is 'github:nobody-at-all'",
    }
    third, thirds_pager = next(row for row in roster(place) if row[1] and row[0] not in (login, other))
    refused[f"pagerduty:{thirds_pager}", f"github:{third}"] = (
        "^neither is yours, [^\\n]*$"  # nor whose they are
    )
    before = shutil.copytree(place.parent / "home", place.parent / "before")
    for (account, to), because in refused.items():
        with pytest.raises(BadInput, match=because):
            run(place, "link", account, to)
    with pytest.raises(Refused, match="only the person and a keeper"):
        run(
            place,
            "unlink",
            f"pagerduty:{next(row[1] for row in roster(place) if row[1] not in ('', others_pager))}",
        )
    with pytest.raises(Refused, match="only the person and a keeper"):
        run(place, "unlink", f"pagerduty:{pager}")  # nor that it is linked to nothing
    with pytest.raises(Refused, match="only a keeper may read everybody's"):
        run(place, "log", "--all")
    assert same_homes(before, place.parent / "home")


def test_what_the_next_night_links_again_has_all_of_its_evidence_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login, pager = next(row for row in roster(place) if row[1])
    before = evidence(place)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    said(place, "unlink", f"pagerduty:{pager}")
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    night(place)
    assert evidence(place) == before


def test_before_the_first_night_there_is_no_log_and_none_is_made(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = roster(place)[0][0]
    place.write_text(f"{place.read_text()}keepers: [{keeper}]\n")
    shutil.rmtree(place.parent / "home")
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{keeper}")
    with pytest.raises(BadInput, match="no night has run here yet"):
        run(place, "log", "--all")


def test_a_keeper_decides_and_whoever_it_is_about_reads_who_it_was(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login, pager = left_out(place)
    keeper = next(row[0] for row in roster(place) if row[0] != login)
    name_keeper(place, keeper)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{keeper}")
    assert f"pagerduty:{pager}  github:{login}" in said(place, "suggest")
    said(place, "link", f"pagerduty:{pager}", f"github:{login}")
    said(place, "lock", f"pagerduty:{pager}")
    assert f"by github:{keeper}" in said(place, "log", "--all")
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    log = said(place, "log")
    assert f"(the word of a keeper; by github:{keeper})" in log
    assert "locked" in log
    monkeypatch.setenv(
        "GITHUB_TOKEN", f"sandbox-{next(row[0] for row in roster(place) if row[0] not in log)}"
    )
    assert pager not in said(place, "log")


def test_the_single_sign_on_links_by_itself_where_it_may_be_read(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login, pager = left_out(place)
    place.write_text(place.read_text().replace("github:\n", "github:\n  sso: true\n"))
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")  # a member may not read it, and nothing fails
    run_ = night(place)
    assert run_["outcome"] == "complete"
    assert any("nobody was linked by single sign-on" in each for each in run_["messages"])
    assert person(place, "pagerduty", pager) != person(place, "github", login)
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    assert night(place)["outcome"] == "complete"
    assert person(place, "pagerduty", pager) == person(place, "github", login)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    assert "(one identity of the single sign-on; by a night)" in said(place, "log")


def test_no_address_is_stored_anywhere(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write_text(place.read_text().replace("github:\n", "github:\n  sso: true\n"))
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    night(place)
    login, _ = left_out(place)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    said(place, "suggest", "--weak")
    files = [path for path in (place.parent / "home").rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path.name for path in files if b"tidewater.example" in path.read_bytes()] == []


# --- what is exact, and what looks alike ----------------------------------------------------------------


def test_an_address_that_two_accounts_of_one_source_have_says_nothing() -> None:
    ada, bo = Account("github", "U_1", "ada"), Account("github", "U_2", "bo")
    one, two, three = (Account("pagerduty", f"P{n}", f"P{n}") for n in "123")
    identities = [(ada, {"ada@acme"}), (bo, {"bo@acme"})]
    elsewhere = [(one, "ada@acme"), (two, "ada@acme"), (three, "bo@acme")]
    assert stated_by_sign_on(identities, elsewhere, [ada]) == [SamePerson(three, bo)]


def test_of_two_accounts_with_one_identity_the_one_of_the_roster_comes_first() -> None:
    ada, again = Account("github", "U_2", "ada"), Account("github", "U_1", "ada-private")
    identities = [(ada, {"ada@acme"}), (again, {"ada@acme"})]
    assert stated_by_sign_on(identities, [], [ada]) == [SamePerson(again, ada)]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("github:ada-lovelace", "incident_io:ada-lovelace", "same_login"),
        ("github:ada-lovelace", "github:ada-lovelace-work", "same_but_for_an_affix"),
        ("github:ada-lovelace", "incident_io:lovelace_ada", "same_but_for_an_affix"),
        ("github:ada-lovelace", "github:ada-lovelace2", "same_but_for_digits"),
        ("github:ada-lovelace", "incident_io:ada-lovelce", "one_letter_apart"),
        ("github:ada-lovelace", "incident_io:alovelace", "initial"),
        ("github:ada-lovelace", "github:ada-lovelce", None),
        ("github:adal", "github:adal-work", None),
        ("github:ada-lovelace", "github:bo-lovelace", None),
    ],
)
def test_logins_that_look_alike_are_suggested_with_their_reason(
    one: str, other: str, reason: str | None
) -> None:
    found = suggestions(known(one, other))
    assert [each.reason for each in found] == ([reason] if reason else [])


def test_a_name_that_many_share_suggests_nobody() -> None:
    many = [f"github:john-smith{number}" for number in range(5)]
    assert suggestions(known(*many)) == []


def test_whom_the_roster_tells_apart_is_not_suggested() -> None:
    accounts = known("github:ada-lovelace", "github:ada-lovelace-work")
    assert suggestions(accounts, are_two=lambda one, other: {one, other} == {"x", "y"}) != []
    persons = {account.person_id for _, account in accounts}
    assert suggestions(accounts, are_two=lambda one, other: {one, other} == persons) == []


def test_whoever_has_an_account_at_a_tool_has_no_second_one_there() -> None:
    accounts = known("github:ada-lovelace", "incident_io:ada-lovelace", "incident_io:unlike")
    assert [one.reason for one in suggestions(accounts)] == ["same_login"]
    accounts[2][1].person_id = accounts[0][1].person_id  # the roster says so
    assert suggestions(accounts) == []


def test_two_who_fit_equally_well_are_no_persons_own_to_confirm() -> None:
    found = suggestions(known("github:ada-lovelace", "incident_io:ada-lovelace", "pagerduty:ada-lovelace"))
    assert {each.is_unique for each in found} == {False}


# --- builders -------------------------------------------------------------------------------------------


def known(*names: str) -> list[tuple[AccountKey, StoredAccount]]:
    found = []
    for number, name in enumerate(names):
        source, _, login = name.partition(":")
        found.append((AccountKey(source, f"id{number}"), StoredAccount(login, name, name, False, False)))
    return found


def written(folder: Path, server: Running) -> Path:
    rows = [row.split(",") for row in server.holding.roster_csv.splitlines()]
    pager = rows[0].index("pagerduty_id")
    next(row for row in rows if not row[4])[pager] = ""
    (folder / "roster.csv").write_text("".join(f"{','.join(row[: pager + 1])}\n" for row in rows))
    path = folder / "sightline.yaml"
    path.write_text(
        f"home: home\nroster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        f"  organisations: [{server.holding.organization}]\n  since: 2026-09-01\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-07-01\n"
    )
    return path


def left_out(config: Path) -> tuple[str, str]:
    """The login whose PagerDuty id the roster leaves out, and that id."""
    login = next(login for login, pager in roster(config) if not pager)
    assert all(row[1] or row[0] == login for row in roster(config))
    return login, pager_id_of(config, login)


def pager_id_of(config: Path, login: str) -> str:
    vault = Vault(config.parent / "home" / "vault.duckdb")
    number = int(str(vault.account_of_login("github", login).account_id).removeprefix("U_kgDO"))  # type: ignore[union-attr]
    return f"PU{number:05d}"


def roster(config: Path) -> list[tuple[str, str]]:
    rows = [row.split(",") for row in (config.parent / "roster.csv").read_text().splitlines()[1:]]
    return [(row[0], row[6]) for row in rows if not row[4]]


def person(config: Path, source: str, name: str) -> str | None:
    vault = Vault(config.parent / "home" / "vault.duckdb")
    key = vault.account_of_login(source, name)
    return vault.person_of(key) if key else None


def evidence(config: Path, *, past: bool = False) -> set[tuple[Any, ...]]:
    columns = "person_id, signal, occurred_on, source_kind, source_id"
    asked = f"select {columns} from evidence"
    if past:
        asked += f" union select {columns} from evidence_past"
    with duckdb.connect(config.parent / "home" / "warehouse.duckdb", read_only=True) as con:
        return set(con.execute(asked).fetchall())


def same_homes(home_a: Path, home_b: Path) -> bool:
    return all(same for _, _, same in different_tables(home_a, home_b).values())


def settings(config: Path) -> Settings:
    return load_settings(config)


def name_keeper(config: Path, login: str) -> None:
    """In the settings, and in what a night recorded of them."""
    config.write_text(f"{config.read_text()}keepers: [{login}]\n")
    record_settings(settings(config))


def night(config: Path) -> dict[str, Any]:
    with open_night(settings(config), TODAY) as opened:
        return dict(run_night(opened)["last_run"])


def run(config: Path, *arguments: str) -> str:
    result = CliRunner().invoke(
        cli, ["--config", str(config), "people", *arguments], catch_exceptions=False, standalone_mode=False
    )
    return result.output


def said(config: Path, *arguments: str) -> str:
    return run(config, *arguments)
