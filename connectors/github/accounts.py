"""Accounts: of a token, a login, a number, a single sign-on; and their public keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from connectors.errors import Refused
from connectors.github.api.access import Access
from connectors.github.api.client import Client, NothingThere, PageSize
from connectors.github.api.documents import document, users
from connectors.github.payloads import account, nodes
from connectors.github.settings import GitHubSettings
from connectors.noreply import number_in
from connectors.records import Account

LOGINS_AT_ONCE = 100
IDENTITIES_AT_ONCE = 100
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""What cannot be a login is not worth a question."""


def whoami(base_url: str, token: SecretStr | str) -> Account:
    """The account a token belongs to. Raises Refused for a token that is none, or Unreachable.

    REST `GET /user`.
    """
    secret = token if isinstance(token, SecretStr) else SecretStr(token)
    with closing(Client(GitHubSettings(base_url=base_url, token=secret, wait_limit_seconds=0))) as client:
        user = client.get("/user")
    if not isinstance(user, dict) or not user.get("node_id") or not user.get("login"):
        raise Refused(f"{client.host} does not say whose token this is; check base_url")
    owner = account(_as_actor(user))
    assert owner is not None
    return owner


def account_of(base_url: str, token: SecretStr, login: str) -> Account | None:
    """The account with this login today, or None. Raises Unreachable or RateLimited.

    REST `GET /users/{login}`.
    """
    if not _LOGIN.fullmatch(login):
        return None
    with closing(Client(GitHubSettings(base_url=base_url, token=token, wait_limit_seconds=0))) as client:
        try:
            user = client.get(f"/users/{login}")
        except Refused:
            return None
    return account(_as_actor(user))


def _as_actor(user: Mapping[str, Any]) -> dict[str, Any]:
    """An account of REST, as GraphQL tells of one."""
    return {"__typename": user.get("type", "User"), "login": user["login"], "id": user["node_id"]}


def resolve_logins(settings: GitHubSettings, logins: Iterable[str]) -> dict[str, Account]:
    """Accounts by login, in the spelling that was given; a login that GitHub does not know is absent.

    A hundred a request. Raises Refused, Unreachable, RateLimited or PayloadBroken.
    """
    names = [name for name in dict.fromkeys(logins) if _LOGIN.fullmatch(name)]
    if not names:
        return {}
    accounts: dict[str, Account] = {}
    with closing(Access(settings)) as access:
        client = access.anywhere()
        for start in range(0, len(names), LOGINS_AT_ONCE):
            chunk = names[start : start + LOGINS_AT_ONCE]
            variables = {f"login{index}": login for index, login in enumerate(chunk)}
            answer = client.graphql(users(len(chunk)), variables)
            for index, login in enumerate(chunk):
                person = account(answer.data[f"u{index}"])
                if person is not None:
                    accounts[login] = person
    return accounts


class ByNumber:
    """The account that a private address of this GitHub names by its number; None for any other text.

    GitHub is asked about the number; the login in the address is not believed. REST `GET /user/{id}`, once a
    number. Raises Refused, Unreachable, RateLimited or PayloadBroken.
    """

    def __init__(self, settings: GitHubSettings) -> None:
        self._settings = settings
        self._accounts: dict[int, Account | None] = {}

    def __call__(self, text: str) -> Account | None:
        number = number_in(text.strip(), self._settings.base_url)
        if number is not None and number not in self._accounts:
            self._accounts[number] = self._account(number)
        return self._accounts[number] if number is not None else None

    def _account(self, number: int) -> Account | None:
        with closing(Access(self._settings)) as access:
            try:
                user = access.anywhere().get(f"/user/{number}")
            except NothingThere:
                return None
        is_somebody = user.get("id") == number and user.get("type") != "Organization"
        return account(_as_actor(user)) if is_somebody else None


def public_keys(settings: GitHubSettings, logins: Iterable[str]) -> dict[str, list[str]]:
    """The SSH keys of each login, as they stand in an `authorized_keys`; a login that is gone has none.

    One request a person. Raises Unreachable, RateLimited or PayloadBroken. REST `GET /users/{login}/keys`.
    """
    keys: dict[str, list[str]] = {}
    with closing(Access(settings)) as access:
        client = access.anywhere()
        for login in logins:
            try:
                rows = client.get(f"/users/{login}/keys?per_page=100")
            except Refused:
                rows = []
            keys[login] = [str(row["key"]) for row in rows if isinstance(row, dict) and row.get("key")]
    return keys


@dataclass(frozen=True, slots=True)
class SsoIdentity:
    """One account, and the addresses under which its holder signs in to the identity provider."""

    account: Account
    addresses: frozenset[str]


def sso_identities(settings: GitHubSettings) -> Iterator[SsoIdentity]:
    """Every identity that is linked to an account, in all the organisations of the settings.

    GraphQL `Organization.samlIdentityProvider`, for an owner's token (`admin:org`). Neither names nor groups
    are requested. Raises Refused, Unreachable, RateLimited or PayloadBroken.
    """
    with closing(Access(settings)) as access:
        for organisation in settings.organisations:
            yield from _of_organisation(access.of(organisation), organisation)


def _of_organisation(client: Client, organisation: str) -> Iterator[SsoIdentity]:
    page = PageSize(IDENTITIES_AT_ONCE)
    after: str | None = None
    while True:
        answer = client.graphql(document("identities"), {"organisation": organisation, "after": after}, page)
        provider = (answer.data["organization"] or {}).get("samlIdentityProvider")
        if provider is None:
            code = next(iter(answer.refused.values()), "none is set up, or the token is no owner's")
            raise Refused(
                f"{client.host} gives no single sign-on of {organisation!r} ({code}); use a token with "
                "`admin:org`, or take `sso` out of the settings"
            )
        for payload in nodes(provider, "externalIdentities"):
            who = account(payload["user"])
            if who is not None:  # an identity that is linked to no account yet is nobody here
                yield SsoIdentity(who, frozenset(_addresses(payload)))
        info = provider["externalIdentities"]["pageInfo"]
        if not info["hasNextPage"]:
            return
        after = info["endCursor"]


def _addresses(payload: Mapping[str, Any]) -> Iterator[str]:
    saml, scim = payload.get("samlIdentity") or {}, payload.get("scimIdentity") or {}
    # what they sign in under: an address that is merely listed may be a mailbox that several people share
    names = [saml.get("nameId"), scim.get("username")]
    yield from (each.casefold() for each in names if each and "@" in each)
