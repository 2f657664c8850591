"""What one person did in each incident, as links: from the shift they held to the fix they merged.

Days and links from their own report, and nothing computed beside it: no duration, no order of people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from privacy.released import Released
from reports import view, words
from reports.neutral import plain

STEPS: Mapping[str, str] = {
    "incidents_declared": "declared it",
    "incidents_acknowledged": "acknowledged it by hand",
    "incident_roles": "held a role",
    "incident_updates": "posted an update",
    "incident_participation": "took part",
    "incident_followups": "completed a follow-up",
    "postmortems": "put your name to the post-mortem",
}
"""What each signal says of an incident, in the order things happen."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One incident, and what this person did in it: day and step, in the order things happen."""

    url: str | None
    steps: tuple[tuple[str, str], ...]

    @property
    def first_on(self) -> str:
        return min(day for day, _ in self.steps)


@dataclass(slots=True)
class Contribution:
    """A person's shifts, incidents and fixes of one window."""

    shifts: list[str] = field(default_factory=list)
    """First days."""
    incidents: list[Chain] = field(default_factory=list)
    fixes: list[tuple[str, str | None]] = field(default_factory=list)
    """Day and address of merged pull requests that fixed an incident."""


def contribution(released: Released) -> Contribution:
    """Raises TypeError for a team's release."""
    body = view.body_for(released, "self")
    rows = [row for item in body["items"] for row in item.get("evidence") or ()]
    found = Contribution()
    steps: dict[str, dict[str, str]] = {}
    urls: dict[str, str | None] = {}
    for row in rows:
        signal, day = str(row["signal"]), str(row["occurred_on"])
        if row["source_kind"] == "incident" and signal in STEPS:
            steps.setdefault(row["source_id"], {})[signal] = day
            urls[row["source_id"]] = row["url"]
    for source_id, by_signal in steps.items():
        told = {name: day for name, day in by_signal.items() if name != "incident_participation"}
        said = {"incident_roles", "incident_updates"} & told.keys()
        kept = told if said else by_signal  # "took part" says nothing more where the part is named
        chain = tuple((kept[name], STEPS[name]) for name in STEPS if name in kept)
        found.incidents.append(Chain(urls[source_id], chain))
    found.incidents.sort(key=lambda one: (one.first_on, one.url or ""))
    found.shifts = sorted({str(row["occurred_on"]) for row in rows if row["source_kind"] == "oncall_shift"})
    found.fixes = sorted(
        {(str(row["occurred_on"]), row["url"]) for row in rows if row["signal"] == "incident_fixes"},
        key=lambda fix: (fix[0], fix[1] or ""),
    )
    return found


def as_body(found: Contribution) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "shifts": [{"starts_on": day} for day in found.shifts],
        "incidents": [
            {"url": one.url, "steps": [{"on": day, "what": what} for day, what in one.steps]}
            for one in found.incidents
        ],
        "fixes": [{"merged_on": day, "url": url} for day, url in found.fixes],
    }


def incidents_text(released: Released) -> str:
    """What `sightline me incidents` prints."""
    body, found = view.body_for(released, "self"), contribution(released)
    title = f"Your part in incidents, {plain(body['window'])}"
    lines = [words.HEADER, "", title, f"{words.window_dates(body)}.", ""]
    for one in found.incidents:
        lines.append(plain(one.url) if one.url else "an incident without an address")
        lines += [f"  {words.day(day):>11}  {what}" for day, what in one.steps]
    if found.fixes:
        lines += ["", "Pull requests of yours that fixed an incident"]
        lines += [f"  {words.day(day):>11}  {plain(url or '')}" for day, url in found.fixes]
    if found.shifts:
        lines += ["", "On-call shifts, by their first day"]
        lines += [f"  {words.day(day):>11}" for day in found.shifts]
    if not (found.incidents or found.fixes or found.shifts):
        lines.append("Nothing of an incident or a shift is in your report of this window.")
    return "\n".join(
        [*lines, "", "What left no trace here is for you to tell. How fast anybody was is not kept."]
    )
