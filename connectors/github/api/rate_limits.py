"""Several tokens: how many requests each has under way, and when it has to wait.

GitHub counts per token: points an hour and requests at once. Every thread must stop when a token is limited,
or the limit lasts longer. After that the token makes fewer requests at once, and step by step more again.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.github.api.transport import Reply, Transport

SECONDARY_WAIT_SECONDS = 60
"""GitHub asks for a minute at least when it names no time, and for longer each time."""
WELL_UNTIL_MORE = 50
"""Answers that must come before one more request at once is tried again."""


class Limited(Exception):
    """The rate limit is reached; `wait_seconds` is None where GitHub does not say how long."""

    def __init__(self, wait_seconds: float | None) -> None:
        super().__init__(wait_seconds)
        self.wait_seconds = wait_seconds


@dataclass(slots=True, eq=False)
class Token:
    """One token or installation, and its rate limit."""

    transport: Transport
    most_at_once: int
    at_once: int = field(init=False)
    on_their_way: int = 0
    went_well: int = 0
    refusals: int = 0
    """In a row."""
    free_at: float = 0.0
    """By our own clock; in the future while it has to wait."""
    remaining: int | None = None
    """Points this hour, as GitHub last said; None where it does not count."""
    limit: int | None = None

    def __post_init__(self) -> None:
        self.at_once = self.most_at_once

    def wait_seconds(self) -> int:
        """Seconds until its next request, rounded up."""
        return max(0, math.ceil(self.free_at - time.monotonic()))


class TokenPool:
    """Hands out these tokens; safe between threads."""

    def __init__(self, tokens: Sequence[Token], pause: Callable[[float], None]) -> None:
        self.tokens = tuple(tokens)
        self._pause = pause
        self._changed = threading.Condition()

    def among(self, tokens: Iterable[Token]) -> TokenPool:
        """A pool of other tokens that counts their requests together with this one."""
        fewer = TokenPool(tuple(tokens), self._pause)
        fewer._changed = self._changed
        return fewer

    def close(self) -> None:
        for token in self.tokens:
            token.transport.close()

    def budget(self) -> tuple[int, int] | None:
        """Points that are left this hour over all tokens, of how many; None where GitHub does not count."""
        budgets = [(each.remaining, each.limit) for each in self.tokens]
        known = [(left, most) for left, most in budgets if left is not None and most is not None]
        if not known:
            return None
        # a token that was not used yet has what the others began with
        unused = (len(budgets) - len(known)) * known[0][1]
        return sum(left for left, _ in known) + unused, sum(most for _, most in known) + unused

    @contextmanager
    def free_token(self, patience: float) -> Iterator[tuple[Token, float] | None]:
        """The token that is free first and the seconds waited; None if that is more than `patience`."""
        token, wait = self._taken()
        try:
            if wait > patience:
                yield None
                return
            if wait:
                self._pause(wait)
                token.free_at = 0.0
            yield token, wait
        finally:
            with self._changed:
                token.on_their_way -= 1
                self._changed.notify_all()

    def went_well(self, token: Token, reply: Reply) -> None:
        """Notes what an answer says about the budget."""
        headers = reply.headers
        with self._changed:
            token.refusals = 0
            token.went_well += 1
            if token.went_well >= WELL_UNTIL_MORE and token.at_once < token.most_at_once:
                token.at_once, token.went_well = token.at_once + 1, 0
                self._changed.notify_all()
            if headers.get("x-ratelimit-resource", "graphql") == "graphql":
                remaining, limit = headers.get("x-ratelimit-remaining"), headers.get("x-ratelimit-limit")
                if remaining and limit and remaining.isdigit() and limit.isdigit():
                    token.remaining, token.limit = int(remaining), int(limit)

    def refused(self, token: Token, limited: Limited) -> None:
        """Notes that a token has to wait, and how long."""
        with self._changed:
            wait = limited.wait_seconds
            if wait is None:
                wait = SECONDARY_WAIT_SECONDS * 2.0**token.refusals
            token.refusals += 1
            token.at_once, token.went_well = max(1, token.at_once // 2), 0
            token.free_at = time.monotonic() + max(1.0, wait)

    def _taken(self) -> tuple[Token, int]:
        with self._changed:
            while True:
                ready = [each for each in self.tokens if each.on_their_way < each.at_once]
                if ready:
                    token = min(ready, key=lambda each: (each.wait_seconds(), each.on_their_way))
                    token.on_their_way += 1
                    return token, token.wait_seconds()
                self._changed.wait()
