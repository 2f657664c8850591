"""`sightline signals`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import Chapters, format_option, say_all, window_option, with_config
from cli.rules_in_force import catalog_of
from config.settings import SHIPPED, load_settings
from connectors.errors import BadInput
from reports.formats import as_json
from warehouse.windows import today

if TYPE_CHECKING:
    from signals.catalog import Catalog, Signal

FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of signals of your own. [default: those that the settings name]",
)


@click.group(cls=Chapters)
def signals() -> None:
    """The questions that turn activity into evidence."""


@signals.command("list")
@format_option("text", "json")
@with_config
def signals_list(config: Path, form: str) -> None:
    """Every signal, and the question that it answers."""
    rows = [
        {"signal": name, "kind": signal.kind, "answers": signal.answers, "sensitivity": signal.sensitivity}
        | {"own": signal.is_own}
        for name, signal in catalog_of(config).items()
    ]
    if form == "json":
        click.echo(as_json({"signals": rows}))
    else:
        click.echo("\n".join(f"{row['signal']:28} {row['sensitivity']:7} {row['answers']}" for row in rows))


@signals.command("show")
@click.argument("name")
@FOLDER
@with_config
def signals_show(config: Path, name: str, folder: Path | None) -> None:
    """The description of one signal, and its SQL."""
    from cli.signal_texts import card

    click.echo("\n".join(card(_named(name, catalog_of(config, folder)), today())))


@signals.command("test")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@FOLDER
@click.option(
    "--pages", type=click.Path(path_type=Path, file_okay=False), help="[default: `specs` beside the signal]"
)
@with_config
def signals_test(config: Path, names: tuple[str, ...], folder: Path | None, pages: Path | None) -> None:
    """Runs the examples of all signals, or of these. Exit 1 if one fails."""
    from signals.spec import failures, read_page

    catalog = catalog_of(config, folder)
    chosen = [_named(name, catalog) for name in names] or [
        each for each in catalog.values() if folder is None or each.path.parent == folder.resolve()
    ]
    wrong, held, mistakes = [], 0, []
    for signal in chosen:
        beside = signal.path.parent / "specs" if signal.is_own else SHIPPED / "tests" / "specs"
        page = (pages or beside) / f"{signal.signal}.md"
        if not page.exists():
            wrong.append(f"{page}: is missing; a signal has a page of examples, tables in and tables out")
            continue
        try:
            for example in read_page(page):
                failed = failures(example, signal)
                held += not failed
                wrong += [f"{page}:{example.line}: {each}" for each in failed]
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(mistakes)
    say_all(wrong, f"{held} examples of {len(chosen)} {'signal' if len(chosen) == 1 else 'signals'} hold")


def _named(name: str, catalog: Catalog) -> Signal:
    from signals.catalog import did_you_mean

    if name not in catalog:
        raise BadInput([f"no signal is named '{name}'{did_you_mean(name, catalog)}"])
    return catalog[name]


@signals.command("coverage")
@window_option("the last one published")
@format_option("text", "json", "md")
@with_config
def signals_coverage(config: Path, window: str | None, form: str) -> None:
    """What each signal can and cannot see in the whole organisation."""
    from app.reports import organisation_reports
    from app.request import OPERATOR
    from reports import signal_coverage

    view = signal_coverage.view(organisation_reports(load_settings(config), OPERATOR, window))
    match form:
        case "json":
            click.echo(as_json(view))
        case "md":
            click.echo(signal_coverage.markdown(view))
        case _:
            click.echo(signal_coverage.text(view))
