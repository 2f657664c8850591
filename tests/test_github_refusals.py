"""What GitHub refuses or takes away while it is read: a gap with a name, and never taken for deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLError, build_schema

from connectors.github.api.client import ABOUT_ONE_OBJECT, Client
from connectors.github.by_id import MissingField
from connectors.github.complete_lists import complete_lists
from connectors.github.connector import GitHub
from connectors.github.payloads import CHECKS, REASONS, REVIEW_STATES, STATES
from connectors.github.settings import GitHubSettings
from sandbox import model
from sandbox.server import Running, running
from sandbox.world import World

SCOPE = "acme/queue"
SCHEMA = Path(__file__).parents[1] / "sandbox" / "schema.graphql"


@pytest.fixture
def server() -> Iterator[Running]:
    with running(a_world()) as started:
        yield started


# --- one object that may not be read ------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(ABOUT_ONE_OBJECT - {"NOT_FOUND"}))
@pytest.mark.parametrize(("kind", "refused"), [("pull_requests", "PR_1"), ("issues", "I_1")])
def test_what_may_not_be_read_is_a_gap_and_not_deleted(
    server: Running, monkeypatch: pytest.MonkeyPatch, kind: Any, refused: str, code: str
) -> None:
    def state(_: object) -> str:
        raise GraphQLError("Not for you.", extensions={"type": code})

    monkeypatch.setattr(
        model.PullRequest if kind == "pull_requests" else model.Issue, "state", property(state)
    )
    with GitHub(asked(server), lambda _: None) as github:
        batches = list(github.hydrate(SCOPE, kind, [refused]))
    assert [batch.gone for batch in batches] == [()]
    assert {(gap.kind, gap.reason) for batch in batches for gap in batch.gaps} == {(kind, code.lower())}


# --- lists that end before their end ------------------------------------------------------------------------

LISTS = [
    ("pull_requests", "files", "pull_requests"),
    ("pull_requests", "commits", "commits"),
    ("pull_requests", "reviews", "reviews"),
    ("pull_requests", "reviewThreads", "review_threads"),
    ("pull_requests", "events", "pull_request_events"),
    ("pull_requests", "closingIssuesReferences", "closing_references"),
    ("issues", "labels", "issues"),
    ("issues", "assignees", "issue_assignees"),
    ("issues", "timelineItems", "issue_events"),
    ("issues", "comments", "comments"),
    ("incidents", "labels", "issues"),
    ("incidents", "assignees", "issue_assignees"),
    ("incidents", "timelineItems", "incident_actions"),
    ("incidents", "comments", "comments"),
]
"""Kind, list, and the table that misses rows without the rest of it."""


@pytest.mark.parametrize("turned_into", ["nothing", "another object"])
@pytest.mark.parametrize(("kind", "name", "table"), LISTS)
def test_a_list_that_vanishes_while_it_is_read_is_a_gap_in_its_table(
    server: Running, kind: str, name: str, table: str, turned_into: str
) -> None:
    object_id = "GONE" if turned_into == "nothing" else "U_ana"
    payload = {"id": object_id, name: half_read()}
    assert complete_lists(Client(asked(server)), [payload], kind) == [
        MissingField(object_id, table, "not_found")
    ]


def test_the_comments_of_a_thread_that_vanishes_are_a_gap_of_its_pull_request(server: Running) -> None:
    payload = {"id": "PR_1", "reviewThreads": {"nodes": [{"id": "GONE", "comments": half_read()}]}}
    payload["reviewThreads"]["pageInfo"] = {"hasNextPage": False}
    missing = complete_lists(Client(asked(server)), [payload], "pull_requests")
    assert missing == [MissingField("PR_1", "review_comments", "not_found")]


# --- every word that GitHub has for it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "enum", "left_out"),
    [
        (STATES, "PullRequestState", set()),
        (REVIEW_STATES, "PullRequestReviewState", {"PENDING"}),
        (REASONS, "IssueStateReason", {"REOPENED"}),
        (CHECKS, "StatusState", set()),
    ],
)
def test_every_value_that_github_documents_has_a_meaning(
    words: dict[str, str], enum: str, left_out: set[str]
) -> None:
    documented = build_schema(SCHEMA.read_text(), assume_valid=True).type_map[enum]
    assert isinstance(documented, GraphQLEnumType)
    assert {*words} == {*documented.values} - left_out


# --- builders -----------------------------------------------------------------------------------------------


def half_read() -> dict[str, Any]:
    return {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "a"}}


def asked(server: Running) -> GitHubSettings:
    return GitHubSettings(base_url=server.github, repositories=(SCOPE,), token="sandbox-token")


def a_world() -> World:
    world = World()
    acme = world.add_account(model.Account("O_acme", "acme", kind="Organization"))
    ana = world.add_account(model.Account("U_ana", "ana"))
    repository = world.add_repository(model.Repository("R_queue", acme, "queue"))
    when = "2026-01-05T12:00:00Z"
    common: dict[str, Any] = {"repository": repository, "author": ana, "body": "", "created_at": when}
    pull = model.PullRequest(id="PR_1", number=1, title="Keep it in order", updated_at=when, **common)
    issue = model.Issue(id="I_1", number=2, title="Out of order", updated_at=when, **common)
    repository.pull_requests.append(pull)
    repository.issues.append(issue)
    world.index(pull)
    world.index(issue)
    return world
