"""Which repositories of an organisation are read: by pattern, archived and forked ones by rule; and where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings, matches
from connectors.records import PullRequest
from sandbox.model import Account, Repository
from sandbox.model import PullRequest as TheirPull
from sandbox.server import running
from sandbox.world import World

ALL = ["api-core", "api-old", "docs", "fork", "web", "web-legacy"]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, ["api-core", "docs", "web", "web-legacy"]),
        ({"include": ("api-*", "web")}, ["api-core", "web"]),
        ({"include": ("ACME/API-*",)}, ["api-core"]),
        ({"include": ("other/api-*",)}, []),
        ({"exclude": ("*-legacy", "docs")}, ["api-core", "web"]),
        ({"include": ("web*",), "exclude": ("acme/web-legacy",)}, ["web"]),
        ({"archived": "all"}, ["api-core", "api-old", "docs", "web", "web-legacy"]),
        ({"archived": "none", "since": None}, ["api-core", "docs", "web", "web-legacy"]),
        ({"archived": "recent", "since": None}, ["api-core", "api-old", "docs", "web", "web-legacy"]),
        ({"forks": "all"}, ["api-core", "docs", "fork", "web", "web-legacy"]),
    ],
)
def test_which_repositories_of_an_organisation_are_read(chosen: dict[str, Any], names: list[str]) -> None:
    with reading(**chosen) as github:
        assert [name.removeprefix("acme/") for name in github.scopes()] == names


def test_a_pattern_that_lets_nothing_in_is_told() -> None:
    with reading(include=("web", "ap-*")) as github:
        github.scopes()
        assert github.remarks == ["github.include: no repository of acme matches 'ap-*'; check the spelling"]


def test_what_a_rule_keeps_out_is_told_apart_from_what_is_no_longer_listed() -> None:
    with reading(archived="none", exclude=("docs",)) as github:
        github.scopes()
        assert github.left_out == {"acme/api-old", "acme/docs"}


def test_a_repository_named_by_hand_is_read_whatever_it_is_unless_it_is_excluded() -> None:
    with reading(repositories=("acme/fork", "acme/api-old"), exclude=("api-*",), include=("web",)) as github:
        assert github.scopes() == ("acme/fork", "acme/web")


@pytest.mark.parametrize("pattern", ["", "a b", "a/b/c", "/api"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match="a pattern is written like"):
        GitHubSettings(exclude=(pattern,))


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        ("acme/api", "api", True),
        ("acme/API", "api", True),
        ("acme/api", "acme/*", True),
        ("acme/api", "a?i", True),
        ("acme/api-x", "api", False),
        ("api/core", "api", False),
    ],
)
def test_a_pattern_is_about_the_name_unless_it_has_an_owner(name: str, pattern: str, fits: bool) -> None:
    assert matches(name, pattern) is fits


def test_an_enterprise_server_without_limits_is_read_like_any_other() -> None:
    """Limits off: `rateLimit` is null, no limit stands in any header, and /rate_limit is 404."""
    with reading(points_an_hour=0) as github:
        [scope] = [name for name in github.scopes() if name == "acme/web"]
        found = [root for batch in github.fetch(scope, None) for root in batch.roots]
    assert [root.pull_request_id for root in found if isinstance(root, PullRequest)] == ["P_web"]


def test_the_sandbox_without_limits_speaks_of_none() -> None:
    with running(a_world(), points_an_hour=0) as server:
        status, headers, _ = server.get("/api/v3/rate_limit")
        answer = server.query("{ rateLimit { cost } viewer { login } }")
    assert (status, [name for name in headers if "ratelimit" in name]) == (404, [])
    assert answer["data"]["rateLimit"] is None


# --- builders ---


def a_world() -> World:
    """Six repositories: one archived for a year, one a fork, each with a pull request."""
    world = World()
    owner = world.add_account(Account("O", "acme", "Organization"))
    for number, name in enumerate(ALL):
        place = Repository(f"R_{name}", owner, name, is_archived=name == "api-old", is_fork=name == "fork")
        world.add_repository(place)
        at = "2025-03-01T10:00:00Z" if name == "api-old" else "2026-08-01T10:00:00Z"
        pull = TheirPull(id=f"P_{name}", repository=place, number=number + 1, author=None, title="", body="",
                         created_at=at, updated_at=at)  # fmt: skip
        place.pull_requests.append(pull)
        world.index(pull)
    return world


@contextmanager
def reading(*, points_an_hour: int = 5_000, **chosen: Any) -> Iterator[GitHub]:
    with running(a_world(), points_an_hour=points_an_hour) as server:
        asked = {"organisations": ("acme",), "since": date(2026, 1, 1), **chosen}
        settings = GitHubSettings(base_url=server.github, token=SecretStr("sandbox-token"), **asked)
        with GitHub(settings) as github:
            yield github
