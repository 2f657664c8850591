"""Recorded payloads are served whole: every pull request, review and review comment of the folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.recorded import UnreadableRecording, load
from sandbox.server import Running, running

DATA = Path(__file__).parents[1].parent / "shared" / "data"

needs_recordings = pytest.mark.skipif(not DATA.exists(), reason="the recorded payloads are not here")

COUNTS = """query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    issues { totalCount }
    pullRequests(first: 100, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { id state reviews { totalCount } reviewThreads(first: 100) { ...Threads } }
    }
  }
}
fragment Threads on PullRequestReviewThreadConnection {
  pageInfo { hasNextPage endCursor }
  nodes { comments { totalCount } }
}"""

MORE_THREADS = """query($id: ID!, $after: String) {
  node(id: $id) { ... on PullRequest { reviewThreads(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { comments { totalCount } }
  } } }
}"""


@pytest.fixture(scope="module")
def rest_form() -> Iterator[Running]:
    with running(load(DATA / "github-rest-secp256k1")) as server:
        yield server


@pytest.fixture(scope="module")
def graphql_form() -> Iterator[Running]:
    with running(load(DATA / "github-graphql-ietf")) as server:
        yield server


@needs_recordings
def test_the_rest_form_is_served_completely(rest_form: Running) -> None:
    assert counted(rest_form, "bitcoin-core", "secp256k1") == {
        "pulls": 1_308,
        "merged": 944,
        "issues": 517,
        "reviews": 2_592,
        "review_comments": 6_018,
    }


@needs_recordings
@pytest.mark.parametrize(
    ("owner", "name", "pulls", "issues", "reviews", "review_comments"),
    [
        ("tlswg", "tls13-spec", 998, 446, 979, 1_306),
        ("quicwg", "qlog", 280, 269, 584, 528),
        ("quicwg", "load-balancers", 129, 114, 212, 237),
        ("cfrg", "draft-irtf-cfrg-frost", 302, 169, 746, 557),
    ],
)
def test_the_graphql_form_is_served_completely(
    graphql_form: Running, owner: str, name: str, pulls: int, issues: int, reviews: int, review_comments: int
) -> None:
    found = counted(graphql_form, owner, name)
    del found["merged"]
    assert found == {
        "pulls": pulls,
        "issues": issues,
        "reviews": reviews,
        "review_comments": review_comments,
    }


def test_missing_keys_and_null_users_are_normal(tmp_path: Path) -> None:
    pull = {"number": 7, "base": {"repo": {"full_name": "quay/harbour"}}, "user": None, "state": "closed"}
    write(tmp_path, {"pull": pull, "events": [{"event": "reviewed"}], "comments": [{"body": "?"}]})
    with running(load(tmp_path)) as server:
        found = counted(server, "quay", "harbour")
    assert (found["pulls"], found["reviews"], found["review_comments"]) == (1, 1, 1)


def test_an_answer_to_a_deleted_comment_still_has_a_thread(tmp_path: Path) -> None:
    comments = [{"id": 11, "in_reply_to_id": 10}, {"id": 12, "in_reply_to_id": 10}, {"id": 13}]
    write(
        tmp_path, {"pull": {"number": 1, "repository": {"full_name": "quay/harbour"}}, "comments": comments}
    )
    threads = load(tmp_path).repositories["quay/harbour"].pull_requests[0].threads
    assert sorted(len(thread.comments) for thread in threads) == [1, 2]


def test_both_forms_may_lie_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path, {"pull": {"number": 1, "repository": {"full_name": "quay/harbour"}}})
    content = {"repo": "quay/mole", "pulls": [{"number": 1, "author": {"login": "ada"}}], "issues": []}
    (tmp_path / "mole.json").write_text(json.dumps(content))
    assert sorted(load(tmp_path).repositories) == ["quay/harbour", "quay/mole"]


def test_a_bare_login_is_the_account_that_the_rest_form_knows(tmp_path: Path) -> None:
    user = {"login": "ada", "id": 5, "node_id": "U_5", "type": "User"}
    write(tmp_path, {"pull": {"number": 1, "user": user, "repository": {"full_name": "quay/harbour"}}})
    (tmp_path / "mole.json").write_text(
        json.dumps({"repo": "quay/mole", "pulls": [{"number": 1, "author": "ada"}]})
    )
    [pull] = load(tmp_path).repositories["quay/mole"].pull_requests
    assert pull.author is not None
    assert pull.author.id == "U_5"


def test_only_a_noreply_address_links_a_commit_to_a_person(tmp_path: Path) -> None:
    def commit(sha: str, email: str) -> dict[str, Any]:
        return {"event": "committed", "sha": sha, "author": {"name": "Ada", "email": email}, "message": "m"}

    events = [commit("a1", "5+ada@users.noreply.github.com"), commit("a2", "ada@mail.example")]
    pull = {"number": 1, "user": {"login": "ada"}, "repository": {"full_name": "quay/harbour"}}
    write(tmp_path, {"pull": pull, "events": events})
    [found] = load(tmp_path).repositories["quay/harbour"].pull_requests
    users = [each.commit.authors[0].user for each in found.commits]
    assert [who.login if who else None for who in users] == ["ada", None]


def test_a_folder_without_payloads_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"weather": "fine"}')
    with pytest.raises(UnreadableRecording, match=r"other\.json hold neither"):
        load(tmp_path)


def test_a_recorded_person_is_who_their_token_says(tmp_path: Path) -> None:
    write(tmp_path, {"pull": {"number": 1, "user": {"login": "ada"}, "repository": {"full_name": "q/h"}}})
    with running(load(tmp_path)) as server:
        assert server.get("/api/v3/user", token="sandbox-ada")[2]["login"] == "ada"


def write(folder: Path, *objects: dict[str, Any]) -> None:
    (folder / "pulls.ndjson").write_text("".join(json.dumps(each) + "\n" for each in objects))


def counted(server: Running, owner: str, name: str) -> dict[str, int]:
    """What the sandbox serves of a repository, walked page by page."""
    found = {"pulls": 0, "merged": 0, "issues": 0, "reviews": 0, "review_comments": 0}
    after = None
    while True:
        repository = server.query(COUNTS, owner=owner, name=name, after=after)["data"]["repository"]
        page = repository["pullRequests"]
        found["issues"] = repository["issues"]["totalCount"]
        found["pulls"] += len(page["nodes"])
        for pull in page["nodes"]:
            found["merged"] += pull["state"] == "MERGED"
            found["reviews"] += pull["reviews"]["totalCount"]
            threads = pull["reviewThreads"]
            found["review_comments"] += comments_in(threads)
            while threads["pageInfo"]["hasNextPage"]:
                cursor = threads["pageInfo"]["endCursor"]
                more = server.query(MORE_THREADS, id=pull["id"], after=cursor)
                threads = more["data"]["node"]["reviewThreads"]
                found["review_comments"] += comments_in(threads)
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == found["pulls"]
            return found
        after = page["pageInfo"]["endCursor"]


def comments_in(threads: dict[str, Any]) -> int:
    return sum(thread["comments"]["totalCount"] for thread in threads["nodes"])
