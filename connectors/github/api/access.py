"""Who can read what: each repository is asked for with the tokens, or the app installation, that can see it.

A GitHub App has an installation with each organisation, which sees that organisation alone, and of it perhaps
only some repositories; several tokens may see different ones. What one identity cannot see is no news about
what it is: nobody is asked who could not know.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import PayloadBroken, Refused
from connectors.github.api.client import Client, identity
from connectors.github.api.credentials import app, installed, tokens
from connectors.github.api.documents import there
from connectors.github.api.rate_limits import Identity, Turns
from connectors.github.settings import GitHubSettings

LOOKED_FOR_AT_ONCE = 100
INSTALLATIONS_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Installation:
    """Where the app is installed; `who` is None while the account has it suspended."""

    login: str
    who: Identity | None
    suspended_at: str = ""


class Access:
    """One client for each set of identities that see the same; close it to close them all."""

    def __init__(self, settings: GitHubSettings, pause: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._pause = pause
        self._is_app = bool(settings.app_id) and not settings.app_installation_id
        own = [app(settings)] if self._is_app else tokens(settings)
        self._all = Client(settings, pause, Turns([identity(settings, each) for each in own], pause))
        """Every token there is, or the app itself, which reads nothing."""
        if not self._is_app:
            self._all.whose = "these credentials"
        self._clients = {self._all.identities: self._all}
        self._installations: Mapping[str, _Installation] | None = None
        self._seeing: dict[str, frozenset[Identity]] = {}
        """Who sees a repository, by its name in small letters; only where there are several tokens."""
        self._lock = threading.RLock()

    @property
    def host(self) -> str:
        return self._all.host

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def spent(self) -> tuple[int, int]:
        """Requests and points so far, over all identities."""
        with self._lock:
            clients = tuple(self._clients.values())
        return sum(client.requests for client in clients), sum(client.points for client in clients)

    def budget(self, clients: Sequence[Client]) -> tuple[int, int] | None:
        """Points left this hour of how many, over all that these ask as."""
        every = {one: None for client in clients or [self._all] for one in client.identities}
        return Turns(tuple(every), self._pause).budget()

    def anywhere(self) -> Client:
        """A client for what everybody may know, such as who an account is. Raises Refused."""
        if not self._is_app:
            return self._all
        asking = [one.who for one in self._installed().values() if one.who]
        if not asking:
            raise Refused(f"every installation of the GitHub App is suspended on {self.host}; unsuspend one")
        return self._client(asking[:1])

    def listing(self, owner: str) -> Sequence[Client]:
        """Whom to ask what an organisation has: each may see others of its repositories. Raises Refused."""
        if self._is_app:
            return [self._of_installation(owner)]
        return [self._client([each]) for each in self._all.identities] if self._is_several else [self._all]

    def of(self, place: str) -> Client:
        """The client that reads `owner/name`, or what is an owner's. Raises Refused."""
        owner, _, name = place.partition("/")
        if self._is_app:
            return self._of_installation(owner)
        if not name or not self._is_several:
            return self._all
        self.look_for([place])
        with self._lock:
            # Where nobody sees it, all are asked: then GitHub says so.
            return self._client(self._seeing[place.casefold()] or self._all.identities)

    def saw(self, repository: str, client: Client) -> None:
        """Notes that a repository was listed to those whom this client asks as."""
        if self._is_several:
            with self._lock:
                known = self._seeing.get(repository.casefold(), frozenset())
                self._seeing[repository.casefold()] = known | client.identities

    def look_for(self, repositories: Iterable[str]) -> None:
        """Asks each of several tokens which of these it sees, unless that is known; a hundred a request."""
        with self._lock:
            unknown = [name for name in repositories if name.casefold() not in self._seeing]
            if not self._is_several or not unknown:
                return
            self._seeing |= {name.casefold(): frozenset() for name in unknown}
            for each in self._all.identities:
                client = self._client([each])
                for name in seen(client, unknown):
                    self.saw(name, client)

    @property
    def _is_several(self) -> bool:
        return len(self._all.identities) > 1

    def _client(self, identities: Iterable[Identity]) -> Client:
        with self._lock:
            key = frozenset(identities)
            if key not in self._clients:
                turns = self._all._turns.among(key)
                self._clients[key] = Client(self._settings, self._pause, turns)
            return self._clients[key]

    def _of_installation(self, owner: str) -> Client:
        known = self._installed()
        found = known.get(owner.casefold())
        if found is None:
            where = ", ".join(sorted(one.login for one in known.values()))
            raise Refused(
                f"the GitHub App is not installed with {owner!r} on {self.host} (it is with {where}); "
                "install it there, or take what is there out of the settings"
            )
        if found.who is None:
            raise Refused(
                f"the GitHub App's installation with {owner!r} on {self.host} is suspended since "
                f"{found.suspended_at[:10]}; unsuspend it there"
            )
        return self._client([found.who])

    def _installed(self) -> Mapping[str, _Installation]:
        """Every installation of the app, by the account it is with in small letters; asked for once."""
        with self._lock:
            if self._installations is None:
                found: dict[str, _Installation] = {}
                for payload in _pages(self._all):
                    # An enterprise has no repositories, and so no login.
                    if login := (payload.get("account") or {}).get("login"):
                        found[str(login).casefold()] = self._one(payload, str(login))
                if not found:
                    raise Refused(
                        f"the GitHub App is installed nowhere on {self.host}; install it where it should read"
                    )
                self._installations = found
            return self._installations

    def _one(self, payload: Mapping[str, Any], login: str) -> _Installation:
        if suspended_at := payload.get("suspended_at"):
            return _Installation(login, None, str(suspended_at))
        some = " for selected repositories" if payload.get("repository_selection") == "selected" else ""
        whose = f"the GitHub App's installation with {login!r}{some}"
        as_it = installed(self._settings, int(payload["id"]), whose)
        return _Installation(login, identity(self._settings, as_it))


def seen(client: Client, repositories: Sequence[str]) -> dict[str, str]:
    """Those of these repositories that a client can see, and their ids; a hundred a request."""
    found: dict[str, str] = {}
    for start in range(0, len(repositories), LOOKED_FOR_AT_ONCE):
        some = repositories[start : start + LOOKED_FOR_AT_ONCE]
        variables: dict[str, str] = {}
        for index, name in enumerate(some):
            variables[f"owner{index}"], variables[f"name{index}"] = name.split("/")
        answer = client.graphql(there(len(some)), variables)
        told = ((name, answer.data[f"r{index}"]) for index, name in enumerate(some))
        found |= {name: node["id"] for name, node in told if node}
    return found


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
