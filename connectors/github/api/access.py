"""Which credentials read which repository: the tokens, or the app installation, that can see it.

A GitHub App has an installation with each organisation, which sees that organisation alone, and of it perhaps
only some repositories; several tokens may see different ones. That a token cannot see an object does not mean
it was deleted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import PayloadBroken, Refused
from connectors.github.api.client import Client, pool_token
from connectors.github.api.credentials import (
    app_credentials,
    configured_credentials,
    installation_credentials,
)
from connectors.github.api.documents import there
from connectors.github.api.rate_limits import Token, TokenPool
from connectors.github.settings import GitHubSettings

LOOKED_FOR_AT_ONCE = 100
INSTALLATIONS_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Installation:
    """Where the app is installed; `who` is None while the account has it suspended."""

    login: str
    who: Token | None
    suspended_at: str = ""


class Access:
    """One client for each set of tokens that see the same; close it to close them all."""

    def __init__(self, settings: GitHubSettings, pause: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._pause = pause
        self._is_app = bool(settings.app_id) and not settings.app_installation_id
        own = [app_credentials(settings)] if self._is_app else configured_credentials(settings)
        self._all = Client(settings, pause, TokenPool([pool_token(settings, each) for each in own], pause))
        """Every token there is, or the app itself, which reads nothing."""
        if not self._is_app:
            self._all.whose = "these credentials"
        self._clients = {self._all.tokens: self._all}
        self._installations: Mapping[str, _Installation] | None = None
        self._seeing: dict[str, frozenset[Token]] = {}
        """Who sees a repository, by its name in small letters; only where there are several tokens."""
        self._lock = threading.RLock()

    @property
    def host(self) -> str:
        return self._all.host

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def spent(self) -> tuple[int, int]:
        """Requests and points so far, over all tokens."""
        with self._lock:
            clients = tuple(self._clients.values())
        return sum(client.requests for client in clients), sum(client.points for client in clients)

    def budget(self, clients: Sequence[Client]) -> tuple[int, int] | None:
        """Points left this hour of how many, over all that these ask as."""
        every = {one: None for client in clients or [self._all] for one in client.tokens}
        return TokenPool(tuple(every), self._pause).budget()

    def anywhere(self) -> Client:
        """A client for what every token may read, such as accounts. Raises Refused."""
        if not self._is_app:
            return self._all
        asking = [one.who for one in self._installed().values() if one.who]
        if not asking:
            raise Refused(f"every installation of the GitHub App is suspended on {self.host}; unsuspend one")
        return self._client(asking[:1])

    def listing(self, owner: str) -> Sequence[Client]:
        """The clients that list an organisation: each may see other repositories of it. Raises Refused."""
        if self._is_app:
            return [self._of_installation(owner)]
        return [self._client([each]) for each in self._all.tokens] if self._is_several else [self._all]

    def of(self, place: str) -> Client:
        """The client that reads `owner/name`, or what is an owner's. Raises Refused."""
        owner, _, name = place.partition("/")
        if self._is_app:
            return self._of_installation(owner)
        if not name or not self._is_several:
            return self._all
        self.look_for([place])
        with self._lock:
            # Where no token sees it, all are used: then GitHub says so.
            return self._client(self._seeing[place.casefold()] or self._all.tokens)

    def saw(self, repository: str, client: Client) -> None:
        """Notes that the tokens of this client see a repository."""
        if self._is_several:
            with self._lock:
                known = self._seeing.get(repository.casefold(), frozenset())
                self._seeing[repository.casefold()] = known | client.tokens

    def look_for(self, repositories: Iterable[str]) -> None:
        """Finds out which of several tokens see these, unless that is known; a hundred a request."""
        with self._lock:
            unknown = [name for name in repositories if name.casefold() not in self._seeing]
            if not self._is_several or not unknown:
                return
            self._seeing |= {name.casefold(): frozenset() for name in unknown}
            for each in self._all.tokens:
                client = self._client([each])
                for name in visible_ids(client, unknown):
                    self.saw(name, client)

    @property
    def _is_several(self) -> bool:
        return len(self._all.tokens) > 1

    def _client(self, tokens: Iterable[Token]) -> Client:
        with self._lock:
            key = frozenset(tokens)
            if key not in self._clients:
                pool = self._all._pool.among(key)
                self._clients[key] = Client(self._settings, self._pause, pool)
            return self._clients[key]

    def _of_installation(self, owner: str) -> Client:
        known = self._installed()
        installation = known.get(owner.casefold())
        if installation is None:
            where = ", ".join(sorted(one.login for one in known.values()))
            raise Refused(
                f"the GitHub App is not installed with {owner!r} on {self.host} (it is with {where}); "
                "install it there, or take what is there out of the settings"
            )
        if installation.who is None:
            raise Refused(
                f"the GitHub App's installation with {owner!r} on {self.host} is suspended since "
                f"{installation.suspended_at[:10]}; unsuspend it there"
            )
        return self._client([installation.who])

    def _installed(self) -> Mapping[str, _Installation]:
        """Every installation of the app, by the account it is with in small letters; asked for once."""
        with self._lock:
            if self._installations is None:
                installations: dict[str, _Installation] = {}
                for payload in _pages(self._all):
                    # An enterprise has no repositories, and so no login.
                    if login := (payload.get("account") or {}).get("login"):
                        installations[str(login).casefold()] = self._one(payload, str(login))
                if not installations:
                    raise Refused(
                        f"the GitHub App is installed nowhere on {self.host}; install it where it should read"
                    )
                self._installations = installations
            return self._installations

    def _one(self, payload: Mapping[str, Any], login: str) -> _Installation:
        if suspended_at := payload.get("suspended_at"):
            return _Installation(login, None, str(suspended_at))
        selected = " for selected repositories" if payload.get("repository_selection") == "selected" else ""
        whose = f"the GitHub App's installation with {login!r}{selected}"
        as_it = installation_credentials(self._settings, int(payload["id"]), whose)
        return _Installation(login, pool_token(self._settings, as_it))


def visible_ids(client: Client, repositories: Sequence[str]) -> dict[str, str]:
    """Those of these repositories that a client can see, and their ids; a hundred a request."""
    ids: dict[str, str] = {}
    for start in range(0, len(repositories), LOOKED_FOR_AT_ONCE):
        chunk = repositories[start : start + LOOKED_FOR_AT_ONCE]
        variables: dict[str, str] = {}
        for index, name in enumerate(chunk):
            variables[f"owner{index}"], variables[f"name{index}"] = name.split("/")
        answer = client.graphql(there(len(chunk)), variables)
        answers = ((name, answer.data[f"r{index}"]) for index, name in enumerate(chunk))
        ids |= {name: node["id"] for name, node in answers if node}
    return ids


def _pages(client: Client) -> Iterator[Mapping[str, Any]]:
    number = 1
    while True:
        page = client.get(f"/app/installations?per_page={INSTALLATIONS_A_PAGE}&page={number}")
        if not isinstance(page, list):
            raise PayloadBroken(
                f"{client.host} does not list the GitHub App's installations; the API changed"
            )
        yield from page
        if len(page) < INSTALLATIONS_A_PAGE:
            return
        number += 1
