"""Markdown and spreadsheet: whole, in order, and inert."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from privacy.released import _DOOR, Released
from reports import words
from reports.markdown import me_markdown
from reports.table import COLUMNS, coverage_csv

SAVED = Path(__file__).parent / "payloads" / "released"


def test_the_markdown_report_links_every_trace():
    linked = re.findall(r"\]\((https?://[^)]+)\)", me_markdown(_released("self")))
    assert len(linked) > 60
    assert set(linked) == {row["url"] for item in _body("self")["items"] for row in item["evidence"]}


def test_the_markdown_report_opens_with_what_it_is_not():
    assert f"> {words.HEADER}" in me_markdown(_released("self"))


def test_the_markdown_report_keeps_the_order_of_the_rubric():
    written = me_markdown(_released("self"))
    slugs = [item["item"] for item in _body("self")["items"]]
    assert re.findall(r"^\S+ \*\*[a-z ]+\*\* \(([a-z-]+)\)$", written, re.MULTILINE) == slugs


def test_hostile_markdown_stays_letters():
    body = _body("self")
    item = next(item for item in body["items"] if item["item"] == "code-fluency-clear")
    item["says"] = (
        "<img src=x onerror=alert(1)> [here](javascript:alert(1)) ![p](https://elsewhere.example/p)"
    )
    item["evidence"] = [
        item["evidence"][0] | {"url": "javascript:alert(1)", "source_id": "](javascript:alert(1))"}
    ]
    written = me_markdown(Released("self", body, key=_DOOR))
    assert "<img" not in written
    assert re.findall(r"(?<!\\)\]\(\s*javascript", written) == []
    assert re.findall(r"(?<!\\)!\[", written) == []


def test_a_teams_release_is_no_report_of_ones_own():
    with pytest.raises(TypeError, match="for the self audience"):
        me_markdown(_released("team"))
    with pytest.raises(TypeError, match="for the team audience"):
        coverage_csv(_released("self"))


def test_the_table_has_one_row_an_item_in_the_order_of_the_rubric():
    rows = _rows(coverage_csv(_released("team")))
    body = _body("team")
    processes = [process["process"] for process in body["processes"]]
    assert [row["item"] for row in rows] == [item["item"] for item in body["items"]] + processes
    assert tuple(rows[0]) == COLUMNS


def test_the_table_says_the_band_in_words_or_that_none_is_shown():
    by_item = {row["item"]: row for row in _rows(coverage_csv(_released("team")))}
    assert by_item["impact-processes"]["band"] == "most"
    assert by_item["team-interviews"]["band"] == "not shown"
    assert by_item["level-scope"]["band"] == ""
    assert by_item["review_coverage"]["band"] == "most"
    assert by_item["oncall_load"]["band"] == "not shown"


def test_every_row_of_the_table_says_what_it_is_not():
    assert all(words.HEADER in row["about_this_table"] for row in _rows(coverage_csv(_released("team"))))


def test_no_cell_of_the_table_is_a_formula():
    body = _body("team")
    for item in body["items"]:
        item |= dict.fromkeys(("item", "pillar", "group", "says", "because", "question"), "=HYPERLINK(0)")
        item["sources"] = ["@SUM(A1)"]
    rows = _rows(coverage_csv(Released("team", body, key=_DOOR)))
    starts = {cell[:1] for row in rows for cell in row.values()}
    assert "'" in starts
    assert starts & set("=+-@\t\r\n") == set()


# --- builders ---------------------------------------------------------------------------------------------


def _body(kind):
    return json.loads((SAVED / f"{kind}.json").read_text(encoding="utf-8"))


def _released(kind):
    """A release as the door would make it, made here for tests alone."""
    return Released(kind, _body(kind), key=_DOOR)


def _rows(written):
    return list(csv.DictReader(io.StringIO(written, newline="")))
