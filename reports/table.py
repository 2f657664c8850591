"""A team's coverage as rows for a spreadsheet: one item a row, in the order of the rubric."""

from __future__ import annotations

import csv
import io

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
    "window",
    "published_on",
    "about_this_table",
)


def coverage_csv(released: Released) -> str:
    """The rows, each with the sentence that says what they are not, so that a cut-out row keeps it.

    Raises TypeError for anything the door did not let out for a team.
    """
    body = view.body_for(released, "team")
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for pillar in view.pillars(body):
        for group in pillar.groups:
            for item in group.items:
                row = (
                    pillar.name,
                    group.name,
                    item.slug,
                    item.says,
                    item.observability.word,
                    item.mark.word if item.is_band else "",
                    item.sources,
                    item.because or "",
                    item.question or "",
                    body["window"],
                    body["published_on"],
                    f"{words.HEADER} {words.BANDS_HIDE_COUNTS}",
                )
                rows.writerow([spreadsheet_cell(cell) for cell in row])
    return written.getvalue()
