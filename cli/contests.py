"""`sightline contests`: for those whom the settings name to decide them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from cli.options import Chapters, format_option, with_config
from cli.sign_in import signed_in
from reports.formats import as_json
from reports.neutral import plain


@click.group(cls=Chapters)
def contests() -> None:
    """Contested results, for the resolvers whom the settings name.

    Who you are is proven by your GitHub token in GITHUB_TOKEN.
    """


@contests.command("list")
@format_option("text", "json")
@with_config
def contests_list(config: Path, form: str) -> None:
    """The open contests that you may decide, each with the result it is about."""
    from app.contests import list_contests

    rows = list_contests(*signed_in(config))
    if form == "json":
        click.echo(as_json({"contests": rows}))
    else:
        lines = [line for row in rows for line in _lines(row)]
        click.echo("\n".join(lines) or "there is no open contest that you may decide")


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{row['contest']}  {plain(row['login'])}  {row['window']}  {plain(row['item'])}"
    yield f"  {row['because']}, opened {row['opened_on']}; the report says: {plain(row['state'])}"
    yield f"  {plain(row['says'])}"
    if row["said"]:
        yield f'  In their words: "{plain(row["said"])}"'
    for link in row["evidence"]:
        yield f"  {plain(link)}"


@contests.command("resolve")
@click.argument("contest")
@click.option("--upheld", "decision", flag_value="upheld", help="The result is wrong.")
@click.option("--dismissed", "decision", flag_value="dismissed", help="The result is right.")
@with_config
def contests_resolve(config: Path, contest: str, decision: str | None) -> None:
    """Decides CONTEST. The person sees your decision and your login."""
    from app.contests import decide_contest

    match decision:
        case "upheld":
            decide_contest(*signed_in(config), contest, "upheld")
            click.echo(
                f"{contest} is upheld: the report says so, and no later band rests on what was contested"
            )
        case "dismissed":
            decide_contest(*signed_in(config), contest, "dismissed")
            click.echo(f"{contest} is dismissed: the report says so")
        case _:
            raise click.UsageError("say --upheld or --dismissed")
