"""What a schedule looks like between two moments: the rotation, the overrides, and what is left of both."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.pagerduty.model import Schedule, Shift


def clipped(shifts: Iterable[Shift], since: str, until: str) -> list[Shift]:
    """The parts of these shifts that lie between the moments, in order."""
    found = [
        Shift(max(shift.start, since), min(shift.end, until), shift.user)
        for shift in shifts
        if shift.start < until and shift.end > since
    ]
    return sorted(found, key=lambda shift: (shift.start, shift.end))


def final(schedule: Schedule, since: str, until: str) -> list[Shift]:
    """Who is on call: overrides replace the rotation, and later overrides replace earlier ones.

    Pieces of one person that touch become one entry, as PagerDuty renders them.
    """
    kept: list[Shift] = []
    for shift in (*schedule.shifts, *schedule.overrides):  # the later wins
        kept = [piece for each in kept for piece in _without(each, shift)]
        kept.append(shift)
    joined: list[Shift] = []
    for shift in sorted(kept, key=lambda each: each.start):
        if joined and joined[-1].user is shift.user and joined[-1].end == shift.start:
            joined[-1] = Shift(joined[-1].start, shift.end, shift.user)
        else:
            joined.append(shift)
    return clipped(joined, since, until)


def _without(shift: Shift, other: Shift) -> list[Shift]:
    """What is left of a shift without the time of the other."""
    if other.start >= shift.end or other.end <= shift.start:
        return [shift]
    found = []
    if shift.start < other.start:
        found.append(Shift(shift.start, other.start, shift.user))
    if other.end < shift.end:
        found.append(Shift(other.end, shift.end, shift.user))
    return found
