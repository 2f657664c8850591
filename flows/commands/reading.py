"""What people read: a team's coverage, and why a cell is what it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from flows.commands.options import PastDay, config_option, format_option


@click.command()
@click.argument("team")
@config_option
@click.option("--window", help="A quarter like 2026Q3. [default: the last one published]")
@click.option("--rubric", help="Which, where the team is on several. [default as text: all of them]")
@format_option("text", "json", "csv", "html")
@click.pass_obj
def coverage(
    config: Path, config_here: Path | None, team: str, window: str | None, rubric: str | None, form: str
) -> None:
    """What the tools can see of each rubric item for TEAM, and in bands, what they saw."""
    from flows.views import show_coverage

    click.echo(show_coverage(config_here or config, team, window, form, rubric))


@click.command()
@click.argument("item")
@config_option
@click.option("--window", help="A quarter like 2026Q3. [default: the running one]")
@click.option("--since", type=PastDay(), help="Say also why it changed since this day.")
@format_option("text", "json")
@click.pass_obj
def explain(
    config: Path, config_here: Path | None, item: str, window: str | None, since: date | None, form: str
) -> None:
    """Why a cell of yours is what it is: ITEM is a rubric item, or the link of an evidence."""
    from flows.views import show_explanation

    click.echo(show_explanation(config_here or config, item, window, form, since))


@click.command()
@config_option
@click.option("--to", type=click.Path(path_type=Path), required=True, help="The folder to write into.")
@click.option("--window", help="A quarter like 2026Q3. [default: the running one]")
@click.pass_obj
def deliver(config: Path, config_here: Path | None, to: Path, window: str | None) -> None:
    """Encrypts everybody's report to the SSH keys of their own GitHub account, into a folder for anywhere."""
    from flows.delivery import deliver as deliver_all

    click.echo(deliver_all(config_here or config, to, window))
