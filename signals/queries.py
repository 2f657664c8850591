"""SQL -> what is wrong with it, told without data: the query is described against empty tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

import warehouse
from warehouse import history

MIGRATIONS = Path(warehouse.__file__).parent / "migrations"

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "evidence": {
        "person_id": "VARCHAR",
        "occurred_on": "DATE",
        "source_kind": "VARCHAR",
        "source_id": "VARCHAR",
    },
    "opportunity": {"person_id": "VARCHAR", "occurred_on": "DATE"},
    "process": {"person_id": "VARCHAR", "occurred_on": "DATE"},
}
"""What a query of each kind returns, in this order."""

BOOKKEEPING = frozenset(history.TABLES) | {
    "aliases",
    "cursors",
    "dirty_months",
    "evidence",
    "expected",
    "gaps",
    "migrations",
    "opportunities",
    "reconciled",
    "repairs",
    "scopes",
    "signal_runs",
    "first_night",
}
"""What the pipeline notes about itself. A signal reads facts, or its result would depend on when it ran."""

_KEYWORD_FUNCTIONS = frozenset(
    {
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_user",
        "user",
    }
)
# The database calls these consistent, yet they look at the clock, or at how the rows happen to lie.
_ALSO_UNSTABLE = frozenset(
    {
        "age",
        "any_value",
        "arbitrary",
        "current_localtime",
        "current_localtimestamp",
        "first",
        "getdate",
        "last",
    }
)
_TABLE_FUNCTIONS = frozenset({"generate_series", "range", "unnest"})

Mistake = tuple[int, str]
"""A line and what is wrong there."""


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """An in-memory database with the warehouse's tables, which reads no file and no Python variable."""
    con = duckdb.connect()
    for path in sorted(MIGRATIONS.glob("*.sql")):
        con.execute(path.read_text(encoding="utf-8"))
    con.execute("set python_enable_replacements = false")
    con.execute("set enable_external_access = false")
    return con


@cache
def _described() -> duckdb.DuckDBPyConnection:
    con = empty_warehouse()
    con.execute("set lock_configuration = true")
    return con


@cache
def _planned() -> duckdb.DuckDBPyConnection:
    """The same, but a plan shows a query as it is written, with what it does not need struck out."""
    con = empty_warehouse()
    names = [str(name) for (name,) in con.execute("select name from duckdb_optimizers()").fetchall()]
    kept = [name for name in names if name != "unused_columns"]
    con.execute(f"set disabled_optimizers = '{','.join(kept)}'")
    con.execute("set lock_configuration = true")
    return con


@cache
def facts() -> frozenset[str]:
    """Tables that a signal may read."""
    found = _described().execute("select table_name from duckdb_tables()").fetchall()
    return frozenset(str(name) for (name,) in found) - BOOKKEEPING


@cache
def _unstable() -> frozenset[str]:
    found = _described().execute(
        "select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT'"
    )
    return frozenset(str(name).lower() for (name,) in found.fetchall()) | _ALSO_UNSTABLE


