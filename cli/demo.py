"""`sightline demo`: the main job, through the same commands, against a sandbox organisation."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from config.settings import SHIPPED, environment_with
from connectors.errors import BadInput
from privacy.amendments import signature
from privacy.policy import body_sha256
from warehouse.files import write_atomically
from warehouse.windows import Window, today, window_of


def run_demo(home: Path, seed: int, *, stay: bool = False) -> int:
    """Runs a night on the sandbox and prints the three reports; returns the night's exit code.

    To `stay` leaves the sandbox there until it is interrupted, to try every other command on.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput([f"{home}: cannot be a folder ({error.strerror}); name another with --home"]) from None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or the sandbox would outlive the demo
    with _sandbox(seed, today().isoformat()) as addresses:
        config = home / "sightline.yaml"
        with urllib.request.urlopen(addresses["roster"]) as answer:  # noqa: S310  our own loopback server
            write_atomically(home / "roster.csv", answer.read().decode())
        closed = window_of(today()).previous()
        write_atomically(config, _settings(addresses, closed.previous()))
        # signed, as an organisation would, so that a demo goes on after the shipped one has changed
        write_atomically(
            home / "agreement.yaml", _signed((SHIPPED / "agreement.yaml").read_text(encoding="utf-8"))
        )
        _title("The night", "sightline nightly")
        night = _sightline(config, "nightly", GITHUB_TOKEN=addresses["tokens"]["github"],
                           PAGERDUTY_TOKEN=addresses["tokens"]["pagerduty"])  # fmt: skip
        if night not in (0, 1):
            return night
        team, engineer = _somebody(home / "roster.csv", closed)
        _title("For the manager", f"sightline coverage {team} --window {closed.name}")
        _sightline(config, "coverage", team, "--window", closed.name)
        _title("For the engineer", f"sightline me --window {closed.name}")
        proof = f"sandbox-{engineer}"
        _sightline(config, "me", "--window", closed.name, GITHUB_TOKEN=proof)
        pages = {
            "coverage.html": ["coverage", team, "--window", closed.name],
            "me.html": ["me", "--window", closed.name],
        }
        for name, command in pages.items():
            page = _output(config, *command, "--format", "html", GITHUB_TOKEN=proof)
            write_atomically(home / name, page)
        click.echo("\nPages:")
        for name in pages:
            click.echo(f"  {(home / name).resolve().as_uri()}")
        click.echo(f"The night's receipt: sightline --config {config} status")
        if stay:
            click.echo("\nThe sandbox stays until Ctrl-C. In another terminal:")
            click.echo(
                f"  export GITHUB_TOKEN={proof}   # or sandbox-LOGIN, of anybody in {home / 'roster.csv'}"
            )
            click.echo(f"  sightline me --full --config {config}")
            click.echo(f"  export PAGERDUTY_TOKEN={addresses['tokens']['pagerduty']}   # for one night more:")
            click.echo(f"  sightline nightly --config {config}")
            with suppress(KeyboardInterrupt):
                signal.pause()
        else:
            click.echo("Run it again for an incremental night; with --stay, to try every other command.")
    return night


@contextmanager
def _sandbox(seed: int, until: str) -> Iterator[dict[str, Any]]:
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "sandbox", "--port", "0", "--organisation", str(seed), "--until", until],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())
    finally:
        server.terminate()
        server.wait()


def _settings(addresses: dict[str, Any], first: Window) -> str:
    return f"""\
# Written by `sightline demo`; the addresses are a sandbox that ran only while the demo did.
home: home
roster: roster.csv
agreement: agreement.yaml
github:
  base_url: {addresses["github"]["base_url"]}
  organisations: [{addresses["organization"]}]
  since: {first.starts_on}
github_incidents:
  repositories: [{addresses["organization"]}/operations]
pagerduty:
  base_url: {addresses["pagerduty"]["base_url"]}
  since: {first.starts_on}
"""


def _signed(agreement: str) -> str:
    sha256, signed_on = body_sha256(agreement), today().isoformat()
    lines = [signature(f"the demo's {who}", signed_on, sha256) for who in ("operator", "works council")]
    return "\n".join([agreement.rstrip(), "approved:", *lines, ""])


def _somebody(roster: Path, window: Window) -> tuple[str, str]:
    """A team large enough to be shown, and one engineer of it."""
    with roster.open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["login"] != row["manager"]
            and row["from"] <= window.starts_on.isoformat()
            and (not row["until"] or row["until"] >= window.ends_on.isoformat())
        ]
    team = Counter(row["team"] for row in rows).most_common(1)[0][0]
    return team, next(row["login"] for row in rows if row["team"] == team)


def _title(text: str, command: str) -> None:
    click.echo(f"\n=== {text}: {command}\n")


def _sightline(config: Path, *arguments: str, **variables: str) -> int:
    sys.stdout.flush()
    return subprocess.run(
        _command(config, arguments), env=environment_with(**variables), check=False
    ).returncode


def _output(config: Path, *arguments: str, **variables: str) -> str:
    return subprocess.run(
        _command(config, arguments),
        env=environment_with(**variables),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def _command(config: Path, arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-P", "-m", "cli.main", "--config", str(config), *arguments]
