"""What it costs to check the audit log before something is added to it, however long the log is.

.venv/bin/python benchmarks/audit.py                # 24 months of 500 looks a day
.venv/bin/python benchmarks/audit.py 1000 100000
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter

from privacy import audit, chain

TWO_YEARS = 24 * 30 * 500
TIMES = 30
ON = date(2026, 11, 22)


def main() -> None:
    print(
        "| entries | MiB | every entry verified, seconds | one entry added, the end verified, milliseconds |"
    )
    print("|---|---|---|---|")
    for count in [int(each) for each in sys.argv[1:]] or [TWO_YEARS]:
        with tempfile.TemporaryDirectory() as folder:
            print(measured(Path(folder) / "audit.jsonl", count))


def measured(log: Path, count: int) -> str:
    """A row of the table."""
    key = audit.key_in(log.with_suffix(".key"), log)
    log.write_text("".join(written(key, count)), encoding="ascii")
    all_entries = seconds(lambda: audit.check(log, key, from_start=True))
    added = [seconds(lambda: look(log, key)) for _ in range(TIMES)]
    size = log.stat().st_size / 2**20
    return f"| {count:,} | {size:.0f} | {all_entries:.1f} | {statistics.median(added) * 1000:.1f} |"


def written(key: bytes, count: int) -> list[str]:
    """The log as `append` would have written it, without waiting for the disk each time."""
    before, lines = chain.START, []
    for number in range(1, count + 1):
        about = {"person": "0123456789abcdef0123456789abcdef", "window": "2026Q3"}
        entry = {"number": number, "on": ON.isoformat(), "action": "report read", "about": about}
        before = chain.hash_of(key, before, entry)
        lines.append(chain.text(entry | {"hash": before}) + "\n")
    return lines


def look(log: Path, key: bytes) -> None:
    audit.append(log, key, "report read", {"person": "f" * 32, "window": "2026Q3"}, on=ON)


def seconds(run: Callable[[], None]) -> float:
    started = perf_counter()
    run()
    return perf_counter() - started


if __name__ == "__main__":
    main()
