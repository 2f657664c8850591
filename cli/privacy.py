"""`sightline privacy`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app.request import OPERATOR
from cli.options import Chapters, config_option, format_option, say_all, window_option, with_config
from cli.rules_in_force import agreement_in_settings
from cli.sign_in import signed_in
from config.settings import PERSONAL_AGREEMENT, SHIPPED, load_settings

_NOTHING_WRONG = "the log is whole; nothing is wrong"


@click.group(
    cls=Chapters,
    chapters={
        "For everybody": ["agreement", "notice", "record", "assessment"],
        "To check": ["verify", "audit", "attack"],
        "To act": ["withdraw", "erase", "break-glass"],
    },
)
def privacy() -> None:
    """The agreement, checks of what was published, and actions such as erasing somebody."""


@privacy.group("agreement", invoke_without_command=True)
@config_option
@format_option("text", "json")
@click.option("--solo", is_flag=True, help="The agreement of `sightline me --solo` instead.")
@click.pass_context
def privacy_agreement(context: click.Context, form: str, solo: bool) -> None:
    """What may be collected, why, who sees it, and for how long."""
    if context.invoked_subcommand is None:
        from cli.agreement_text import agreement_lines
        from privacy.personal import load_personal_policy
        from privacy.policy import load_policy
        from reports.lines import wrapped

        if solo:
            policy = load_personal_policy(PERSONAL_AGREEMENT, SHIPPED / "agreement.yaml")
        else:
            policy = load_policy(agreement_in_settings(context.obj))
        if form == "json":
            click.echo(json.dumps(dict(policy) | {"sha256": policy.sha256}, indent=1, default=dict))
        else:
            click.echo(wrapped(agreement_lines(policy)))


@privacy_agreement.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def privacy_agreement_diff(old: Path, new: Path) -> None:
    """What the agreement NEW changes from OLD, and who has signed it."""
    from privacy.amendments import SIGNERS, differences, signers
    from privacy.policy import load_policy

    before, after = load_policy(old), load_policy(new)
    changes = differences(before, after)
    if changes:
        signed = signers(after)
        for sentence in changes:
            click.echo(sentence)
        by = f"signed by {' and '.join(signed)}" if signed else "not signed"
        click.echo(f"{by}; an amendment takes {SIGNERS} names")
    elif before.sha256 == after.sha256:
        click.echo("they agree to the same")
    else:
        click.echo("they agree to the same; only the wording differs")


@privacy_agreement.command("sign")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--by", metavar="NAME", required=True, help="Who signs it.")
@with_config
def privacy_agreement_sign(config: Path, file: Path | None, by: str) -> None:
    """Prints the line that signs FILE; without FILE, the agreement in the settings.

    Whoever approves it adds the line at the end of the file.
    """
    from privacy.amendments import signature_line

    click.echo(signature_line(file or agreement_in_settings(config), by))


@privacy.command("notice")
@with_config
def privacy_notice(config: Path) -> None:
    """The notice to employees that follows from the agreement, in Markdown."""
    _echo_paper(config, "notice")


@privacy.command("record")
@with_config
def privacy_record(config: Path) -> None:
    """The record of processing that follows from the agreement, in Markdown."""
    _echo_paper(config, "record")


@privacy.command("assessment")
@with_config
def privacy_assessment(config: Path) -> None:
    """A draft of an impact assessment, in Markdown, with questions that only you can answer."""
    _echo_paper(config, "assessment")


def _echo_paper(config: Path, name: str) -> None:
    from privacy.papers import PAPERS
    from privacy.policy import load_policy

    click.echo(PAPERS[name](load_policy(agreement_in_settings(config))), nl=False)


@privacy.command("verify")
@with_config
def privacy_verify(config: Path) -> None:
    """Checks that no published file was changed. Exit 1 if one was."""
    from app.published import verify_published

    say_all(verify_published(load_settings(config), OPERATOR), "every published file is what was published")


@privacy.command("withdraw")
@click.argument("team")
@click.argument("window")
@click.argument("item")
@click.option("--rubric", help="Which rubric, if the team is on several.")
@with_config
def privacy_withdraw(config: Path, team: str, window: str, item: str, rubric: str | None) -> None:
    """Takes the band of ITEM out of a release, for good. No reason is shown."""
    from app.published import withdraw_item
    from warehouse.windows import parse_window

    wrong = withdraw_item(load_settings(config), OPERATOR, team, window, item, rubric)
    click.echo(f"{item} of {team} in {parse_window(window).name} is withdrawn; it is never shown again")
    for sentence in wrong:
        click.echo(sentence)


@privacy.command("attack")
@click.option("--organisations", type=click.IntRange(1), default=40, show_default=True, help="How many.")
@click.option("--seed", default=0, show_default=True, help="The first of the organisations.")
@with_config
def privacy_attack(config: Path, organisations: int, seed: int) -> None:
    """Publishes generated organisations and tries to infer people's results. Exit 1 if it can."""
    from cli.attack import attack_bands

    say_all(attack_bands(config, range(seed, seed + organisations)), None)


