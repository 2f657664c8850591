"""`sightline people`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cli.options import Chapters, format_option, with_config
from cli.sign_in import signed_in

if TYPE_CHECKING:
    from app.links import WouldMove

_ACTIONS = {
    "linked": "linked to",
    "unlinked": "parted from",
    "locked": "locked: no night changes its link",
    "unlocked": "unlocked",
}
_MADE_ANEW = "reports about either are removed now and made anew by the next night"


@click.group(cls=Chapters)
def people() -> None:
    """Which accounts are one person's, and the roster.

    Who you are is proven by your GitHub token in GITHUB_TOKEN. You may speak for your own accounts; a keeper,
    named in the settings, for everybody's.
    """


@people.command("suggest")
@click.option("--weak", is_flag=True, help="Also weak reasons, often wrong for people of similar names.")
@format_option("text", "json")
@with_config
def people_suggest(config: Path, weak: bool, form: str) -> None:
    """Accounts that may be one person's: a keeper sees all, everybody else their own."""
    from app.links import suggest_links
    from warehouse.account_matching import SAYS

    body = suggest_links(*signed_in(config), weak=weak)
    if form == "json":
        click.echo(json.dumps(body, indent=1))
        return
    for pair in body["suggestions"]:
        ambiguous = "" if pair["only"] else "; and others' fit as well"
        click.echo(f"{pair['account']}  {pair['to']}\n    {SAYS[pair['reason']]}{ambiguous}")
    for name in body["robots"]:
        click.echo(f"{name}\n    reads like a robot's; say so with `is_bot` or `github.bots`")
    for message in body["messages"]:
        click.echo(message)
    if any(body.values()):
        click.echo("Nothing is linked before somebody says so: sightline people link ACCOUNT TO")
    else:
        click.echo("nothing looks like a second account of anybody")


@people.command("link")
@click.argument("account")
@click.argument("to")
@click.option("--dry-run", is_flag=True, help="Say what would move, and change nothing.")
@with_config
def people_link(config: Path, account: str, to: str, dry_run: bool) -> None:
    """Links ACCOUNT to the person who has the account TO. Undo it with unlink.

    Write accounts like github:octo-cat or pagerduty:PXPGF42.
    """
    from app.links import link_accounts

    if would_move := link_accounts(*signed_in(config), account, to, dry_run=dry_run):
        _echo_rehearsal(would_move)
    else:
        click.echo(f"{account} is now an account of whoever has {to}; {_MADE_ANEW}")


@people.command("unlink")
@click.argument("account")
@click.option("--dry-run", is_flag=True, help="Say what would move, and change nothing.")
@with_config
def people_unlink(config: Path, account: str, dry_run: bool) -> None:
    """Removes the link of ACCOUNT, as if it had never existed."""
    from app.links import unlink_account

    would_move, comes_back = unlink_account(*signed_in(config), account, dry_run=dry_run)
    if would_move:
        _echo_rehearsal(would_move)
        return
    again = (
        "; roster or single sign-on state it, so the next night makes it again unless you lock it"
        if comes_back
        else ""
    )
    click.echo(f"{account} is an account by itself again{again}; {_MADE_ANEW}")


def _echo_rehearsal(would_move: WouldMove) -> None:
    rows = ", ".join(f"{table} {count}" for table, count in would_move.stored.items()) or "none"
    click.echo(f"nothing was changed. Rows stored of this account, which stay as they are: {rows}.")
    click.echo(
        f"Evidence rows that would move to another person: {would_move.moved}; that would go: "
        f"{would_move.gone} (a review of one's own, for one); that would come: {would_move.come}."
    )


@people.command("lock")
@click.argument("account")
@click.option("--off", is_flag=True, help="Let nights change it again.")
@with_config
def people_lock(config: Path, account: str, off: bool) -> None:
    """Stops nights from linking or unlinking ACCOUNT, whatever the roster says."""
    from app.links import lock_account

    action: Literal["locked", "unlocked"] = "unlocked" if off else "locked"
    lock_account(*signed_in(config), account, action)
    click.echo(f"{account}: {_ACTIONS[action]}")


@people.command("log")
@click.option("--all", "everybody", is_flag=True, help="Those of all accounts; only for a keeper.")
@format_option("text", "json")
@with_config
def people_log(config: Path, everybody: bool, form: str) -> None:
    """All changes to the links of your accounts: when, by whom and why."""
    from app.links import everybodys_log, own_log

    entries = (everybodys_log if everybody else own_log)(*signed_in(config))
    if form == "json":
        click.echo(json.dumps({"log": entries}, indent=1))
        return
    for each in entries:
        to = f" {each['to']}" if each["to"] else ""
        grounds = f"({each['because']}; by {each['by']})"
        click.echo(f"{each['on']}  {each['account']} {_ACTIONS[str(each['action'])]}{to}  {grounds}")
    if not entries:
        click.echo("no link of yours was ever made, undone or locked")


@people.command("import")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--fewer", is_flag=True, help="Import it even if it names far fewer people than before.")
@with_config
def people_import(config: Path, dry_run: bool, fewer: bool) -> None:
    """Imports the roster now, as the next night would. For the operator, without a token.

    It is the file, the export or GitHub's teams, whichever the settings name.
    """
    from config.settings import load_settings
    from flows.people_import import import_people

    click.echo(import_people(load_settings(config), dry_run=dry_run, fewer=fewer))
