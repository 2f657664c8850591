"""An organisation made when asked for is the same whenever it is asked, and answers like any other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from pydantic import SecretStr

from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from connectors.records import Batch, PullRequest
from sandbox.organisation.vast import AT_HAND, VastWorld, vast
from sandbox.server import running

TODAY = date(2026, 11, 22)


def test_a_repository_that_was_put_away_comes_back_as_it_was() -> None:
    world = a_world(AT_HAND + 2)
    before = world.places[0].pull_requests
    for place in world.places[1:]:
        assert place.pull_requests
    after = world.places[0].pull_requests
    assert before[0] is not after[0]
    assert [facts(pull) for pull in before] == [facts(pull) for pull in after]


def test_everything_is_found_by_its_id() -> None:
    world = a_world(3)
    for pull in world.places[1].pull_requests:
        parts = [pull, *pull.reviews, *pull.threads, *pull.comments, *(each.commit for each in pull.commits)]
        assert [world.nodes.get(part.id) for part in parts] == parts
    assert [world.nodes.get(name) for name in ("PR_v3_1", "PR_v1_9", "PR_v1_0", "nobody")] == [None] * 4


def test_a_connector_reads_it_like_any_other_and_sees_what_was_touched() -> None:
    holding = vast(2, pulls_each=4, people=8, until=TODAY)
    assert isinstance(holding.github, VastWorld)
    with running(holding) as server:
        settings = GitHubSettings(
            base_url=server.github, organisations=("tidewater-works",), token=SecretStr("sandbox-token")
        )
        with GitHub(settings) as github:
            first, second = github.scopes()
            batches = list(github.fetch(first, None))
            assert len(pull_requests(batches)) == 4
            holding.github.touch(0, 2, datetime.now(UTC))
            [again] = pull_requests(github.fetch(first, batches[-1].cursor))
            assert len(list(github.fetch(second, None))) == 1
    assert (again.pull_request_id, len(again.reviews)) == ("PR_v0_2", 3)


# --- builders ---


def a_world(repositories: int) -> VastWorld:
    world = vast(repositories, pulls_each=4, people=8, until=TODAY).github
    assert isinstance(world, VastWorld)
    return world


def pull_requests(batches: Iterable[Batch]) -> list[PullRequest]:
    return [root for batch in batches for root in batch.roots if isinstance(root, PullRequest)]


def facts(pull: object) -> list[object]:
    return [getattr(pull, name) for name in ("id", "author", "created_at", "updated_at", "state")] + [
        [(part.id, part.created_at) for part in getattr(pull, name)]
        for name in ("reviews", "comments", "threads")
    ]
