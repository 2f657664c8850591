"""The console script. Reading commands open JSON files only: they start at once and wait for no night."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import NoReturn

import click

from cli import own
from cli.contests import contests
from cli.exit_codes import BROKEN, CONFIGURATION, REFUSED
from cli.me import me
from cli.options import Chapters, Day, with_config
from cli.people import people
from cli.privacy import privacy
from cli.reading import coverage, deliver, explain, query, status
from cli.rubric import rubric
from cli.sharing import shared
from cli.signals import signals
from connectors.errors import BadInput, RateLimited, Refused, SourceError
from privacy.errors import DoorError

OUT_OF_REACH = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@click.group(
    cls=Chapters,
    context_settings={"help_option_names": ["-h", "--help"]},
    chapters={
        "For engineers": ["me", "explain", "shared"],
        "For managers and analysts": ["coverage", "query"],
        "For decisions and privacy": ["contests", "privacy"],
        "For operators": ["nightly", "serve", "status", "people", "deliver"],
        "For authors of rubrics and signals": ["rubric", "signals"],
        "To try it": ["demo", "sandbox"],
    },
    epilog="Exit codes: 0 all there; 1 something is missing, not there or not right, and is named; "
    "2 a mistake in the settings or on the command line; 3 a source refused; 4 a defect of Sightline.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("sightline.yaml"),
    show_default=True,
    help="The settings file; may stand after the command too.",
)
@click.version_option(package_name="sightline")
@click.pass_context
def cli(context: click.Context, config: Path) -> None:
    """For every item of an engineering rubric: what your tools can see, what they saw, and what only a
    conversation can tell.
    """
    context.obj = config


@cli.command()
@click.option("--as-of", type=Day(), help="Run as if today were this day.  [default: today]")
@with_config
def nightly(config: Path, as_of: date | None) -> None:
    """Runs one night now: fetches what changed, and writes the reports.

    Exit codes: 0 all there; 1 ended with gaps, which are listed; 2 a mistake in the settings; 3 a source
    refused; 4 the night broke.
    """
    from cli.nightly import run_nightly

    _exit_at_once(run_nightly(config, as_of))


@cli.command()
@click.option("--cron", metavar="CRON", help="When, in UTC.  [default: `schedule` in the settings]")
@with_config
def serve(config: Path, cron: str | None) -> None:
    """Runs a night at every time of the schedule, until stopped.

    Exit codes: 0 stopped; 2 a mistake in the settings; 4 no night can start.
    """
    from cli.nightly import serve_nightly

    _exit_at_once(serve_nightly(config, cron))


cli.add_command(status)


@cli.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """Serves a made-up GitHub, PagerDuty and incident.io on a loopback port."""
    from sandbox.cli import main as sandbox_main

    sys.exit(sandbox_main(list(arguments), program="sightline sandbox"))


@cli.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="The folder that everything is written to.",
)
@click.option("--seed", default=7, show_default=True, help="Which generated organisation.")
@click.option("--stay", is_flag=True, help="Leave the sandbox running afterwards, to try every command on.")
def demo(home: Path, seed: int, stay: bool) -> None:
    """Runs a real night against the sandbox, then prints what a manager and an engineer read."""
    from cli.demo import run_demo

    sys.exit(run_demo(home, seed, stay=stay))


for command in (
    coverage,
    query,
    me,
    deliver,
    shared,
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
    except Exception as error:
        if sentence := _out_of_reach(error):
            click.echo(sentence, err=True)
            code = CONFIGURATION
        else:
            traceback.print_exc()
            click.echo("this is a defect of Sightline; please report the lines above", err=True)
            code = BROKEN
    sys.exit(code)


def _exit_at_once(code: int) -> NoReturn:
    """Ends without finalisation, when everything of ours is closed.

    Prefect's threads outlive the run and hold on to the database driver, which would complain of leaks.
    """
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _out_of_reach(error: Exception) -> str | None:
    """What to say of a file without room, or that is broken, closed or held; None of any other error."""
    if isinstance(error, OSError) and error.errno in OUT_OF_REACH:
        return f"{error.filename or 'the output'}: {error.strerror}; make room or mend the permissions"
    if "IOException" in type(error).__name__ or "No space left" in str(error):
        # the database's own sentence names the file and what is wrong with it, and nothing that is in it
        wrong = str(error).splitlines()[0].split("Error: ", 1)[-1].removeprefix("Failed to commit: ")
        if "lock" in wrong:
            return f"{wrong}; run it again when that has ended"
        return f"{wrong}; make room, mend the permissions, or restore the file from a backup"
    return None


if __name__ == "__main__":
    main()
