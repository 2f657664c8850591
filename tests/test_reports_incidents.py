"""A person's part in incidents is days and links from their own report, in the order things happen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from privacy.released import _DOOR, Released
from reports.incidents import STEPS, as_body, contribution, incidents_text
from signals.catalog import load_catalog

SAVED = Path(__file__).parent / "payloads" / "released"


def test_steps_of_one_incident_stand_together_in_the_order_they_happen() -> None:
    found = contribution(
        report(
            row("postmortems", "2026-07-09", "Q1"),
            row("incidents_declared", "2026-07-06", "Q1"),
            row("incident_roles", "2026-07-06", "Q1"),
            row("incident_participation", "2026-07-06", "Q1"),
            row("incidents_acknowledged", "2026-07-01", "Q2"),
        )
    )
    assert [(one.url, one.steps) for one in found.incidents] == [
        ("https://pager.example/Q2", (("2026-07-01", "acknowledged it by hand"),)),
        (
            "https://pager.example/Q1",
            (
                ("2026-07-06", "declared it"),
                ("2026-07-06", "held a role"),
                ("2026-07-09", "put your name to the post-mortem"),
            ),
        ),
    ]


def test_taking_part_is_said_where_no_step_says_how() -> None:
    (one,) = contribution(report(row("incident_participation", "2026-07-06", "Q1"))).incidents
    assert one.steps == (("2026-07-06", "took part"),)


def test_an_incident_that_feeds_two_items_is_told_once() -> None:
    twice = row("incident_updates", "2026-07-06", "Q1")
    (one,) = contribution(report(twice, twice)).incidents
    assert one.steps == (("2026-07-06", "posted an update"),)


def test_fixes_and_shifts_have_lines_of_their_own_and_other_work_none() -> None:
    found = contribution(
        report(
            row("incident_fixes", "2026-07-08", "PR_7", "pull_request"),
            row("merged_work", "2026-07-08", "PR_7", "pull_request"),
            row("oncall_shifts", "2026-07-06", "rota:2026-07-06", "oncall_shift"),
        )
    )
    assert as_body(found) == {
        "shifts": [{"starts_on": "2026-07-06"}],
        "incidents": [],
        "fixes": [{"merged_on": "2026-07-08", "url": "https://pager.example/PR_7"}],
    }


def test_the_text_has_days_and_links_and_no_clock() -> None:
    text = incidents_text(report(row("incident_updates", "2026-07-06", "Q1")))
    assert "https://pager.example/Q1\n   6 Jul 2026  posted an update" in text
    assert ":" not in text.replace("https://", "").split("Your part")[1]


def test_a_window_without_incidents_says_so() -> None:
    assert "Nothing of an incident or a shift" in incidents_text(report())


def test_a_team_has_no_such_view() -> None:
    body = json.loads((SAVED / "team.json").read_text())
    with pytest.raises(TypeError):
        contribution(Released("team", body, key=_DOOR))


def test_every_signal_about_incidents_has_a_word() -> None:
    about = {one.signal for one in load_catalog().of_kind("evidence") if "incident_actions" in one.reads}
    assert about == set(STEPS)


def row(signal: str, on: str, source_id: str, kind: str = "incident") -> dict[str, Any]:
    return {
        "signal": signal,
        "occurred_on": on,
        "source_kind": kind,
        "source_id": source_id,
        "url": f"https://pager.example/{source_id}",
    }


def report(*rows: dict[str, Any]) -> Released:
    """The saved report of a person, with this evidence below its first item and none elsewhere."""
    body = json.loads((SAVED / "self.json").read_text())
    for item in body["items"]:
        item["evidence"] = []
    body["items"][0]["evidence"] = list(rows)
    return Released("self", body, key=_DOOR)
