"""The SSH keys that people have put on their GitHub accounts, for anybody to encrypt to."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.errors import Refused
from connectors.github.access import Access
from connectors.github.settings import GitHubSettings


def public_keys(settings: GitHubSettings, logins: Iterable[str]) -> dict[str, list[str]]:
    """The keys of each login, as they stand in an `authorized_keys`; a login that is no more has none.

    One request a person. Raises Unreachable, RateLimited or PayloadBroken. REST `GET /users/{login}/keys`.
    """
    access = Access(settings)
    found: dict[str, list[str]] = {}
    try:
        client = access.anywhere()
        for login in logins:
            try:
                rows = client.get(f"/users/{login}/keys?per_page=100")
            except Refused:
                rows = []
            found[login] = [str(row["key"]) for row in rows if isinstance(row, dict) and row.get("key")]
    finally:
        access.close()
    return found
