"""Waiting for a DuckDB file that another process has open."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import duckdb
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

P = ParamSpec("P")
R = TypeVar("R")


def waits_while_locked(seconds: float) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: calls again while another process has the file open, for so many seconds at most."""
    return retry(
        retry=retry_if_exception_type(duckdb.IOException),
        wait=wait_fixed(0.1),
        stop=stop_after_delay(seconds),
        reraise=True,
    )
