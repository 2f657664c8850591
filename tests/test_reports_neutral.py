"""Strings from outside do nothing but stand there."""

import pytest

from reports.neutral import markdown_text, markdown_url, plain, safe_url, spreadsheet_cell


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07name", "name"),
        ("\x1b]8;;https://elsewhere.example\x1b\\here\x1b]8;;\x1b\\", "here"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1bcreset", "reset"),
        ("\x1b]52;c;bmV2ZXIgY2xvc2Vk", ""),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("a\u2066b\u2069c\u200ed\u061ce", "abcde"),
        ("plain\U000e0041\U000e0042\U000e007f", "plain"),
        ("a\U000e0101b\ufeffc\u200bd\u2060e\u00adf", "abcdef"),
        ("\u3164\u2800\u115f", ""),
        ("one\r\ntwo\u2028three\x00four\x08", "one two threefour"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("private \ue000 use", "private use"),
    ],
)
def test_what_draws_nothing_or_moves_the_cursor_is_left_out(hostile, harmless):
    assert plain(hostile) == harmless


@pytest.mark.parametrize(
    "text", ["Ünïcode “quoted”", "日本語", "עברית", "🏆 Results", "क\u094d\u200dष", "a [b] {{ c }}"]
)
def test_letters_of_every_script_stay(text):
    assert plain(text) == text


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/api/pull/12#pullrequestreview-3",
        "http://127.0.0.1:8080/acme/api/pull/12",
        "https://acme.example/incidents/1?tab=notes&x=%20y",
    ],
)
def test_web_addresses_are_kept_as_they_are(url):
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "/pull/12",
        "//elsewhere.example/x",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "https:///no-host",
        "https://github.com@elsewhere.example/acme",
        "https://github.com:pass@elsewhere.example/acme",
        "https://g\u0456thub.com/acme",
        "https://github.com/a\u202eb",
        'https://github.com/"onmouseover="alert(1)',
        "https://github.com/<b>",
        "https://github.com/a b",
        "https://github.com\\@elsewhere.example",
        "https://github.com:99999/acme",
        "https://[half/acme",
    ],
)
def test_anything_but_a_plain_web_address_is_no_link(url):
    assert safe_url(url) is None


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", "\t=", " =", "\r\n=", "\u202e=", "\x1b[0m="])
def test_no_cell_starts_a_formula(start):
    assert spreadsheet_cell(f"{start}cmd|' /C calc'!A0").startswith("'")


def test_an_ordinary_cell_is_left_alone():
    assert spreadsheet_cell("a = b, c-d") == "a = b, c-d"


def test_markdown_and_html_in_a_text_stay_letters():
    assert markdown_text("<b>*x*</b> [a](b) `c` | d ![e](f)") == (
        "&lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](b) \\`c\\` \\| d \\!\\[e\\](f)"
    )


@pytest.mark.parametrize(
    ("text", "escaped"), [("- a", "\\- a"), ("1. a", "1\\. a"), ("# a", "\\# a"), ("=== a", "\\=== a")]
)
def test_a_text_starts_no_list_and_no_heading_in_markdown(text, escaped):
    assert markdown_text(text) == escaped


def test_an_address_cannot_close_its_markdown_link():
    assert markdown_url("https://a.example/x)(y") == "https://a.example/x%29%28y"
