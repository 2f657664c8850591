"""One PagerDuty account over HTTP: questions in, decoded answers out, every failure as a SourceError.

Pages, waiting and asking again are kept here and not left to the official client, which waits for rate limits
without end, stops listing at 10,000 results with no more than a warning, and takes a cut answer as final.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

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
    """A listing has more than the 10,000 results that PagerDuty gives; go on with fewer days."""


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
        # loading the official client takes half a second, which commands that only read must not wait for
        from connectors.pagerduty_client import Client

        self.requests = 0
        self._wait_limit_seconds = wait_limit_seconds
        self._client = Client(base_url, token)

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()

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
            answer = self._client.once(path, parameters or {})
            if not isinstance(answer, Trouble):
                return answer
            if answer.status == 429:
                wait_seconds = answer.wait_seconds or pause_seconds  # a reset in 0 s must not spin
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
        """Everything in a listing, page by page.

        Raises WallError after the last result that PagerDuty gives, or what `get` raises.
        """
        offset = 0
        while True:
            if offset + PAGE > WALL:
                raise WallError
            answer = self.get(path, {**(parameters or {}), "limit": PAGE, "offset": offset})
            found = answer.get(key)
            if not isinstance(found, list):
                raise PayloadBroken(
                    f"pagerduty: an answer has no list of {key}; check that base_url is PagerDuty's REST API"
                )
            yield from found
            offset += len(found)
            if not answer.get("more") or not found:
                return

    def count(self, path: str, parameters: Parameters) -> int:
        """How many results a listing would have, without listing them."""
        total = self.get(path, {**parameters, "limit": 1, "total": "true"}).get("total")
        if not isinstance(total, int):
            raise PayloadBroken("pagerduty: a listing does not tell its total; the API changed")
        return total


@dataclass(frozen=True)
class Trouble:
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
