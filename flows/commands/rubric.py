"""`sightline rubric`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.commands.options import config_option, format_option


@click.group()
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
