"""Scopes with budgets of their own, read side by side: while one lane waits for its source, another works.

A night has one warehouse and one writer, so only one lane works at a time: the one that holds the baton. It
lets go of it while it waits for an answer and while the orchestrator writes down a step, nearly always.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from datetime import date
from functools import partial
from typing import Any, TypeVar

from connectors import Connector
from connectors.records import Batch, Gap, Inventory, ThreadState

MOST_LANES = 8
"""GitHub bears a hundred requests at once over all that ask."""

Some = TypeVar("Some")
Read = Callable[[Connector, Sequence[str], "Baton"], None]


class Stopped(BaseException):
    """Another lane broke: this one ends where its last step was stored."""


class Baton:
    """What the one lane that works holds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_stopped = False

    def stop(self) -> None:
        """Whoever waits for the baton from now on ends instead."""
        self._is_stopped = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """The lane works."""
        with self._lock:
            if self._is_stopped:
                raise Stopped
            yield

    @contextmanager
    def passed(self) -> Iterator[None]:
        """The lane waits, and others work meanwhile."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
        if self._is_stopped:
            raise Stopped


class InLane:
    """A connector whose waiting is other lanes' time."""

    def __init__(self, connector: Connector, baton: Baton) -> None:
        self._connector = connector
        self._baton = baton

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    @property
    def source(self) -> str:
        return self._connector.source

    @property
    def yields(self) -> tuple[str, ...]:
        return self._connector.yields

    @property
    def since(self) -> date:
        return self._connector.since

    def scopes(self) -> Sequence[str]:
        return self._connector.scopes()

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        return self._aside(self._connector.fetch(scope, cursor))

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        return self._aside(self._connector.inventory(scope))

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        return self._aside(self._connector.hydrate(scope, kind, object_ids))

    def threads(self, thread_ids: Mapping[str, Sequence[str]]) -> Sequence[ThreadState]:
        with self._baton.passed():
            found: Sequence[ThreadState] = self.__getattr__("threads")(thread_ids)
        return found

    def close(self) -> None:
        self._connector.close()

    def spent(self) -> tuple[int, int]:
        return self._connector.spent()

    def _aside(self, told: Iterable[Some]) -> Iterator[Some]:
        iterator = iter(told)
        while True:
            with self._baton.passed():
                found = next(iterator, None)
            if found is None:
                return
            yield found


def side_by_side(lanes: Sequence[tuple[Connector, Sequence[str]]], read: Read) -> None:
    """Reads every lane to its end, several at a time.

    Raises what broke one of them, once all have stopped.
    """
    baton = Baton()

    def run(connector: Connector, scopes: Sequence[str]) -> None:
        try:
            with baton.held():
                read(InLane(connector, baton), scopes, baton)
        except Stopped:
            pass

    with ThreadPoolExecutor(min(MOST_LANES, len(lanes)), thread_name_prefix="lane") as pool:
        # The orchestrator knows by its context which run a step belongs to.
        started = [pool.submit(copy_context().run, partial(run, *lane)) for lane in lanes]
        try:
            done, _ = wait(started, return_when=FIRST_EXCEPTION)
        except BaseException:
            baton.stop()
            raise
        if any(future.exception() for future in done):
            baton.stop()
            for future in started:
                future.cancel()
    for future in started:
        if not future.cancelled():
            future.result()
