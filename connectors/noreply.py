"""GitHub's own private addresses: `ID+login@users.noreply.HOST` names one account, by its number.

The number stays with the account when it is renamed. The login may be somebody else's by now, and so may the
whole of the older form without a number, which therefore names nobody here. Which sources are believed that
write such an address is in docs/people.md. No address is kept: it is read, and forgotten for the account.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from connectors.records import Account

AddressLookup = Callable[[str], Account | None]
"""The account a private address names by its number; None for any other text."""

_ADDRESS = re.compile(
    r"(?:(?P<number>[1-9]\d{0,18})\+)?[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?@users\.noreply\."
    r"(?P<host>[A-Za-z0-9.-]+)",
    re.IGNORECASE | re.ASCII,
)


def no_lookup(_text: str) -> Account | None:
    """Where there is no GitHub to ask."""
    return None


def is_private_address(text: str) -> bool:
    """Whether some GitHub gave out this address, with or without a number in it."""
    return _ADDRESS.fullmatch(text) is not None


def has_number(text: str) -> bool:
    """Whether this is a private address that names an account by its number, on whichever host."""
    match = _ADDRESS.fullmatch(text)
    return match is not None and match["number"] is not None


def number_in(text: str, base_url: str) -> int | None:
    """The number of the account that this address names at the GitHub of `base_url`; None if it names none.

    A number of github.com is another account's on an Enterprise Server, so the host has to be the same.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or match["number"] is None or match["host"].casefold() != _host(base_url):
        return None
    return int(match["number"])


def _host(base_url: str) -> str:
    """`github.com`, `acme.ghe.com` or the name of an Enterprise Server."""
    return (urlsplit(base_url).hostname or "").casefold().removeprefix("api.")
