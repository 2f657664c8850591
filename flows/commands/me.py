"""`sightline me`: one's own report, and what one may do about it."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from flows.commands.options import Day, PastDay, config_option, format_option


@click.group(invoke_without_command=True)
@config_option
@click.option("--window", help="A quarter like 2026Q3. [default: the running one]")
@format_option("text", "json", "csv", "md", "html")
@click.option(
    "--titles/--no-titles",
    "with_titles",
    default=None,
    help="Ask GitHub, with your token, what things are called. [default: with --solo]",
)
@click.option(
    "--solo", is_flag=True, help="Without any Sightline around you: your own token, your own machine."
)
@click.option("--since", type=Day(), help="With --solo: how far to go back. [default: four quarters]")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="With --solo: where your traces are kept, and nowhere else.",
)
@click.option("--as-of", type=PastDay(), help="As the last night until this day wrote it.")
@click.pass_context
def me(
    context: click.Context,
    config_here: Path | None,
    window: str | None,
    form: str,
    with_titles: bool | None,
    solo: bool,
    since: date | None,
    home: Path | None,
    as_of: date | None,
) -> None:
    """Your own signal report. Who you are is proven by your GitHub token in GITHUB_TOKEN."""
    context.obj = config_here or context.obj
    if as_of and (solo or context.invoked_subcommand):
        raise click.UsageError(
            "--as-of is for the report that a service's nights write: `sightline me --as-of`"
        )
    if solo:
        if context.invoked_subcommand is not None:
            raise click.UsageError(
                f"--solo has no '{context.invoked_subcommand}': nobody else reads that report"
            )
        from flows.solo import show_solo

        text, code = show_solo(window, form, since=since, home=home, with_titles=with_titles is not False)
        click.echo(text)
        sys.exit(code)
    if since or home:
        raise click.UsageError("--since and --home belong to --solo; a service has them in its settings")
    if context.invoked_subcommand is None:
        from flows.views import show_me

        click.echo(show_me(context.obj, window, form, with_titles=bool(with_titles), as_of=as_of))
