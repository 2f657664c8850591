"""What the door lets out, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from privacy import bodies, door
from privacy.errors import NotDue, RefusedBody
from privacy.policy import Policy, load_policy
from privacy.released import Released
from warehouse.windows import Window

ROOT = Path(__file__).parents[1]
Q3 = Window(2026, 3)
DUE = date(2026, 10, 15)
TEAM_OF_FIVE = ["p1", "p2", "p3", "p4", "p5"]


# --- a team's release ---------------------------------------------------------------------------------


def test_a_shown_item_has_a_word_and_no_number() -> None:
    released = release(traces={"reviews": {"p1", "p2", "p3"}})
    assert released.body["items"][0] == {
        "item": "reviews",
        "pillar": "Craft",
        "group": "Code",
        "says": "Reviews.",
        "class": "observable",
        "question": "What did you ask?",
        "misleads": ["People who pair look quiet."],
        "sources": ["github"],
        "shown": True,
        "band": "about half or more",
        "because": None,
    }


@pytest.mark.parametrize(("who", "band"), [("p1 p2", "fewer than half"), ("p1 p2 p3", "about half or more")])
def test_the_band_changes_at_its_edge(who: str, band: str) -> None:
    assert release(traces={"reviews": set(who.split())}).body["items"][0]["band"] == band


def test_people_who_do_not_count_in_the_team_do_not_count_in_its_bands() -> None:
    released = release(traces={"reviews": {"p1", "p2", "guest", "manager", "leaver"}})
    assert released.body["items"][0]["band"] == "fewer than half"


def test_items_keep_the_order_of_the_rubric() -> None:
    items = [item("zebra"), item("apple"), item("mango")]
    released = release(items=items, traces={"zebra": set(), "apple": set(TEAM_OF_FIVE), "mango": {"p1"}})
    assert [each["item"] for each in released.body["items"]] == ["zebra", "apple", "mango"]


def test_a_team_of_four_has_no_band() -> None:
    released = release(members=TEAM_OF_FIVE[:4], traces={"reviews": {"p1"}})
    assert hidden(released) == (False, None, door.NOT_SHOWN)


def test_a_small_team_and_an_item_without_bands_give_the_same_reason() -> None:
    too_small = release(members=["p1"], traces={"reviews": set()})
    no_bands = release(items=[item("reviews", bandable=False)], traces={"reviews": set()})
    assert hidden(too_small) == hidden(no_bands)


def test_an_item_that_no_source_feeds_is_not_shown() -> None:
    released = release(items=[item("reviews", sources=[])], traces={"reviews": set()})
    assert hidden(released) == (False, None, door.NOT_SHOWN)


def test_an_item_of_an_incomplete_source_is_left_open_and_says_so() -> None:
    released = release(sources=[source("github", complete=False)], traces={"reviews": set(TEAM_OF_FIVE)})
    assert hidden(released) == (
        False,
        None,
        "github was incomplete for this window; the item is left open rather than guessed.",
    )


@pytest.mark.parametrize(
    ("reads", "is_shown"),
    [
        ({"reads": ["pull_requests", "reviews"]}, True),
        ({"reads": ["discussions", "issues"]}, False),
        ({}, False),
    ],
)
def test_a_source_leaves_open_only_the_items_that_read_what_it_lacks(
    reads: dict[str, Any], is_shown: bool
) -> None:
    lacking = source("github", complete=False) | {"lacks": {"discussions": "forbidden"}}
    released = release(items=[item("reviews") | reads], sources=[lacking], traces={"reviews": set()})
    assert hidden(released)[0] is is_shown
    assert released.body["sources"][0]["lacks"] == {"discussions": "forbidden"}
    assert "reads" not in released.body["items"][0]


def test_what_a_source_lacks_is_told_in_codes_alone() -> None:
    lacking = source("github", complete=False) | {"lacks": {"discussions": "Ada's <secret> 12:30"}}
    with pytest.raises(RefusedBody, match="by codes alone"):
        release(sources=[lacking], traces={"reviews": set()})


def test_a_release_of_before_gaps_were_told_by_table_is_complete_all_the_same() -> None:
    body = release(traces={"reviews": set()}).body
    body["sources"] = [{key: row[key] for key in row if key != "lacks"} for row in body["sources"]]
    bodies.check_team(body)


def test_an_item_of_a_source_that_is_not_connected_is_left_open() -> None:
    released = release(sources=[source("pagerduty")], traces={"reviews": set(TEAM_OF_FIVE)})
    assert hidden(released)[0] is False


def test_one_incomplete_source_of_two_leaves_the_item_open() -> None:
    released = release(
        items=[item("reviews", sources=["github", "pagerduty"])],
        sources=[source("github"), source("pagerduty", complete=False)],
        traces={"reviews": set(TEAM_OF_FIVE)},
    )
    assert hidden(released)[2] == (
        "pagerduty was incomplete for this window; the item is left open rather than guessed."
    )


def test_an_item_that_was_left_open_for_everybody_is_not_shown() -> None:
    reason = "The on-call schedule was not readable until August."
    released = release(items=[item("reviews") | {"left_open": reason}], traces={"reviews": set()})
    assert hidden(released) == (False, None, reason)


@pytest.mark.parametrize("item_class", ["ask", "withheld"])
def test_an_item_nobody_measures_keeps_its_reason_and_its_question(item_class: str) -> None:
    released = release(items=[item("stuck", item_class=item_class, because="It is said aloud.")], traces={})
    assert hidden(released) == (False, None, "It is said aloud.")
    assert released.body["items"][0]["question"] == "What did you ask?"


def test_traces_that_nobody_looked_for_are_no_zero() -> None:
    with pytest.raises(RefusedBody, match="'reviews' is to be shown and nobody looked for its traces"):
        release(traces={})


def test_a_release_says_which_agreement_it_was_made_under() -> None:
    assert release(traces={"reviews": set()}).body["agreement_sha256"] == policy().sha256


def test_a_window_is_not_released_one_day_early() -> None:
    with pytest.raises(NotDue, match="2026Q3 may be published from 2026-10-15 on; 2026-10-14 is too early"):
        release(traces={"reviews": set()}, published_on=date(2026, 10, 14))


def test_a_map_that_brings_an_unknown_class_is_refused() -> None:
    with pytest.raises(RefusedBody, match="'guessed' is no class of items"):
        release(items=[item("reviews", item_class="guessed")], traces={})


def test_a_team_that_is_no_audience_of_the_agreement_gets_no_release() -> None:
    narrow = policy().model_copy(update={"audiences": {"self": policy().audiences["self"]}})
    with pytest.raises(RefusedBody, match="'team' is no audience"):
        release(traces={"reviews": set()}, agreement=narrow)


# --- when -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "complete", "due"),
    [
        (date(2026, 10, 14), True, False),
        (date(2026, 10, 15), True, True),
        (date(2026, 10, 15), False, False),
        (date(2026, 11, 11), False, False),
        (date(2026, 11, 12), False, True),
        (date(2026, 8, 1), True, False),
    ],
)
def test_a_window_is_due_after_the_delay_and_held_while_incomplete(
    as_of: date, complete: bool, due: bool
) -> None:
    assert door.is_due(Q3, as_of, policy(), sources_complete=complete) is due


# --- one's own report -----------------------------------------------------------------------------------


def test_a_report_says_whether_its_window_is_still_open() -> None:
    assert report(as_of=date(2026, 9, 30)).body["window_is_open"] is True
    assert report(as_of=date(2026, 10, 1)).body["window_is_open"] is False


def test_a_report_holds_days_as_days() -> None:
    assert report(occurred_on=date(2026, 8, 3)).body["items"][0]["evidence"][0]["occurred_on"] == "2026-08-03"


@pytest.mark.parametrize("moment", [datetime(2026, 8, 3, 3, 12), "2026-08-03T03:12:00Z"])  # noqa: DTZ001
def test_a_report_refuses_the_hour_of_anything(moment: object) -> None:
    with pytest.raises(RefusedBody, match="stands where a day belongs"):
        report(occurred_on=moment)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "http://[::1", " javascript:x", 7]
)
def test_a_report_keeps_no_link_that_leads_elsewhere_than_the_web(url: object) -> None:
    assert report(url=url).body["items"][0]["evidence"][0]["url"] is None


def test_a_report_keeps_a_link_to_the_web() -> None:
    assert report(url="https://github.example/a/b/pull/1").body["items"][0]["evidence"][0]["url"]


@pytest.mark.parametrize("state", ["seen", "partly seen"])
def test_nothing_is_seen_without_evidence(state: str) -> None:
    with pytest.raises(RefusedBody, match=f"is {state} without any evidence"):
        report(item=self_item(state=state, evidence=[]))


def test_a_report_refuses_a_state_it_does_not_know() -> None:
    with pytest.raises(RefusedBody, match="'below average' is no state"):
        report(item=self_item(state="below average"))


def test_a_report_refuses_a_key_it_does_not_know() -> None:
    with pytest.raises(RefusedBody, match="'score' is nothing a report may hold"):
        report(item=self_item() | {"score": 7})


def test_every_mistake_in_a_body_is_named_at_once() -> None:
    with pytest.raises(
        RefusedBody,
        match=r"evidence may not hold 'reviewer'.*a signal lacks .*'unit'",
    ):
        report(
            item=self_item(
                evidence=[trace() | {"reviewer": "p2"}],
                signals=[{"signal": "reviews_given", "answers": "Which?"}],
            )
        )


# --- the type -------------------------------------------------------------------------------------------


def test_nothing_but_the_door_makes_a_released() -> None:
    with pytest.raises(TypeError, match=r"made by privacy/door\.py only"):
        Released("team", {"kind": "team"}, key=object())


def test_a_reader_needs_no_orchestrator_no_database_and_no_yaml() -> None:
    heavy = ["duckdb", "prefect", "pydantic", "ruamel"]
    code = f"import sys, privacy.door; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# --- what stands beside an item ------------------------------------------------------------------------


def test_what_stands_beside_an_item_is_in_ones_own_report_and_in_no_share() -> None:
    beside = {"evidence": [trace() | {"signal": "reverted_within_14_days"}], "signals": []}
    own = report(item=self_item() | {"beside": beside})
    assert own.body["items"][0]["beside"] == beside
    span = (date(2026, 10, 1), date(2026, 10, 31))
    shared = door.release_share(own, ["reviews"], shared_by="somebody", span=span, notes=True)
    assert "reverted_within_14_days" not in shared.canonical()
    assert [row["signal"] for row in shared.body["items"][0]["evidence"]] == ["reviews_given"]


def test_a_score_beside_an_item_is_refused() -> None:
    with pytest.raises(RefusedBody, match="may not hold 'score'"):
        report(item=self_item() | {"beside": {"evidence": [trace() | {"score": 3}], "signals": []}})


# --- how a team works together ------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "word"), [(2, "fewer than half"), (3, "about half or more")])
def test_a_process_gets_its_word_by_the_rule_of_the_bands(held: int, word: str) -> None:
    told = told_of_a_process(traces={"review_wait": set(TEAM_OF_FIVE[:held])})
    assert (told["shown"], told["band"], told["because"]) == (True, word, None)


def test_a_process_of_a_team_below_the_floor_is_not_shown() -> None:
    told = told_of_a_process(traces={"review_wait": set(TEAM_OF_FIVE[:4])}, members=TEAM_OF_FIVE[:4])
    assert (told["shown"], told["band"]) == (False, None)


def test_a_process_whose_source_has_gaps_is_left_open() -> None:
    told = told_of_a_process(traces={"review_wait": set()}, sources=[source("github", complete=False)])
    assert told["band"] is None
    assert "left open rather than guessed" in told["because"]


def test_a_process_that_nobody_worked_out_is_refused_and_not_taken_for_none() -> None:
    with pytest.raises(RefusedBody, match="nobody looked for its traces"):
        told_of_a_process(traces={})


def test_a_number_beside_a_process_is_refused() -> None:
    body = release(traces={"reviews": set(), "review_wait": set()}, processes=[PROCESS]).body
    body["processes"][0]["days"] = 2
    with pytest.raises(RefusedBody, match="a process may not hold 'days'"):
        bodies.check_team(body)


# --- builders -------------------------------------------------------------------------------------------


def policy() -> Policy:
    return load_policy(ROOT / "agreement.yaml")


def release(
    *,
    traces: Mapping[str, set[str]],
    members: list[str] | None = None,
    items: list[dict[str, Any]] | None = None,
    sources: list[dict[str, Any]] | None = None,
    published_on: date = DUE,
    agreement: Policy | None = None,
    processes: list[dict[str, Any]] | None = None,
) -> Released:
    return door.release_team(
        team="payments",
        window=Q3,
        members=TEAM_OF_FIVE if members is None else members,
        traces=traces,
        items=items or [item("reviews")],
        sources=sources or [source("github")],
        rubric={"id": "ic1", "title": "Engineer"},
        policy=agreement or policy(),
        published_on=published_on,
        processes=processes or [],
    )


def told_of_a_process(traces: dict[str, set[str]], **chosen: Any) -> dict[str, Any]:
    [told] = release(traces={"reviews": set(), **traces}, processes=[PROCESS], **chosen).body["processes"]
    return dict(told)


PROCESS = {
    "process": "review_wait",
    "asks": "For how many was the wait short?",
    "sources": ["github"],
    "misleads": [],
    "left_open": None,
}


def hidden(released: Released) -> tuple[bool, str | None, str]:
    first = released.body["items"][0]
    return first["shown"], first["band"], first["because"]


def item(
    slug: str,
    *,
    item_class: str = "observable",
    because: str | None = None,
    sources: list[str] | None = None,
    bandable: bool = True,
) -> dict[str, Any]:
    return {
        "item": slug,
        "pillar": "Craft",
        "group": "Code",
        "says": "Reviews.",
        "class": item_class,
        "question": "What did you ask?",
        "misleads": ["People who pair look quiet."],
        "sources": ["github"] if sources is None else sources,
        "because": because,
        "bandable": bandable,
    }


def source(name: str, *, complete: bool = True) -> dict[str, Any]:
    return {
        "source": name,
        "complete": complete,
        "from": "2026-01-01",
        "through": DUE,
        "because": None if complete else "Nothing was fetched for nine days.",
    }


def report(
    *,
    as_of: date = DUE,
    occurred_on: object = "2026-08-03",
    url: object = None,
    item: dict[str, Any] | None = None,
) -> Released:
    return door.release_self(
        window=Q3,
        as_of=as_of,
        team="payments",
        rubric={"id": "ic1", "title": "Engineer"},
        sources=[source("github")],
        items=[item or self_item(evidence=[trace() | {"occurred_on": occurred_on, "url": url}])],
        policy=policy(),
    )


def self_item(
    *,
    state: str = "seen",
    evidence: list[dict[str, Any]] | None = None,
    signals: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    about = {key: value for key, value in item("reviews").items() if key != "bandable"}
    return about | {
        "state": state,
        "rule": "At least 1 pull request.",
        "map": "map.yaml:1",
        "evidence": [trace()] if evidence is None else evidence,
        "signals": signals or [],
    }


def trace() -> dict[str, Any]:
    return {
        "signal": "reviews_given",
        "occurred_on": "2026-08-03",
        "source_kind": "pull_request",
        "source_id": "PR_1",
        "url": None,
        "seen_on": None,
    }
