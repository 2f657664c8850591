"""A rubric document -> its statements, each with the hash by which the map knows it.

The document's own words stay in the document: the map carries a hash and a paraphrase, so a change of
wording upstream is noticed without a copy of the text in this project.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

from connectors.errors import BadInput
from rubric.map import Item, RubricMap

_BULLETS = ("- ", "* ", "• ")
_LEVEL = "Level"  # the expectations before the first pillar describe the level itself
_TYPESET = {  # quotes and dashes, by code point, as they are typed on a keyboard
    **dict.fromkeys((0x2018, 0x2019), "'"),
    **dict.fromkeys((0x201C, 0x201D), '"'),
    **dict.fromkeys((0x2010, 0x2011, 0x2013, 0x2014), "-"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One bullet of a rubric document and the headings it stands under."""

    pillar: str
    group: str
    text: str
    sha256: str


def statement_sha256(text: str) -> str:
    """The hash of a statement that survives typesetting: spacing, curly quotes, long dashes.

    Case, wording and punctuation count: a changed word is a changed statement.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_TYPESET)
    return hashlib.sha256(" ".join(plain.split()).encode()).hexdigest()


def read_document(path: Path) -> list[Statement]:
    """Every bullet statement of a document in its order; plain text, or HTML by its file name.

    Lead sentences and the descriptions under a heading are not statements. Raises BadInput.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput([f"{path.name}: cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise BadInput([f"{path.name}: is not UTF-8 text; save it as UTF-8"]) from error
    is_html = path.suffix.lower() in {".html", ".htm"}
    lines = _html_lines(text) if is_html else list(_text_lines(text))

    statements, mistakes = [], []
    pillar, group = _LEVEL, ""
    for line in lines:
        if line.kind == "pillar":
            pillar, group = line.text, ""
        elif line.kind == "group":
            group = line.text
        elif line.kind == "bullet" and group:
            statements.append(Statement(pillar, group, line.text, statement_sha256(line.text)))
        elif line.kind == "bullet":
            mistakes.append(f"{path.name}:{line.number}: a statement without a heading above it")
    first_with: dict[str, Statement] = {}
    for statement in statements:
        if first_with.setdefault(statement.sha256, statement) is not statement:
            where = f"{statement.pillar} / {statement.group}"
            mistakes.append(f"{path.name}: the same statement stands twice, the second time in {where}")
    if not statements and not mistakes:
        mistakes.append(f"{path.name}: no statements; a statement is a line that starts with '- '")
    if mistakes:
        raise BadInput(mistakes)
    return statements


def drift(rubric_map: RubricMap, statements: Sequence[Statement]) -> list[str]:
    """One sentence for every statement that changed, moved, vanished or is new since the map was written.

    Nothing is matched by likeness: in a group that has both an unknown statement and an item whose
    statement is gone, they are paired in their order and called changed, for a person to look at.
    """
    stated = {statement.sha256: statement for statement in statements}
    mapped = {item.statement_sha256 for item in rubric_map.items}
    unknown = [statement for statement in statements if statement.sha256 not in mapped]
    sentences = []
    for item in rubric_map.items:
        known = stated.get(item.statement_sha256)
        if known is None:
            sentences.append(_changed_or_vanished(item, unknown))
        elif (known.pillar, known.group) != (item.pillar, item.group):
            sentences.append(
                f"item '{item.slug}' (line {item.line}): its statement moved"
                f" from {item.pillar} / {item.group} to {known.pillar} / {known.group}"
            )
    sentences += [f"new in {left.pillar} / {left.group}, no item for it: {left.text}" for left in unknown]
    return sentences


def _changed_or_vanished(item: Item, unknown: list[Statement]) -> str:
    """The sentence for an item whose statement is gone; takes its likely successor out of `unknown`."""
    for position, statement in enumerate(unknown):
        if (statement.pillar, statement.group) == (item.pillar, item.group):
            del unknown[position]
            return (
                f"item '{item.slug}' (line {item.line}): its statement changed, read again whether the item"
                f" still says it: {statement.text}"
            )
    return f"item '{item.slug}' (line {item.line}): its statement vanished from {item.pillar} / {item.group}"


# --- lines with a meaning -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    kind: Literal["pillar", "lead", "group", "description", "bullet"]
    text: str
    number: int


def _text_lines(text: str) -> Iterator[_Line]:
    """Headings have no markup in the plain form, so their order between two bullets tells them apart."""
    headings: list[tuple[str, int]] = []
    is_first_run = True
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        if line.startswith(_BULLETS):
            yield from _headings_named(headings, is_first_run)
            headings, is_first_run = [], False
            yield _Line("bullet", line[2:].strip(), number)
        else:
            headings.append((line, number))


def _headings_named(run: Sequence[tuple[str, int]], is_first_run: bool) -> Iterator[_Line]:
    """The lines between two bullets, named: title, lead, pillar, group or description."""
    if is_first_run:
        # A document opens with its title and the level's lead sentence.
        run = run[2:]
    below: list[tuple[str, int]] = []
    after_pillar = False
    for text, number in run:
        if _starts_with_symbol(text):
            yield _Line("pillar", _without_symbol(text), number)
            after_pillar, below = True, []
        else:
            below.append((text, number))
    # Under a pillar come its lead sentence and then the group; elsewhere the group and then its description.
    group_at = len(below) - 1 if after_pillar else 0
    for position, (text, number) in enumerate(below):
        yield _Line("group" if position == group_at else "description", text, number)


def _starts_with_symbol(text: str) -> bool:
    return unicodedata.category(text[0]) == "So"


def _without_symbol(text: str) -> str:
    return re.sub(r"^[^\w]+", "", text)


class _HtmlLines(HTMLParser):
    """Headings and bullets of a published page; everything before the last main heading is navigation."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[_Line] = []
        self._block: Literal["title", "pillar", "bullet", "paragraph"] | None = None
        self._strong = self._plain = ""
        self._in_strong = False
        self._number = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser hands it over
        if tag in {"h1", "h2", "p", "li"}:
            self._close()
            self._block = {"h1": "title", "h2": "pillar", "li": "bullet"}.get(tag, "paragraph")  # type: ignore[assignment]
            self._number = self.getpos()[0]
        elif tag == "strong":
            self._in_strong = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "strong":
            self._in_strong = False
        elif tag in {"h1", "h2", "p", "li", "ul", "ol"}:
            self._close()

    def handle_data(self, data: str) -> None:
        if self._block == "paragraph" and self._in_strong:
            self._strong += data
        elif self._block is not None:
            self._plain += data

    def _close(self) -> None:
        strong, plain = " ".join(self._strong.split()), " ".join(self._plain.split())
        match self._block:
            case "title":
                self.lines.clear()
            case "pillar" if plain:
                self.lines.append(_Line("pillar", _without_symbol(plain), self._number))
            case "bullet" if plain:
                self.lines.append(_Line("bullet", plain, self._number))
            case "paragraph" if strong:
                self.lines.append(_Line("group", strong, self._number))
        self._block, self._strong, self._plain = None, "", ""


def _html_lines(text: str) -> list[_Line]:
    parser = _HtmlLines()
    parser.feed(text)
    parser.close()
    return parser.lines
