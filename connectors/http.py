"""One HTTP client for every tool but GitHub: JSON or a SourceError, with retries, limits and paging."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2

from connectors.contract import Connector
from connectors.errors import PayloadBroken, RateLimited, Refused, SourceError, Unreachable
from connectors.settings import ApiSettings, is_loopback

Payload = Mapping[str, Any]
Parameters = Mapping[str, str | int | list[str]]

TRIES = 4
FIRST_PAUSE_SECONDS = 0.25
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
MOST_BYTES = 64 * 1024 * 1024
"""No page of any API is nearly as large; more would fill the memory."""


class NotFound(PayloadBroken):
    """404: the address does not exist, or no longer."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there was no answer: a status, an answer that was cut or no JSON, or (neither) no host."""

    status: int | None = None
    wait_seconds: float | None = None
    is_cut: bool = False

    @property
    def tries(self) -> int:
        """How many requests it is worth in all."""
        if self.status is None:
            return TRIES if self.is_cut else 2
        return TRIES if self.status >= 500 else 1

    def as_error(self, endpoint: str) -> SourceError:
        match self.status:
            case None if self.is_cut:
                return PayloadBroken(f"{endpoint}: the answer was cut or is not JSON, {TRIES} times")
            case None:
                return Unreachable(f"{endpoint}: no answer; check base_url and the network")
            case 401:
                return Refused(f"{endpoint}: the token is not accepted (401); check the token and base_url")
            case 402 | 403:
                return Refused(
                    f"{endpoint}: not permitted ({self.status}); give the token read access to everything"
                )
            case 404:
                return NotFound(f"{endpoint}: not there (404); check base_url")
            case status if 300 <= status < 400:
                return Unreachable(f"{endpoint}: answered with a redirect ({status}); check base_url")
            case status if status >= 500:
                return PayloadBroken(f"{endpoint}: still an error ({status}) after {TRIES} tries; try later")
        return PayloadBroken(f"{endpoint}: the question was not understood ({self.status}); the API changed")


class JsonApi:
    """The API of one account of a tool. The first request opens the connection."""

    source: str
    """The tool's name in the ledger, at the beginning of every message."""
    api: str
    """What should answer at `base_url`, in a sentence: `PagerDuty's REST API`."""
    if_missing: str
    """What to say without a token, as the end of a sentence."""

    def __init__(self, settings: ApiSettings) -> None:
        self.requests = 0
        self._base_url = settings.base_url
        self._token = settings.token.get_secret_value() if settings.token else ""
        self._wait_limit_seconds = settings.wait_limit_seconds
        self._client: httpx2.Client | None = None

    def headers(self, token: str) -> Mapping[str, str]:
        """The headers of every request."""
        return {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def check_token(self) -> None:
        """Raises Refused if no token is set."""
        if not self._token:
            raise Refused(f"{self.source}: {self.if_missing}")

    def close(self) -> None:
        """Closes the connection, if one was opened."""
        if self._client:
            self._client.close()
            self._client = None

    def get(self, path: str, parameters: Parameters | None = None) -> Payload:
        """The JSON object at a path. Waits for rate limits up to a limit and repeats what may succeed then.

        Raises Refused, Unreachable, RateLimited, NotFound or PayloadBroken.
        """
        endpoint = f"{self.source}: GET /{_without_ids(path)}"
        waited_seconds = 0.0
        pause_seconds = FIRST_PAUSE_SECONDS
        tries = 0
        while True:
            answer = self._get_once(path, parameters or {})
            if not isinstance(answer, Failure):
                return answer
            if answer.status == 429:
                wait = answer.wait_seconds or pause_seconds  # a reset in 0 s must not spin
                waited_seconds += wait
                if waited_seconds > self._wait_limit_seconds:
                    raise RateLimited(
                        f"{endpoint}: the rate limit asks for {waited_seconds:.0f} s and wait_limit_seconds "
                        f"allows {self._wait_limit_seconds}; the next run goes on from here"
                    )
            else:
                wait = pause_seconds
                tries += 1
                if tries >= answer.tries:
                    raise answer.as_error(endpoint)
            pause_seconds *= 2
            time.sleep(wait)

    def pages(
        self,
        path: str,
        key: str,
        parameters: Parameters,
        next_page: Callable[[Payload, int], Parameters | None],
    ) -> Iterator[Payload]:
        """The objects under `key`, page by page; an empty page is the last.

        `next_page` gets an answer and how many objects came so far, and returns the parameters that differ
        for the next page, or None. Raises what `get` raises.
        """
        count = 0
        page: Parameters | None = {}
        while page is not None:
            answer = self.get(path, {**parameters, **page})
            objects = answer.get(key)
            if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
                raise PayloadBroken(
                    f"{self.source}: an answer has no list of {key}; check that base_url is {self.api}"
                )
            yield from objects
            count += len(objects)
            page = next_page(answer, count) if objects else None

    def _get_once(self, path: str, parameters: Parameters) -> Payload | Failure:
        client = self._opened()
        self.requests += 1
        try:
            with client.stream("GET", path, params=dict(parameters)) as response:
                if response.status_code // 100 != 2:
                    return Failure(response.status_code, _wait_seconds(response.headers))
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise PayloadBroken(
                            f"{self.source}: GET /{_without_ids(path)}: the answer is larger than "
                            f"{MOST_BYTES // 1024 // 1024} MB; check base_url"
                        )
            answer = json.loads(body)
        except (ValueError, RecursionError, httpx2.DecodingError):
            return Failure(is_cut=True)
        except (httpx2.ReadError, httpx2.RemoteProtocolError):
            return Failure(is_cut=True)
        except httpx2.TransportError:
            return Failure()
        return answer if isinstance(answer, dict) else Failure(is_cut=True)

    def _opened(self) -> httpx2.Client:
        if self._client is None:
            self.check_token()
            self._client = httpx2.Client(
                base_url=self._base_url,
                headers={"User-Agent": "sightline", **self.headers(self._token)},
                timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,  # the token would follow as well
                # A proxy must not stand before a sandbox on this machine.
                trust_env=not is_loopback(self._base_url),
                # Loading certificates takes a tenth of a second.
                verify=not self._base_url.startswith("http://"),
            )
        return self._client


class ApiConnector(Connector, Protocol):
    """A connector that reads one account of a JSON API, which is its only scope."""

    scope: str
    """What the account is called in the ledger."""
    _api: JsonApi

    def scopes(self) -> Sequence[str]:
        """The account. Raises Refused without a token; the first request tells if it is a good one."""
        self._api.check_token()
        return (self.scope,)

    def spent(self) -> tuple[int, int]:
        """Requests so far; points are not counted."""
        return self._api.requests, 0

    def close(self) -> None:
        self._api.close()


def _wait_seconds(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks to wait."""
    for name in ("ratelimit-reset", "retry-after"):
        try:
            seconds = float(headers.get(name, ""))
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None


def _without_ids(path: str) -> str:
    """`v2/incidents` of `/v2/incidents/01FDAG`: an error must not name an id."""
    parts = path.strip("/").split("/")
    return "/".join(parts[:2] if parts[0][:1] == "v" and parts[0][1:].isdigit() else parts[:1])
