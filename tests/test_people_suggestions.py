"""Accounts of every tool go the same way to a suggestion: by address, with its reason, never by a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import cli
from config.recorded_settings import record_settings
from config.settings import load_settings
from connectors.errors import BadInput
from connectors.records import Account
from flows.context import open_night
from flows.roster import import_roster
from flows.run_log import Message
from people.addresses import addresses, numbered
from sandbox.server import Running
from warehouse.account_matching import suggestions
from warehouse.accounts import AccountKey, StoredAccount
from warehouse.store import Store
from warehouse.vault import Vault

OPSGENIE = "b5b92115-bfe7-43eb-8c2a-e467f2e5ddc4"


def test_the_same_address_at_every_tool_is_one_persons_to_confirm(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is at three tools; the login of GitHub is how it begins."""
    pager, incident_io = user(organisation, 0)
    login, elsewhere = pager.email.partition("@")[0], incident_io.email
    config = written(home, organisation, f"{OPSGENIE.upper()},{elsewhere.upper()},Somebody Canary\n")
    github = organisation.holding.github.accounts[login]
    everybody = [
        Account("github", github.id, login),
        Account("pagerduty", pager.id, pager.id),
        Account("incident_io", incident_io.id, incident_io.id),
        Account("opsgenie", OPSGENIE, OPSGENIE),
    ]
    known(config, *everybody)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    found = suggested(config)
    assert {(one["account"], one["to"]): (one["reason"], one["only"]) for one in found} == {
        (f"pagerduty:{pager.id}", f"github:{login}"): ("login_in_address", True),
        (f"incident_io:{incident_io.id}", f"github:{login}"): ("login_in_address", True),
        (f"opsgenie:{OPSGENIE}", f"github:{login}"): ("login_in_address", True),
    }, "of others' accounts nobody but a keeper is told"
    config.write_text(f"{config.read_text()}keepers: [{login}]\n")
    record_settings(load_settings(config))
    assert {one["reason"] for one in suggested(config)} == {"same_address", "login_in_address"}
    assert {one["only"] for one in suggested(config)} == {True}
    for each in everybody[1:]:
        run(config, "link", f"{each.source}:{each.account_id}", f"github:{login}")
    assert suggested(config) == []
    for path in (home / "home").rglob("*"):
        if path.is_file():
            assert b"tidewater.example" not in path.read_bytes(), path
            assert b"Canary" not in path.read_bytes(), path


