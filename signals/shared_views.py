"""What many signals share, as queries that a signal reads like tables: `signals/views/`.

They stand before the signal's query and not in the warehouse, so that they read whatever tables it reads: for
a night those of the months that changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path(__file__).parent / "views"
_NAMES = (
    "humans",
    "human_authors",
    "reviews_of_others",
    "substantial_reviews",
    "threads_for_others",
    "days_enrolled",
)
"""Each after those that it reads."""

SHARED: Mapping[str, str] = {
    name: (_FOLDER / f"{name}.sql").read_text(encoding="utf-8").strip() for name in _NAMES
}
"""The query of each view, by name. It opens with a comment that says what a row is."""


def read_by(query: str) -> list[str]:
    """The views that this query reads, and those that they read, each after what it reads.

    A name in a comment counts as well: that costs nothing.
    """
    texts = query
    names = []
    for name in reversed(_NAMES):
        if re.search(rf"\b{name}\b", texts, re.IGNORECASE):
            names.append(name)
            texts += SHARED[name]
    return names[::-1]


def with_views(query: str) -> str:
    """The clause that a `select` over this query begins with; empty where it reads no view."""
    views = ",\n".join(f"{name} as (\n{SHARED[name]}\n)" for name in read_by(query))
    return f"with {views}\n" if views else ""
