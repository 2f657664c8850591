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
    """Entries are not clipped: they may begin before the window and end after it."""

    def bodies(shifts: Iterable[Shift]) -> list[Body]:
        there = [shift for shift in shifts if shift.start < until and shift.end > since]
        return [_entry(shift) for shift in sorted(there, key=lambda each: (each.start, each.rotation))]

    return {
        "final": bodies(_final(one)),
        "overrides": bodies(one.overrides),
        "scheduled": bodies(one.shifts),
    }


def _final(one: Schedule) -> list[Shift]:
    """Overrides replace shifts of their own rotation only."""
    kept = list(one.shifts)
    for override in one.overrides:
        kept = [piece for shift in kept for piece in _without(shift, override)]
    return kept + one.overrides


def _without(shift: Shift, override: Shift) -> list[Shift]:
    if override.rotation != shift.rotation or override.start >= shift.end or override.end <= shift.start:
        return [shift]
    found = []
    if shift.start < override.start:
        found.append(Shift(shift.start, override.start, shift.user, shift.rotation))
    if override.end < shift.end:
        found.append(Shift(override.end, shift.end, shift.user, shift.rotation))
    return found


def _entry(shift: Shift) -> Body:
    body: Body = {
        "start_at": shift.start,
        "end_at": shift.end,
        "rotation_id": shift.rotation,
        "fingerprint": f"{shift.rotation}{shift.start}",
    }
    return body | ({"user": user(shift.user)} if shift.user else {})
