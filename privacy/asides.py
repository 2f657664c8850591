"""People for whom bands count a random answer: they contested a cell, shared one early or opted out.

Taking them out of the count would give somebody away. How many people a team counts is public; a team of five
that lost one could show no band, and a dash where a band belongs says that somebody is set aside. So they
stay in the count, and their answers of that window are replaced by drawn ones, as in randomised response: a
made-up person who left each trace by a coin's throw, and every trace that those cannot be left without.

Whoever reads the band then knows of a person set aside what they know of anybody: that both answers stay
possible. What the person really did is behind no published word, so a reader who was told it learns nothing
more about the others. The proof of the bands holds as it stands, for any number of people set aside.

The coins are keyed, so that the same question has the same answer however often it is computed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Protocol

from warehouse.windows import Window

BRINGS: Mapping[str, str] = {
    "newcomer_reviews": "reviews_with_substance",
    "reviews_with_substance": "reviews_given",
    "coauthored_work": "merged_work",
    "docs_merged": "merged_work",
    "experiments_merged": "merged_work",
    "incident_updates": "incident_participation",
    "incident_roles": "incident_participation",
    "review_coverage": "merged_work",
    "review_wait": "merged_work",
    "review_load_balance": "reviews_given",
}
"""A trace of the first kind cannot be left without one of the second: a made-up person obeys that too."""


class Contested(Protocol):
    """A contest, as far as it matters here."""

    @property
    def person_id(self) -> str: ...
    @property
    def quarter(self) -> str: ...
    @property
    def state(self) -> str: ...


class Shared(Protocol):
    """Somebody shared days of a quarter before it was published."""

    @property
    def person_id(self) -> str: ...
    @property
    def quarter(self) -> str: ...


def set_aside(
    window: Window,
    contests: Iterable[Contested],
    shared_early: Iterable[Shared],
    opt_outs: Mapping[str, date],
) -> frozenset[str]:
    """Everybody whose own answers stay out of what is published about this window.

    Those with a contest that is open or was upheld, those who shared days of it before it was published,
    revoked or not, and those who were opted out on one of its days.
    """
    return frozenset(
        {each.person_id for each in contests if each.quarter == window.name and each.state != "dismissed"}
        | {each.person_id for each in shared_early if each.quarter == window.name}
        | {person_id for person_id, since in opt_outs.items() if since < window.ends_on}
    )


def with_drawn(
    traces: Mapping[str, Collection[str]],
    aside: Collection[str],
    *,
    window: str,
    signals: Mapping[str, Collection[str]],
    secret: str,
) -> dict[str, set[str]]:
    """Who left traces of each item, with drawn answers in the place of those of the people set aside.

    `signals` says which signals each item's band rests on.
    """
    named = sorted({signal for used in signals.values() for signal in used})
    left = {person: drawn(person, window, named, secret) for person in aside}
    return {
        item: (set(people) - set(aside))
        | {person for person in aside if not left[person].isdisjoint(signals.get(item, ()))}
        for item, people in traces.items()
    }


def drawn(person_id: str, window: str, signals: Iterable[str], secret: str) -> frozenset[str]:
    """The traces of these that a made-up person left: any set that a person could have left may come up.

    A trace takes a coin of its own and one for each that it cannot be left without, so the same made-up
    person answers whichever signals are asked about, a team's or the organisation's.
    """
    asked = {each for signal in signals for each in brought_by(signal)}
    return frozenset(
        signal
        for signal in asked
        if all(_coin(secret, person_id, window, each) for each in brought_by(signal))
    )


def brought_by(signal: str) -> list[str]:
    """The signal, and all that it cannot be left without."""
    found = [signal]
    while (brought := BRINGS.get(found[-1])) is not None:
        found.append(brought)
    return found


def _coin(secret: str, *about: str) -> bool:
    return hmac.new(secret.encode(), "\n".join(about).encode(), hashlib.sha256).digest()[0] < 128
