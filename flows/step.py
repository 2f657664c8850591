"""One step of a night: run under a name, and broken only in ways that name nobody."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from connectors.errors import SourceError

Progress = Callable[[str], None]


class StepFailed(Exception):
    """A step broke in a way nobody foresaw. Its message holds a type and a place, no value."""

    details = ""
    """The whole traceback, for a file that only the operator reads."""


class HomeNotWritable(Exception):
    """The disk is full, closed or read-only."""


class Do(Protocol):
    """Runs one named step and returns what it returned."""

    def __call__(self, name: str, action: Callable[[], Any]) -> Any: ...


def run_step(name: str, action: Callable[[], Any]) -> Any:
    """What the action returns. Anything unforeseen is raised as a type and a place, without its values."""
    try:
        return action()
    except SourceError:
        raise
    except OSError as error:
        raise HomeNotWritable(f"{name}: {error.strerror or type(error).__name__}") from None
    except Exception as error:
        if "IOException" in type(error).__name__ or "No space left" in str(error):
            raise HomeNotWritable(f"{name}: the warehouse cannot be written") from None
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        failed = StepFailed(f"{name}: {type(error).__name__} at {place}")
        failed.details = "".join(traceback.format_exception(error))
        raise failed from None  # the orchestrator would store the values in the cause
