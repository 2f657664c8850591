"""The sandbox without its socket: a request comes in, the right API answers it, everything is counted."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox import faults as faulty
from sandbox.apps import App, Tokens
from sandbox.budgets import Budgets
from sandbox.faults import Fault, Faults, UnknownFault, Where
from sandbox.graphql_api import Answer, GraphQL
from sandbox.incident_io.api import IncidentIoApi
from sandbox.incident_io.model import IncidentIo
from sandbox.messages import Request, Response, json_response, problem, text_response
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
    """Answers requests. One at a time, as far as the world is concerned; the waiting is done outside."""

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
        self.app = App(holding.github, self.tokens, f"{base}/api/v3")
        self.graphql = GraphQL(holding.github)
        self.rest = Rest(holding.github, self.tokens, self.budgets, f"{base}/api/v3")
        self.pagerduty = PagerDutyApi(holding.pagerduty, f"{base}/pagerduty")
        self.incident_io = IncidentIoApi(holding.incident_io)
        self.before_each: Callable[[], None] = _nothing
        """Called before each request is answered, one at a time: the world may change in it."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._points = 0
        self._nodes = 0

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

    def answer(self, request: Request) -> Response:
        """The response to one request, after the pretended server time."""
        with self._lock:
            self.before_each()
            response, is_counted = self._answer(request)
        wait_ms = self.pace.latency_ms + self.pace.node_latency_ms * response.nodes if is_counted else 0
        if wait_ms:
            time.sleep(wait_ms / 1000)
        return response

    def _answer(self, request: Request) -> tuple[Response, bool]:
        path = request.path
        if path.startswith("/_sandbox/"):
            return self._control(replace(request, path=path.removeprefix("/_sandbox"))), False
        for prefix, where, answer in self._apis():
            if path == prefix or path.startswith(f"{prefix}/"):
                self._counts[where] += 1
                inner = replace(request, path=path.removeprefix(prefix))
                return answer(inner), True
        return problem(404, "Not Found"), True

    def _apis(self) -> tuple[tuple[str, Where, Callable[[Request], Response]], ...]:
        return (
            ("/api/graphql", "graphql", self._graphql),
            ("/api/v3", "rest", self._rest),
            ("/pagerduty", "pagerduty", self._pagerduty),
            ("/incident-io", "incident_io", self._incident_io),
        )

    # --- the APIs ---------------------------------------------------------------------------------

    def _graphql(self, request: Request) -> Response:
        viewer = self.tokens.owner(request.token)
        if viewer is None:
            return problem(401, "Bad credentials")
        if request.method != "POST":
            return problem(404, "Not Found")
        prepared = self.graphql.prepare(request.json())
        widest = 0 if isinstance(prepared, Answer) else prepared.price.widest_page
        fault = self.faults.next("graphql", widest)
        if fault and fault.name not in ("resource_limits", "not_found_node", "truncated_body"):
            return self._spoiled(fault, request, "graphql")
        budget = self.budgets.of(self.tokens.purse(request.token), "graphql")
        points = 1 if isinstance(prepared, Answer) else prepared.price.points
        if not budget.spend(points):
            return json_response(_RATE_LIMITED, headers=budget.headers())
        self._points += points
        if isinstance(prepared, Answer):
            answer = prepared
        else:
            answer = self.graphql.run(
                prepared, viewer, budget, lambda each: self.tokens.sees(request.token, each)
            )
        self._nodes += answer.nodes
        body = answer.body
        if "search(" in request.body.decode("utf-8", "replace") and self.faults.next("search"):
            body = faulty.short_of_results(body)
        if fault and fault.name == "resource_limits":
            body = faulty.null_nodes(body)
        elif fault and fault.name == "not_found_node":
            body = faulty.without_one_node(body)
        response = json_response(body, headers=budget.headers())
        response.nodes = answer.nodes
        response.is_cut = bool(fault and fault.name == "truncated_body")
        return response

    def _rest(self, request: Request) -> Response:
        is_app = request.token.count(".") == 2  # a signed token of an app has three parts
        viewer = self.holding.github.service if is_app else self.tokens.owner(request.token)
        if viewer is None:
            return problem(401, "Bad credentials")
        fault = self.faults.next("rest")
        if fault and fault.name != "truncated_body":
            return self._spoiled(fault, request, "core")
        if is_app:
            response = self.app.answer(request) or problem(401, "Bad credentials")
            response.is_cut = fault is not None
            return response
        budget = self.budgets.of(self.tokens.purse(request.token), "core")
        if request.path != "/rate_limit" and not budget.spend(1):
            message = "API rate limit exceeded for this token."
            return problem(403, message, budget.headers())
        response = self.rest.answer(request, viewer)
        response.headers.update(budget.headers())
        response.is_cut = fault is not None
        return response

    def _pagerduty(self, request: Request) -> Response:
        fault = self.faults.next("pagerduty")
        if fault and fault.name != "truncated_body":
            return self._spoiled(fault, request, "pagerduty")
        response = self.pagerduty.answer(request)
        response.is_cut = fault is not None
        return response

    def _incident_io(self, request: Request) -> Response:
        fault = self.faults.next("incident_io")
        if fault and fault.name != "truncated_body":
            return self._spoiled(fault, request, "incident_io")
        response = self.incident_io.answer(request)
        response.is_cut = fault is not None
        return response

    def _spoiled(self, fault: Fault, request: Request, resource: str) -> Response:
        """What comes instead of an answer when a fault is on."""
        budget = self.budgets.of(self.tokens.purse(request.token), resource)
        limits = dict(budget.headers())
        retry_after = {"retry-after": str(fault.seconds)}
        secondary = (
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        )
        match fault.name:
            case "bad_gateway" | "page_too_heavy":
                return text_response("<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html", 502)
            case "server_error":
                return problem(500, "Server Error", limits)
            case "unauthorized":
                return problem(401, "Bad credentials", limits)
            case "rate_limited_200":
                return json_response(_RATE_LIMITED, headers=limits | _spent(fault))
            case "rate_limited_403":
                return problem(403, "API rate limit exceeded for this token.", limits | _spent(fault))
            case "secondary_403":
                return problem(403, secondary, limits | retry_after)
            case "secondary_403_without_retry_after":
                return problem(403, secondary, limits)
            case "too_many_429":
                return problem(429, secondary, limits | retry_after)
            case "too_many_429_without_retry_after":
                return problem(429, secondary, limits)
        return Response(is_dropped=True)

    # --- the operator's side ------------------------------------------------------------------------------

    def _control(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/stats":
                return json_response(self._stats())
            case "POST", "/reset-stats":
                self._counts.clear()
                self._points = self._nodes = 0
                return json_response(self._stats())
            case "GET", "/roster.csv":
                return text_response(self.holding.roster_csv, "text/csv")
            case "GET", "/traps":
                return json_response(self.holding.traps)
            case "GET", path if path.startswith("/ssh-key/"):
                return self._ssh_key(path.removeprefix("/ssh-key/"))
            case "GET", "/addresses":
                return json_response(self.addresses())
            case "GET", "/faults":
                return json_response(self.faults.as_list())
            case "POST", "/faults":
                return self._switch_fault(request.json())
            case "POST", "/mutate":
                try:
                    return json_response(mutate(self.holding.github, request.json()))
                except ImpossibleMutation as error:
                    return problem(400, str(error))
        return problem(404, "Not Found")

    def _ssh_key(self, login: str) -> Response:
        """The private key of one of the sandbox's people, to open what was delivered to them."""
        found = self.holding.github.accounts.get(login.lower())
        if found is None:
            return problem(404, f"nobody has the login {login!r}.")
        from sandbox.keys import private_key

        return text_response(private_key(found.id), "text/plain")

    def _switch_fault(self, body: Any) -> Response:
        options = dict(body) if isinstance(body, dict) else {}
        try:
            self.faults.switch(options.pop("name", ""), options.pop("count", None), **options)
        except UnknownFault as error:
            return problem(400, str(error))
        except TypeError:
            return problem(
                400, f"{json.dumps(body)}: a fault has name, count, where, seconds, limit and skip."
            )
        return json_response(self.faults.as_list())

    def _stats(self) -> dict[str, Any]:
        counts = {where: self._counts[where] for where in ("graphql", "rest", "pagerduty", "incident_io")}
        return {"requests": counts, "points": self._points, "nodes": self._nodes}


_RATE_LIMITED = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for this token."}]}


def _nothing() -> None:
    """The world stays as it is."""


def _spent(fault: Fault) -> dict[str, str]:
    """The headers of a spent budget that is whole again in a moment."""
    reset = str(int(time.time()) + fault.seconds)
    return {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
