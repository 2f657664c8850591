"""`sightline signals`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import Chapters, format_option, say_all, window_option, with_config

FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of signals of your own. [default: those that the settings name]",
)


@click.group(cls=Chapters)
def signals() -> None:
    """The questions that turn activity into evidence."""


@signals.command("list")
@format_option("text", "json")
@with_config
def signals_list(config: Path, form: str) -> None:
    """Every signal, and the question that it answers."""
    from app.signals import list_signals

    click.echo(list_signals(config, form))


@signals.command("show")
@click.argument("name")
@FOLDER
@with_config
def signals_show(config: Path, name: str, folder: Path | None) -> None:
    """The card of one signal, and its SQL."""
    from app.signals import show_signal

    click.echo(show_signal(config, name, folder))


@signals.command("test")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@FOLDER
@click.option(
    "--pages", type=click.Path(path_type=Path, file_okay=False), help="[default: `specs` beside the signal]"
)
@with_config
def signals_test(config: Path, names: tuple[str, ...], folder: Path | None, pages: Path | None) -> None:
    """Runs the examples of the spec pages, of all signals or of these. Exit 1 if one does not hold."""
    from app.signals import test_signals

    wrong, fine = test_signals(config, names, folder, pages)
    say_all(wrong, fine)


@signals.command("honesty")
@window_option("the last one published")
@format_option("text", "json", "md")
@with_config
def signals_honesty(config: Path, window: str | None, form: str) -> None:
    """What each signal can and cannot see in the whole organisation."""
    from app.reports import show_honesty

    click.echo(show_honesty(config, window, form))
