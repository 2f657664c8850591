"""Mutant after mutant in a process that has collected all tests: a plugin for `make mutants`.

Each mutant is tried in a fork, where the changed functions get their new code; what stands outside of
functions is executed again and put in place of the old values. So a mutant costs its tests and no start.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import signal
import sys
import time
import types
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

PLAN = Path(os.environ["MUTANTS_PLAN"])
FAILED = PLAN.with_suffix(".failed")
"""Names the test that noticed the last mutant."""
SOUND: set[str] = set()
"""Tests that were seen to pass where nothing is changed."""


def pytest_runtestloop(session: pytest.Session) -> bool:
    items = {item.nodeid: item for item in session.items}
    for line in PLAN.read_text().splitlines():
        mutant = json.loads(line)
        began = time.monotonic()
        came, count = "no test", 0
        for names in (mutant.pop("tests"), mutant.pop("more")):
            if came in ("no test", "survived"):
                came, tests = _noticed_by_a_sound_test(mutant, names, items)
                count += tests
        seconds = round(time.monotonic() - began, 1)
        with PLAN.with_suffix(".results").open("a") as file:
            file.write(json.dumps(mutant | {"outcome": came, "tests": count, "seconds": seconds}) + "\n")
    return True


def _noticed_by_a_sound_test(
    mutant: dict[str, Any], names: list[str], items: dict[str, pytest.Item]
) -> tuple[str, int]:
    """What came of it, and with how many tests. A test that fails without the change too is left out."""
    while chosen := [items[name] for name in names if name in items]:
        FAILED.unlink(missing_ok=True)
        came = _tried(mutant, chosen)
        failed = FAILED.read_text() if FAILED.exists() else ""
        if came != "noticed" or not failed or failed in SOUND:
            return came, len(chosen)
        if _tried({**mutant, "end": mutant["start"], "text": ""}, [items[failed]]) == "survived":
            SOUND.add(failed)
            return came, len(chosen)
        del items[failed]
    return "no test", 0


def _tried(mutant: dict[str, Any], items: list[pytest.Item]) -> str:
    path = Path(mutant["path"])
    before = path.read_text()
    after = before[: mutant["start"]] + mutant["text"] + before[mutant["end"] :]
    path.write_text(after)  # for processes that a test starts
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()
    try:
        child = os.fork()
        if child == 0:
            _run(path, before, after, items)
        return _outcome(child, time.monotonic() + mutant["limit"])
    finally:
        path.write_text(before)


def _outcome(child: int, until: float) -> str:
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return {0: "survived", 1: "noticed"}.get(os.waitstatus_to_exitcode(status), "not tried")
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timed out"


def _run(path: Path, before: str, after: str, items: list[pytest.Item]) -> None:
    code = 3
    try:
        os.setsid()
        silent = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silent, descriptor)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        try:
            _apply(path, before, after)
        except Exception:  # the module does not even load
            code = 1
        else:
            code = _first_failure(items)
    finally:
        os._exit(code)


def _first_failure(items: list[pytest.Item]) -> int:
    session = items[0].session
    for item, after in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if session.testsfailed:
            FAILED.write_text(item.nodeid)
            return 1
    return 0


# --- the change, in a process that has loaded the code already --------------------------------------------


_KEPT: list[Any] = []
"""Connections to databases: one neither works in a fork, nor can it be closed there."""


def _apply(path: Path, before: str, after: str) -> None:
    for each in gc.get_objects():
        if isinstance(each, functools._lru_cache_wrapper):
            _KEPT.append([gc.get_referents(part) for part in gc.get_referents(each)])
            each.cache_clear()
    if path.suffix == ".py":
        _replace_code(path, before, after)
    elif path.suffix == ".sql":
        from signals.catalog import load_catalog

        catalog = load_catalog()
        for module in _ours():
            if hasattr(module, "CATALOG") and hasattr(module, "load_catalog"):
                module.CATALOG = catalog
    if tables := sys.modules.get("random_tables"):
        from signals.queries import empty_warehouse

        _KEPT.append(tables._CON)
        tables._CON = empty_warehouse()  # type: ignore[attr-defined]


def _ours() -> list[types.ModuleType]:
    root = str(Path.cwd())
    return [m for m in list(sys.modules.values()) if str(getattr(m, "__file__", "") or "").startswith(root)]


def _replace_code(path: Path, before: str, after: str) -> None:
    name = str(path.resolve())
    old, new = compile(before, name, "exec"), compile(after, name, "exec")
    code_now = dict(_paired(list(_codes(old)), list(_codes(new))))
    for each in gc.get_objects():
        if isinstance(each, types.FunctionType) and each.__code__.co_filename == name:
            place = each.__code__.co_qualname, each.__code__.co_firstlineno
            each.__code__ = code_now.get(place, each.__code__)
    if _outside(old) != _outside(new):
        _replace_values(name, new)


def _paired(
    old: list[types.CodeType], new: list[types.CodeType]
) -> Iterator[tuple[tuple[str, int], types.CodeType]]:
    """The place of each function, with its new code: functions of one name keep their order."""
    for name in {code.co_qualname for code in old if "<" not in code.co_name or code.co_name == "<lambda>"}:
        before, after = ([code for code in each if code.co_qualname == name] for each in (old, new))
        if len(before) == len(after):
            yield from (((b.co_qualname, b.co_firstlineno), a) for b, a in zip(before, after, strict=True))


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield each
            yield from _codes(each)


def _outside(code: types.CodeType) -> tuple[Any, ...]:
    """What runs on import: the module itself and the bodies of its classes."""
    classes = [c for c in code.co_consts if isinstance(c, types.CodeType) and not c.co_flags & 0x01]
    plain = [c for c in code.co_consts if not isinstance(c, types.CodeType)]
    return code.co_code, repr(plain), *(_outside(each) for each in classes)


def _replace_values(name: str, code: types.CodeType) -> None:
    (module,) = [each for each in _ours() if getattr(each, "__file__", None) == name]
    values = {"__name__": module.__name__, "__file__": name, "__package__": module.__package__}
    again = types.ModuleType(module.__name__)
    again.__dict__.update(values)
    before = dict(module.__dict__)
    sys.modules[module.__name__] = again
    exec(code, again.__dict__)  # noqa: S102 - this is what a mutant is
    sys.modules[module.__name__] = module
    moved: dict[int, list[Any]] = defaultdict(list)
    for key, value in again.__dict__.items():
        old = before.get(key)
        if key.startswith("__") or isinstance(value, types.ModuleType | types.FunctionType) or old is value:
            continue
        if isinstance(value, type):
            if value.__module__ == module.__name__ and isinstance(old, type):
                _replace_class(old, value)
        elif repr(old) != repr(value) or isinstance(value, dict | set | list):
            moved[id(old)].append((old, value))
    for each in _ours():
        for key, value in list(each.__dict__.items()):
            for old, new in moved.get(id(value), ()):
                if value is old:
                    setattr(each, key, new)


def _replace_class(old: type, new: type) -> None:
    """Defaults of dataclasses and values in class bodies; the type itself stays, as others refer to it."""
    for key, value in vars(new).items():
        if key in ("__dict__", "__weakref__", "__doc__", "__slots__", "__module__"):
            continue
        if isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType):
            continue
        with suppress(AttributeError, TypeError):
            setattr(old, key, value)
