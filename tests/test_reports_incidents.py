"""A person's part in incidents is days and links from their own report, in the order things happen."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from privacy.bodies import check_self
from privacy.door import release_share, with_own_words
from privacy.released import _DOOR, Released
from reports.incidents import STEPS, as_body, contribution, incidents_markdown, incidents_text
from signals.catalog import load_catalog

SAVED = Path(__file__).parent / "payloads" / "released"


def test_steps_of_one_incident_stand_together_from_the_shift_to_the_fix() -> None:
    found = contribution(
        report(
            row("fixed_incident", "2026-07-08", "PR_7", "pull_request", of="Q1"),
            row("postmortems", "2026-07-09", "Q1"),
            row("incidents_acknowledged", "2026-07-06", "Q1"),
            row("incident_roles", "2026-07-06", "Q1"),
            row("paged_for_incident", "2026-07-06", "Q1"),
            row("incident_participation", "2026-07-06", "Q1"),
            row("on_call_for_incident", "2026-07-06", "rota:2026-07-06", "oncall_shift", of="Q1"),
            row("oncall_shifts", "2026-07-06", "rota:2026-07-06", "oncall_shift", of=None),
            row("incidents_acknowledged", "2026-07-01", "Q2"),
        )
    )
    assert [(one.url, [(step.on, step.what, step.url) for step in one.steps]) for one in found.incidents] == [
        ("https://pager.example/Q2", [("2026-07-01", "acknowledged it by hand", None)]),
        (
            "https://pager.example/Q1",
            [
                ("2026-07-06", "on call for it", None),
                ("2026-07-06", "paged for it", None),
                ("2026-07-06", "acknowledged it by hand", None),
                ("2026-07-06", "held a role", None),
                ("2026-07-08", "merged a fix", "https://pager.example/PR_7"),
                ("2026-07-09", "put your name to the post-mortem", None),
            ],
        ),
    ]
    assert found.quiet_shifts == []


def test_taking_part_is_said_where_no_step_says_how() -> None:
    (one,) = contribution(report(row("incident_participation", "2026-07-06", "Q1"))).incidents
    assert [step.what for step in one.steps] == ["took part"]


def test_an_incident_that_feeds_two_items_is_told_once() -> None:
    twice = row("incident_updates", "2026-07-06", "Q1")
    (one,) = contribution(report(twice, twice)).incidents
    assert [step.what for step in one.steps] == ["posted an update"]


def test_a_quiet_shift_has_a_line_of_its_own_and_other_work_none() -> None:
    found = contribution(
        report(
            row("merged_work", "2026-07-08", "PR_7", "pull_request", of=None),
            row("oncall_shifts", "2026-07-06", "rota:2026-07-06", "oncall_shift", of=None),
        )
    )
    assert as_body(found) == {"incidents": [], "quiet_shifts": [{"starts_on": "2026-07-06"}]}


def test_the_same_as_values_has_the_link_of_every_step_that_has_one() -> None:
    fix = row("fixed_incident", "2026-07-08", "PR_7", "pull_request", of="Q1")
    assert as_body(contribution(report(fix)))["incidents"] == [
        {
            "url": "https://pager.example/Q1",
            "steps": [
                {
                    "on": "2026-07-08",
                    "step": "fixed_incident",
                    "what": "merged a fix",
                    "url": "https://pager.example/PR_7",
                }
            ],
        }
    ]


def test_the_text_has_days_and_links_and_no_clock() -> None:
    text = incidents_text(
        report(
            row("incident_updates", "2026-07-06", "Q1"),
            row("fixed_incident", "2026-07-08", "PR_7", "pull_request", of="Q1"),
        )
    )
    assert (
        "https://pager.example/Q1\n   6 Jul 2026  posted an update"
        "\n   8 Jul 2026  merged a fix: https://pager.example/PR_7"
    ) in text
    assert not re.search(r"\d:\d", text)


def test_the_markdown_links_every_incident_and_the_fix_below_it() -> None:
    text = incidents_markdown(
        report(
            row("incident_updates", "2026-07-06", "Q1"),
            row("fixed_incident", "2026-07-08", "PR_7", "pull_request", of="Q1"),
            row("oncall_shifts", "2026-07-20", "rota:2026-07-20", "oncall_shift", of=None),
        )
    )
    assert text.splitlines()[-4:] == [
        "- [https://pager.example/Q1](https://pager.example/Q1)",
        "  - 6 Jul 2026, posted an update",
        r"  - 8 Jul 2026, merged a fix: [https://pager.example/PR\_7](https://pager.example/PR_7)",
        "- on call from 20 Jul 2026, and no incident of this quarter came up for you",
    ]


def test_a_window_without_incidents_says_so() -> None:
    assert "Nothing of an incident or a shift" in incidents_text(report())


def test_a_team_has_no_such_view() -> None:
    body = json.loads((SAVED / "team.json").read_text())
    with pytest.raises(TypeError):
        contribution(Released("team", body, key=_DOOR))


def test_a_share_has_no_steps() -> None:
    own = with_own_words(report(row("incident_updates", "2026-07-06", "Q1")), {})
    item = own.body["items"][0]["item"]
    span = (date(2026, 10, 20), date(2026, 11, 1))
    shared = release_share(own, [item], shared_by="ada", span=span, notes=False)
    assert "steps" not in shared.body
    assert "steps" in own.body


def test_a_report_from_before_steps_were_kept_is_complete_and_says_nothing() -> None:
    body = json.loads((SAVED / "self.json").read_text())
    body.pop("steps", None)
    check_self(body)
    found = contribution(Released("self", body, key=_DOOR))
    assert (found.incidents, found.quiet_shifts) == ([], [])


def test_every_signal_about_incidents_has_a_word() -> None:
    catalog = load_catalog()
    about = {one.signal for one in catalog.of_kind("evidence") if "incident_actions" in one.reads}
    assert about | {one.signal for one in catalog.of_kind("step")} == set(STEPS)


def row(
    signal: str, on: str, source_id: str, kind: str = "incident", of: str | None = "itself"
) -> dict[str, Any]:
    incident_id = source_id if of == "itself" else of
    return {
        "signal": signal,
        "occurred_on": on,
        "source_kind": kind,
        "source_id": source_id,
        "url": None if kind == "oncall_shift" else f"https://pager.example/{source_id}",
        "incident_id": incident_id,
        "incident_url": f"https://pager.example/{incident_id}" if incident_id else None,
    }


def report(*rows: dict[str, Any]) -> Released:
    """The saved report of a person, with these steps."""
    body = json.loads((SAVED / "self.json").read_text())
    body["steps"] = list(rows)
    return Released("self", body, key=_DOOR)
