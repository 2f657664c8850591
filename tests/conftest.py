"""What several rooms' tests share: the folder of real recorded data, where it is present."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded data beside the checkout; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("no recorded data beside this checkout")
    return SHARED
