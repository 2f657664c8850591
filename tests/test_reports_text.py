"""What stands on a terminal, and what never does."""

import copy
import io
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from privacy.released import _DOOR, Released
from reports import text, words
from reports.markdown import me_markdown
from reports.page import coverage_page, me_page

SAVED = Path(__file__).parent / "payloads" / "released"


def test_both_reports_open_with_what_they_are_not():
    for drawn in (_drawn(text.coverage, _released("team")), _drawn(text.me, _released("self"))):
        assert words.HEADER in _joined(drawn)
        assert words.NONE_SEEN_IS_ABOUT_INSTRUMENTS in _joined(drawn)


def test_how_a_team_works_together_is_one_word_and_never_on_a_persons_report():
    drawn = _drawn(text.coverage, _released("team"))
    assert re.search(r"most +For how many of the team did another human look", drawn)
    assert re.search(r"not shown +How many of the team were on call", drawn)
    assert words.PROCESSES not in _drawn(text.me, _released("self"))


def test_what_stands_beside_an_item_says_that_it_decides_nothing():
    body = _body("self")
    item = next(item for item in body["items"] if item["state"] == "ask")
    row = {
        "signal": "reverts",
        "occurred_on": "2026-08-03",
        "source_kind": "pull_request",
        "source_id": "PR_1",
    }
    asks = {"signal": "reverts", "answers": "Which were taken back?", "unit": "pull requests"}
    item["beside"] = {"evidence": [row | {"url": "https://github.example/a/b/pull/1"}], "signals": [asks]}
    released = Released("self", body, key=_DOOR)
    for drawn in (_drawn(text.me, released), me_page(released), me_markdown(released)):
        shown = " ".join(drawn.split())
        assert shown.index(words.BESIDE) < shown.index("Which were taken back?") < shown.index("a/b/pull/1")


def test_a_signal_is_shown_with_the_one_that_keeps_it_honest():
    body = _body("self")
    item = next(item for item in body["items"] if item["item"] == "code-fluency-reviews")
    given, questions = item["signals"]
    given["guard"], questions["guard"] = "review_questions", "reviews_with_substance"
    count = len({row["source_id"] for row in item["evidence"] if row["signal"] == "review_questions"})
    assert count > 1
    paired = f"Kept honest by review_questions, {count} {questions['unit']} here: {questions['answers']}"
    alone = "Kept honest by reviews_with_substance, of which nothing is listed here."
    released = Released("self", body, key=_DOOR)
    page = re.sub("<[^>]+>", " ", me_page(released))
    markdown = me_markdown(released).replace("\\", "")
    explained = _drawn(text.explain, body | {"items": [item]})
    for drawn in (_drawn(text.me, released), page, markdown, explained):
        shown = " ".join(drawn.split())
        assert shown.index(given["answers"]) < shown.index(paired) < shown.index(alone)
    assert "Kept honest" not in _drawn(text.me, _released("self"))


def test_a_teams_coverage_says_class_and_band_in_words():
    drawn = _drawn(text.coverage, _released("team"))
    assert re.search(r"◧ partly, most +Takes part in the routines of the team", drawn)
    assert re.search(r"■ observable, some +Helps at once", drawn)
    assert re.search(r"◧ partly, not shown +Learns to interview", drawn)
    assert re.search(r"⊘ withheld +Goes for speed", drawn)


@pytest.mark.parametrize("kind", ["team", "self"])
def test_items_stand_in_the_order_of_the_rubric(kind):
    drawn = _drawn(text.coverage if kind == "team" else text.me, _released(kind))
    slugs = [item["item"] for item in _body(kind)["items"]]
    assert re.findall(r"\[([a-z-]+)\]", drawn) == slugs


