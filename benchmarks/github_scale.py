"""How a night grows with the organisation: requests, seconds and memory for many repositories.

A loopback GitHub with a lazily made organisation (`sandbox/organisation/vast.py`), and `sightline nightly` in
a process of its own: first everything, then a night in which nothing happened, then one after a part changed.

    python benchmarks/github_scale.py --repositories 1000 --pulls 100

A first night of that size takes a while. With `--read 20` it reads 20 of the repositories, and the rows of
the others are copied from theirs in the warehouse: the very rows that reading them would have left, since
the organisation repeats itself. The nights after that are real.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from sandbox.organisation.vast import VastWorld, vast
from sandbox.server import Running, running

SAMPLE_SECONDS = 0.2
COPIED = (
    "repositories",
    "pull_requests",
    "commits",
    "commit_authors",
    "reviews",
    "review_threads",
    "review_comments",
    "pull_request_events",
    "pull_request_files",
    "comments",
    "scopes",
    "cursors",
    "reconciled",
    "expected",
)
"""What the first night leaves of a repository like these: they have no issues, and close none."""


def main() -> int:
    options = _options()
    today = datetime.now(UTC).date()
    holding = vast(options.repositories, pulls_each=options.pulls, people=options.people, until=today)
    # a night of the real size would wait for a GitHub that gives 5,000 points an hour
    with running(holding, latency_ms=options.latency_ms, points_an_hour=10_000_000) as server:
        home = Path(options.home or tempfile.mkdtemp(prefix="sightline-scale-"))
        home.mkdir(parents=True, exist_ok=True)
        since = today - timedelta(days=400)
        config = _written(home, server, since, options.read)
        print(f"{options.repositories:,} repositories x {options.pulls} pull requests, in {home}")
        print("| night | outcome | GraphQL requests | REST | points | seconds | peak MB |")
        print("|---|---|---|---|---|---|---|")
        nights = [] if options.skip_first else ["first"]
        nights += ["quiet"] * options.quiet
        for name in nights:
            _report(name, _night(config, server, home))
            if name == "first" and options.read:
                _copy_the_rest(home / "home" / "warehouse.duckdb", options.read, options.repositories)
                config = _written(home, server, since)
        if options.changed:
            _change(holding.github, options.changed)
            _report(f"after {options.changed} pull requests changed", _night(config, server, home))
    return 0


def _night(config: Path, server: Running, home: Path) -> dict[str, Any]:
    """One `sightline nightly`, with what the sandbox counted and the most memory the process itself held."""
    server.post("/_sandbox/reset-stats")
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "--config", str(config), "nightly"],
        env={**os.environ, "GITHUB_TOKEN": "sandbox-token"},
        stdout=subprocess.DEVNULL,
    )
    peak_kb = 0
    while process.poll() is None:
        peak_kb = max(peak_kb, _peak_kb(process.pid))
        time.sleep(SAMPLE_SECONDS)
    seconds = time.monotonic() - started
    stats = server.get("/_sandbox/stats")[2]
    status = json.loads((home / "home" / "status.json").read_text())
    return {
        "outcome": f"{status['last_run']['outcome']} ({process.returncode})",
        "graphql": stats["requests"]["graphql"],
        "rest": stats["requests"]["rest"],
        "points": stats["points"],
        "seconds": seconds,
        "peak_mb": peak_kb / 1024,
    }


def _peak_kb(pid: int) -> int:
    """The high-water mark of a process's memory, as the kernel keeps it; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _change(world: Any, count: int) -> None:
    """One more review on `count` pull requests, spread over the repositories."""
    assert isinstance(world, VastWorld)
    for number in range(count):
        place = number * len(world.places) // count
        world.touch(place, 1 + number % world.pulls_each, datetime.now(UTC))


def _report(name: str, night: dict[str, Any]) -> None:
    print(
        f"| {name} | {night['outcome']} | {night['graphql']:,} | {night['rest']:,} | {night['points']:,} "
        f"| {night['seconds']:.0f} | {night['peak_mb']:.0f} |",
        flush=True,
    )


def _copy_the_rest(warehouse: Path, read: int, repositories: int) -> None:
    """The rows of the first `read` repositories for all the others, and every signal to be computed again."""
    moved = """case
      when regexp_matches({0}, '_v\\d+(_|$)') then
        regexp_replace({0}, '_v\\d+', '_v' || (regexp_extract({0}, '_v(\\d+)', 1)::int + further))
      when regexp_matches({0}, 'service-\\d+') then
        regexp_replace({0}, 'service-\\d+',
          'service-' || lpad((regexp_extract({0}, 'service-(\\d+)', 1)::int + further)::varchar, 4, '0'))
      else {0} end"""
    with duckdb.connect(warehouse) as con:
        columns: dict[str, list[str]] = {}
        for table, column in con.execute(
            "select table_name, column_name from duckdb_columns() where data_type = 'VARCHAR'"
        ).fetchall():
            columns.setdefault(table, []).append(column)
        for table in COPIED:
            texts = [f'"{column}"' for column in columns[table]]
            replaced = ", ".join(f"{moved.format(text)} as {text}" for text in texts)
            is_of_one = " or ".join(f"regexp_matches({text}, '_v\\d+(_|$)|service-\\d+')" for text in texts)
            con.execute(
                f"insert into {table} select * exclude (further) replace ({replaced}) from {table} "
                f"cross join (select unnest(range({read}, {repositories}, {read})) as further) "
                f"where {is_of_one}"
            )
        con.execute("delete from signal_runs")


def _written(home: Path, server: Running, since: Any, read: int = 0) -> Path:
    include = f"  include: [{', '.join(f'service-{number:04d}' for number in range(read))}]\n" if read else ""
    (home / "roster.csv").write_text(server.holding.roster_csv)
    config = home / "sightline.yaml"
    config.write_text(
        "home: home\n"
        "roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        f"  since: {since}\n{include}"
    )
    return config


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--repositories", type=int, default=40)
    add("--pulls", type=int, default=20, help="in each repository")
    add(
        "--people", type=int, default=200, help="with --read: a divisor of 31 times what is read, such as 155"
    )
    add(
        "--read",
        type=int,
        default=0,
        metavar="N",
        help="read so many repositories, and copy the rows of the rest",
    )
    add("--latency-ms", type=float, default=0, help="what the sandbox waits before each answer")
    add("--quiet", type=int, default=1, help="nights in which nothing happens")
    add("--changed", type=int, default=0, help="pull requests that change before the last night")
    add("--home", help="a folder to keep; a temporary one otherwise")
    add("--skip-first", action="store_true", help="the home holds the first night already")
    options = parser.parse_args()
    if options.read and (options.repositories % options.read or options.read * 31 % options.people):
        parser.error(
            "--read has to divide --repositories, and --people 31 times --read, so that authors repeat"
        )
    return options


if __name__ == "__main__":
    sys.exit(main())
