"""POST /api/graphql.

Parsed and validated documents are kept by their text, so a repeated query costs its execution only.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.apps import Tokens
from sandbox.budgets import Budgets
from sandbox.faults import Faults, null_nodes, short_of_results, without_one_node
from sandbox.graphql_context import Context
from sandbox.messages import JsonResponse, json_body, problem
from sandbox.middleware import Authorised, Budgeted, Faulty, limits_of, rate_limited_in_graphql
from sandbox.price import Price, price
from sandbox.resolvers import load_schema
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is parsed and priced, but not executed yet."""

    document: DocumentNode
    text: str
    variables: Mapping[str, Any]
    operation_name: str | None
    price: Price


class Refused(Exception):
    """The request cannot be executed; its errors as GitHub words them."""

    def __init__(self, *errors: Mapping[str, Any]) -> None:
        self.errors = errors


class GraphQL:
    """Executes queries against one world, as an ASGI app."""

    def __init__(self, world: World, tokens: Tokens, budgets: Budgets, faults: Faults) -> None:
        self.world = world
        self.tokens = tokens
        self.faults = faults
        self.points = 0
        self.nodes = 0
        self._schema = load_schema()
        self._documents: dict[str, DocumentNode | list[GraphQLError]] = {}
        limits = limits_of(budgets, tokens, "graphql")
        budgeted = Budgeted(self._answer, limits, _points, rate_limited_in_graphql())
        self._prepared = Faulty(budgeted, faults, "graphql", limits, _widest_page)
        self.app: ASGIApp = Authorised(self._receive, tokens)

    async def _receive(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await problem(404, "Not Found")(scope, receive, send)
            return
        body = await json_body(Request(scope, receive))
        try:
            scope["prepared"] = self._prepare(body)
        except Refused as refused:
            scope["prepared"] = refused
        await self._prepared(scope, receive, send)

    def _prepare(self, request: Any) -> Prepared:
        if not isinstance(request, dict) or not isinstance(request.get("query"), str):
            raise Refused({"message": "A query attribute must be specified and must be a string."})
        document = self._document(request["query"])
        if isinstance(document, list):
            raise Refused(*(_worded(error) for error in document))
        name = request.get("operationName")
        operations = [part for part in document.definitions if isinstance(part, OperationDefinitionNode)]
        chosen = [each for each in operations if name is None or (each.name and each.name.value == name)]
        if len(chosen) != 1:
            raise Refused({"message": "An operation name is required, and it must be in the document."})
        variables = request.get("variables") or {}
        coerced = get_variable_values(self._schema, chosen[0].variable_definitions or (), variables)
        if isinstance(coerced, list):
            raise Refused(*(_worded(error) for error in coerced))
        cost = price(self._schema, document, chosen[0], coerced.coerced)
        if cost.mistakes:
            raise Refused(*cost.mistakes)
        return Prepared(document, request["query"], variables, name, cost)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        prepared: Prepared | Refused = scope["prepared"]
        self.points += _points(scope)
        if isinstance(prepared, Refused):
            await JsonResponse({"errors": prepared.errors})(scope, receive, send)
            return
        body, nodes = self._execute(prepared, scope)
        self.nodes += nodes
        scope["nodes"] = nodes
        if "search(" in prepared.text and self.faults.next("search"):
            body = short_of_results(body)
        if fault := scope["fault"]:
            body = null_nodes(body) if fault.name == "resource_limits" else without_one_node(body)
        await JsonResponse(body)(scope, receive, send)

    def _execute(self, prepared: Prepared, scope: Scope) -> tuple[dict[str, Any], int]:
        """The body of the answer, and how many nodes it has."""
        cost = prepared.price
        context = Context(
            self.world,
            scope["viewer"],
            scope["budget"],
            cost.points,
            cost.nodes,
            lambda repository: self.tokens.sees(scope["token"], repository),
        )
        result = execute_sync(
            self._schema,
            prepared.document,
            context_value=context,
            variable_values=dict(prepared.variables),
            operation_name=prepared.operation_name,
        )
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [_worded(error) for error in result.errors]
        return body, context.nodes

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


def _points(scope: Scope) -> int:
    prepared = scope["prepared"]
    return prepared.price.points if isinstance(prepared, Prepared) else 1


def _widest_page(scope: Scope) -> int:
    prepared = scope["prepared"]
    return prepared.price.widest_page if isinstance(prepared, Prepared) else 0


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
