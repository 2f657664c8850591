"""A signal whose definition nobody has read again in time says so wherever what it found is shown."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from privacy.released import _DOOR, Released
from privacy.self_reports import item_body
from reports.markdown import me_markdown
from reports.page import coverage_page, me_page
from reports.table import coverage_csv, me_csv
from reports.text import coverage_text, me_text
from rubric.map import load_map
from signals.catalog import Catalog, load_catalog

ROOT = Path(__file__).parents[1]
SAVED = ROOT / "tests" / "payloads" / "released"
CATALOG = load_catalog(are_checked=True)
OVERDUE = CATALOG["reviews_given"]
SAID = f"What counts as 'reviews_given' was due to be read again by {OVERDUE.review_by} and was not"


@pytest.mark.parametrize("days", [0, 1])
@pytest.mark.parametrize(
    ("audience", "draw"),
    [
        ("self", me_text),
        ("self", me_markdown),
        ("self", me_page),
        ("self", me_csv),
        ("team", coverage_text),
        ("team", coverage_page),
        ("team", coverage_csv),
    ],
)
def test_a_review_that_is_overdue_is_told_to_every_reader(
    audience: str, draw: Callable[[Released], str], days: int
) -> None:
    # every other review is in time, so that the sentence can come from nowhere else
    later = {name: one.model_copy(update={"review_by": one.review_by.max}) for name, one in CATALOG.items()}
    catalog = Catalog(later | {"reviews_given": OVERDUE})
    as_of = OVERDUE.review_by + timedelta(days=days)
    body: dict[str, Any] = json.loads((SAVED / f"{audience}.json").read_text())
    told = {
        item.slug: item_body(item, catalog, as_of, [])
        for item in load_map(ROOT / "rubric_map.yaml", CATALOG).items
    }
    for item in body["items"]:
        item["misleads"] = told[item["item"]]["misleads"] if item["item"] in told else item["misleads"]
    shown = _words(draw(Released(audience, body, key=_DOOR)))
    about = [slug for slug, item in told.items() if any(SAID in each for each in item["misleads"])]
    assert shown.count(SAID) == len(about)
    assert bool(about) == bool(days)


def test_a_row_of_the_table_says_what_its_traces_miss() -> None:
    body = json.loads((SAVED / "self.json").read_text())
    rows = csv.DictReader(io.StringIO(me_csv(Released("self", body, key=_DOOR))))
    by_item = {row["item"]: row["misses"] for row in rows}
    item = next(item for item in body["items"] if item["item"] == "code-fluency-reviews")
    assert item["misleads"]
    assert all(sentence in by_item["code-fluency-reviews"] for sentence in item["misleads"])


def _words(drawn: str) -> str:
    """What a reader reads: without the marks of the format and where its lines end."""
    plain = re.sub(r"<[^>]+>", " ", drawn).replace("\\", "").replace("&#39;", "'")
    return " ".join(plain.split())
