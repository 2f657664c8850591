"""Tries every statement of `tests/hostile_sql.yaml`, and says what each did and whether it reached anything.

    .venv/bin/python benchmarks/hostile_sql.py            # what differs from what was recorded
    .venv/bin/python benchmarks/hostile_sql.py --record   # records what was found, to be read before a commit

Each is run as `sightline query` would run it, then past its rule of one select on the shut-off connection
alone, and where it cannot do harm, on a connection that nobody shut off: a trap that catches nothing there
would prove nothing. Whatever ends its process is tried alone. Exit 1: something differs, or was reached.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from ruamel.yaml import YAML

from warehouse import querying
from warehouse.hardened import harden
from warehouse.querying import Limits

DATA = Path(__file__).parents[1] / "tests" / "hostile_sql.yaml"
CANARY = "canary7d1e"
TABLES = {
    "answers": [
        {"team": "t", "quarter": "2026Q3", "rubric": "r", "item": "i", "answer": "band", "band": "few"}
        | {"because": None}
    ]
}
ELSEWHERE = (
    "install",
    "load",
    "attach-http",
    "attach-postgres",
    "attach-sqlite",
    "http",
    "s3",
    "gcs",
    "azure",
    "hugging",
    "update-ext",
)
"""Statements by the beginning of their names that are not tried on a connection that nobody shut off."""

NOT_TRIED = "not tried"
"""Heavy statements on the engine alone: nothing but the process would end them."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--json", action="store_true", help="print all that was found as JSON")
    asked = parser.parse_args()
    yaml = YAML()
    yaml.width = 10_000
    data = yaml.load(DATA.read_text(encoding="utf-8"))
    found = tried(data["statements"])
    if asked.json:
        print(json.dumps(found))
        return 0
    differs = []
    for name, statement in data["statements"].items():
        now = found["statements"][name]
        for mode in ("query", "engine"):
            if statement[mode] != now[mode]:
                differs.append(f"{name}, {mode}: recorded as {statement[mode]!r}, and now {now[mode]!r}")
                statement[mode] = now[mode]
    reached = [*found["leaked"], *found["written"]]
    print("\n".join(differs))
    print(f"{len(found['statements'])} statements, {len(differs)} differ, reached: {reached or 'nothing'}")
    print(f"on a connection that nobody shut off {len(found['leaked_when_open'])} of them reach something")
    if asked.record:
        data["recorded_with"] = duckdb.__version__
        with DATA.open("w", encoding="utf-8") as file:
            yaml.dump(data, file)
    return 1 if reached or (differs and not asked.record) else 0


