"""How long all signals take: from scratch, and for a night that touches two weeks, at several sizes.

    .venv/bin/python benchmarks/signals.py --pulls 10000 --pulls 100000 --pulls 1000000

Fifteen months of a generated organisation, in the real tables of a real warehouse file: for each pull request
five reviews and ten other events (commits, threads, comments on lines and below, issues and their events,
incidents). Two threads and a limit on the database's memory. Each size runs in a process of its own, so that
its peak is its own; a night ends with the whole computation on the same tables, which has to give the same.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import duckdb

sys.path[0] = str(Path(__file__).parents[1])  # beside this file, `signals` would be the file itself

from signals.catalog import load_catalog  # noqa: E402
from signals.run import recompute, refresh  # noqa: E402
from warehouse.store import Store  # noqa: E402

DAYS, LAST_DAY = 450, "date '2026-09-30'"
NIGHT_DAYS = 14
PULLS_A_PERSON, PULLS_A_REPOSITORY, PEOPLE_A_TEAM = 300, 2000, 8

ISSUE_EVERY, EVENTS_AN_ISSUE, INCIDENT_EVERY, ACTIONS_AN_INCIDENT = 4, 3, 200, 8


def chance(percent: float, salt: int, key: str = "i") -> str:
    return f"(hash({key} * 1000 + {salt}) % 1000 < {percent * 10:.0f})"


def person(salt: int, key: str = "i") -> str:
    """Somebody. Most work together with few others: half of all draws stay near the pull request's author."""
    near = f"(({key} // {PULLS_A_PERSON}) * 7 + hash({key} * 1000 + {salt}) % 8) % $people"
    far = f"hash({key} * 1000 + {salt + 1}) % $people"
    drawn = f"(case when {chance(50, salt + 2, key)} then {near} else {far} end)::bigint"
    return f"format('person-{{:06d}}', {drawn})"


def after(day: str, spread: int, salt: int, key: str = "i") -> str:
    return f"least({day} + (hash({key} * 1000 + {salt}) % {spread})::int, {LAST_DAY})"


# The pull request i of n was opened on its day of the fifteen months: the newest have the highest numbers.
OPENED = f"({LAST_DAY} - {DAYS} + (i * {DAYS} // $pulls)::int)"
PULL = "format('PR_{:012d}', i)"


