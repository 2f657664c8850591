"""One PagerDuty account over HTTP: questions in, decoded answers out, every failure as a SourceError.

The official client knows the address, the headers and the token. What it does not do is kept here: it waits
for rate limits without end, stops listing at 10,000 results with no more than a warning, does not ask again
when an answer is cut, and puts answers and the end of the token into its error messages.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2  # what the official client raises from when the network fails
from pagerduty import Error as ClientError
from pagerduty import RestApiV2Client

from connectors.errors import PayloadBroken, RateLimited, Refused, SourceError, Unreachable

Payload = Mapping[str, Any]
Parameters = Mapping[str, str | int | list[str]]

PAGE = 100
"""The largest page PagerDuty gives."""
WALL = 10_000
"""PagerDuty refuses offset + limit beyond this."""
_TRIES = 4
_FIRST_PAUSE_SECONDS = 0.25


class NotThere(PayloadBroken):
    """The address exists for nobody, or no longer: 404."""


class WallError(Exception):
    """A listing would run into the wall of 10,000 results; ask for fewer days."""


def is_loopback(url: str) -> bool:
    """Whether this address is on this machine, where plain HTTP is fine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Api:
    """Asks one account; counts what it asked."""

    def __init__(self, base_url: str, token: str, wait_limit_seconds: int) -> None:
        self.requests = 0
        self._wait_limit_seconds = wait_limit_seconds
        # a proxy from the environment must not stand between us and a sandbox on this machine
        self._client = _Client(token, base_url=base_url, trust_env=not is_loopback(base_url))

    def get(self, path: str, parameters: Parameters | None = None) -> Payload:
        """The answer to one question, after waiting and asking again where that helps.

        Raises Refused, Unreachable, RateLimited, NotThere or PayloadBroken.
        """
        endpoint = f"pagerduty: GET /{path.strip('/').split('/')[0]}"  # without ids
        waited_seconds = 0.0
        pause_seconds = _FIRST_PAUSE_SECONDS
        tries = 0
        while True:
            self.requests += 1
            answer = self._once(path, parameters or {})
            if not isinstance(answer, _Trouble):
                return answer
            if answer.status == 429:
                wait_seconds = answer.wait_seconds if answer.wait_seconds is not None else pause_seconds
                pause_seconds *= 2
                waited_seconds += wait_seconds
                if waited_seconds > self._wait_limit_seconds:
                    raise RateLimited(
                        f"{endpoint}: the rate limit asks for {waited_seconds:.0f} s and wait_limit_seconds "
                        f"allows {self._wait_limit_seconds}; the next run goes on from here"
                    )
                time.sleep(wait_seconds)
                continue
            tries += 1
            if tries >= answer.worth_tries:
                raise answer.as_error(endpoint)
            time.sleep(pause_seconds)
            pause_seconds *= 2

    def listed(self, path: str, key: str, parameters: Parameters | None = None) -> Iterator[Payload]:
        """Everything in a listing, page by page. Raises WallError before the wall, or what `get` raises."""
        offset = 0
        while True:
            question: dict[str, str | int | list[str]] = {
                **(parameters or {}),
                "limit": PAGE,
                "offset": offset,
            }
            if not offset:
                question["total"] = "true"
            answer = self.get(path, question)
            found = answer.get(key)
            if not isinstance(found, list):
                raise PayloadBroken(
                    f"pagerduty: an answer has no list of {key}; check that base_url is PagerDuty's REST API"
                )
            if not offset and isinstance(answer.get("total"), int) and answer["total"] > WALL - PAGE:
                raise WallError
            yield from found
            offset += len(found)
            if not answer.get("more") or not found:
                return
            if offset + PAGE > WALL:
                raise WallError

    def _once(self, path: str, parameters: Parameters) -> Payload | _Trouble:
        try:
            answer = self._client.get(path, params=dict(parameters)).json()
        except _StatusError as answered:
            return _Trouble(answered.status, answered.wait_seconds)
        except (json.JSONDecodeError, UnicodeDecodeError, httpx2.DecodingError):
            return _Trouble(status=None, cut=True)
        except ClientError as error:
            broken = (httpx2.ReadError, httpx2.RemoteProtocolError)
            return _Trouble(status=None, cut=isinstance(error.__cause__, broken))
        return answer if isinstance(answer, dict) else _Trouble(status=None, cut=True)


@dataclass(frozen=True)
class _Trouble:
    """Why there was no answer: a status, an answer that was cut, or (neither) no host."""

    status: int | None
    wait_seconds: float | None = None
    cut: bool = False

    @property
    def worth_tries(self) -> int:
        """How often to ask in all: a refusal stays one, and a host that is not there is told soon."""
        if self.status is None:
            return _TRIES if self.cut else 2
        return _TRIES if self.status >= 500 else 1

    def as_error(self, endpoint: str) -> SourceError:
        match self.status:
            case None if self.cut:
                return PayloadBroken(f"{endpoint}: the answer was cut or is not JSON, {_TRIES} times")
            case None:
                return Unreachable(f"{endpoint}: no answer; check base_url and the network")
            case 401:
                return Refused(f"{endpoint}: the token is not accepted (401); check the token and the region")
            case 402 | 403:
                return Refused(
                    f"{endpoint}: not permitted ({self.status}); give the token read access to everything"
                )
            case 404:
                return NotThere(f"{endpoint}: not there (404); check base_url")
            case status if 300 <= status < 400:
                return Unreachable(f"{endpoint}: answered with a redirect ({status}); check base_url")
            case status if status >= 500:
                return PayloadBroken(f"{endpoint}: still an error ({status}) after {_TRIES} tries; try later")
        return PayloadBroken(f"{endpoint}: the question was not understood ({self.status}); the API changed")


class _StatusError(Exception):
    """An answer that is no success, without its body: messages must not repeat what a source sent."""

    def __init__(self, status: int, wait_seconds: float | None) -> None:
        super().__init__(status)
        self.status = status
        self.wait_seconds = wait_seconds


class _Client(RestApiV2Client):
    """The official client, without its own waiting, and with plain HTTP to this machine."""

    max_network_attempts = 0
    timeout = (5.0, 60.0, 60.0, 5.0)  # type: ignore[assignment]  # connect, read, write, pool

    @property
    def url(self) -> str:
        return str(self._url)

    @url.setter
    def url(self, value: str) -> None:
        if not value.startswith("https://") and not is_loopback(value):
            raise Refused("pagerduty: base_url must use https; a token would travel in the open")
        self._url = value

    def postprocess(self, response: httpx2.Response, suffix: str | None = None) -> None:
        """Stops at anything but a success, before the client waits, logs or quotes it."""
        del suffix
        if response.status_code // 100 != 2:
            raise _StatusError(response.status_code, _wait_seconds(response.headers))


def _wait_seconds(headers: Mapping[str, str]) -> float | None:
    for name in ("ratelimit-reset", "retry-after"):
        try:
            seconds = float(headers.get(name, ""))
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None
