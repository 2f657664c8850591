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
import requests
from github import Github
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from connectors.errors import PayloadBroken, Unreachable
from connectors.github.api.credentials import READ_SECONDS, Credentials, InstallationAuth, Interrupted

CONNECT_SECONDS = 3
USER_AGENT = "sightline"

Connection = HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass


class TooHeavy(PayloadBroken):
    """GitHub could not answer even the smallest form of this request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    text: str


class Transport:
    """Requests to one GitHub with the same credentials; safe to share between threads."""

    def __init__(self, base_url: str, credentials: Credentials) -> None:
        self.host = urlsplit(base_url).netloc
        self.credentials = credentials
        self._base_url = base_url
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
                auth=self.credentials.auth,
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
        auth = self.credentials.auth
        renewals = auth.renewals if isinstance(auth, InstallationAuth) else 0
        try:
            reply = Reply(*requester.requestJson(verb, path, input=payload, cnx=connection))
            if reply.status == 401 and isinstance(auth, InstallationAuth):
                # It may have ended before its hour; the next request uses a new one.
                auth.renew(renewals)
            return reply
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
    """PyGithub takes one timeout for both; an unreachable host should be reported in seconds."""

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


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, NewConnectionError) or isinstance(error, requests.exceptions.ProxyError)
