"""What every connector offers to a night, all of it declared.

A scope is what is fetched, counted and reported by itself: a repository, an account, a file.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, Self

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
    """One source. Each connector inherits from this and gives what has no default.

    Every method that asks the source raises Refused, Unreachable, RateLimited or PayloadBroken.
    """

    # --- what it is ---

    source: str
    """Its name in the ledger: `github`, `pagerduty` ..."""
    yields: tuple[str, ...]
    """Tables it can fill: `pull_requests`, `reviews`, `incidents`, `oncall_shifts` ..."""
    since: date
    """The first day this source is asked about."""
    names_all: bool = False
    """Its inventory names every object of a kind or has a gap; a gap without an id ends after it."""
    can_recount: bool = False
    """`recount` works: the source may have so many scopes that not each one is counted every night."""
    can_check_threads: bool = False
    """`threads` works: a review thread may change there without a trace on its pull request."""
    remedies: Mapping[str, str] = {}
    """What else to do about a kind that may not be listed, as the end of a sentence."""

    @property
    def agreed_name(self) -> str:
        """What the agreement calls it: all declared files are `files` there."""
        return self.source

    @property
    def account_source(self) -> str:
        """Whose accounts its records name people by: `github`, `pagerduty` ..."""
        return self.source

    # --- what there is to fetch ---

    @abstractmethod
    def scopes(self) -> Sequence[str]:
        """What there is to fetch, one name each. The next four attributes are about its last answer."""

    remarks: Sequence[str] = ()
    """What the author of the settings should know."""
    refused: Sequence[Refused] = ()
    """Why something was not listed, or not by one of the tokens."""
    unlisted: Sequence[str] = ()
    """Owners whose scopes were not all listed."""
    left_out: frozenset[str] = frozenset()
    """Scopes, in small letters, that are listed and that the settings keep out."""

    def scope_ids(self, scopes: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG002
        """The id that each scope keeps when it is renamed: of these, and of all that were listed anyway."""
        return {}

    def by_budget(self, scopes: Sequence[str]) -> Sequence[tuple[Connector, Sequence[str]]]:
        """The scopes by the rate limit they are read from, with what reads them; read at the same time."""
        return [(self, scopes)]

    def plan(self, cursors: Mapping[str, str | None]) -> Plan | None:  # noqa: ARG002
        """What a fetch of these scopes from these cursors needs; None if that cannot be told."""
        return None

    # --- fetching ---

    @abstractmethod
    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Everything that changed since `cursor` (None: everything since `since`), in storable steps.

        Raises after the last complete batch.
        """

    @abstractmethod
    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These objects again, complete: what reconciliation found missing or different.

        Its batches have an empty cursor; objects that no longer exist are named in `gone`.
        """

    # --- what the source says exists ---

    @abstractmethod
    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        """What exists in `scope` since `since`, in as few requests as possible.

        A gap is about a kind that may not be listed: what is stored of that kind stays as it is.
        """

    def tally(self, scope: str) -> Sequence[Inventory | Counted] | None:  # noqa: ARG002
        """The same with old days as counts, as of the last fetch; None if only a list will do."""
        return None

    def recount(self, object_ids: Mapping[str, Sequence[str]]) -> Sequence[Inventory]:  # noqa: ARG002
        """What these objects, by scope, hold now; those that are gone are left out."""
        return ()

    def threads(self, thread_ids: Mapping[str, Sequence[str]]) -> Sequence[ThreadState]:  # noqa: ARG002
        """How these review threads, by scope, stand now; those that are gone or refused are left out."""
        return ()

    def accounts(self, account_ids: Sequence[str]) -> tuple[list[Account], list[str]]:  # noqa: ARG002
        """These accounts as they are called today, and those that no longer exist."""
        return [], []

    # --- afterwards ---

    def spent(self) -> tuple[int, int]:
        """Requests and rate-limit points used so far."""
        return 0, 0

    def close(self) -> None:
        """Closes every connection; nothing is fetched after it."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
