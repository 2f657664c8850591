"""The sandbox as one ASGI app: the APIs below their paths, and the operator's side below /_sandbox."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from weakref import WeakSet

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from sandbox.apps import Tokens
from sandbox.budgets import Budgets
from sandbox.faults import Faults, UnknownFault, Where
from sandbox.graphql_api import GraphQL
from sandbox.incident_io.api import IncidentIoApi
from sandbox.incident_io.model import IncidentIo
from sandbox.messages import JsonResponse, connection_of, github_error, json_body, route
from sandbox.middleware import Faulty, limits_of
from sandbox.mutations import ImpossibleMutation, mutate
from sandbox.pagerduty.api import PagerDutyApi
from sandbox.pagerduty.model import PagerDuty
from sandbox.rest_api import Rest
from sandbox.world import World


@dataclass(slots=True)
class Holding:
    """What one sandbox serves: GitHub, PagerDuty, incident.io, and what the operator would have on file."""

    github: World
    pagerduty: PagerDuty = field(default_factory=PagerDuty)
    roster_csv: str = "login,team,manager,from,until,rubric,pagerduty_id\n"
    traps: Mapping[str, Any] = field(default_factory=dict)
    """Name of a planted trap -> the ids of the objects it stands on."""
    organization: str | None = None
    incident_io: IncidentIo = field(default_factory=IncidentIo)


@dataclass(frozen=True, slots=True)
class Pace:
    """How slowly the sandbox answers, to pretend the clock of the real thing."""

    latency_ms: float = 0
    node_latency_ms: float = 0
    """For each node of a GraphQL answer."""
    connection_latency_ms: float = 0
    """For each new connection."""


class Sandbox:
    """Answers requests, one at a time as far as the world is concerned; only the waiting overlaps."""

    def __init__(
        self,
        holding: Holding,
        base: str,
        *,
        faults: Faults | None = None,
        pace: Pace | None = None,
        points_an_hour: int = 5_000,
    ) -> None:
        self.holding = holding
        self.base = base
        self.pace = pace or Pace()
        self.faults = faults or Faults()
        self.budgets = Budgets(points_an_hour)
        self.tokens = Tokens(holding.github)
        self.graphql = GraphQL(holding.github, self.tokens, self.budgets, self.faults)
        self.before_each: Callable[[], None] = lambda: None
        """Called before each request is answered: the world may change in it."""
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        """What the `date` of an answer says."""
        self._counts: Counter[Where] = Counter()
        self._connections: WeakSet[Any] = WeakSet()
        self._app = self._routes()

    def _routes(self) -> Starlette:
        rest = Rest(self.holding.github, self.tokens, self.budgets, self.faults, f"{self.base}/api/v3")
        pagerduty = PagerDutyApi(self.holding.pagerduty, f"{self.base}/pagerduty")
        incident_io = IncidentIoApi(self.holding.incident_io)
        app = Starlette(
            routes=[
                Route("/api/graphql", self.graphql.app),
                Mount("/api/v3", rest.app),
                Mount("/pagerduty", self._faulty(pagerduty.app, "pagerduty")),
                Mount("/incident-io", self._faulty(incident_io.app, "incident_io")),
                Mount("/_sandbox", routes=self._control()),
            ],
            exception_handlers={HTTPException: github_error},
        )
        app.router.redirect_slashes = False
        return app

    def _faulty(self, app: Any, where: Where) -> Faulty:
        return Faulty(app, self.faults, where, limits_of(self.budgets, self.tokens, where))

    def addresses(self) -> dict[str, Any]:
        """Where everything is: the line that is printed when the sandbox listens."""
        control = f"{self.base}/_sandbox"
        return {
            "github": {"base_url": f"{self.base}/api/v3", "graphql_url": f"{self.base}/api/graphql"},
            "pagerduty": {"base_url": f"{self.base}/pagerduty"},
            "incident_io": {"base_url": f"{self.base}/incident-io"},
            "stats": f"{control}/stats",
            "roster": f"{control}/roster.csv",
            "traps": f"{control}/traps",
            "faults": f"{control}/faults",
            "ssh_key": f"{control}/ssh-key/<login>",
            "mutate": f"{control}/mutate",
            "tokens": {
                "github": "sandbox-token",
                "person": "sandbox-<login>",
                "pagerduty": "sandbox-pagerduty",
                "incident_io": "sandbox-incident-io",
            },
            "organization": self.holding.organization,
            "repositories": sorted(
                repository.name_with_owner for repository in set(self.holding.github.repositories.values())
            ),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, wait_ms = scope["path"], 0.0
        where = next((where for prefix, where in _APIS if path.startswith(prefix)), None)
        if where:
            self._counts[where] += 1
            wait_ms = self.pace.latency_ms
        if self.pace.connection_latency_ms:
            connection = connection_of(receive)
            if connection not in self._connections:
                self._connections.add(connection)
                await asyncio.sleep(self.pace.connection_latency_ms / 1000)

        async def send_later(message: Message) -> None:
            if message["type"] == "http.response.start":
                wait = wait_ms + self.pace.node_latency_ms * scope.get("nodes", 0)
                if wait:
                    await asyncio.sleep(wait / 1000)
                date = (b"date", format_datetime(self.clock(), usegmt=True).encode())
                message = {**message, "headers": [*message["headers"], date]}
            await send(message)

        self.before_each()
        try:
            await self._app(scope, receive, send_later)
        except asyncio.CancelledError:
            return  # the server stops, and its connections are closed

    # --- the operator's side ------------------------------------------------------------------------------

    def _control(self) -> list[Route]:
        return [
            route("/stats", lambda _request: JsonResponse(self.stats())),
            route("/reset-stats", self._reset_stats, methods=["POST"]),
            route("/roster.csv", lambda _request: Response(self.holding.roster_csv, media_type="text/csv")),
            route("/traps", lambda _request: JsonResponse(self.holding.traps)),
            route("/ssh-key/{login}", self._ssh_key),
            route("/addresses", lambda _request: JsonResponse(self.addresses())),
            route("/faults", lambda _request: JsonResponse(self.faults.as_list())),
            Route("/faults", self._switch_fault, methods=["POST"]),
            Route("/mutate", self._mutate, methods=["POST"]),
        ]

    def stats(self) -> dict[str, Any]:
        """Requests by API; points and nodes of GraphQL."""
        requests = {where: self._counts[where] for _, where in _APIS}
        return {"requests": requests, "points": self.graphql.points, "nodes": self.graphql.nodes}

    def _reset_stats(self, _request: Request) -> Response:
        self._counts.clear()
        self.graphql.points = self.graphql.nodes = 0
        return JsonResponse(self.stats())

    def _ssh_key(self, _request: Request, login: str) -> Response:
        """The private key of one of the sandbox's people, to open what was delivered to them."""
        account = self.holding.github.accounts.get(login.lower())
        if account is None:
            raise HTTPException(404, f"nobody has the login {login!r}.")
        from sandbox.keys import private_key  # cryptography takes a while to load

        return PlainTextResponse(private_key(account.id))

    async def _switch_fault(self, request: Request) -> Response:
        body = await json_body(request)
        options = dict(body) if isinstance(body, dict) else {}
        try:
            self.faults.switch(options.pop("name", ""), options.pop("count", None), **options)
        except UnknownFault as error:
            raise HTTPException(400, str(error)) from None
        except TypeError:
            message = f"{json.dumps(body)}: a fault has name, count, where, seconds, limit and skip."
            raise HTTPException(400, message) from None
        return JsonResponse(self.faults.as_list())

    async def _mutate(self, request: Request) -> Response:
        try:
            return JsonResponse(mutate(self.holding.github, await json_body(request)))
        except ImpossibleMutation as error:
            raise HTTPException(400, str(error)) from None


_APIS: tuple[tuple[str, Where], ...] = (
    ("/api/graphql", "graphql"),
    ("/api/v3/", "rest"),
    ("/pagerduty/", "pagerduty"),
    ("/incident-io/", "incident_io"),
)
