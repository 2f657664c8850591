"""What every connector offers to a night, all of it declared, and the answers that most of them share.

A scope is what is fetched, counted and reported by itself: a repository, an account, a file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from connectors.errors import Refused
from connectors.plans import Plan
from connectors.records import Account, Batch, Counted, Gap, Inventory

Sections = Mapping[str, Any]
"""The sections of the settings file by name; None where one is absent."""


@dataclass(frozen=True, slots=True)
class ThreadState:
    """How a review thread stands now: what may change without a trace on its pull request."""

    thread_id: str
    is_resolved: bool
    is_outdated: bool
    resolved_by: Account | None


class Connector(Protocol):
    """One source. Any method that asks it raises Refused, Unreachable, RateLimited or PayloadBroken."""

    # --- what it is ---

    @property
    def source(self) -> str:
        """Its name in the ledger: `github`, `pagerduty` ..."""

    @property
    def agreed_name(self) -> str:
        """What the agreement calls it: all declared files are `files` there."""

    @property
    def account_source(self) -> str:
        """Whose accounts its records name people by: `github`, `pagerduty` ..."""

    @property
    def yields(self) -> tuple[str, ...]:
        """Tables it can fill: `pull_requests`, `reviews`, `incidents`, `oncall_shifts` ..."""

    @property
    def since(self) -> date:
        """The first day this source is asked about."""

    @property
    def names_all(self) -> bool:
        """Its inventory names every object of a kind or has a gap; a gap without an id ends after it."""

    @property
    def can_recount(self) -> bool:
        """`recount` works: the source may have so many scopes that not each one is counted every night."""

    @property
    def can_check_threads(self) -> bool:
        """`threads` works: a review thread may change there without a trace on its pull request."""

    @property
    def remedies(self) -> Mapping[str, str]:
        """What else to do about a kind that may not be listed, as the end of a sentence."""

    # --- what there is to fetch ---

    def scopes(self) -> Sequence[str]:
        """What there is to fetch, one name each."""

    @property
    def remarks(self) -> Sequence[str]:
        """What the author of the settings should know, once `scopes` was called."""

    @property
    def refused(self) -> Sequence[Refused]:
        """Why something was not listed, or not by one of the tokens, once `scopes` was called."""

    @property
    def unlisted(self) -> Sequence[str]:
        """Owners whose scopes were not all listed, once `scopes` was called."""

    @property
    def left_out(self) -> frozenset[str]:
        """Scopes, in small letters, that are listed and that the settings keep out."""

    def scope_ids(self, scopes: Sequence[str]) -> Mapping[str, str]:
        """The id that each scope keeps when it is renamed: of these, and of all that were listed anyway."""

    def by_budget(self, scopes: Sequence[str]) -> Sequence[tuple[Connector, Sequence[str]]]:
        """The scopes by the rate limit they are read from, with what reads them; read at the same time."""

    def plan(self, cursors: Mapping[str, str | None]) -> Plan | None:
        """What a fetch of these scopes from these cursors needs; None if that cannot be told."""

    # --- fetching ---

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Everything that changed since `cursor` (None: everything since `since`), in storable steps.

        Raises after the last complete batch.
        """

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These objects again, complete: what reconciliation found missing or different.

        Its batches have an empty cursor; objects that no longer exist are named in `gone`.
        """

    # --- what the source says exists ---

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        """What exists in `scope` since `since`, in as few requests as possible.

        A gap is about a kind that may not be listed: what is stored of that kind stays as it is.
        """

    def tally(self, scope: str) -> Sequence[Inventory | Counted] | None:
        """The same with old days as counts, as of the last fetch; None if only a list will do."""

    def recount(self, object_ids: Mapping[str, Sequence[str]]) -> Sequence[Inventory]:
        """What these objects, by scope, hold now; those that are gone are left out."""

    def threads(self, thread_ids: Mapping[str, Sequence[str]]) -> Sequence[ThreadState]:
        """How these review threads, by scope, stand now; those that are gone or refused are left out."""

    def accounts(self, account_ids: Sequence[str]) -> tuple[list[Account], list[str]]:
        """These accounts as they are called today, and those that no longer exist."""

    # --- afterwards ---

    def spent(self) -> tuple[int, int]:
        """Requests and rate-limit points used so far."""

    def close(self) -> None:
        """Closes every connection; nothing is fetched after it."""


class BaseConnector(ABC):
    """The answers that most connectors share; source, yields, since and four methods are left to each."""

    source: str
    yields: tuple[str, ...]
    since: date
    names_all = False
    can_recount = False
    can_check_threads = False
    remedies: Mapping[str, str] = {}
    remarks: Sequence[str] = ()
    refused: Sequence[Refused] = ()
    unlisted: Sequence[str] = ()
    left_out: frozenset[str] = frozenset()

    @property
    def agreed_name(self) -> str:
        return self.source

    @property
    def account_source(self) -> str:
        return self.source

    @abstractmethod
    def scopes(self) -> Sequence[str]: ...

    @abstractmethod
    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]: ...

    @abstractmethod
    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]: ...

    @abstractmethod
    def inventory(self, scope: str) -> Iterator[Inventory | Gap]: ...

    def scope_ids(self, scopes: Sequence[str]) -> Mapping[str, str]:
        del scopes
        return {}

    def by_budget(self, scopes: Sequence[str]) -> Sequence[tuple[Connector, Sequence[str]]]:
        return [(self, scopes)]

    def plan(self, cursors: Mapping[str, str | None]) -> Plan | None:
        del cursors
        return None

    def tally(self, scope: str) -> Sequence[Inventory | Counted] | None:
        del scope
        return None

    def recount(self, object_ids: Mapping[str, Sequence[str]]) -> Sequence[Inventory]:
        del object_ids
        return ()

    def threads(self, thread_ids: Mapping[str, Sequence[str]]) -> Sequence[ThreadState]:
        del thread_ids
        return ()

    def accounts(self, account_ids: Sequence[str]) -> tuple[list[Account], list[str]]:
        del account_ids
        return [], []

    def spent(self) -> tuple[int, int]:
        return 0, 0

    def close(self) -> None:
        return
