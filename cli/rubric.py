"""`sightline rubric`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from cli.options import Chapters, format_option, window_option, with_config
from cli.rules_in_force import agreement_in_settings, catalog_of, map_in_force, maps_in_force
from config.settings import load_settings
from connectors.errors import BadInput
from reports.formats import as_json
from reports.neutral import plain

if TYPE_CHECKING:
    from signals.catalog import Catalog

Name = TypeVar("Name")
Side = TypeVar("Side")


@click.group(
    cls=Chapters,
    chapters={
        "The map in force": ["check", "list", "impact"],
        "The document it is made from": ["import", "diff", "drift"],
    },
)
def rubric() -> None:
    """The map from rubric items to signals, and the documents it is made from."""


@rubric.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@with_config
def rubric_check(config: Path, file: Path | None) -> None:
    """Lists all mistakes in the maps in force, or in FILE, with lines. Exit 2 if there are any."""
    from rubric.map import load_maps

    catalog = catalog_of(config)
    paths = (file,) if file else maps_in_force(config)
    loaded = load_maps(paths, catalog).values()
    if mistakes := _not_agreed(config, catalog):
        raise BadInput(mistakes)
    for path, rubric_map in zip(paths, loaded, strict=True):
        classes = Counter(item.item_class for item in rubric_map.items)
        counted = ", ".join(f"{count} {name}" for name, count in classes.items())
        click.echo(f"{path}: {len(rubric_map.items)} items, all classified: {counted}")
        for warning in rubric_map.warnings:
            click.echo(warning)


def _not_agreed(config: Path, catalog: Catalog) -> list[str]:
    """What the agreement has against signals of one's own; a night would refuse them."""
    from privacy.policy import check_agreement, load_policy
    from privacy.self_reports import own_sensitivities
    from signals.queries import columns_read

    own = own_sensitivities(catalog)
    if not own:
        return []
    return check_agreement(
        load_policy(agreement_in_settings(config)),
        sources_in_use=(),
        signals_in_use=own,
        tables_in_use=(),
        columns_read={catalog[name].file: columns_read(catalog[name].sql) for name in own},
        own_signals=own,
    )


@rubric.command("list")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@format_option("text", "json")
@with_config
def rubric_list(config: Path, file: Path | None, form: str) -> None:
    """The items of the map, a line each."""
    from cli.rubric_texts import items_body, items_text
    from rubric.map import load_map

    rubric_map = load_map(file or map_in_force(config), catalog_of(config))
    click.echo(as_json(items_body(rubric_map)) if form == "json" else items_text(rubric_map))


@rubric.command("import")
@click.argument("document")
@click.option("--output", type=click.Path(path_type=Path), help="A new file. [default: printed]")
def rubric_import(document: str, output: Path | None) -> None:
    """Prints a draft of a map, with one item for each statement of DOCUMENT.

    None of them is classified. A document is plain text, HTML, Markdown, CSV (pillar, group, statement) or
    YAML, of which one level is named like engineering.yml@senior-1.
    """
    from rubric.skeleton import skeleton_of

    text, count = skeleton_of(document)
    if output is None:
        click.echo(text.rstrip("\n"))
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput([f"{output}: is there already and is not overwritten; name another file"]) from None
    except OSError as error:
        raise BadInput([f"{output}: cannot be written ({error.strerror}); check the path"]) from None
    click.echo(f"{output}: {count} items, none classified yet; `sightline rubric check {output}` names each")


@rubric.command("diff")
@click.argument("before")
@click.argument("after")
@format_option("text", "json")
@with_config
def rubric_diff(config: Path, before: str, after: str, form: str) -> None:
    """What AFTER adds, drops, moves and rewords compared with BEFORE; documents or maps."""
    from cli.rubric_texts import differences_body, differences_text
    from rubric.diff import differences, read_side

    catalog = catalog_of(config)
    sides = _both(lambda name: read_side(name, catalog), before, after)
    changes = differences(*sides)
    if form == "json":
        click.echo(as_json(differences_body(*sides, changes)))
    else:
        click.echo(differences_text(*sides, changes))


@rubric.command("drift")
@click.argument("document")
@click.option("--map", "file", type=click.Path(path_type=Path), help="[default: the map in force]")
@with_config
def rubric_drift(config: Path, document: str, file: Path | None) -> None:
    """Which items of the map no longer match DOCUMENT. Exit 1 if there are any."""
    from rubric.document import drift, open_document
    from rubric.map import load_map

    path = file or map_in_force(config)
    sentences = drift(load_map(path, catalog_of(config)), open_document(document).statements)
    for sentence in sentences:
        click.echo(f"{path.name}: {plain(sentence)}")
    if sentences:
        sys.exit(1)
    click.echo(f"{path.name}: every statement of {document} has its item, and every item its statement")


@rubric.command("impact")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@window_option("the last one published")
@click.option(
    "--team", "teams", multiple=True, help="Compare this team's bands; may be repeated.  [default: none]"
)
@format_option("md", "json")
@with_config
def rubric_impact(
    config: Path,
    old: Path,
    new: Path,
    window: str | None,
    teams: tuple[str, ...],
    form: str,
) -> None:
    """What replacing the map OLD by NEW would change, in Markdown for a pull request."""
    from cli.rubric_texts import impact_markdown
    from rubric.impact import as_json as change_body
    from rubric.impact import changes
    from rubric.map import load_map

    catalog = catalog_of(config)
    before, after = _both(lambda path: load_map(path, catalog), old, new)
    if before.id != after.id:
        raise BadInput(
            [
                f"{new.name}: is a map of '{after.id}' and {old.name} one of '{before.id}'; name two "
                "versions of one map, or compare rubrics with `sightline rubric diff`"
            ]
        )
    changed = changes(before, after, catalog)
    if config.exists():
        from app.request import OPERATOR
        from app.rubric_impact import band_changes

        bands = band_changes(
            load_settings(config), OPERATOR, after, changed, catalog, window=window, teams=teams
        )
    else:
        note = "Bands were not compared: there are no settings here that name a warehouse."
        bands = {"window": None, "rows": [], "note": note}
    body = {
        "rubric": after.id,
        "changes": [change_body(each, catalog) for each in changed],
        "bands": bands,
    }
    click.echo(as_json(body) if form == "json" else impact_markdown(body))


def _both(read: Callable[[Name], Side], first: Name, second: Name) -> tuple[Side, Side]:
    """Both of two files. Raises BadInput with the mistakes of both."""
    sides: list[Side] = []
    mistakes: list[str] = []
    for name in (first, second):
        try:
            sides.append(read(name))
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(mistakes)
    return sides[0], sides[1]
