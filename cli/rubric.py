"""`sightline rubric`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.options import Chapters, format_option, window_option, with_config


@click.group(
    cls=Chapters,
    chapters={
        "The map in force": ["check", "list", "impact"],
        "The document it is made from": ["import", "diff", "drift"],
    },
)
def rubric() -> None:
    """The map from rubric items to signals, and the documents it is made from."""


@rubric.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@with_config
def rubric_check(config: Path, file: Path | None) -> None:
    """Every mistake of the maps in force at once, or of FILE, with its line. Exit 2 if there are any."""
    from app.rubric import check_rubric

    click.echo(check_rubric(config, file))


@rubric.command("list")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@format_option("text", "json")
@with_config
def rubric_list(config: Path, file: Path | None, form: str) -> None:
    """The items of the map, a line each."""
    from app.rubric import list_rubric

    click.echo(list_rubric(config, file, form))


@rubric.command("import")
@click.argument("document")
@click.option("--output", type=click.Path(path_type=Path), help="A new file. [default: printed]")
def rubric_import(document: str, output: Path | None) -> None:
    """Prints the skeleton of a map, one item for each statement of DOCUMENT.

    None of them is classified. A document is plain text, HTML, Markdown, CSV (pillar, group, statement) or
    YAML, of which one level is named like engineering.yml@senior-1.
    """
    from app.rubric import import_rubric

    click.echo(import_rubric(document, output))


@rubric.command("diff")
@click.argument("before")
@click.argument("after")
@format_option("text", "json")
@with_config
def rubric_diff(config: Path, before: str, after: str, form: str) -> None:
    """What the document AFTER adds to BEFORE, drops, moves and rewords. Two maps are compared as well."""
    from app.rubric import show_diff

    click.echo(show_diff(config, before, after, form))


@rubric.command("drift")
@click.argument("document")
@click.option("--map", "file", type=click.Path(path_type=Path), help="[default: the map in force]")
@with_config
def rubric_drift(config: Path, document: str, file: Path | None) -> None:
    """Which items of the map DOCUMENT no longer fits. Exit 1 if there are any."""
    from app.rubric import show_drift

    text, code = show_drift(config, document, file)
    click.echo(text)
    sys.exit(code)


@rubric.command("impact")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@window_option("the last one published")
@click.option(
    "--team", "teams", multiple=True, help="Compare this team's bands; may be repeated.  [default: none]"
)
@format_option("md", "json")
@with_config
def rubric_impact(
    config: Path,
    old: Path,
    new: Path,
    window: str | None,
    teams: tuple[str, ...],
    form: str,
) -> None:
    """What putting the map NEW in the place of OLD would do. Markdown, for a pull request."""
    from app.rubric import show_impact

    settings = config if config.exists() else None
    click.echo(show_impact(settings, old, new, window, teams, form))
