"""An operator's file -> rows that know their line, so that a mistake is reported where it stands."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
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
    if content.startswith(b"PK\x03\x04"):
        raise BadInput([f"{path}:1: is a spreadsheet and no text; export it as CSV in {named}"])
    if codecs.lookup(encoding).name.startswith("utf-16"):
        try:
            return content.decode(encoding).lstrip("\ufeff")
        except UnicodeDecodeError:
            raise BadInput([f"{path}:1: is not {named}; check how it was exported"]) from None
    if wide := _wide(content):
        mistakes.append(f"{path}:1: is not {named} but {wide.upper()[:6]}; save it as UTF-8")
        return content.decode(wide, "replace").lstrip("\ufeff")
    form = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    for number, line in enumerate(content.split(b"\n"), start=1):
        if b"\x00" in line:
            mistakes.append(f"{path}:{number}: holds a NUL, which no text does; export it again")
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            hint = " (Latin-1, perhaps); save it as UTF-8" if form == "utf-8-sig" else "; check `encoding`"
            mistakes.append(f"{path}:{number}: is not {named}{hint}")
    return content.decode(form, "replace").lstrip("\ufeff").replace("\x00", "\ufffd")


def _wide(content: bytes) -> str | None:
    """The encoding of a text whose characters take two bytes or four: by its mark, or where the NULs are."""
    for mark, name in ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")):
        if content.startswith(mark):
            return name
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name, nuls in (("utf-16-le", content[1:400:2]), ("utf-16-be", content[0:400:2])):
        if nuls and nuls.count(0) * 2 > len(nuls):
            return name
    return None


def csv_rows(
    path: Path,
    text: str,
    mistakes: list[str],
    *,
    separator: str = ",",
    needed: Collection[str] | None = None,
) -> tuple[tuple[str, ...], list[Row]]:
    """The header and the rows of a CSV file; blank lines are no rows. Adds what is wrong to `mistakes`.

    It reads on after each mistake, so that one look at a file finds all of them. Of columns that are not
    `needed` (None: all are) it does not matter what they are called.
    """
    if text[:4].casefold() == "sep=":
        mistakes.append(f"{path}:1: is a line for a spreadsheet; remove it")
        text = "\n" + text.partition("\n")[2]
    used = _separator_used(text, separator)
    (begins_on, header), *lines = [*_lines(path, text, used, mistakes)] or [(1, [])]
    while header and not header[-1]:
        header.pop()  # a spreadsheet writes the empty columns beside a table, too
    if not header:
        mistakes.append(f"{path}:1: is empty; the first line names the columns")
        return (), []
    if used != separator:
        hint = "save it as comma-separated CSV" if separator == "," else "check `separator`"
        commas = "commas" if separator == "," else repr(separator)
        mistakes.append(f"{path}:{begins_on}: its columns are not separated by {commas}; {hint}")
    mistakes += _header_mistakes(path, begins_on, header, header if needed is None else needed)
    rows = []
    for line, cells in lines:
        if len(cells) < len(header) or any(cells[len(header) :]):
            mistakes.append(
                f"{path}:{line}: has {len(cells)} cells and the header has {len(header)}; "
                "a comma is missing, or a cell with a comma needs quotes"
            )
        else:  # of two columns with one name the first counts
            rows.append(Row(line, dict(reversed([*zip(header, cells, strict=False)]))))
    return tuple(header), rows


def _lines(path: Path, text: str, separator: str, mistakes: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The cells of every line that has any, with its number; goes on behind a line that is no CSV."""
    lines = [*io.StringIO(text, newline="")]
    start, mistake_count = 0, 0
    while start < len(lines):
        reader = csv.reader(islice(lines, start, None), strict=True, delimiter=separator)
        line = start
        try:
            for cells in reader:
                begins_on, line = line + 1, start + reader.line_num
                if any(stripped := [cell.strip(" ") for cell in cells]):
                    yield begins_on, stripped
            return
        except csv.Error as error:
            mistakes.append(f"{path}:{line + 1}: is not CSV ({error}); look for a quote left open")
        mistake_count += 1
        if line == 0 or mistake_count == _BROKEN_LINES:  # each is looked for to the end of the file
            return
        start = line + 1


_BROKEN_LINES = 20
_SEPARATORS = ",;\t|"


def _separator_used(text: str, declared: str) -> str:
    """What separates the columns of the first line: what is declared, or another where it has none of it."""
    header = text.lstrip().partition("\n")[0]
    counted = {each: header.count(each) for each in _SEPARATORS}
    most = max(counted, key=lambda each: counted[each])
    return declared if declared in header or not counted[most] else most


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
        except RecursionError:
            mistakes.append(f"{path}:{line}: is nested deeper than any export; check what it is")
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
        except RecursionError:
            mistakes.append(f"{path}:{line}: is nested deeper than any export; check what it is")
            continue
        rows += _object(path, line, value, mistakes)
    return rows


def _header_mistakes(path: Path, line: int, header: Sequence[str], needed: Collection[str]) -> Iterator[str]:
    for place, name in enumerate(header, start=1):
        if name not in needed:
            continue
        if not name:
            yield f"{path}:{line}: column {place} has no name; name it, or remove it"
        elif header.count(name) > 1 and header.index(name) == place - 1:
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
