"""A release in the format that its reader asked for; what a format needs is imported when it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from privacy.released import Released


def coverage_as(released: Released, form: str, *, full: bool) -> str:
    match form:
        case "json":
            from reports.view import for_programs

            return as_json(for_programs(released.body))
        case "csv":
            from reports.table import coverage_csv

            return coverage_csv(released)
        case "html":
            from reports.page import coverage_page

            return coverage_page(released)
    from reports.text import coverage_text

    return coverage_text(released, full=full)


def own_report_as(released: Released, form: str, titles: Mapping[str, str], *, full: bool = True) -> str:
    """A person's own report in one of its formats, with what its objects are called where that is known.

    All of it; as text an overview, if it is not to be full.
    """
    match form:
        case "json":
            from reports.view import for_programs, titled

            return as_json(for_programs(titled(released.body, titles)))
        case "csv":
            from reports.table import me_csv

            return me_csv(released)
        case "md":
            from reports.markdown import me_markdown

            return me_markdown(released, titles)
        case "html":
            from reports.page import me_page

            return me_page(released, titles)
    from reports.text import me_text

    return me_text(released, titles, full=full)


def own_report_files(released: Released) -> dict[str, bytes]:
    """A person's own report as a page and for programs: the bytes by ending."""
    from reports.page import me_page

    return {"html": me_page(released).encode(), "json": own_report_as(released, "json", {}).encode()}


def shared_as(released: Released, form: str) -> str:
    """What somebody shared, for its reader."""
    if form == "json":
        from reports.view import for_programs

        return as_json(for_programs(released.body))
    from reports.text import shared_text

    return shared_text(released)


def as_json(body: Any) -> str:
    """The body as indented JSON."""
    return json.dumps(body, indent=1, ensure_ascii=False)
