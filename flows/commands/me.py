"""`sightline me`: one's own report, and what one may do about it."""

from __future__ import annotations

from pathlib import Path

import click

from flows.commands.options import config_option, format_option


@click.group(invoke_without_command=True)
@config_option
@click.option("--window", help="A quarter like 2026Q3. [default: the running one]")
@format_option("text", "json", "md", "html")
@click.pass_context
def me(context: click.Context, config_here: Path | None, window: str | None, form: str) -> None:
    """Your own signal report. Who you are is proven by your GitHub token in GITHUB_TOKEN."""
    context.obj = config_here or context.obj
    if context.invoked_subcommand is None:
        from flows.views import show_me

        click.echo(show_me(context.obj, window, form))
