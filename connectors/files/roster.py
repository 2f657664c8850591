"""The roster: who is in which team, with which manager, from when until when, under which rubric.

Source: a CSV or YAML file that somebody responsible for it keeps.
Cursor: none; the file is read completely every night.
Yields: memberships.
Never: names, e-mail addresses, job titles; columns that begin with `x-` are skipped unread.
Raises: BadInput with every mistake in the file.

`until` is the last day in the team, included, as a person would write it. `Membership.ends_on` is the day
after. One person has one home team at a time, and one team has one manager at a time; the manager's own row
names the manager, or leaves the manager empty. Logins are compared without regard to case, as GitHub does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from connectors.errors import BadInput
from connectors.files.hr_export import HrExport, export_rows
from connectors.files.rows import FORMULA_STARTS, Row, csv_rows, decoded_as, text_of
from connectors.marked_yaml import NotYaml, line_of, node_of
from connectors.noreply import has_number, is_private_address
from connectors.records import Account, Membership

REQUIRED = ("login", "team", "manager", "from", "until", "rubric")
OTHER_ACCOUNTS = {"pagerduty_id": "pagerduty", "incident_io_id": "incident_io", "opsgenie_id": "opsgenie"}
"""Columns that name the same person's account elsewhere, and where."""
OPTIONAL = (*OTHER_ACCOUNTS, "is_bot")
SKIPPED = "x-"
"""Columns with this prefix are the operator's own."""

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\[bot\])?")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "login": (_LOGIN, "a GitHub login, such as 'octo-cat'"),
    "manager": (_LOGIN, "a GitHub login, such as 'octo-cat'"),
    "team": (_SLUG, "'search-ranking': small letters, digits and hyphens"),
    "rubric": (_SLUG, "'ic1-engineer': small letters, digits and hyphens"),
    "pagerduty_id": (re.compile(r"[A-Za-z0-9]+"), "'PXPGF42', the end of the user's address in PagerDuty"),
    "incident_io_id": (
        re.compile(r"[A-Za-z0-9]+"),
        "'01FCNDV6P870EA6S7TK1DSYDG0', a user's id",
    ),
    "opsgenie_id": (re.compile(r"[A-Za-z0-9-]+"), "'b5b92115-bfe7-43eb-8c2a-e467f2e5ddc4', a user's id"),
    "is_bot": (re.compile(r"true|false", re.IGNORECASE), "true or false"),
}
_NEEDED: Mapping[str, str] = {
    "login": "the person's GitHub login",
    "team": "the person's home team",
    "from": "the first day in the team",
}
_NULL = "tag:yaml.org,2002:null"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEARS = range(1970, 2101)


@dataclass(frozen=True, slots=True)
class _Line:
    """A row whose cells have all been understood."""

    membership: Membership

    @property
    def number(self) -> int:
        return self.membership.line

    @property
    def login(self) -> str:
        return self.membership.account.login.casefold()

    @property
    def manager(self) -> str | None:
        return self.membership.manager.login.casefold() if self.membership.manager else None

    def overlaps(self, other: _Line) -> bool:
        mine, theirs = self.membership, other.membership
        return (mine.ends_on is None or theirs.starts_on < mine.ends_on) and (
            theirs.ends_on is None or mine.starts_on < theirs.ends_on
        )


