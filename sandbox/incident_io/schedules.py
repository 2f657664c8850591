"""A schedule between two moments: as its rotations have it, its overrides, and what is left of both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.incident_io.model import Schedule, Shift
from sandbox.incident_io.shapes import user

Body = dict[str, Any]


def schedule(one: Schedule) -> Body:
    return {
        "id": one.id,
        "name": one.name,
        "timezone": "Europe/London",
        "annotations": {},
        "team_ids": [],
        "created_at": "2024-01-08T09:00:00Z",
        "updated_at": "2024-01-08T09:00:00Z",
    }


def entries(one: Schedule, since: str, until: str) -> dict[str, list[Body]]:
    """Entries are whole: they may begin before the window and end after it."""

    def told(shifts: Iterable[Shift]) -> list[Body]:
        there = [shift for shift in shifts if shift.start < until and shift.end > since]
        return [_entry(shift) for shift in sorted(there, key=lambda each: (each.start, each.rotation))]

    return {
        "final": told(_final(one)),
        "overrides": told(one.overrides),
        "scheduled": told(one.shifts),
    }


def _final(one: Schedule) -> list[Shift]:
    """Overrides cut holes into their own rotation, and into no other."""
    kept = list(one.shifts)
    for hole in one.overrides:
        kept = [piece for shift in kept for piece in _without(shift, hole)]
    return kept + one.overrides


def _without(shift: Shift, hole: Shift) -> list[Shift]:
    if hole.rotation != shift.rotation or hole.start >= shift.end or hole.end <= shift.start:
        return [shift]
    found = []
    if shift.start < hole.start:
        found.append(Shift(shift.start, hole.start, shift.user, shift.rotation))
    if hole.end < shift.end:
        found.append(Shift(hole.end, shift.end, shift.user, shift.rotation))
    return found


def _entry(shift: Shift) -> Body:
    body: Body = {
        "start_at": shift.start,
        "end_at": shift.end,
        "rotation_id": shift.rotation,
        "fingerprint": f"{shift.rotation}{shift.start}",
    }
    return body | ({"user": user(shift.user)} if shift.user else {})
