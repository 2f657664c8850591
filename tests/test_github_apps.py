"""A GitHub App in several organisations, and tokens that see different repositories, over real HTTP."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from compare_homes import different_tables
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from graphql import GraphQLError

from config.settings import load_settings
from connectors.contract import Connector
from connectors.errors import BadInput, PayloadBroken, RateLimited, Refused
from connectors.github.accounts import resolve_logins
from connectors.github.api.access import INSTALLATIONS_A_PAGE
from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from connectors.records import Batch, Gap, Inventory, PullRequest
from flows.collect import list_scopes
from flows.concurrency import side_by_side
from flows.context import open_night
from flows.night import fetch_everything
from flows.run_log import Refusal
from flows.step import run_step
from sandbox import model
from sandbox.faults import FAULTS
from sandbox.organisation.load import load
from sandbox.server import Running, running
from warehouse.completeness import source_window
from warehouse.statuses import statuses

FIRST, SECOND = "heavy-load", "other-load"
PULLS = 12


def test_an_app_and_its_key_read_every_organisation_through_its_own_installation(
    server: Running, private_key: str
) -> None:
    with GitHub(as_app(server, private_key)) as github:
        scopes = github.scopes()
        pulls = {scope: pull_requests(github.fetch(scope, None)) for scope in scopes}
        assert {scope: len(found) for scope, found in pulls.items()} == {
            f"{FIRST}/service-0": PULLS // 2,
            f"{SECOND}/service-1": PULLS // 2,
        }
        hydrated = github.hydrate(f"{SECOND}/service-1", "pull_requests", ["PR_load_1"])
        assert pull_requests(hydrated) == ["PR_load_1"]
        assert len(tokens(server)) == 2, "one for each installation, whatever it was asked"
        assert github.accounts(["U_load_1"])[0][0].login == "engineer-01"
        assert len(tokens(server)) == 2


def test_installations_are_listed_to_their_last_page(server: Running, private_key: str) -> None:
    world = server.holding.github
    world.installations.clear()
    for number in range(INSTALLATIONS_A_PAGE):
        login = f"elsewhere-{number}"
        world.add_account(model.Account(f"O_{number}", login, "Organization"))
        world.install(login)
    world.install(SECOND)
    with GitHub(as_app(server, private_key, organisations=(SECOND,))) as github:
        assert github.scopes() == (f"{SECOND}/service-1",)


def test_each_installation_has_its_own_hour_and_a_plan_counts_all_of_them(private_key: str) -> None:
    """Listing, what moved last, the pull requests and their co-authors: four points an organisation.

    One token has to list both, is told of both what moved last, and has then too little left.
    """
    with running(two_organisations(), points_an_hour=6) as server:
        with GitHub(as_app(server, private_key)) as github:
            scopes = github.scopes()
            plan = github.plan(dict.fromkeys(scopes))
            assert plan.budget == (8, 12)
            for scope in scopes:
                assert len(pull_requests(github.fetch(scope, None))) == PULLS // 2
            assert github.spent()[1] == 8 + 1, "and one request for the list of installations"
        with GitHub(as_token(server, wait_limit_seconds=0)) as github:
            first, second = github.scopes()
            list(github.fetch(first, None))
            with pytest.raises(RateLimited):
                list(github.fetch(second, None))


def test_an_organisation_without_the_app_is_said_and_the_other_one_is_read(
    server: Running, home: Path, private_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.holding.github.installations.pop()
    held, refused = fetched(written(home, server, "  app_id: 1\n", private_key, monkeypatch))
    (said,) = refused
    assert f"is not installed with '{SECOND}'" in said
    assert f"(it is with {FIRST}); install it there" in said
    assert held == {f"{FIRST}/service-0": (True, PULLS // 2), SECOND: (False, 0)}


def test_what_an_organisation_that_was_never_listed_has_is_not_called_absent(
    server: Running, home: Path, private_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is listed: then nothing is left of its name, and its repositories are read whole."""
    world = server.holding.github
    missing = world.installations.pop()
    config = written(home, server, "  app_id: 1\n", private_key, monkeypatch)
    for _ in range(2):
        fetched(config)
        assert not trusted(config), "one organisation that is whole does not make up for another"
    world.installations.append(missing)
    complete = {f"{FIRST}/service-0": (True, PULLS // 2), f"{SECOND}/service-1": (True, PULLS // 2)}
    assert fetched(config) == (complete, [])
    assert trusted(config)


def test_whoever_reads_a_repository_for_nobody_says_why_nobody_can(
    server: Running, home: Path, private_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = server.holding.github
    world.add_account(model.Account("O_third", "third-load", "Organization", database_id=4))
    config = written(
        home, server, "  app_id: 1\n  repositories: [third-load/service-9]\n", private_key, monkeypatch
    )
    held, (said,) = fetched(config)
    assert "is not installed with 'third-load'" in said
    assert {scope for scope, (is_complete, _) in held.items() if is_complete} == {
        f"{FIRST}/service-0",
        f"{SECOND}/service-1",
    }


def test_a_suspended_installation_is_said_and_loses_nothing(
    server: Running, home: Path, private_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(home, server, "  app_id: 1\n", private_key, monkeypatch)
    complete = {f"{FIRST}/service-0": (True, PULLS // 2), f"{SECOND}/service-1": (True, PULLS // 2)}
    assert fetched(config) == (complete, [])
    server.holding.github.installations[1].suspended_at = "2026-11-20T10:00:00Z"
    held, refused = fetched(config)
    assert held == complete | {f"{SECOND}/service-1": (False, PULLS // 2)}
    assert "is suspended since 2026-11-20" in refused[0]


def test_an_app_that_is_installed_nowhere_is_refused(server: Running, private_key: str) -> None:
    for one in server.holding.github.installations:
        one.account.login = None  # type: ignore[assignment]  # as GitHub says it of an enterprise
    with GitHub(as_app(server, private_key)) as github, pytest.raises(Refused, match="installed nowhere"):
        github.scopes()


def test_a_repository_that_was_not_selected_is_not_there_and_its_installation_is_named(
    server: Running, private_key: str
) -> None:
    world = server.holding.github
    hidden = world.add_repository(model.Repository("R_hidden", world.accounts[FIRST], "hidden", 77))
    world.installations[0].selected = frozenset({"service-0"})
    with GitHub(as_app(server, private_key)) as github:
        assert hidden.name_with_owner not in github.scopes()
        with pytest.raises(Refused, match=f"installation with '{FIRST}' for selected repositories") as raised:
            list(github.fetch(hidden.name_with_owner, None))
        assert hidden.name_with_owner in str(raised.value)


def test_a_token_that_ends_in_the_middle_is_minted_again_once(server: Running, private_key: str) -> None:
    with GitHub(as_app(server, private_key, page_size=1)) as github:
        fetch = github.fetch(f"{FIRST}/service-0", None)
        batches = [next(fetch)]
        server.sandbox.tokens.expire()
        batches += list(fetch)
        assert len(pull_requests(batches)) == PULLS // 2
        assert len(tokens(server)) == 2


@pytest.mark.parametrize("name", sorted(name for name, where in FAULTS.items() if where == "any"))
@pytest.mark.parametrize("skip", [0, 1])
def test_a_bad_answer_to_the_app_itself_loses_nothing(
    name: str, skip: int, server: Running, private_key: str
) -> None:
    """The first request lists the installations, the second mints a token."""
    server.sandbox.faults.switch(name, 1, where="rest", skip=skip, seconds=0)
    with GitHub(as_app(server, private_key, wait_limit_seconds=900), lambda _: None) as github:
        assert sum(len(pull_requests(github.fetch(scope, None))) for scope in github.scopes()) == PULLS


def test_an_app_key_that_is_no_key_is_refused_before_anything_is_asked(server: Running) -> None:
    with GitHub(as_app(server, "no key")) as github, pytest.raises(Refused, match="PEM") as raised:
        github.scopes()
    assert "no key" not in str(raised.value)


def test_logins_are_resolved_by_whatever_installation_there_is(server: Running, private_key: str) -> None:
    server.holding.github.installations[0].suspended_at = "2026-11-20T10:00:00Z"
    found = resolve_logins(as_app(server, private_key), ["engineer-01"])
    assert found["engineer-01"].account_id == "U_load_1"


def test_more_tokens_beside_an_app_are_a_mistake_of_the_settings(
    server: Running, home: Path, private_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(home, server, "  app_id: 1\n", private_key, monkeypatch)
    monkeypatch.setenv("GITHUB_MORE_TOKENS", "sandbox-engineer-01")
    with pytest.raises(BadInput, match="GITHUB_MORE_TOKENS"), open_night(load_settings(config), None):
        pass


# --- tokens that see different repositories ---


def test_tokens_that_see_different_repositories_are_each_asked_for_theirs(server: Running) -> None:
    with GitHub(as_two_tokens(server)) as github:
        scopes = github.scopes()
        assert len(scopes) == 2
        for scope in scopes:
            assert len(pull_requests(github.fetch(scope, None))) == PULLS // 2
            assert len(list(github.inventory(scope))) == PULLS // 2


def test_repositories_that_are_named_are_looked_for_in_one_request_a_token(server: Running) -> None:
    named = (f"{FIRST}/service-0", f"{SECOND}/service-1", f"{FIRST}/nothing")
    with GitHub(as_two_tokens(server, organisations=(), repositories=named)) as github:
        scopes = github.scopes()
        assert github.spent()[0] == 2
        for scope in scopes[:2]:
            assert len(pull_requests(github.fetch(scope, None))) == PULLS // 2
        with pytest.raises(Refused, match="no repository"):
            list(github.fetch(scopes[2], None))


def test_what_no_token_can_see_any_more_is_not_gone(server: Running) -> None:
    world = server.holding.github
    with GitHub(as_two_tokens(server)) as github:
        github.scopes()
        world.sees_only["engineer-02"] = frozenset({"nowhere"})
        with pytest.raises(Refused, match="no repository"):
            list(github.hydrate(f"{SECOND}/service-1", "pull_requests", ["PR_load_1"]))


def test_one_of_several_tokens_that_is_refused_is_named(server: Running) -> None:
    with GitHub(as_token(server, more_tokens=("sandbox-nobody",)), lambda _: None) as github:
        scopes = github.scopes()
        assert "does not accept the credentials of token 2 of 2" in str(github.refused[0])
        assert sum(len(pull_requests(github.fetch(scope, None))) for scope in scopes) == PULLS


def test_a_token_that_single_sign_on_keeps_out_is_named_and_not_taken_for_a_stranger(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees = server.sandbox.tokens.sees

    def kept_out(token: str, repository: model.Repository) -> bool:
        if token == "sandbox-engineer-02":
            raise GraphQLError("Resource protected by organization SAML", extensions={"type": "FORBIDDEN"})
        return sees(token, repository)

    monkeypatch.setattr(server.sandbox.tokens, "sees", kept_out)
    with GitHub(as_two_tokens(server, organisations=(FIRST,))) as github:
        assert github.scopes() == (f"{FIRST}/service-0",)
        (said,) = map(str, github.refused)
        assert f"does not list what '{FIRST}' has to the credentials of token 2 of 2 (forbidden)" in said
        assert github.unlisted == (FIRST,)


def test_a_night_by_installations_stores_what_a_night_by_one_token_does(
    server: Running, home: Path, private_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "app").mkdir()
    (home / "token").mkdir()
    assert fetched(written(home / "app", server, "  app_id: 1\n", private_key, monkeypatch))[1] == []
    assert fetched(written(home / "token", server, ""))[1] == []
    compared = different_tables(home / "app/sightline-home", home / "token/sightline-home")
    assert {table: found for table, found in compared.items() if not found[2]} == {}
    assert compared["reviews"][0] == 3 * PULLS


# --- several sources at once ---


def test_sources_are_waited_for_at_the_same_time_and_stored_one_after_another() -> None:
    both = threading.Barrier(2, timeout=30)
    working = threading.Lock()
    read: Counter[str] = Counter()

    def store(source: Any, scopes: Sequence[str], _lock: Any) -> None:
        for _ in source.fetch(scopes[0], None):
            assert working.acquire(blocking=False), "two threads would write at once"
            read[scopes[0]] += 1
            working.release()

    side_by_side([(Source(both), ["a"]), (Source(both), ["b"])], store)
    assert read == {"a": 3, "b": 3}


def test_a_source_that_fails_stops_the_others_and_is_what_is_raised() -> None:
    read = []

    def store(source: Any, scopes: Sequence[str], _lock: Any) -> None:
        for _ in source.fetch(scopes[0], None):
            read.append(scopes[0])
            if scopes[0] == "a":
                raise PayloadBroken("it broke")

    with pytest.raises(PayloadBroken, match="it broke"):
        side_by_side([(Source(), ["a"]), (Source(batches=10**9), ["b"])], store)
    assert read.count("a") == 1


# --- builders ---


class Source(Connector):
    """A source of so many batches; each comes when as many threads wait as the barrier asks for."""

    source = "made up"
    yields = ()
    since = date(2026, 1, 1)

    def __init__(self, barrier: threading.Barrier | None = None, batches: int = 3) -> None:
        self._barrier = barrier
        self._batches = batches

    def scopes(self) -> Sequence[str]:
        return ()

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        del scope, cursor
        for _ in range(self._batches):
            if self._barrier:
                self._barrier.wait()
            yield Batch((), "")

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        del scope, kind, object_ids
        yield from ()

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        del scope
        yield from ()


def two_organisations() -> Any:
    """A load of two repositories, the second of which is another organisation's."""
    holding = load(PULLS, 2)
    world = holding.github
    other = world.add_account(model.Account("O_other", SECOND, "Organization", database_id=3))
    moved = world.repositories.pop(f"{FIRST}/service-1")
    moved.owner.repositories.remove(moved)
    moved.owner = other
    world.add_repository(moved)
    world.install(FIRST)
    world.install(SECOND)
    return holding


@pytest.fixture
def server() -> Iterator[Running]:
    with running(two_organisations()) as started:
        yield started


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def as_app(server: Running, key: str, **chosen: Any) -> GitHubSettings:
    told = {"base_url": server.github, "organisations": (FIRST, SECOND), "wait_limit_seconds": 0}
    return GitHubSettings(**told | {"app_id": "1", "app_private_key": key} | chosen)


def as_token(server: Running, **chosen: Any) -> GitHubSettings:
    told = {"base_url": server.github, "organisations": (FIRST, SECOND), "token": "sandbox-token"}
    return GitHubSettings(**told | chosen)


def as_two_tokens(server: Running, **chosen: Any) -> GitHubSettings:
    """Two people's tokens, each of which sees one of the organisations."""
    server.holding.github.sees_only = {
        "engineer-01": frozenset({FIRST}),
        "engineer-02": frozenset({SECOND}),
    }
    told = {"token": "sandbox-engineer-01", "more_tokens": ("sandbox-engineer-02",)}
    return as_token(server, **told | chosen)


def written(
    folder: Path,
    server: Running,
    more: str,
    key: str | None = None,
    monkeypatch: pytest.MonkeyPatch | None = None,
) -> Path:
    if monkeypatch and key:
        monkeypatch.setenv("GITHUB_APP_PRIVATE_KEY", key)
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n"
        f"  organisations: [{FIRST}, {SECOND}]\n{more}"
    )
    return path


def fetched(config: Path) -> tuple[dict[str, tuple[bool, int]], list[str]]:
    """Of each repository, once a night has read, whether it is whole, and its pull requests; refusals."""
    with open_night(load_settings(config), None) as opened:
        fetch_everything(opened, run_step, lambda _: None)
        states = statuses(opened.store, "github", opened.log.scopes["github"])
        held = {each["scope"]: (each["complete"], each["records"].get("pull_requests", 0)) for each in states}
        return held, opened.log.texts(Refusal)


def trusted(config: Path) -> bool:
    """Whether GitHub is whole for some former days, by what the last night of `fetched` left."""
    with open_night(load_settings(config), None) as opened:
        (github,) = opened.connectors
        list_scopes(opened, github)
        span = (date(2026, 1, 1), date(2026, 4, 1))
        return source_window(
            opened.store, "github", github.yields, opened.log.scopes["github"], span
        ).complete


def pull_requests(batches: Iterator[Batch] | Sequence[Batch]) -> list[str]:
    roots = [root for batch in batches for root in batch.roots]
    return [root.pull_request_id for root in roots if isinstance(root, PullRequest)]


def tokens(server: Running) -> list[str]:
    return list(server.sandbox.tokens.issued)
