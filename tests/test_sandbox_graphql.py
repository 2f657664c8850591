"""The sandbox's GraphQL behaves as GitHub's does, also where that hurts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import GraphQLObjectType, get_named_type

from sandbox.model import Account, Comment, Issue, PullRequest, Repository, Review
from sandbox.resolvers import load_schema
from sandbox.server import Running, running
from sandbox.world import World

PAGE = """query($first: Int!, $after: String, $direction: OrderDirection!) {
  rateLimit { cost nodeCount }
  repository(owner: "quay", name: "harbour") {
    pullRequests(first: $first, after: $after, orderBy: {field: UPDATED_AT, direction: $direction}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { number }
    }
  }
}"""


@pytest.fixture
def server() -> Iterator[Running]:
    with running(harbour(pulls=5)) as found:
        yield found


def test_pages_hold_everything_once(server: Running) -> None:
    assert walked(server, "ASC", size=2) == [1, 2, 3, 4, 5]
    assert walked(server, "DESC", size=2) == [5, 4, 3, 2, 1]


def test_an_item_bumped_while_paging_is_met_again_when_walking_towards_the_newer(server: Running) -> None:
    _, cursor = one_page(server, "ASC", 2, None)
    bump(server, number=1)
    assert walked(server, "ASC", size=2, after=cursor) == [3, 4, 5, 1]


def test_an_item_bumped_while_paging_is_skipped_when_walking_towards_the_older(server: Running) -> None:
    _, cursor = one_page(server, "DESC", 2, None)
    bump(server, number=1)
    assert walked(server, "DESC", size=2, after=cursor) == [3, 2]


def test_a_page_of_100_is_answered_and_one_of_101_is_not(server: Running) -> None:
    assert "errors" not in server.query(PAGE, first=100, direction="ASC")
    refused = server.query(PAGE, first=101, direction="ASC")
    assert refused["errors"][0]["type"] == "EXCESSIVE_PAGINATION"
    assert "data" not in refused


def test_nodes_without_a_page_size_are_refused_and_a_count_is_not(server: Running) -> None:
    head = 'repository(owner: "quay", name: "harbour")'
    refused = server.query(f"{{ {head} {{ issues {{ nodes {{ id }} }} }} }}")
    assert refused["errors"][0]["type"] == "MISSING_PAGINATION_BOUNDARIES"
    counted = server.query(f"{{ {head} {{ pullRequests {{ totalCount }} }} }}")
    assert counted["data"]["repository"]["pullRequests"]["totalCount"] == 5


def test_half_a_million_possible_nodes_is_the_most(server: Running) -> None:
    text = """query($most: Int!) { repository(owner: "quay", name: "harbour") { pullRequests(first: 100) {
      nodes { reviews(first: 49) { nodes { comments(first: $most) { nodes { id } } } } }
    } } }"""
    assert "errors" not in server.query(text, most=100)  # 100 + 4,900 + 490,000
    wide = text.replace("first: 49", "first: 50")  # 100 + 5,000 + 500,000
    assert server.query(wide, most=100)["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("pulls", "reviews", "comments", "points"),
    [(1, 1, 1, 1), (10, 10, 10, 1), (100, 50, 10, 51), (49, 1, 1, 1), (75, 1, 1, 2)],
)
def test_the_price_is_githubs_formula(
    server: Running, pulls: int, reviews: int, comments: int, points: int
) -> None:
    text = f"""{{ rateLimit {{ cost }} repository(owner: "quay", name: "harbour") {{
      pullRequests(first: {pulls}) {{ nodes {{ reviews(first: {reviews}) {{ nodes {{
        comments(first: {comments}) {{ nodes {{ id }} }} }} }} }} }} }} }}"""
    assert server.query(text)["data"]["rateLimit"]["cost"] == points


def test_counts_below_a_page_cost_nothing(server: Running) -> None:
    text = """{ rateLimit { cost } repository(owner: "quay", name: "harbour") { pullRequests(first: 100) {
      nodes { reviews { totalCount } comments { totalCount } reviewThreads { totalCount } } } } }"""
    assert server.query(text)["data"]["rateLimit"]["cost"] == 1


def test_a_list_asked_for_in_two_fragments_is_paid_once(server: Running) -> None:
    text = """query { rateLimit { nodeCount } repository(owner: "quay", name: "harbour") { ...A ...B } }
      fragment A on Repository { issues(first: 30) { nodes { id } } }
      fragment B on Repository { issues(first: 30) { nodes { title } } }"""
    assert server.query(text)["data"]["rateLimit"]["nodeCount"] == 30


def test_an_unknown_id_is_null_and_the_rest_is_kept(server: Running) -> None:
    answer = server.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["PR_1", "PR_gone", "PR_2"])
    assert answer["data"]["nodes"] == [{"id": "PR_1"}, None, {"id": "PR_2"}]
    [error] = answer["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["nodes", 1])


def test_an_unknown_repository_is_null_and_not_found(server: Running) -> None:
    answer = server.query('{ repository(owner: "quay", name: "nowhere") { id } viewer { login } }')
    assert answer["data"] == {"repository": None, "viewer": {"login": "sightline-sandbox"}}
    assert answer["errors"][0]["type"] == "NOT_FOUND"


def test_a_deleted_author_is_null(server: Running) -> None:
    answer = server.query('{ node(id: "PR_1") { ... on PullRequest { author { login } } } }')
    assert answer["data"]["node"] == {"author": None}


def test_a_number_beyond_32_bits_has_an_error_in_its_place(server: Running) -> None:
    fields = "... on PullRequestReview { databaseId fullDatabaseId }"
    answer = server.query(f'{{ node(id: "PRR_1") {{ {fields} }} }}')
    assert answer["data"]["node"] == {"databaseId": None, "fullDatabaseId": "3000000001"}
    assert answer["errors"][0]["path"] == ["node", "databaseId"]


def test_every_actor_has_a_login_and_an_id_through_node(server: Running) -> None:
    answer = server.query(
        '{ node(id: "PR_2") { ... on PullRequest { author { __typename login ... on Node { id } } } } }'
    )
    assert answer["data"]["node"]["author"] == {"__typename": "Bot", "login": "gull", "id": "BOT_1"}


def test_a_misspelt_field_is_an_error_without_data(server: Running) -> None:
    answer = server.query("{ viewer { logn } }")
    assert "data" not in answer
    assert "logn" in answer["errors"][0]["message"]


def test_a_cursor_nobody_handed_out_is_refused(server: Running) -> None:
    answer = server.query(PAGE, first=2, after="nonsense", direction="ASC")
    assert "valid cursor" in answer["errors"][0]["message"]


def test_the_budget_is_in_every_answer_and_ends(server: Running) -> None:
    status, headers, _ = server.post("/api/graphql", {"query": "{ viewer { login } }"})
    assert (status, headers["x-ratelimit-resource"], headers["x-ratelimit-remaining"]) == (
        200,
        "graphql",
        "4999",
    )
    with running(harbour(pulls=1), points_an_hour=1) as poor:
        assert "errors" not in poor.query("{ viewer { login } }")
        status, headers, body = poor.post("/api/graphql", {"query": "{ viewer { login } }"})
    assert (status, headers["x-ratelimit-remaining"]) == (200, "0")
    assert body["errors"][0]["type"] == "RATE_LIMITED"


def test_rest_and_graphql_have_budgets_of_their_own(server: Running) -> None:
    server.query("{ viewer { login } }")
    resources = server.get("/api/v3/rate_limit")[2]["resources"]
    assert (resources["core"]["used"], resources["graphql"]["used"]) == (0, 1)


def test_every_field_of_the_schema_can_be_answered(server: Running) -> None:
    """Each type's scalar and list-free fields, asked of the objects of this world."""
    schema = load_schema()
    for node in server.holding.github.nodes.values():
        kind = schema.type_map[node.typename]
        assert isinstance(kind, GraphQLObjectType)
        fields = [
            name
            for name, field in kind.fields.items()
            if name != "databaseId"
            and not any(
                argument.type.__class__.__name__ == "GraphQLNonNull" for argument in field.args.values()
            )
        ]
        wanted = " ".join(f"{name}{selection(get_named_type(kind.fields[name].type))}" for name in fields)
        text = f"query($id: ID!) {{ node(id: $id) {{ ... on {kind.name} {{ {wanted} }} }} }}"
        answer = server.query(text, id=node.id)
        assert "errors" not in answer, (kind.name, answer["errors"])


