"""docs/rubric.md is generated from the map, and current."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rubric.manual import manual
from rubric.map import load_map
from signals.catalog import load_catalog

ROOT = Path(__file__).parents[1]
CATALOG = load_catalog()
MAP = load_map(ROOT / "rubric_map.yaml", CATALOG)


def test_the_page_is_what_the_map_says_today() -> None:
    written = (ROOT / "docs" / "rubric.md").read_text(encoding="utf-8")
    assert written == manual(MAP, CATALOG), "run: python -m rubric.manual > docs/rubric.md"


def test_every_item_has_one_row_in_the_rubrics_order() -> None:
    rows = [line.split("`")[1] for line in manual(MAP, CATALOG).splitlines() if "<br>" in line[:60]]
    assert rows == [item.slug for item in MAP.items]


def test_the_page_shows_no_percentage() -> None:
    assert "%" not in manual(MAP, CATALOG)


def test_a_bar_in_a_sentence_does_not_break_the_table() -> None:
    first = replace(MAP.items[0], question="This | or that?")
    page = manual(replace(MAP, items=(first,)), CATALOG)
    assert "This \\| or that?" in page
