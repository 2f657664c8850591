"""A request as it came and a response as it will go, without the socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Without the query string, decoded."""
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return (self.query.get(name) or [default])[0]

    def number(self, name: str, default: int) -> int:
        value = self.one(name)
        return int(value) if value.isdigit() else default

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body or b"null")
        except ValueError:
            return None

    @property
    def token(self) -> str:
        """What follows `token` or `Bearer` in the Authorization header."""
        return self.headers.get("authorization", "").partition(" ")[2].strip()


@dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    nodes: int = 0
    """GraphQL: nodes in the answer, for the statistics and the pretended server time."""
    is_cut: bool = False
    """Send half of the body and close the connection."""
    is_dropped: bool = False
    """Close the connection without an answer."""


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with this value as its JSON body."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, {"content-type": "application/json; charset=utf-8", **(headers or {})})


def text_response(text: str, content_type: str, status: int = 200) -> Response:
    return Response(status, text.encode(), {"content-type": f"{content_type}; charset=utf-8"})


def problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as GitHub's REST writes it."""
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return json_response(body, status, headers)
