"""The text of a rubric document -> its title and its lines, each with what it means there.

One function a form: plain text, a published page, Markdown, a table. A document in levels has a file of its
own, `rubric/levels.py`. Whatever a form cannot hold is a mistake with its line; nothing is guessed.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Literal

from signals.catalog import did_you_mean

BULLETS = ("- ", "* ", "• ")
_UNDER_ALL_HEADINGS = 7
"""The depth of a bold line that stands for a heading."""
Kind = Literal["pillar", "group", "statement"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document that means something."""

    kind: Kind
    text: str
    number: int


@dataclass(slots=True)
class Outline:
    """The headings and statements of a document with their lines, and the mistakes in it."""

    title: str = ""
    lines: list[Line] = field(default_factory=list)
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    def add(self, kind: Kind, text: str, number: int) -> None:
        """A line, in single spaces. A statement without words is a mistake."""
        text = " ".join(text.split())
        if kind == "statement" and not re.search(r"\w", text):
            self.mistakes.append((number, "a statement without words; write it or delete its line"))
        else:
            self.lines.append(Line(kind, text, number))


# --- plain text -----------------------------------------------------------------------------------------


def plain_text(text: str) -> Outline:
    """Headings have no markup in the plain form, so their order between two bullets tells them apart."""
    outline = Outline()
    headings: list[tuple[str, int]] = []
    is_first_run = was_blank = True
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if _HEADING.fullmatch(raw):
            outline.mistakes.append((number, "a heading with # is Markdown; name the file so, with .md"))
        elif line.startswith(BULLETS) or line in {"-", "*", "•"}:
            if is_first_run:
                # A document opens with its title and the level's lead sentence.
                outline.title = headings[0][0] if headings else ""
                headings = headings[2:]
            _name_headings(headings, outline)
            headings, is_first_run = [], False
            outline.add("statement", line[1:], number)
        elif line and raw[0].isspace() and not headings and outline.lines and not was_blank:
            goes_on = outline.lines.pop()
            outline.add(goes_on.kind, f"{goes_on.text} {line}", goes_on.number)
        elif line:
            headings.append((line, number))
        was_blank = not line
    return outline


def _name_headings(run: Sequence[tuple[str, int]], outline: Outline) -> None:
    """The lines between two bullets, named: a pillar, a group, or a description that is left out."""
    below: list[tuple[str, int]] = []
    after_pillar = False
    for text, number in run:
        if _starts_with_symbol(text):
            outline.add("pillar", without_symbol(text), number)
            after_pillar, below = True, []
        else:
            below.append((text, number))
    if below:
        # Under a pillar come its lead sentence and then the group; elsewhere the group and its description.
        outline.add("group", *below[-1 if after_pillar else 0])


def _starts_with_symbol(text: str) -> bool:
    return unicodedata.category(text[0]) == "So"


def without_symbol(text: str) -> str:
    """A heading without the picture in front of it."""
    return re.sub(r"^[^\w]+", "", text)


# --- a published page -----------------------------------------------------------------------------------


def html_page(text: str) -> Outline:
    """Headings and bullets of a page; everything before its main heading is navigation."""
    parser = _Page()
    parser.feed(text)
    parser.close()
    return parser.outline


