"""Who asks and what they see: people's tokens, and a GitHub App with its installations.

An installation sees the repositories of one account, all or selected ones; its tokens end after an hour and
share one budget. Any signature of the app will do.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.messages import Request, Response, json_response, problem
from sandbox.model import Account, Repository
from sandbox.world import Installation, World

_INSTALLATION = re.compile(r"/app/installations/(?P<number>\d+)(?P<tokens>/access_tokens)?")
_OF_REPOSITORY = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/installation")


@dataclass(slots=True)
class _Issued:
    installation: Installation
    expires_at: datetime


class Tokens:
    """Who a token belongs to: the service, each person by login, and app installations."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._issued: dict[str, _Issued] = {}
        self.lifetime = timedelta(hours=1)

    def owner(self, token: str) -> Account | None:
        """The account this token speaks for; None for a bad or an expired one."""
        if token == "sandbox-token":  # noqa: S105  # a made-up token, printed at the start
            return self._world.service
        if token in self._issued:
            issued = self._issued[token]
            is_good = issued.expires_at > datetime.now(UTC) and not issued.installation.suspended_at
            return self._world.service if is_good else None
        who = self._world.accounts.get(token.removeprefix("sandbox-").lower())
        return who if token.startswith("sandbox-") and who and who.kind == "User" else None

    def purse(self, token: str) -> str:
        """What the budget of this token is kept under: all tokens of an installation share one."""
        issued = self._issued.get(token)
        return f"installation {issued.installation.number}" if issued else token

    def sees(self, token: str, repository: Repository) -> bool:
        """Whether this token may know of a repository at all."""
        if token in self._issued:
            return self._issued[token].installation.covers(repository)
        viewer = self.owner(token)
        seen = self._world.sees_only.get(viewer.login.lower()) if viewer else None
        names = {repository.owner.login.lower(), repository.name_with_owner.lower()}
        return seen is None or bool(names & seen)

    def issue(self, installation: Installation) -> tuple[str, str]:
        """A new installation token and the moment it expires, an hour from now."""
        token, expires_at = f"ghs_{secrets.token_hex(18)}", datetime.now(UTC) + self.lifetime
        self._issued[token] = _Issued(installation, expires_at)
        return token, expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def expire(self) -> None:
        """Every token of an installation ends now, whatever was said when it was issued."""
        for issued in self._issued.values():
            issued.expires_at = datetime.now(UTC)


class App:
    """What an app asks with its own signed token."""

    def __init__(self, world: World, tokens: Tokens, api: str) -> None:
        self._world = world
        self._tokens = tokens
        self._api = api

    def answer(self, request: Request) -> Response | None:
        """The answer to a request of the app itself; None for one that is no app's to ask."""
        path = request.path
        if path == "/app":
            return json_response({"id": 1, "slug": "sightline-sandbox", "name": "Sightline sandbox"})
        if path == "/app/installations":
            return self._listed(request)
        if match := _INSTALLATION.fullmatch(path):
            found = next((one for one in self._installed() if one.number == int(match["number"])), None)
            return self._of(request, found, wants_token=bool(match["tokens"]))
        if match := _OF_REPOSITORY.fullmatch(path):
            repository = self._world.repositories.get(match["name"].lower())
            over = [one for one in self._installed() if repository and one.covers(repository)]
            return self._of(request, next(iter(over), None), wants_token=False)
        return None

    def _installed(self) -> Sequence[Installation]:
        return self._world.installed()

    def _listed(self, request: Request) -> Response:
        number, size = max(1, request.number("page", 1)), min(100, request.number("per_page", 30))
        installed = self._installed()
        page = [self._body(one) for one in installed[(number - 1) * size : number * size]]
        more = f'<{self._api}/app/installations?per_page={size}&page={number + 1}>; rel="next"'
        return json_response(page, headers={"link": more} if number * size < len(installed) else {})

    def _of(self, request: Request, found: Installation | None, *, wants_token: bool) -> Response:
        if found is None:
            return problem(404, "Not Found")
        if not wants_token:
            return json_response(self._body(found))
        if request.method != "POST":
            return problem(404, "Not Found")
        if found.suspended_at:
            return problem(403, "This installation has been suspended")
        token, expires_at = self._tokens.issue(found)
        body = {"token": token, "expires_at": expires_at, "permissions": {"pull_requests": "read"}}
        return json_response(body | {"repository_selection": found.selection}, 201)

    def _body(self, found: Installation) -> dict[str, Any]:
        return {
            "id": found.number,
            "app_id": 1,
            "account": {
                "login": found.account.login,
                "node_id": found.account.id,
                "type": found.account.kind,
            },
            "target_type": found.account.kind,
            "repository_selection": found.selection,
            "suspended_at": found.suspended_at,
            "permissions": {"pull_requests": "read", "issues": "read", "metadata": "read"},
            "access_tokens_url": f"{self._api}/app/installations/{found.number}/access_tokens",
            "repositories_url": f"{self._api}/installation/repositories",
        }
