"""What the `rubric` commands print. Only `impact` opens the warehouse, and only where there is one."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.signals import catalog_of
from config.settings import SHIPPED, load_settings
from connectors.errors import BadInput
from privacy.policy import check_agreement, load_policy
from privacy.self_reports import own_sensitivities
from reports.neutral import markdown_text, plain
from rubric.map import RubricMap, load_map, load_maps
from signals.catalog import Catalog
from signals.queries import columns_read

if TYPE_CHECKING:
    from rubric.diff import Difference, Entry, Side

DRIFTED = 1
"""The exit code of `rubric drift` when the document and the map do not fit any more."""


def check_rubric(config: Path, file: Path | None) -> str:
    """A sentence for each map in force, or for this one, with its warnings.

    Raises BadInput with every mistake. Whether signals of one's own are agreed to is asked here too: the
    night would refuse them.
    """
    catalog = catalog_of(config)
    paths = [file] if file else load_settings(config).maps if config.exists() else [map_in_force(config)]
    loaded = load_maps(paths, catalog).values()
    if wrong := _not_agreed(config, catalog):
        raise BadInput(wrong)
    lines: list[str] = []
    for path, found in zip(paths, loaded, strict=True):
        classes = Counter(item.item_class for item in found.items)
        counted = ", ".join(f"{count} {name}" for name, count in classes.items())
        lines += [f"{path}: {len(found.items)} items, all classified: {counted}", *found.warnings]
    return "\n".join(lines)


def _not_agreed(config: Path, catalog: Catalog) -> list[str]:
    own = own_sensitivities(catalog)
    if not own:
        return []
    return check_agreement(
        load_policy(load_settings(config).agreement),
        sources_in_use=(),
        signals_in_use=own,
        tables_in_use=(),
        columns_read={catalog[name].file: columns_read(catalog[name].sql) for name in own},
        own_signals=own,
    )


def list_rubric(config: Path, file: Path | None, form: str) -> str:
    """The items of a map, a line each, in its order. Raises BadInput."""
    found = load_map(file or map_in_force(config), catalog_of(config))
    if form == "json":
        rows: list[dict[str, Any]] = [
            {"item": item.slug, "pillar": item.pillar, "group": item.group, "class": item.item_class}
            | {"says": item.says, "rule": item.rule or None, "line": item.line}
            for item in found.items
        ]
        return _json({"rubric": found.id, "title": found.title, "items": rows})
    from reports.lines import wrapped

    width = max(len(item.slug) for item in found.items)
    lines = [f"{item.slug:{width}} {item.item_class:10} {plain(item.says)}" for item in found.items]
    return wrapped(lines, hang=width + 12)


def import_rubric(file: str, output: Path | None) -> str:
    """The skeleton of a map for this document, or one sentence where it was written. Raises BadInput."""
    from rubric.skeleton import skeleton_of

    text, count = skeleton_of(file)
    if output is None:
        return text.rstrip("\n")
    try:
        with output.open("x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        raise BadInput([f"{output}: is there already and is not overwritten; name another file"]) from None
    except OSError as error:
        raise BadInput([f"{output}: cannot be written ({error.strerror}); check the path"]) from None
    return f"{output}: {count} items, none classified yet; `sightline rubric check {output}` names each"


def show_drift(config: Path, document: str, file: Path | None) -> tuple[str, int]:
    """What no longer fits between a document and the map, and the exit code. Raises BadInput."""
    from rubric.document import drift, open_document

    path = file or map_in_force(config)
    sentences = drift(load_map(path, catalog_of(config)), open_document(document).statements)
    if sentences:
        return "\n".join(f"{path.name}: {plain(sentence)}" for sentence in sentences), DRIFTED
    return f"{path.name}: every statement of {document} has its item, and every item its statement", 0


# --- what a level adds ----------------------------------------------------------------------------------


def show_diff(config: Path, before: str, after: str, form: str) -> str:
    """What the second rubric adds, drops, moves and rewords. Raises BadInput with the mistakes of both."""
    from rubric.diff import counted, differences

    one, other = _both_sides(before, after, catalog_of(config))
    found = differences(one, other)
    if form == "json":
        body = {
            "before": {"name": one.name, "kind": one.kind, "statements": len(one.entries)},
            "after": {"name": other.name, "kind": other.kind, "statements": len(other.entries)},
            "counts": counted(found),
            "differences": [
                {"change": each.change, "before": _entry(each.before), "after": _entry(each.after)}
                for each in found
                if each.change != "same"
            ],
        }
        return _json(body)
    counts = ", ".join(f"{count} {change}" for change, count in counted(found).items())
    lines = [f"{one.name} ({len(one.entries)}) -> {other.name} ({len(other.entries)}): {counts}"]
    if one.kind != other.kind:
        lines.append(
            "One is a document, the other a map in words of its own: no statement is paired by its words."
        )
    changed = [each for each in found if each.change != "same"]
    headings = list(dict.fromkeys(map(_heading, changed)))
    for heading, rows in groupby(
        sorted(changed, key=lambda each: headings.index(_heading(each))), key=_heading
    ):
        lines += ["", heading]
        for each in rows:
            lines += _difference_lines(each)
    return "\n".join(lines)


def _both_sides(before: str, after: str, catalog: Catalog) -> tuple[Side, Side]:
    from rubric.diff import read_side

    sides, mistakes = [], []
    for name in (before, after):
        try:
            sides.append(read_side(name, catalog))
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(mistakes)
    return sides[0], sides[1]


def _heading(difference: Difference) -> str:
    entry = difference.after or difference.before
    assert entry is not None
    return _place(entry)


def _place(entry: Entry) -> str:
    return plain(entry.pillar if entry.pillar == entry.group else f"{entry.pillar} / {entry.group}")


def _difference_lines(difference: Difference) -> list[str]:
    was = plain(difference.before.text) if difference.before else ""
    now = plain(difference.after.text) if difference.after else ""
    match difference.change:
        case "added":
            return [f"  adds     {now}"]
        case "dropped":
            return [f"  drops    {was}"]
        case "reworded":
            return [f"  rewords  {was}", f"       to  {now}"]
    assert difference.before is not None
    return [f"  moves    {now}", f"     from  {_place(difference.before)}"]


def _entry(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    found = {"pillar": entry.pillar, "group": entry.group, "text": entry.text, "sha256": entry.sha256}
    return found | ({"item": entry.item} if entry.item else {})


# --- what a change of the map does ----------------------------------------------------------------------


def show_impact(
    config: Path | None, old: Path, new: Path, window: str | None, teams: tuple[str, ...], form: str
) -> str:
    """What a change of the map would do, for a pull request. Raises BadInput with the mistakes of both maps.

    Without settings there is no warehouse to look into, and only the maps are compared.
    """
    from rubric.impact import as_json, changes

    catalog = catalog_of(config)
    before, after = _both_maps(old, new, catalog)
    changed = changes(before, after, catalog)
    bands: dict[str, Any] = {"window": None, "rows": []}
    if config is None:
        bands["note"] = "Bands were not compared: there are no settings here that name a warehouse."
    else:
        from app.rubric_impact import band_changes

        bands = band_changes(load_settings(config), after, changed, catalog, window=window, teams=teams)
    body = {"rubric": after.id, "changes": [as_json(each, catalog) for each in changed], "bands": bands}
    return _json(body) if form == "json" else _impact_markdown(body)


def _both_maps(old: Path, new: Path, catalog: Catalog) -> tuple[RubricMap, RubricMap]:
    maps, mistakes = [], []
    for path in (old, new):
        try:
            maps.append(load_map(path, catalog))
        except BadInput as error:
            mistakes += error.mistakes
    if not mistakes and maps[0].id != maps[1].id:
        mistakes.append(
            f"{new.name}: is a map of '{maps[1].id}' and {old.name} one of '{maps[0].id}'; name two versions "
            "of one map, or compare rubrics with `sightline rubric diff`"
        )
    if mistakes:
        raise BadInput(mistakes)
    return maps[0], maps[1]


_REACH = {
    "same": "the rule asks the same",
    "wider": "more can be seen: whatever met the rule before still meets it",
    "narrower": "less can be seen: whatever meets the rule now met it before",
    "other": "some that met the rule before no longer do, and some that did not now do",
    "begins": "begins to look at activity",
    "ends": "no longer looks at any activity",
}
_BAND_REACH = {
    "same": "stays: it rests on any trace of the same signals, whatever the amounts and weeks",
    "wider": "can only rise",
    "narrower": "can only fall",
    "other": "can rise or fall",
    "begins": "begins to be shown, where a team is large enough",
    "ends": "is no longer shown",
}


def _impact_markdown(body: dict[str, Any]) -> str:
    lines = [f"### What this does to the map of {markdown_text(body['rubric'])}", ""]
    if not body["changes"]:
        return (
            lines[0]
            + "\n\nNo item changes its class, its rule, its signals or its words, or what stands beside it."
        )
    for change in body["changes"]:
        lines += _change_lines(change)
    lines += ["", "### Bands", ""]
    bands = body["bands"]
    if bands["note"] or not bands["rows"]:
        lines.append(bands["note"] or "No team has a band before or after for anything that this changes.")
        return "\n".join(lines)
    lines += ["| team | item | published | with this map |", "|---|---|---|---|"]
    lines += [
        f"| {markdown_text(row['team'])} | `{row['item']}` | {row['before']} | {row['after']} |"
        for row in bands["rows"]
    ]
    lines += [
        "",
        f"Window {bands['window']}. What is published stays as it is; a changed map speaks from the next"
        " release on. The word on the right is from what is stored today, so late arrivals may have a part in"
        " it. Bands hide counts on purpose, and cannot tell you about a person.",
    ]
    return "\n".join(lines)


def _change_lines(change: dict[str, Any]) -> list[str]:
    lines = [f"- **`{change['item']}`** {change['change']}"]
    classes, rule = change["class"], change["rule"]
    if classes["before"] != classes["after"]:
        lines.append(f"  - class: {classes['before'] or 'none'} → {classes['after'] or 'none'}")
    if rule["before"] != rule["after"]:
        lines.append(f"  - rule: {markdown_text(rule['before'] or 'none')}")
        lines.append(f"    → {markdown_text(rule['after'] or 'none')}")
        lines.append(f"  - {_REACH[change['reach']]}")
        if change["may_be_banded"]["before"] or change["may_be_banded"]["after"]:
            lines.append(f"  - the band {_BAND_REACH[change['band_reach']]}")
    for verb, signals in change["signals"].items():
        for signal in signals:
            seen_by = "may feed a band" if signal["sensitivity"] == "band" else "the engineer alone"
            lines.append(f"  - {verb} `{signal['signal']}` ({seen_by}): {markdown_text(signal['answers'])}")
    for verb, signals in change["beside"].items():
        lines += [
            f"  - {verb} beside it, deciding nothing: `{signal['signal']}` (the engineer alone)"
            for signal in signals
        ]
    if change["is_of_other_statement"]:
        lines.append("  - stands for another statement of the document")
    if change["words"]:
        lines.append(f"  - other words in: {', '.join(change['words'])}")
    return lines


# --- which map ------------------------------------------------------------------------------------------


def map_in_force(config: Path) -> Path:
    """The map that the settings name; the shipped one where there are no settings."""
    return load_settings(config).rubric_map if config.exists() else SHIPPED / "rubric_map.yaml"


def _json(body: Any) -> str:
    return json.dumps(body, indent=1, ensure_ascii=False)
