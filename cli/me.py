"""`sightline me`: one's own report, and what one may do about it."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click
from click.core import ParameterSource

from cli.options import Chapters, Day, PastDay, config_option, format_option, full_option, window_option


@click.group(
    cls=Chapters,
    invoke_without_command=True,
    chapters={
        "To read": ["incidents", "shares", "access-log", "export", "delivery"],
        "To have your say": ["note", "contest", "leave"],
        "To show it, or to be left out": ["share", "unshare", "opt-out", "opt-in"],
    },
)
@window_option("the running one")
@format_option("text", "json", "csv", "md", "html")
@full_option
@click.option(
    "--titles/--no-titles",
    "with_titles",
    default=None,
    help="Ask GitHub, with your token, what things are called.  [default: with --solo; as text with --full]",
)
@click.option("--as-of", type=PastDay(), help="As the last night until this day wrote it.")
@click.option(
    "--solo", is_flag=True, help="Without any Sightline around you: your own token, your own machine."
)
@click.option("--since", type=Day(), help="With --solo: how far to go back.  [default: four quarters]")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="With --solo: where your traces are kept.  [default: ~/.local/share/sightline/solo]",
)
@config_option
@click.pass_context
def me(
    context: click.Context,
    window: str | None,
    form: str,
    full: bool,
    with_titles: bool | None,
    solo: bool,
    since: date | None,
    home: Path | None,
    as_of: date | None,
) -> None:
    """Your own report, item by item. Who you are is proven by your GitHub token in GITHUB_TOKEN.

    Without a command it prints the report.
    """
    if context.invoked_subcommand is not None:
        _refuse_given(context, context.invoked_subcommand)
        return
    if solo and as_of:
        raise click.UsageError(
            "--as-of is for the report that a service's nights write; --solo has no nights"
        )
    if solo:
        from cli.solo import show_solo

        full = full or bool(with_titles)
        titled = with_titles is not False and (full or form != "text")
        text, code = show_solo(window, form, since=since, home=home, full=full, with_titles=titled)
        click.echo(text)
        sys.exit(code)
    if since or home:
        raise click.UsageError("--since and --home belong to --solo; a service has them in its settings")
    from app.reports import show_me

    click.echo(show_me(context.obj, window, form, full=full, with_titles=bool(with_titles), as_of=as_of))


def _refuse_given(context: click.Context, command: str) -> None:
    """An option of the report itself would be lost before a command, and a note land in another quarter."""
    for option in context.command.params:
        if option.name and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            named = option.opts[0]
            if named in ("--window", "--format"):
                raise click.UsageError(f"write {named} after the command: sightline me {command} {named} ...")
            if named != "--config":
                raise click.UsageError(
                    f"{named} is for the report itself: `sightline me {named}`, without '{command}'"
                )
