"""`docs/promises.md` and `docs/attacks.md` name tests and files that exist, and say what does not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["promises.md", "attacks.md"]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_exists(page: str) -> None:
    named = TEST.findall((ROOT / "docs" / page).read_text())
    assert len(named) > 20
    assert [f"{file}::{test}" for file, test in named if test not in names_in(ROOT / file)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_named_file_exists(page: str) -> None:
    named = re.findall(r"`([\w/]+\.(?:py|yaml|md|sql))[`:]", (ROOT / "docs" / page).read_text())
    assert named
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_every_promise_has_a_place_and_a_test() -> None:
    promises, *missing = tables("promises.md")
    assert len(promises) > 15
    assert [
        row[0] for row in promises if not re.search(r"`[\w/.]+`", row[1]) or not TEST.search(row[2])
    ] == []
    assert [row[0] for table in missing for row in table if "not yet" not in row[1]] == []


def test_every_attack_is_tried_by_a_test_or_said_to_be_not_tried_yet() -> None:
    (attacks,) = tables("attacks.md")
    assert len(attacks) > 25
    assert [row[0] for row in attacks if (row[2] == "not yet") == bool(TEST.search(row[2]))] == []
    assert [row[0] for row in attacks if row[2] == "not yet" and not row[1].startswith("Not yet")] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Deniability, not differential privacy.",
        "the chances reach 0.12 and 0.88",
        "Python cannot stop a determined colleague.",
        "Private from this tool is not private from GitHub.",
    ],
)
def test_the_honest_sentences_are_there(sentence: str) -> None:
    text = " ".join((ROOT / "docs" / "promises.md").read_text().split())
    assert sentence in text


def names_in(path: Path) -> set[str]:
    """Names of the tests in a file; empty where there is no such file."""
    if not path.exists():
        return set()
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def tables(page: str) -> list[list[list[str]]]:
    """The rows of every table of a page, cell by cell."""
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(r"^\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in row.strip("|").split(" | ")] for row in block.splitlines()]
        for block in blocks
    ]
