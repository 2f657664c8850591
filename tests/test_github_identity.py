"""Who is behind a token, a login, an app; and what the settings refuse."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr, ValidationError

from connectors.errors import Refused, Unreachable
from connectors.github.accounts import resolve_logins, whoami
from connectors.github.api.client import Client
from connectors.github.api.documents import document
from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from connectors.records import Account
from sandbox import model
from sandbox.server import Running, running
from sandbox.world import World


def test_a_token_tells_whose_it_is(server: Running) -> None:
    assert whoami(server.github, SecretStr("sandbox-ana")) == Account("github", "U_ana", "ana")


def test_a_token_that_is_none_is_refused(server: Running) -> None:
    with pytest.raises(Refused, match="does not accept the credentials"):
        whoami(server.github, "wrong")


def test_nobody_is_known_where_nobody_answers() -> None:
    with pytest.raises(Unreachable):
        whoami("http://127.0.0.1:9", "t0ken")


def test_logins_are_resolved_and_unknown_ones_absent(server: Running) -> None:
    found = resolve_logins(settings(server), ["ana", "Ben", "nobody", "not a login", "ana"])
    assert found == {
        "ana": Account("github", "U_ana", "ana"),
        "Ben": Account("github", "U_ben", "ben"),
    }


def test_a_hundred_logins_are_one_request(server: Running) -> None:
    for number in range(150):
        server.holding.github.add_account(model.Account(f"U_{number}", f"person-{number}"))
    before = _requests(server)
    found = resolve_logins(settings(server), [f"person-{number}" for number in range(150)])
    assert (len(found), _requests(server) - before) == (150, 2)


def test_nobody_to_resolve_is_no_request(server: Running) -> None:
    before = _requests(server)
    assert resolve_logins(settings(server), []) == {}
    assert _requests(server) == before


def test_an_app_reads_with_a_token_that_is_minted_once(server: Running, private_key: str) -> None:
    asked = {"token": None, "app_id": "1", "app_installation_id": 2, "app_private_key": private_key}
    client = Client(settings(server, **asked))
    before = _requests(server)
    with ThreadPoolExecutor(max_workers=8) as threads:
        told = list(threads.map(lambda _: client.graphql(document("alive"), {}).data, range(8)))
    client.close()
    assert len(told) == 8
    assert _requests(server) - before == 8 + 1


def test_an_app_key_that_is_none_is_refused_in_one_sentence(server: Running) -> None:
    asked = {"token": None, "app_id": "1", "app_installation_id": 2, "app_private_key": "no key"}
    with GitHub(settings(server, **asked)) as github, pytest.raises(Refused, match="PEM") as raised:
        list(github.fetch("acme/queue", None))
    assert "no key" not in str(raised.value)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"repositories": ["queue"]}, "written owner/name; not so: 'queue'"),
        ({"repositories": ["a/b/c"]}, "written owner/name"),
        ({"base_url": "api.github.com"}, "an address like"),
        ({"base_url": "http://github.example"}, "must use https"),
        ({"base_url": "https://me:secret@github.example"}, "an address only"),
        ({"page_size": 0}, "greater than or equal to 1"),
        ({"page_size": 101}, "less than or equal to 100"),
        ({"labels": {"incidents": []}}, "labels"),
        ({"app_installation_id": 1}, "needs app_id"),
        ({"token": "t", "app_id": "1", "app_installation_id": 2, "app_private_key": "k"}, "not both"),
        ({"repos": []}, "not permitted"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        GitHubSettings(**wrong)


def test_one_kind_of_label_can_be_changed_and_the_others_stay() -> None:
    labels = GitHubSettings(labels={"incident": ("sev",)}).labels
    assert (labels["incident"], "bug" in labels["bug"]) == (("sev",), True)


def test_no_since_means_everything_there_is() -> None:
    assert GitHubSettings().starts_on == date(2008, 1, 1)


def test_settings_print_no_token() -> None:
    assert "t0ken" not in repr(GitHubSettings(token="t0ken"))


# --- builders ---------------------------------------------------------------------------------------


def settings(server: Running, **chosen: Any) -> GitHubSettings:
    return GitHubSettings(**{"base_url": server.github, "token": "sandbox-token"} | chosen)


@pytest.fixture
def server() -> Iterator[Running]:
    world = World()
    world.add_account(model.Account("O_acme", "acme", "Organization"))
    world.install("acme", number=2)
    for login in ("ana", "ben"):
        world.add_account(model.Account(f"U_{login}", login))
    with running(world) as found:
        yield found


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _requests(server: Running) -> int:
    counts = server.sandbox.stats()["requests"]
    return int(counts["graphql"] + counts["rest"])
