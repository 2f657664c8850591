"""Whose turn it is: several tokens, how many requests each has on its way, and when it has to wait.

GitHub counts per token: points an hour, requests at once, and an answer "not now" that must be heeded by
every thread, for whoever goes on asking is kept out longer. After such an answer a token asks less at once,
and step by step more again.
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
    """GitHub asks for patience; `wait_seconds` is None where it does not say how much."""

    def __init__(self, wait_seconds: float | None) -> None:
        super().__init__(wait_seconds)
        self.wait_seconds = wait_seconds


@dataclass(slots=True, eq=False)
class Identity:
    """One token or installation, and what GitHub lets it do."""

    transport: Transport
    most_at_once: int
    at_once: int = field(init=False)
    on_their_way: int = 0
    went_well: int = 0
    refusals: int = 0
    """In a row."""
    free_at: float = 0.0
    """By our own clock; in the future while GitHub asks for patience."""
    remaining: int | None = None
    """Points this hour, as GitHub last said; None where it does not count."""
    limit: int | None = None

    def __post_init__(self) -> None:
        self.at_once = self.most_at_once

    def wait_seconds(self) -> int:
        """Whole seconds until it may ask again."""
        return max(0, math.ceil(self.free_at - time.monotonic()))


class Turns:
    """Hands out these tokens; safe between threads."""

    def __init__(self, identities: Sequence[Identity], pause: Callable[[float], None]) -> None:
        self.identities = tuple(identities)
        self._pause = pause
        self._changed = threading.Condition()

    def among(self, some: Iterable[Identity]) -> Turns:
        """Hands out some of these tokens, or others as well; their turns count in all that hand them out."""
        fewer = Turns(tuple(some), self._pause)
        fewer._changed = self._changed
        return fewer

    def close(self) -> None:
        for identity in self.identities:
            identity.transport.close()

    def budget(self) -> tuple[int, int] | None:
        """Points that are left this hour over all tokens, of how many; None where GitHub does not count."""
        told = [(each.remaining, each.limit) for each in self.identities]
        known = [(left, most) for left, most in told if left is not None and most is not None]
        if not known:
            return None
        # a token that was not used yet has what the others began with
        unused = (len(told) - len(known)) * known[0][1]
        return sum(left for left, _ in known) + unused, sum(most for _, most in known) + unused

    @contextmanager
    def turn(self, patience: float) -> Iterator[tuple[Identity, float] | None]:
        """The token that is free first and how long that took; None where it takes more than `patience`."""
        identity, wait = self._taken()
        try:
            if wait > patience:
                yield None
                return
            if wait:
                self._pause(wait)
                identity.free_at = 0.0
            yield identity, wait
        finally:
            with self._changed:
                identity.on_their_way -= 1
                self._changed.notify_all()

    def went_well(self, identity: Identity, reply: Reply) -> None:
        """Notes what an answer says about the budget."""
        headers = reply.headers
        with self._changed:
            identity.refusals = 0
            identity.went_well += 1
            if identity.went_well >= WELL_UNTIL_MORE and identity.at_once < identity.most_at_once:
                identity.at_once, identity.went_well = identity.at_once + 1, 0
                self._changed.notify_all()
            if headers.get("x-ratelimit-resource", "graphql") == "graphql":
                remaining, limit = headers.get("x-ratelimit-remaining"), headers.get("x-ratelimit-limit")
                if remaining and limit and remaining.isdigit() and limit.isdigit():
                    identity.remaining, identity.limit = int(remaining), int(limit)

    def refused(self, identity: Identity, limited: Limited) -> None:
        """Notes that a token has to wait, and how long."""
        with self._changed:
            wait = limited.wait_seconds
            if wait is None:
                wait = SECONDARY_WAIT_SECONDS * 2.0**identity.refusals
            identity.refusals += 1
            identity.at_once, identity.went_well = max(1, identity.at_once // 2), 0
            identity.free_at = time.monotonic() + max(1.0, wait)

    def _taken(self) -> tuple[Identity, int]:
        with self._changed:
            while True:
                ready = [each for each in self.identities if each.on_their_way < each.at_once]
                if ready:
                    identity = min(ready, key=lambda each: (each.wait_seconds(), each.on_their_way))
                    identity.on_their_way += 1
                    return identity, identity.wait_seconds()
                self._changed.wait()
