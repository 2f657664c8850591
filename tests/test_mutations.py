"""`make mutants` changes what decides, one thing at a time, and leaves alone what people read."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from mutants import copy_of_the_tree
from mutations import of_map, of_python, of_sql

ROOT = Path(__file__).parents[1]
QUERY = """/*
reads: [a, b]
answers: Is 1 < 2 and not 3?
*/
-- a comment with 4 = 4
select min(day) from a join b using (id, kind)
where amount >= 5 and state in ('x', 'y') and day between 1 and 2
union
select day from c
"""


def test_python_is_changed_where_it_decides() -> None:
    source = (
        'def f(a, b):\n    """Less than 1."""\n    if a < b and not a:\n        return g(a, b, key=[a, 2])\n'
    )
    assert changed(source, of_python(source)) == {
        "if (a <= b) and not a:", "if ((a < b) or (not a)):", "if ((not a)):", "if ((a < b)):",
        "if a < b and (a):", "return None", "return g(b, a, key=[a, 2])", "return g(a, b, )",
        "return g(a, b, key=[2])", "return g(a, b, key=[a, ])", "return g(a, b, key=[a, 3])",
    }  # fmt: skip


def test_sql_is_changed_below_its_header_and_outside_of_comments() -> None:
    changes = list(of_sql(QUERY))
    assert all(change.start > QUERY.index("select min") for change in changes)
    assert {line for line in changed(QUERY, changes) if line} >= {
        "select max(day) from a join b using (id, kind)",
        "select min(day) from a join b using (id)",
        "select min(day) from a join b using ( kind)",
        "where amount > 5 and state in ('x', 'y') and day between 1 and 2",
        "where amount >= 6 and state in ('x', 'y') and day between 1 and 2",
        "where amount >= 5 and state in ('x') and day between 1 and 2",
        "where amount >= 5 and day between 1 and 2",
        "where true and state in ('x', 'y') and day between 1 and 2",
    }
    assert any(QUERY[change.start : change.end].startswith("union\nselect day") for change in changes)


def test_the_map_is_changed_in_amounts_spans_and_what_joins_them() -> None:
    kinds = {change.kind for change in of_map((ROOT / "rubric_map.yaml").read_text())}
    assert kinds == {"off by one", "span changed", "all/any", "rule dropped"}


@pytest.mark.parametrize(
    "path", ["rubric/cells.py", "rubric/map.py", "privacy/chain.py", "warehouse/windows.py"]
)
def test_changed_python_is_python(path: str) -> None:
    text = (ROOT / path).read_text()
    changes = list(of_python(text))
    assert len(changes) > 20
    for change in changes:
        ast.parse(text[: change.start] + change.text + text[change.end :])


def test_the_copy_of_the_tree_has_a_console_script_that_runs(tmp_path: Path) -> None:
    script = copy_of_the_tree(tmp_path) / ".venv" / "bin" / "sightline"
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Usage: sightline "), done.stderr


# --- builders -----------------------------------------------------------------------------------------------


def changed(text: str, changes: object) -> set[str]:
    """The line of each change, as it reads then."""
    lines = set()
    for _, start, end, new in changes:  # type: ignore[attr-defined]
        first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        lines.add(" ".join((text[first:start] + new + text[end:last]).split()))
    return lines
