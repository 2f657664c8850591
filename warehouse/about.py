"""Everything that is stored about one person, found by value: in every table of every database of a home.

A person's ids are random, so a value that equals one of them means that person and nobody else. Looking for
the value in every column of text finds them in tables that nobody has thought of yet.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from warehouse.forget import text_columns

SOMEBODY_ELSE = "somebody else"
"""Stands where a row about a person names another one too."""

_patiently = retry(
    retry=retry_if_exception_type(duckdb.IOException),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(10),
    reraise=True,
)

Tables = dict[str, list[dict[str, Any]]]


def rows_about(path: Path, ids: Collection[str], other_ids: Collection[str]) -> Tables:
    """The rows of each table that hold one of these ids, other people's ids taken out of them.

    Raises duckdb.IOException while another process holds the file for longer than a few seconds.
    """
    hidden = frozenset(other_ids) - frozenset(ids)
    by_table: dict[str, list[str]] = {}
    tables: Tables = {}
    con = _patiently(duckdb.connect)(path, read_only=True)
    try:
        for column in text_columns(con):
            holds = f"list_contains($ids, {column.name})"
            if column.type != "VARCHAR":  # a list, or something else that holds text somewhere in it
                holds = f"len(list_filter($ids, lambda own: contains({column.as_text}, own))) > 0"
            by_table.setdefault(column.table, []).append(holds)
        for table, conditions in by_table.items():
            answer = con.execute(
                f"select * from {table} where {' or '.join(conditions)} order by all", {"ids": sorted(ids)}
            )
            names = [column[0] for column in answer.description]
            rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
            if rows:
                tables[table.removeprefix("main.")] = [
                    {name: _without(value, hidden) for name, value in row.items()} for row in rows
                ]
    finally:
        con.close()
    return tables


def _without(value: Any, hidden: Collection[str]) -> Any:
    if isinstance(value, list):
        return [_without(each, hidden) for each in value]
    if isinstance(value, dict):
        return {key: _without(each, hidden) for key, each in value.items()}
    return SOMEBODY_ELSE if isinstance(value, str) and value in hidden else value
