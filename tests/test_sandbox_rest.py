"""The sandbox's REST is what a typed GitHub client expects of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from github import Auth, Github, GithubException
from github.GithubRetry import GithubRetry

from sandbox.organisation.build import organisation
from sandbox.server import Running, running


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    holding = organisation("rest", until=date(2026, 5, 20), teams=2, people=14, quarters=1, repositories=3)
    with running(holding) as found:
        yield found


@pytest.fixture
def client(server: Running) -> Iterator[Github]:
    found = typed(server)
    yield found
    found.close()


def test_a_typed_client_reads_a_pull_request_and_what_hangs_below_it(server: Running, client: Github) -> None:
    expected = server.holding.github.nodes[server.holding.traps["several-reviews-by-one-person"][0]]
    repository = client.get_repo(expected.repository.name_with_owner)
    found = repository.get_pull(expected.number)
    assert found.node_id == expected.id
    assert found.additions == expected.additions
    assert [review.node_id for review in found.get_reviews()] == [review.id for review in expected.reviews]
    assert [file.filename for file in found.get_files()] == [file.path for file in expected.files]
    assert found.get_commits().totalCount == len(expected.commits)
    assert found.merged_by.login == expected.merged_by.login


def test_a_listed_pull_request_completes_itself_with_another_request(server: Running, client: Github) -> None:
    repository = client.get_repo("tidewater-works/monorepo")
    listed = repository.get_pulls(state="all", sort="created", direction="asc")[0]
    before = rest_requests(server)
    assert listed.additions == server.holding.github.nodes[listed.node_id].additions
    assert rest_requests(server) == before + 1


def test_pages_are_linked_until_the_last(server: Running) -> None:
    path, numbers = "/api/v3/repos/tidewater-works/monorepo/pulls?state=all&per_page=20", []
    while path:
        _, headers, body = server.get(path)
        numbers += [pull["number"] for pull in body]
        following = re.search(r'<([^>]+)>; rel="next"', headers.get("link", ""))
        path = following[1].removeprefix(server.base) if following else ""
    held = server.holding.github.repositories["tidewater-works/monorepo"].pull_requests
    assert sorted(numbers) == sorted(pull.number for pull in held)


def test_the_comment_feeds_hold_what_was_updated_since(server: Running) -> None:
    pulls = server.holding.github.repositories["tidewater-works/monorepo"].pull_requests
    comments = [comment for pull in pulls for comment in pull.review_comments if comment.state == "SUBMITTED"]
    since = "2026-04-20T00:00:00Z"
    path = f"/api/v3/repos/tidewater-works/monorepo/pulls/comments?since={since}&per_page=100"
    expected = {each.id for each in comments if each.updated_at >= since}
    found: set[str] = set()
    for page in range(1, 20):
        body = server.get(f"{path}&page={page}")[2]
        found |= {comment["node_id"] for comment in body}
        if len(body) < 100:
            break
    assert found == expected
    assert 0 < len(found) < len(comments)


def test_the_commits_of_a_pull_request_stop_at_250(server: Running) -> None:
    pull = server.holding.github.nodes[server.holding.traps["more-than-a-page-of-commits"][0]]
    assert len(pull.commits) > 250
    path = f"/api/v3/repos/{pull.repository.name_with_owner}/pulls/{pull.number}/commits?per_page=100&page="
    assert [len(server.get(f"{path}{page}")[2]) for page in (1, 2, 3, 4)] == [100, 100, 50, 0]


def test_a_pending_review_has_no_submission_date(server: Running) -> None:
    review = server.holding.github.nodes[server.holding.traps["pending-review"][1]]
    pull = review.pull_request
    path = f"/api/v3/repos/{pull.repository.name_with_owner}/pulls/{pull.number}/reviews?per_page=100"
    [found] = [each for each in server.get(path)[2] if each["node_id"] == review.id]
    assert found["state"] == "PENDING"
    assert "submitted_at" not in found


def test_a_former_repository_name_is_redirected_and_a_client_follows(server: Running, client: Github) -> None:
    name = server.holding.github.repositories["tidewater-lab/model-training"].name_with_owner
    status, headers, _ = server.get("/api/v3/repos/tidewater-lab/model-training")
    assert (status, "/repositories/" in headers["location"]) == (301, True)
    assert (
        client.get_repo("tidewater-lab/model-training").full_name == name == "tidewater-works/model-training"
    )


def test_a_robot_has_its_suffix_in_rest_only(server: Running) -> None:
    assert server.get("/api/v3/users/merge-queue[bot]")[2]["login"] == "merge-queue[bot]"
    answer = server.query('{ repositoryOwner(login: "tidewater-works") { login } }')
    assert answer["data"]["repositoryOwner"]["login"] == "tidewater-works"


@pytest.mark.parametrize("token", ["", "sandbox-nobody", "ghp_other", "sandbox-merge-queue"])
def test_any_other_token_is_refused(server: Running, token: str) -> None:
    status, _, body = server.get("/api/v3/user", token=token)
    assert (status, body["message"]) == (401, "Bad credentials")


def test_a_persons_token_says_who_they_are(server: Running) -> None:
    login = next(iter(server.holding.github.accounts.values())).login
    person = server.holding.roster_csv.splitlines()[1].partition(",")[0]
    assert server.get("/api/v3/user", token=f"sandbox-{person}")[2]["login"] == person
    assert server.get("/api/v3/user")[2]["login"] == login


def test_an_app_gets_a_token_that_expires_and_works(server: Running) -> None:
    status, _, body = server.post("/api/v3/app/installations/1/access_tokens", {}, token="aa.bb.cc")
    assert status == 201
    assert datetime.fromisoformat(body["expires_at"]) > datetime.now(UTC)
    assert server.get("/api/v3/user", token=body["token"])[0] == 200
    repositories = server.get("/api/v3/installation/repositories", token=body["token"])[2]
    assert repositories["total_count"] == 3


def test_what_is_not_there_is_404(server: Running, client: Github) -> None:
    with pytest.raises(GithubException) as error:
        client.get_repo("tidewater-works/nothing")
    assert error.value.status == 404
    assert server.get("/api/v3/repos/tidewater-works/monorepo/pulls/999999")[0] == 404


def typed(server: Running) -> Github:
    """PyGithub without its own waiting."""
    return Github(
        base_url=server.github,
        auth=Auth.Token("sandbox-token"),
        retry=GithubRetry(total=0),
        seconds_between_requests=0,
        seconds_between_writes=0,
    )


def rest_requests(server: Running) -> int:
    count: int = server.get("/_sandbox/stats")[2]["requests"]["rest"]
    return count
