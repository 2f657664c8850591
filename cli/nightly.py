"""`sightline nightly` and `sightline serve`: checks first, then the orchestrator, then the receipt."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import click

from cli.exit_codes import BROKEN, COMPLETE, CONFIGURATION, GAPS, REFUSED
from config.network import check_proxies
from config.recorded_settings import record_settings
from config.settings import Settings, addresses_of, load_settings
from connectors.errors import BadInput
from flows.context import Busy, check_everything, connect
from flows.orchestrator import Orchestrator, OrchestratorFailed, check_authentication, orchestrator
from flows.step import HomeNotWritable, StepFailed
from privacy import logbook
from privacy.errors import DoorError

EXIT_CODES = {"complete": COMPLETE, "gaps": GAPS, "refused": REFUSED}

STOP_SECONDS = 10
"""How long a night may take to stop before it is killed; the next one goes on from what it stored."""


def run_nightly(config: Path, as_of: date | None) -> int:
    """Runs one night and prints its receipt; returns the exit code. Raises BadInput before it starts."""
    settings = _checked(config)
    try:
        with orchestrator(settings.home) as server:
            with server.importing():
                from flows import nightly  # three seconds, while the server starts

            server.wait_until_up()
            with _progress() as on_progress:
                outcome = nightly.run_now(config, as_of, on_progress)
    except Busy as error:
        return _say(str(error), CONFIGURATION)
    except HomeNotWritable as error:
        return _say(
            f"{settings.home}: cannot be written ({error}); make room or mend the permissions, then run "
            "again: what was stored before is complete, and the next night goes on from there",
            CONFIGURATION,
        )
    except StepFailed as error:
        return _say(
            f"the night broke: {error}; nothing half-written stays, run it again "
            f"(details: {settings.failure_file})",
            BROKEN,
        )
    except OrchestratorFailed as error:
        return _say(f"the night did not start: {error}", BROKEN)
    from reports.lines import captured
    from reports.text import receipt_of

    status = json.loads(settings.status_file.read_text(encoding="utf-8"))
    with suppress(OSError):  # a closed pipe or a full log does not change how the night ended
        click.echo(captured(lambda console: receipt_of(status, console)))
    return EXIT_CODES[outcome]


def serve_nightly(config: Path, cron: str | None) -> int:
    """Runs the nightly on its schedule until stopped; returns the exit code.

    Raises BadInput before anything starts.
    """
    settings = _checked(config)
    schedule = cron or settings.schedule
    try:
        with orchestrator(settings.home, schedules=True) as server:
            with server.importing():
                from flows import nightly

            server.wait_until_up()
            click.echo(f"nightly at '{schedule}' UTC; Prefect at {server.url}; stop with Ctrl-C")
            with stopping_a_running_night(), _ending_with(server):
                nightly.serve(settings, config, schedule)
    except OrchestratorFailed as error:
        return _say(f"no night can start: {error}", BROKEN)
    return COMPLETE


@contextmanager
def stopping_a_running_night() -> Iterator[None]:
    """Takes a night that is running along when the schedule is stopped.

    Prefect's runner may leave it behind, calling a server that is gone, and wait for it for ever.
    """
    try:
        yield
    finally:
        for night in multiprocessing.active_children():
            night.terminate()
            night.join(STOP_SECONDS)
            night.kill()


@contextmanager
def _ending_with(server: Orchestrator) -> Iterator[None]:
    """Ends this process when our server ends first: without it no night would ever start."""
    is_over = threading.Event()

    def end_with_server(process: subprocess.Popen[bytes], profiles: Path) -> None:
        process.wait()
        if is_over.is_set():
            return
        for night in multiprocessing.active_children():
            night.kill()
        profiles.unlink(missing_ok=True)
        _say(f"the Prefect server ended, so no night can start (see {server.log}); serve again", BROKEN)
        os._exit(BROKEN)  # Prefect's runner would call the server that is gone for minutes

    if server.process and server.profiles:
        threading.Thread(target=end_with_server, args=[server.process, server.profiles], daemon=True).start()
    try:
        yield
    finally:
        is_over.set()


def _checked(config: Path) -> Settings:
    settings = load_settings(config)
    check_authentication(settings)
    check_proxies(addresses_of(settings))
    check_everything(settings)
    connect(settings)
    try:
        logbook.check(settings)
    except DoorError as error:
        record_settings(settings)  # an officer named only now may accept the broken log
        raise BadInput([str(error)]) from None
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o750)
        probe = settings.home / ".writable"
        probe.write_bytes(b"\0" * 65536)
        probe.unlink()
    except OSError as error:
        raise BadInput(
            [f"{settings.home}: home cannot be written ({error.strerror}); make room or choose another"]
        ) from None
    return settings


def _say(sentence: str, code: int) -> int:
    click.echo(sentence, err=True)
    return code


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)
    ) as bar:
        line = bar.add_task("starting")
        yield lambda text: bar.update(line, description=text)
