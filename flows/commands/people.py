"""`sightline people`."""

from __future__ import annotations

from pathlib import Path

import click

from flows.commands.options import config_option, format_option


@click.group()
def people() -> None:
    """Which accounts are one person's. Who you are is proven by your GitHub token in GITHUB_TOKEN."""


@people.command("suggest")
@config_option
@click.option("--weak", is_flag=True, help="Also reasons that are mostly wrong among namesakes.")
@format_option("text", "json")
@click.pass_obj
def people_suggest(config: Path, config_here: Path | None, weak: bool, form: str) -> None:
    """Accounts that may be one person's: a keeper sees all, everybody else their own."""
    from flows.people import suggest
    from flows.settings import load_settings

    click.echo(suggest(load_settings(config_here or config), form, weak=weak))


@people.command("link")
@click.argument("account")
@click.argument("to")
@config_option
@click.option("--dry-run", is_flag=True, help="Say what would move, and change nothing.")
@click.pass_obj
def people_link(config: Path, config_here: Path | None, account: str, to: str, dry_run: bool) -> None:
    """Says that ACCOUNT is a second one of whoever has TO; both like github:octo-cat, pagerduty:PXPGF42."""
    from flows.people import link
    from flows.settings import load_settings

    click.echo(link(load_settings(config_here or config), account, to, dry_run=dry_run))


@people.command("unlink")
@click.argument("account")
@config_option
@click.option("--dry-run", is_flag=True, help="Say what would move, and change nothing.")
@click.pass_obj
def people_unlink(config: Path, config_here: Path | None, account: str, dry_run: bool) -> None:
    """Takes the link of ACCOUNT back, as if it had never been."""
    from flows.people import unlink
    from flows.settings import load_settings

    click.echo(unlink(load_settings(config_here or config), account, dry_run=dry_run))


@people.command("lock")
@click.argument("account")
@config_option
@click.option("--off", is_flag=True, help="Let nights change it again.")
@click.pass_obj
def people_lock(config: Path, config_here: Path | None, account: str, off: bool) -> None:
    """Keeps every night from linking or parting ACCOUNT, whatever the roster says."""
    from flows.people import lock
    from flows.settings import load_settings

    click.echo(lock(load_settings(config_here or config), account, "unlocked" if off else "locked"))


@people.command("log")
@config_option
@click.option("--all", "everybody", is_flag=True, help="Everybody's; for a keeper.")
@format_option("text", "json")
@click.pass_obj
def people_log(config: Path, config_here: Path | None, everybody: bool, form: str) -> None:
    """What was ever done to the links of your accounts, when, by whom and on what ground."""
    from flows.people import show_log
    from flows.settings import load_settings

    click.echo(show_log(load_settings(config_here or config), form, everybody=everybody))


@people.command("import")
@config_option
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--fewer", is_flag=True, help="It names far fewer people than before, and is right.")
@click.pass_obj
def people_import(config: Path, config_here: Path | None, dry_run: bool, fewer: bool) -> None:
    """Takes the roster, the export or GitHub's teams over now, as the next night would; for the operator."""
    from flows.people_import import import_people
    from flows.settings import load_settings

    click.echo(import_people(load_settings(config_here or config), dry_run=dry_run, fewer=fewer))
