"""`sightline contests`: for those whom the settings name to decide them."""

from __future__ import annotations

from pathlib import Path

import click

from flows.commands.options import config_option, format_option


@click.group()
def contests() -> None:
    """Cells that people contest, for whoever decides. Who you are is proven by your GitHub token."""


@contests.command("list")
@config_option
@format_option("text", "json")
@click.pass_obj
def contests_list(config: Path, config_here: Path | None, form: str) -> None:
    """The open contests that you may decide, each with the cell it is about."""
    from flows.contests import list_contests

    click.echo(list_contests(config_here or config, form))


@contests.command("resolve")
@config_option
@click.argument("contest")
@click.option("--upheld", "decision", flag_value="upheld", help="It is wrong as it stands.")
@click.option("--dismissed", "decision", flag_value="dismissed", help="It is right as it stands.")
@click.pass_obj
def contests_resolve(config: Path, config_here: Path | None, contest: str, decision: str | None) -> None:
    """Decides CONTEST. Its person reads what you decided, and that it was you."""
    from flows.contests import resolve_contest

    match decision:
        case "upheld" | "dismissed":
            click.echo(resolve_contest(config_here or config, contest, decision))
        case _:
            raise click.UsageError("say --upheld or --dismissed")
