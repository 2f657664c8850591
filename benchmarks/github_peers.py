"""What it costs to read one repository of GitHub, for Sightline and for others: first sync, then a night.

    .venv/bin/python benchmarks/github_peers.py [--pull-requests 1000] [--latency-ms 100] [--tools dlt,...]

A sandbox with pull requests of one shape (3 reviews, 4 review comments, 5 comments, 4 commits each) answers
every request after the latency. Each tool gets a sandbox of its own and, unless it is Sightline, a virtualenv
of its own with the release the registry serves, in a temporary folder. Then 1 % changes and it runs again:

* every hundredth pull request gets a review that moves its `updatedAt`;
* five old ones get a review that does not, as happens on GitHub with what comes after a merge;
* two review comments are deleted, which leaves no trace either.

Requests and GraphQL points are what the sandbox counted, and charged by GitHub's published formula; seconds
and memory are those of the tool's process, its start and its storing included. "misses" holds the node ids it
has stored against those that exist. What is not comparable is said in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from sandbox.model import ReviewComment
from sandbox.mutations import mutate
from sandbox.organisation.load import load
from sandbox.server import Running, running
from sandbox.world import World

PEERS = Path(__file__).parent / "peers"
KINDS = ("pull_requests", "reviews", "review_comments", "comments", "commits")


@dataclass(frozen=True)
class Tool:
    """One way to read a repository: a program, and what to install for it."""

    name: str
    program: str
    packages: tuple[str, ...]


TOOLS = {
    "sightline": Tool("Sightline", "with_sightline.py", ()),
    "tap-github": Tool("MeltanoLabs tap-github", "with_tap_github.py", ("meltanolabs-tap-github",)),
    "dlt": Tool("dlt into DuckDB", "with_dlt.py", ("dlt[duckdb]",)),
    "pygithub": Tool("plain PyGithub loop", "with_pygithub.py", ("pygithub",)),
    "perceval": Tool("perceval", "with_perceval.py", ("perceval",)),
}


@dataclass(frozen=True)
class Run:
    """What one run of one tool took, and what the tool holds after it."""

    requests: int
    points: int
    seconds: float
    peak_mb: float
    held: dict[str, set[str]]
    remark: str


def main() -> None:
    options = _options()
    print(f"{options.pull_requests:,} pull requests, {options.latency_ms:g} ms a request\n")
    print("| tool | run | requests | GraphQL points | seconds | peak MB | reviews held | misses |")
    print("|---|---|---|---|---|---|---|---|")
    for key in options.tools.split(","):
        _measure(TOOLS[key], options)


def _measure(tool: Tool, options: argparse.Namespace) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="sightline-peers-") as folder,
        running(
            load(options.pull_requests),
            latency_ms=options.latency_ms,
            node_latency_ms=options.node_latency_ms,
            connection_latency_ms=options.connection_latency_ms,
            points_an_hour=100_000,
        ) as server,
    ):
        python, version = _installed(tool, Path(folder) / "venv")
        named = f"{tool.name} {version}".strip()
        for label in ("first", "after 1 %"):
            if label != "first":
                _change(server.holding.github, options.pull_requests)
            found = _run(tool, python, Path(folder), server, options.limit_seconds)
            if isinstance(found, str):
                print(f"| {named} | {label} | {found} | | | | | |", flush=True)
                return
            truth = _truth(server.holding.github)
            reviews = f"{len(found.held['reviews'] & truth['reviews']):,} of {len(truth['reviews']):,}"
            print(
                f"| {named} | {label} | {found.requests:,} | {found.points:,} | {found.seconds:.1f} "
                f"| {found.peak_mb:.0f} | {reviews} | {_misses(found.held, truth)} {found.remark} |",
                flush=True,
            )


def _installed(tool: Tool, place: Path) -> tuple[str, str]:
    """The Python to run the tool with, and the version of it that the registry gave."""
    if not tool.packages:
        return sys.executable, ""
    venv.create(place, with_pip=True)
    python = str(place / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", *tool.packages], check=True, stderr=subprocess.DEVNULL)
    name = tool.packages[0].partition("[")[0]
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return python, subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def _run(tool: Tool, python: str, folder: Path, server: Running, limit_seconds: float) -> Run | str:
    server.post("/_sandbox/reset-stats")
    repository = next(iter(server.holding.github.repositories.values())).name_with_owner
    state, out = folder / "state", folder / "out.json"
    state.mkdir(exist_ok=True)
    arguments = [python, str(PEERS / tool.program), server.base, repository, str(state), str(out)]
    log = (folder / "log").open("w")
    started = time.monotonic()
    child = subprocess.Popen(arguments, stdout=log, stderr=log, env=_environment(tool), cwd=folder)
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - started > limit_seconds:
            child.kill()
            os.wait4(child.pid, 0)
            return f"stopped after {limit_seconds:g} s"
        time.sleep(0.02)
    seconds = time.monotonic() - started
    log.close()
    if status:
        tail = (folder / "log").read_text().strip().splitlines()[-3:]
        return f"failed: {' / '.join(tail)[:200]}"
    _, _, stats = server.get("/_sandbox/stats")
    told = json.loads(out.read_text())
    held = {kind: set(told.get(kind, ())) for kind in KINDS}
    requests = stats["requests"]["graphql"] + stats["requests"]["rest"]
    return Run(requests, stats["points"], seconds, usage.ru_maxrss / 1024, held, told.get("remark", ""))


def _environment(tool: Tool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB", "SIGHTLINE"))}
    if not tool.packages:
        kept["PYTHONPATH"] = str(Path(__file__).parents[1])
    return kept | {"GITHUB_TOKEN": "sandbox-token", "DO_NOT_TRACK": "1", "RUNTIME__DLTHUB_TELEMETRY": "false"}


def _change(world: World, count: int) -> None:
    """1 % of the pull requests, five that nobody would look at again, and two deleted comments."""
    for number in range(0, count, 100):
        mutate(world, {"do": "late_review", "pull_request": f"PR_load_{number}", "bump": True})
    for number in range(1, 6):
        mutate(world, {"do": "late_review", "pull_request": f"PR_load_{number}", "bump": False})
    comments = [node for node in world.nodes.values() if isinstance(node, ReviewComment) and node.reply_to]
    for comment in comments[10:12]:
        mutate(world, {"do": "delete_comment", "comment": comment.id})


def _truth(world: World) -> dict[str, set[str]]:
    pulls = [pull for repository in world.repositories.values() for pull in repository.pull_requests]
    return {
        "pull_requests": {pull.id for pull in pulls},
        "reviews": {review.id for pull in pulls for review in pull.reviews},
        "review_comments": {comment.id for pull in pulls for comment in pull.review_comments},
        "comments": {comment.id for pull in pulls for comment in pull.comments},
        "commits": {entry.commit.oid for pull in pulls for entry in pull.commits},
    }


def _misses(held: dict[str, set[str]], truth: dict[str, set[str]]) -> str:
    """What exists and is not held, and what is held and no longer exists, of the kinds the tool takes."""
    said = []
    for kind in KINDS:
        name = kind.replace("_", " ")
        if not held[kind]:
            said.append(f"takes no {name}")
            continue
        if lost := len(truth[kind] - held[kind]):
            said.append(f"{lost} {name}")
        if ghosts := len(held[kind] - truth[kind]):
            said.append(f"{ghosts} deleted {name} kept")
    return "; ".join(said) or "nothing"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pull-requests", type=int, default=1_000)
    parser.add_argument("--latency-ms", type=float, default=100)
    parser.add_argument("--node-latency-ms", type=float, default=0, help="for each node of a GraphQL answer")
    parser.add_argument("--connection-latency-ms", type=float, default=0, help="for each new connection")
    parser.add_argument("--limit-seconds", type=float, default=900, help="for one run of one tool")
    parser.add_argument("--tools", default=",".join(TOOLS), help=", ".join(TOOLS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
