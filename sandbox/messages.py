"""Requests and answers of all APIs: routes, JSON bodies, the query string, and connections that break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import orjson
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DOCUMENTATION = "https://docs.github.com/rest"

Handler = Callable[..., Response]
"""Takes the request and the parameters of its path."""


class JsonResponse(Response):
    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class Dropped(Response):
    """The end of the connection in place of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await hang_up(receive)


def route(path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
    """A route to a plain function: answers need no waiting, and one at a time sees the world as it is."""

    async def endpoint(request: Request) -> Response:
        return handler(request, **request.path_params)

    return Route(path, endpoint, methods=methods)


def api(
    routes: Sequence[Route],
    handlers: Mapping[Any, Callable[[Request, Exception], Response]],
    check: Callable[[Request], None] = lambda _request: None,
) -> ASGIApp:
    """An app of these routes. `handlers` write errors; `check` raises HTTPException for a bad token."""
    router = Router(routes, redirect_slashes=False)

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        check(Request(scope))
        await router(scope, receive, send)

    return ExceptionMiddleware(checked, handlers)


def problem(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """An error as GitHub's REST writes it."""
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return JsonResponse(body, status, headers)


def github_error(_request: Request, error: Exception) -> Response:
    """The answer to an HTTPException in GitHub's form."""
    found = cast(HTTPException, error)
    return problem(found.status_code, found.detail, found.headers)


async def json_body(request: Request) -> Any:
    """The body as JSON; None when it is not JSON."""
    try:
        return json.loads(await request.body() or b"null")
    except ValueError:
        return None


def parameter(request: Request, name: str, default: str = "") -> str:
    """The value of a query parameter."""
    return request.query_params.get(name) or default


def number(request: Request, name: str, default: int) -> int:
    value = parameter(request, name)
    return int(value) if value.isdigit() else default


def token_of(scope: Scope) -> str:
    """What follows `token` or `Bearer` in the Authorization header."""
    value = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    return value.decode("latin-1").partition(" ")[2].strip()


def connection_of(receive: Receive) -> asyncio.Transport:
    """The connection of a request: uvicorn's `receive` belongs to an object that holds it."""
    transport: asyncio.Transport = cast(Any, receive).__self__.transport
    return transport


async def hang_up(receive: Receive) -> None:
    """Closes the connection after what was sent; ASGI itself has no message for that."""
    connection_of(receive).close()
    while (await receive())["type"] != "http.disconnect":
        pass


def cut_in_half(receive: Receive, send: Send) -> Send:
    """Sends half of the body that the headers promise and closes the connection."""

    async def send_half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message["body"]
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
            await hang_up(receive)
        else:
            await send(message)

    return send_half
