"""POST /api/graphql: from a request body to an answer body.

Parsed and validated documents are kept by their text, so the same query costs its execution only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    execute_sync,
    get_variable_values,
    parse,
    validate,
)

from sandbox.asked import Asked
from sandbox.budgets import Budget
from sandbox.model import Account, Repository
from sandbox.price import Price, price
from sandbox.resolvers import load_schema
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer (always status 200), what it cost and how many nodes it held."""

    body: dict[str, Any]
    points: int = 1
    nodes: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is understood and priced, but not run yet."""

    document: DocumentNode
    variables: Mapping[str, Any]
    operation_name: str | None
    price: Price


class GraphQL:
    """Runs queries against one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._schema = load_schema()
        self._documents: dict[str, DocumentNode | list[GraphQLError]] = {}

    def prepare(self, request: Any) -> Prepared | Answer:
        """The request, ready to run; or the answer already, when it cannot run."""
        if not isinstance(request, dict) or not isinstance(request.get("query"), str):
            return _refused([{"message": "A query attribute must be specified and must be a string."}])
        document = self._document(request["query"])
        if isinstance(document, list):
            return _refused([_worded(error) for error in document])
        name = request.get("operationName")
        operations = [part for part in document.definitions if isinstance(part, OperationDefinitionNode)]
        chosen = [each for each in operations if name is None or (each.name and each.name.value == name)]
        if len(chosen) != 1:
            return _refused([{"message": "An operation name is required, and it must be in the document."}])
        variables = get_variable_values(
            self._schema, chosen[0].variable_definitions or (), request.get("variables") or {}
        )
        if isinstance(variables, list):
            return _refused([_worded(error) for error in variables])
        cost = price(self._schema, document, chosen[0], variables.coerced)
        if cost.mistakes:
            return _refused([dict(mistake) for mistake in cost.mistakes])
        return Prepared(document, request.get("variables") or {}, name, cost)

    def run(
        self,
        prepared: Prepared,
        viewer: Account,
        budget: Budget,
        sees: Callable[[Repository], bool] = lambda _: True,
    ) -> Answer:
        """The answer to a prepared request; the points must already have been taken from the budget."""
        asked = Asked(self.world, viewer, budget, prepared.price.points, prepared.price.nodes, sees)
        result = execute_sync(
            self._schema,
            prepared.document,
            context_value=asked,
            variable_values=dict(prepared.variables),
            operation_name=prepared.operation_name,
        )
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [_worded(error) for error in result.errors]
        return Answer(body, prepared.price.points, asked.nodes)

    def _document(self, text: str) -> DocumentNode | list[GraphQLError]:
        known = self._documents.get(text)
        if known is None:
            try:
                known = parse(text)
            except GraphQLError as error:
                known = [error]
            else:
                known = validate(self._schema, known) or known
            self._documents[text] = known
        return known


def _refused(errors: list[dict[str, Any]]) -> Answer:
    return Answer({"errors": errors})


def _worded(error: GraphQLError) -> dict[str, Any]:
    """An error as GitHub writes it: the type beside the message, not under `extensions`."""
    worded: dict[str, Any] = {}
    kind = (error.extensions or {}).get("type")
    if kind:
        worded["type"] = kind
    if error.path:
        worded["path"] = list(error.path)
    if error.locations:
        worded["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    worded["message"] = error.message
    return worded
