"""Shares: some cells of one person for one reader, and what a share adds to a band that is already out.

Before a window is published, whoever shares days of it is set aside (`privacy/asides.py`), and nothing adds
up. After it, the band holds what they did. One answer told is what one colluder knows, and bands are made for
that; but when enough of a team tell theirs, the band tells the rest. Whoever shares is warned of that by the
fewest others it takes. Not by who has shared already: a warning that looked at others' shares would tell.

The words about a team's processes need no warning of their own. Nobody can share for whom they held; a
share tells of them a no at most, by telling that what they need is missing, and its own band warns no later.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date
from typing import Protocol

from privacy.asides import brought_by

LONGEST_DAYS = 30
"""No agreement allows a share to stay open longer."""


class Opening(Protocol):
    """A share, as far as it matters for opening it."""

    @property
    def recipient_id(self) -> str | None: ...
    @property
    def shared_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...
    @property
    def revoked_on(self) -> date | None: ...


def new_token() -> str:
    """192 random bits as text that a shell does not take for an option."""
    return secrets.token_hex(24)


def token_sha256(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def opens(share: Opening | None, reader_id: str | None, on: date) -> bool:
    """Whether this reader may open the share on this day. All is looked at, whatever the first answer was."""
    is_there = share is not None
    is_theirs = (share.recipient_id if share else None) == reader_id
    is_known = reader_id is not None
    is_running = (share.shared_on if share else on) <= on < (share.ends_on if share else on)
    is_kept = (share.revoked_on if share else None) is None
    return is_there & is_theirs & is_known & is_running & is_kept


def others_needed(low: int, high: int, size: int, value: bool) -> int | None:
    """How many others must tell too, at the least, until this answer helps to tell the rest of a band.

    The band says that from `low` to `high` of `size` people left traces; `value` is whether the one who tells
    did. None where it never helps: a "no" among few says nothing about the others, and a "yes" among most.
    """
    if value:
        # as many yeses told as the band allows, and everybody else did not
        return high - 1 if high < size else None
    # as many noes told as the band allows, and everybody else did
    return size - low - 1 if low > 0 else None


def tell_on_each_other(signals: Iterable[str], other_signals: Iterable[str]) -> bool:
    """Whether traces of the ones, or their absence, say something about the others."""
    return not _related(signals).isdisjoint(_related(other_signals))


def _related(signals: Iterable[str]) -> frozenset[str]:
    return frozenset(each for signal in signals for each in brought_by(signal))
