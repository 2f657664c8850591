"""What the operator reads after a night."""

import io
import re

from rich.console import Console

from reports import text
from reports.receipt import missing_in_a_few_words, receipt_markdown


def test_the_first_line_says_whether_the_night_can_be_trusted():
    assert _status(_night(outcome="complete")).startswith("Last night complete: everything")
    assert _status(_night(outcome="gaps")).startswith("Last night ended with gaps")
    assert _status(_night(outcome="refused")).startswith("Last night refused")


def test_a_status_before_the_first_night_says_so():
    assert _status({"sources": []}).startswith("No night has run yet.")


def test_a_complete_source_says_stored_of_existing():
    said = _status({"sources": [_source()], "last_run": _run()})
    assert "GitHub harbour/tide: complete\n    pull requests 1,204 of 1,204, reviews 30 of 31" in said


def test_a_complete_and_empty_source_is_said_to_be_empty():
    said = _status({"sources": [_source(records={"pull_requests": 0}, expected={"pull_requests": 0})]})
    assert "GitHub harbour/tide: complete, and empty" in said


def test_a_source_nobody_reconciled_is_not_called_complete():
    said = _status({"sources": [_source(complete=False, records={}, expected={})]})
    assert "GitHub harbour/tide: not reconciled" in said


def test_every_gap_says_what_is_missing_when_and_why():
    gaps = [
        {"kind": "issues", "from": "2026-07-01", "until": "2026-07-09", "reason": "not_listed", "count": 1},
        {"kind": "*", "from": "2026-07-01", "until": "2026-07-09", "reason": "rate_limited", "count": 3},
    ]
    said = _status({"sources": [_source(complete=False, gaps=gaps)]})
    assert "GitHub harbour/tide: 2 gaps" in said
    assert "missing: issues, 1 Jul 2026 until 9 Jul 2026: not listed\n" in said
    assert "missing: everything, 1 Jul 2026 until 9 Jul 2026: rate limited (3)\n" in said


def test_a_source_without_events_says_never():
    assert "last event never" in _status({"sources": [_source(last_event=None)]})


def test_what_the_night_cost_is_said():
    said = _status(_night(requests=1, points=1200))
    assert "cost 1 request, 1,200 points" in " ".join(said.split())


def test_a_night_that_counted_some_of_many_says_how_many():
    said = " ".join(_status(_night(counted=143, scopes=1_000, sampled=300)).split())
    assert "counted 143 of 1,000 repositories and accounts, and 300 objects of the others" in said
    assert "counted" not in _status(_night(counted=4, scopes=4, sampled=0))


def test_how_many_people_and_reports_the_night_is_about_is_said():
    said = _status(_night(people=24, reports=1))
    assert re.search(r"people +24\n", said)
    assert re.search(r"own reports +1 written\n", said)


def test_seconds_are_taken_from_the_run_or_from_its_clock():
    assert re.search(r"took +40 s\n", _status(_night()))
    assert re.search(r"took +2\.5 s\n", _status(_night(seconds=2.5)))
    assert "took" not in _status(_night(finished_at=None))


def test_messages_of_the_night_stand_under_it_each_once():
    said = _status(_night(messages=["pagerduty: the key was refused", "pagerduty: the key was refused"]))
    assert said.count("! pagerduty: the key was refused") == 1


def test_many_complete_scopes_do_not_hide_the_one_that_is_not():
    gap = {"kind": "*", "from": "2026-11-21", "until": "2026-11-22", "reason": "unreachable"}
    sources = [_source(scope=f"harbour/r{number}") for number in range(40)]
    sources[20] = _source(scope="harbour/broken", complete=False, gaps=[gap])
    said = _status(_night() | {"sources": [*sources, _source(source="pagerduty", scope="account")]})
    assert said.index("GitHub harbour/broken: 1 gap") < said.index("GitHub 39 scopes: complete")
    assert "GitHub 39 scopes: complete\n    pull requests 46,956 of 46,956" in said
    assert "1,560 requests" in said
    assert "PagerDuty account: complete" in said
    assert "harbour/r1:" not in said
    few = _status(_night() | {"sources": sources[:12]})
    assert [f"harbour/r{number}: complete" in few for number in range(12)] == [True] * 12


def test_many_scopes_with_gaps_are_counted_after_the_first():
    gap = {"kind": "*", "from": "2026-11-21", "until": "2026-11-22", "reason": "unreachable"}
    sources = [_source(scope=f"harbour/r{number}", complete=False, gaps=[gap]) for number in range(40)]
    said = _status(_night() | {"sources": sources})
    assert said.count(": 1 gap\n") == 12
    assert "GitHub 28 more with gaps" in said


