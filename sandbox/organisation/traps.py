"""Every trap: a situation that is easily counted wrong, planted once in every quarter.

Each public function of the `traps_` modules plants one and returns the ids of the objects it stands on;
`late_answer` is the trap `late-answer`. GET /_sandbox/traps lists the ids of what is visible, so that a test
can look a trap up.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from sandbox.organisation import (
    traps_accounts,
    traps_history,
    traps_incidents,
    traps_oncall,
    traps_reviews,
    traps_size,
)
from sandbox.organisation.discussing import DISCUSSION_TRAPS
from sandbox.organisation.maker import Maker
from sandbox.organisation.places import Places
from sandbox.pagerduty.model import PagerDuty


def _traps_of(*modules: ModuleType) -> dict[str, Callable[..., list[str]]]:
    """In the order of their definition, which decides the ids of what they make."""
    return {
        name.replace("_", "-"): function
        for module in modules
        for name, function in vars(module).items()
        if not name.startswith("_") and inspect.isfunction(function) and _is_of(function, module)
    }


def _is_of(function: Any, module: ModuleType) -> bool:
    return bool(function.__module__ == module.__name__)


GITHUB_TRAPS = {
    **_traps_of(traps_reviews, traps_accounts, traps_history, traps_size, traps_incidents),
    **DISCUSSION_TRAPS,
}
ONCALL_TRAPS = _traps_of(traps_oncall)
TRAPS: tuple[str, ...] = (*GITHUB_TRAPS, *ONCALL_TRAPS)


def plant(maker: Maker, places: Places, account: PagerDuty) -> dict[str, list[str]]:
    """Plants every trap in the quarter; name -> ids of what it stands on."""
    found = {name: trap(maker, places) for name, trap in GITHUB_TRAPS.items()}
    return found | {name: trap(maker, places, account) for name, trap in ONCALL_TRAPS.items()}
