"""What one person did in each incident, as links: from the shift they held to the fix they merged.

Days and links from their own report, and nothing computed beside it: no duration, no order of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from privacy.released import Released
from reports import view, words
from reports.lines import wrapped
from reports.neutral import markdown_text, markdown_url, plain, safe_url

STEPS: Mapping[str, str] = {
    "on_call_for_incident": "on call for it",
    "paged_for_incident": "paged for it",
    "incidents_declared": "declared it",
    "incidents_acknowledged": "acknowledged it by hand",
    "incident_roles": "held a role",
    "incident_updates": "posted an update",
    "incident_participation": "took part",
    "incident_followups": "completed a follow-up",
    "postmortems": "put your name to the post-mortem",
    "fixed_incident": "merged a fix",
}
"""What each signal says of an incident, in the order of the steps of one day."""
_ORDER = [*STEPS]
_SAY_WHICH_PART = {"incident_roles", "incident_updates", "fixed_incident"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of one day; `url` where it has an address of its own."""

    on: str
    signal: str
    url: str | None

    @property
    def what(self) -> str:
        return STEPS[self.signal]


@dataclass(frozen=True, slots=True)
class Chain:
    """One incident, and what this person did in it, in the order things happened."""

    url: str | None
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Contribution:
    """A person's incidents of one window, and the shifts in which none came up."""

    incidents: list[Chain] = field(default_factory=list)
    quiet_shifts: list[str] = field(default_factory=list)
    """First days."""


def contribution(released: Released) -> Contribution:
    """Raises TypeError for a team's release."""
    rows = view.body_for(released, "self").get("steps", [])
    by_incident: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["incident_id"] and row["signal"] in STEPS:
            by_incident.setdefault(row["incident_id"], []).append(row)
    chains = [
        Chain(several[0]["incident_url"], tuple(_in_order(several))) for several in by_incident.values()
    ]
    shifts = [row for row in rows if row["source_kind"] == "oncall_shift"]
    busy = {row["source_id"] for row in shifts if row["incident_id"]}
    return Contribution(
        sorted(chains, key=lambda one: (one.steps[0].on, one.url or "")),
        sorted({str(row["occurred_on"]) for row in shifts if row["source_id"] not in busy}),
    )


def _in_order(rows: Iterable[Mapping[str, Any]]) -> list[Step]:
    steps = {
        Step(str(row["occurred_on"]), row["signal"], row["url"] if row["source_kind"] != "incident" else None)
        for row in rows
    }
    if _SAY_WHICH_PART & {step.signal for step in steps}:
        # "took part" says nothing more where the part is named
        steps = {step for step in steps if step.signal != "incident_participation"}
    return sorted(steps, key=lambda step: (step.on, _ORDER.index(step.signal), step.url or ""))


def as_body(contribution: Contribution) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "incidents": [
            {
                "url": one.url,
                "steps": [
                    {"on": step.on, "step": step.signal, "what": step.what, "url": step.url}
                    for step in one.steps
                ],
            }
            for one in contribution.incidents
        ],
        "quiet_shifts": [{"starts_on": day} for day in contribution.quiet_shifts],
    }


def incidents_text(released: Released) -> str:
    """What `sightline me incidents` prints."""
    body, part = view.body_for(released, "self"), contribution(released)
    title = f"Your part in incidents, {plain(body['window'])}"
    lines = [title, f"{words.window_dates(body)}.", "", words.HEADER, ""]
    for one in part.incidents:
        lines.append(plain(one.url) if one.url else "an incident without an address")
        lines += [
            f"  {words.day(step.on):>11}  {step.what}" + (f": {plain(step.url)}" if step.url else "")
            for step in one.steps
        ]
    if part.quiet_shifts:
        lines += [
            "",
            "On-call shifts in which no incident of this quarter came up for you, by their first day in it",
        ]
        lines += [f"  {words.day(day):>11}" for day in part.quiet_shifts]
    if not (part.incidents or part.quiet_shifts):
        lines.append("Nothing of an incident or a shift is in your report of this window.")
    lines += [
        "",
        "Being on call and being paged count for nothing; they say what led to the rest.",
        "What left no trace here is for you to tell. How fast anybody was is not kept.",
    ]
    return wrapped(lines, hang=0)


def incidents_markdown(released: Released) -> str:
    """The same as a list of links, to write a self-review from."""
    body, part = view.body_for(released, "self"), contribution(released)
    lines = [f"# Your part in incidents, {markdown_text(body['window'])}", "", f"> {words.HEADER}", ""]
    for one in part.incidents:
        lines.append(f"- {_link(one.url) or 'an incident without an address'}")
        for step in one.steps:
            where = f": {_link(step.url)}" if step.url else ""
            lines.append(f"  - {words.day(step.on)}, {step.what}{where}")
    lines += [
        f"- on call from {words.day(day)}, and no incident of this quarter came up for you"
        for day in part.quiet_shifts
    ]
    return "\n".join(lines) + "\n"


def _link(url: str | None) -> str:
    safe = safe_url(url)
    return f"[{markdown_text(safe)}]({markdown_url(safe)})" if safe else ""
