"""Reports encrypted to the keys of their owners: who opens them, and what everybody else can see."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyrage
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from in_process import as_data, sightline

from app.delivery import HOW_TO, STEP
from config.settings import Settings, load_settings
from connectors.errors import BadInput
from flows.context import open_night
from flows.night import run_night
from people.rights import rights_of
from privacy.sealed import recipients, sealed
from sandbox.keys import public_keys
from sandbox.server import Running
from warehouse.vault_lookup import find_accounts


class Place(NamedTuple):
    config: Path
    settings: Settings
    to: Path
    usable: list[str]
    """Logins of people with a key that can be encrypted to."""
    others: list[str]
    """Logins of people without."""
    keys: dict[str, str]
    """The private key of everybody."""


@pytest.fixture(scope="module")
def place(organisation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("delivery")
    with urllib.request.urlopen(f"{organisation.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    config = folder / "sightline.yaml"
    config.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {organisation.github}\n"
        f"  organisations: [{organisation.holding.organization}]\n  since: 2026-10-01\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        settings = load_settings(config)
        with open_night(settings, date(2026, 11, 22)) as night:
            run_night(night)
        reported = {path.parent.name for path in (settings.published / "people").glob("*/2026Q4.json")}
        known = {
            account.login: account.account_id
            for person, accounts in find_accounts(settings.vault_file, "github").items()
            for account in accounts
            if person in reported
        }
        usable = [login for login, account in known.items() if recipients(public_keys(account))]
        keys = {login: private_key(organisation, login) for login in known}
        yield Place(config, settings, folder / "out", usable, sorted(set(known) - set(usable)), keys)


@pytest.fixture(autouse=True)
def _service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")


def test_everybody_opens_their_own_report_and_nobody_elses(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = delivered(place, place.to)
    assert f"{len(place.usable)} reports for 2026Q4" in said
    assert f"{len(place.others)} people have no SSH key" in said
    names = {path.name for path in place.to.glob("*.json.age")}
    assert len(names) == len(place.usable)
    for login in place.usable[:6]:
        identity = pyrage.ssh.Identity.from_buffer(place.keys[login].encode())
        opened = [
            body for name in sorted(names) if (body := opened_by(identity, place.to / name)) is not None
        ]
        monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")
        assert [json.loads(body) for body in opened] == [as_data(place.config, "me")]


def test_debians_age_opens_it_with_the_key_as_it_lies_in_a_home(place: Place, tmp_path: Path) -> None:
    if shutil.which("age") is None:
        pytest.skip("age is not installed here")
    delivered(place, place.to)
    key = tmp_path / "id_ed25519"
    key.touch(mode=0o600)
    key.write_text(place.keys[place.usable[0]])
    pages = [
        done.stdout
        for path in place.to.glob("*.html.age")
        if (
            done := subprocess.run(["age", "-d", "-i", key, path], capture_output=True, check=False)
        ).returncode
        == 0
    ]
    assert len(pages) == 1
    assert pages[0].startswith(b"<!doctype html>")


def test_what_lies_there_names_nobody_and_all_of_it_is_equally_long(place: Place) -> None:
    delivered(place, place.to)
    files = [path for path in place.to.iterdir() if path.name != HOW_TO]
    assert [
        path.name for path in files if not re.fullmatch(r"[0-9a-f]{32}\.(html|json)\.age", path.name)
    ] == []
    for ending in ("html", "json"):
        # what the headers differ by is the number of somebody's keys, which GitHub shows to everybody
        sizes = {path.stat().st_size // STEP for path in files if f".{ending}." in path.name}
        assert len(sizes) == 1
    everything = b"".join(path.read_bytes() for path in place.to.iterdir()) + repr(files).encode()
    assert [login for login in place.keys if login.encode() in everything] == []


def test_nothing_is_written_while_nothing_changed_and_everything_when_anything_did(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(place, place.to)
    before = contents(place.to)
    assert delivered(place, place.to).startswith("nothing changed")
    assert contents(place.to) == before
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{place.usable[0]}")
    sightline(place.config, "me", "note", "code-fluency-reviews", "Something new.")
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    delivered(place, place.to)
    after = contents(place.to)
    assert after.keys() == before.keys()
    assert [name for name in after if name != HOW_TO and after[name] == before[name]] == []


def test_whoever_is_gone_has_no_file_any_more(place: Place) -> None:
    delivered(place, place.to)
    with rights_of(place.settings) as own:
        (name,) = [each.name for each in own.deliveries().values() if each.sha256][:1]
        own.con.execute("delete from deliveries where name = ?", [name])
    stray = place.to / f"{'0' * 32}.html.age"
    stray.write_bytes(b"from a run that was killed")
    mine = place.to / "notes.html.age"
    mine.write_bytes(b"not ours")
    delivered(place, place.to)
    assert not stray.exists()
    assert not (place.to / f"{name}.html.age").exists()
    assert mine.exists()
    mine.unlink()
    assert delivered(place, place.to).startswith("nothing changed")


def test_everybody_is_told_where_their_report_lies_or_what_is_missing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(place, place.to)
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{place.usable[0]}")
    name = re.search(r"as ([0-9a-f]{32}\.html\.age)", sightline(place.config, "me", "delivery"))
    assert name
    assert (place.to / name[1]).exists()
    monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{place.others[0]}")
    assert "add one of ssh-ed25519" in sightline(place.config, "me", "delivery")


def test_a_login_that_somebody_else_took_gets_nothing(place: Place, tmp_path: Path) -> None:
    """The vault still knows an account by a login that another account has by now."""
    import duckdb

    first, second = place.usable[:2]
    with duckdb.connect(place.settings.vault_file) as con:
        con.execute("update accounts set login = ? where login = ? and source = 'github'", [second, first])
    try:
        delivered(place, tmp_path)
    finally:
        with duckdb.connect(place.settings.vault_file) as con:
            con.execute(
                "update accounts set login = ? where login = ? and account_id = ?",
                [first, second, account_of(place, first)],
            )
    assert len(list(tmp_path.glob("*.html.age"))) == len(place.usable) - 1


# --- the keys -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "further"])
def test_a_file_in_the_place_of_the_folder_is_told_and_nothing_counts_as_delivered(
    place: Place, tmp_path: Path, below: str
) -> None:
    (tmp_path / "file").write_text("")
    with rights_of(place.settings) as own:
        before = own.deliveries()
    with pytest.raises(BadInput, match="cannot be written"):
        delivered(place, tmp_path / "file" / below)
    with rights_of(place.settings) as own:
        assert own.deliveries() == before


def test_an_rsa_key_opens_what_was_sealed_to_it_and_one_too_short_is_as_good_as_none() -> None:
    key, short = (rsa.generate_private_key(65_537, bits) for bits in (2048, 1024))
    to = recipients([public(key)])
    identity = pyrage.ssh.Identity.from_buffer(private(key))
    assert pyrage.decrypt(sealed(b"a report", to), [identity]) == b"a report"
    assert recipients([public(short)]) == []


@pytest.mark.parametrize(
    "key", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa !!!", "sk-ssh-ed25519 AAAA", "-rf"]
)
def test_what_is_no_key_is_passed_over(key: str) -> None:
    assert recipients([key]) == []


def test_an_ecdsa_key_is_passed_over_and_nothing_is_sealed_to_nobody() -> None:
    assert recipients([public(ec.generate_private_key(ec.SECP256R1()))]) == []
    with pytest.raises(ValueError, match="nobody could open"):
        sealed(b"a report", [])


# --- builders -------------------------------------------------------------------------------------------


def delivered(place: Place, to: Path) -> str:
    return sightline(place.config, "deliver", "--to", to)


def private_key(organisation: Running, login: str) -> str:
    with urllib.request.urlopen(f"{organisation.control}/ssh-key/{login}") as answer:
        text: str = answer.read().decode()
    return text


def opened_by(identity: pyrage.ssh.Identity, path: Path) -> bytes | None:
    try:
        return bytes(pyrage.decrypt(path.read_bytes(), [identity]))
    except pyrage.DecryptError:
        return None


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def account_of(place: Place, login: str) -> str:
    with urllib.request.urlopen(
        urllib.request.Request(
            f"{place.settings.github.base_url}/users/{login}",  # type: ignore[union-attr]
            headers={"authorization": "token sandbox-token"},
        )
    ) as answer:
        return str(json.load(answer)["node_id"])


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode()
    )


def private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
