"""What several rooms' tests share: the folder of real recorded data, where it is present."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sandbox.app import Holding
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running

ROOMS = ("app", "config", "people", "privacy", "warehouse")
LOOKS = {"connect", "execute", "fetchall", "fetchone", "open", "read", "stat", "unlink", "write"}
"""What a step outside of our own functions is called where it looks at something."""
SHARED = Path(__file__).parents[1].parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-goldens", action="store_true", help="write tests/goldens again, see there")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded data beside the checkout; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("no recorded data beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def organisation() -> Iterator[Running]:
    """A generated organisation on a loopback port, for tests that only read it."""
    with running(generated(date(2026, 11, 22))) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for one operator, who holds the sandbox's tokens."""
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    monkeypatch.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty")
    return tmp_path


def generated(until: date, seed: str = "tests") -> Holding:
    return generate(seed, until=until, teams=3, people=24, repositories=3)


@pytest.fixture(scope="session")
def steps_of() -> Callable[[Callable[[], object]], list[tuple[str, int, str]]]:
    """Every function of ours that is called, and every query and file, in order, with the line it is on.

    Two answers that take the same steps take the same time, as far as that is ours. No test looks at a clock.
    """
    root = Path(__file__).parents[1]

    def steps(action: Callable[[], object]) -> list[tuple[str, int, str]]:
        found: list[tuple[str, int, str]] = []

        def note(frame: Any, event: str, called: Any) -> None:
            path = Path(frame.f_code.co_filename)
            if event == "call" and path.parent.parent == root and path.parent.name in ROOMS:
                found.append((path.name, frame.f_lineno, frame.f_code.co_name))
            elif event == "c_call" and called.__name__ in LOOKS:
                found.append((path.name, frame.f_lineno, called.__name__))

        sys.setprofile(note)
        try:
            action()
        finally:
            sys.setprofile(None)
        return found

    return steps
