"""The nightly run on Prefect: the only file that imports it.

What Prefect stores is kept free of people: the flow's parameters are two strings, tasks take and return
nothing, results are not persisted, and errors are a type and a place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, Failed

from connectors.errors import PayloadBroken
from flows import steps
from flows.night import open_night
from flows.pipeline import run_night
from flows.settings import load_settings
from reports.receipt import receipt_markdown

OUTCOMES = {"complete": "Complete", "gaps": "With gaps", "refused": "Refused"}
"""How a run ended, and the name of its Prefect state."""

_watching: list[steps.Progress] = []
"""Where progress goes while a terminal watches; a flow's parameters cannot carry a function."""


@flow(name="nightly", flow_run_name="nightly", persist_result=False, validate_parameters=False)
def nightly(config: str, as_of: str | None = None) -> State[Any]:
    """One night, each of its steps a task run."""
    settings = load_settings(Path(config))
    progress = _watching[-1] if _watching else _unwatched
    with open_night(settings, date.fromisoformat(as_of) if as_of else None) as night:
        status = run_night(night, _as_task, progress)
    # messages may name somebody of the roster; they stay in the home
    seen_by_prefect = status | {"last_run": status["last_run"] | {"messages": []}}
    create_markdown_artifact(key="nightly-receipt", markdown=receipt_markdown(seen_by_prefect))
    outcome = status["last_run"]["outcome"]
    state = Failed if outcome == "refused" else Completed
    return state(name=OUTCOMES[outcome], message=status["last_run"]["run_id"])


def run_now(config: Path, as_of: date | None, progress: steps.Progress) -> str:
    """Runs one night now and returns its outcome: `complete`, `gaps` or `refused`.

    Raises Busy, StepFailed or HomeNotWritable.
    """
    _watching.append(progress)
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        # a heartbeat is for a run that somebody else watches; it costs a second a run
        state = nightly(str(config.resolve()), as_of.isoformat() if as_of else None, return_state=True)
    outcomes = {name: outcome for outcome, name in OUTCOMES.items()}
    if state.name not in outcomes:
        state.result()  # raises what went wrong
    return outcomes[str(state.name)]


def serve(config: Path, cron: str) -> None:
    """Runs the nightly on its schedule until stopped."""
    nightly.serve(
        name="nightly",
        cron=cron,
        parameters={"config": str(config.resolve()), "as_of": None},
        print_starting_message=False,
    )


def _as_task(name: str, action: Callable[[], Any]) -> Any:
    """What one task run did. Its closure carries the night and the answer, so Prefect holds neither."""
    answer: list[Any] = []

    @task(
        name=name.split(" ", maxsplit=1)[0],
        task_run_name=name.replace("{", "(").replace("}", ")"),
        persist_result=False,
        cache_policy=NO_CACHE,
        retries=2,
        retry_delay_seconds=[1, 5],
        retry_condition_fn=_is_worth_retrying,
    )
    def step() -> None:
        answer.append(steps.without_values(name, action))

    step()
    return answer[-1]


def _is_worth_retrying(_task: Any, _run: Any, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), PayloadBroken)


def _unwatched(_text: str) -> None:
    """Nobody is looking."""