def tables() -> Mapping[str, str]:
    """For every table the query that fills it; `i` numbers pull requests, `j` what is below each."""
    each = "(select unnest(range($low, $high)) as i)"
    issues = f"(select unnest(range($low, $high, {ISSUE_EVERY})) as i)"
    incidents = f"(select unnest(range($low, $high, {INCIDENT_EVERY})) as i)"

    def below(count: int, source: str = each) -> str:
        return f"(select i, unnest(range({count})) as j, i * 100 + j as ij from {source})"

    merged = chance(85, 10)
    return {
        "pull_requests": f"""
          select {PULL} as pull_request_id, format('R_{{:06d}}', hash(i) % $repositories) as repository_id,
            i as number, {person(20)} as author_id, case when {merged} then 'merged' else 'open' end as state,
            {OPENED} as created_on, case when {merged} then {after(OPENED, 9, 30)} end as merged_on,
            case when {merged} then {after(OPENED, 9, 30)} end as closed_on,
            {chance(80, 40)} as touches_code, {chance(35, 41)} as touches_tests,
            {chance(12, 42)} as touches_docs, {chance(4, 43)} as touches_experiments,
            {chance(1, 44)} as touches_designs, {chance(5, 45)} as is_generated_only,
            {chance(2, 46)} as is_backport, {chance(1, 47)} as is_revert, {chance(70, 48)} as has_description,
            {chance(40, 49)} as has_context, 'small' as size_band, false as is_draft from {each}""",
        "closing_references": f"""
          select {PULL} as pull_request_id, format('I_{{:012d}}', i - i % {ISSUE_EVERY}) as issue_id
          from {each} where {chance(30, 50)}""",
        "commits": f"""
          select {PULL} as pull_request_id, format('C_{{:014d}}', ij) as commit_id,
            {after(OPENED, 6, 60, "ij")} as committed_on, j * 10 as position from {below(2)}""",
        "commit_authors": f"""
          select {PULL} as pull_request_id, format('C_{{:014d}}', ij) as commit_id,
            case when {chance(90, 70, "ij")} then {person(20)} else {person(71, "ij")} end as person_id
          from {below(2)}""",
        "reviews": f"""
          select {PULL} as pull_request_id, format('V_{{:014d}}', ij) as review_id,
            {person(80, "(ij // 2)")} as reviewer_id,
            ['approved', 'commented', 'commented', 'changes_requested'][(1 + hash(ij) % 4)::bigint] as state,
            {after(OPENED, 8, 90, "ij")} as submitted_on, j * 10 + 5 as position,
            {chance(40, 91, "ij")} as has_body, {chance(20, 92, "ij")} as asks_question from {below(5)}""",
        "review_threads": f"""
          select {PULL} as pull_request_id, format('T_{{:014d}}', ij) as thread_id,
            {chance(70, 100, "ij")} as is_resolved, {person(101, "ij")} as resolver_id,
            {chance(50, 102, "ij")} as is_outdated from {below(1)}""",
        "review_comments": f"""
          select {PULL} as pull_request_id, format('L_{{:014d}}', ij) as comment_id,
            format('T_{{:014d}}', i * 100) as thread_id, format('V_{{:014d}}', i * 100 + j) as review_id,
            case when {chance(80, 110, "ij")} then {person(80, "(ij // 2)")} else {person(20)}
              end as author_id,
            {after(OPENED, 8, 90, "ij")} as created_on, j * 10 + 6 as position,
            {chance(25, 111, "ij")} as asks_question, {chance(10, 112, "ij")} as has_suggestion
          from {below(2)}""",
        "comments": f"""
          select format('M_{{:014d}}', ij) as comment_id, 'pull_request' as parent_kind, {PULL} as parent_id,
            {person(120, "ij")} as author_id, {after(OPENED, 8, 121, "ij")} as created_on,
            j * 10 + 7 as position, {chance(25, 122, "ij")} as asks_question from {below(2)}
          union all
          select format('N_{{:014d}}', ij), 'issue', format('I_{{:012d}}', i), {person(123, "ij")},
            {after(OPENED, 20, 124, "ij")}, j * 10 + 7, {chance(25, 125, "ij")} from {below(2, issues)}""",
        "issues": f"""
          select format('I_{{:012d}}', i) as issue_id,
            format('R_{{:06d}}', hash(i) % $repositories) as repository_id,
            i as number, {person(130)} as author_id,
            case when {chance(70, 131)} then 'closed' else 'open' end as state,
            case when {chance(70, 131)} then 'completed' end as closed_as, {OPENED} as created_on,
            case when {chance(70, 131)} then {after(OPENED, 30, 132)} end as closed_on,
            case hash(i) % 10 when 0 then ['question'] when 1 then ['proposal'] when 2 then ['bug']
              else []::varchar[] end as kinds,
            {chance(15, 133)} as asks_question from {issues}""",
        "issue_assignees": f"""
          select format('I_{{:012d}}', i) as issue_id, {person(140)} as person_id from {issues}""",
        "issue_events": f"""
          select format('E_{{:014d}}', ij) as event_id, format('I_{{:012d}}', i) as issue_id,
            ['labeled', 'assigned', 'closed'][j + 1] as kind, {person(150, "ij")} as actor_id,
            {person(151, "ij")} as assignee_id, {after(OPENED, 30, 152, "ij")} as occurred_on,
            j * 10 + 3 as position from {below(EVENTS_AN_ISSUE, issues)}""",
        "incidents": f"""
          select format('INC_{{:010d}}', i) as incident_id, 'pagerduty' as source, null as url,
            format('S_{{:04d}}', hash(i) % 50) as service_id, 'sev2' as severity, {OPENED} as opened_on,
            {after(OPENED, 3, 160)} as resolved_on from {incidents}""",
        "incident_actions": f"""
          select format('A_{{:014d}}', ij) as action_id, format('INC_{{:010d}}', i) as incident_id,
            {person(170, "ij")} as actor_id,
            ['declared', 'acknowledged', 'responded', 'role', 'updated', 'resolved', 'followup_completed',
             'updated'][j + 1] as kind, case when j = 3 then 'commander' end as role, true as by_hand,
            {after(OPENED, 3, 171, "ij")} as occurred_on, j as position
          from {below(ACTIONS_AN_INCIDENT, incidents)}""",
        "incident_fixes": f"""
          select format('INC_{{:010d}}', i) as incident_id,
            format('acme/repository-{{}}', hash(i) % $repositories) as repository_name, i as number
          from {incidents}""",
    }


