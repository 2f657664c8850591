"""What one may say and decide about one's own report: further commands of `sightline me`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cli.options import Day, format_option, window_option, with_config


@click.command()
@click.argument("item")
@click.argument("text", required=False)
@window_option("the running one")
@click.option("--delete", is_flag=True, help="Delete the note that stands there.")
@with_config
def note(config: Path, item: str, text: str | None, window: str | None, delete: bool) -> None:
    """Writes TEXT beside your ITEM, in the place of what stood there. Nobody else sees it.

    Unless you share the item with your notes.
    """
    from app import notes

    if delete == (text is not None):
        raise click.UsageError("write a text, or --delete the one that stands there")
    if text is not None:
        click.echo(notes.write_note(config, item, text, window))
    else:
        click.echo(notes.delete_note(config, item, window))


@click.command()
@click.argument("item")
@click.option(
    "--because", type=click.Choice(["not-me", "wrong-item", "missing"]), help="What is wrong with it."
)
@click.option("--note", "text", help="What whoever decides should know.")
@window_option("the running one")
@click.option("--take-back", is_flag=True, help="Take your contest of this cell back.")
@with_config
def contest(
    config: Path, item: str, because: str | None, text: str | None, window: str | None, take_back: bool
) -> None:
    """Says that what stands at your ITEM is wrong. A resolver decides, who is not your manager."""
    from app import notes

    if take_back == (because is not None):
        raise click.UsageError("say --because why, or --take-back the contest that stands")
    if because is not None:
        click.echo(notes.open_contest(config, item, because, text, window))
    else:
        click.echo(notes.take_back_contest(config, item, window))


@click.command()
@click.argument("first", type=Day(), required=False)
@click.argument("last", type=Day(), required=False)
@click.option("--count-again", is_flag=True, help="Take these days back.")
@with_config
def leave(config: Path, first: date | None, last: date | None, count_again: bool) -> None:
    """Leaves the days from FIRST to LAST out of what is expected of you. Without days, says which are.

    Leave, part-time, a late start, an exemption: the days are all that is asked and kept. Where more than
    half of a quarter is left out, what was not seen says `no opportunity`; what was seen stays seen.
    """
    from app.leave import change_leave, show_leave

    if first is None and not count_again:
        click.echo(show_leave(config))
    elif first is None or last is None:
        raise click.UsageError("write the first day and the last, like 2026-07-01 2026-08-15")
    else:
        click.echo(change_leave(config, first, last, leave=not count_again))


@click.command()
@click.argument("items", nargs=-1, required=True)
@click.option("--with", "reader", required=True, metavar="LOGIN", help="Who may open it.")
@click.option("--days", type=int, required=True, help="How long it opens, at most 30.")
@click.option("--with-notes", is_flag=True, help="Your notes beside these items too.")
@click.option(
    "--although-it-adds-up", "although", is_flag=True, help="Share even where it adds to a published band."
)
@window_option("the running one")
@with_config
def share(
    config: Path,
    items: tuple[str, ...],
    reader: str,
    days: int,
    window: str | None,
    with_notes: bool,
    although: bool,
) -> None:
    """Shows ITEMS of your report to one reader for a while. You see on which days they open it."""
    from app.sharing import make_share

    click.echo(make_share(config, items, reader, days, window, with_notes=with_notes, although=although))


@click.command()
@format_option("text", "json")
@with_config
def shares(config: Path, form: str) -> None:
    """What you share, with whom, until when, and on which days it was opened."""
    from app.sharing import list_shares

    click.echo(list_shares(config, form))


@click.command()
@click.argument("share")
@with_config
def unshare(config: Path, share: str) -> None:
    """Ends SHARE, as `shares` names it, at once."""
    from app.sharing import end_share

    click.echo(end_share(config, share))


@click.command()
@window_option("the running one")
@format_option("text", "json", "md")
@with_config
def incidents(config: Path, window: str | None, form: str) -> None:
    """Your part in each incident as links, with your shifts and the fixes you merged."""
    from app.reports import show_incidents

    click.echo(show_incidents(config, window, form))


@click.command("access-log")
@format_option("text", "json")
@with_config
def access_log(config: Path, form: str) -> None:
    """Who looked at what of yours and at the bands of your team, by day."""
    from app.export import show_access_log

    click.echo(show_access_log(config, form))


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="A new file; .zip has a page for each quarter too.  [default: printed]",
)
@with_config
def export(config: Path, output: Path | None) -> None:
    """Everything that is stored about you, as JSON."""
    from app.export import export as everything

    click.echo(everything(config, output))


@click.command("opt-out")
@with_config
def opt_out(config: Path) -> None:
    """From today on, nothing you do becomes evidence or is behind a band. Undo it with opt-in."""
    from app import opting

    click.echo(opting.opt_out(config))


@click.command("opt-in")
@with_config
def opt_in(config: Path) -> None:
    """From today on, you are in again."""
    from app import opting

    click.echo(opting.opt_in(config))


@click.command()
@with_config
def delivery(config: Path) -> None:
    """Where your encrypted report lies, and how to open it."""
    from app.delivery import show_delivery

    click.echo(show_delivery(config))


@click.command()
@click.argument("token")
@format_option("text", "json")
@with_config
def shared(config: Path, token: str, form: str) -> None:
    """Opens what somebody shared with you. TOKEN is what they gave you.

    Who you are is proven by your GitHub token in GITHUB_TOKEN.
    """
    from app.sharing import show_shared

    click.echo(show_shared(config, token, form))


COMMANDS = (incidents, note, contest, share, shares, unshare, access_log, export, opt_out, opt_in, delivery)
"""What stands under `sightline me`; `shared` is for readers, and stands for itself."""
