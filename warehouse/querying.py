"""Somebody's own SQL over tables that anybody may read, in a process of its own with nothing else to reach.

Three walls, each whole without the others: the tables hold only what was handed in; the connection is shut
off (`warehouse/hardened.py`); and the process, before it runs the statement, gives up opening any file or
socket, writing, and more memory or time than a question needs: `repeat('x', 1500000000)` minds no limit of
the engine.

`python -m warehouse.querying` is that process. It reads one question from standard input and answers on
standard output.
"""

from __future__ import annotations

import json
import math
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import BadInput
from warehouse.hardened import harden, is_select

SCHEMA = Path(__file__).with_name("released.sql")
ROWS_AT_ONCE = 20_000
"""As JSON, rows take much more than as a table."""

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one statement may take."""

    cpu_seconds: int = 20
    seconds: float = 60
    """By the clock: a statement may also sleep."""
    memory_mib: int = 1024
    """Beyond what the tables need."""
    rows: int = 100_000


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a statement returned."""

    columns: list[str]
    rows: list[list[Any]]


def described() -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Every table with what a row of it is, and its columns: name, type, what it holds."""
    with duckdb.connect() as con:
        con.execute(SCHEMA.read_text(encoding="utf-8"))
        tables = con.execute("select table_name, comment from duckdb_tables() order by table_oid").fetchall()
        columns = con.execute(
            "select table_name, column_name, data_type, comment from duckdb_columns() order by column_index"
        ).fetchall()
    return [
        (
            name,
            says,
            [(column, kind.lower(), comment) for table, column, kind, comment in columns if table == name],
        )
        for name, says in tables
    ]


def answer(tables: Tables, statement: str, limits: Limits | None = None) -> QueryResult:
    """What one select statement returns over these tables.

    Raises BadInput for a statement that is refused, wrong, or takes more than the limits.
    """
    limits = limits or Limits()
    question = {"tables": tables, "statement": statement, "limits": asdict(limits)}
    process = subprocess.run(
        [sys.executable, "-I", "-m", "warehouse.querying"],
        input=json.dumps(question).encode("utf-8", "surrogatepass"),
        capture_output=True,
        env={},  # no token of ours in its memory
        cwd="/",
        check=False,
    )
    if process.returncode in (-signal.SIGXCPU, -signal.SIGALRM):
        raise BadInput([f"the statement takes more than {limits.cpu_seconds} s; ask for less at once"])
    if process.returncode < 0:  # an engine that is denied memory may break down over it
        raise BadInput([_too_large(limits)])
    if process.returncode:
        raise BadInput(["the answer holds a kind of value that cannot be shown here; cast it to varchar"])
    reply = json.loads(process.stdout)
    if "refused" in reply:
        raise BadInput([reply["refused"]])
    return QueryResult(reply["columns"], reply["rows"])


def opened(tables: Tables, limits: Limits) -> duckdb.DuckDBPyConnection:
    """These tables in memory, shut off from everything else."""
    con = duckdb.connect(config={"threads": 1})
    con.execute(SCHEMA.read_text(encoding="utf-8"))
    for table, rows in tables.items():
        columns = con.execute(
            "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index",
            [table],
        ).fetchall()
        for start in range(0, len(rows), ROWS_AT_ONCE):
            con.execute(
                f"insert into {table} select row.* from "
                f"(select unnest(from_json_strict(?::json, '{json.dumps([dict(columns)])}')) as row)",
                [json.dumps(list(rows[start : start + ROWS_AT_ONCE]))],
            )
    harden(
        con,
        f"set memory_limit = '{limits.memory_mib}MiB'",
        "set temp_directory = ''",
        "set max_temp_directory_size = '0KiB'",
        "set timezone = 'UTC'",
    )
    # the driver imports what a kind of value needs when it first meets one: afterwards nothing can be opened
    con.execute(
        "select now(), uuid(), 1.5::decimal(9, 1), interval 1 day, current_time, 1::hugeint"
    ).fetchall()
    return con


def outcome(con: duckdb.DuckDBPyConnection, statement: str, limits: Limits) -> dict[str, Any]:
    """Columns and rows, or under `refused` why not."""
    try:
        statements = con.extract_statements(statement)
        if len(statements) != 1 or not is_select(statements[0]):
            return {"refused": "ask with exactly one select statement (describe and summarize are such, too)"}
        con.execute(statements[0])
        columns = [str(column[0]) for column in con.description or ()]
        rows = con.fetchmany(limits.rows + 1)
    except (duckdb.OutOfMemoryException, MemoryError):
        return {"refused": _too_large(limits)}
    except duckdb.Error as error:
        return {"refused": str(error)}
    if len(rows) > limits.rows:
        return {"refused": f"the answer has more than {limits.rows} rows; summarise, or add a where"}
    return {"columns": columns, "rows": [[_plain(value) for value in row] for row in rows]}


def confine(limits: Limits) -> None:
    """From here on this process opens nothing, writes no file, and has a bounded rest of memory and time."""
    page = resource.getpagesize()
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * page
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(spent.ru_utime + spent.ru_stime) + limits.cpu_seconds
    for what, most in (
        (resource.RLIMIT_AS, used + limits.memory_mib * 2**20),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # told apart from being killed by others
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)


def _too_large(limits: Limits) -> str:
    return f"the statement takes more than {limits.memory_mib} MiB of memory; ask for less at once"


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {str(name): _plain(each) for name, each in value.items()}
    return str(value)


def main() -> None:
    """One question in, one answer out."""
    question = json.load(sys.stdin.buffer)
    limits = Limits(**question["limits"])
    con = opened(question["tables"], limits)
    confine(limits)
    try:
        reply = json.dumps(outcome(con, question["statement"], limits))
    except MemoryError:
        reply = json.dumps({"refused": _too_large(limits)})
    sys.stdout.write(reply)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
