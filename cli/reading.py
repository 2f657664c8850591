"""What people read: a team's coverage, why a cell is what it is, and how the last night went."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import click

from cli.options import Age, PastDay, format_option, full_option, window_option, with_config
from cli.sign_in import settings_of_last_night, signed_in
from config.settings import load_settings
from reports.formats import as_json


@click.command()
@click.argument("team")
@window_option("the last one published")
@click.option("--rubric", help="Which rubric, if the team is on several.  [default as text: all of them]")
@format_option("text", "json", "csv", "html")
@full_option
@with_config
def coverage(config: Path, team: str, window: str | None, rubric: str | None, form: str, full: bool) -> None:
    """What tools can see of each rubric item, and in coarse bands what they saw of TEAM."""
    from app.reports import team_report, team_reports
    from app.request import OPERATOR
    from reports.formats import coverage_as

    settings = load_settings(config)
    if form == "text" and rubric is None:
        reports = team_reports(settings, OPERATOR, team, window)
    else:
        reports = [team_report(settings, OPERATOR, team, window, rubric)]
    click.echo("\n\n\n".join(coverage_as(each, form, full=full) for each in reports))


@click.command()
@click.argument("statement", required=False)
@format_option("text", "json", "csv")
@with_config
def query(config: Path, statement: str | None, form: str) -> None:
    """Answers one SQL select STATEMENT over everything that was published. Without it: lists the tables.

    It runs in a process of its own that can open no file, with bounded memory and time, and is logged.
    """
    from app.published import query_releases
    from app.request import OPERATOR
    from reports import answers
    from warehouse.querying import described

    if statement:
        answer = query_releases(load_settings(config), OPERATOR, statement)
        match form:
            case "json":
                click.echo(as_json({"columns": answer.columns, "rows": answer.rows}))
            case "csv":
                click.echo(answers.answer_csv(answer.columns, answer.rows))
            case _:
                click.echo(answers.answer_text(answer.columns, answer.rows))
    elif form == "csv":
        raise click.UsageError("the tables are listed as text or json")
    else:
        click.echo(
            as_json(answers.schema_body(described())) if form == "json" else answers.schema_text(described())
        )


@click.command()
@click.argument("item")
@window_option("the running one")
@click.option("--since", type=PastDay(), help="Also explain what changed since this day.")
@format_option("text", "json")
@with_config
def explain(config: Path, item: str, window: str | None, since: date | None, form: str) -> None:
    """Why your report says what it says about ITEM, an item or the link of a trace.

    Which rule, which signal in which version, which sources and days, and every trace.
    """
    from app.reports import explain_items
    from reports.text import explain_text

    explained = explain_items(*signed_in(config), item, window, since)
    click.echo(as_json(explained) if form == "json" else explain_text(explained))


@click.command()
@click.option("--to", type=click.Path(path_type=Path), required=True, help="The folder to write into.")
@window_option("the running one")
@with_config
def deliver(config: Path, to: Path, window: str | None) -> None:
    """Encrypts everybody's report to the SSH keys of their GitHub account, in a folder to publish."""
    from app.delivery import deliver_reports
    from app.request import OPERATOR
    from reports.formats import own_report_files

    done = deliver_reports(settings_of_last_night(config), OPERATOR, to, window, own_report_files)
    if done.is_changed:
        click.echo(f"{to}: {done.reports} reports for {done.window}, each for its owner alone")
    else:
        click.echo("nothing changed, and nothing was written")
    if done.without_key:
        people = "1 person has" if done.without_key == 1 else f"{done.without_key} people have"
        click.echo(
            f"{people} no SSH key on GitHub that can be encrypted to; `sightline me delivery` tells them "
            "what to add"
        )


@click.command()
@click.option("--check", "is_check", is_flag=True, help="Print one line for monitoring, and nothing else.")
@click.option(
    "--max-age",
    type=Age(),
    default="26h",
    show_default=True,
    help="How long ago the last night may have ended, in minutes, hours or days: 90m, 26h, 2d.",
)
@format_option("text", "json")
@with_config
def status(config: Path, form: str, max_age: timedelta, is_check: bool) -> None:
    """Whether last night can be trusted: what was fetched, what is missing, what it cost.

    Exit codes: 0 complete; 1 gaps, a night that broke, or none that ended within --max-age; 2 a mistake in
    the settings; 3 a source refused. A running night is judged by the one before it.
    """
    from app.reports import last_night
    from app.request import OPERATOR

    health, receipt = last_night(load_settings(config), OPERATOR, max_age)
    if is_check:
        click.echo(health.as_json(max_age) if form == "json" else health.line)
    elif receipt is None:
        click.echo(health.line, err=True)
    else:
        if form == "json":
            click.echo(as_json(receipt))
        else:
            from reports.text import status_text

            click.echo(status_text(receipt))
        # the page tells gaps and refusals itself, but not that it is old
        if health.exit_code and health.outcome in ("complete", "running"):
            click.echo(health.line, err=True)
    sys.exit(health.exit_code)
