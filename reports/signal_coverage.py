"""What each signal can and cannot see in the organisation: where it can fire, its word, its overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from privacy.organisation import CAP
from privacy.released import Released
from reports import view as views
from reports.lines import told_text
from reports.neutral import markdown_text, plain


def view(releases: Sequence[Released]) -> dict[str, Any]:
    """The last of these, with how each word stood before. Raises TypeError for other audiences."""
    bodies = [views.body_for(each, "organisation") for each in releases]
    for row in bodies[-1]["signals"]:
        past = [
            (body["window"], other["word"])
            for body in bodies
            for other in body["signals"]
            if other["signal"] == row["signal"] and other["shown"]
        ]
        row["words"] = [{"window": window, "word": word} for window, word in past] if row["shown"] else []
        row["stability"] = _stability([word for _, word in past]) if row["shown"] else None
    return bodies[-1]


def text(body: Mapping[str, Any]) -> str:
    """What `sightline signals coverage` prints."""
    return told_text(f"What the signals can see, {plain(body['window'])}", _opening(body), _rows(body))


def markdown(body: Mapping[str, Any]) -> str:
    """The same as Markdown."""
    parts = [
        f"# What the signals can see, {markdown_text(body['window'])}",
        "",
        *map(markdown_text, _opening(body)),
    ]
    for name, lines in _rows(body):
        parts += ["", f"## {markdown_text(name)}", "", *(f"* {markdown_text(line)}" for line in lines)]
    return "\n".join(parts)


def _opening(body: Mapping[str, Any]) -> list[str]:
    if not body["shown"]:
        return [plain(body["because"])]
    return [
        f"Published {plain(body['published_on'])}, once. "
        f"At most {CAP} objects of each person count towards a "
        "word, so that it tells nothing about anybody; 'seldom or never' does not say which."
    ]


def _rows(body: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for row in body["signals"]:
        where = f"Can fire in {row['repositories']} of {body['repositories']} repositories."
        lines = [
            plain(row["asks"]),
            "Rests on no repository." if row["repositories"] is None else where,
            f"Fired {row['word']}; {row['stability']}."
            if row["shown"]
            else f"No word: {plain(row['because'])}",
        ]
        if row["overlaps"]:
            lines.append(f"Most of its objects are also those of {', '.join(map(plain, row['overlaps']))}.")
        yield plain(row["signal"]), [*lines, *(f"Cannot see: {plain(each)}" for each in row["blind"])]


def _stability(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "the first quarter it has a word"
    changes = sum(one != other for one, other in pairwise(words))
    quarters = "both quarters" if len(words) == 2 else f"all {len(words)} quarters"
    if not changes:
        return f"the same word in {quarters}"
    return f"changed {'once' if changes == 1 else f'{changes} times'} in {len(words)} quarters"
