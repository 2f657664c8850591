"""The nightly run on Prefect.

What Prefect stores is kept free of people: flow and tasks take and return nothing, results are not
persisted, and errors are a type and a place. The flow takes no parameter, so whoever posts a run cannot
choose its settings or its day.
"""

from __future__ import annotations

import asyncio
import atexit
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runner import Runner
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, Failed

from config.orchestrator_environment import serve_settings, served_settings
from config.settings import Settings, load_settings
from connectors.errors import PayloadBroken
from flows.context import open_night
from flows.night import run_night
from flows.night_line import line_printed, print_ended_early, print_stopped
from flows.step import Progress, StepFailed, run_step
from reports.receipt import receipt_markdown
from warehouse.files import write_atomically

OUTCOMES = {"complete": "Complete", "gaps": "With gaps", "refused": "Refused"}
"""How a run ended, and the name of its Prefect state."""


@dataclass(frozen=True)
class Order:
    """What a night that was started by hand runs on."""

    config: Path
    as_of: date | None
    progress: Progress


_orders: list[Order] = []
"""The night of this process; empty in the process of a scheduled one, which takes the served settings."""


@flow(name="nightly", flow_run_name="nightly", persist_result=False)
def nightly() -> State[Any]:
    """One night, each of its steps a task run."""
    if _orders:
        return _state(_run(_orders[-1]))
    # Prefect's threads hold on to the database driver, which would complain of leaks at the end
    atexit.register(os._exit, 0)
    with line_printed() as line:
        line.status = _run(Order(served_settings(), None, _unwatched))
    return _state(line.status)


@nightly.on_crashed
def _say_ended_early(flow: Any, flow_run: Any, state: State[Any]) -> None:  # noqa: ARG001  Prefect names them
    """Prints the line of a night that could not, in the process that serves."""
    if not _Runner.is_stopping:
        print_ended_early(flow_run.start_time or flow_run.expected_start_time)


def _run(order: Order) -> dict[str, Any]:
    """The status of the night."""
    settings = load_settings(order.config)
    try:
        with open_night(settings, order.as_of) as night:
            status = run_night(night, _as_task, order.progress)
    except StepFailed as error:
        with suppress(OSError):
            write_atomically(settings.failure_file, error.details)
        raise
    # messages may name somebody of the roster; they stay in the home
    seen_by_prefect = status | {"last_run": status["last_run"] | {"messages": []}}
    create_markdown_artifact(key="nightly-receipt", markdown=receipt_markdown(seen_by_prefect))
    return status


def _state(status: dict[str, Any]) -> State[Any]:
    outcome = status["last_run"]["outcome"]
    state = Failed if outcome == "refused" else Completed
    return state(name=OUTCOMES[outcome], message=status["last_run"]["run_id"])


def run_now(config: Path, as_of: date | None, progress: Progress) -> str:
    """Runs one night now and returns its outcome: `complete`, `gaps` or `refused`.

    Raises Busy, StepFailed or HomeNotWritable.
    """
    _orders.append(Order(config, as_of, progress))
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        # a heartbeat is for a run that somebody else watches; it costs a second a run
        state = nightly(return_state=True)
    outcomes = {name: outcome for outcome, name in OUTCOMES.items()}
    if state.name not in outcomes:
        state.result()  # raises what went wrong
    return outcomes[str(state.name)]


def serve(settings: Settings, config: Path, cron: str) -> None:
    """Runs the nightly on its schedule until stopped."""
    serve_settings(config)
    resource_tracker.ensure_running()  # its start would end the block that follows
    # nights inherit that Ctrl-C is blocked: it is for this process, which ends them
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    runner = _Runner(name="nightly")
    runner.add_flow(nightly, name="nightly", cron=cron)
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(runner.start())
    if _Runner.has_ended_a_night:
        print_stopped(settings.status_file)


class _Runner(Runner):
    """Prefect's, but SIGTERM and Ctrl-C end the night that is running and then the runner.

    Its own handler never awaits what it calls, and Ctrl-C waits for the end of the night.
    """

    is_stopping = False
    has_ended_a_night = False

    async def start(self, run_once: bool = False, webserver: bool | None = None) -> None:
        self.serving = asyncio.current_task()
        signal.signal(signal.SIGINT, self.handle_sigterm)  # for threads that do not block it
        threading.Thread(target=self._wait_for_ctrl_c, daemon=True).start()
        await super().start(run_once, webserver)

    def _wait_for_ctrl_c(self) -> None:
        signal.sigwait({signal.SIGINT})
        self.handle_sigterm()

    def handle_sigterm(self, *_args: Any, **_options: Any) -> None:
        assert self.serving
        _Runner.is_stopping = True
        for night in multiprocessing.active_children():
            _Runner.has_ended_a_night = True
            night.kill()  # the next one goes on from what it stored; a softer end prints Prefect's tracebacks
        self.serving.get_loop().call_soon_threadsafe(self.serving.cancel)


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
        answer.append(run_step(name, action))

    step()
    return answer[-1]


def _is_worth_retrying(_task: Any, _run: Any, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), PayloadBroken)


def _unwatched(_text: str) -> None:
    """Nobody is looking."""
