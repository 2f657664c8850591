"""payload -> record. Knows HTTP, tokens, paging and budgets; no SQL, no orchestrator, no rubric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol, runtime_checkable

from connectors.plans import Plan
from connectors.records import Account, Batch, Counted, Gap, Inventory, ThreadState


class Connector(Protocol):
    """What every event source offers. `scope` is a repository, an account or a file.

    Source, Cursor, Yields, Never, Raises: every connector's module docstring says these five.
    """

    @property
    def source(self) -> str:
        """Its name in the ledger: `github`, `pagerduty` ..."""

    @property
    def yields(self) -> tuple[str, ...]:
        """Tables it can fill: `pull_requests`, `reviews`, `incidents`, `oncall_shifts` ..."""

    @property
    def since(self) -> date:
        """The first day this source is asked about."""

    def scopes(self) -> Sequence[str]:
        """What there is to fetch, one name each. Raises Refused or Unreachable."""

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Everything that changed since `cursor` (None: everything since `since`), in storable steps.

        Raises Refused, Unreachable, RateLimited or PayloadBroken after the last whole batch.
        """

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        """What the source says exists in `scope` since `since`, as cheaply as it can be told.

        A gap among it is about a kind that may not be listed: what is stored of that is left as it is.
        """

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These objects again, whole: what reconciliation found missing or different.

        Its batches have an empty cursor; objects that no longer exist are named in `gone`.
        """

    def close(self) -> None:
        """Closes every connection; nothing is fetched after it."""

    def spent(self) -> tuple[int, int]:
        """Requests and rate-limit points used by this connector object so far."""


@runtime_checkable
class Tallies(Protocol):
    """What a source offers besides, if it can tell for less than a list that it holds what it held."""

    def tally(self, scope: str) -> Sequence[Inventory | Counted] | None:
        """What exists in `scope`, old days as counts; None if a list is wanted or costs no more.

        It speaks of the same moment as the fetch of this connector object that went before.
        """


@runtime_checkable
class Recounts(Protocol):
    """What a source offers besides, if it has so many scopes that not every one is counted every night."""

    names_all: bool
    """Its inventory names every object of a kind, or tells a gap: one of a nameless object ends with it."""

    def recount(self, object_ids: Mapping[str, Sequence[str]]) -> Sequence[Inventory]:
        """What these objects, by scope, hold now; those that are gone are left out."""


@runtime_checkable
class Lanes(Protocol):
    """What a source offers besides, if it is asked with several identities that see different scopes."""

    def lanes(self, scopes: Sequence[str]) -> Sequence[tuple[Connector, Sequence[str]]]:
        """Scopes with a budget of their own, each with what reads them; they can be read side by side."""


@runtime_checkable
class KnowsScopes(Protocol):
    """What a source offers besides, if a scope may be called something else tomorrow and stay what it is."""

    def scope_ids(self, scopes: Sequence[str]) -> Mapping[str, str]:
        """What each scope is, whatever it is called: of these, and of all that were listed anyway."""


@runtime_checkable
class KnowsThreads(Protocol):
    """What a source offers besides, if a review thread may change without a trace on its pull request."""

    @property
    def source(self) -> str:
        """Its name in the ledger."""

    def threads(self, thread_ids: Mapping[str, Sequence[str]]) -> Sequence[ThreadState]:
        """How these threads, by scope, stand now; those that are gone or not given are left out."""


@runtime_checkable
class KnowsAccounts(Protocol):
    """What a source offers besides, if accounts are renamed and deleted there without a trace."""

    def accounts(self, account_ids: Sequence[str]) -> tuple[list[Account], list[str]]:
        """These accounts as they are called today, and those that no longer exist."""


@runtime_checkable
class Plans(Protocol):
    """What a source offers besides, if it can tell what a fetch will cost."""

    def plan(self, cursors: Mapping[str, str | None]) -> Plan:
        """What a fetch of these scopes from these cursors needs. Raises SourceError."""
