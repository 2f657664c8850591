"""The house keeps its shape: imports run one way, and each foreign name stays in its room."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ["connectors", "warehouse", "config", "signals", "rubric", "privacy", "reports", "people"]
"""Each room may import those before it. `flows` and `app` import any of these, and never each other."""
MAY_IMPORT = {room: {*ORDER[: number + 1]} for number, room in enumerate(ORDER)}
MAY_IMPORT |= {"flows": {*ORDER, "flows"}, "app": {*ORDER, "app"}}
MAY_IMPORT |= {"cli": {*MAY_IMPORT, "cli", "sandbox"}, "sandbox": {"sandbox"}}
ROOMS = [*MAY_IMPORT]
TABLES_OF_DATA: frozenset[str] = frozenset()
"""Modules that hold nothing but a table and may be longer; none has to be so far."""
MAY_NAME = {
    "duckdb": {"warehouse", "signals"},
    "prefect": {"flows/nightly.py", "flows/orchestrator_server.py", "flows/prefect_traces.py"},
    "github": {"connectors"},
    "httpx2": {"connectors/http.py"},
    "sandbox": {"sandbox", "cli/main.py"},
    "click": {"cli"},
    "rich": {"cli", "reports"},
}


@cache
def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


class TypingImportsLeftOut(ast.NodeTransformer):
    """Under `if TYPE_CHECKING` nothing is imported: two records may name each other in their types."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def modules_imported(path: Path) -> set[str]:
    """The modules of ours that this one imports, wherever in the file."""
    ours = {dotted(each) for room in ROOMS for each in modules(room)}
    names: set[str] = set()
    for node in ast.walk(TypingImportsLeftOut().visit(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= parts & ours or {node.module}
    return names & ours - {dotted(path)}


def imports(path: Path) -> set[str]:
    """The top-level names that a file imports, for types as well."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_before_it(room: str) -> None:
    wrong = {path.name: imports(path) & set(ROOMS) - MAY_IMPORT[room] for path in modules(room)}
    assert modules(room)
    assert {name: rooms for name, rooms in wrong.items() if rooms} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Neither at the top of a file nor inside a function."""
    graph = {dotted(path): modules_imported(path) for room in ROOMS for path in modules(room)}
    assert sum(map(len, graph.values())) > 500
    circles: list[list[str]] = []
    try:
        [*TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circles.append(error.args[1])
    assert circles == []


@pytest.mark.parametrize("name", MAY_NAME)
def test_a_foreign_name_stays_in_its_room(name: str) -> None:
    users = {str(path.relative_to(ROOT)) for room in ROOMS for path in modules(room) if name in imports(path)}
    assert users
    assert {user for user in users if not {user, user.split("/")[0]} & MAY_NAME[name]} == set()


@pytest.mark.parametrize("room", ["app", "people"])
def test_what_readers_ask_for_is_not_rendered(room: str) -> None:
    """`reports` gives these rooms what makes strings harmless and what judges a night, and no page."""
    used = {name for path in modules(room) for name in modules_imported(path) if name.startswith("reports.")}
    assert used <= {"reports.neutral", "reports.status"}
    assert not [path.name for path in modules(room) if "form: str" in path.read_text()]


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in modules(room)
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    }
    assert readers == {"config/settings.py", "config/orchestrator_environment.py", "config/network.py"}


def test_nobody_but_the_door_holds_the_key_of_released() -> None:
    holders = {
        str(path.relative_to(ROOT)) for room in ROOMS for path in modules(room) if "_DOOR" in path.read_text()
    }
    assert holders == {"privacy/released.py", "privacy/door.py"}


@pytest.mark.parametrize("command", [["status"], ["coverage", "nobody"], ["signals", "list"]])
def test_reading_commands_do_not_import_the_orchestrator(command: list[str], tmp_path: Path) -> None:
    code = (
        f"import sys; sys.argv = ['sightline', '--config', 'none.yaml', *{command!r}]\n"
        "from cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert 'prefect' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)


def test_versions_that_break_prefect_silently_are_not_installed() -> None:
    """fastapi 0.151 kills every flow; sqlalchemy 2.1 stops the scheduler without a word."""

    def version(name: str) -> tuple[int, ...]:
        return tuple(int(part) for part in importlib.metadata.version(name).split(".")[:2])

    assert version("fastapi") < (0, 151)
    assert version("sqlalchemy") < (2, 1)
    assert version("prefect") == (3, 8)


def test_every_dependency_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in lists for line in block.splitlines()]
    assert len(lines) > 20
    assert [line for line in lines if not re.search(r'",\s+# \w+', line)] == []


def test_the_lock_has_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pins = re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==\S+", lock, flags=re.MULTILINE)
    assert len(pins) > 100
    assert lock.count("--hash=sha256:") >= len(pins)


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_has_more_than_400_lines(room: str) -> None:
    long = {str(path.relative_to(ROOT)) for path in modules(room) if len(path.read_text().splitlines()) > 400}
    assert long - TABLES_OF_DATA == set()
