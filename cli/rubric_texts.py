"""What the `rubric` commands print: items, the difference of two rubrics, and what a change of a map does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from reports.lines import wrapped
from reports.neutral import markdown_text, plain
from rubric.diff import Difference, Entry, Side, counted
from rubric.map import RubricMap


def items_body(rubric_map: RubricMap) -> dict[str, Any]:
    """The items of a map for programs."""
    rows: list[dict[str, Any]] = [
        {"item": item.slug, "pillar": item.pillar, "group": item.group, "class": item.item_class}
        | {"says": item.says, "rule": item.rule or None, "line": item.line}
        for item in rubric_map.items
    ]
    return {"rubric": rubric_map.id, "title": rubric_map.title, "items": rows}


def items_text(rubric_map: RubricMap) -> str:
    """The items of a map, a line each, in its order."""
    width = max(len(item.slug) for item in rubric_map.items)
    lines = [f"{item.slug:{width}} {item.item_class:10} {plain(item.says)}" for item in rubric_map.items]
    return wrapped(lines, hang=width + 12)


# --- what a level adds ----------------------------------------------------------------------------------


def differences_body(before: Side, after: Side, differences: Sequence[Difference]) -> dict[str, Any]:
    """What the second rubric adds, drops, moves and rewords, for programs."""
    return {
        "before": {"name": before.name, "kind": before.kind, "statements": len(before.entries)},
        "after": {"name": after.name, "kind": after.kind, "statements": len(after.entries)},
        "counts": counted(differences),
        "differences": [
            {"change": each.change, "before": _entry(each.before), "after": _entry(each.after)}
            for each in differences
            if each.change != "same"
        ],
    }


def differences_text(before: Side, after: Side, differences: Sequence[Difference]) -> str:
    """The same for a terminal, below the headings of the document."""
    counts = ", ".join(f"{count} {change}" for change, count in counted(differences).items())
    lines = [f"{before.name} ({len(before.entries)}) -> {after.name} ({len(after.entries)}): {counts}"]
    if before.kind != after.kind:
        lines.append(
            "One is a document, the other a map in words of its own: no statement is paired by its words."
        )
    changed = [each for each in differences if each.change != "same"]
    headings = list(dict.fromkeys(map(_heading, changed)))
    for heading, rows in groupby(
        sorted(changed, key=lambda each: headings.index(_heading(each))), key=_heading
    ):
        lines += ["", heading]
        for each in rows:
            lines += _difference_lines(each)
    return "\n".join(lines)


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
    body = {"pillar": entry.pillar, "group": entry.group, "text": entry.text, "sha256": entry.sha256}
    return body | ({"item": entry.item} if entry.item else {})


# --- what a change of the map does ----------------------------------------------------------------------


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


def impact_markdown(body: dict[str, Any]) -> str:
    """What a change of the map does, for a pull request."""
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
