"""The HTML pages, read as text: what they say, what they refuse to say, and nothing foreign comes alive."""

import base64
import colorsys
import copy
import hashlib
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from privacy.released import _DOOR, Released
from reports import page, table, text, view, words
from reports.markdown import me_markdown

SAVED = Path(__file__).parent / "payloads" / "released"
REPORTS = Path(page.__file__).parent
BANNED = re.compile(r"\b(performance|productivity|low|underperform|inactive|top)\b", re.IGNORECASE)
WRITTEN_HERE = sorted(
    path
    for path in REPORTS.rglob("*")
    if path.suffix in (".html", ".css", ".svg", ".py") and "web" not in path.parts
)


def test_what_programs_read_opens_with_what_it_is_not():
    assert next(iter(view.for_programs(_body("self")).items())) == ("about_this_report", words.HEADER)


@pytest.mark.parametrize("path", WRITTEN_HERE, ids=lambda path: path.name)
def test_no_banned_word_stands_in_what_the_pages_are_made_of(path):
    assert BANNED.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "drawn", ["coverage_page", "me_page", "me_markdown", "coverage_csv", "me_text", "coverage_text"]
)
def test_no_banned_word_stands_in_any_report(drawn):
    renderer, kind = {
        "coverage_page": (page.coverage_page, "team"),
        "me_page": (page.me_page, "self"),
        "me_markdown": (me_markdown, "self"),
        "coverage_csv": (table.coverage_csv, "team"),
        "me_text": (text.me_text, "self"),
        "coverage_text": (text.coverage_text, "team"),
    }[drawn]
    assert BANNED.findall(renderer(_released(kind))) == []


def test_both_pages_open_with_what_they_are_not():
    for html in (_team_page(), _own_page()):
        assert words.HEADER in _read(html).text
        assert words.NONE_SEEN_IS_ABOUT_INSTRUMENTS in _read(html).text
    assert words.BANDS_HIDE_COUNTS in _read(_team_page()).text


def test_a_page_holds_no_script_and_asks_for_nothing():
    for html in (_team_page(), _own_page()):
        found = _read(html)
        assert {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & found.tags == set()
        assert "@import" not in html
        assert "url(" not in html
        assert "style" not in found.attributes


def test_the_policy_of_a_page_allows_its_own_style_sheet_and_nothing_else():
    html = _own_page()
    css = html.partition("<style>")[2].partition("</style>")[0]
    named = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1])
    assert policy == f"default-src 'none'; style-src 'sha256-{named}'; base-uri 'none'; form-action 'none'"


def test_every_tile_leads_to_an_item_and_items_keep_the_order_of_the_rubric():
    for kind, html in (("team", _team_page()), ("self", _own_page())):
        anchors = re.findall(r'<article class="item" id="([^"]+)"', html)
        assert re.findall(r'class="tile [^"]*" href="#([^"]+)"', html) == anchors
        assert anchors == [f"item-{item['item']}" for item in _body(kind)["items"]]


def test_no_two_elements_of_a_page_share_an_id():
    body = _body("self")
    body["items"][1]["item"] = body["items"][0]["item"]
    body["items"][2]["item"] = "Level Scope"
    ids = re.findall(r' id="([^"]+)"', page.me_page(Released("self", body, key=_DOOR)))
    assert len(ids) == len(set(ids))


def test_every_number_of_traces_opens_into_as_many_links():
    html = _own_page()
    trails = re.findall(r'<details class="trail">.*?</details>', html, re.DOTALL)
    counted = [int(re.search(r"<b>(\d+) ", trail)[1]) for trail in trails]
    assert counted == [trail.count("<a href=") for trail in trails]
    assert 14 in counted


def test_the_tile_of_an_item_says_its_state():
    tiles = re.findall(r'class="tile is-([a-z-]+)" href="#item-([a-z-]+)"', _own_page())
    assert {slug: state for state, slug in tiles} == {
        item["item"]: item["state"].replace(" ", "-") for item in _body("self")["items"]
    }


def test_a_teams_page_holds_no_number_but_dates_and_how_many_items_are_of_a_class():
    said = _read(_team_page()).text
    for known in (
        "IC1",
        "2026Q3",
        "5b1e5b1e5b1e",
        "20 July",
        "2 observable",
        "18 partly",
        "17 ask",
        "1 withheld",
    ):
        assert known in said
        said = said.replace(known, "")
    said = re.sub(r"\b\d{1,2} (Jan|Jul|Sep|Oct)( 2026)?\b", "", said)
    assert re.findall(r"\d+", said) == []


def test_a_page_says_nothing_in_percent():
    for html in (_team_page(), _own_page()):
        assert "%" not in _read(html).text


def test_colours_are_greys_and_one_blue_so_none_means_well_or_badly_done():
    css = (REPORTS / "static" / "page.css").read_text(encoding="utf-8")
    colours = re.findall(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", css)
    assert len(colours) > 10
    for colour in colours:
        full = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
        hue, _, _ = colorsys.rgb_to_hls(*(int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)))
        parts = [int(full[at : at + 2], 16) for at in (0, 2, 4)]
        assert max(parts) - min(parts) < 24 or 0.6 < hue < 0.72, (
            f"#{colour} has a colour that could mean something"
        )
    named = r"\b(red|green|orange|yellow|gold|crimson|lime|tomato|rgba?|hsla?|oklch|lab)\b"
    assert re.findall(named, css) == []


