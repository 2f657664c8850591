"""`sightline privacy`."""

from __future__ import annotations

from pathlib import Path

import click

from flows.commands.options import config_option, format_option, say_all


@click.group()
def privacy() -> None:
    """What is promised about people, and whether it still holds."""


@privacy.group("agreement", invoke_without_command=True)
@config_option
@format_option("text", "json")
@click.option("--solo", is_flag=True, help="The one of `sightline me --solo`.")
@click.pass_context
def privacy_agreement(context: click.Context, config_here: Path | None, form: str, solo: bool) -> None:
    """What may be collected, why, who sees it and how long it is kept, in plain language."""
    context.obj = config_here or context.obj
    if context.invoked_subcommand is None:
        from flows.privacy_views import show_agreement

        click.echo(show_agreement(None if solo else context.obj, form))


@privacy_agreement.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def privacy_agreement_diff(old: Path, new: Path) -> None:
    """What NEW agrees to otherwise than OLD, in plain language, and who has signed it."""
    from flows.amending import show_differences

    click.echo(show_differences(old, new))


@privacy_agreement.command("sign")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--by", required=True, help="The name of whoever approves it.")
@click.pass_obj
def privacy_agreement_sign(config: Path, file: Path | None, by: str) -> None:
    """The line that approves FILE as it stands, to be added at its end by whoever approves it."""
    from flows.amending import signature_line

    click.echo(signature_line(config, file, by))


@privacy.command("notice")
@config_option
@click.pass_obj
def privacy_notice(config: Path, config_here: Path | None) -> None:
    """The notice to employees that follows from the agreement, as Markdown."""
    from flows.privacy_views import show_paper

    click.echo(show_paper(config_here or config, "notice"), nl=False)


@privacy.command("record")
@config_option
@click.pass_obj
def privacy_record(config: Path, config_here: Path | None) -> None:
    """The record of processing that follows from the agreement, as Markdown."""
    from flows.privacy_views import show_paper

    click.echo(show_paper(config_here or config, "record"), nl=False)


@privacy.command("assessment")
@config_option
@click.pass_obj
def privacy_assessment(config: Path, config_here: Path | None) -> None:
    """The skeleton of an impact assessment: what the agreement answers, and what only you can."""
    from flows.privacy_views import show_paper

    click.echo(show_paper(config_here or config, "assessment"), nl=False)


@privacy.command("verify")
@config_option
@click.pass_obj
def privacy_verify(config: Path, config_here: Path | None) -> None:
    """Whether every published file is still what was published. Exit 1: something is not."""
    from flows.privacy_views import verify_published

    say_all(verify_published(config_here or config), "every published file is what was published")


@privacy.command("withdraw")
@click.argument("team")
@click.argument("window")
@click.argument("item")
@click.option("--rubric", help="Which, where the team is on several.")
@config_option
@click.pass_obj
def privacy_withdraw(
    config: Path, config_here: Path | None, team: str, window: str, item: str, rubric: str | None
) -> None:
    """Takes the band of ITEM out of a release, for good and without a reason."""
    from flows.privacy_views import withdraw_item

    click.echo(withdraw_item(config_here or config, team, window, item, rubric))


@privacy.command("attack")
@config_option
@click.option("--organisations", type=click.IntRange(1), default=40, show_default=True)
@click.option("--seed", default=0, show_default=True, help="The first of the organisations.")
@click.pass_obj
def privacy_attack(config: Path, config_here: Path | None, organisations: int, seed: int) -> None:
    """Sends generated organisations through the door and attacks what comes out. Exit 1: it leaks."""
    from flows.privacy_views import attack_door

    say_all(attack_door(config_here or config, range(seed, seed + organisations), click.echo), None)


@privacy.group("audit")
def privacy_audit() -> None:
    """The log of what was published, withdrawn and read."""


@privacy_audit.command("verify")
@config_option
@click.option("--anchor", type=click.Path(path_type=Path), help="[default: `audit_anchor` in the settings]")
@click.pass_obj
def privacy_audit_verify(config: Path, config_here: Path | None, anchor: Path | None) -> None:
    """Whether the log is whole: nothing edited, deleted or moved, and with an anchor, nothing cut off."""
    from flows.privacy_views import verify_audit

    wrong, fine = verify_audit(config_here or config, anchor)
    say_all(wrong, fine)


@privacy.command("break-glass")
@click.argument("who")
@click.option("--because", required=True, help="complaint, legal-claim, security-incident ...")
@click.option("--window", help="A quarter like 2026Q3. [default: the running one]")
@config_option
@format_option("text", "json", "md", "html")
@click.pass_obj
def privacy_break_glass(
    config: Path, config_here: Path | None, who: str, because: str, window: str | None, form: str
) -> None:
    """For a privacy officer: the report of WHO, a login or a person id, who is told of it."""
    from flows.glass import break_glass

    click.echo(break_glass(config_here or config, who, because, window, form))


@privacy.command("erase")
@click.argument("who", required=False)
@config_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option("text", "json")
@click.pass_obj
def privacy_erase(config: Path, config_here: Path | None, who: str | None, yes: bool, form: str) -> None:
    """Erases WHO, a login or a person id, from every byte of the home, for good.

    Without WHO: finishes what was begun, and erases again whom a restored backup brought back.
    """
    import json

    from flows.erasing import erase, receipt_text

    def agree(warning: str) -> None:
        if not yes:
            click.confirm(f"{warning} Go on?", abort=True, err=True)

    receipts = erase(config_here or config, who, agree, lambda step: click.echo(step, err=True))
    if form == "json":
        click.echo(json.dumps(receipts, indent=1))
    elif receipts:
        click.echo("\n".join(receipt_text(receipt) for receipt in receipts))
    else:
        click.echo("nobody is waiting to be erased")