def standing() -> Mapping[str, str]:
    """What is there before the first pull request: people, teams, repositories, and the rota."""
    people = "(select unnest(range($people)) as i)"
    weeks = f"(select unnest(range({DAYS // 7})) as w)"
    return {
        "persons": f"select format('person-{{:06d}}', i) as person_id, i % 40 = 39 as is_bot from {people}",
        "memberships": f"""
          select format('person-{{:06d}}', i) as person_id, 'team-' || i // {PEOPLE_A_TEAM} as team,
            case when i % 6 = 0 then {LAST_DAY} - (hash(i) % {DAYS})::int
              else date '2025-01-01' end as starts_on,
            'ic1' as rubric from {people}""",
        "repositories": """
          select format('R_{:06d}', i) as repository_id, 'acme/repository-' || i as name,
            'https://github.example/acme/repository-' || i as url, false as is_archived
          from (select unnest(range($repositories)) as i)""",
        "oncall_shifts": f"""
          select 'O_' || i || '_' || w as shift_id, 'pagerduty' as source,
            'rota-' || i // {PEOPLE_A_TEAM} as schedule_id, format('person-{{:06d}}', i) as person_id,
            {LAST_DAY} - {DAYS} + (7 * w)::int as starts_on,
            {LAST_DAY} - {DAYS} + (7 * w + 6)::int as ends_on
          from {people} cross join {weeks} where (i + w) % {PEOPLE_A_TEAM} = 0""",
        "oncall_services": f"""
          select 'O_' || i || '_' || w as shift_id,
            format('S_{{:04d}}', (i // {PEOPLE_A_TEAM}) % 50) as service_id
          from {people} cross join {weeks} where (i + w) % {PEOPLE_A_TEAM} = 0""",
    }


FILLED = {"BOOLEAN": "false", "BIGINT": "0", "DATE": LAST_DAY, "VARCHAR[]": "[]::varchar[]"}
"""What stands in a column that has to hold something and that no query here names."""


def fill(con: duckdb.DuckDBPyConnection, table: str, query: str, values: Mapping[str, int]) -> int:
    """Inserts what the query returns, and in the columns it does not name whatever may stand there."""
    used = {name: value for name, value in values.items() if f"${name}" in query}
    named = {row[0] for row in con.execute(f"describe {query}", used).fetchall()}
    needed = con.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? and not is_nullable "
        "and database_name = current_database()",
        [table],
    ).fetchall()
    rest = [f"{FILLED.get(kind, repr(''))} as {name}" for name, kind in needed if name not in named]
    (count,) = con.execute(
        f"insert into {table} by name select {', '.join(['*', *rest])} from ({query})", used
    ).fetchall()[0]
    return int(count)