@pytest.mark.parametrize("kind", ["team", "self"])
def test_the_overview_speaks_of_every_item_in_the_order_of_the_rubric(kind):
    body = _body(kind)
    drawn = _joined(_drawn(_overview(kind), _released(kind), width=80))
    places = [drawn.index(item["says"]) for item in body["items"]]
    assert places == sorted(places)
    assert words.HEADER in drawn
    assert words.NONE_SEEN_IS_ABOUT_INSTRUMENTS in drawn
    assert [
        item["question"] for item in body["items"] if item["class"] == "ask" and item["question"] not in drawn
    ] == []
    assert "--full" in drawn


@pytest.mark.parametrize("kind", ["team", "self"])
def test_the_overview_is_much_shorter_and_fits_eighty_columns(kind):
    overview = _drawn(_overview(kind), _released(kind), width=80).splitlines()
    assert len(overview) < len(_drawn(FULL[kind], _released(kind), width=80).splitlines()) * 2 / 3
    assert [line for line in overview if cell_len(line) > 80] == []


def test_the_overview_says_how_much_was_found_and_why_nothing_was():
    body = _body("self")
    absent = next(item for item in body["items"] if item["state"] == "none seen")
    absent["misleads"] = ["Talk is not recorded."]
    absent["because"] = "No matching activity in github_incidents before 2026-10-01. Talk is not recorded."
    drawn = _joined(_drawn(_overview("self"), Released("self", body, key=_DOOR)))
    assert "[code-fluency-reviews] reviews given: 14 pull requests; review questions:" in drawn
    assert "No matching activity in GitHub incidents before 1 Oct 2026." in drawn
    assert "Talk is not recorded." not in drawn


def test_the_overview_of_a_team_counts_nothing_and_tells_a_shared_reason_once():
    drawn = _joined(_drawn(_overview("team"), _released("team")))
    reasons = {item["because"] for item in _body("team")["items"] if item["band"] is None and item["because"]}
    assert [reason for reason in reasons if drawn.count(reason) > 1] == []
    assert re.search(r"\d (pull|issue|incident|shift|trace)", drawn) is None


def test_bands_do_not_change_the_order_of_items():
    body = _body("team")
    for item in body["items"]:
        if item["band"]:
            item["band"] = {"most": "few", "few": "some", "some": "most"}[item["band"]]
    drawn = _drawn(text.coverage, Released("team", body, key=_DOOR))
    assert re.findall(r"\[([a-z-]+)\]", drawn) == [item["item"] for item in body["items"]]


def test_a_persons_report_adds_no_states_up():
    """A number of items seen would be a score, whatever it is called."""
    released = _released("self")
    words_of_states = "|".join(mark.word for mark in words.STATES.values())
    for drawn in (text.me_text(released), text.me_text(released, full=False), me_markdown(released)):
        assert not re.search(rf"%|\d (items )?({words_of_states})\b", _joined(drawn))
    assert re.search(rf"\d</b> ({words_of_states})", coverage_page(_released("team")))
    assert not re.search(rf"\d</b> ({words_of_states})", me_page(released))


def test_a_long_list_is_cut_and_says_where_the_rest_is():
    drawn = _drawn(text.me, _released("self"))
    assert "14 pull requests: Which pull requests" in drawn
    assert "and 9 more: --format json" in drawn


def test_every_trace_shown_is_its_whole_address_on_one_line():
    addresses = {row["url"] for item in _body("self")["items"] for row in item["evidence"]}
    drawn = _drawn(text.me, _released("self"), width=40)
    found = re.findall(r"https?://\S+", drawn)
    assert found
    assert set(found) <= addresses


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_but_addresses(width):
    for drawn in (
        _drawn(text.coverage, _released("team"), width=width),
        _drawn(text.me, _released("self"), width=width),
    ):
        too_wide = [line for line in drawn.splitlines() if cell_len(line) > width and "://" not in line]
        assert too_wide == []


def test_a_pipe_gets_no_escape_code_and_no_trailing_space():
    for drawn in (_drawn(text.coverage, _released("team")), _drawn(text.me, _released("self"))):
        assert "\x1b" not in drawn
        assert [line for line in drawn.splitlines() if line != line.rstrip()] == []


