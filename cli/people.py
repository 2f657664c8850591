"""`sightline people`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import Chapters, format_option, with_config


@click.group(cls=Chapters)
def people() -> None:
    """Which accounts are one person's, and the roster.

    Who you are is proven by your GitHub token in GITHUB_TOKEN. You may speak for your own accounts; a keeper,
    named in the settings, for everybody's.
    """


@people.command("suggest")
@click.option("--weak", is_flag=True, help="Also reasons that are mostly wrong among namesakes.")
@format_option("text", "json")
@with_config
def people_suggest(config: Path, weak: bool, form: str) -> None:
    """Accounts that may be one person's: a keeper sees all, everybody else their own."""
    from app.people import suggest
    from config.recorded_settings import recorded_settings

    click.echo(suggest(recorded_settings(config), form, weak=weak))


@people.command("link")
@click.argument("account")
@click.argument("to")
@click.option("--dry-run", is_flag=True, help="Say what would move, and change nothing.")
@with_config
def people_link(config: Path, account: str, to: str, dry_run: bool) -> None:
    """Says that ACCOUNT is a second one of whoever has the account TO. Undo it with unlink.

    Write accounts like github:octo-cat or pagerduty:PXPGF42.
    """
    from app.people import link
    from config.recorded_settings import recorded_settings

    click.echo(link(recorded_settings(config), account, to, dry_run=dry_run))


@people.command("unlink")
@click.argument("account")
@click.option("--dry-run", is_flag=True, help="Say what would move, and change nothing.")
@with_config
def people_unlink(config: Path, account: str, dry_run: bool) -> None:
    """Takes the link of ACCOUNT back, as if it had never been."""
    from app.people import unlink
    from config.recorded_settings import recorded_settings

    click.echo(unlink(recorded_settings(config), account, dry_run=dry_run))


@people.command("lock")
@click.argument("account")
@click.option("--off", is_flag=True, help="Let nights change it again.")
@with_config
def people_lock(config: Path, account: str, off: bool) -> None:
    """Keeps every night from linking or parting ACCOUNT, whatever the roster says."""
    from app.people import lock
    from config.recorded_settings import recorded_settings

    click.echo(lock(recorded_settings(config), account, "unlocked" if off else "locked"))


@people.command("log")
@click.option("--all", "everybody", is_flag=True, help="Everybody's; for a keeper.")
@format_option("text", "json")
@with_config
def people_log(config: Path, everybody: bool, form: str) -> None:
    """What was ever done to the links of your accounts, when, by whom and why."""
    from app.people import show_log
    from config.recorded_settings import recorded_settings

    click.echo(show_log(recorded_settings(config), form, everybody=everybody))


@people.command("import")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--fewer", is_flag=True, help="Also where it names far fewer people than before.")
@with_config
def people_import(config: Path, dry_run: bool, fewer: bool) -> None:
    """Takes the roster over now, as the next night would. For the operator, without a token.

    It is the file, the export or GitHub's teams, whichever the settings name.
    """
    from config.settings import load_settings
    from flows.people_import import import_people

    click.echo(import_people(load_settings(config), dry_run=dry_run, fewer=fewer))