def measured(pulls: int, memory: str, threads: int, folder: Path) -> dict[str, Any]:
    """The figures of one size, in this process."""
    # What is only compared takes no memory from what is measured: it is in a file of its own. It is attached
    # before the store is open, because an open one reaches no other file.
    beside = f"attach '{folder / 'night.duckdb'}' as night"
    store = Store(
        folder / "warehouse.duckdb", f"set memory_limit = '{memory}'", f"set threads = {threads}", beside
    )
    con, catalog = store.con, load_catalog()
    values = {
        "pulls": pulls,
        "people": max(40, pulls // PULLS_A_PERSON),
        "repositories": max(5, pulls // PULLS_A_REPOSITORY),
    }
    first_of_night = pulls - pulls * NIGHT_DAYS // DAYS
    stored = {table: fill(con, table, query, values) for table, query in standing().items()}
    for table, query in tables().items():
        stored[table] = fill(con, table, query, values | {"low": 0, "high": first_of_night})
    con.execute("checkpoint")
    said: dict[str, Any] = {"pulls": pulls}
    recompute(con, catalog)
    for table, query in tables().items():
        stored[table] += fill(con, table, query, values | {"low": first_of_night, "high": pulls})
    con.execute(
        "insert into dirty_months select distinct date_trunc('month', day)::date from "
        f"(select unnest(generate_series({LAST_DAY} - {NIGHT_DAYS}, {LAST_DAY}, interval 1 day)) as day)"
    )
    con.execute("checkpoint")
    said["night_seconds"], _ = timed(lambda: refresh(con, catalog))
    said["quiet_night_seconds"], _ = timed(lambda: refresh(con, catalog))
    said["reviews"] = stored["reviews"]
    said["other_events"] = sum(stored.values()) - stored["reviews"] - stored["pull_requests"]
    for table, columns in HELD.items():
        con.execute(f"create table night.{table} as select {columns} from {table}")
        con.execute(f"delete from {table}")
    con.execute("checkpoint night")
    con.execute("checkpoint")
    said["scratch_seconds"], rows = timed(lambda: recompute(con, catalog))
    said["rows"] = sum(rows.values())
    said["is_the_same"] = is_the_same(con)
    said["peak_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
    store.close()
    said["file_gb"] = round((folder / "warehouse.duckdb").stat().st_size / 2**30, 2)
    return said


HELD = {
    "evidence": "person_id, signal, occurred_on, source_kind, source_id",
    "opportunities": "person_id, signal, occurred_on",
    "steps": "person_id, signal, occurred_on, source_kind, source_id, incident_id",
}


def is_the_same(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether computing everything from the tables alone gave the rows that the night left."""
    return all(
        con.execute(
            f"select count(*) from (select {columns} from {one} except all select {columns} from {other})"
        ).fetchall()
        == [(0,)]
        for table, columns in HELD.items()
        for one, other in ((table, f"night.{table}"), (f"night.{table}", table))
    )


def timed(action: Any) -> tuple[str, Any]:
    """By the clock, and on the processors together, which others on the machine disturb less."""
    started, worked = perf_counter(), process_time()
    answer = action()
    return f"{perf_counter() - started:.2f} s ({process_time() - worked:.2f})", answer


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--pulls", type=int, action="append", help="may be repeated [default: 10000]")
    asked.add_argument("--memory", default="3GB", help="the database's limit [default: 3GB]")
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = asked.parse_args()
    sizes = options.pulls or [10_000]
    if options.alone:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measured(sizes[0], options.memory, options.threads, Path(folder))))
        return
    columns = ["pull requests", "reviews", "other events", "evidence", "from scratch", "a night of two weeks"]
    print("|", " | ".join([*columns, "a night of nothing", "peak", "file"]), "|")
    print("|---|---|---|---|---|---|---|---|---|")
    for pulls in sizes:
        command = [sys.executable, __file__, "--alone", "--pulls", str(pulls), "--memory", options.memory]
        command += ["--threads", str(options.threads)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        said = json.loads(done.stdout)
        print(
            f"| {said['pulls']:,} | {said['reviews']:,} | {said['other_events']:,} | {said['rows']:,} "
            f"| {said['scratch_seconds']} | {said['night_seconds']} | {said['quiet_night_seconds']} "
            f"| {said['peak_gb']} GB | {said['file_gb']} GB |",
            flush=True,
        )
        if not said["is_the_same"]:
            sys.exit(f"{pulls:,} pull requests: a night gives other rows than the whole computation")


if __name__ == "__main__":
    main()