def test_a_terminal_gets_bold_and_dim_and_no_colour():
    drawn = _drawn(text.me, _released("self"), force_terminal=True, color_system="truecolor")
    assert set(re.findall(r"\x1b\[([0-9;]*)m", drawn)) == {"0", "1", "2"}


def test_an_ascii_terminal_gets_ascii():
    drawn = _drawn(text.coverage, _released("team"), encoding="ascii")
    assert drawn.isascii()
    assert re.search(r"# observable, some +Helps", drawn)


def test_a_pipe_in_ascii_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert text.me_text(_released("self")).isascii()


def test_markup_and_emoji_codes_from_outside_are_letters():
    body = _body("self")
    body["items"][0]["says"] = "[bold red]Says[/] :fire: [link=https://elsewhere.example]x[/link]"
    drawn = _drawn(text.me, Released("self", body, key=_DOOR), width=200)
    assert "[bold red]Says[/] :fire: [link=https://elsewhere.example]x[/link]" in drawn


def test_hostile_strings_reach_no_terminal():
    hostile = "\x1b[2J\x1b]0;x\x07\u202eevil\U000e0041\r"
    for kind, renderer in (("team", text.coverage), ("self", text.me)):
        drawn = _drawn(renderer, Released(kind, _with_every_text(_body(kind), hostile), key=_DOOR))
        assert not re.search(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", drawn
        )
        assert "evil" in drawn


def test_a_report_takes_only_what_the_door_released():
    with pytest.raises(TypeError, match="what the door released, not from dict"):
        text.coverage(_body("team"), Console(file=io.StringIO()))


def test_a_report_for_a_person_is_not_drawn_as_a_teams():
    with pytest.raises(TypeError, match="for the team audience"):
        text.coverage(_released("self"), Console(file=io.StringIO()))
    with pytest.raises(TypeError, match="for the self audience"):
        text.me(_released("team"), Console(file=io.StringIO()))


def test_a_source_that_starts_inside_the_window_says_since_when():
    drawn = _drawn(text.coverage, _released("team"))
    assert (
        "PagerDuty  has gaps  20 Jul 2026 to 15 Oct 2026\n             Nothing before 20 Jul 2026." in drawn
    )


def test_days_that_have_not_come_yet_are_not_missing():
    body = _body("self") | {"computed_on": "2026-08-10", "window_is_open": True}
    body["sources"] = [_source("2026-01-01", "2026-08-09")]
    drawn = _drawn(text.me, Released("self", body, key=_DOOR))
    assert "Nothing after" not in drawn
    assert "The window is still open." in drawn


def test_a_source_that_stopped_before_the_report_says_since_when():
    body = _body("self") | {"computed_on": "2026-08-10", "window_is_open": True}
    body["sources"] = [_source("2026-01-01", "2026-08-08")]
    assert "Nothing after 8 Aug 2026." in _drawn(text.me, Released("self", body, key=_DOOR))


def test_none_seen_without_a_reason_gets_the_standing_sentence():
    body = _body("self")
    item = next(item for item in body["items"] if item["state"] == "none seen")
    item["because"] = None
    drawn = _joined(_drawn(text.me, Released("self", body, key=_DOOR)))
    assert (
        "No matching activity in GitHub, 1 Jul to 30 Sep 2026. That does not mean it did not happen." in drawn
    )


def test_a_state_of_a_later_version_is_shown_as_it_is_written():
    body = _body("self")
    body["items"][0]["state"] = "seen elsewhere"
    assert "· seen elsewhere" in _drawn(text.me, Released("self", body, key=_DOOR))


def test_two_days_of_one_pull_request_are_one_trace():
    body = _body("self")
    item = next(item for item in body["items"] if item["item"] == "code-fluency-clear")
    row = item["evidence"][0]
    item["evidence"] = [row | {"occurred_on": "2026-07-02"}, row | {"occurred_on": "2026-07-09"}]
    drawn = _drawn(text.me, Released("self", body, key=_DOOR))
    assert "1 pull request: Which pull requests of this person were merged?" in drawn
    assert f"2 Jul 2026, 9 Jul 2026  {row['url']}" in drawn


