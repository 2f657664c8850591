"""Who is behind a token or a login."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import SecretStr

from connectors.errors import Refused
from connectors.github.client import Client
from connectors.github.documents import users
from connectors.github.payloads import account
from connectors.github.settings import GitHubSettings
from connectors.records import Account

LOGINS_AT_ONCE = 100
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""What cannot be a login is not worth a question."""


def whoami(base_url: str, token: SecretStr | str) -> Account:
    """The account a token belongs to. Raises Refused for a token that is none, or Unreachable.

    REST `GET /user`.
    """
    secret = token if isinstance(token, SecretStr) else SecretStr(token)
    client = Client(GitHubSettings(base_url=base_url, token=secret, wait_limit_seconds=0))
    try:
        user = client.get("/user")
    finally:
        client.close()
    if not isinstance(user, dict) or not user.get("node_id") or not user.get("login"):
        raise Refused(f"{client.host} does not say whose token this is; check base_url")
    found = account({"__typename": user.get("type", "User"), "login": user["login"], "id": user["node_id"]})
    assert found is not None
    return found


def account_of(base_url: str, token: SecretStr, login: str) -> Account | None:
    """The account with this login today, or None. Raises Unreachable or RateLimited.

    REST `GET /users/{login}`.
    """
    if not _LOGIN.fullmatch(login):
        return None
    client = Client(GitHubSettings(base_url=base_url, token=token, wait_limit_seconds=0))
    try:
        user = client.get(f"/users/{login}")
    except Refused:
        return None
    finally:
        client.close()
    return account({"__typename": user.get("type", "User"), "login": user["login"], "id": user["node_id"]})


def resolve_logins(settings: GitHubSettings, logins: Iterable[str]) -> dict[str, Account]:
    """Accounts by the login they were asked under; who is unknown to GitHub is absent.

    A hundred a request. Raises Refused, Unreachable, RateLimited or PayloadBroken.
    """
    asked = [name for name in dict.fromkeys(logins) if _LOGIN.fullmatch(name)]
    client = Client(settings)
    found: dict[str, Account] = {}
    try:
        for start in range(0, len(asked), LOGINS_AT_ONCE):
            some = asked[start : start + LOGINS_AT_ONCE]
            variables = {f"login{index}": login for index, login in enumerate(some)}
            answer = client.graphql(users(len(some)), variables)
            for index, login in enumerate(some):
                person = account(answer.data[f"u{index}"])
                if person is not None:
                    found[login] = person
    finally:
        client.close()
    return found
