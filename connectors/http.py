"""An incident tool over HTTP: questions in, decoded answers out, every failure as a SourceError."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import PayloadBroken, RateLimited, Refused, SourceError, Unreachable

Payload = Mapping[str, Any]
Parameters = Mapping[str, str | int | list[str]]

_TRIES = 4
_FIRST_PAUSE_SECONDS = 0.25


class NotThere(PayloadBroken):
    """The address exists for nobody, or no longer: 404."""


def is_loopback(url: str) -> bool:
    """Whether this address is on this machine, where plain HTTP is fine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_address(value: str, example: str) -> str:
    """The address of an API without a slash at its end. Raises ValueError where a token would be shown."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"base_url is an address like {example}")
    if parts.scheme == "http" and not is_loopback(value):
        raise ValueError("base_url must use https; a token would travel in the open")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url holds an address only; the token has a setting of its own")
    return value.rstrip("/")


def wait_seconds(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks to wait."""
    for name in ("ratelimit-reset", "retry-after"):
        try:
            seconds = float(headers.get(name, ""))
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None


class JsonApi:
    """Asks one account; counts what it asked."""

    def __init__(self, source: str, once: Once, wait_limit_seconds: int, close: Callable[[], None]) -> None:
        self.requests = 0
        self.close = close
        self._source = source
        self._once = once
        self._wait_limit_seconds = wait_limit_seconds

    def get(self, path: str, parameters: Parameters | None = None) -> Payload:
        """The answer to one question, after waiting and asking again where that helps.

        Raises Refused, Unreachable, RateLimited, NotThere or PayloadBroken.
        """
        endpoint = f"{self._source}: GET /{_without_ids(path)}"
        waited_seconds = 0.0
        pause_seconds = _FIRST_PAUSE_SECONDS
        tries = 0
        while True:
            self.requests += 1
            answer = self._once(path, parameters or {})
            if not isinstance(answer, Trouble):
                return answer
            if answer.status == 429:
                wait = answer.wait_seconds or pause_seconds  # a reset in 0 s must not spin
                pause_seconds *= 2
                waited_seconds += wait
                if waited_seconds > self._wait_limit_seconds:
                    raise RateLimited(
                        f"{endpoint}: the rate limit asks for {waited_seconds:.0f} s and wait_limit_seconds "
                        f"allows {self._wait_limit_seconds}; the next run goes on from here"
                    )
                time.sleep(wait)
                continue
            tries += 1
            if tries >= answer.worth_tries:
                raise answer.as_error(endpoint)
            time.sleep(pause_seconds)
            pause_seconds *= 2


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
                return Refused(f"{endpoint}: the token is not accepted (401); check the token and base_url")
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


Once = Callable[[str, Parameters], Payload | Trouble]
"""Asks one question; the answer, or why there is none."""


def _without_ids(path: str) -> str:
    """`v2/incidents` of `/v2/incidents/01FDAG`: an error is no place for an id."""
    parts = path.strip("/").split("/")
    return "/".join(parts[:2] if parts[0][:1] == "v" and parts[0][1:].isdigit() else parts[:1])