class _Page(HTMLParser):
    _BLOCKS = {"h1": "title", "h2": "pillar", "li": "bullet", "p": "paragraph"} | dict.fromkeys(
        ("h3", "h4", "h5", "h6"), "group"
    )
    _ASIDE = frozenset({"nav", "footer", "aside", "script", "style", "template"})
    """What stands on a page and is no part of its document."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.outline = Outline()
        self._block: str | None = None
        self._strong = self._plain = ""
        self._in_strong = False
        self._number = self._depth = self._asides = 0
        self._above: list[tuple[int, str]] = []
        """Headings that stand above this place, with their depth."""
        self._last_group = ""
        self._lists: list[int] = []
        """How many headings stood above each open list."""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser hands it over
        self._asides += tag in self._ASIDE
        if self._asides:
            return
        if tag == "br" or (tag == "p" and self._block == "bullet"):
            self._plain += " "  # a loose list has its statements in paragraphs
        elif tag in ("ul", "ol"):
            if self._block == "bullet" and self._plain.rstrip().endswith(":"):
                self._block, self._depth = "group", _UNDER_ALL_HEADINGS + 1 + len(self._lists)
            self._lists.append(len(self._above))
            self._close()
        elif tag in self._BLOCKS:
            self._close()
            self._block = self._BLOCKS[tag]
            self._depth = int(tag[1]) if tag[0] == "h" else _UNDER_ALL_HEADINGS
            self._number = self.getpos()[0]
        elif tag in ("strong", "b"):
            self._in_strong = True

    def handle_endtag(self, tag: str) -> None:
        if tag in self._ASIDE:
            self._asides = max(0, self._asides - 1)
        elif self._asides:
            return
        elif tag in ("strong", "b"):
            self._in_strong = False
        elif tag == "p" and self._block == "bullet":
            self._plain += " "
        elif tag in {*self._BLOCKS, "ul", "ol"}:
            self._close()
            if tag in ("ul", "ol") and self._lists:
                del self._above[self._lists.pop() :]

    def handle_data(self, data: str) -> None:
        if self._asides:
            return
        if self._block == "paragraph" and (self._in_strong or (self._strong and data.isspace())):
            self._strong += data  # the space between two bold words is theirs
        elif self._block is not None:
            self._plain += data

    def close(self) -> None:
        super().close()
        self._close()

    def _close(self) -> None:
        strong, plain = " ".join(self._strong.split()), " ".join(self._plain.split())
        match self._block:
            case "title" if not any(line.kind == "group" for line in self.outline.lines):
                # A later main heading inside the document parts it and starts no other one.
                self.outline.lines.clear()
                self.outline.title, self._above = plain, []
            case "pillar" if plain:
                self._above, self._last_group = [(self._depth, without_symbol(plain))], ""
                self.outline.add("pillar", self._above[0][1], self._number)
            case "group" if plain:
                self._group(without_symbol(plain))
            case "paragraph" if strong:
                self._group(strong)
            case "bullet" if plain:
                self._say_group()
                self.outline.add("statement", plain, self._number)
        self._block, self._strong, self._plain = None, "", ""

    def _group(self, text: str) -> None:
        between = [each for each in self._above if each[0] < self._depth]
        self._above = [*between, (self._depth, text.rstrip(": "))]
        self._say_group()

    def _say_group(self) -> None:
        """A group is called by all its headings, so that two of one name stay apart; else by the pillar."""
        named = [text for depth, text in self._above if depth > 2] or [text for _, text in self._above]
        if named and (group := " / ".join(named)) != self._last_group:
            self.outline.add("group", group, self._number)
            self._last_group = group


# --- Markdown -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Mark:
    """A heading with its depth, or a bullet with its indent."""

    is_heading: bool
    depth: int
    text: str
    number: int


_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*")
_BOLD_LINE = re.compile(r"\s*(?:\*\*|__)([^*_]+)(?:\*\*|__):?\s*")
_BULLET = re.compile(r"(\s*)(?:[-*+•]|\d{1,3}[.)])(?:\s+(?:\[[ xX]\]\s+)?(.*))?")


def markdown(text: str) -> Outline:
    """Headings by their depth, bullets and numbered lines as statements; paragraphs are descriptions.

    One heading above all others is the title, the next depth is the pillar, and all below it is the group. A
    bullet that ends with a colon and has bullets under it is a heading too.
    """
    outline = Outline()
    marks = list(_marks(text, outline))
    headings = [mark for mark in marks if mark.is_heading]
    depths = sorted({mark.depth for mark in headings})
    first = [mark for mark in headings if mark.depth == depths[0]]
    if len(first) == 1 and marks[0] is first[0] and len(depths) > 1:
        outline.title, depths = _words(first[0].text), depths[1:]
        marks = marks[1:]
    pillar_depth = depths[0] if depths else 0
    above: list[_Mark] = []
    said_group = ""
    for mark, after in pairwise([*marks, None]):
        if mark is None:
            break
        if mark.is_heading:
            above = [each for each in above if each.is_heading and each.depth < mark.depth] + [mark]
            if mark.depth == pillar_depth:
                outline.add("pillar", without_symbol(_words(mark.text)).rstrip(": "), mark.number)
            said_group = ""
            continue
        above = [each for each in above if each.is_heading or each.depth < mark.depth]
        if after and not after.is_heading and after.depth > mark.depth and mark.text.endswith(":"):
            above.append(mark)
            continue
        path = [without_symbol(_words(each.text)).rstrip(": ") for each in above]
        group = " / ".join(path[1:]) or "".join(path)
        if group != said_group:
            outline.add("group", group, above[-1].number)
            said_group = group
        outline.add("statement", _words(mark.text), mark.number)
    return outline


def _marks(text: str, outline: Outline) -> Iterator[_Mark]:
    """Headings and bullets, a bullet with the lines that go on with it."""
    bullet: _Mark | None = None
    was_blank = False
    for number, raw in enumerate(_without_asides(text, outline), start=1):
        heading = _HEADING.fullmatch(raw) or _BOLD_LINE.fullmatch(raw)
        item = _BULLET.fullmatch(raw)
        if (heading or item or (was_blank and raw.strip() and not raw.startswith("  "))) and bullet:
            yield bullet
            bullet = None
        if heading:
            depth = len(heading[1]) if heading.re is _HEADING else _UNDER_ALL_HEADINGS
            yield _Mark(True, depth, heading[2] if heading.re is _HEADING else heading[1], number)
        elif item:
            bullet = _Mark(False, len(item[1].expandtabs(4)), (item[2] or "").strip(), number)
        elif bullet and raw.strip():
            bullet.text += " " + raw.strip()
        was_blank = not raw.strip()
    if bullet:
        yield bullet


def _without_asides(text: str, outline: Outline) -> Iterator[str]:
    """The lines, with front matter, fenced code and comments as empty ones, so that numbers stay.

    An underlined heading becomes one with # on its own line.
    """
    text = re.sub(r"<!--.*?-->", lambda aside: "\n" * aside[0].count("\n"), text, flags=re.DOTALL)
    lines = text.split("\n")
    fence, opened = "", 0
    if lines[0].strip() == "---" and "---" in [line.strip() for line in lines[1:]]:
        fence, opened = "---", 1
        lines[0] = ""
    front = [line.strip() for line in lines].index("---") + 1 if fence else 0
    for at, (line, below) in enumerate(pairwise(lines)):
        if at < front:
            continue
        is_alone = at == 0 or not lines[at - 1].strip()
        if is_alone and re.fullmatch(r"={2,}|-{2,}", below.strip()) and re.match(r" {0,3}[^\s\-*+#|>]", line):
            lines[at : at + 2] = [f"{'#' if below.strip()[0] == '=' else '##'} {line.strip()}", ""]
    for number, line in enumerate(lines, start=1):
        mark = re.match(r"\s*(```|~~~)", line)
        if fence:
            if line.strip().startswith(fence):
                fence = ""
            yield ""
        elif mark:
            fence, opened = mark[1], number
            yield ""
        else:
            yield line
    if fence:
        outline.mistakes.append((opened, f"'{fence}' is opened here and never closed"))


def _words(text: str) -> str:
    """A line of Markdown as it reads: links by their text, no emphasis."""
    text = re.sub(r"<br\s*/?>", " ", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(\*\*|__)(.+?)\1", r"\2", text)
    text = re.sub(r"(?<![\w*])[*_](\S(?:.*?\S)?)[*_](?![\w*])", r"\1", text)
    return re.sub(r"`([^`]*)`", r"\1", text)


# --- a table --------------------------------------------------------------------------------------------

_COLUMNS = ("pillar", "group", "statement")


def table(text: str) -> Outline:
    """One statement a row; the columns are named pillar, group and statement, in any order."""
    outline = Outline()
    head, _, below = text.partition("\n")
    separator = re.fullmatch(r"sep=(.)\s*", head)  # what some spreadsheets write above their head
    first = 2 if separator else 1
    text, head = (below, below.split("\n", 1)[0]) if separator else (text, head)
    apart = separator[1] if separator else next((each for each in ",;\t" if each in head), ",")
    rows = csv.reader(io.StringIO(text), delimiter=apart, strict=True)
    names: list[str] = []
    before: dict[str, str] = {}
    number = first
    try:
        for cells in rows:
            if not names:
                names = [cell.strip().casefold() for cell in cells]
                if not _is_known_head(names, number, outline):
                    return outline
            elif any(cell.strip() for cell in cells):
                before = _row(dict(zip(names, cells, strict=False)), len(cells), number, before, outline)
            number = rows.line_num + first
    except csv.Error:
        outline.mistakes.append((number, "a quotation mark that is never closed, or stands inside a cell"))
    return outline


def _is_known_head(names: Sequence[str], number: int, outline: Outline) -> bool:
    for name in names:
        if name not in _COLUMNS:
            outline.mistakes.append((number, f"unknown column '{name}'{did_you_mean(name, _COLUMNS)}"))
    for name in _COLUMNS:
        if names.count(name) != 1:
            problem = "is missing" if name not in names else "is there twice"
            outline.mistakes.append((number, f"column '{name}' {problem}; a table has {', '.join(_COLUMNS)}"))
    return not outline.mistakes


def _row(
    cells: dict[str, str], count: int, number: int, before: dict[str, str], outline: Outline
) -> dict[str, str]:
    """Adds a row's statement; returns its headings, so that the next row only names others."""
    if count != len(_COLUMNS):
        outline.mistakes.append(
            (number, f"a row of {count} cells where there are {len(_COLUMNS)} columns; is a quote missing?")
        )
        return before
    empty = [name for name in _COLUMNS if not cells[name].strip()]
    if empty:
        outline.mistakes += [(number, f"{name} is empty; every row names all three") for name in empty]
        return before
    here = {name: " ".join(cells[name].split()) for name in ("pillar", "group")}
    if before.get("pillar") != here["pillar"]:
        outline.add("pillar", here["pillar"], number)
    if before != here:
        outline.add("group", here["group"], number)
    outline.add("statement", cells["statement"], number)
    return here