def test_what_was_published_is_said_window_by_window():
    said = " ".join(_status(_night(published=["tide 2026Q2", "ebb tide 2026Q2", "tide 2026Q3"])).split())
    assert "published 2026Q2: tide, ebb tide; 2026Q3: tide" in said
    many = [f"team {number} 2026Q3" for number in range(40)]
    assert "published 2026Q3: 40 teams" in " ".join(_status(_night(published=many)).split())


def test_a_receipt_reads_the_status_or_a_run_with_its_sources():
    status = {"sources": [_source()], "last_run": _run()}
    assert _drawn(text.receipt_of, status) == _drawn(text.receipt_of, _run() | {"sources": [_source()]})
    assert "GitHub harbour/tide: complete" in _drawn(text.receipt_of, status)


def test_the_markdown_receipt_has_one_row_a_source():
    written = receipt_markdown({"sources": [_source(), _source(scope="harbour/a|b")], "last_run": _run()})
    rows = [line for line in written.splitlines() if line.startswith("| GitHub")]
    assert (
        rows[0]
        == "| GitHub harbour/tide | complete | pull requests 1,204 of 1,204, reviews 30 of 31 | 40 | 12 |"
    )
    assert "harbour/a\\|b" in rows[1]


def test_hostile_scopes_and_messages_are_neutral():
    hostile = "\x1b[2J\u202e<b>evil"
    state = {"sources": [_source(scope=hostile)], "last_run": _run() | {"messages": [hostile]}}
    assert "\x1b" not in _status(state)
    assert "\u202e" not in _status(state)
    assert "<b>" not in receipt_markdown(state)


def test_what_is_missing_is_nothing_after_a_complete_night():
    assert missing_in_a_few_words(_night()) == "nothing"


def test_what_is_missing_names_one_scope_with_its_reasons_and_counts_several():
    gaps = [_gap("reviews", "forbidden"), _gap("*", "rate_limited"), _gap("issues", "vanished")]
    calendar = _source(source="pagerduty", scope="account", complete=False)
    state = {"sources": [_source(gaps=gaps[:1]), calendar], "last_run": _run(outcome="gaps")}
    assert missing_in_a_few_words(state) == (
        "GitHub harbour/tide (reviews: forbidden), PagerDuty account (not reconciled)"
    )
    three = [_source(scope=f"harbour/r{number}", gaps=gaps) for number in range(3)]
    state = {"sources": [*three, _source()], "last_run": _run(outcome="refused")}
    assert missing_in_a_few_words(state) == (
        "GitHub 3 of 4 scopes (reviews: forbidden, everything: rate limited, 1 more)"
    )


def test_a_night_with_gaps_outside_of_its_sources_does_not_miss_nothing():
    """A wrong roster is no gap of a source, and may name a person: the few words only say where to look."""
    state = _night(outcome="gaps", messages=["roster.csv:3: nobody"])
    assert missing_in_a_few_words(state) == "see the messages of `sightline status`"


def test_what_a_night_misses_that_did_not_end_is_not_known():
    for outcome in ("running", "failed"):
        assert missing_in_a_few_words(_night(outcome=outcome)).startswith("not known")


# --- builders ---------------------------------------------------------------------------------------------


def _run(**changed):
    return {
        "run_id": "20261122T030000-ab12cd",
        "started_at": "2026-11-22T03:00:01+00:00",
        "finished_at": "2026-11-22T03:00:41+00:00",
        "outcome": "complete",
        "as_of": "2026-11-22",
        "requests": 40,
        "points": 12,
        "evidence_rows": 4123,
        "people": 24,
        "published": ["tide 2026Q3"],
        "messages": [],
    } | changed


def _source(**changed):
    return {
        "source": "github",
        "scope": "harbour/tide",
        "records": {"pull_requests": 1204, "reviews": 30},
        "expected": {"pull_requests": 1204, "reviews": 31},
        "complete": True,
        "gaps": [],
        "requests": 40,
        "points": 12,
        "last_event": "2026-11-21",
    } | changed


def _gap(kind, reason):
    return {"kind": kind, "from": "2026-11-21", "until": "2026-11-22", "reason": reason, "count": 1}


def _night(**changed):
    return {"sources": [_source()], "last_run": _run(**changed)}


def _status(state):
    return _drawn(text.status, state)


def _drawn(renderer, state):
    written = io.StringIO()
    renderer(state, Console(file=written, width=100))
    return written.getvalue()
