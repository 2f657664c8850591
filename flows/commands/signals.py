"""`sightline signals`."""

from __future__ import annotations

from pathlib import Path

import click

from flows.commands.options import format_option


@click.group()
def signals() -> None:
    """The questions that turn activity into evidence."""


@signals.command("list")
@format_option("text", "json")
def signals_list(form: str) -> None:
    """Every signal and what it answers."""
    from flows.views import list_signals

    click.echo(list_signals(form))


@signals.command("show")
@click.argument("name")
def signals_show(name: str) -> None:
    """The card of one signal: what it answers, what it misleads about, and its SQL."""
    from flows.views import show_signal

    click.echo(show_signal(name))


@signals.command("test")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--pages",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(__file__).parents[2] / "tests" / "specs",
    help="Where the spec pages lie, if not beside the signals.",
)
def signals_test(names: tuple[str, ...], pages: Path) -> None:
    """Run the examples of the spec pages: tables in, tables out. Exits 1 where one does not hold."""
    from flows.views import run_specs

    said, holds = run_specs(names, pages)
    click.echo(said)
    raise SystemExit(0 if holds else 1)
