"""Tokens and what they may see: those of people, and those of a GitHub App and its installations.

An installation sees the repositories of one account, all or selected ones; its tokens end after an hour and
share one budget.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox.messages import JsonResponse, number, route
from sandbox.model import Account, Repository
from sandbox.world import Installation, World


@dataclass(slots=True)
class _Issued:
    installation: Installation
    expires_at: datetime


class Tokens:
    """Who a token belongs to: the service, each person by login, and app installations."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.service = world.service
        self.issued: dict[str, _Issued] = {}
        self.lifetime = timedelta(hours=1)

    def owner(self, token: str) -> Account | None:
        """The account this token speaks for; None for a bad or an expired one."""
        if token == "sandbox-token":  # noqa: S105  # a made-up token, printed at the start
            return self._world.service
        if token in self.issued:
            issued = self.issued[token]
            is_good = issued.expires_at > datetime.now(UTC) and not issued.installation.suspended_at
            return self._world.service if is_good else None
        who = self._world.accounts.get(token.removeprefix("sandbox-").lower())
        return who if token.startswith("sandbox-") and who and who.kind == "User" else None

    def purse(self, token: str) -> str:
        """The key of this token's budget: all tokens of an installation share one."""
        issued = self.issued.get(token)
        return f"installation {issued.installation.number}" if issued else token

    def sees(self, token: str, repository: Repository) -> bool:
        """Whether this token may know of a repository at all."""
        if token in self.issued:
            return self.issued[token].installation.covers(repository)
        viewer = self.owner(token)
        seen = self._world.sees_only.get(viewer.login.lower()) if viewer else None
        names = {repository.owner.login.lower(), repository.name_with_owner.lower()}
        return seen is None or bool(names & seen)

    def issue(self, installation: Installation) -> tuple[str, str]:
        """A new installation token and the moment it expires, an hour from now."""
        token, expires_at = f"ghs_{secrets.token_hex(18)}", datetime.now(UTC) + self.lifetime
        self.issued[token] = _Issued(installation, expires_at)
        return token, expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def expire(self) -> None:
        """Ends every token of an installation now."""
        for issued in self.issued.values():
            issued.expires_at = datetime.now(UTC)


class App:
    """The routes that an app asks with its own signed token."""

    def __init__(self, world: World, tokens: Tokens, api: str) -> None:
        self._world = world
        self._tokens = tokens
        self._api = api
        self.routes = [
            route("/app", self._app),
            route("/app/installations", self._installations),
            route("/app/installations/{key:int}", self._installation),
            route("/app/installations/{key:int}/access_tokens", self._access_token, methods=["POST"]),
            route("/repos/{owner}/{name}/installation", self._installation_of),
            route("/{path:path}", self._not_for_apps),
        ]

    def _app(self, _request: Request) -> Response:
        return JsonResponse({"id": 1, "slug": "sightline-sandbox", "name": "Sightline sandbox"})

    def _not_for_apps(self, _request: Request, path: str) -> Response:  # noqa: ARG002
        raise HTTPException(401, "Bad credentials")

    def _installations(self, request: Request) -> Response:
        page, size = max(1, number(request, "page", 1)), min(100, number(request, "per_page", 30))
        installed = self._world.installed()
        body = [self._body(each) for each in installed[(page - 1) * size : page * size]]
        more = f'<{self._api}/app/installations?per_page={size}&page={page + 1}>; rel="next"'
        return JsonResponse(body, headers={"link": more} if page * size < len(installed) else {})

    def _installation(self, _request: Request, key: int) -> Response:
        return JsonResponse(self._body(self._find(key)))

    def _installation_of(self, _request: Request, owner: str, name: str) -> Response:
        repository = self._world.repositories.get(f"{owner}/{name}".lower())
        for each in self._world.installed():
            if repository and each.covers(repository):
                return JsonResponse(self._body(each))
        raise HTTPException(404)

    def _access_token(self, _request: Request, key: int) -> Response:
        installation = self._find(key)
        if installation.suspended_at:
            raise HTTPException(403, "This installation has been suspended")
        token, expires_at = self._tokens.issue(installation)
        body = {"token": token, "expires_at": expires_at, "permissions": {"pull_requests": "read"}}
        return JsonResponse(body | {"repository_selection": installation.selection}, 201)

    def _find(self, key: int) -> Installation:
        for each in self._world.installed():
            if each.number == key:
                return each
        raise HTTPException(404)

    def _body(self, installation: Installation) -> dict[str, Any]:
        account = installation.account
        return {
            "id": installation.number,
            "app_id": 1,
            "account": {"login": account.login, "node_id": account.id, "type": account.kind},
            "target_type": account.kind,
            "repository_selection": installation.selection,
            "suspended_at": installation.suspended_at,
            "permissions": {"pull_requests": "read", "issues": "read", "metadata": "read"},
            "access_tokens_url": f"{self._api}/app/installations/{installation.number}/access_tokens",
            "repositories_url": f"{self._api}/installation/repositories",
        }