def test_a_private_address_in_a_tool_is_a_suggestion_for_the_very_account(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody typed it, and may have typed a colleague's: so it links nobody by itself."""
    world = organisation.holding.github
    pager, _ = user(organisation, 0)
    login = pager.email.partition("@")[0]
    number = world.accounts[login].database_id
    rows = f"{OPSGENIE},{number}+somebody-else@users.noreply.127.0.0.1,\n"
    config = written(home, organisation, rows)
    other = Account("github", "U_other", "somebody-else")
    known(config, Account("github", world.accounts[login].id, login), other, opsgenie())
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    settings, messages = load_settings(config), list[str]()
    vault = Vault(settings.vault_file)
    reached_at = addresses(settings, vault, messages)
    assert numbered(settings, reached_at, messages) == {
        AccountKey("opsgenie", OPSGENIE): world.accounts[login].id
    }
    assert (messages, vault.links()) == ([], ())
    [one] = suggested(config)
    assert (one["account"], one["to"], one["reason"], one["only"]) == (
        f"opsgenie:{OPSGENIE}", f"github:{login}", "numbered", True,
    )  # fmt: skip


def test_a_tool_that_cannot_be_asked_is_named_and_the_others_are_compared(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager, _ = user(organisation, 0)
    login = pager.email.partition("@")[0]
    config = written(home, organisation, f"{OPSGENIE},canary,\nno-id,{login}@tidewater.example,\n")
    github = organisation.holding.github.accounts[login]
    known(config, Account("github", github.id, login), Account("pagerduty", pager.id, pager.id))
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
    monkeypatch.setenv("INCIDENT_IO_TOKEN", "wrong")
    said = run(config, "suggest")
    assert f"pagerduty:{pager.id}  github:{login}" in said
    assert (
        "without the addresses of incident.io: incident_io: GET /v2/users: the token is not accepted" in said
    )
    assert "without the addresses of opsgenie-users: " in said
    assert "users.csv:2: address is no e-mail address" in said
    assert "users.csv:3: id has an entry that is not an Opsgenie user id" in said
    assert "canary" not in said


@pytest.mark.parametrize(
    ("columns", "because"),
    [
        ("{id: id}", "columns does not say where 'address' is"),
        ("{id: id, address: username, name: name}", "accounts have no field 'name'"),
    ],
)
def test_a_list_of_users_is_declared_by_two_columns(
    organisation: Running, home: Path, columns: str, because: str
) -> None:
    config = written(home, organisation, "", columns)
    with pytest.raises(BadInput, match=because):
        load_settings(config)


def test_the_single_sign_on_speaks_of_every_tool_or_changes_nothing(
    organisation: Running, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager, incident_io = user(organisation, 0)
    login = pager.email.partition("@")[0]
    private = f"{organisation.holding.github.accounts[login].database_id}+{login}@users.noreply.127.0.0.1"
    config = written(home, organisation, f"{OPSGENIE},{pager.email},\n{OPSGENIE[:-1]}0,{private},\n")
    header, *rows = (home / "roster.csv").read_text().splitlines()
    cells = [row.split(",")[:6] for row in (header, *rows)]  # the roster says nothing of other tools
    (home / "roster.csv").write_text("".join(f"{','.join(row)}\n" for row in cells))
    config.write_text(config.read_text().replace("github:\n", "github:\n  sso: true\n"))
    elsewhere = [("pagerduty", pager.id), ("incident_io", incident_io.id), ("opsgenie", OPSGENIE)]
    for token in ("sandbox-incident-io", "wrong", "sandbox-incident-io"):
        monkeypatch.setenv("INCIDENT_IO_TOKEN", token)
        with open_night(load_settings(config), None) as night:
            import_roster(night)
            told = [
                each for each in night.log.texts(Message) if "nobody was linked by single sign-on" in each
            ]
            assert len(told) == (token == "wrong")
            person_id = night.vault.person_of(
                AccountKey("github", organisation.holding.github.accounts[login].id)
            )
            assert person_id
            assert [night.vault.person_of(AccountKey(*each)) for each in elsewhere] == [person_id] * 3
            assert night.vault.person_of(AccountKey("opsgenie", f"{OPSGENIE[:-1]}0")) is None


def test_a_mailbox_of_several_people_is_nobodys_own() -> None:
    accounts = [
        (AccountKey("github", "U1"), person("one", "one")),
        *((AccountKey("pagerduty", f"P{n}"), person(f"P{n}", f"P{n}")) for n in (1, 2)),
        (AccountKey("incident_io", "I1"), person("I1", "I1")),
    ]
    reached_at = {key: ["sre@acme.example"] for key, _ in accounts}
    assert suggestions(accounts, addresses=reached_at) == [], "four share it"
    found = suggestions(accounts[:3], addresses=reached_at)
    assert {one.is_unique for one in found} == {False}
    at_each_tool = [accounts[0], accounts[1], accounts[3]]
    found = suggestions(at_each_tool, addresses=reached_at)
    assert (len(found), {one.is_unique for one in found}) == (3, {True})


# --- builders -------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCIDENT_IO_TOKEN", "sandbox-incident-io")


def user(server: Running, number: int) -> tuple[Any, Any]:
    """Somebody whom PagerDuty and incident.io both know."""
    theirs = {one.email: one for one in server.holding.incident_io.users}
    found = [(one, theirs[one.email]) for one in server.holding.pagerduty.users if one.email in theirs]
    return found[number]


def written(home: Path, server: Running, rows: str, columns: str = "{id: id, address: username}") -> Path:
    (home / "users.csv").write_text(f"id,username,fullName\n{rows}")
    path = home / "sightline.yaml"
    (home / "roster.csv").write_text(server.holding.roster_csv)
    path.write_text(
        f"home: home\nroster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        f"  organisations: [{server.holding.organization}]\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\nincident_io:\n  base_url: {server.base}/incident-io\n"
        f"files:\n  - {{name: opsgenie-users, kind: accounts, path: users.csv, accounts: opsgenie, "
        f"columns: {columns}}}\n"
    )
    return path


def known(config: Path, *accounts: Account) -> None:
    """A home whose vault knows these accounts and links none."""
    settings = load_settings(config)
    settings.home.mkdir()
    record_settings(settings)
    Vault(settings.vault_file).own_ids(accounts)
    Store(settings.warehouse_file).close()


def opsgenie() -> Account:
    return Account("opsgenie", OPSGENIE, OPSGENIE)


def person(name: str, login: str) -> StoredAccount:
    return StoredAccount(login, name, name, bot_by_type=False, bot_by_roster=False)


def run(config: Path, *arguments: str) -> str:
    found = CliRunner().invoke(cli, ["--config", str(config), "people", *arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def suggested(config: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(config, "suggest", "--format", "json"))["suggestions"]
    return found
