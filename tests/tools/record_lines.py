"""Which tests run which line, as a plugin: `pytest -p record_lines`, with tests/tools on the path.

Writes into the folder `LINES_BY_TEST` what coverage.py recorded, a context for each test and one for each
fixture that outlives a test, and `tests-*.json`: seconds and fixtures of each test that passed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

FOLDER = Path(os.environ["LINES_BY_TEST"])
ROOT = Path(__file__).parents[2]
ROOMS = tuple(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "sandbox")
CONTEXT = "LINES_BY_TEST_CONTEXT"

_SETTINGS = FOLDER / "coverage.ini"
_tests: dict[str, dict[str, Any]] = {}


def _started() -> coverage.Coverage:
    os.environ[CONTEXT] = ""
    lines = ["[run]", f"context = ${{{CONTEXT}}}", "parallel = true", f"data_file = {FOLDER / 'lines'}"]
    folders = "\n  ".join(str(ROOT / room) for room in ROOMS)
    _SETTINGS.write_text(
        "\n".join([*lines, "disable_warnings = no-data-collected", f"source =\n  {folders}"])
    )
    recorder = coverage.Coverage(config_file=str(_SETTINGS), data_suffix=True)
    recorder.start()
    os.environ["COVERAGE_PROCESS_START"] = str(_SETTINGS)  # what a test starts is recorded under its name
    return recorder


_recorder = _started()


def _switch(context: str) -> None:
    os.environ[CONTEXT] = context
    _recorder.switch_context(context)


def fixture_context(definition: Any) -> str:
    return f"fixture:{definition.baseid}:{definition.argname}"


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    definitions = getattr(item, "_fixtureinfo", None)
    lasting = [
        fixture_context(each)
        for chain in (definitions.name2fixturedefs.values() if definitions else ())
        for each in chain
        if each.scope != "function"
    ]
    _tests[item.nodeid] = {"seconds": 0.0, "fixtures": lasting, "passed": True}
    if sys.gettrace() is None:  # a test took the tracer away
        _recorder.stop()
        _recorder.start()
    _switch(item.nodeid)
    yield
    _switch("")


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Iterator[None]:
    before = os.environ[CONTEXT]
    if fixturedef.scope != "function":
        _switch(fixture_context(fixturedef))
    yield
    if fixturedef.scope != "function":
        _switch(before)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    test = _tests.get(report.nodeid)
    if test is not None:
        test["seconds"] += report.duration
        test["passed"] = test["passed"] and report.outcome == "passed"


def pytest_sessionfinish() -> None:
    _recorder.stop()
    _recorder.save()
    (FOLDER / f"tests-{os.getpid()}.json").write_text(json.dumps(_tests))
