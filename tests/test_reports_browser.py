"""The pages in a real browser, where one is installed."""

import itertools
import json
import shutil
from pathlib import Path

import pytest

from privacy.released import _DOOR, Released
from reports.page import coverage_page, me_page

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

SAVED = Path(__file__).parent / "payloads" / "released"
WORST_CONTRAST = """() => {
  const opaque = [0, 0, 0, 1];
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const parse = (colour) => { const found = numbers(colour); return opaque.map((v, at) => found[at] ?? v); };
  const linear = (v) => v <= .03928 * 255 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  let worst = [99, ''];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || at.closest('style, svg')) continue;
    let behind = at;
    while (behind && parse(getComputedStyle(behind).backgroundColor)[3] < 1) behind = behind.parentElement;
    const back = light(behind ? parse(getComputedStyle(behind).backgroundColor) : [255, 255, 255]);
    const fore = light(parse(getComputedStyle(at).color));
    const ratio = (Math.max(back, fore) + .05) / (Math.min(back, fore) + .05);
    if (ratio < worst[0]) worst = [ratio, walker.currentNode.data.trim().slice(0, 40)];
  }
  return worst;
}"""


@pytest.mark.parametrize("kind", ["team", "self"])
def test_a_page_asks_for_nothing_and_complains_of_nothing(open_page, kind):
    page, asked, complaints = open_page(kind)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.emulate_media(media="print")
    assert asked == [page.url]
    assert complaints == []


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
@pytest.mark.parametrize("kind", ["team", "self"])
def test_a_page_is_never_wider_than_the_screen(open_page, kind, width):
    page, _, _ = open_page(kind, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert (
        page.evaluate(
            "[...document.querySelectorAll('main *')].filter((each) => "
            "!each.closest('svg') && each.getBoundingClientRect().right > innerWidth + 1).length"
        )
        == 0
    )


def test_long_strings_do_not_push_a_phone_page_wide(open_page):
    body = _body("self")
    item = next(item for item in body["items"] if item["item"] == "code-fluency-clear")
    item |= {"says": "w" * 300, "because": "x" * 300, "question": "y" * 300, "rule": "z" * 300}
    item["evidence"][0]["url"] = "https://github.com/" + "a" * 90 + "/" + "b" * 90 + "/pull/12"
    item["evidence"][1]["url"] = "https://elsewhere.example/" + "c" * 300
    page, _, _ = open_page("self", width=360, body=body)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("kind", ["team", "self"])
def test_every_link_inside_a_page_arrives_and_every_link_out_of_it_is_to_the_web(open_page, kind):
    page, _, _ = open_page(kind)
    targets = page.evaluate(
        "[...document.querySelectorAll('a, use')].map((each) => each.getAttribute('href'))"
    )
    inside = [target for target in targets if target.startswith("#")]
    outside = [target for target in targets if not target.startswith("#")]
    assert len(inside) > 80
    assert (
        page.evaluate("(all) => all.filter((each) => !document.getElementById(each.slice(1)))", inside) == []
    )
    assert [target for target in outside if not target.startswith(("http://", "https://"))] == []
    assert bool(outside) == (kind == "self")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["team", "self"])
def test_every_text_has_the_contrast_that_weak_eyes_need(open_page, kind, scheme):
    page, _, _ = open_page(kind, scheme=scheme)
    ratio, text = page.evaluate(WORST_CONTRAST)
    assert ratio >= 4.5, text


@pytest.mark.parametrize("kind", ["team", "self"])
def test_a_screen_reader_finds_landmarks_headings_and_tables(open_page, kind):
    page, _, _ = open_page(kind)
    assert page.locator("h1").count() == 1
    assert [page.locator(name).count() for name in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].map((each) => Number(each.tagName[1]))"
    )
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert (
        page.evaluate(
            "[...document.querySelectorAll('table')].filter((each) => !each.caption || "
            "[...each.querySelectorAll('th')].some((head) => !head.scope)).length"
        )
        == 0
    )
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("section:not(#processes) article.item").count() == 38
    assert page.locator("#processes article.item").count() == len(_body(kind).get("processes", ()))


def test_the_first_tab_stop_skips_to_the_items(open_page):
    page, _, _ = open_page("self")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().y >= 0")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "items"


def test_paper_shows_what_is_folded_on_the_screen(open_page):
    page, _, _ = open_page("self")
    folded = page.locator("details.trail:not([open]) tbody tr").first
    height = (
        "(row) => row.checkVisibility({contentVisibilityAuto: true}) ? row.getBoundingClientRect().height : 0"
    )
    assert folded.evaluate(height) == 0
    page.emulate_media(media="print")
    assert folded.evaluate(height) > 0


# --- builders ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Opens a report; returns the page, every address it asked for and everything it complained of."""
    opened = []

    def open_it(kind, *, width=1280, scheme="light", body=None):
        renderer = {"team": coverage_page, "self": me_page}[kind]
        file = tmp_path / f"{kind}.html"
        file.write_text(renderer(Released(kind, body or _body(kind), key=_DOOR)), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened.append(page)
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        return page, asked, complaints

    yield open_it
    for page in opened:
        page.close()


def _body(kind):
    return json.loads((SAVED / f"{kind}.json").read_text(encoding="utf-8"))
