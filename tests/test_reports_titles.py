"""Titles stand beside links for whoever asked to be told, are inert, and stay out of the report itself."""

import json
from pathlib import Path

import pytest

from privacy.bodies import check_self
from privacy.errors import RefusedBody
from privacy.released import _DOOR, Released
from reports.markdown import me_markdown
from reports.page import me_page
from reports.text import me_text

SAVED = Path(__file__).parent / "payloads" / "released" / "self.json"
FORMATS = [me_text, me_markdown, me_page]


@pytest.mark.parametrize("written", FORMATS)
def test_a_title_stands_where_it_was_asked_for(written):
    released = _released()
    assert "Teach the loader to stop" in written(
        released, {_first_id(released.body): "Teach the loader to stop"}
    )
    assert "Teach the loader to stop" not in written(released)


@pytest.mark.parametrize("written", FORMATS)
def test_a_hostile_title_stays_letters(written):
    released = _released()
    hostile = "</td><script>alert(1)</script> \x1b[31m[x](javascript:alert(1))\u202e"
    found = written(released, {_first_id(released.body): hostile})
    assert "<script>" not in found or written is me_text
    assert "\x1b[31m" not in found
    assert "\u202e" not in found
    assert "](javascript" not in found.replace(r"\](javascript", "") or written is not me_markdown


def test_a_report_that_holds_a_title_is_refused():
    body = _released().body
    check_self(body)
    next(item for item in body["items"] if item["evidence"])["evidence"][0]["title"] = "Teach the loader"
    with pytest.raises(RefusedBody, match="may not hold 'title'"):
        check_self(body)


def test_the_questions_that_are_left_are_gathered_at_the_end_of_the_markdown():
    released = _released()
    told = me_markdown(released).partition("## For you to tell")[2]
    open_items = [item for item in released.body["items"] if item["state"] != "seen" and item["question"]]
    assert len(open_items) > 10
    assert told.count("\n- **") == len(open_items)


def _released():
    return Released("self", json.loads(SAVED.read_text()), key=_DOOR)


def _first_id(body):
    return next(item for item in body["items"] if item["evidence"])["evidence"][0]["source_id"]
