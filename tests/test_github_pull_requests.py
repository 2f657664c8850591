"""What happens to a pull request besides reviews arrives whole, over real HTTP, for the same price."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from graphql import GraphQLError

from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from connectors.records import Gap, PullRequest, Reverted
from sandbox import commits, model
from sandbox.server import running
from sandbox.world import World

SCOPE = "acme/queue"


def test_what_happened_to_a_pull_request_arrives_in_order() -> None:
    world = a_world()
    happen(world, "ReviewRequestedEvent", "ana", 1, requested_reviewer=world.accounts["ben"])
    happen(world, "ReviewRequestedEvent", "ana", 2, requested_reviewer=world.nodes["T_core"])
    happen(world, "ReviewRequestRemovedEvent", "ana", 3, requested_reviewer=world.nodes["T_core"])
    happen(world, "ConvertToDraftEvent", "ana", 4)
    happen(world, "ReadyForReviewEvent", "ana", 5)
    happen(world, "AddedToMergeQueueEvent", "ben", 6)
    happen(world, "MergedEvent", "queue", 7)
    happen(world, "RenamedTitleEvent", "ana", 8, previous_title="a", current_title="b")
    found = fetched(world)
    assert [(each.kind, each.actor and each.actor.login, each.is_team) for each in found.events] == [
        ("review_requested", "ana", False),
        ("review_requested", "ana", True),
        ("review_request_removed", "ana", True),
        ("converted_to_draft", "ana", False),
        ("ready_for_review", "ana", False),
        ("queued_to_merge", "ben", False),
        ("merged", "queue", False),
    ]
    assert [each.position for each in found.events] == sorted(each.position for each in found.events)


def test_more_than_a_page_of_comments_and_events_arrives_complete() -> None:
    world = a_world()
    pull, ben = world.nodes["PR_1"], world.accounts["ben"]
    for number in range(130):
        happen(world, "ReviewRequestedEvent", "ana", number, requested_reviewer=ben)
        pull.comments.append(model.Comment(f"IC_{number}", ben, at(number), "Go on.", pull))
    found = fetched(world)
    assert (len(found.events), len(found.comments), found.comments_total) == (130, 130, 130)


def test_checks_are_those_of_the_head_when_review_was_first_asked() -> None:
    world = a_world()
    commit(world, "C_before", 0, "FAILURE")
    commit(world, "C_after", 30, "SUCCESS")
    assert fetched(world).checks_at_review == "failed"


def test_a_head_that_nothing_checked_is_not_an_unknown_one() -> None:
    world = a_world()
    commit(world, "C_before", 0, None)
    assert fetched(world).checks_at_review == "none"
    assert fetched(a_world()).checks_at_review == "unknown"


def test_a_force_push_does_not_hide_what_was_there_before_it() -> None:
    world = a_world()
    before = world.add(commits.Commit("C_gone", "gone", at(0), "", [], checks="FAILURE"))
    commit(world, "C_after", 30, "SUCCESS")
    happen(world, "HeadRefForcePushedEvent", "ana", 31, before_commit=before)
    assert fetched(world).checks_at_review == "failed"


def test_a_token_that_may_not_read_checks_says_so_of_them_and_leaves_nothing_else_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_world()
    commit(world, "C_before", 0, "SUCCESS")
    monkeypatch.setattr(commits.Commit, "status_check_rollup", property(_refused))
    gaps: list[Gap] = []
    found = fetched(world, gaps)
    assert (found.checks_at_review, gaps) == ("refused", [])


def test_branch_milestone_merge_and_what_is_taken_back_are_told_without_their_words() -> None:
    world = a_world()
    pull = world.nodes["PR_1"]
    pull.title, pull.body = 'Revert "Keep it in order"', "Reverts acme/queue#7"
    pull.milestone = model.Milestone("MI_1", 1, "Before the summer")
    pull.merge_commit = world.add(commits.Commit("C_merge", "abc123", at(3), "", []))
    pull.base_ref_name = "release-2"
    pull.files = [commits.ChangedFile("libs/queue.py"), commits.ChangedFile("services/api.py")]
    found = fetched(world)
    assert found.is_in_milestone
    assert not found.is_on_default_branch
    assert (found.merge_commit_id, found.reverted) == ("abc123", (Reverted(7, None),))
    assert found.touches_team_tools
    assert not fetched(world, team_tools=("tools",)).touches_team_tools


@pytest.mark.parametrize("folder", ["", "/", "libs/*", "a b"])
def test_the_teams_tools_are_folders(folder: str) -> None:
    with pytest.raises(ValueError, match="team_tools are folders like libs"):
        GitHubSettings(team_tools=(folder,))


def test_checks_are_asked_about_for_one_point_whatever_the_number() -> None:
    world = a_world()
    commit(world, "C_before", 0, "SUCCESS")
    with fetching(world) as github:
        list(github.fetch(SCOPE, None))
        # what there is, the pull requests, and what hangs below them
        assert github.spent() == (3, 3)


# --- builders -------------------------------------------------------------------------------------------


def fetched(world: World, gaps: list[Gap] | None = None, **chosen: Any) -> PullRequest:
    world.index(world.nodes["PR_1"])
    with fetching(world, **chosen) as github:
        batches = list(github.fetch(SCOPE, None))
    told = [gap for batch in batches for gap in batch.gaps]
    if gaps is None:
        assert told == []
    else:
        gaps += told
    (found,) = [root for batch in batches for root in batch.roots if isinstance(root, PullRequest)]
    return found


@contextmanager
def fetching(world: World, **chosen: Any) -> Iterator[GitHub]:
    with running(world) as server:
        asked = {"base_url": server.github, "repositories": (SCOPE,), "token": "sandbox-token"} | chosen
        with GitHub(GitHubSettings(**asked)) as github:
            yield github


def a_world() -> World:
    """`acme/queue` with one open pull request by ana, opened at minute 1."""
    world = World()
    acme = world.add_account(model.Account("O_acme", "acme", kind="Organization"))
    for login in ("ana", "ben"):
        world.add_account(model.Account(f"U_{login}", login))
    world.add_account(model.Account("BOT_queue", "queue", kind="Bot"))
    world.add(model.Team("T_core", "Core", "core", "acme"))
    repository = world.add_repository(model.Repository("R_queue", acme, "queue"))
    pull = model.PullRequest(
        id="PR_1",
        repository=repository,
        number=12,
        author=world.accounts["ana"],
        title="Keep it in order",
        body="",
        created_at=at(1),
        updated_at=at(1),
    )
    repository.pull_requests.append(pull)
    world.index(pull)
    return world


def happen(world: World, kind: str, who: str, minute: int, **details: Any) -> None:
    event = model.Event(f"EV_{kind}_{minute}", kind, world.accounts[who], at(minute), details)
    world.nodes["PR_1"].events.append(event)


def commit(world: World, key: str, minute: int, checks: str | None) -> None:
    made = world.add(commits.Commit(key, key, at(minute), "", [], checks=checks))
    world.nodes["PR_1"].commits.append(commits.PullRequestCommit(f"PRC_{key}", made, world.nodes["PR_1"]))


def at(minute: int) -> str:
    return f"2026-01-05T{8 + minute // 60:02}:{minute % 60:02}:00Z"


def _refused(_commit: commits.Commit) -> None:
    raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
