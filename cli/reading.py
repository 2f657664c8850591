"""What people read: a team's coverage, and why a cell is what it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cli.options import PastDay, format_option, full_option, window_option, with_config


@click.command()
@click.argument("team")
@window_option("the last one published")
@click.option("--rubric", help="Which one, where the team is on several.  [default as text: all of them]")
@format_option("text", "json", "csv", "html")
@full_option
@with_config
def coverage(config: Path, team: str, window: str | None, rubric: str | None, form: str, full: bool) -> None:
    """What the tools can see of each rubric item, and in coarse bands what they saw of TEAM."""
    from app.reports import show_coverage

    click.echo(show_coverage(config, team, window, form, rubric, full=full))


@click.command()
@click.argument("statement", required=False)
@format_option("text", "json", "csv")
@with_config
def query(config: Path, statement: str | None, form: str) -> None:
    """Answers one SQL select STATEMENT over everything that was published. Without it: lists the tables.

    It runs in a process of its own that can open no file, with bounded memory and time, and is logged.
    """
    from app import query

    if statement is None and form == "csv":
        raise click.UsageError("the tables are listed as text or json")
    click.echo(query.ask(config, statement, form) if statement else query.describe(form))


@click.command()
@click.argument("item")
@window_option("the running one")
@click.option("--since", type=PastDay(), help="Say also why it changed since this day.")
@format_option("text", "json")
@with_config
def explain(config: Path, item: str, window: str | None, since: date | None, form: str) -> None:
    """Why something stands in your report as it does. ITEM is an item, or the link of a trace.

    Which rule, which signal in which version, which sources and days, and every trace.
    """
    from app.reports import show_explanation

    click.echo(show_explanation(config, item, window, form, since))


@click.command()
@click.option("--to", type=click.Path(path_type=Path), required=True, help="The folder to write into.")
@window_option("the running one")
@with_config
def deliver(config: Path, to: Path, window: str | None) -> None:
    """Encrypts everybody's report to the SSH keys of their GitHub account, into a folder to publish."""
    from app.delivery import deliver as deliver_all

    click.echo(deliver_all(config, to, window))
