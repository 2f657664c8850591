"""What the sandbox speaks is a part of what GitHub speaks, and every field of it is answered."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Visitor,
    build_schema,
    parse,
    validate,
    visit,
)

from sandbox.resolvers import load_schema

ROOT = Path(__file__).parents[1]
PUBLIC = ROOT.parent / "shared" / "data" / "github-schema" / "schema.graphql.gz"
QUERIES = sorted((ROOT / "connectors" / "github" / "queries").glob("*.graphql"))

needs_public_schema = pytest.mark.skipif(not PUBLIC.exists(), reason="GitHub's public schema is not here")


@needs_public_schema
def test_every_line_of_the_schema_is_githubs() -> None:
    public, ours = public_schema(), load_schema()
    differences = [
        difference
        for name, kind in ours.type_map.items()
        if not name.startswith("__")
        for difference in differences_of(kind, public.type_map.get(name))
    ]
    assert differences == []


@needs_public_schema
def test_a_field_that_github_has_not_is_noticed() -> None:
    ours = build_schema("type Query { viewer: User! } type User { shoeSize: Int! login: Int! }")
    found = differences_of(ours.type_map["User"], public_schema().type_map["User"])
    assert found == ["User.shoeSize: not there", "User.login: Int! instead of String!"]


@needs_public_schema
@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_the_connectors_queries_are_valid_on_github(path: Path) -> None:
    assert [error.message for error in validate(public_schema(), document(path))] == []


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_the_connectors_queries_are_valid_on_the_sandbox(path: Path) -> None:
    assert [error.message for error in validate(load_schema(), document(path))] == []


@cache
def public_schema() -> GraphQLSchema:
    text = gzip.decompress(PUBLIC.read_bytes()).decode()
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)  # it defines two fields twice


def document(path: Path) -> DocumentNode:
    """A query file with the fragments of the folder that it spreads; the fragments' own file as it is."""
    fragments = {
        part.name.value: part
        for each in QUERIES
        for part in parse(each.read_text(encoding="utf-8")).definitions
        if isinstance(part, FragmentDefinitionNode)
    }
    own = parse(path.read_text(encoding="utf-8"))
    wanted: dict[str, FragmentDefinitionNode] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
            name = node.name.value
            if name in fragments and name not in wanted:
                wanted[name] = fragments[name]
                visit(fragments[name], Spreads())

    visit(own, Spreads())
    here = [part for part in own.definitions if not isinstance(part, FragmentDefinitionNode)]
    if not here:  # a file of fragments: each is checked with the queries that spread it
        return parse("{ __typename }")
    return DocumentNode(definitions=(*here, *wanted.values()))


def differences_of(ours: object, public: object) -> list[str]:
    """Where this type says something that GitHub's type of the same name does not."""
    if public is None:
        return [f"{ours}: no such type"]
    found: list[str] = []
    if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(public, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in ours.fields.items():
            theirs = public.fields.get(name)
            if theirs is None:
                found.append(f"{ours}.{name}: not there")
                continue
            if str(field.type) != str(theirs.type):
                found.append(f"{ours}.{name}: {field.type} instead of {theirs.type}")
            for argument, kind in field.args.items():
                if argument not in theirs.args or str(theirs.args[argument].type) != str(kind.type):
                    found.append(f"{ours}.{name}({argument}:): not there, or of another type")
        missing = {each.name for each in ours.interfaces} - {each.name for each in public.interfaces}
        found += [f"{ours} does not implement {name}" for name in sorted(missing)]
    elif isinstance(ours, GraphQLEnumType):
        assert isinstance(public, GraphQLEnumType)
        found += [f"{ours}: no value {name}" for name in sorted(set(ours.values) - set(public.values))]
    elif isinstance(ours, GraphQLUnionType):
        assert isinstance(public, GraphQLUnionType)
        strangers = {each.name for each in ours.types} - {each.name for each in public.types}
        found += [f"{ours}: {name} is no member" for name in sorted(strangers)]
    elif isinstance(ours, GraphQLInputObjectType):
        assert isinstance(public, GraphQLInputObjectType)
        for name, entry in ours.fields.items():
            if name not in public.fields or str(public.fields[name].type) != str(entry.type):
                found.append(f"{ours}.{name}: not there, or of another type")
    return found
