"""What one may say and decide about one's own report: further commands of `sightline me`."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import Day, format_option, window_option, with_config
from cli.sharing import share, shares, unshare
from cli.sign_in import signed_in
from connectors.errors import BadInput
from reports.formats import as_json
from reports.neutral import plain

if TYPE_CHECKING:
    from app.export import Export
    from people.leave import LeaveInWindow


@click.command()
@click.argument("item")
@click.argument("text", required=False)
@window_option("the running one")
@click.option("--delete", is_flag=True, help="Delete the note.")
@with_config
def note(config: Path, item: str, text: str | None, window: str | None, delete: bool) -> None:
    """Writes TEXT as your note beside ITEM, and replaces an earlier note.

    Nobody else sees it unless you share the item with your notes.
    """
    from app.notes import delete_note, write_note

    if delete == (text is not None):
        raise click.UsageError("write a text, or --delete the one that stands there")
    if text is not None:
        name = write_note(*signed_in(config), item, text, window)
        click.echo(f"noted beside {item} in {name}; only you read it, until you share the item --with-notes")
    else:
        name = delete_note(*signed_in(config), item, window)
        click.echo(f"the note beside {item} in {name} is deleted, and in no byte of the file any more")


@click.command()
@click.argument("item")
@click.option(
    "--because", type=click.Choice(["not-me", "wrong-item", "missing"]), help="What is wrong with it."
)
@click.option("--note", "text", help="What the resolver should know.")
@window_option("the running one")
@click.option("--take-back", is_flag=True, help="Withdraw your contest.")
@with_config
def contest(
    config: Path, item: str, because: str | None, text: str | None, window: str | None, take_back: bool
) -> None:
    """Says that your result for ITEM is wrong. A resolver decides, never your manager."""
    from app.contests import open_contest, take_back_contest

    if take_back == (because is not None):
        raise click.UsageError("say --because why, or --take-back the contest that stands")
    if because is None:
        name = take_back_contest(*signed_in(config), item, window)
        click.echo(f"the contest against {item} in {name} is taken back")
        return
    opened = open_contest(*signed_in(config), item, because, text, window)
    effect = (
        "what is published of this window was frozen before and stays as it is"
        if opened.is_published
        else "until it is decided, no band of this window rests on what you did"
    )
    who = (
        "somebody who decides contests, and is not your manager, will look at it"
        if opened.has_resolvers
        else "nobody is named yet who decides contests: ask the operator to name `resolvers` in the settings"
    )
    click.echo(
        f"contested {item} in {opened.window} ({because}), contest {opened.contest_id}; {effect}; {who}"
    )


@click.command()
@click.argument("first", type=Day(), required=False)
@click.argument("last", type=Day(), required=False)
@click.option("--count-again", is_flag=True, help="Count these days again.")
@with_config
def leave(config: Path, first: date | None, last: date | None, count_again: bool) -> None:
    """Leaves the days from FIRST to LAST out of what is expected of you. Without days, lists them.

    Leave, part-time, a late start, an exemption: the days are all that is asked and kept. Where more than
    half of a quarter is left out, what was not seen says `no opportunity`; what was seen stays seen.
    """
    from app.leave import change_leave, days_left_out

    if (first is None or last is None) and (first or count_again):
        raise click.UsageError("write the first day and the last, like 2026-07-01 2026-08-15")
    settings, asker = signed_in(config)
    if first and last:
        change_leave(settings, asker, first, last, leave=not count_again)
    left_out = days_left_out(settings, asker)
    if not left_out.spans:
        click.echo("no days are left out of what is expected of you")
        return
    for begins, ends in left_out.spans:
        click.echo(f"{begins} to {ends}")
    for each in left_out.windows:
        click.echo(leave_text(each))
    click.echo(
        "Your next report is made with this. Nobody else sees it: no reason is kept, and no band or page of "
        "a team depends on it."
    )


def leave_text(leave: LeaveInWindow) -> str:
    """What days left out mean for a quarter."""
    left_out = f"{leave.window}: you left {leave.days_out} of {leave.days} days out"
    if leave.is_most:
        return f"{left_out}, more than half: what was not seen there says `no opportunity`"
    return f"{left_out}: what was seen stays seen, and the rest is as before"


@click.command()
@window_option("the running one")
@format_option("text", "json", "md")
@with_config
def incidents(config: Path, window: str | None, form: str) -> None:
    """Your part in each incident as links, with your shifts and the fixes you merged."""
    from app.reports import own_report
    from reports.incidents import as_body, contribution, incidents_markdown, incidents_text

    released = own_report(*signed_in(config), window)
    if form == "json":
        click.echo(as_json({"window": released.body["window"]} | as_body(contribution(released))))
    else:
        click.echo(incidents_markdown(released) if form == "md" else incidents_text(released))


@click.command("access-log")
@format_option("text", "json")
@with_config
def access_log(config: Path, form: str) -> None:
    """Who looked at your data and at the bands of your team, and on which day."""
    from app.export import access_log as entries_about_me

    entries = entries_about_me(*signed_in(config))
    if form == "json":
        click.echo(as_json({"entries": entries}))
        return
    counts = Counter((each["on"], plain(each["said"])) for each in entries)
    for (on, sentence), count in counts.items():
        click.echo(f"{on}  {sentence}" + (f", {count} times" if count > 1 else ""))
    if not counts:
        click.echo("nothing is logged about you")


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="A new file; .zip has a page for each quarter too.  [default: printed]",
)
@with_config
def export(config: Path, output: Path | None) -> None:
    """Everything that is stored about you, as JSON."""
    from app.export import export_everything
    from warehouse.files import write_atomically

    exported = export_everything(*signed_in(config))
    text = json.dumps(exported.everything, indent=1, ensure_ascii=False, default=str)
    if output is None:
        click.echo(text)
        return
    try:
        write_atomically(output, _zipped(exported, text) if output.suffix == ".zip" else text)
    except OSError as error:
        raise BadInput([f"{output}: cannot be written ({error.strerror}); name another file"]) from None
    tables = sum(map(len, exported.everything["stored"].values()))
    click.echo(
        f"{output}: what {tables} tables, your reports and the log hold about you; only you can read it"
    )


def _zipped(exported: Export, text: str) -> bytes:
    """The JSON, and a page for each report that opens in any browser."""
    from reports.page import me_page

    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("everything.json", text)
        for window, report in exported.reports.items():
            archive.writestr(f"{window}.html", me_page(report))
    return written.getvalue()


@click.command("opt-out")
@with_config
def opt_out(config: Path) -> None:
    """From today on, nothing you do becomes evidence or counts in a band. Undo it with opt-in."""
    from app.opting_out import opt_out as opt_out_now
    from warehouse.windows import today, window_of

    allowed, running = opt_out_now(*signed_in(config)), window_of(today()).name
    bands = f"no band of {running} or later rests on what you do: a random answer is counted instead"
    if allowed == "bands":
        click.echo(f"from today on {bands}; your own report goes on. To undo it: sightline me opt-in")
        return
    click.echo(
        f"from today on nothing you do becomes evidence, and {bands}. Your report of {running} stays as it "
        "is, and none is made after it. What was stored before stays until its time has come, and so do "
        "records that colleagues' evidence needs: an erasure, which your operator can run, takes your name "
        "off these. To undo it: sightline me opt-in"
    )


@click.command("opt-in")
@with_config
def opt_in(config: Path) -> None:
    """From today on, what you do counts again."""
    from app.opting_out import opt_in as opt_in_now

    opt_in_now(*signed_in(config))
    click.echo("you are in again: the next night makes your report, with what happened meanwhile")


@click.command()
@with_config
def delivery(config: Path) -> None:
    """Where your encrypted report is, and how to open it."""
    from app.delivery import own_delivery

    mine = own_delivery(*signed_in(config))
    if mine is None:
        click.echo("no report of yours was delivered yet")
    elif not mine.sha256:
        click.echo(
            "your report could not be delivered: your GitHub account has no SSH key that can be encrypted "
            "to; add one of ssh-ed25519 or ssh-rsa (keys on a hardware token and ECDSA keys cannot decrypt)"
        )
    else:
        click.echo(
            f"delivered on {mine.delivered_on} as {mine.name}.html.age and {mine.name}.json.age; "
            f"open it with: age -d -i ~/.ssh/id_ed25519 {mine.name}.html.age > report.html"
        )


COMMANDS = (
    incidents,
    note,
    contest,
    share,
    shares,
    unshare,
    access_log,
    export,
    opt_out,
    opt_in,
    delivery,
    leave,
)
"""What stands under `sightline me`."""
