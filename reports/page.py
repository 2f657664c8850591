"""Released -> one HTML file that needs nothing else: no script, no font, no picture, no request.

The style sheet stands inside the page and the page's own policy names its hash, so that nothing else is
applied, loaded or run, whatever a string from outside may hold. Every value is escaped by the template
engine and made neutral on its way in.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from privacy.released import Released
from reports import plots, view, words
from reports.neutral import plain

_HERE = Path(__file__).parent


def coverage_page(released: Released) -> str:
    """The coverage of a team, for its manager. Raises TypeError for anything not released for a team."""
    body = view.body_for(released, "team")
    return _rendered("coverage.html", body, counts=view.class_counts(body), processes=view.processes(body))


def me_page(released: Released, titles: Mapping[str, str] | None = None) -> str:
    """A person's own signal report, for that person. Raises TypeError for a team's release.

    `titles` by source id, where they were asked for: a page with them is the person's to keep.
    """
    body = view.titled(view.body_for(released, "self"), titles)
    return _rendered("me.html", body)


def _rendered(template: str, body: dict[str, Any], **more: Any) -> str:
    css = _style_sheet()
    return (
        _environment()
        .get_template(template)
        .render(
            body=body,
            pillars=view.pillars(body),
            sources=[
                (source, plots.strip(source, body), plots.missing(source, body))
                for source in view.sources(body)
            ],
            window_dates=words.window_dates(body),
            # written in this package, holds nothing from outside
            css=Markup(css),  # noqa: S704
            css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
            **more,
        )
    )


@cache
def _style_sheet() -> str:
    return (_HERE / "static" / "page.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_neutral,
    )
    environment.globals["words"] = words
    environment.filters["day"] = words.day
    return environment


def _neutral(value: Any) -> Any:
    """Strings from outside, made plain once more at the last moment; what a template wrote stays as it is."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
