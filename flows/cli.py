"""The console script. Reading commands open JSON files only: they start at once and wait for no night."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from connectors.errors import BadInput, RateLimited, Refused, SourceError
from privacy.errors import DoorError

Command = TypeVar("Command", bound=Callable[..., Any])
CONFIGURATION, REFUSED, BROKEN = 2, 3, 4
"""Exit codes beside 0 (all there) and 1 (ended with gaps)."""


class Day(click.ParamType):  # type: ignore[type-arg]  # generic in its stubs only
    """An ISO date."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write it like 2026-09-30", param, ctx)


def config_option(command: Command) -> Command:
    """`--config` may stand before or after the command."""
    with_option = click.option(
        "--config",
        "config_here",
        type=click.Path(path_type=Path),
        help="The settings file. [default: sightline.yaml]",
    )
    return with_option(command)


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format`, text unless said otherwise."""
    return click.option("--format", "form", type=click.Choice(formats), default="text", show_default=True)


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
@click.argument("team")
@config_option
@click.option("--window", help="A quarter like 2026Q3. [default: the last one published]")
@format_option("text", "json", "csv", "html")
@click.pass_obj
def coverage(config: Path, config_here: Path | None, team: str, window: str | None, form: str) -> None:
    """What the tools can see of each rubric item for TEAM, and in bands, what they saw."""
    from flows.views import show_coverage

    click.echo(show_coverage(config_here or config, team, window, form))


@cli.command()
@config_option
@click.option("--window", help="A quarter like 2026Q3. [default: the running one]")
@format_option("text", "json", "md", "html")
@click.pass_obj
def me(config: Path, config_here: Path | None, window: str | None, form: str) -> None:
    """Your own signal report. Who you are is proven by your GitHub token in GITHUB_TOKEN."""
    from flows.views import show_me

    click.echo(show_me(config_here or config, window, form))


@cli.command()
@click.argument("item")
@config_option
@click.option("--window", help="A quarter like 2026Q3. [default: the running one]")
@format_option("text", "json")
@click.pass_obj
def explain(config: Path, config_here: Path | None, item: str, window: str | None, form: str) -> None:
    """Why a cell of yours is what it is: ITEM is a rubric item, or the link of an evidence."""
    from flows.views import show_explanation

    click.echo(show_explanation(config_here or config, item, window, form))


@cli.command()
@config_option
@format_option("text", "json")
@click.pass_obj
def status(config: Path, config_here: Path | None, form: str) -> None:
    """Whether last night can be trusted: what was fetched, what is missing, what it cost."""
    from flows.views import show_status

    click.echo(show_status(config_here or config, form))


@cli.group()
def rubric() -> None:
    """The map from rubric items to signals."""


@rubric.command("check")
@config_option
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def rubric_check(config: Path, config_here: Path | None, file: Path | None) -> None:
    """Reports every mistake of the map at once, with file and line."""
    from flows.rubric_views import check_rubric

    click.echo(check_rubric(config_here or config, file))


@rubric.command("list")
@config_option
@click.argument("file", required=False, type=click.Path(path_type=Path))
@format_option("text", "json")
@click.pass_obj
def rubric_list(config: Path, config_here: Path | None, file: Path | None, form: str) -> None:
    """The items of the map, a line each."""
    from flows.rubric_views import list_rubric

    click.echo(list_rubric(config_here or config, file, form))


@rubric.command("import")
@click.argument("document")
@click.option("--output", type=click.Path(path_type=Path), help="A new file. [default: printed]")
def rubric_import(document: str, output: Path | None) -> None:
    """The skeleton of a map: one item for each statement of DOCUMENT, none of them classified.

    Plain text, HTML, Markdown, CSV (pillar, group, statement), or YAML with levels: engineering.yml@senior-1.
    """
    from flows.rubric_views import import_rubric

    click.echo(import_rubric(document, output))


@rubric.command("diff")
@click.argument("before")
@click.argument("after")
@format_option("text", "json")
def rubric_diff(before: str, after: str, form: str) -> None:
    """What AFTER adds, drops, moves and rewords. Both are rubric documents, or maps."""
    from flows.rubric_views import show_diff

    click.echo(show_diff(before, after, form))


@rubric.command("drift")
@config_option
@click.argument("document")
@click.option("--map", "file", type=click.Path(path_type=Path), help="[default: the map in force]")
@click.pass_obj
def rubric_drift(config: Path, config_here: Path | None, document: str, file: Path | None) -> None:
    """Which items DOCUMENT no longer fits. Exit 1 when there are any."""
    from flows.rubric_views import show_drift

    text, code = show_drift(config_here or config, document, file)
    click.echo(text)
    sys.exit(code)


@rubric.command("impact")
@config_option
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--window", help="A quarter like 2026Q3. [default: the last one published]")
@click.option(
    "--team", "teams", multiple=True, help="Compare this team's bands; may be repeated. [default: none]"
)
@click.option("--format", "form", type=click.Choice(["md", "json"]), default="md", show_default=True)
@click.pass_obj
def rubric_impact(
    config: Path,
    config_here: Path | None,
    old: Path,
    new: Path,
    window: str | None,
    teams: tuple[str, ...],
    form: str,
) -> None:
    """What putting the map NEW in the place of OLD would do, as Markdown for a pull request."""
    from flows.rubric_views import show_impact

    settings = config_here or (config if config.exists() else None)
    click.echo(show_impact(settings, old, new, window, teams, form))


@cli.group("signals")
def signals_group() -> None:
    """The questions that turn activity into evidence."""


@signals_group.command("list")
@format_option("text", "json")
def signals_list(form: str) -> None:
    """Every signal and what it answers."""
    from flows.views import list_signals

    click.echo(list_signals(form))


@signals_group.command("show")
@click.argument("name")
def signals_show(name: str) -> None:
    """The card of one signal: what it answers, what it misleads about, and its SQL."""
    from flows.views import show_signal

    click.echo(show_signal(name))


@cli.group()
def privacy() -> None:
    """What is promised about people, and whether it still holds."""


@privacy.command("agreement")
@config_option
@format_option("text", "json")
@click.pass_obj
def privacy_agreement(config: Path, config_here: Path | None, form: str) -> None:
    """What may be collected, why, who sees it and how long it is kept, in plain language."""
    from flows.privacy_views import show_agreement

    click.echo(show_agreement(config_here or config, form))


@privacy.command("verify")
@config_option
@click.pass_obj
def privacy_verify(config: Path, config_here: Path | None) -> None:
    """Whether every published file is still what was published. Exit 1: something is not."""
    from flows.privacy_views import verify_published

    _say_all(verify_published(config_here or config), "every published file is what was published")


@privacy.command("withdraw")
@click.argument("team")
@click.argument("window")
@click.argument("item")
@config_option
@click.pass_obj
def privacy_withdraw(config: Path, config_here: Path | None, team: str, window: str, item: str) -> None:
    """Takes the band of ITEM out of a release, for good and without a reason."""
    from flows.privacy_views import withdraw_item

    click.echo(withdraw_item(config_here or config, team, window, item))


@privacy.command("attack")
@config_option
@click.option("--organisations", type=click.IntRange(1), default=40, show_default=True)
@click.option("--seed", default=0, show_default=True, help="The first of the organisations.")
@click.pass_obj
def privacy_attack(config: Path, config_here: Path | None, organisations: int, seed: int) -> None:
    """Sends generated organisations through the door and attacks what comes out. Exit 1: it leaks."""
    from flows.privacy_views import attack_door

    _say_all(attack_door(config_here or config, range(seed, seed + organisations), click.echo), None)


@privacy.group("audit")
def privacy_audit() -> None:
    """The log of what was published, withdrawn and read."""


@privacy_audit.command("verify")
@config_option
@click.option("--anchor", type=click.Path(path_type=Path), help="[default: `audit_anchor` in the settings]")
@click.pass_obj
def privacy_audit_verify(config: Path, config_here: Path | None, anchor: Path | None) -> None:
    """Whether the log is whole: nothing edited, deleted or moved, and with an anchor, nothing cut off."""
    from flows.privacy_views import verify_audit

    wrong, fine = verify_audit(config_here or config, anchor)
    _say_all(wrong, fine)


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


def _say_all(wrong: list[str], fine: str | None) -> None:
    """Prints everything that is wrong and exits 1, or says that all is fine."""
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        sys.exit(1)
    if fine:
        click.echo(fine)


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
