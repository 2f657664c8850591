"""Groups of scopes with rate limits of their own, fetched at the same time and stored one at a time.

A night has one warehouse and one writer. A thread holds the writer lock while it works, and releases it while
it waits for a source or while the orchestrator records a step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from connectors.contract import Connector, ThreadState
from connectors.records import Batch, Counted, Gap, Inventory

MOST_THREADS = 8
"""GitHub accepts a hundred requests at once over all that ask."""

Item = TypeVar("Item")
Group = tuple[Connector, Sequence[str]]
"""Scopes, and the connector that reads them."""
Read = Callable[[Connector, Sequence[str], "WriterLock"], None]


class Stopped(BaseException):
    """Another thread failed: this one ends after the last step that it stored."""


class WriterLock:
    """What the one thread that works holds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_stopped = False

    def stop(self) -> None:
        """Every thread that waits for the lock from now on ends."""
        self._is_stopped = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """The thread works."""
        with self._lock:
            if self._is_stopped:
                raise Stopped
            yield

    @contextmanager
    def released(self) -> Iterator[None]:
        """The thread waits, and others work meanwhile."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
        if self._is_stopped:
            raise Stopped


class Unlocked(Connector):
    """A connector that releases the writer lock while it waits for its source."""

    def __init__(self, connector: Connector, lock: WriterLock) -> None:
        self._connector = connector
        self._lock = lock
        self.source = connector.source
        self.yields = connector.yields
        self.since = connector.since
        self.names_all = connector.names_all
        self.can_check_threads = connector.can_check_threads
        self.remedies = connector.remedies

    @property
    def account_source(self) -> str:
        return self._connector.account_source

    def scopes(self) -> Sequence[str]:
        return self._connector.scopes()

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        return self._unlocked(self._connector.fetch(scope, cursor))

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        return self._unlocked(self._connector.inventory(scope))

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        return self._unlocked(self._connector.hydrate(scope, kind, object_ids))

    def tally(self, scope: str) -> Sequence[Inventory | Counted] | None:
        with self._lock.released():
            return self._connector.tally(scope)

    def threads(self, thread_ids: Mapping[str, Sequence[str]]) -> Sequence[ThreadState]:
        with self._lock.released():
            return self._connector.threads(thread_ids)

    def spent(self) -> tuple[int, int]:
        return self._connector.spent()

    def _unlocked(self, items: Iterable[Item]) -> Iterator[Item]:
        iterator = iter(items)
        while True:
            with self._lock.released():
                item = next(iterator, None)
            if item is None:
                return
            yield item


def side_by_side(groups: Sequence[Group], read: Read) -> None:
    """Reads every group to its end, several at a time.

    Raises what stopped one of them, once all have stopped.
    """
    lock = WriterLock()

    def run(connector: Connector, scopes: Sequence[str]) -> None:
        try:
            with lock.held():
                read(Unlocked(connector, lock), scopes, lock)
        except Stopped:
            pass

    with ThreadPoolExecutor(min(MOST_THREADS, len(groups)), thread_name_prefix="source") as pool:
        # The orchestrator knows by its context which run a step belongs to.
        futures = [pool.submit(copy_context().run, partial(run, *group)) for group in groups]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:
            lock.stop()
            raise
        if any(future.exception() for future in done):
            lock.stop()
            for future in futures:
                future.cancel()
    for future in futures:
        if not future.cancelled():
            future.result()
