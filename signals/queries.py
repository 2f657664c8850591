"""SQL -> what is wrong with it, told without data: the query is described against empty tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

import warehouse
from signals.shared_views import SHARED
from warehouse import history
from warehouse.hardened import harden, is_select

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
    "step": {
        "person_id": "VARCHAR",
        "occurred_on": "DATE",
        "source_kind": "VARCHAR",
        "source_id": "VARCHAR",
        "incident_id": "VARCHAR",
    },
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
    "steps",
    "first_night",
}
"""What the pipeline notes about itself. A signal reads facts, or its result would depend on when it ran."""

DONE_TO_PEOPLE = frozenset({"incident_pages"})
"""What a machine did to somebody. It may show an occasion or tie traces together, and counts for nobody."""

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
_AS_ROWS_LIE = frozenset(
    {
        "arg_max",
        "arg_max_null",
        "arg_max_nulls_last",
        "arg_min",
        "arg_min_null",
        "arg_min_nulls_last",
        "argmax",
        "argmin",
        "array_agg",
        "group_concat",
        "list",
        "listagg",
        "max_by",
        "min_by",
        "mode",
        "string_agg",
    }
)
"""Aggregates whose answer, or whose answer where two rows tie, is whichever row came first."""
_NEEDS_ORDER = _AS_ROWS_LIE | {"first_value", "lag", "last_value", "lead", "nth_value", "ntile", "row_number"}
"""The same of windows."""
_APPROXIMATE = frozenset({"approx_count_distinct", "approx_quantile", "approx_top_k", "reservoir_quantile"})
_GROWING = frozenset({"bitstring", "lpad", "repeat", "rpad"})
"""One value of these can fill the memory, past every limit of the database, and as early as it is planned."""
_TABLE_FUNCTIONS = frozenset({"generate_series", "range", "unnest"})

Mistake = tuple[int, str]
"""A line and what is wrong there."""


def empty_warehouse(*settings: str) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the warehouse's tables and the shared views, shut off from all else."""
    con = duckdb.connect()
    for path in sorted(MIGRATIONS.glob("*.sql")):
        con.execute(path.read_text(encoding="utf-8"))
    for name, query in SHARED.items():
        con.execute(f"create view {name} as\n{query}")
    harden(con, *settings)
    return con


@cache
def _described() -> duckdb.DuckDBPyConnection:
    return empty_warehouse()


@cache
def _planned() -> duckdb.DuckDBPyConnection:
    """The same, but a plan shows a query as it is written, with what it does not need struck out."""
    optimizers = _described().execute("select name from duckdb_optimizers()").fetchall()
    kept = ",".join(str(name) for (name,) in optimizers if name != "unused_columns")
    return empty_warehouse(f"set disabled_optimizers = '{kept}'")


@cache
def facts() -> frozenset[str]:
    """Tables that a signal may read."""
    tables = _described().execute("select table_name from duckdb_tables()").fetchall()
    return frozenset(str(name) for (name,) in tables) - BOOKKEEPING


@cache
def views() -> dict[str, frozenset[str]]:
    """The stored queries that a signal may read like a table, each with the tables behind it."""
    tables_of: dict[str, frozenset[str]] = {}
    con = _described()
    for name, sql in con.execute("select view_name, sql from duckdb_views() where not internal").fetchall():
        tree = json.loads(_one(con, "select json_serialize_sql($query)", sql.partition(" AS ")[2]))
        tables_of[str(name)] = _tables_in(tree)
    while any(tables & tables_of.keys() for tables in tables_of.values()):  # a view over a view
        tables_of = {
            name: frozenset(below for table in tables for below in tables_of.get(table, {table}))
            for name, tables in tables_of.items()
        }
    return tables_of


@cache
def _unstable() -> frozenset[str]:
    rows = _described().execute("select function_name, stability from duckdb_functions()").fetchall()
    return never_stable(rows) | _ALSO_UNSTABLE | _APPROXIMATE


def never_stable(rows: Iterable[tuple[str, str | None]]) -> frozenset[str]:
    """The functions of which no form gives the same answer every time; a row is a form and its stability.

    From DuckDB 2.0.1 on, those forms of `date_trunc` or `+` that take a time zone are not stable. No signal
    reads a column with one.
    """
    forms = [(name.lower(), stability) for name, stability in rows if stability is not None]
    stable = {name for name, stability in forms if stability == "CONSISTENT"}
    return frozenset(name for name, _ in forms) - stable


