"""One request to GitHub and its answer, as they are; what an answer means is decided in `client.py`.

PyGithub authenticates, renews app tokens and keeps the connection. Its throttle is off (it holds GraphQL to
one request a second), and so are its retries (they repeat a page that is too heavy ten times, unchanged).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import github
import jwt
import requests
from github import Auth, Github
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from connectors.errors import PayloadBroken, Refused, SourceError, Unreachable
from connectors.github.settings import GitHubSettings

CONNECT_SECONDS = 3
READ_SECONDS = 30
"""GitHub gives up on a query after about ten seconds by itself."""
USER_AGENT = "sightline"

Connection = HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass


class Interrupted(Exception):
    """No whole answer this time; the same or a smaller request may get one.

    `gives_up_as` is what to raise when it does not, `is_heavy` says that a smaller request is likelier to.
    """

    def __init__(self, gives_up_as: SourceError, *, is_heavy: bool = False, tries: int | None = None) -> None:
        super().__init__(str(gives_up_as))
        self.gives_up_as = gives_up_as
        self.is_heavy = is_heavy
        self.tries = tries


class TooHeavy(PayloadBroken):
    """GitHub could not answer this even in the smallest form it was asked in."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    text: str


class Transport:
    """Requests to one GitHub with one identity; safe to share between threads."""

    def __init__(self, settings: GitHubSettings) -> None:
        self.host = urlsplit(settings.base_url).netloc
        self._base_url = settings.base_url
        self._auth = _auth(settings, self.host)
        self._mine = threading.local()
        self._opened: list[tuple[Github, Connection]] = []
        self._lock = threading.Lock()

    def graphql(self, query: str, variables: Mapping[str, Any]) -> Reply:
        """The reply to a query. Raises Interrupted or Refused."""
        _, requester = self._connection()
        return self._send("POST", requester.graphql_url, {"query": query, "variables": dict(variables)})

    def get(self, path: str) -> Reply:
        """The reply to a REST request. Raises Interrupted or Refused."""
        return self._send("GET", path, None)

    def close(self) -> None:
        """Closes the connections of every thread."""
        with self._lock:
            for client, connection in self._opened:
                connection.close()
                client.close()
            self._opened.clear()
            self._mine = threading.local()

    def _connection(self) -> tuple[Connection, github.Requester.Requester]:
        # PyGithub is not safe between threads: answers have gone to the wrong caller.
        if not hasattr(self._mine, "pair"):
            client = Github(
                auth=self._auth,
                base_url=self._base_url,
                timeout=READ_SECONDS,
                user_agent=USER_AGENT,
                retry=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
            )
            address = urlsplit(self._base_url)
            kind = HTTPSRequestsConnectionClass if address.scheme == "https" else HTTPRequestsConnectionClass
            connection = kind(address.hostname or "", address.port, retry=0, timeout=READ_SECONDS)
            connection.session.mount(f"{address.scheme}://", _QuickToConnect())
            self._mine.pair = (connection, client.requester)
            with self._lock:
                self._opened.append((client, connection))
        pair: tuple[Connection, github.Requester.Requester] = self._mine.pair
        return pair

    def _send(self, verb: str, path: str, payload: dict[str, Any] | None) -> Reply:
        connection, requester = self._connection()
        try:
            return Reply(*requester.requestJson(verb, path, input=payload, cnx=connection))
        except requests.exceptions.SSLError:
            raise Unreachable(
                f"{self.host} shows a certificate that is not trusted here; check base_url or the trust store"
            ) from None
        except requests.exceptions.ReadTimeout:
            raise Interrupted(
                TooHeavy(f"{self.host} did not answer within {READ_SECONDS} seconds"), is_heavy=True
            ) from None
        except requests.exceptions.ConnectionError as error:
            if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
                raise Interrupted(
                    Unreachable(f"{self.host} cannot be reached; check base_url and the network"), tries=3
                ) from None
            raise Interrupted(PayloadBroken(f"{self.host} dropped the connection, again and again")) from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise Interrupted(
                TooHeavy(f"{self.host} cut its answers off, again and again"), is_heavy=True
            ) from None
        except requests.exceptions.RequestException as error:
            raise Unreachable(
                f"{self.host} cannot be asked ({type(error).__name__}); check base_url and the proxy settings"
            ) from None
        except RuntimeError:
            # PyGithub refuses to carry the token to another host or scheme.
            raise Unreachable(f"{self.host} redirects elsewhere; set base_url to where it points") from None


class _QuickToConnect(HTTPAdapter):
    """PyGithub takes one timeout for both; an unreachable host should be told in seconds."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,  # noqa: ARG002
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        return super().send(request, stream, (CONNECT_SECONDS, READ_SECONDS), verify, cert, proxies)


class _OneInstallation(Auth.Auth):
    """An app installation whose token is minted once and then shared.

    PyGithub's own, used by several threads, mints a token for each of them at first use.
    """

    def __init__(self, installation: Auth.AppInstallationAuth, host: str) -> None:
        self._installation = installation
        self._host = host
        self._lock = threading.Lock()

    @property
    def token_type(self) -> str:
        return self._installation.token_type

    @property
    def token(self) -> str:
        with self._lock:
            try:
                return self._installation.token
            except github.GithubException as error:
                if error.status in (401, 403, 404):
                    raise Refused(
                        f"{self._host} refuses the GitHub App; check its id, installation id and private key"
                    ) from None
                raise Interrupted(PayloadBroken(f"{self._host} gives the GitHub App no token")) from None
            except (ValueError, TypeError, jwt.PyJWTError):
                raise Refused("app_private_key is not a private key in PEM form") from None


def _auth(settings: GitHubSettings, host: str) -> Auth.Auth | None:
    if settings.token:
        return Auth.Token(settings.token.get_secret_value())
    if settings.app_id and settings.app_installation_id and settings.app_private_key:
        app = Auth.AppAuth(settings.app_id, settings.app_private_key.get_secret_value())
        installation = Auth.AppInstallationAuth(app, settings.app_installation_id)
        minter = Github(auth=app, base_url=settings.base_url, retry=None, timeout=READ_SECONDS)
        return _OneInstallation(installation.withRequester(minter.requester), host)
    return None


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, NewConnectionError) or isinstance(error, requests.exceptions.ProxyError)
