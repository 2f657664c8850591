"""Search is as forgetful as GitHub's: a wall at a thousand, pages by place, a lag, and silent holes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.discussions import QUESTIONS, Discussion, DiscussionComment
from sandbox.model import Account, Comment, Issue, PullRequest, Repository, Review
from sandbox.search import matching
from sandbox.server import Running, running
from sandbox.world import World

QUERY = """query($q: String!, $first: Int = 100, $after: String) {
  search(type: ISSUE, query: $q, first: $first, after: $after) {
    issueCount
    pageInfo { hasNextPage endCursor }
    nodes { ... on PullRequest { id } ... on Issue { id } }
  }
}"""


def test_no_more_than_a_thousand_results_can_be_reached_and_the_count_says_how_many_there_are() -> None:
    with running(a_world(pulls=1_003)) as server:
        ids = everything(server, "is:pr author:ada")
        counted = server.query(QUERY, q="is:pr author:ada")["data"]["search"]["issueCount"]
        status, _, _ = server.get("/api/v3/search/issues?q=is:pr+author:ada&page=11&per_page=100")
    assert (len(ids), counted, status) == (1_000, 1_003, 422)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is:pr author:ada", ["P_0", "P_1", "P_2"]),
        ("is:pr author:@me", ["P_0", "P_1", "P_2"]),
        ("is:pr -author:ada", ["P_ben"]),
        ("is:pr reviewed-by:ada", ["P_ben"]),
        ("is:pr commenter:ada", []),
        ("commenter:ben", ["I_ada"]),
        ("is:issue assignee:ben", ["I_ada"]),
        ("involves:ben -author:ben", ["I_ada"]),
        ("is:pr author:ada created:2026-01-02..2026-01-02", ["P_1"]),
        ("is:pr author:ada created:2026-01-02T09:00:01Z..*", ["P_2"]),
        ("is:pr author:ada created:<2026-01-02", ["P_0"]),
        ("is:pr author:ada created:>2026-01-02", ["P_2"]),
        ("is:pr author:ada updated:>=2026-02-01", []),
        ("repo:acme/api is:open", ["P_0", "P_1", "P_2", "P_ben", "I_ada"]),
        ("org:nobody", []),
    ],
)
def test_what_a_query_finds(query: str, found: list[str]) -> None:
    world = a_world(pulls=3)
    assert sorted(item.id for item in matching(world, world.accounts["ada"], query)) == sorted(found)


def test_a_word_that_search_does_not_know_is_an_error_and_not_an_empty_answer() -> None:
    with running(a_world(pulls=1)) as server:
        assert "'stars'" in server.query(QUERY, q="stars:>10")["errors"][0]["message"]


def test_what_changed_a_moment_ago_is_not_in_the_index_yet() -> None:
    world = a_world(pulls=3)
    now = datetime.now(UTC)
    world.repositories["acme/api"].pull_requests[2].created_at = text(now - timedelta(seconds=20))
    world.search_lag_seconds = 60
    found = matching(world, world.service, "is:pr author:ada sort:created-asc")
    assert [item.id for item in found] == ["P_0", "P_1"]


def test_an_incomplete_answer_has_fewer_nodes_than_it_counts() -> None:
    with running(a_world(pulls=9), faults=["search_incomplete"]) as server:
        first = server.query(QUERY, q="is:pr author:ada")["data"]["search"]
        again = server.query(QUERY, q="is:pr author:ada")["data"]["search"]
    assert (first["issueCount"], len(first["nodes"]), len(again["nodes"])) == (9, 6, 9)


def test_an_organisation_behind_single_sign_on_is_left_out_and_only_a_header_says_so() -> None:
    world = a_world(pulls=3)
    world.sso_organisations = {"acme"}
    with running(world) as server:
        question = {"query": QUERY, "variables": {"q": "author:ada"}}
        answer = server.post("/api/graphql", question, token="sandbox-ada")[2]
        headers = server.get("/api/v3/search/issues?q=author:@me", token="sandbox-ada")[1]
    assert answer["data"]["search"]["issueCount"] == 0
    assert headers["x-github-sso"] == "partial-results; organizations=4"


def test_discussions_are_searched_for_by_themselves_and_counted_apart() -> None:
    world = a_world(pulls=1)
    ada, ben = world.accounts["ada"], world.accounts["ben"]
    place, at = world.repositories["acme/api"], "2026-01-01T09:00:00Z"
    asked = world.add_discussion(Discussion("D_1", place, 90, ben, "Which?", "", at, QUESTIONS, at))
    asked.comments.append(DiscussionComment("DC_1", None, at, "Hm.", asked))
    asked.comments[0].replies.append(DiscussionComment("DC_2", ada, at, "This.", asked))
    asked.answer, asked.answer_chosen_at = asked.comments[0].replies[0], at
    query = QUERY.replace("ISSUE", "DISCUSSION").replace("issueCount", "issueCount discussionCount")
    with running(world) as server:
        for words, count in (
            ("author:ben", 1), ("answered-by:ada", 1), ("commenter:ada", 1), ("author:ada", 0),
            ("answered-by:ada -author:ben", 0), ("involves:ada created:2026-01-01", 1), ("is:pr", 0),
        ):  # fmt: skip
            found = server.query(query, q=words)["data"]["search"]
            assert (found["discussionCount"], found["issueCount"]) == (count, 0), words
        assert "is written nowhere" in str(server.query(query, q="author:@me")["errors"])


# --- builders ---


def a_world(pulls: int) -> World:
    """Ada's pull requests, a day apart; one of Ben's that she reviewed; her issue, which he answered."""
    world = World()
    ada, ben = (world.add_account(Account(f"U_{name}", name)) for name in ("ada", "ben"))
    owner = world.add_account(Account("O_acme", "acme", "Organization", database_id=4))
    repository = world.add_repository(Repository("R_1", owner, "api"))
    first = datetime(2026, 1, 1, 9, tzinfo=UTC)
    for number in range(pulls):
        at = text(first + timedelta(days=number % 20, seconds=number // 20))
        pull = PullRequest(id=f"P_{number}", repository=repository, number=number + 10, author=ada, title="",
                           body="", created_at=at, updated_at=at)  # fmt: skip
        repository.pull_requests.append(pull)
        world.index(pull)
    at = text(first)
    theirs = PullRequest(id="P_ben", repository=repository, number=1, author=ben, title="", body="",
                         created_at=at, updated_at=at)  # fmt: skip
    theirs.reviews.append(Review("R_ada", theirs, ada, "APPROVED", at, at))
    repository.pull_requests.append(theirs)
    world.index(theirs)
    issue = Issue(id="I_ada", repository=repository, number=2, author=ada, title="", body="", created_at=at,
                  updated_at=at, assignees=[ben])  # fmt: skip
    issue.comments.append(Comment("C_ben", ben, at, "Yes.", issue))
    repository.issues.append(issue)
    world.index(issue)
    return world


def everything(server: Running, query: str) -> set[str]:
    found: set[str] = set()
    after = None
    while True:
        page = server.query(QUERY, q=query, after=after)["data"]["search"]
        found |= {node["id"] for node in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
