"""`sightline signals`."""

from __future__ import annotations

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