def selection(kind: object) -> str:
    name = getattr(kind, "name", "")
    if name.endswith("Connection"):
        return " { totalCount }"
    return " { __typename }" if hasattr(kind, "fields") or hasattr(kind, "types") else ""


def walked(server: Running, direction: str, *, size: int, after: str | None = None) -> list[int]:
    found: list[int] = []
    while True:
        numbers, after = one_page(server, direction, size, after)
        found += numbers
        if after is None:
            return found


def one_page(server: Running, direction: str, size: int, after: str | None) -> tuple[list[int], str | None]:
    """The numbers on one page, and the cursor of the next, if there is one."""
    answer = server.query(PAGE, first=size, after=after, direction=direction)
    page = answer["data"]["repository"]["pullRequests"]
    cursor = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    return [node["number"] for node in page["nodes"]], cursor


def bump(server: Running, number: int) -> None:
    server.post(
        "/_sandbox/mutate", {"do": "bump", "pull_request": f"PR_{number}", "at": "2026-09-01T00:00:00Z"}
    )


def harbour(*, pulls: int) -> World:
    """A repository with pull requests by a robot, the first by nobody, reviewed once by Ada."""
    world = World()
    owner = world.add_account(Account("O_1", "quay", "Organization"))
    ada = world.add_account(Account("U_1", "ada"))
    robot = world.add_account(Account("BOT_1", "gull", "Bot"))
    repository = world.add_repository(Repository("R_1", owner, "harbour"))
    for number in range(1, pulls + 1):
        at = f"2026-07-{number:02d}T10:00:00Z"
        pull = PullRequest(
            id=f"PR_{number}",
            repository=repository,
            number=number,
            author=robot if number > 1 else None,
            title="t",
            body="b",
            created_at=at,
            updated_at=at,
            full_database_id=number,
        )
        review = Review(f"PRR_{number}", pull, ada, "APPROVED", at, at, "", 3_000_000_000 + number, at)
        pull.reviews.append(review)
        pull.comments.append(Comment(f"IC_{number}", ada, at, "c", pull, number, at))
        repository.pull_requests.append(pull)
        world.index(pull)
    issue = Issue(
        id="I_1",
        repository=repository,
        number=99,
        author=ada,
        title="t",
        body="",
        created_at="2026-07-01T00:00:00Z",
        updated_at="2026-07-01T00:00:00Z",
    )
    repository.issues.append(issue)
    world.index(issue)
    return world
