"""`sightline contests`: for those whom the settings name to decide them."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import Chapters, format_option, with_config


@click.group(cls=Chapters)
def contests() -> None:
    """Cells that people contest, for the resolvers whom the settings name.

    Who you are is proven by your GitHub token in GITHUB_TOKEN.
    """


@contests.command("list")
@format_option("text", "json")
@with_config
def contests_list(config: Path, form: str) -> None:
    """The open contests that you may decide, each with the cell it is about."""
    from app.contests import list_contests

    click.echo(list_contests(config, form))


@contests.command("resolve")
@click.argument("contest")
@click.option("--upheld", "decision", flag_value="upheld", help="It is wrong as it stands.")
@click.option("--dismissed", "decision", flag_value="dismissed", help="It is right as it stands.")
@with_config
def contests_resolve(config: Path, contest: str, decision: str | None) -> None:
    """Decides CONTEST. Its person reads what you decided, and that it was you."""
    from app.contests import resolve_contest

    match decision:
        case "upheld" | "dismissed":
            click.echo(resolve_contest(config, contest, decision))
        case _:
            raise click.UsageError("say --upheld or --dismissed")
