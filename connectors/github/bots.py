"""Which accounts are robots."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

_LOOKS_LIKE_ONE = re.compile(r"(^|[-_.])(bot|robot|ci|automation|svc|service)([-_.]|\d*$)", re.IGNORECASE)


def is_robot_by_type(typename: str, login: str) -> bool:
    """Whether GitHub itself says that this account is a robot's."""
    return typename == "Bot" or login.casefold().endswith("[bot]")


@cache
def well_known() -> frozenset[str]:
    """Logins of services, in small letters: `bots.txt` beside this file is kept by hand."""
    text = files(__package__).joinpath("bots.txt").read_text("utf-8")
    lines = (line.strip().casefold() for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def bot_logins(also: Iterable[str] = ()) -> frozenset[str]:
    """Every login that is known to be a robot's: the list that is shipped, and the operator's own."""
    return well_known() | {login.casefold().removesuffix("[bot]") for login in also}


def looks_like_a_robot(login: str) -> bool:
    """Whether a login reads like a robot's, which proves nothing: somebody has to say so."""
    return _LOOKS_LIKE_ONE.search(login) is not None