def read_roster(path: Path, export: HrExport | None = None) -> tuple[Membership, ...]:
    """Everybody's memberships, in the order of the file. Raises BadInput with every mistake at once.

    With an `export`, the file is that of another system, and its columns are as declared there.
    """
    mistakes: list[str] = []
    match path.suffix.casefold():
        case ".csv" if export:
            rows = export_rows(path, export, mistakes)
        case ".csv":
            header, rows = csv_rows(path, decoded_as(path, "utf-8", mistakes), mistakes)
            mistakes += _header_mistakes(path, header) if header else ()
        case ".yaml" | ".yml":
            rows = list(_yaml_rows(path, text_of(path), mistakes))
        case suffix:
            raise BadInput([f"{path}:1: a roster is a .csv or a .yaml file, not '{suffix}'"])
    lines = []
    for row in rows:
        wrong = list(_mistakes_in(row))
        mistakes += [f"{path}:{row.line}: {sentence}" for sentence in wrong]
        if not wrong and {"login", "team", "from"} <= row.cells.keys():
            lines.append(_membership(row))
    mistakes += contradictions(path, lines)
    if not rows and not mistakes:
        mistakes.append(f"{path}:1: names nobody; add a row for each person")
    if mistakes:
        raise BadInput(sorted(dict.fromkeys(mistakes), key=lambda mistake: _line_of(path, mistake)))
    return tuple(lines)


# --- one row ----------------------------------------------------------------------------------------


def _mistakes_in(row: Row) -> Iterator[str]:
    """What is wrong with one row, taken by itself."""
    for name, cell in row.cells.items():
        if cell.startswith(FORMULA_STARTS):
            yield f"{name} starts with {cell[0]!r}, which a spreadsheet would run; remove it"
    for name, what in _NEEDED.items():
        if row.cells.get(name) == "":
            yield f"{name} is empty; write {what}"
    for name, (form, example) in _FORMS.items():
        cell = row.cells.get(name, "")
        if cell and not cell.startswith(FORMULA_STARTS) and not form.fullmatch(cell):
            if form is _LOGIN and has_number(cell):
                continue  # names an account as a login does, and better: GitHub is asked whose it is
            if form is _LOGIN and is_private_address(cell):
                yield (
                    f"{name} is a private address of GitHub without the account's number, and its login "
                    "may be somebody else's by now; write the login"
                )
                continue
            # what is no login may be a name or an address, so it is not repeated
            yield f"{name if form is _LOGIN else f'{name} {cell!r}'} is not written like {example}"
    for name in ("from", "until"):
        cell = row.cells.get(name, "")
        if cell and not cell.startswith(FORMULA_STARTS) and _day(cell) is None:
            yield f"{name} {cell!r} is not a day written like 2026-07-01"
    starts_on, until = _day(row.cells.get("from", "")), _day(row.cells.get("until", ""))
    if starts_on and until and until < starts_on:
        yield f"until {until} is before from {starts_on}"


def _membership(row: Row) -> Membership:
    cells: Mapping[str, str] = row.cells
    starts_on, until = _day(cells["from"]), _day(cells.get("until", ""))
    assert starts_on is not None
    manager = cells.get("manager", "")
    return Membership(
        account=Account("github", "", cells["login"], cells.get("is_bot", "").casefold() == "true"),
        other_accounts=tuple(
            Account(source, cells[name], cells[name])
            for name, source in OTHER_ACCOUNTS.items()
            if cells.get(name)
        ),
        team=cells["team"],
        manager=Account("github", "", manager) if manager else None,
        starts_on=starts_on,
        ends_on=until + timedelta(days=1) if until else None,
        rubric=cells.get("rubric", ""),
        line=row.line,
    )


def _day(cell: str) -> date | None:
    """The day a cell names; None if it names none, or one that no calendar of ours holds."""
    if not _DAY.fullmatch(cell):
        return None
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


# --- rows held against each other ---------------------------------------------------------------------


