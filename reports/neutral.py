"""Strings that came from outside, made harmless for a terminal, a page, a spreadsheet or Markdown.

A repository name, a label or a note may hold escape codes, bidirectional overrides, invisible tag characters,
formulas or `javascript:` addresses. Each kind of output takes its strings through here.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

_ESCAPE_SEQUENCES = re.compile(
    r"(?:\x1b\]|\x9d).*?(?:\x07|\x1b\\|\x9c|$)"  # operating system commands: titles, links, clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f]).*?(?:\x1b\\|\x9c|$)"  # device control and other strings
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours, cursor movement, erasing
    r"|\x1b[ -/]*[0-~]?",  # everything else that starts with escape
    re.DOTALL,
)

# Letters by category that draw nothing, so text can hide in them.
# The joiners stay: scripts and emoji need them.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINERS = frozenset("\u200c\u200d")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co"})
_FORMULA_STARTS = tuple("=+-@＝＋－＠|%")  # noqa: RUF001  the full-width signs start formulas too


def plain(value: object) -> str:
    """One line of visible text: no control, escape, bidirectional, tag or other invisible characters."""
    text = _ESCAPE_SEQUENCES.sub("", str(value))
    text = "".join(" " if _breaks(character) else character for character in text if _stays(character))
    return " ".join(text.split())


def _breaks(character: str) -> bool:
    return character in "\t\n\v\f\r\x85\u2028\u2029"


def _stays(character: str) -> bool:
    if _breaks(character) or character in _JOINERS:
        return True
    if character in _INVISIBLE or 0xE0000 <= ord(character) <= 0xE0FFF:
        return False  # the tag block and the variation selectors that carry hidden text
    return unicodedata.category(character) not in _DROPPED_CATEGORIES


def safe_url(value: object) -> str | None:
    """The address, if following it only opens a web page at the host it seems to name; else None.

    Only http and https, a host in plain letters, no user name in front of the host (`https://github.com@elsewhere`).
    """
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not text.isascii() or plain(text) != text or any(character in text for character in " \"'<>\\^`{|}"):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or port == 0:
        return None
    return text


def spreadsheet_cell(value: object) -> str:
    """Visible text that no spreadsheet takes for a formula."""
    text = plain(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def markdown_text(value: object) -> str:
    """Visible text in which no character is Markdown or HTML."""
    text = plain(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_\[\]|~#!])", r"\\\1", text)
    return re.sub(r"^([-+=]|\d+[.)])", _escape_list_mark, text)


def _escape_list_mark(match: re.Match[str]) -> str:
    return f"{match[0][:-1]}\\{match[0][-1]}"


def markdown_url(url: str) -> str:
    """A safe address as it may stand between the parentheses of a Markdown link."""
    return quote(url, safe="/:?#@!$&+,;=%~.-_")
