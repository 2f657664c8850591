"""spec page -> what a signal gets wrong. A page is prose with small tables: what is stored, what follows.

A page is `<signal>.md`. Each `##` heading begins an example; tables above the first heading belong to every
example. The table's name stands alone on a line in backticks above it; only columns of interest are shown.
`evidence` (or `opportunities`, or for a process `held_for`) is the answer: its rows, or the word `none` on
the same line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import BadInput
from signals.catalog import Signal, did_you_mean
from signals.participants import NO_PART
from signals.queries import COLUMNS, empty_warehouse, facts
from signals.run import TARGETS, compute, wrong_rows

Row = dict[str, str]

_CAPTION = re.compile(r"`(\w+)`(: none)?")
_EXPECTED = frozenset({*TARGETS.values(), "held_for"})
"""What an answer is called: the table it would be stored in; that of a process is stored nowhere."""

# Where the column's type says too little: what most rows of that table hold.
_USUAL: Mapping[str, Mapping[str, Any]] = {
    "pull_requests": {
        "state": "merged",
        "touches_code": True,
        "size_band": "small",
        "is_on_default_branch": True,
        "checks_at_review": "unknown",
        "touches_team_tools": False,
    },
    "reviews": {"state": "commented"},
    "issues": {"state": "open"},
    "incidents": {"source": "pagerduty"},
    "incident_actions": {"by_hand": True},
    "comments": {"parent_kind": "issue"},
}
_BY_TYPE: Mapping[str, Any] = {
    "VARCHAR": "-",
    "BOOLEAN": False,
    "BIGINT": 0,
    "DATE": date(2026, 7, 1),
    "VARCHAR[]": [],
}
_PERSON = (
    "author_id",
    "reviewer_id",
    "person_id",
    "resolver_id",
    "actor_id",
    "assignee_id",
    "interviewer_id",
    "answerer_id",
    "marker_id",
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a page; the cells are as written."""

    name: str
    line: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(slots=True)
class Example:
    """What is stored, and what must follow from it."""

    title: str
    line: int
    tables: list[Table] = field(default_factory=list)
    expected: Table | None = None


def read_page(path: Path) -> list[Example]:
    """The examples of a page. Raises BadInput with every mistake in it."""
    place = f"{path.parent.name}/{path.name}"
    background: list[Table] = []
    examples: list[Example] = []
    mistakes: list[str] = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("## "):
            examples.append(Example(line[3:].strip(), number, list(background)))
            continue
        caption = _CAPTION.fullmatch(line.strip())
        if not caption:
            continue
        table = _table(caption[1], number, [] if caption[2] else lines[number:])
        mistakes += [f"{place}:{number}: {sentence}" for sentence in _wrong_table(table, bool(caption[2]))]
        if table.name not in _EXPECTED:
            (examples[-1].tables if examples else background).append(table)
        elif examples and examples[-1].expected is None:
            examples[-1].expected = table
        else:
            mistakes.append(f"{place}:{number}: an example has one answer; begin another with a ## heading")
    mistakes += [
        f"{place}:{example.line}: example '{example.title}' has no answer; end it with `evidence` and rows"
        for example in examples
        if example.expected is None
    ]
    if not examples:
        mistakes.append(f"{place}:1: the page has no example; begin one with a ## heading")
    if mistakes:
        raise BadInput(mistakes)
    return examples


def failures(example: Example, signal: Signal) -> list[str]:
    """One sentence for every row that is missing or should not be there; empty when the example holds."""
    assert example.expected is not None
    con = _bench()
    con.execute("begin")
    try:
        _fill(con, example.tables)
        rows = compute(con, signal)
        wrong = wrong_rows(con, signal)
    finally:
        con.execute("rollback")
    names = list(COLUMNS[signal.kind])
    shown = example.expected.columns or tuple(names)
    got = Counter(tuple(str(row[names.index(column)]) for column in shown) for row in rows)
    wanted = Counter(tuple(row[column] for column in shown) for row in example.expected.rows)
    named = "1 row names" if wrong == 1 else f"{wrong} rows name"
    return [
        *([f"'{example.title}': {named} {NO_PART}"] if wrong else []),
        *(f"'{example.title}': {' | '.join(row)} should follow and does not" for row in sorted(wanted - got)),
        *(f"'{example.title}': {' | '.join(row)} follows and should not" for row in sorted(got - wanted)),
    ]


# --- the page -------------------------------------------------------------------------------------------


def _table(name: str, line: int, below: Sequence[str]) -> Table:
    """The table under a caption: blank lines, then rows that begin with a bar."""
    rows: list[list[str]] = []
    for text in below:
        if text.startswith("|"):
            rows.append([cell.strip() for cell in text.strip().strip("|").split("|")])
        elif text.strip() or rows:
            break
    if len(rows) < 2:
        return Table(name, line, (), ())
    columns = tuple(rows[0])
    return Table(name, line, columns, tuple(dict(zip(columns, row, strict=False)) for row in rows[2:]))


def _wrong_table(table: Table, is_none: bool) -> Iterator[str]:
    known = {column for columns in COLUMNS.values() for column in columns}
    if table.name not in _EXPECTED:
        if table.name not in facts():
            yield f"no table named '{table.name}'{did_you_mean(table.name, facts())}"
            return
        known = set(_columns(table.name))
    if not table.rows and not is_none:
        yield f"'{table.name}' has no rows under it; write a Markdown table, or `{table.name}`: none"
    for column in table.columns:
        if column not in known:
            yield f"table '{table.name}' has no column '{column}'{did_you_mean(column, known)}"
    for row in table.rows:
        if len(row) != len(table.columns):
            yield f"a row of '{table.name}' has fewer cells than the table has columns"


# --- the tables -----------------------------------------------------------------------------------------


@cache
def _bench() -> duckdb.DuckDBPyConnection:
    return empty_warehouse()


@cache
def _columns(table: str) -> dict[str, tuple[str, bool]]:
    """Type of each column, and whether it may be null."""
    rows = (
        _bench()
        .execute(
            "select column_name, data_type, is_nullable from duckdb_columns() "
            "where table_name = $table order by column_index",
            {"table": table},
        )
        .fetchall()
    )
    return {str(name): (str(kind), bool(nullable)) for name, kind, nullable in rows}


def _fill(con: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    people: dict[str, bool] = {}
    for table in tables:
        types = _columns(table.name)
        for number, row in enumerate(table.rows, 1):
            stored = {
                column: _value(row[column], kind)
                if column in row
                else _default(table.name, column, kind, nullable, number, next(iter(types)))
                for column, (kind, nullable) in types.items()
            }
            if table.name == "persons":
                people[str(stored["person_id"])] = bool(stored["is_bot"])
                continue
            for column in _PERSON:
                if stored.get(column):
                    people.setdefault(str(stored[column]), False)
            marks = ", ".join("?" * len(stored))
            con.execute(f"insert into {table.name} values ({marks})", list(stored.values()))
    for person, is_bot in people.items():
        con.execute("insert into persons values (?, ?)", [person, is_bot])


def _value(text: str, kind: str) -> Any:
    if text in ("", "-"):
        return None
    if kind == "BOOLEAN":
        return text == "yes"
    if kind == "VARCHAR[]":
        return [part.strip() for part in text.split(",")]
    return text


def _default(table: str, column: str, kind: str, nullable: bool, number: int, key: str) -> Any:
    if column in _USUAL.get(table, {}):
        return _USUAL[table][column]
    if nullable:
        return None
    if column == key:
        return f"{column} {number}"
    if column in ("position", "number"):
        return number
    return _BY_TYPE[kind]