def tried(statements: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What every statement did, and which of them reached anything that was planted or wrote a file."""
    quick = [name for name, statement in statements.items() if not statement.get("heavy")]
    heavy = [name for name in statements if name not in quick]
    harmless = [name for name in quick if not name.startswith(ELSEWHERE)]
    found: dict[str, dict[str, str]] = {name: {"query": "", "engine": NOT_TRIED} for name in statements}
    leaked, leaked_when_open = [], []
    with planted_folder() as places:
        sql = {name: statement["sql"].format_map(places) for name, statement in statements.items()}
        before = files(places["folder"])
        for mode, run, names in (
            ("query", as_query(Limits(cpu_seconds=20, seconds=60, memory_mib=256)), quick),
            ("query", as_query(Limits(cpu_seconds=1, seconds=2, memory_mib=256)), heavy),
            ("engine", on_engine, quick),
        ):
            for name, said in in_processes(run, {name: sql[name] for name in names}):
                found[name][mode] = kind(said)
                if CANARY in said:
                    leaked.append(f"{name} ({mode})")
        after = files(places["folder"])
        for name, said in in_processes(when_open, {name: sql[name] for name in harmless}):
            if CANARY in said:
                leaked_when_open.append(name)
    written = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return {"statements": found, "leaked": leaked, "written": written, "leaked_when_open": leaked_when_open}


def kind(said: str) -> str:
    """`answers`, the kind of refusal, or `ended` by a limit."""
    if not said:
        return "ended"
    told = json.loads(said)
    return str(told.get("kind") or ("refused" if "refused" in told else "answers"))


# --- the three ways to run it ---------------------------------------------------------------------------

Run = Callable[[], Callable[[str], str]]
"""Made once in a process; then asked with each statement in turn."""


def as_query(limits: Limits) -> Run:
    """The very steps of the process that `sightline query` starts."""

    def ready() -> Callable[[str], str]:
        con = querying.opened(TABLES, limits)
        querying.confine(limits)
        return lambda sql: json.dumps(querying.outcome(con, sql, limits))

    return ready


def on_engine() -> Callable[[str], str]:
    """The shut-off connection by itself, a new one each time: without the first wall statements change it."""

    def asked(sql: str) -> str:
        con = duckdb.connect(config={"threads": 1})
        con.execute(
            "create table answers as select 't' as team, '' as quarter, '' as rubric, '' as item, "
            "'band' as answer, 'few' as band, null::varchar as because"
        )
        harden(con)
        return execute(con, sql)

    return asked


def when_open() -> Callable[[str], str]:
    """A connection as anybody makes one."""
    return lambda sql: execute(duckdb.connect(), sql)


def execute(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    planted = con.query(f"select '{CANARY}' as a")  # a Python variable that a statement may name
    try:
        rows = con.execute(sql).fetchmany(1000)
    except (duckdb.Error, MemoryError) as error:
        return json.dumps({"kind": type(error).__name__, "said": str(error)})
    finally:
        del planted
    return json.dumps({"rows": repr(rows)})


def in_processes(run: Run, statements: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What each statement came to, in a process that goes on until one ends it; nothing for that one."""
    waiting = list(statements)
    while waiting:
        said = in_a_process(run, [statements[name] for name in waiting])
        yield from zip(waiting, said, strict=False)
        if len(said) < len(waiting):
            yield waiting[len(said)], ""
        waiting = waiting[len(said) + 1 :]


def in_a_process(run: Run, statements: Sequence[str]) -> list[str]:
    """A line for each statement, as far as it came."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)  # a statement may write there
            with os.fdopen(writing, "w", encoding="utf-8") as out:
                asked = run()
                for sql in statements:
                    out.write(asked(sql) + "\n")
                    out.flush()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said.split("\n")[:-1]


# --- what is planted ------------------------------------------------------------------------------------


@contextmanager
def planted_folder() -> Iterator[dict[str, str]]:
    """Files of every kind that hold the canary, one in the home of whoever runs this, and a variable."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        os.environ |= {"HOME": name, "SIGHTLINE_CANARY": CANARY}
        (folder / "canary.txt").write_text(f"{CANARY}\n")
        (folder / "canary.csv").write_text(f"a,b\n{CANARY},{CANARY}\n")
        (folder / "canary.json").write_text(json.dumps({"a": CANARY}))
        with duckdb.connect(folder / "canary.duckdb") as con:
            con.execute(f"create table kept as select '{CANARY}' as a")
            con.execute(f"copy (select '{CANARY}' as a) to '{folder / 'canary.parquet'}' (format parquet)")
        for file in ("schema.sql", "load.sql"):
            (folder / file).write_text(f"create table imported as select '{CANARY}' as a;\n")
        yield {
            "folder": name,
            "secret": str(folder / "canary.txt"),
            "csv": str(folder / "canary.csv"),
            "json": str(folder / "canary.json"),
            "parquet": str(folder / "canary.parquet"),
            "database": str(folder / "canary.duckdb"),
            "deep": "(" * 5000 + "1" + ")" * 5000,
        }


def files(folder: str) -> dict[str, bytes]:
    """Every file below, with what is in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


if __name__ == "__main__":
    sys.exit(main())
