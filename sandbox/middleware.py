"""ASGI middleware before the APIs: whose token it is, what goes wrong, and what the token may still ask."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.apps import Tokens
from sandbox.budgets import Budget, Budgets
from sandbox.faults import Fault, Faults, Where
from sandbox.messages import Dropped, JsonResponse, cut_in_half, problem, token_of

RATE_LIMITED = "API rate limit exceeded for this token."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


class Authorised:
    """Refuses bad tokens; keeps the good one in the scope as `token` and its owner as `viewer`.

    An app's own token is signed, so it has three parts; of those any is good.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self.app = app
        self.tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = scope["token"] = token_of(scope)
        scope["is_app"] = token.count(".") == 2
        scope["viewer"] = self.tokens.service if scope["is_app"] else self.tokens.owner(token)
        known = scope["viewer"] is not None
        await (self.app if known else problem(401, "Bad credentials"))(scope, receive, send)


class Faulty:
    """Spoils answers while a fault is switched on; those that need the answer itself pass as `fault`."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        where: Where,
        limits: Callable[[str], Budget],
        widest_page: Callable[[Scope], int] = lambda _scope: 0,
    ) -> None:
        self.app = app
        self.faults = faults
        self.where = where
        self.limits = limits
        self.widest_page = widest_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = scope["fault"] = self.faults.next(self.where, self.widest_page(scope))
        if fault is None or fault.name in ("resource_limits", "not_found_node"):
            await self.app(scope, receive, send)
        elif fault.name == "truncated_body":
            await self.app(scope, receive, cut_in_half(receive, send))
        else:
            await spoiled(fault, self.limits(token_of(scope)))(scope, receive, send)


class Budgeted:
    """Takes what a request costs from the budget of its token, which stays in the scope as `budget`."""

    def __init__(
        self,
        app: ASGIApp,
        limits: Callable[[str], Budget],
        cost: Callable[[Scope], int],
        refusal: ASGIApp,
    ) -> None:
        self.app = app
        self.limits = limits
        self.cost = cost
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        budget = scope["budget"] = self.limits(scope["token"])

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                limits = [(name.encode(), text.encode()) for name, text in budget.headers().items()]
                message = {**message, "headers": [*message["headers"], *limits]}
            await send(message)

        can_pay = budget.spend(self.cost(scope))
        await (self.app if can_pay else self.refusal)(scope, receive, send_with_limits)


def limits_of(budgets: Budgets, tokens: Tokens, resource: str) -> Callable[[str], Budget]:
    """The budget of a token for one resource."""
    return lambda token: budgets.of(tokens.purse(token), resource)


def rate_limited_in_graphql() -> Response:
    return JsonResponse({"errors": [{"type": "RATE_LIMITED", "message": RATE_LIMITED}]})


def spoiled(fault: Fault, budget: Budget) -> Response:
    """What comes instead of an answer when a fault is on."""
    limits = dict(budget.headers())
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + fault.seconds)}
    retry_after = {"retry-after": str(fault.seconds)}
    match fault.name:
        case "bad_gateway" | "page_too_heavy":
            return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
        case "server_error":
            return problem(500, "Server Error", limits)
        case "unauthorized":
            return problem(401, "Bad credentials", limits)
        case "rate_limited_200":
            response = rate_limited_in_graphql()
            response.headers.update(limits | spent)
            return response
        case "rate_limited_403":
            return problem(403, RATE_LIMITED, limits | spent)
        case "secondary_403":
            return problem(403, SECONDARY, limits | retry_after)
        case "secondary_403_without_retry_after":
            return problem(403, SECONDARY, limits)
        case "too_many_429":
            return problem(429, SECONDARY, limits | retry_after)
        case "too_many_429_without_retry_after":
            return problem(429, SECONDARY, limits)
    return Dropped()
