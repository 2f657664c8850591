"""What a statement over the published releases returned, for a terminal or a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from reports import words
from reports.neutral import plain, spreadsheet_cell

Schema = Sequence[tuple[str, str, Sequence[tuple[str, str, str]]]]


def answer_text(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The rows below their columns, and what bands cannot tell."""
    table = [[plain(each) for each in columns], *([plain(_cell(value)) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    counted = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    return "\n".join([*lines, f"({counted})", "", words.BANDS_HIDE_COUNTS])


def answer_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The same as a spreadsheet reads it, with nothing that it would take for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([spreadsheet_cell(each) for each in columns])
    writer.writerows([spreadsheet_cell(_cell(value)) for value in row] for row in rows)
    return text.getvalue().rstrip("\n")


def schema_body(tables: Schema) -> dict[str, Any]:
    """Every table with its columns, for programs."""
    return {
        table: {"says": says, "columns": {name: {"type": kind, "says": text} for name, kind, text in columns}}
        for table, says, columns in tables
    }


def schema_text(tables: Schema) -> str:
    """Every table with its columns, and what they hold."""
    lines: list[str] = []
    for table, says, columns in tables:
        lines += ["", f"{table}: {says}"]
        lines += [f"  {name:16} {kind:10} {about}" for name, kind, about in columns]
    return "\n".join(lines[1:])


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(str(_cell(each)) for each in value)
    return "" if value is None else value
