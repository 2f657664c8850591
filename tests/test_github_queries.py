"""The documents: they hold against GitHub's public schema, and cost what was meant."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

from connectors.github import documents
from connectors.github.documents import DOCUMENTS, document, heads, users
from sandbox.price import price
from sandbox.resolvers import load_schema

ROOT = Path(__file__).parents[1]
PUBLIC = ROOT.parent / "shared" / "data" / "github-schema" / "schema.graphql.gz"
SENT = {name: document(name) for name in DOCUMENTS} | {"heads": heads(3), "users": users(3)}


def test_every_query_file_is_a_known_document() -> None:
    folder = Path(documents.__file__).parent / "queries"
    assert {path.stem for path in folder.iterdir()} == {*DOCUMENTS, "fragments"}


@pytest.mark.skipif(not PUBLIC.exists(), reason="GitHub's public schema is not on this machine")
@pytest.mark.parametrize("name", sorted(SENT))
def test_a_document_holds_against_the_public_schema(name: str, public_schema: GraphQLSchema) -> None:
    assert [error.message for error in validate(public_schema, parse(SENT[name]))] == []


def test_a_page_of_25_pull_requests_costs_one_point() -> None:
    asked = {"owner": "acme", "name": "queue", "first": 25, "lists": 100}
    assert _points("pull_requests", asked) == 1


def test_a_page_of_50_issues_costs_two_points() -> None:
    assert _points("issues", {"owner": "acme", "name": "queue", "first": 50, "lists": 100}) == 2


def test_what_hangs_below_a_hundred_threads_costs_one_point() -> None:
    asked = {"threads": [f"T{n}" for n in range(100)], "commits": [], "closing": [], "lists": 100}
    assert _points("below", asked) == 1


def test_fifty_repositories_are_asked_whether_anything_moved_for_one_point() -> None:
    named = {f"owner{n}": "acme" for n in range(50)} | {f"name{n}": f"r{n}" for n in range(50)}
    assert _price(heads(50), {"first": 25} | named) == 1


def test_the_count_of_a_hundred_pull_requests_and_issues_costs_one_point() -> None:
    asked = {"owner": "acme", "name": "queue", "first": 100, "withPulls": True, "withIssues": True}
    assert _points("inventory", asked) == 1


@pytest.fixture(scope="module")
def public_schema() -> GraphQLSchema:
    with gzip.open(PUBLIC, "rt", encoding="utf-8") as file:
        # Published with fields declared twice: to check the schema itself is not our errand.
        return build_schema(file.read(), assume_valid=True, assume_valid_sdl=True)


def _points(name: str, variables: dict[str, object]) -> int:
    return _price(document(name), variables)


def _price(text: str, variables: dict[str, object]) -> int:
    tree = parse(text)
    operation = next(part for part in tree.definitions if isinstance(part, OperationDefinitionNode))
    found = price(load_schema(), tree, operation, variables)
    assert not found.mistakes
    return found.points