@pytest.mark.parametrize(
    ("count", "unit", "said"),
    [
        (1, "pull requests", "1 pull request"),
        (3, "pull request", "3 pull requests"),
        (0, "issues", "0 issues"),
        (1, "entries", "1 entry"),
        (2, "entry", "2 entries"),
        (1200, "traces", "1,200 traces"),
        (2, "", "2"),
    ],
)
def test_a_number_and_its_unit_agree(count, unit, said):
    assert words.how_many(count, unit) == said


def test_an_explanation_names_file_version_and_every_trace():
    item = next(item for item in _body("self")["items"] if item["item"] == "code-fluency-reviews")
    item["map"] = "rubric_map.yaml:428"
    item["signals"][0] |= {"file": "signals/reviews_given.sql", "version": "0123abcd"}
    drawn = _drawn(text.explain, {"window": "2026Q3", "sources": [], "items": [item]}, width=200)
    assert "Declared in rubric_map.yaml:428, as observable." in drawn
    assert "signals/reviews_given.sql, version 0123abcd" in drawn
    assert drawn.count("/pull/") == len(item["evidence"])


def test_an_explanation_says_which_night_first_saw_each_trace():
    item = next(item for item in _body("self")["items"] if item["item"] == "code-fluency-clear")
    row = item["evidence"][0] | {"occurred_on": "2026-07-02", "seen_on": "2026-07-04"}
    later = row | {"occurred_on": "2026-07-09", "seen_on": "2026-10-01"}
    unknown = row | {"source_id": "before history", "seen_on": None}
    body = {"window": "2026Q3", "sources": [], "items": [item | {"evidence": [later, row, unknown]}]}
    drawn = _drawn(text.explain, body, width=200)
    address = re.escape(row["url"])
    assert re.search(rf"2 Jul 2026, 9 Jul 2026  {address}\n +seen by the night of 4 Jul 2026\n", drawn)
    assert drawn.count("seen by the night of") == 1


def test_a_terminal_report_loads_no_database_no_orchestrator_and_no_template_engine():
    asked = (
        "import sys, reports.text, reports.table, reports.markdown, reports.receipt\n"
        "print([name for name in ('duckdb', 'prefect', 'github', 'jinja2') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", asked],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert found.stdout.strip() == "[]"


# --- builders ---------------------------------------------------------------------------------------------


FULL = {"team": text.coverage, "self": text.me}


def _overview(kind):
    return partial(FULL[kind], full=False)


def _body(kind):
    return json.loads((SAVED / f"{kind}.json").read_text(encoding="utf-8"))


def _released(kind):
    """A release as the door would make it, made here for tests alone."""
    return Released(kind, _body(kind), key=_DOOR)


def _drawn(renderer, body, *, width=100, encoding="utf-8", **console):
    written = _Written(encoding)
    renderer(body, Console(file=written, width=width, **console))
    return written.getvalue()


def _joined(drawn):
    return " ".join(drawn.split())


def _source(first, last):
    return {"source": "github", "complete": True, "from": first, "through": last, "because": None}


def _with_every_text(body, hostile):
    """The body with something hostile in front of every text that comes from outside."""
    body = copy.deepcopy(body)
    body["team"] = hostile + body["team"]
    body["rubric"]["title"] = hostile
    for source in body["sources"]:
        source |= {"source": hostile + source["source"], "because": hostile}
    for item in body["items"]:
        for key in ("item", "pillar", "group", "says", "because", "question", "rule"):
            item[key] = hostile + str(item.get(key))
        item["misleads"] = [hostile]
        for row in item.get("evidence", []):
            row |= {"source_id": hostile + row["source_id"], "url": hostile + row["url"]}
    return body


class _Written(io.StringIO):
    def __init__(self, encoding):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding
