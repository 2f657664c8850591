"""How a night grows with the organisation: requests, seconds and memory for many repositories.

A loopback GitHub with a lazily made organisation (`sandbox/organisation/vast.py`), and `sightline nightly` in
a process of its own: first everything, then a night in which nothing happened, then one after a part changed.

    python benchmarks/github_scale.py --repositories 1000 --pulls 100
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

from sandbox.organisation.vast import VastWorld, vast
from sandbox.server import Running, running

SAMPLE_SECONDS = 0.2


def main() -> int:
    options = _options()
    today = datetime.now(UTC).date()
    holding = vast(options.repositories, pulls_each=options.pulls, people=options.people, until=today)
    # a night of the real size would wait for a GitHub that gives 5,000 points an hour
    with running(holding, latency_ms=options.latency_ms, points_an_hour=10_000_000) as server:
        home = Path(options.home or tempfile.mkdtemp(prefix="sightline-scale-"))
        home.mkdir(parents=True, exist_ok=True)
        since = today - timedelta(days=400)
        config = _written(home, server, since)
        print(f"{options.repositories:,} repositories x {options.pulls} pull requests, in {home}")
        print("| night | outcome | GraphQL requests | REST | points | seconds | peak MB |")
        print("|---|---|---|---|---|---|---|")
        nights = [] if options.skip_first else ["first"]
        nights += ["quiet"] * options.quiet
        for name in nights:
            _report(name, _night(config, server, home))
        if options.changed:
            _change(holding.github, options.changed)
            _report(f"after {options.changed} pull requests changed", _night(config, server, home))
    return 0


def _night(config: Path, server: Running, home: Path) -> dict[str, Any]:
    """One `sightline nightly`, with what the sandbox counted and the most memory the process itself held."""
    server.post("/_sandbox/reset-stats")
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "--config", str(config), "nightly"],
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


def _written(home: Path, server: Running, since: Any) -> Path:
    (home / "roster.csv").write_text(server.holding.roster_csv)
    config = home / "sightline.yaml"
    config.write_text(
        "home: home\n"
        "roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        f"  since: {since}\n"
    )
    return config


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--repositories", type=int, default=40)
    add("--pulls", type=int, default=20, help="in each repository")
    add("--people", type=int, default=200)
    add("--latency-ms", type=float, default=0, help="what the sandbox waits before each answer")
    add("--quiet", type=int, default=1, help="nights in which nothing happens")
    add("--changed", type=int, default=0, help="pull requests that change before the last night")
    add("--home", help="a folder to keep; a temporary one otherwise")
    add("--skip-first", action="store_true", help="the home holds the first night already")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
