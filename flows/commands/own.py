"""What one may say and decide about one's own report: further commands of `sightline me`."""

from __future__ import annotations

from pathlib import Path

import click

window_option = click.option("--window", help="A quarter like 2026Q3. [default: the running one]")


@click.command()
@click.argument("item")
@click.argument("text", required=False)
@window_option
@click.option("--delete", is_flag=True, help="Delete the note that stands there.")
@click.pass_obj
def note(config: Path, item: str, text: str | None, window: str | None, delete: bool) -> None:
    """Writes TEXT beside your cell of ITEM, in the place of what stood there. Nobody else sees it."""
    from flows import own_words

    if delete == (text is not None):
        raise click.UsageError("write a text, or --delete the one that stands there")
    if text is not None:
        click.echo(own_words.write_note(config, item, text, window))
    else:
        click.echo(own_words.delete_note(config, item, window))


@click.command()
@click.argument("item")
@click.option("--because", type=click.Choice(["not-me", "wrong-item", "missing"]))
@click.option("--note", "text", help="What whoever decides should know.")
@window_option
@click.option("--take-back", is_flag=True, help="Take your contest of this cell back.")
@click.pass_obj
def contest(
    config: Path, item: str, because: str | None, text: str | None, window: str | None, take_back: bool
) -> None:
    """Says that your cell of ITEM is wrong. It is decided by somebody who is not your manager."""
    from flows import own_words

    if take_back == (because is not None):
        raise click.UsageError("say --because why, or --take-back the contest that stands")
    if because is not None:
        click.echo(own_words.open_contest(config, item, because, text, window))
    else:
        click.echo(own_words.take_back_contest(config, item, window))
