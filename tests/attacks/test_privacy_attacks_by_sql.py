"""Hostile SQL, by whoever asks of what was published, and by whoever writes an organisation's own signals.

`tests/hostile_sql.yaml` holds the statements and what each came to with one version of DuckDB.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from connectors.errors import BadInput
from signals.catalog import load_catalog
from warehouse.reading import ReadOnlyStore
from warehouse.store import Store

ROOT = Path(__file__).parents[2]
RECORDED: dict[str, Any] = YAML(typ="safe").load((ROOT / "tests" / "hostile_sql.yaml").read_text())
STATEMENTS: dict[str, dict[str, Any]] = RECORDED["statements"]
HEADER = """\
/*
signal: {name}
answers: Who?
unit: reviews
reads: [reviews]
sensitivity: person
opportunity: null
guard: none, because it is hostile.
misleads: Much.
basis: made up
owner: tests
review_by: 2030-01-01
*/
"""
AS_PART_OF_A_SIGNAL = """\
select reviewer_id as person_id, submitted_on as occurred_on, 'pull_request' as source_kind,
  pull_request_id as source_id
from reviews
where exists (
{sql}
)
"""
PLACES = {
    "folder": "/etc",
    "secret": "/etc/passwd",
    "csv": "/etc/a.csv",
    "json": "/etc/a.json",
    "parquet": "/etc/a.parquet",
    "database": "/etc/a.duckdb",
    "deep": "(" * 5000 + "1" + ")" * 5000,
}


def test_another_version_of_the_database_waits_for_somebody_to_read_what_it_does() -> None:
    assert RECORDED["recorded_with"] == duckdb.__version__, (
        "run `.venv/bin/python benchmarks/hostile_sql.py --record`, and read what changed and what is new"
    )


def test_no_statement_reaches_anything_and_each_comes_to_what_was_recorded() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "hostile_sql.py", "--json"], capture_output=True, check=True
    )
    found = json.loads(done.stdout)
    recorded = {name: {mode: each[mode] for mode in ("query", "engine")} for name, each in STATEMENTS.items()}
    assert len(recorded) > 150
    assert found["leaked"] == []
    assert found["written"] == []
    assert found["statements"] == recorded
    # what is looked for would be found: the same statements reach it on a connection that nobody shut off
    assert {"read-csv", "read-text", "in-a-lateral-join", "attach-and-read", "query-function"} <= set(
        found["leaked_when_open"]
    )
    assert {"python-variable", "serialized-sql", "replacement-scan-csv"} <= set(found["leaked_when_open"])


def test_no_statement_is_a_signal(tmp_path: Path) -> None:
    assert set(STATEMENTS) - refused(tmp_path / "own", "{sql}\n") == set()


def test_no_statement_is_part_of_a_signal_but_what_reads_nothing(tmp_path: Path) -> None:
    passed = set(STATEMENTS) - refused(tmp_path / "own", AS_PART_OF_A_SIGNAL)
    assert passed == {name for name, each in STATEMENTS.items() if each.get("embedded") == "passes"}
    assert not [name for name in passed if "read_" in STATEMENTS[name]["sql"] and name != "deserialized-sql"]


@pytest.mark.parametrize("opening", [Store, ReadOnlyStore])
def test_the_connection_that_signals_run_on_reaches_no_other_file(opening: Any, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "warehouse.duckdb", tmp_path / "elsewhere.csv"
    Store(path).close()
    elsewhere.write_text("a\ncanary\n")
    store = opening(path)
    for statement in (
        f"select * from read_csv('{elsewhere}')",
        f"select * from '{elsewhere}'",
        f"copy (select 1) to '{tmp_path / 'written.csv'}'",
        f"attach '{tmp_path / 'other.duckdb'}' as other",
        "load httpfs",
        "set enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error, match=r"disabled|locked"):
            store.con.execute(statement)
    if opening is Store:
        store.rewrite()
        with pytest.raises(duckdb.Error, match="disabled"):
            store.con.execute(f"select * from read_csv('{elsewhere}')")
    store.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["elsewhere.csv", "warehouse.duckdb"]


# --- builders -------------------------------------------------------------------------------------------


def refused(folder: Path, form: str) -> set[str]:
    """The statements that are refused as the query of a signal, or as a part of one."""
    folder.mkdir()
    names = {name.replace("-", "_"): name for name in STATEMENTS}
    for name, statement in names.items():
        sql = STATEMENTS[statement]["sql"].format_map(PLACES)
        (folder / f"{name}.sql").write_text(HEADER.format(name=name) + form.format(sql=sql))
    try:
        load_catalog(folder)
    except BadInput as error:
        return {names[Path(mistake.split(":")[0]).stem] for mistake in error.mistakes}
    return set()
