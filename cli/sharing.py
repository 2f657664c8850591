"""`sightline me share`, `shares` and `unshare`, and `sightline shared` for those who are shown something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from cli.options import format_option, window_option, with_config
from cli.sign_in import signed_in
from privacy.errors import AddsUp
from reports.formats import as_json
from reports.neutral import plain


@click.command()
@click.argument("items", nargs=-1, required=True)
@click.option("--with", "reader", required=True, metavar="LOGIN", help="Who may open it.")
@click.option("--days", type=int, required=True, help="For how many days it can be opened, at most 30.")
@click.option("--with-notes", is_flag=True, help="Also share your notes on these items.")
@click.option(
    "--although-it-adds-up",
    "although",
    is_flag=True,
    help="Share even if it adds to a published band.",
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

    try:
        made = make_share(
            *signed_in(config), items, reader, days, window, with_notes=with_notes, although=although
        )
    except AddsUp as error:
        raise AddsUp(f"{error}; to share all the same, add --although-it-adds-up") from None
    click.echo(f"{reader} opens it until {made.opens_until} with: sightline shared {made.token}")
    click.echo(
        "The token is shown this once. `sightline me shares` says when it was opened, "
        f"`sightline me unshare {made.share_id}` ends it."
    )
    if made.random_answers_in:
        click.echo(
            f"In what will be published of {' and '.join(made.random_answers_in)}, a random answer is "
            "counted instead of yours, so that nobody can add this share to it."
        )


@click.command()
@format_option("text", "json")
@with_config
def shares(config: Path, form: str) -> None:
    """What you share, with whom, until when, and on which days it was opened."""
    from app.sharing import list_shares

    rows = list_shares(*signed_in(config))
    if form == "json":
        click.echo(as_json({"shares": rows}))
    else:
        click.echo("\n".join(line for row in rows for line in _lines(row)) or "you share nothing")


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['share']}  with {plain(row['with'] or 'somebody who was erased')}  {row['window']}"
    yield f"  {', '.join(plain(item) for item in row['items'])}" + (
        ", with notes" if row["with_notes"] else ""
    )
    last = date.fromisoformat(row["ends_on"]) - timedelta(days=1)
    ends = {
        "open": f"opens until {last}",
        "ended": f"opened until {last}",
        "revoked": f"ended by you on {row['ends_on']}",
    }
    yield f"  shared on {row['shared_on']}, {ends[row['state']]}"
    yield f"  opened on {', '.join(row['opened_on'])}" if row["opened_on"] else "  never opened"


@click.command()
@click.argument("share")
@with_config
def unshare(config: Path, share: str) -> None:
    """Ends SHARE at once; `shares` lists their names."""
    from app.sharing import end_share

    end_share(*signed_in(config), share)
    click.echo(f"{share} can no longer be opened; what its reader has seen cannot be taken back")


@click.command()
@click.argument("token")
@format_option("text", "json")
@with_config
def shared(config: Path, token: str, form: str) -> None:
    """Opens what somebody shared with you. TOKEN is what they gave you.

    Who you are is proven by your GitHub token in GITHUB_TOKEN.
    """
    from app.sharing import open_share
    from reports.formats import shared_as

    click.echo(shared_as(open_share(*signed_in(config), token), form))