def contradictions(path: Path, members: Iterable[Membership]) -> Iterator[str]:
    """Rows that cannot both be true."""
    lines = [_Line(member) for member in members]
    by_login: dict[str, list[_Line]] = {}
    by_team: dict[str, list[_Line]] = {}
    line_of: dict[Account, _Line] = {}
    for line in lines:
        by_login.setdefault(line.login, []).append(line)
        by_team.setdefault(line.membership.team, []).append(line)
        for other in line.membership.other_accounts:
            first = line_of.setdefault(other, line)
            if first.login != line.login:
                yield (
                    f"{path}:{line.number}: {other.source}_id is given to another login on line "
                    f"{first.number}; one account is one person"
                )
    for same_login in by_login.values():
        for before, after in combinations(same_login, 2):
            if _says(before) == _says(after):
                yield f"{path}:{after.number}: says the same as line {before.number}; remove one of them"
            elif before.overlaps(after):
                yield (
                    f"{path}:{after.number}: the same person is in team '{before.membership.team}' on line "
                    f"{before.number} on the same days; a person has one home team at a time"
                )
    for team, same_team in by_team.items():
        reported: set[frozenset[str | None]] = set()
        for before, after in combinations([line for line in same_team if line.manager], 2):
            pair = frozenset({before.manager, after.manager})
            if len(pair) == 2 and pair not in reported and before.overlaps(after):
                reported.add(pair)
                yield (
                    f"{path}:{after.number}: team '{team}' has another manager here than on line "
                    f"{before.number}, on the same days; a team has one manager at a time, and the manager's "
                    "own row names the manager too, or nobody"
                )


def _says(line: _Line) -> tuple[object, ...]:
    member = line.membership
    return line.login, line.manager, member.team, member.starts_on, member.ends_on, member.rubric


# --- the file -----------------------------------------------------------------------------------------


def _header_mistakes(path: Path, header: Iterable[str]) -> Iterator[str]:
    names = [name for name in header if name]
    if not {*names} & {*REQUIRED, *OPTIONAL} and not any(_near(name) for name in names):
        yield f"{path}:1: names none of the columns of a roster; the header is {','.join(REQUIRED)}"
        return
    yield from (f"{path}:1: {sentence}" for sentence in _unknown(names))
    for name in REQUIRED:
        if name not in names and name not in map(_near, names):  # a misspelt one is told once
            yield f"{path}:1: column '{name}' is missing; the header is {','.join(REQUIRED)}"


def _near(name: str) -> str | None:
    """The column that somebody who writes this may mean."""
    near = get_close_matches(name.casefold(), (*REQUIRED, *OPTIONAL), n=1)
    return near[0] if near else None


def _unknown(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name not in (*REQUIRED, *OPTIONAL) and not name.startswith(SKIPPED):
            near = _near(name)
            hint = f"did you mean '{near}'?" if near else f"call it '{SKIPPED}{name}' to keep it to yourself"
            yield f"column '{name}' is not known; {hint}"


def _yaml_rows(path: Path, text: str, mistakes: list[str]) -> Iterator[Row]:
    """The entries of a YAML list, their values as they are written."""
    try:
        root = node_of(text)
    except NotYaml as error:
        mistakes.append(error.sentence(path))
        return
    if root is None:
        return
    if not isinstance(root, SequenceNode):
        mistakes.append(f"{path}:{line_of(root)}: is not a list; begin each person with '- login:'")
        return
    for entry in root.value:
        line = line_of(entry)
        if not isinstance(entry, MappingNode):
            mistakes.append(f"{path}:{line}: is not an entry; begin each person with '- login:'")
            continue
        cells: dict[str, str] = {}
        for key, value in entry.value:
            where = f"{path}:{line_of(key)}"
            name = str(key.value)
            if name in cells:
                mistakes.append(f"{where}: '{name}' is written twice in this entry; keep one")
            if not isinstance(value, ScalarNode):
                mistakes.append(f"{where}: '{name}' is a list or a group; write one value")
                value = ScalarNode(_NULL, "", value.start_mark, value.end_mark)
            cells[name] = "" if value.tag == _NULL else str(value.value).strip()
            mistakes += [f"{where}: {sentence}" for sentence in _unknown([name])]
        for name in ("login", "team", "from"):
            if name not in cells:
                mistakes.append(f"{path}:{line}: '{name}' is missing in this entry; add it")
        yield Row(line, cells)


def _line_of(path: Path, mistake: str) -> int:
    return int(mistake[len(str(path)) + 1 :].split(":", 1)[0])