def test_symbols_of_states_differ_from_each_other_on_pages_and_terminals():
    for marks in (words.STATES, words.CLASSES):
        for field in ("key", "word", "symbol", "ascii"):
            assert len({getattr(mark, field) for mark in marks.values()}) == len(marks)


def test_every_state_and_class_has_a_drawing():
    drawn = (REPORTS / "templates" / "symbols.svg").read_text(encoding="utf-8")
    marks = [*words.STATES.values(), *words.CLASSES.values(), *words.BANDS, words.state("unknown")]
    assert [mark.key for mark in marks if f'id="symbol-{mark.key}"' not in drawn] == []


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onfocus=alert(1) autofocus '",
        "</style></title></svg><script>alert(1)</script>",
        "{{ 7*7 }}{% raw %}",
        "<!-- ",
        "]]><b>",
    ],
)
def test_html_from_outside_stays_letters(hostile):
    for kind, renderer in (("team", page.coverage_page), ("self", page.me_page)):
        plain = _read(renderer(_released(kind)))
        found = _read(renderer(Released(kind, _with_every_text(_body(kind), hostile), key=_DOOR)))
        assert found.tags == plain.tags
        assert found.attributes == plain.attributes
        assert hostile.strip() in found.text


def test_characters_that_draw_nothing_reach_no_page():
    hostile = "\x1b[31m\u202e\u2066\U000e0041\u200b\x00\x07evil"
    for kind, renderer in (("team", page.coverage_page), ("self", page.me_page)):
        html = renderer(Released(kind, _with_every_text(_body(kind), hostile), key=_DOOR))
        assert "evil" in html
        assert (
            re.findall(
                "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", html
            )
            == []
        )


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "https://github.com@elsewhere.example/a", None]
)
def test_a_trace_with_no_safe_address_is_named_and_not_linked(url):
    body = _body("self")
    item = next(item for item in body["items"] if item["item"] == "code-fluency-clear")
    item["evidence"] = [item["evidence"][0] | {"url": url, "source_id": "PR_kwDO77"}]
    html = page.me_page(Released("self", body, key=_DOOR))
    assert "PR_kwDO77 <span" in html
    assert url is None or f'href="{url}' not in html


def test_pages_take_only_what_the_door_released_for_them():
    with pytest.raises(TypeError, match="for the team audience"):
        page.coverage_page(_released("self"))
    with pytest.raises(TypeError, match="for the self audience"):
        page.me_page(_released("team"))
    with pytest.raises(TypeError, match="not from dict"):
        page.me_page(_body("self"))


def test_the_same_release_gives_the_same_bytes():
    assert _team_page() == _team_page()
    assert _own_page() == _own_page()


def test_a_link_to_github_is_named_by_repository_and_number():
    body = _body("self")
    row = {"signal": "s", "occurred_on": "2026-07-01", "source_kind": "review", "source_id": "R"}
    address = "https://github.com/harbour/tide%E2%80%AE/pull/12/files#r1"
    body["items"][0]["evidence"] = [row | {"url": address}]
    [trail] = view.item(body["items"][0], body).trails
    assert trail.traces[0].label == "harbour/tide #12"
    assert trail.traces[0].url == address


def test_every_test_that_the_manual_names_exists():
    manual = (REPORTS.parent / "docs" / "pages.md").read_text(encoding="utf-8")
    written = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_reports_*.py")
    )
    named = re.findall(r"`(test_\w+)`", manual)
    assert named
    assert [name for name in named if f"def {name}(" not in written] == []


# --- builders ---------------------------------------------------------------------------------------------


def _body(kind):
    return json.loads((SAVED / f"{kind}.json").read_text(encoding="utf-8"))


def _released(kind):
    """A release as the door would make it, made here for tests alone."""
    return Released(kind, _body(kind), key=_DOOR)


def _team_page():
    return page.coverage_page(_released("team"))


def _own_page():
    return page.me_page(_released("self"))


def _with_every_text(body, hostile):
    """The body with something hostile in front of every text that comes from outside."""
    body = copy.deepcopy(body)
    body |= {"team": hostile + body["team"], "agreement_sha256": hostile}
    body["rubric"]["title"] = hostile
    for source in body["sources"]:
        source |= {"source": hostile + source["source"], "because": hostile}
    for item in body["items"]:
        for key in ("item", "pillar", "group", "says", "because", "question", "rule"):
            if item.get(key):
                item[key] = hostile + item[key]
        item["misleads"] = [hostile for _ in item["misleads"]]
        for signal in item.get("signals", []):
            signal |= {"answers": hostile + signal["answers"], "unit": hostile + signal["unit"]}
        if item["item"].endswith("code-fluency-clear"):
            for row in item.get("evidence", []):
                row |= {"source_kind": hostile, "source_id": hostile + row["source_id"], "url": hostile}
    return body


def _read(html):
    found = _Read()
    found.feed(html)
    found.close()
    found.text = " ".join(" ".join(found.said).split())
    return found


class _Read(HTMLParser):
    """The tags, the names of attributes and the visible text of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.said, self.skipping, self.text = set(), set(), [], 0, ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.skipping += tag in ("style", "title")

    def handle_endtag(self, tag):
        self.skipping -= tag in ("style", "title")

    def handle_data(self, data):
        if not self.skipping:
            self.said.append(data)
