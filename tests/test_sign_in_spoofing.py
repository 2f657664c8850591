"""Who proves to be whom, through the real command line, against the true host and a spoofed one.

The spoofed GitHub says that every token is the victim's. It is also a proxy: it answers what is for others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
import requests

from config.settings import Settings, load_settings
from flows.context import open_night
from flows.night import run_night
from privacy.erasing import erase
from sandbox.server import Running

WINDOW = ["--window", "2026Q3"]
ITEM = "code-fluency-reviews"
MALLORYS = "a-token-of-no-account"
"""Only the spoofed GitHub accepts it."""


class Spoof(NamedTuple):
    """A GitHub that answers everything as the victim."""

    url: str
    asked: list[str]
    """The paths it was asked for; a proxy is asked for a complete address."""


class Place(NamedTuple):
    """A home after a night, and the people of this story."""

    config: Path
    home: Path
    victim: str
    """Has a report, and is officer, resolver and keeper."""
    mallory: str
    """Has a report and no role."""
    contest: str
    """Open, of a third person."""
    accounts: tuple[str, str]
    """Two accounts that a keeper may link."""
    spoof: Spoof

    @property
    def commands(self) -> dict[str, list[str]]:
        """What the victim may do, and nobody else."""
        return {
            "report": ["me", *WINDOW, "--format", "json"],
            "export": ["me", "export"],
            "break-glass": ["privacy", "break-glass", self.mallory, "--because", "complaint", *WINDOW],
            "resolve": ["contests", "resolve", self.contest, "--upheld"],
            "link": ["people", "link", *self.accounts],
        }


@pytest.fixture(scope="module")
def after_a_night(organisation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("spoofed")
    with urllib.request.urlopen(f"{organisation.control}/roster.csv") as answer:
        rows = answer.read().decode().splitlines()
    # three people left out of the roster: their accounts are nobody's yet
    logins = list(dict.fromkeys(row.split(",")[0] for row in rows[1:] if not row.split(",")[4]))
    victim, mallory, third, *_, one, other = logins
    kept = [row for row in rows if row.split(",")[0] != other]
    (folder / "roster.csv").write_text("\n".join([*kept, ""]))
    config = folder / "sightline.yaml"
    config.write_text(settings_text(organisation, folder / "roster.csv", victim))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        night(config)
    contested = sightline(
        config, "me", "contest", ITEM, "--because", "not-me", *WINDOW, token=f"sandbox-{third}"
    )
    assert contested.returncode == 0, contested.stderr
    contest = contested.stdout.split("contest ")[1].split(";")[0]
    account = account_of(folder / "home", victim)
    with spoofed({"login": victim, "node_id": account, "type": "User"}) as spoof:
        accounts = (f"github:{other}", f"github:{one}")
        yield Place(config, folder / "home", victim, mallory, contest, accounts, spoof)


@pytest.fixture
def place(after_a_night: Place, tmp_path: Path) -> Place:
    """A copy of that home."""
    folder = shutil.copytree(after_a_night.config.parent, tmp_path / "copy")
    after_a_night.spoof.asked.clear()
    return after_a_night._replace(config=folder / "sightline.yaml", home=folder / "home")


# --- the four ways ----------------------------------------------------------------------------------------


def test_the_control_whoever_the_true_host_names_may(place: Place) -> None:
    for name, command in place.commands.items():
        done = sightline(place.config, *command, token=f"sandbox-{place.victim}")
        assert (name, done.returncode, done.stderr) == (name, 0, "")
    assert place.spoof.asked == []
    assert contest_state(place) == "upheld"


@pytest.mark.parametrize(
    "way",
    ["environment", "second config", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
)
def test_a_reader_cannot_choose_the_host_that_says_who_they_are(
    place: Place, way: str, tmp_path: Path
) -> None:
    config, variables = place.config, dict[str, str]()
    match way:
        case "environment":
            variables = {"SIGHTLINE_GITHUB__BASE_URL": f"{place.spoof.url}/api/v3"}
        case "second config":
            config = second_config(place, tmp_path, base_url=f"{place.spoof.url}/api/v3")
        case proxy:
            variables = {proxy: place.spoof.url}
    before = audit_actions(place)
    for name, command in place.commands.items():
        done = sightline(config, *command, token=MALLORYS, **variables)
        assert (name, done.returncode, done.stdout) == (name, 3, "")
        assert "does not accept" in done.stderr
    assert place.spoof.asked == []
    assert contest_state(place) == "open"
    assert audit_actions(place) == before


def test_a_reader_without_a_token_is_told_what_is_missing(place: Place) -> None:
    done = sightline(place.config, "me", token="")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("GITHUB_TOKEN is not set")


@pytest.mark.parametrize("way", ["environment", "second config"])
def test_a_reader_cannot_give_themselves_a_role(place: Place, way: str, tmp_path: Path) -> None:
    config, variables = place.config, dict[str, str]()
    roles = {name: [place.mallory] for name in ("officers", "resolvers", "keepers")}
    if way == "environment":
        variables = {f"SIGHTLINE_{name.upper()}": json.dumps(logins) for name, logins in roles.items()}
    else:
        config = second_config(place, tmp_path, **roles)
    before = audit_actions(place)
    command = place.commands | {
        "break-glass": ["privacy", "break-glass", place.victim, "--because", "complaint", *WINDOW]
    }
    codes = {"break-glass": 3, "resolve": 3, "link": 2}
    for name, code in codes.items():
        done = sightline(config, *command[name], token=f"sandbox-{place.mallory}", **variables)
        assert (name, done.returncode, done.stdout) == (name, code, "")
        assert "keepers, officers, resolvers changed since the last night" in done.stderr
    assert contest_state(place) == "open"
    assert audit_actions(place) == before


def test_reports_are_delivered_to_the_keys_of_the_true_host(place: Place, tmp_path: Path) -> None:
    spoofed = {"SIGHTLINE_GITHUB__BASE_URL": f"{place.spoof.url}/api/v3", "http_proxy": place.spoof.url}
    done = sightline(place.config, "deliver", "--to", tmp_path / "out", token="sandbox-token", **spoofed)
    assert done.returncode == 0, done.stderr
    assert place.spoof.asked == []


# --- other settings that decide what is opened ------------------------------------------------------------


@pytest.mark.parametrize("way", ["another folder of erasures", "link to the home", "path with dots"])
def test_an_erased_person_is_not_served_from_a_backup_whatever_a_reader_names(
    place: Place, tmp_path: Path, way: str
) -> None:
    shutil.copytree(place.home, tmp_path / "backup")
    erase(load_settings(place.config), place.victim, lambda _: None, lambda _: None)
    shutil.rmtree(place.home)
    (tmp_path / "backup").rename(place.home)
    (tmp_path / "link").symlink_to(place.home)
    named = {
        "another folder of erasures": {"SIGHTLINE_ERASURES": str(tmp_path / "nowhere")},
        "link to the home": {"SIGHTLINE_HOME": str(tmp_path / "link")},
        "path with dots": {"SIGHTLINE_HOME": f"{place.home}/published/.."},
    }[way]
    done = sightline(place.config, "me", *WINDOW, token=f"sandbox-{place.victim}", **named)
    assert (done.returncode, done.stdout) == (3, "")
    assert "no report is kept" in done.stderr


def test_the_agreement_in_force_decides_and_not_the_one_a_reader_names(place: Place, tmp_path: Path) -> None:
    agreed = (place.home / "agreement.yaml").read_text()
    assert "opt_out: bands and evidence" in agreed
    (tmp_path / "agreement.yaml").write_text(
        agreed.replace("opt_out: bands and evidence", "opt_out: nothing")
    )
    variables = {"SIGHTLINE_AGREEMENT": str(tmp_path / "agreement.yaml")}
    usual = sightline(place.config, "me", "opt-out", token=f"sandbox-{place.victim}")
    done = sightline(place.config, "me", "opt-out", token=f"sandbox-{place.mallory}", **variables)
    assert (done.returncode, done.stdout) == (0, usual.stdout)


def test_a_folder_of_links_to_the_home_is_no_home(place: Place, tmp_path: Path) -> None:
    lookalike = tmp_path / "lookalike"
    lookalike.mkdir()
    for path in place.home.iterdir():
        (lookalike / path.name).symlink_to(path)
    done = sightline(
        place.config, "me", "export", token=f"sandbox-{place.mallory}", SIGHTLINE_HOME=str(lookalike)
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a link or belongs to another account" in done.stderr


def test_settings_that_another_account_wrote_count_for_nothing(place: Place) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(place.home / "settings.json", 65534, 65534)
    done = sightline(place.config, "me", "export", token=f"sandbox-{place.mallory}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a link or belongs to another account" in done.stderr


def test_personal_mode_opens_no_home_of_a_service(place: Place) -> None:
    spoofed = {"SIGHTLINE_GITHUB__BASE_URL": f"{place.spoof.url}/api/v3"}
    done = sightline(place.config, "me", "--solo", "--home", place.home, token=MALLORYS, **spoofed)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is the home of a service" in done.stderr


# --- what a night records ---------------------------------------------------------------------------------


def test_a_home_whose_nights_recorded_nothing_yet_asks_for_a_night(place: Place) -> None:
    (place.home / "settings.json").unlink()
    for command in place.commands.values():
        done = sightline(place.config, *command, token=f"sandbox-{place.victim}")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"{place.home}: no night has recorded its settings here yet; run `sightline nightly` once\n"
        )


@pytest.mark.parametrize("text", ["", "[]", '{"officers": 1}', '{"no_setting": true}'])
def test_a_record_that_no_night_wrote_asks_for_a_night(place: Place, text: str) -> None:
    (place.home / "settings.json").write_text(text)
    done = sightline(place.config, "me", "export", token=f"sandbox-{place.victim}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "run `sightline nightly`, which writes it again" in done.stderr


def test_a_new_officer_is_one_from_the_next_night_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.config.write_text(place.config.read_text().replace(f"officers: [{place.victim}]",
                                                             f"officers: [{place.mallory}]"))  # fmt: skip
    command = ["privacy", "break-glass", place.victim, "--because", "complaint", *WINDOW]
    done = sightline(place.config, *command, token=f"sandbox-{place.mallory}")
    assert done.returncode == 3
    assert f"{place.config}: officers changed since the last night; this command goes by what" in done.stderr
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    night(place.config)
    done = sightline(place.config, *command, token=f"sandbox-{place.mallory}")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_record_is_for_its_owner_alone_and_holds_no_secret(place: Place) -> None:
    path = place.home / "settings.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["officers"] == [place.victim]
    assert "token" not in path.read_text()


def test_an_erased_officer_is_taken_off_the_record(place: Place) -> None:
    erase(load_settings(place.config), place.victim, lambda _: None, lambda _: None)
    record = json.loads((place.home / "settings.json").read_text())
    assert (record["officers"], record["resolvers"], record["keepers"]) == ([], [], [])


def test_everything_in_the_settings_but_secrets_is_read_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.settings import settings_from, without_secrets

    for name in ("GITHUB_TOKEN", "GITHUB_MORE_TOKENS", "PAGERDUTY_TOKEN", "INCIDENT_IO_TOKEN"):
        monkeypatch.setenv(name, "canary-1,canary-2")
    (tmp_path / "sightline.yaml").write_text(EVERYTHING)
    settings = load_settings(tmp_path / "sightline.yaml")
    assert {name for name in Settings.model_fields if name not in settings.model_fields_set} == {
        "github_teams"
    }
    text = json.dumps(without_secrets(settings))
    assert "canary" not in text
    monkeypatch.setenv("SIGHTLINE_OFFICERS", '["mallory"]')
    read_back = settings_from(json.loads(text), settings.home)
    assert read_back.model_dump() == settings.model_dump()


# --- the network ------------------------------------------------------------------------------------------


def test_the_proxy_that_a_night_recorded_is_used(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.config.write_text(f"{place.config.read_text()}sign_in:\n  proxy: {place.spoof.url}\n")
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    night(place.config)
    assert place.spoof.asked == []
    done = sightline(place.config, *place.commands["export"], token=MALLORYS, HTTP_PROXY="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    assert [asked.rpartition("/")[2] for asked in place.spoof.asked] == ["user"]


def test_no_variable_says_whom_to_trust_or_where_to_send_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.network import SignIn, use_network_of

    (tmp_path / "netrc").write_text("machine github.example.com login x password y\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_CA_BUNDLE",
                 "CURL_CA_BUNDLE", "SSL_CERT_FILE"):  # fmt: skip
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert network_of("https://github.example.com") != UNTOUCHED
    use_network_of(SignIn())
    assert network_of("https://github.example.com") == UNTOUCHED
    use_network_of(SignIn(ca_file=tmp_path / "ours.pem"))
    assert network_of("https://github.example.com") == ({}, str(tmp_path / "ours.pem"), None)


UNTOUCHED: tuple[dict[str, str], str | bool, None] = ({}, True, None)


def network_of(url: str) -> tuple[dict[str, str], str | bool | None, Any]:
    """Proxies, trusted authorities and credentials that `requests` would take for this address."""
    found = requests.Session().merge_environment_settings(url, {}, None, None, None)
    return dict(found["proxies"]), found["verify"], requests.utils.get_netrc_auth(url)


# --- builders ---------------------------------------------------------------------------------------------


def settings_text(server: Running, roster: Path, role: str) -> str:
    return (
        f"home: home\nroster: {roster}\nofficers: [{role}]\nresolvers: [{role}]\nkeepers: [{role}]\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        "  since: 2026-07-01\n"
    )


def second_config(place: Place, folder: Path, base_url: str = "", **roles: list[str]) -> Path:
    """Another settings file for the same home."""
    path = folder / "mallory.yaml"
    lines = []
    for line in place.config.read_text().splitlines():
        name = line.partition(":")[0].strip()
        if name == "base_url" and base_url:
            lines.append(f"  base_url: {base_url}")
        elif name in roles:
            lines.append(f"{name}: {json.dumps(roles[name])}")
        elif name == "home":
            lines.append(f"home: {place.home}")
        else:
            lines.append(line)
    path.write_text("\n".join([*lines, ""]))
    return path


def night(config: Path) -> None:
    with open_night(load_settings(config), date(2026, 11, 22)) as opened:
        run_night(opened)


def spoofed(user: dict[str, str]) -> Any:
    from contextlib import contextmanager

    asked: list[str] = []

    class Victim(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(user).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    @contextmanager
    def serving() -> Iterator[Spoof]:
        with ThreadingHTTPServer(("127.0.0.1", 0), Victim) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield Spoof(f"http://127.0.0.1:{server.server_address[1]}", asked)
            server.shutdown()

    return serving()


def sightline(
    config: Path, *arguments: object, token: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "--config", str(config), *map(str, arguments)],
        env={**os.environ, "GITHUB_TOKEN": token, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def account_of(home: Path, login: str) -> str:
    with duckdb.connect(home / "vault.duckdb", read_only=True) as con:
        [(account,)] = con.execute(
            "select account_id from accounts where source = 'github' and login = ?", [login]
        ).fetchall()
    return str(account)


def contest_state(place: Place) -> str:
    with duckdb.connect(place.home / "rights.duckdb", read_only=True) as con:
        [(state,)] = con.execute(
            "select state from contests where contest_id = ?", [place.contest]
        ).fetchall()
    return str(state)


def audit_actions(place: Place) -> list[str]:
    """What the log holds beside nights: nothing, unless a command opened or decided something."""
    lines = (place.home / "audit.jsonl").read_text().splitlines()
    return [json.loads(line)["action"] for line in lines]


EVERYTHING = """\
prefect_server_without_authentication: true
home: home
hr_export: {columns: {login: GitHub, team: Team, from: Begins}}
roster: roster.csv
rubric_map: map.yaml
rubric_maps: [maps]
signals: [own]
agreement: agreement.yaml
github:
  base_url: https://github.example.com/api/v3
  organisations: [acme]
  include: [api-*]
  since: 2026-01-01
  labels: {incident: [outage]}
  bots: [release-train]
github_incidents: {repositories: [acme/operations], labels: [incident]}
github_postmortems: {repositories: [acme/postmortems]}
pagerduty: {since: 2026-01-01}
incident_io: {since: 2026-01-01}
files:
  - {name: tickets, path: tickets.csv, kind: incidents, columns: {id: Key, opened: Created}}
audit_anchor: elsewhere/anchor
erasures: elsewhere/erasures
resolvers: [ada]
officers: [ben]
keepers: [eve]
sign_in: {proxy: "http://proxy.example.com:3128", ca_file: ours.pem}
schedule: 0 4 * * *
"""
