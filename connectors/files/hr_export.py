"""An export of another system's staff list as the roster: the operator declares which column says what.

Source: a CSV file.
Cursor: none; the file is read completely every night.
Yields: rows in the form of a roster, which `roster.py` checks like any other.
Never: any column that is not declared; it is skipped unread.
Raises: nothing; what is wrong is added to the list of mistakes, with its line.

People without a GitHub login in the export are left out. Managers may be named by login or, as such exports
mostly do, by the number of their own row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator

from connectors.files.rows import Row, csv_rows, decoded_as

COLUMNS = frozenset(
    ["login", "team", "manager", "from", "until", "rubric", "is_bot", "number", "manager_number",
     "pagerduty_id", "incident_io_id", "opsgenie_id"]
)  # fmt: skip
"""What a column of the export may be declared to hold: a column of a roster, or a staff number."""
NEEDED = ("login", "team", "from")


class HrExport(BaseModel):
    """Which column of the export says what, and how it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Mapping[str, str]
    """Names of the export's columns by what they hold: `login: GitHub account`."""
    separator: str = ","
    encoding: str = "utf-8"
    days: str = "%Y-%m-%d"
    """How days are written: `%d.%m.%Y`."""
    teams: Mapping[str, str] = {}
    """What teams are called here; others are written in small letters with hyphens."""

    @field_validator("columns")
    @classmethod
    def _are_known(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        if unknown := sorted(set(value) - COLUMNS):
            raise ValueError(
                f"{', '.join(unknown)} is nothing a roster holds; known are {', '.join(sorted(COLUMNS))}"
            )
        if missing := [name for name in NEEDED if name not in value]:
            raise ValueError(f"does not say which column holds {', '.join(missing)}")
        if ("manager_number" in value) and ("number" not in value or "manager" in value):
            raise ValueError("manager_number needs number, and goes without manager")
        return value

    @field_validator("separator")
    @classmethod
    def _is_one_character(cls, value: str) -> str:
        if len(value) != 1:
            raise ValueError("is one character, such as ';'")
        return value

    @field_validator("encoding")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError(f"'{value}' is no encoding; write utf-8, cp1252 or utf-16") from None
        return value


def export_rows(path: Path, form: HrExport, mistakes: list[str]) -> list[Row]:
    """The rows of the export that have a login, with a roster's columns and a roster's days."""
    text = decoded_as(path, form.encoding, mistakes)
    header, file_rows = csv_rows(path, text, mistakes, separator=form.separator)
    absent = [column for column in form.columns.values() if column not in header]
    if header and absent:
        mistakes += [f"{path}:1: has no column '{column}', which the settings name" for column in absent]
    if absent:
        return []
    declared = [
        Row(row.line, {name: row.cells[column] for name, column in form.columns.items()}) for row in file_rows
    ]
    logins: dict[str, dict[str, str]] = {}
    for row in declared:
        if (number := row.cells.get("number")) and (login := row.cells["login"]):
            logins.setdefault(number, {})[login.casefold()] = login
    called: dict[str, str] = {}
    rows: list[Row] = []
    for row in declared:
        if not row.cells["login"]:
            continue
        cells = {name: cell for name, cell in row.cells.items() if name not in ("number", "manager_number")}
        where = f"{path}:{row.line}"
        for name in ("from", "until"):
            if cells.get(name):
                cells[name] = _day(cells[name], form.days) or _wrong_day(where, name, form.days, mistakes)
        if number := row.cells.get("manager_number"):
            found_there = [*logins.get(number, {}).values()]
            if len(found_there) != 1:
                # a staff number is somebody's, so it is not repeated
                whose = "several logins; keep one" if found_there else "no row with a login"
                mistakes.append(f"{where}: manager_number is that of {whose}")
            cells["manager"] = found_there[0] if len(found_there) == 1 else ""
        cells["team"] = _team(form, where, row.cells["team"], called, mistakes)
        rows.append(Row(row.line, cells))
    return rows


def _day(cell: str, form: str) -> str | None:
    try:
        return datetime.strptime(cell, form).date().isoformat()  # noqa: DTZ007  only its day is used
    except ValueError:
        return None


def _wrong_day(where: str, name: str, form: str, mistakes: list[str]) -> str:
    mistakes.append(f"{where}: {name} is not a day written like {form}, as `hr_export.days` says")
    return "2000-01-01"  # so that one mistake is not told as two


def _team(form: HrExport, where: str, cell: str, called: dict[str, str], mistakes: list[str]) -> str:
    name = form.teams.get(cell) or re.sub(r"[^a-z0-9]+", "-", cell.casefold()).strip("-")
    if called.setdefault(name, cell) != cell and cell not in form.teams:
        mistakes.append(
            f"{where}: team '{cell}' and team '{called[name]}' would both be '{name}'; tell them apart under "
            "`hr_export.teams`"
        )
    return name