def mistakes_in_query(sql: str, kind: str, reads: Sequence[str], reads_line: int) -> Iterator[Mistake]:
    """Everything wrong with a signal's query; `sql` is the whole file, so that lines are the file's."""
    con = _described()
    yield from _wrong_reads(reads, reads_line)
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        yield _said(error)
        return
    first = _first_line(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        yield first, "the query is exactly one select statement"
        return
    query = statements[0].query
    tree = json.loads(_one(con, "select json_serialize_sql($query)", query))
    if tree.get("error"):
        yield first, "the query is a plain select statement; this form of it cannot be checked"
        return
    forbidden = list(_forbidden(tree, sql))
    yield from forbidden
    try:
        columns = con.execute(f"describe {sql}").fetchall()
    except duckdb.Error as error:
        if not forbidden:
            yield _said(error)
        return
    named = {str(entry["key"]) for node in _nodes(tree) for entry in node.get("cte_map", {}).get("map", ())}
    for name in sorted(named & (facts() | BOOKKEEPING)):
        yield _line_of(name, sql), f"{name!r} is the name of a table; name the step after what was done in it"
    tables = {str(node["table_name"]) for node in _nodes(tree) if node.get("type") == "BASE_TABLE"} - named
    yield from _wrong_columns({str(name): str(kind) for name, kind, *_ in columns}, len(columns), kind, first)
    if not tables:
        yield first, "the query reads no table; evidence comes from what happened"
    for table in sorted(tables & BOOKKEEPING):
        yield first, f"the query reads {table!r}, which the pipeline writes itself; a signal reads facts"
    for table in sorted(tables - set(reads) - BOOKKEEPING):
        yield reads_line, f"reads: the query reads {table!r}, which is not in the list; add it"
    for table in sorted((set(reads) & facts()) - tables):
        yield reads_line, f"reads: {table!r} is in the list and the query does not read it; remove it"


def columns_read(sql: str) -> dict[str, dict[str, int]]:
    """The columns that a right query reads, by table, with the first line that could be about each.

    Taken from the database's own plan: neither `select *` nor `using` nor a whole row is a way around it.
    """
    first = _first_line(sql)
    query = "\n".join(sql.splitlines()[first - 1 :])
    ((_, plan),) = _planned().execute(f"explain (format json) {query}").fetchall()
    found: dict[str, dict[str, int]] = {}
    for node in _nodes(json.loads(plan)):
        if isinstance(node.get("Table"), str):
            columns = node.get("Projections") or []
            table = found.setdefault(node["Table"].split(".")[-1].strip('"'), {})
            for column in [columns] if isinstance(columns, str) else columns:
                table[column.strip('"')] = _line_of(column.strip('"'), sql)
    return found


def _wrong_reads(reads: Sequence[str], line: int) -> Iterator[Mistake]:
    for table in dict.fromkeys(reads):
        if reads.count(table) > 1:
            yield line, f"reads: {table!r} is named twice"
        if table not in facts() | BOOKKEEPING:
            near = get_close_matches(table, sorted(facts()), n=1)
            yield line, f"reads: no table named {table!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _wrong_columns(columns: Mapping[str, str], width: int, kind: str, line: int) -> Iterator[Mistake]:
    wanted = COLUMNS[kind]
    if list(columns) != list(wanted) or width != len(wanted):
        yield (
            line,
            f"a query of kind {kind} returns {', '.join(wanted)}; this one returns {', '.join(columns)}",
        )
        return
    for name, wanted_type in wanted.items():
        if columns[name] != wanted_type:
            yield line, f"column {name!r} is {columns[name].lower()}, and {wanted_type.lower()} is asked for"


def _forbidden(tree: Any, sql: str) -> Iterator[Mistake]:
    """Whatever would give another answer tomorrow, or reads something other than the tables."""
    seen: set[str] = set()
    for node in _nodes(tree):
        name, said = _forbidden_in(node)
        if said and name not in seen:
            seen.add(name)
            yield _line_of(name, sql), said


def _forbidden_in(node: Mapping[str, Any]) -> tuple[str, str]:
    name = str(node.get("function_name", "")).lower()
    table = str(node.get("table_name", ""))
    columns = node.get("column_names") or []
    if node.get("type") == "TABLE_FUNCTION":
        name = str(node["function"]["function_name"]).lower()
        if name not in _TABLE_FUNCTIONS:
            return name, f"{name}() reads something other than the warehouse's tables; remove it"
    if node.get("type") == "BASE_TABLE" and len(node["qualified_name"]["path"]) > 1:
        return (
            table,
            f"table {'.'.join(node['qualified_name']['path'])!r} is written with its schema; write {table!r}",
        )
    if node.get("type") == "LIMIT_MODIFIER":
        return "limit", "limit keeps whichever rows come first; say which ones are meant with qualify"
    if node.get("sample"):
        return "sample", "a sample is different every time; remove it"
    if node.get("type") == "COLUMN_REF" and len(columns) == 1 and columns[0].lower() in _KEYWORD_FUNCTIONS:
        name = columns[0].lower()
        return name, _unstable_said(name)
    if name in _unstable():
        return name, _unstable_said(f"{name}()")
    if node.get("class") == "PARAMETER":
        return "$", "the query takes no parameters; months are chosen around it"
    return "", ""


def _unstable_said(name: str) -> str:
    return f"{name} gives another answer another time; evidence is computed again and must come out the same"


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += reversed(node.values())
        elif isinstance(node, list):
            waiting += reversed(node)


def _said(error: duckdb.Error) -> Mistake:
    text = str(error)
    line = re.search(r"^LINE (\d+):", text, re.MULTILINE)
    sentence = re.sub(r"^\w+ Error: ", "", " ".join(text.split("\n\n")[0].split()))
    return (int(line[1]) if line else 1), f"the query does not run: {sentence}"


def _first_line(sql: str) -> int:
    """The line on which the query begins, after the header."""
    header = re.match(r"/\*.*?\*/\s*", sql, re.DOTALL)
    return sql[: header.end() if header else 0].count("\n") + 1


def _line_of(name: str, sql: str) -> int:
    begins = _first_line(sql)
    for number, line in enumerate(sql.splitlines(), 1):
        if number >= begins and name and name in line.lower():
            return number
    return begins


def _one(con: duckdb.DuckDBPyConnection, sql: str, query: str) -> str:
    found = con.execute(sql, {"query": query}).fetchone()
    return str(found[0]) if found else "{}"