def mistakes_in_query(sql: str, kind: str, reads: Sequence[str], reads_line: int) -> Iterator[Mistake]:
    """Everything wrong with a signal's query; `sql` is the whole file, so that lines are the file's."""
    con = _described()
    yield from _wrong_reads(reads, reads_line)
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        yield _mistake(error)
        return
    first = _first_line(sql)
    if len(statements) != 1 or not is_select(statements[0]):
        yield first, "the query is exactly one select statement"
        return
    query = statements[0].query
    tree = json.loads(_one(con, "select json_serialize_sql($query)", query))
    if tree.get("error"):
        yield first, "the query is a plain select statement; this form of it cannot be checked"
        return
    forbidden = list(_forbidden(tree, sql))
    yield from forbidden
    if any(node.get("function_name") in _GROWING for node in _nodes(tree)):
        return
    try:
        columns = con.execute(f"describe {sql}").fetchall()
    except duckdb.Error as error:
        if not forbidden:
            yield _mistake(error)
        return
    named = _named_in(tree)
    for name in sorted(named & (facts() | BOOKKEEPING | views().keys())):
        yield _line_of(name, sql), f"{name!r} is the name of a table; name the step after what was done in it"
    # whoever reads a view reads the tables behind it: these have to be complete
    tables = {below for table in _tables_in(tree) for below in views().get(table, {table})}
    yield from _wrong_columns({str(name): str(kind) for name, kind, *_ in columns}, len(columns), kind, first)
    if not tables:
        yield first, "the query reads no table; evidence comes from what happened"
    for table in sorted(tables & BOOKKEEPING):
        yield first, f"the query reads {table!r}, which the pipeline writes itself; a signal reads facts"
    for table in sorted(tables & DONE_TO_PEOPLE if kind in ("evidence", "process") else ()):
        reason = "which a machine did to somebody and is nobody's contribution; an opportunity or a step may"
        yield _line_of(table, sql), f"the query reads {table!r}, {reason}"
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
    lines_of: dict[str, dict[str, int]] = {}
    for node in _nodes(json.loads(plan)):
        if isinstance(node.get("Table"), str):
            columns = node.get("Projections") or []
            table = lines_of.setdefault(node["Table"].split(".")[-1].strip('"'), {})
            for column in [columns] if isinstance(columns, str) else columns:
                table[column.strip('"')] = _line_of(column.strip('"'), sql)
    return lines_of


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
        name, sentence = _forbidden_in(node)
        if sentence and name not in seen:
            seen.add(name)
            yield _line_of(name, sql), sentence


def _forbidden_in(node: Mapping[str, Any]) -> tuple[str, str]:
    name = str(node.get("function_name", "")).lower()
    table = str(node.get("table_name", ""))
    columns = [str(column).lower() for column in node.get("column_names") or []]
    match node.get("type"):
        case "TABLE_FUNCTION":
            name = str(node["function"]["function_name"]).lower()
            if name not in _TABLE_FUNCTIONS:
                return name, f"{name}() reads something other than the warehouse's tables; remove it"
        case "BASE_TABLE" if len(node["qualified_name"]["path"]) > 1:
            path = ".".join(node["qualified_name"]["path"])
            return table, f"table {path!r} is written with its schema; write {table!r}"
        case "SHOW_REF":
            return "show", "show and describe read something other than the warehouse's tables; remove it"
        case "RECURSIVE_CTE_NODE" if node["union_all"] and _is_asked(node["cte_name"], node["right"]):
            reason = "goes round for ever where two rows lead to each other; write union"
            return "union all", f"{node['cte_name']!r} asks itself by union all, which {reason}"
        case "LIMIT_MODIFIER":
            return "limit", "limit keeps whichever rows come first; say which ones are meant with qualify"
        case "DISTINCT_MODIFIER" if node["distinct_on_targets"]:
            return "distinct on", "distinct on keeps whichever row comes first; say which with qualify"
        case "JOIN" if node["ref_type"] == "POSITIONAL":
            return "positional", "a positional join pairs rows as they happen to lie; join by what they share"
        case "COLUMN_REF" if columns[-1] == "rowid":
            return "rowid", _unstable_said("rowid")
        case "COLUMN_REF" if len(columns) == 1 and columns[0] in _KEYWORD_FUNCTIONS:
            return columns[0], _unstable_said(columns[0])
    if node.get("sample"):
        return "sample", "a sample is different every time; remove it"
    if name in _unstable():
        return name, _unstable_said(f"{name}()")
    if name in _GROWING:
        return name, f"{name}() can make one value as large as the memory; a signal has no use for it"
    if node.get("class") == "WINDOW" and name in _NEEDS_ORDER and not node["orders"]:
        return name, f"{name}() takes rows as they happen to lie; give its window an order by"
    if node.get("class") == "FUNCTION" and name in _AS_ROWS_LIE and not node["order_bys"]["orders"]:
        return name, f"{name}() takes rows as they happen to lie; write an order by between its parentheses"
    if node.get("class") == "PARAMETER":
        return "$", "the query takes no parameters; months are chosen around it"
    return "", ""


def _is_asked(name: str, tree: Any) -> bool:
    return any(str(node.get("table_name")).lower() == name.lower() for node in _nodes(tree))


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


def _named_in(tree: Any) -> set[str]:
    """The names of the steps that a query is made of, in the one case that the database knows."""
    return {
        str(entry["key"]).lower() for node in _nodes(tree) for entry in node.get("cte_map", {}).get("map", ())
    }


def _tables_in(tree: Any) -> frozenset[str]:
    """What a query reads that is no step of its own."""
    read = {str(node["table_name"]).lower() for node in _nodes(tree) if node.get("type") == "BASE_TABLE"}
    return frozenset(read - _named_in(tree))


def _mistake(error: duckdb.Error) -> Mistake:
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
    row = con.execute(sql, {"query": query}).fetchone()
    return str(row[0]) if row else "{}"
