"""Reports as rows for a spreadsheet: one item a row, in the order of the rubric."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from privacy.released import Released
from reports import view, words
from reports.neutral import spreadsheet_cell

COLUMNS = (
    "pillar",
    "group",
    "item",
    "says",
    "class",
    "band",
    "sources",
    "because",
    "question",
    "misses",
    "window",
    "published_on",
    "about_this_table",
)
OWN_COLUMNS = (
    "pillar",
    "group",
    "item",
    "says",
    "state",
    "because",
    "contest",
    "note",
    "traces",
    "question",
    "misses",
    "window",
    "computed_on",
    "about_this_table",
)


def coverage_csv(released: Released) -> str:
    """The rows, each with the sentence that says what they are not, so that a cut-out row keeps it.

    Raises TypeError for anything the door did not let out for a team.
    """
    body = view.body_for(released, "team")
    about = f"{words.HEADER} {words.BANDS_HIDE_COUNTS}"
    return _csv(
        COLUMNS,
        tuple(
            (
                pillar.name,
                group.name,
                item.slug,
                item.says,
                item.observability.word,
                item.mark.word if item.is_band else "",
                item.sources,
                item.because,
                item.question,
                " ".join(item.misleads),
                body["window"],
                body["published_on"],
                about,
            )
            for pillar, group, item in _rows(body)
        )
        + tuple(
            (
                words.PROCESSES,
                "",
                process.name,
                process.asks,
                "",
                process.mark.word,
                process.sources,
                process.because,
                "",
                " ".join(process.misleads),
                body["window"],
                body["published_on"],
                about,
            )
            for process in view.processes(body)
        ),
    )


def me_csv(released: Released) -> str:
    """A person's own report, every trace's address in one cell. Raises TypeError for a team's release."""
    body = view.body_for(released, "self")
    about = f"{words.HEADER} {words.NONE_SEEN_IS_ABOUT_INSTRUMENTS}"
    return _csv(
        OWN_COLUMNS,
        (
            (
                pillar.name,
                group.name,
                item.slug,
                item.says,
                item.mark.word,
                item.because,
                item.contest,
                item.note,
                " ".join(
                    trace.url or f"{trace.kind} {trace.label}"
                    for trail in item.trails
                    for trace in trail.traces
                ),
                item.question,
                " ".join(item.misleads),
                body["window"],
                body["computed_on"],
                about,
            )
            for pillar, group, item in _rows(body)
        ),
    )


def _rows(body: Mapping[str, Any]) -> Iterator[tuple[view.Pillar, view.Group, view.Item]]:
    for pillar in view.pillars(body):
        for group in pillar.groups:
            for item in group.items:
                yield pillar, group, item


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([spreadsheet_cell("" if cell is None else cell) for cell in row])
    return written.getvalue()
