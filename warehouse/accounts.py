"""What the vault knows of accounts, and what may be said about two of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

Because = Literal["roster", "sso", "person", "keeper"]
"""What a link rests on: a roster row, one identity of the single sign-on, or somebody's word."""


class AccountKey(NamedTuple):
    """An account, by source and the id it has there."""

    source: str
    account_id: str


@dataclass(slots=True)
class StoredAccount:
    """What the vault knows of one account."""

    login: str
    own_id: str
    person_id: str
    bot_by_type: bool
    bot_by_roster: bool


@dataclass(frozen=True, slots=True)
class Link:
    """One account is another one of the same person; all three fields are ids of accounts."""

    own_id: str
    to_id: str
    because: Because
    by_id: str | None
    """Who confirmed it; None for a night, which follows exact evidence."""
    made_on: date
    after_run: int = 0
    """The last run of the warehouse that knew nothing of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: what was done to the link of an account, when, by whom, and on what ground."""

    own_id: str
    action: Literal["linked", "unlinked", "locked", "unlocked"]
    to_id: str | None
    because: Because
    by_id: str | None
    made_on: date
