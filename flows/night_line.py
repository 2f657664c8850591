"""The line that `sightline serve` prints for each night: when, outcome, seconds, what is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.errors import BadInput
from flows.context import Busy
from flows.step import HomeNotWritable, StepFailed
from reports.receipt import missing_in_a_few_words


class Line:
    """What is known of one night; `status` is None until it has ended well."""

    def __init__(self) -> None:
        self.began = datetime.now(UTC)
        self.status: Mapping[str, Any] | None = None

    def text(self, error: BaseException | None) -> str:
        """`2026-11-30 03:00 UTC  gaps  41 s  missing: GitHub acme/api (reviews: forbidden)`"""
        outcome, reason = _failure(error) if self.status is None else _ended(self.status)
        seconds = (datetime.now(UTC) - self.began).total_seconds()
        parts = [f"{self.began:%Y-%m-%d %H:%M} UTC", outcome, f"{seconds:.0f} s", reason]
        return "  ".join(filter(None, parts))


@contextmanager
def line_printed() -> Iterator[Line]:
    """Prints the line at the end, however the night ended."""
    line = Line()
    error: BaseException | None = None
    try:
        yield line
    except BaseException as raised:
        error = raised
        raise
    finally:
        with suppress(OSError):  # a closed pipe or a full log does not change how the night ended
            _print(line.text(error))


def print_ended_early(began: datetime) -> None:
    """The line of a night that could not print its own."""
    line = Line()
    line.began = began
    with suppress(OSError):
        _print(line.text(ProcessEnded()))


def print_stopped(status_file: Path) -> None:
    """The line of the night that was ended with the schedule, if it had begun."""
    with suppress(OSError, ValueError):
        run = json.loads(status_file.read_text(encoding="utf-8"))["last_run"]
        if run["outcome"] == "running":
            line = Line()
            line.began = datetime.fromisoformat(run["started_at"])
            _print(line.text(KeyboardInterrupt()))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class ProcessEnded(Exception):
    """The process of a night was killed, or ended before the night began."""


def _ended(status: Mapping[str, Any]) -> tuple[str, str]:
    outcome = str(status["last_run"]["outcome"])
    return outcome, "" if outcome == "complete" else f"missing: {missing_in_a_few_words(status)}"


def _failure(error: BaseException | None) -> tuple[str, str]:
    """Outcome and reason. What the error says may name somebody, so it is not repeated."""
    match error:
        case Busy():
            return "not started", "another night was writing"
        case BadInput():
            return "not started", "a mistake in settings, roster or home; run `sightline nightly` to read it"
        case HomeNotWritable():
            return "failed", "the home cannot be written; make room or mend the permissions"
        case StepFailed():
            return "failed", "a defect of Sightline; details in last-failure.txt in the home"
        case ProcessEnded():
            return "failed", "its process ended early; the next night goes on from what it stored"
        case Exception():
            return "failed", type(error).__name__
    return "stopped", "the next night goes on from what this one stored"
