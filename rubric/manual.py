"""RubricMap -> the page that people argue over: `python -m rubric.manual > docs/rubric.md`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rubric.map import Item, RubricMap, load_map
from rubric.rule import part_text
from rubric.rule_reading import SignalLike

_INTRODUCTION = """\
Generated from `rubric_map.yaml` by `python -m rubric.manual > docs/rubric.md`; change the map, not this page.

The words are a paraphrase. The document's own statement is known by its hash, and `sightline rubric drift`
says when it has changed. [own-rubric.md](own-rubric.md) says how to bring another rubric.

| class | means |
|---|---|
| observable | connected tools hold the thing itself |
| partly | connected tools hold a part of it, or a stand-in; the page says which part is missing |
| ask | no tool can show it; here is the question instead |
| withheld | it could be measured, and we decline to |

A rule asks whether something was seen, never how much was done: nothing gets better by exceeding it. The
rubric's authors call it no checklist, so there is a count of items by class and no share, score or order.
"""


def manual(rubric_map: RubricMap, catalog: Mapping[str, SignalLike]) -> str:
    """The whole page as Markdown: every item with its class, its evidence, the reason and the question."""
    classes = Counter(item.item_class for item in rubric_map.items)
    counted = ", ".join(
        f"{classes[name]} {name}" for name in ("observable", "partly", "ask", "withheld") if classes[name]
    )
    parts = [
        f"# The rubric: {rubric_map.title}",
        _INTRODUCTION.strip(),
        f"{len(rubric_map.items)} items: {counted}.",
    ]
    for pillar, items in groupby(rubric_map.items, key=lambda item: item.pillar):
        parts.append(f"## {pillar}")
        if pillar in rubric_map.leads:
            parts.append(rubric_map.leads[pillar])
        parts.append(_table(["item", "class", "evidence", "because", "question"], map(_item_row, items)))
    parts.append("## Signals in these rules")
    parts.append(
        "Banded signals may feed a team's band. All others are for the engineer alone, and for whoever they"
        " share them with."
    )
    parts.append(
        _table(
            ["signal", "answers", "counts", "who sees it", "misleads"],
            (_signal_row(name, catalog[name]) for name in _signals_used(rubric_map.items)),
        )
    )
    return "\n\n".join(parts) + "\n"


def _item_row(item: Item) -> list[str]:
    return [
        f"`{item.slug}`<br>{item.group}: {item.says}",
        item.item_class,
        "<br>".join(filter(None, [_rule(item), _beside(item)])),
        item.because or "",
        item.question or "",
    ]


def _rule(item: Item) -> str:
    lines = [f"{text[0].upper()}{text[1:]}." for text in map(part_text, item.parts)]
    if len(lines) > 1:
        lines.insert(0, "All of:" if item.seen_when == "all" else "Any of:")
    return "<br>".join(lines)


def _beside(item: Item) -> str:
    named = ", ".join(name.replace("_", " ") for name in item.beside)
    return f"Shown beside it, deciding nothing: {named}." if named else ""


def _signal_row(name: str, signal: SignalLike) -> list[str]:
    seen_by = "the engineer; banded for the team" if signal.sensitivity == "band" else "the engineer"
    return [f"`{name}`", signal.answers, signal.unit, seen_by, signal.misleads]


def _signals_used(items: Iterable[Item]) -> list[str]:
    named = [name for item in items for name in (*(each.signal for each in item.indicators), *item.beside)]
    return list(dict.fromkeys(named))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    from signals.catalog import load_catalog

    signals = load_catalog()
    sys.stdout.write(manual(load_map(Path(__file__).parents[1] / "rubric_map.yaml", signals), signals))
