"""Rows of a signal -> those that name a person who took no part in the object they point to.

Evidence and steps are links to objects, so whoever is named by one is shown that object. Opportunities and
processes point to no object: of an opportunity a report says only whether there was one, and what a process
holds for is never shown for a person.
"""

from __future__ import annotations

from pathlib import Path

from signals.catalog import Signal

PARTICIPANTS = (Path(__file__).parent / "views" / "participants.sql").read_text(encoding="utf-8")
"""Query: `source_kind, source_id, person_id, part` of everybody who took part in something stored."""

CHECKED = ("evidence", "step")
"""The kinds of signals whose rows point to an object."""

NO_PART = "a person who took no part in the object they point to, or an object that is not stored"


def without_part(rows: str) -> str:
    """A query for those of `rows` whose person took no part in their object, or that have no stored object.

    `rows` is a query of `kind, person_id, source_kind, source_id, incident_id` and whatever tells them apart.
    A page is no part that anybody took, but it is a step of whoever was paged. The incident that a step names
    has to be stored as well.
    """
    return f"""
    select told.* from ({rows}) as told
    anti join (\n{PARTICIPANTS}\n) as took
      on took.source_kind = told.source_kind
      and took.source_id = told.source_id
      and took.person_id = told.person_id
      and (took.part <> 'paged' or told.kind = 'step')
    union
    select told.* from ({rows}) as told anti join incidents using (incident_id) where told.kind = 'step'
    """


def refusal(signal: Signal, rows: int) -> str:
    """Why a signal is refused, for whoever runs the night; `rows` of its rows are wrong."""
    wrong = "1 of its rows names" if rows == 1 else f"{rows} of its rows name"
    fix = "let person_id be whoever did that" if signal.is_own else "please report this: it is a defect"
    return (
        f"{signal.file}: {wrong} {NO_PART}; a signal may only name whoever wrote, reviewed, commented on, "
        f"was assigned or otherwise took part in that very object: {fix} (docs/own-signal.md). Nothing of it "
        "is kept or shown, and what rests on it is left open"
    )


def open_because(signal: Signal) -> str:
    """Why an item that rests on a refused signal is left open, for whoever reads it."""
    return (
        f"What counts as {signal.signal!r} was refused, because it named people on objects they took no "
        "part in; this item is left open rather than guessed."
    )
