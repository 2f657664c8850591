"""An operator's file -> rows that know their line, so that a mistake is reported where it stands."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.errors import BadInput

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet that opens such a cell runs it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file and the line it begins on."""

    line: int
    cells: Mapping[str, Any]


def text_of(path: Path) -> str:
    """The text of a UTF-8 file, a byte order mark dropped. Raises BadInput for anything else."""
    mistakes: list[str] = []
    text = decoded_as(path, "utf-8", mistakes)
    if mistakes:
        raise BadInput(mistakes)
    return text


def decoded_as(path: Path, encoding: str, mistakes: list[str]) -> str:
    """The text of a file, and a mistake for each line that is not in this encoding; read on nonetheless.

    Raises BadInput for a file that cannot be read at all.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput([f"{path}:1: cannot be read ({error.strerror}); check the path"]) from None
    named = encoding.upper()
    has_mark = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    if codecs.lookup(encoding).name.startswith("utf-16"):
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise BadInput([f"{path}:1: is not {named}; check how it was exported"]) from None
    if has_mark or b"\x00" in content:
        mistakes.append(f"{path}:1: is not {named} but UTF-16 or no text at all; save it as UTF-8")
        if not has_mark:
            raise BadInput(mistakes)
        return content.decode("utf-16", "replace")
    form = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            hint = " (Latin-1, perhaps); save it as UTF-8" if form == "utf-8-sig" else "; check `encoding`"
            mistakes.append(f"{path}:{number}: is not {named}{hint}")
    return content.decode(form, "replace")


def csv_rows(
    path: Path, text: str, mistakes: list[str], *, separator: str = ","
) -> tuple[tuple[str, ...], list[Row]]:
    """The header and the rows of a CSV file; blank lines are no rows. Adds what is wrong to `mistakes`."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    header: tuple[str, ...] = ()
    header_line = 0
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip(" ") for cell in cells]
            begins_on, line = line, reader.line_num + 1
            if not any(stripped):
                continue
            if not header_line:
                header, header_line = tuple(stripped), begins_on
                mistakes += _header_mistakes(path, begins_on, header)
            elif len(stripped) != len(header):
                mistakes.append(
                    f"{path}:{begins_on}: has {len(stripped)} cells and the header has {len(header)}; "
                    "a comma is missing, or a cell with a comma needs quotes"
                )
            else:
                rows.append(Row(begins_on, dict(zip(header, stripped, strict=True))))
    except csv.Error as error:
        mistakes.append(f"{path}:{line}: is not CSV from here on ({error}); look for a quote left open")
    if not header_line:
        mistakes.append(f"{path}:1: is empty; the first line names the columns")
    return header, rows


def json_rows(path: Path, text: str, mistakes: list[str]) -> list[Row]:
    """The objects of a JSON list, each with its line. Adds what is wrong to `mistakes`."""
    decoder = json.JSONDecoder()
    rows: list[Row] = []
    line, counted = 1, 0
    place = _after_space(text, 0)
    if text[place : place + 1] != "[":
        mistakes.append(f"{path}:1: is not a JSON list of objects; begin it with '['")
        return rows
    place = _after_space(text, place + 1)
    while text[place : place + 1] != "]":
        line += text.count("\n", counted, place)
        counted = place
        try:
            value, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            mistakes.append(f"{path}:{error.lineno}: is not JSON from here on ({error.msg.casefold()})")
            return rows
        rows += _object(path, line, value, mistakes)
        place = _after_space(text, place)
        if text[place : place + 1] == ",":
            place = _after_space(text, place + 1)
        elif text[place : place + 1] != "]":
            mistakes.append(f"{path}:{line}: after this object a ',' or the ']' of the list is missing")
            return rows
    return rows


def ndjson_rows(path: Path, text: str, mistakes: list[str]) -> list[Row]:
    """The objects of a file with one JSON object a line. Adds what is wrong to `mistakes`."""
    rows: list[Row] = []
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            value = json.loads(content)
        except json.JSONDecodeError as error:
            mistakes.append(f"{path}:{line}: is not JSON ({error.msg.casefold()}); write one object a line")
            continue
        rows += _object(path, line, value, mistakes)
    return rows


def _header_mistakes(path: Path, line: int, header: tuple[str, ...]) -> Iterator[str]:
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        yield f"{path}:{line}: its columns are not separated by commas; save it as comma-separated CSV"
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            yield f"{path}:{line}: column '{name}' appears {header.count(name)} times; keep one"


def _object(path: Path, line: int, value: object, mistakes: list[str]) -> list[Row]:
    if isinstance(value, dict):
        return [Row(line, value)]
    mistakes.append(f'{path}:{line}: is not a JSON object; write {{"column": value, ...}}')
    return []


def _after_space(text: str, place: int) -> int:
    while text[place : place + 1] in (" ", "\t", "\n", "\r"):
        place += 1
    return place
