"""`sightline me`: one's own report, and what one may do about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cli.options import Chapters, Day, PastDay, config_option, format_option, full_option, window_option
from cli.sign_in import signed_in

if TYPE_CHECKING:
    from app.request import Asker
    from config.recorded_settings import RecordedSettings
    from privacy.released import Released


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
    help="Fetch titles from GitHub with your token.  [default: with --solo; as text with --full]",
)
@click.option("--as-of", type=PastDay(), help="The report of the last night up to this day.")
@click.option("--solo", is_flag=True, help="Without an installation: only your own token and machine.")
@click.option("--since", type=Day(), help="With --solo: how far to go back.  [default: four quarters]")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="With --solo: where your data is stored.  [default: ~/.local/share/sightline/solo]",
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
    from app.reports import own_report, own_report_as_of
    from people.titles import titles_of
    from reports.formats import own_report_as

    settings, asker = signed_in(context.obj)
    released = (
        own_report_as_of(settings, asker, window, as_of) if as_of else own_report(settings, asker, window)
    )
    titles = titles_of(released, settings, asker.token) if with_titles else {}
    click.echo(own_report_as(released, form, titles, full=full or bool(with_titles)))
    if form == "text":  # on the terminal alone: files and pages are handed on
        for sentence in _about_leave(settings, asker, released):
            click.echo(sentence)


def _about_leave(settings: RecordedSettings, asker: Asker, released: Released) -> Iterator[str]:
    from app.leave import days_left_out
    from cli.own import leave_text
    from warehouse.windows import parse_window

    for leave in days_left_out(settings, asker, parse_window(released.body["window"])).windows:
        yield f"{leave_text(leave)} (sightline me leave). Nobody else sees this."


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
