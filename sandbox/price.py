"""The cost of a GraphQL query before it runs: GitHub's node limit, page limit and point formula.

Points are the requests the connections would need if every page were full, divided by a hundred. A
connection of which only the count is asked needs none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

MOST_NODES = 500_000
LONGEST_PAGE = 100

Composite = GraphQLObjectType | GraphQLInterfaceType


@dataclass(frozen=True, slots=True)
class Price:
    points: int
    nodes: int
    """Nodes that could come at most."""
    widest_page: int
    """The largest `first` of a list of pull requests, issues or node ids: what makes GitHub time out."""
    mistakes: tuple[Mapping[str, Any], ...]
    """Errors as GitHub words them; a query with any of these does not run."""


def price(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Price:
    """What this operation costs with these (already coerced) variables."""
    walk = _Walk(schema, document, variables)
    assert schema.query_type is not None
    walk.visit(schema.query_type, [operation.selection_set], 1)
    mistakes = list(walk.mistakes)
    if walk.nodes > MOST_NODES and not mistakes:
        mistakes.append(
            {
                "type": "MAX_NODE_LIMIT_EXCEEDED",
                "message": f"By the time this query traverses its connections, it is requesting up to "
                f"{walk.nodes:,} possible nodes, which exceeds the maximum limit of {MOST_NODES:,}.",
            }
        )
    return Price(max(1, round(walk.requests / 100)), walk.nodes, walk.widest_page, tuple(mistakes))


class _Walk:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.schema = schema
        self.variables = dict(variables)
        self.fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.requests = 0
        self.nodes = 0
        self.widest_page = 0
        self.mistakes: list[Mapping[str, Any]] = []

    def visit(self, parent: Composite, selections: Sequence[SelectionSetNode], parents: int) -> None:
        """Add what the fields below `parent` cost when there are `parents` of it."""
        for owner, fields in self.fields_of(parent, selections):
            definition = owner.fields.get(fields[0].name.value)
            if definition is None:  # __typename and its like
                continue
            below = [field.selection_set for field in fields if field.selection_set]
            kind = get_named_type(definition.type)
            name = fields[0].name.value
            count = parents
            if name == "nodes" and owner is self.schema.query_type:
                ids = self.argument(fields[0], "ids") or []
                count = parents * len(ids)
                self.nodes += count
                self.widest_page = max(self.widest_page, len(ids))
            elif kind.name.endswith("Connection") and self.asks_for_nodes(below):
                size = self.page_size(name, fields[0])
                self.requests += parents
                count = parents * size
                self.nodes += count
                if owner.name == "Repository" or name == "search":
                    self.widest_page = max(self.widest_page, size)
            if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
                self.visit(kind, below, count)
            elif below:  # a union: only its fragments have fields
                self.visit_union(below, count)

    def visit_union(self, selections: Sequence[SelectionSetNode], parents: int) -> None:
        for selection in (part for each in selections for part in each.selections):
            if isinstance(selection, InlineFragmentNode) and selection.type_condition:
                kind = self.schema.type_map[selection.type_condition.name.value]
                if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
                    self.visit(kind, [selection.selection_set], parents)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                kind = self.schema.type_map[fragment.type_condition.name.value]
                if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
                    self.visit(kind, [fragment.selection_set], parents)

    def fields_of(
        self, parent: Composite, selections: Sequence[SelectionSetNode]
    ) -> Iterator[tuple[Composite, list[FieldNode]]]:
        """Each distinct field once, however many fragments ask for it."""
        found: dict[tuple[str, str], tuple[Composite, list[FieldNode]]] = {}
        self.collect(parent, selections, found)
        yield from found.values()

    def collect(
        self,
        parent: Composite,
        selections: Sequence[SelectionSetNode],
        found: dict[tuple[str, str], tuple[Composite, list[FieldNode]]],
    ) -> None:
        for selection in (part for each in selections for part in each.selections):
            if not self.is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = (selection.alias or selection.name).value
                found.setdefault((parent.name, key), (parent, []))[1].append(selection)
                continue
            if isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                condition, below = fragment.type_condition.name.value, fragment.selection_set
            else:
                assert isinstance(selection, InlineFragmentNode)
                condition = selection.type_condition.name.value if selection.type_condition else parent.name
                below = selection.selection_set
            kind = self.schema.type_map[condition]
            if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
                self.collect(kind, [below], found)

    def is_included(self, selection: Any) -> bool:
        for directive in selection.directives or ():
            condition = bool(self.argument(directive, "if"))
            if condition != (directive.name.value == "include"):
                return False
        return True

    def asks_for_nodes(self, selections: Sequence[SelectionSetNode]) -> bool:
        for selection in (part for each in selections for part in each.selections):
            if isinstance(selection, FieldNode):
                if selection.name.value in ("nodes", "edges"):
                    return True
            elif isinstance(selection, FragmentSpreadNode):
                if self.asks_for_nodes([self.fragments[selection.name.value].selection_set]):
                    return True
            elif isinstance(selection, InlineFragmentNode) and self.asks_for_nodes([selection.selection_set]):
                return True
        return False

    def page_size(self, name: str, field: FieldNode) -> int:
        for argument in ("first", "last"):
            size = self.argument(field, argument)
            if size is None:
                continue
            if size > LONGEST_PAGE:
                self.mistake(
                    "EXCESSIVE_PAGINATION",
                    f"Requesting {size} records on the `{name}` connection exceeds the "
                    f"`{argument}` limit of {LONGEST_PAGE} records.",
                )
            if size < 0:
                self.mistake(
                    "INVALID_PAGINATION", f"`{argument}` on the `{name}` connection cannot be negative."
                )
            return int(min(max(size, 0), LONGEST_PAGE))
        self.mistake(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
        )
        return 0

    def argument(self, node: Any, name: str) -> Any:
        for argument in node.arguments or ():
            if argument.name.value == name:
                return value_from_ast_untyped(argument.value, self.variables)
        return None

    def mistake(self, kind: str, message: str) -> None:
        self.mistakes.append({"type": kind, "message": message})
