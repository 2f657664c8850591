"""Bad days come as ordered: the right fault, as often as asked, and then a good answer."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.faults import FAULTS
from sandbox.model import Account, PullRequest, Repository, Review, ReviewThread
from sandbox.server import Running, running
from sandbox.world import World

PULLS = """query($first: Int!) { repository(owner: "quay", name: "harbour") {
  pullRequests(first: $first) { nodes { number } } } }"""


@pytest.fixture
def server() -> Iterator[Running]:
    with running(harbour()) as found:
        yield found


@pytest.mark.parametrize(
    ("name", "status", "header", "word"),
    [
        ("bad_gateway", 502, None, "<html>"),
        ("rate_limited_403", 403, "x-ratelimit-reset", "rate limit exceeded"),
        ("secondary_403", 403, "retry-after", "secondary rate limit"),
        ("secondary_403_without_retry_after", 403, None, "secondary rate limit"),
        ("too_many_429", 429, "retry-after", "secondary rate limit"),
        ("too_many_429_without_retry_after", 429, None, "secondary rate limit"),
        ("unauthorized", 401, None, "Bad credentials"),
        ("server_error", 500, None, "Server Error"),
        ("rate_limited_200", 200, None, "RATE_LIMITED"),
    ],
)
def test_a_fault_comes_once_and_then_the_answer(
    server: Running, name: str, status: int, header: str | None, word: str
) -> None:
    switch(server, name=name)
    found, headers, body = ask(server)
    assert (found, word in str(body)) == (status, True)
    assert header is None or header in headers
    assert ("retry-after" in headers) == (header == "retry-after")
    assert ask(server)[2]["data"]["repository"]["pullRequests"]["nodes"] != []


def test_a_spent_budget_says_zero_and_when_it_is_complete_again(server: Running) -> None:
    switch(server, name="rate_limited_403", seconds=7)
    _, headers, _ = ask(server)
    assert headers["x-ratelimit-remaining"] == "0"
    assert int(headers["x-ratelimit-reset"]) > 0


def test_a_cut_body_ends_before_it_was_promised_to(server: Running) -> None:
    switch(server, name="truncated_body")
    with pytest.raises(http.client.IncompleteRead):
        ask(server)
    assert ask(server)[0] == 200


def test_a_dropped_connection_has_no_answer(server: Running) -> None:
    switch(server, name="dropped_connection")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(server)
    assert ask(server)[0] == 200


def test_a_page_is_too_heavy_when_it_is_wider_than_the_limit_and_stays_so(server: Running) -> None:
    switch(server, name="page_too_heavy", limit=2)
    assert [ask(server, first)[0] for first in (3, 3, 2)] == [502, 502, 200]
    switch(server, name="page_too_heavy", count=0)
    assert ask(server, 3)[0] == 200


def test_resource_limits_leave_as_many_nulls_as_there_were_nodes(server: Running) -> None:
    switch(server, name="resource_limits")
    status, _, body = ask(server, 3)
    assert status == 200
    assert body["data"]["repository"]["pullRequests"]["nodes"] == [None, None, None]
    assert body["errors"][0]["type"] == "RESOURCE_LIMITS_EXCEEDED"


def test_one_node_not_found_leaves_the_others(server: Running) -> None:
    switch(server, name="not_found_node")
    _, _, body = ask(server, 3)
    assert body["data"]["repository"]["pullRequests"]["nodes"] == [None, {"number": 2}, {"number": 3}]
    assert body["errors"][0]["type"] == "NOT_FOUND"


def test_a_fault_for_one_api_leaves_the_others_alone(server: Running) -> None:
    switch(server, name="server_error", where="pagerduty", count=2)
    assert ask(server)[0] == 200
    assert server.get("/pagerduty/users", token="sandbox-pagerduty")[0] == 500


def test_a_fault_may_let_some_requests_through_first(server: Running) -> None:
    switch(server, name="server_error", skip=1)
    assert [ask(server)[0] for _ in range(3)] == [200, 500, 200]


def test_a_fault_with_a_count_is_used_up(server: Running) -> None:
    switch(server, name="server_error", count=2)
    assert [ask(server)[0] for _ in range(3)] == [500, 500, 200]


def test_an_unknown_fault_is_refused_with_those_there_are(server: Running) -> None:
    status, _, body = server.post("/_sandbox/faults", {"name": "bad_gatway"})
    assert status == 400
    assert "bad_gateway" in body["message"]


def test_every_fault_spoils_something(server: Running) -> None:
    for name, where in FAULTS.items():
        if where == "search":  # spoils search alone: test_sandbox_search.py
            continue
        switch(server, name=name, limit=2 if name == "page_too_heavy" else 0)
        try:
            status, _, body = ask(server, 3)
        except (http.client.HTTPException, ConnectionError):
            continue
        finally:
            switch(server, name=name, count=0)
        assert where in ("any", "graphql")
        assert status != 200 or "errors" in body, name


def test_a_late_review_is_there_and_moves_nothing_unless_asked_to(server: Running) -> None:
    before = server.holding.github.nodes["PR_1"].updated_at
    _, _, made = server.post("/_sandbox/mutate", {"do": "late_review", "pull_request": "PR_1"})
    assert len(server.holding.github.nodes["PR_1"].reviews) == 2
    assert server.query(f'{{ node(id: "{made["review"]}") {{ id }} }}')["data"]["node"] is not None
    assert server.holding.github.nodes["PR_1"].updated_at == before
    server.post("/_sandbox/mutate", {"do": "late_review", "pull_request": "PR_1", "bump": True})
    assert server.holding.github.nodes["PR_1"].updated_at > before


def test_a_dismissed_review_keeps_its_date(server: Running) -> None:
    review = server.holding.github.nodes["PRR_1"]
    before = review.submitted_at
    server.post("/_sandbox/mutate", {"do": "dismiss_review", "review": "PRR_1"})
    assert (review.state, review.submitted_at) == ("DISMISSED", before)


def test_a_deleted_comment_is_gone_without_a_trace(server: Running) -> None:
    pull = server.holding.github.nodes["PR_1"]
    before = pull.updated_at
    server.post("/_sandbox/mutate", {"do": "delete_comment"})
    assert (pull.threads, pull.updated_at) == ([], before)


def test_a_renamed_login_keeps_its_node(server: Running) -> None:
    server.post("/_sandbox/mutate", {"do": "rename_login", "login": "ada", "to": "ada-again"})
    assert server.get("/api/v3/user", token="sandbox-ada")[0] == 401
    assert server.get("/api/v3/user", token="sandbox-ada-again")[2]["node_id"] == "U_1"


def test_a_mutation_nobody_knows_is_refused(server: Running) -> None:
    status, _, body = server.post("/_sandbox/mutate", {"do": "wish"})
    assert (status, "late_review" in body["message"]) == (400, True)


def test_requests_points_and_nodes_are_counted(server: Running) -> None:
    ask(server, 3)
    server.get("/api/v3/user")
    stats = server.get("/_sandbox/stats")[2]
    assert stats == {
        "requests": {"graphql": 1, "rest": 1, "pagerduty": 0, "incident_io": 0},
        "points": 1,
        "nodes": 3,
    }
    assert server.post("/_sandbox/reset-stats")[2]["requests"]["graphql"] == 0


def test_the_command_prints_where_everything_is_and_serves_with_faults_on() -> None:
    command = [sys.executable, "-m", "sandbox", "--people", "8", "--teams", "1", "--quarters", "0"]
    command += ["--repositories", "2", "--until", "2026-05-20", "--fault", "server_error:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            where = json.loads(process.stdout.readline())
            host = where["stats"].removeprefix("http://").partition("/")[0]
            connection = http.client.HTTPConnection(host)
            statuses = []
            for _ in range(2):
                connection.request("GET", "/api/v3/user", headers={"authorization": "token sandbox-token"})
                answer = connection.getresponse()
                answer.read()
                statuses.append(answer.status)
            connection.close()
        finally:
            process.terminate()
    assert host.startswith("127.0.0.1:")
    assert statuses == [500, 200]
    assert where["github"]["graphql_url"] == f"http://{host}/api/graphql"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--fault", "rain"], "no fault named 'rain'"),
        (["--recorded", "nowhere"], "no recorded payloads here"),
        (["--people", "9", "--teams", "2"], "at least 5 people a team"),
    ],
)
def test_a_wrong_flag_is_one_sentence_and_status_2(flags: list[str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *flags], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def switch(server: Running, **fault: Any) -> None:
    assert server.post("/_sandbox/faults", fault)[0] == 200


def ask(server: Running, first: int = 3) -> tuple[int, dict[str, str], Any]:
    return server.post("/api/graphql", {"query": PULLS, "variables": {"first": first}})


def harbour() -> World:
    """Three merged pull requests, each with a review and a thread by Ada."""
    world = World()
    owner = world.add_account(Account("O_1", "quay", "Organization"))
    ada = world.add_account(Account("U_1", "ada"))
    ben = world.add_account(Account("U_2", "ben"))
    repository = world.add_repository(Repository("R_1", owner, "harbour"))
    for number in (1, 2, 3):
        at = f"2026-07-{number:02d}T10:00:00Z"
        pull = PullRequest(
            id=f"PR_{number}",
            repository=repository,
            number=number,
            author=ben,
            title="t",
            body="",
            created_at=at,
            updated_at=at,
            merged_at=at,
            closed_at=at,
        )
        review = Review(f"PRR_{number}", pull, ada, "CHANGES_REQUESTED", at, at)
        pull.reviews.append(review)
        pull.threads.append(thread(pull, review, ada, number, at))
        repository.pull_requests.append(pull)
        world.index(pull)
    return world


def thread(pull: PullRequest, review: Review, author: Account, number: int, at: str) -> ReviewThread:
    from sandbox.model import ReviewComment

    comment = ReviewComment(f"PRRC_{number}", pull, review, author, at, "?")
    review.comments.append(comment)
    return ReviewThread(f"PRRT_{number}", pull, [comment])
