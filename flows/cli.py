"""The console script. Reading commands open JSON files only: they start at once and wait for no night."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import date
from pathlib import Path
from typing import NoReturn

import click

from connectors.errors import BadInput, RateLimited, Refused, SourceError
from flows.commands import own
from flows.commands.contests import contests
from flows.commands.me import me
from flows.commands.options import Day, config_option, format_option
from flows.commands.people import people
from flows.commands.privacy import privacy
from flows.commands.reading import coverage, deliver, explain
from flows.commands.rubric import rubric
from flows.commands.signals import signals
from privacy.errors import DoorError

CONFIGURATION, REFUSED, BROKEN = 2, 3, 4
"""Exit codes beside 0 (all there) and 1 (ended with gaps)."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), default=Path("sightline.yaml"), show_default=True)
@click.version_option(package_name="sightline")
@click.pass_context
def cli(context: click.Context, config: Path) -> None:
    """For every rubric item: what your tools can see, what they saw, what only a conversation can tell."""
    context.obj = config


@cli.command()
@config_option
@click.option("--as-of", type=Day(), help="Run as if today were this day. [default: today]")
@click.pass_obj
def nightly(config: Path, config_here: Path | None, as_of: date | None) -> None:
    """Runs one night now. Exit 0: all there; 1: gaps; 2: configuration; 3: a source refused."""
    from flows.night_run import run_nightly

    code = run_nightly(config_here or config, as_of)
    sys.stdout.flush()
    sys.stderr.flush()
    # Prefect's threads outlive the run and hold on to the database driver, which would complain of it
    # at shutdown; everything of ours is closed by now.
    os._exit(code)


@cli.command()
@config_option
@click.option("--cron", help="When, in UTC. [default: `schedule` in the settings]")
@click.pass_obj
def serve(config: Path, config_here: Path | None, cron: str | None) -> None:
    """Runs the nightly on its schedule until stopped."""
    from flows.night_run import serve_nightly

    serve_nightly(config_here or config, cron)


@cli.command()
@config_option
@format_option("text", "json")
@click.pass_obj
def status(config: Path, config_here: Path | None, form: str) -> None:
    """Whether last night can be trusted: what was fetched, what is missing, what it cost."""
    from flows.views import show_status

    click.echo(show_status(config_here or config, form))


@cli.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """A loopback GitHub and PagerDuty: --port P [--recorded DIR | --organisation SEED ...]."""
    from sandbox.cli import main as sandbox_main

    sys.exit(sandbox_main(list(arguments)))


@cli.command()
@click.option("--home", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--seed", default=7, show_default=True, help="Which generated organisation.")
def demo(home: Path, seed: int) -> None:
    """The main job on the sandbox organisation, then the three reports."""
    from flows.demo import run_demo

    sys.exit(run_demo(home, seed))


@cli.command()
@click.argument("home_a", type=click.Path(path_type=Path))
@click.argument("home_b", type=click.Path(path_type=Path))
def compare(home_a: Path, home_b: Path) -> None:
    """Whether two homes hold the same warehouse, table by table, whatever ids their vaults gave people."""
    from warehouse.compare import different_tables

    found = different_tables(home_a, home_b)
    for table, (rows_a, rows_b, same) in found.items():
        click.echo(f"{table:22} {rows_a:>9} {rows_b:>9}  {'same' if same else 'DIFFERENT'}")
    sys.exit(0 if all(same for _, _, same in found.values()) else 1)


for command in (
    coverage,
    me,
    deliver,
    own.shared,
    contests,
    explain,
    rubric,
    signals,
    people,
    privacy,
):
    cli.add_command(command)
for command in own.COMMANDS:
    me.add_command(command)
for command in (own.leave,):
    me.add_command(command)


def main() -> NoReturn:
    """Runs the command line; every foreseen error becomes one sentence each and an exit code."""
    code = 0
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = CONFIGURATION
    except BadInput as error:
        for mistake in error.mistakes:
            click.echo(mistake, err=True)
        code = CONFIGURATION
    except RateLimited as error:
        click.echo(str(error), err=True)
        code = 1
    except (Refused, SourceError) as error:
        click.echo(str(error), err=True)
        code = REFUSED
    except DoorError as error:
        click.echo(str(error), err=True)
        code = 1
    except Exception:
        traceback.print_exc()
        click.echo("this is a defect of Sightline; please report the lines above", err=True)
        code = BROKEN
    sys.exit(code)


if __name__ == "__main__":
    main()
