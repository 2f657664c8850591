"""Removes an erased person from the Prefect server of the operator's own, where nights ran on one."""

from __future__ import annotations

from collections.abc import Collection

from config.orchestrator_environment import orchestrator_url
from config.settings import Settings
from connectors.errors import BadInput
from flows.orchestrator import USED, Orchestrator, orchestrators_used, shown
from privacy.erasure import Elsewhere


def elsewhere(settings: Settings) -> Elsewhere | None:
    """What searches the Prefect server outside of the home; None where nights ran on none.

    Raises BadInput where one was used that cannot be reached now.
    """
    url, used = orchestrator_url(), orchestrators_used(settings.home)
    if used and url is None:
        raise BadInput(
            [
                f"PREFECT_API_URL: nights ran on the Prefect server at {used[-1]}, which is searched too; "
                "set it and what else reaches that server; if it is no more, remove "
                f"{settings.home / USED}"
            ]
        )
    if url is None:
        return None
    if not Orchestrator(url).answers():
        raise BadInput([f"PREFECT_API_URL: the server at {shown(url)} does not answer; nothing was erased"])
    unsearched = [
        f"nights ran on the Prefect server at {other} as well, which was not searched"
        for other in used
        if other != shown(url)
    ]

    def purge_server(needles: Collection[str]) -> tuple[int, list[str]]:
        from flows.prefect_traces import purge

        removed = purge(shown(url), needles)
        return removed.runs, [*removed.by_hand, *unsearched]

    return purge_server
