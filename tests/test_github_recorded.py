"""Repositories as they really are, recorded from production: nothing of them is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from connectors.records import Issue, PullRequest
from sandbox.recorded import load
from sandbox.server import running

SHARED = Path(__file__).parents[1].parent / "shared" / "data"
LIBRARY = SHARED / "github-rest-secp256k1"
DRAFTS = SHARED / "github-graphql-ietf"


@pytest.mark.skipif(not LIBRARY.exists(), reason="the recorded repository is not on this machine")
def test_all_of_a_long_lived_repository_arrives_within_the_budget() -> None:
    world = load(LIBRARY)
    scope = next(iter(world.repositories.values())).name_with_owner
    with running(world) as server, GitHub(settings(server.github)) as github:
        roots = [root for batch in github.fetch(scope, None) for root in batch.roots]
        first = github.spent()
        listed = list(github.inventory(scope))
    pulls = {root.pull_request_id: root for root in roots if isinstance(root, PullRequest)}
    issues = {root.issue_id: root for root in roots if isinstance(root, Issue)}
    assert (len(pulls), len(issues)) == (1_308, 517)
    assert (_reviews(list(pulls.values())), _comments(list(pulls.values()))) == (2_592, 6_018)
    assert first[0] <= 140
    assert first[1] <= 150
    assert {one.object_id for one in listed} == set(pulls) | set(issues)


@pytest.mark.skipif(not DRAFTS.exists(), reason="the recorded repositories are not on this machine")
def test_all_of_four_repositories_of_documents_arrives() -> None:
    world = load(DRAFTS)
    held = {repository.name_with_owner: repository for repository in world.repositories.values()}
    assert len(held) == 4
    with running(world) as server, GitHub(settings(server.github)) as github:
        for scope, repository in held.items():
            roots = [root for batch in github.fetch(scope, None) for root in batch.roots]
            pulls = [root for root in roots if isinstance(root, PullRequest)]
            issues = [root for root in roots if isinstance(root, Issue)]
            assert {pull.number for pull in pulls} == {pull.number for pull in repository.pull_requests}
            assert {issue.number for issue in issues} == {issue.number for issue in repository.issues}
            assert _reviews(pulls) == sum(len(pull.reviews) for pull in repository.pull_requests)
            assert _comments(pulls) == sum(len(pull.review_comments) for pull in repository.pull_requests)


def _reviews(pulls: list[PullRequest]) -> int:
    return sum(len(pull.reviews) for pull in pulls)


def _comments(pulls: list[PullRequest]) -> int:
    return sum(len(thread.comments) for pull in pulls for thread in pull.threads)


def settings(address: str) -> GitHubSettings:
    return GitHubSettings(base_url=address, token="sandbox-token")
