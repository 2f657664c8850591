"""Which identity of the organisation's own single sign-on each GitHub account has.

Source: `Organization.samlIdentityProvider`, through GraphQL; the token needs to be an owner's (`admin:org`).
Cursor: none; all identities are read when somebody asks.
Yields: accounts with what the identity provider calls their holder, held in memory and never stored.
Never: names, groups.
Raises: Refused for an organisation without one or a token that may not read it, Unreachable, RateLimited,
PayloadBroken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import Refused
from connectors.github.access import Access
from connectors.github.client import Client, Page
from connectors.github.documents import document
from connectors.github.payloads import account, nodes
from connectors.github.settings import GitHubSettings
from connectors.records import Account

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """One account, and the address under which its holder signs in to the identity provider."""

    account: Account
    addresses: frozenset[str]


def identities(settings: GitHubSettings) -> Iterator[Identity]:
    """Every identity that is linked to an account, in all the organisations of the settings."""
    access = Access(settings)
    try:
        for organisation in settings.organisations:
            yield from _of_organisation(access.of(organisation), organisation)
    finally:
        access.close()


def _of_organisation(client: Client, organisation: str) -> Iterator[Identity]:
    page = Page(AT_ONCE)
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
                yield Identity(who, frozenset(_addresses(payload)))
        info = provider["externalIdentities"]["pageInfo"]
        if not info["hasNextPage"]:
            return
        after = info["endCursor"]


def _addresses(payload: Mapping[str, Any]) -> Iterator[str]:
    saml, scim = payload.get("samlIdentity") or {}, payload.get("scimIdentity") or {}
    # what they sign in under: an address that is merely listed may be a mailbox that several people share
    told = [saml.get("nameId"), scim.get("username")]
    yield from (each.casefold() for each in told if each and "@" in each)
