"""Discussions arrive whole, where they are wanted, and what is marked later is found, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from connectors.records import Batch, Discussion, Gap, Inventory, Issue
from sandbox import model
from sandbox.discussions import IDEAS, QUESTIONS, DiscussionComment
from sandbox.discussions import Discussion as Asked
from sandbox.graphql_context import NotFound
from sandbox.mutations import now
from sandbox.server import running
from sandbox.world import World
from warehouse.ledger import differences
from warehouse.store import Store
from warehouse.vault import Vault

SCOPE = "acme/queue"


def test_more_than_a_page_of_discussions_arrives_complete() -> None:
    with fetching(a_world(130)) as github:
        batches = list(github.fetch(SCOPE, None))
        found = discussions(batches)
    assert len(found) == 130
    assert all(batch.gaps == () for batch in batches)
    answered = found["D_2"]
    assert [who and who.login for who in (answered.author, answered.answered_by, answered.marked_by)] == [
        "ana",
        "ben",
        "ana",
    ]
    assert (found["D_1"].answered_on, found["D_3"].is_proposal) == (None, True)


def test_a_new_discussion_comes_with_the_next_fetch_and_the_old_ones_do_not() -> None:
    world = a_world(3)
    with fetching(world) as github:
        cursor = list(github.fetch(SCOPE, None))[-1].cursor
        world.add_discussion(a_discussion(world, 4, at=now()))
        assert set(discussions(list(github.fetch(SCOPE, cursor)))) == {"D_4"}


def test_an_answer_that_is_marked_later_and_moves_nothing_is_counted_and_asked_for(tmp_path: Path) -> None:
    world = a_world(3)
    store, vault = Store(tmp_path / "warehouse.duckdb"), Vault(tmp_path / "vault.duckdb")
    with fetching(world) as github:
        store.write("github", SCOPE, list(github.fetch(SCOPE, None)), vault)
        assert differences(store, "github", SCOPE, list(github.inventory(SCOPE))) == []
        mark(world, world.nodes["D_1"], bump=False)
        missed = differences(store, "github", SCOPE, list(github.inventory(SCOPE)))
        assert [(each.object_id, each.reason) for each in missed] == [("D_1", "counts_differ")]
        again = discussions(list(github.hydrate(SCOPE, "discussions", ["D_1"])))
    assert again["D_1"].answered_by is not None
    store.close()


def test_discussions_that_are_not_wanted_are_not_asked_for() -> None:
    with fetching(a_world(3), discussions=False) as github:
        assert "discussions" not in github.yields
        assert discussions(list(github.fetch(SCOPE, None))) == {}
        assert {one.kind for one in github.inventory(SCOPE)} == set()


def test_discussions_that_may_not_be_read_are_a_gap_and_everything_else_is_read_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_world(3)
    for number in (11, 12, 13):
        add_issue(world, number)
    monkeypatch.setattr(model.Repository, "discussions", property(_refused))
    with fetching(world) as github:
        batches = list(github.fetch(SCOPE, None))
        assert {gap.kind for batch in batches for gap in batch.gaps} == {"discussions"}
        assert [root.issue_id for root in issues(batches)] == ["I_11", "I_12", "I_13"]
        told = list(github.inventory(SCOPE))
    assert [each.kind for each in told if isinstance(each, Gap)] == ["discussions"]
    assert {each.object_id for each in told if isinstance(each, Inventory)} == {"I_11", "I_12", "I_13"}


def test_what_is_stored_of_a_list_that_may_no_longer_be_read_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world(3)
    store, vault = Store(tmp_path / "warehouse.duckdb"), Vault(tmp_path / "vault.duckdb")
    with fetching(world) as github:
        store.write("github", SCOPE, list(github.fetch(SCOPE, None)), vault)
        assert len(list(github.inventory(SCOPE))) == 3
        monkeypatch.setattr(model.Repository, "discussions", property(_refused))
        [gap] = github.inventory(SCOPE)
    assert isinstance(gap, Gap)
    assert differences(store, "github", SCOPE, [], unlisted={gap.kind}) == []
    assert [each.reason for each in differences(store, "github", SCOPE, [])] == ["vanished"] * 3
    store.close()


def test_repositories_that_keep_discussions_from_a_token_are_still_asked_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_world(3)
    monkeypatch.setattr(model.Repository, "discussions", property(_refused))
    with fetching(world) as github:
        list(github.fetch(SCOPE, None))
        assert github.spent()[0] == 2


def test_an_organisation_that_has_switched_them_off_is_not_asked_about_them() -> None:
    world = a_world(0)
    world.repositories[SCOPE].has_discussions_enabled = False
    with fetching(world, repositories=(), organisations=("acme",)) as github:
        for scope in github.scopes():
            assert [batch.gaps for batch in github.fetch(scope, None)] == [()]
        assert github.spent() == (2, 2)


# --- builders -------------------------------------------------------------------------------------------


@contextmanager
def fetching(world: World, **chosen: Any) -> Iterator[GitHub]:
    with running(world) as server:
        asked = {"base_url": server.github, "repositories": (SCOPE,), "token": "sandbox-token"} | chosen
        with GitHub(GitHubSettings(**asked)) as github:
            yield github


def discussions(batches: list[Batch]) -> dict[str, Discussion]:
    roots = [root for batch in batches for root in batch.roots if isinstance(root, Discussion)]
    return {root.discussion_id: root for root in roots}


def issues(batches: list[Batch]) -> list[Issue]:
    found = [root for batch in batches for root in batch.roots if isinstance(root, Issue)]
    return sorted(found, key=lambda issue: issue.issue_id)


def add_issue(world: World, number: int) -> None:
    at = f"2026-02-{number}T08:00:00Z"
    issue = model.Issue(
        id=f"I_{number}", repository=world.repositories[SCOPE], number=number, author=world.accounts["ana"],
        title="It broke", body="", created_at=at, updated_at=at,
    )  # fmt: skip
    world.repositories[SCOPE].issues.append(issue)
    world.add(issue)
    world.index(issue)


def a_world(count: int) -> World:
    """`acme/queue` with discussions D_1, D_2 ... by ana; the even ones are answered by ben."""
    world = World()
    acme = world.add_account(model.Account("O_acme", "acme", kind="Organization"))
    for login in ("ana", "ben"):
        world.add_account(model.Account(f"U_{login}", login))
    world.add_repository(model.Repository("R_queue", acme, "queue", has_discussions_enabled=True))
    for number in range(1, count + 1):
        at = f"2026-01-{1 + number % 28:02}T08:00:00Z"
        found = world.add_discussion(a_discussion(world, number, at=at))
        if number % 2 == 0:
            mark(world, found)
    return world


def a_discussion(world: World, number: int, *, at: str) -> Asked:
    repository, ana = world.repositories[SCOPE], world.accounts["ana"]
    category = IDEAS if number % 3 == 0 else QUESTIONS
    return Asked(f"D_{number}", repository, number, ana, "Which one?", "", at, category, updated_at=at)


def mark(world: World, found: Asked, *, bump: bool = True) -> None:
    answer = DiscussionComment(
        f"DC_{found.id}", world.accounts["ben"], "2026-02-01T08:00:00Z", "That.", found
    )
    found.comments.append(world.add(answer))
    found.answer, found.answer_chosen_by, found.answer_chosen_at = answer, found.author, answer.created_at
    if bump:
        found.updated_at = answer.created_at


def _refused(repository: model.Repository) -> None:
    raise NotFound(f"{repository.name} may not be read")
