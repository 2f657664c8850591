"""What several rooms' tests share: the folder of real recorded data, where it is present."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from sandbox.app import Holding
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running

SHARED = Path(__file__).parents[1].parent / "shared"


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
