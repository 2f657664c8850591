"""The documents: they hold against GitHub's public schema, and cost what was meant."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

from connectors.github.api import documents
from connectors.github.api.documents import DOCUMENTS, document, heads, users
from connectors.github.query_batches import KINDS, MOST_AT_ONCE, PARTS, HeldLists, Kind, query_batches
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


@pytest.mark.parametrize(
    ("kind", "threads"),
    [(KINDS[1], 0), (KINDS[2], 0), *((KINDS[0], count) for count in (0, 1, 3, 40, 100, 250))],
)
def test_a_query_batch_holds_as_many_as_cost_one_point(kind: Kind, threads: int) -> None:
    """One list more in a fragment is a number more in `query_batches.LISTS`."""
    held = {"reviewThreads": {"totalCount": threads}, "reviews": {"totalCount": threads}}
    made = list(query_batches(kind, [{"id": f"N_{number:03}", **held} for number in range(200)]))
    first = made[0]
    assert _points("hydrate", _asked(first.kind, first.ids, first.lists)) == 1
    if len(first.ids) < MOST_AT_ONCE:
        wider = [*first.ids, *(f"M_{number}" for number in range(1 + len(first.ids) // 12))]
        assert first.lists.cost(kind) * len(wider) > 149
        assert _points("hydrate", _asked(first.kind, wider, first.lists)) == 2
    assert sorted(one for batch in made for one in batch.ids) == [f"N_{number:03}" for number in range(200)]


def test_who_signed_a_hundred_commits_costs_one_point() -> None:
    assert _points("below", {"commits": [f"C{n}" for n in range(100)], "lists": 100}) == 1


def test_fifty_repositories_are_asked_whether_anything_moved_for_one_point() -> None:
    named = {f"owner{n}": "acme" for n in range(50)} | {f"name{n}": f"r{n}" for n in range(50)}
    quiet, talking = ({f"discuss{n}": yes for n in range(50)} for yes in (False, True))
    assert _price(heads(50), {"first": 4} | named | quiet) == 1
    assert _price(heads(50), {"first": 4} | named | talking) == 2


def test_a_hundred_of_each_kind_are_listed_and_counted_for_one_point() -> None:
    asked = {"owner": "acme", "name": "queue", "first": 100, "withPulls": True, "withIssues": True}
    asked |= {"withDiscussions": True}
    assert _points("listed", asked) == 1


def test_a_hundred_objects_are_counted_by_id_for_one_point() -> None:
    assert _points("counted", {"ids": [f"N{n}" for n in range(100)]}) == 1


@pytest.fixture(scope="module")
def public_schema() -> GraphQLSchema:
    with gzip.open(PUBLIC, "rt", encoding="utf-8") as file:
        # Published with fields declared twice: to check the schema itself is not our errand.
        return build_schema(file.read(), assume_valid=True, assume_valid_sdl=True)


def _asked(kind: Kind, ids: Iterable[str], held: HeldLists) -> dict[str, object]:
    empty: dict[str, object] = {part: [] for part in PARTS.values()}
    return empty | held.variables() | {PARTS[kind]: list(ids), "lists": 100}


def _points(name: str, variables: dict[str, object]) -> int:
    return _price(document(name), variables)


def _price(text: str, variables: dict[str, object]) -> int:
    tree = parse(text)
    operation = next(part for part in tree.definitions if isinstance(part, OperationDefinitionNode))
    found = price(load_schema(), tree, operation, variables)
    assert not found.mistakes
    return found.points
