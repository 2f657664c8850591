"""`python -m sandbox`, and `sightline sandbox` with the same flags."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox.app import Holding
from sandbox.faults import FAULTS, Faults, UnknownFault
from sandbox.organisation.build import ImpossibleSize, organisation
from sandbox.organisation.load import load as load_organisation
from sandbox.organisation.prolific import prolific
from sandbox.organisation.vast import vast
from sandbox.recorded import UnreadableRecording, load
from sandbox.server import serve


def main(argv: Sequence[str] | None = None, *, program: str = "python -m sandbox") -> int:
    """Serve until interrupted; 0 then, 2 when a flag or a file is wrong."""
    options = _parser(program).parse_args(argv)
    try:
        Faults(options.fault)
        holding = _holding(options)
    except (UnknownFault, UnreadableRecording, ImpossibleSize) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    try:
        serve(
            holding,
            port=options.port,
            faults=options.fault,
            latency_ms=options.latency_ms,
            node_latency_ms=options.node_latency_ms,
            connection_latency_ms=options.connection_latency_ms,
            points_an_hour=options.points_an_hour,
        )
    except OSError as error:
        sys.stderr.write(f"sandbox: port {options.port} is not free ({error.strerror}); take --port 0\n")
        return 2
    return 0


def _holding(options: argparse.Namespace) -> Holding:
    if options.recorded:
        return Holding(load(options.recorded))
    if options.load:
        return load_organisation(options.load, options.repositories or 1)
    if options.vast:
        return vast(options.vast, people=options.people, until=options.until)
    if options.prolific:
        return prolific(options.prolific, until=options.until)
    return organisation(
        options.organisation,
        teams=options.teams,
        people=options.people,
        quarters=options.quarters,
        repositories=options.repositories or 6,
        until=options.until,
    )


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="A GitHub, a PagerDuty and an incident.io on a loopback port, with invented or recorded "
        "data. The first line it prints, in JSON, has the addresses and the tokens.",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0, the default, picks a free one")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--recorded", type=Path, metavar="DIR", help="serve the payloads recorded in this folder"
    )
    what.add_argument(
        "--prolific",
        type=int,
        metavar="PULLS",
        help="one person (login: prolific) with so many pull requests",
    )
    what.add_argument(
        "--vast", type=int, metavar="REPOSITORIES", help="so many repositories with 100 pull requests each"
    )
    what.add_argument("--organisation", default="sandbox", metavar="SEED", help="generate one from this seed")
    what.add_argument(
        "--load",
        type=int,
        metavar="N",
        help="N pull requests of one shape (3 reviews, 4 review comments, 5 comments, 4 commits each)",
    )
    add("--teams", type=int, default=6)
    add("--people", type=int, default=48)
    add("--quarters", type=int, default=2, help="closed quarters before the running one")
    add("--repositories", type=int, help="6 by default, 1 of a --load")
    add(
        "--until",
        type=date.fromisoformat,
        default=datetime.now(UTC).date(),
        help="the last day that happened",
    )
    add("--latency-ms", type=float, default=0, help="wait before each answer")
    add("--node-latency-ms", type=float, default=0, help="wait for each node of a GraphQL answer")
    add("--connection-latency-ms", type=float, default=0, help="wait for each new connection")
    add("--points-an-hour", type=int, default=5_000, help="the rate limit of each token; 0: none at all")
    add(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:COUNT]",
        help="go wrong: " + ", ".join(FAULTS) + " (page_too_heavy:N: 502 when a page is wider than N)",
    )
    return parser
