"""Every trap that is known, by name, and where it is planted: once in every quarter.

`plant` makes them all and tells the ids of the objects that each stands on; GET /_sandbox/traps hands the
visible ones out. A test may so look a trap up instead of searching for it.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.organisation.discussing import DISCUSSION_TRAPS
from sandbox.organisation.maker import Maker
from sandbox.organisation.places import Places
from sandbox.organisation.traps_accounts import ACCOUNT_TRAPS
from sandbox.organisation.traps_history import HISTORY_TRAPS
from sandbox.organisation.traps_incidents import INCIDENT_TRAPS
from sandbox.organisation.traps_oncall import ONCALL_TRAPS
from sandbox.organisation.traps_reviews import REVIEW_TRAPS
from sandbox.organisation.traps_size import SIZE_TRAPS
from sandbox.pagerduty.model import PagerDuty

GITHUB_TRAPS: dict[str, Callable[[Maker, Places], list[str]]] = {
    **REVIEW_TRAPS,
    **ACCOUNT_TRAPS,
    **HISTORY_TRAPS,
    **SIZE_TRAPS,
    **INCIDENT_TRAPS,
    **DISCUSSION_TRAPS,
}

TRAPS: tuple[str, ...] = (*GITHUB_TRAPS, *ONCALL_TRAPS)
"""The names of all traps; what each is, its function says."""


def plant(maker: Maker, places: Places, account: PagerDuty) -> dict[str, list[str]]:
    """Plant every trap in the quarter; name -> ids of what it stands on."""
    found = {name: trap(maker, places) for name, trap in GITHUB_TRAPS.items()}
    for name, on_call_trap in ONCALL_TRAPS.items():
        found[name] = on_call_trap(maker, places, account)
    return found