@privacy.group("audit")
def privacy_audit() -> None:
    """The log of what was published, withdrawn and read."""


@privacy_audit.command("verify")
@click.option("--anchor", type=click.Path(path_type=Path), help="[default: `audit_anchor` in the settings]")
@with_config
def privacy_audit_verify(config: Path, anchor: Path | None) -> None:
    """Checks that nothing in the log was edited, deleted or moved. Exit 1 if something was.

    That nothing was cut off at its end, only an anchor can tell.
    """
    from app.published import verify_log

    settings = load_settings(config)
    log = verify_log(settings, OPERATOR, anchor)
    summary = f"{settings.audit_file}: {log.entries} entries, whole" + (
        f" but for what an officer accepted on {', '.join(log.accepted_on)}" if log.accepted_on else ""
    )
    if log.anchor:
        fine = f"{summary}, and as anchored in {log.anchor}"
    else:
        fine = (
            f"{summary}; without an anchor nobody can tell whether its end was cut off together with its "
            "checkpoint: set `audit_anchor` to a path elsewhere"
        )
    say_all(log.wrong, fine)


@privacy_audit.command("accept")
@with_config
def privacy_audit_accept(config: Path) -> None:
    """For a privacy officer: continues a broken log. This is logged with the officer's account.

    Until then nothing that has to be logged is done. Better than this is to restore the log from a backup.
    """
    from app.break_glass import accept_broken_log

    wrong = accept_broken_log(*signed_in(config))
    click.echo("\n".join([*wrong, "the log goes on from here"]) if wrong else _NOTHING_WRONG)


@privacy.command("break-glass")
@click.argument("who")
@click.option(
    "--because",
    required=True,
    metavar="REASON",
    help="complaint, legal-claim, security-incident or asked-by-the-person.",
)
@window_option("the running one")
@format_option("text", "json", "md", "html")
@with_config
def privacy_break_glass(config: Path, who: str, because: str, window: str | None, form: str) -> None:
    """Shows a privacy officer the report of WHO, a login or person id; the report then says so."""
    from app.break_glass import break_glass
    from reports.formats import own_report_as

    click.echo(own_report_as(break_glass(*signed_in(config), who, because, window), form, {}))


@privacy.command("erase")
@click.argument("who", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option("text", "json")
@with_config
def privacy_erase(config: Path, who: str | None, yes: bool, form: str) -> None:
    """Erases WHO, a login or a person id, from every file of the home. It cannot be undone.

    Without WHO: finishes what was begun, and erases again whom a restored backup brought back.
    """
    from cli.erasure_text import receipt_text
    from flows.prefect_erasure import elsewhere
    from privacy.erasing import erase

    def agree(warning: str) -> None:
        if not yes:
            click.confirm(f"{warning} Go on?", abort=True, err=True)

    settings = load_settings(config)
    receipts = erase(settings, who, agree, lambda step: click.echo(step, err=True), elsewhere(settings))
    if form == "json":
        click.echo(json.dumps(receipts, indent=1))
    elif receipts:
        click.echo("\n".join(receipt_text(receipt) for receipt in receipts))
    else:
        click.echo("nobody is waiting to be erased")
