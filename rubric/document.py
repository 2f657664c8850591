"""A rubric document -> its statements, each with the hash by which the map knows it.

The document's own words stay in the document: the map carries a hash and a paraphrase, so a change of
wording upstream is noticed without a copy of the text in this project.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.errors import BadInput
from rubric.forms import Outline, html_page, markdown, plain_text, table
from rubric.levels import competencies, names_a_level
from rubric.map import Item, RubricMap

_LEVEL = "Level"  # the expectations before the first pillar describe the level itself
_TYPESET = {  # quotes and dashes, by code point, as they are typed on a keyboard
    **dict.fromkeys((0x2018, 0x2019), "'"),
    **dict.fromkeys((0x201C, 0x201D), '"'),
    **dict.fromkeys((0x2010, 0x2011, 0x2013, 0x2014), "-"),
}
_FORMS = {".html": html_page, ".htm": html_page, ".md": markdown, ".markdown": markdown} | dict.fromkeys(
    (".csv", ".tsv"), table
)
_NOT_IN_TABLES = "what is in a table goes into a CSV file"
_NONE_FOUND = {
    html_page: f"a statement is an item of a list, under an h2 or lower; {_NOT_IN_TABLES}",
    markdown: f"a statement is a bullet or a numbered line under a heading; {_NOT_IN_TABLES}",
    table: "a table has a head of pillar, group and statement, and a statement in each row",
    plain_text: "a statement is a line that starts with '- '",
}
"""What each form would have taken for a statement."""
_YAML = {".yml", ".yaml"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One bullet of a rubric document and the headings it stands under."""

    pillar: str
    group: str
    text: str
    sha256: str
    line: int = field(default=1, compare=False)
    """Where it stands; the same statement may stand elsewhere in another form of the document."""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole rubric document. `title` is empty where the document has none."""

    title: str
    statements: tuple[Statement, ...]


def statement_sha256(text: str) -> str:
    """The hash of a statement that survives typesetting: spacing, curly quotes, long dashes.

    Case, wording and punctuation count: a changed word is a changed statement.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_TYPESET)
    return hashlib.sha256(" ".join(plain.split()).encode()).hexdigest()


def read_document(path: Path) -> list[Statement]:
    """Every statement of a document in its order. Raises BadInput; `open_document` has the title too."""
    return list(open_document(path).statements)


def open_document(path: Path | str) -> Document:
    """The document in this file: HTML, Markdown, CSV or YAML by its name, else plain text.

    `engineering.yml@senior-1` is one level of a YAML document that holds several. Lead sentences and the
    descriptions under a heading are not statements. Raises BadInput with every mistake and its line.
    """
    path, level = names_a_level(str(path))
    form = _FORMS.get(path.suffix.lower(), plain_text)
    outline = competencies(path, level) if path.suffix.lower() in _YAML else form(_text_of(path))
    statements, mistakes = _statements(outline)
    mistakes += [*outline.mistakes, *_stand_twice(statements)]
    if not statements and not mistakes:
        reason = "`competencies` is empty" if path.suffix.lower() in _YAML else _NONE_FOUND[form]
        mistakes.append((1, f"no statements; {reason}"))
    if mistakes:
        raise BadInput([f"{path.name}:{line}: {sentence}" for line, sentence in sorted(mistakes)])
    return Document(outline.title, tuple(statements))


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
        elif _place(known) != _place(item):
            sentences.append(
                f"item '{item.slug}' (line {item.line}): its statement moved"
                f" from {item.pillar} / {item.group} to {known.pillar} / {known.group}"
            )
    sentences += [f"new in {left.pillar} / {left.group}, no item for it: {left.text}" for left in unknown]
    return sentences


def _changed_or_vanished(item: Item, unknown: list[Statement]) -> str:
    """The sentence for an item whose statement is gone; takes its likely successor out of `unknown`."""
    for position, statement in enumerate(unknown):
        if _place(statement) == _place(item):
            del unknown[position]
            return (
                f"item '{item.slug}' (line {item.line}): its statement changed, read again whether the item"
                f" still says it: {statement.text}"
            )
    return f"item '{item.slug}' (line {item.line}): its statement vanished from {item.pillar} / {item.group}"


def _place(of: Statement | Item) -> tuple[str, str]:
    # Published pages write the same heading in two cases.
    return of.pillar.casefold(), of.group.casefold()


# --- reading --------------------------------------------------------------------------------------------


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            is_utf16 = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        text = path.read_text(encoding="utf-16" if is_utf16 else "utf-8-sig")
    except OSError as error:
        raise BadInput([f"{path.name}: cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise BadInput([f"{path.name}: is not UTF-8 text; save it as UTF-8"]) from error
    mistakes = [
        f"{path.name}:{number}: holds a control character; save it as plain text"
        for number, line in enumerate(text.split("\n"), start=1)
        if re.search(r"[^\t\f\x20-\x7e\x85\xa0-\uffff\U00010000-\U0010ffff]", line)
    ]
    if mistakes:
        raise BadInput(mistakes)
    return text


def _statements(outline: Outline) -> tuple[list[Statement], list[tuple[int, str]]]:
    statements, mistakes = [], []
    pillar, group = _LEVEL, ""
    for line in outline.lines:
        match line.kind:
            case "pillar":
                pillar, group = line.text, ""
            case "group":
                group = line.text
            case "statement" if group:
                sha256 = statement_sha256(line.text)
                statements.append(Statement(pillar, group, line.text, sha256, line.number))
            case "statement":
                mistakes.append((line.number, "a statement without a heading above it"))
    return statements, mistakes


def _stand_twice(statements: Sequence[Statement]) -> list[tuple[int, str]]:
    first_with: dict[str, Statement] = {}
    return [
        (again.line, f"the same statement stands twice, first on line {first.line}")
        for again in statements
        if (first := first_with.setdefault(again.sha256, again)) is not again
    ]
