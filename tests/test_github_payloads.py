"""Payloads become records: what is kept, what is coarsened, what is left out."""

from __future__ import annotations

import copy
import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.github.bots import bot_logins, is_robot_by_type, looks_like_a_robot
from connectors.github.payloads import discussion, file_id, issue, kinds, positions, pull_request
from connectors.github.settings import LABELS
from connectors.records import Account, Discussion, Issue, PullRequest

PAYLOADS = Path(__file__).parent / "payloads" / "github"
ANA = Account("github", "U_ana", "ana")
BEN = Account("github", "U_ben", "ben")


def test_dates_are_utc_days() -> None:
    record = a_pull_request()
    assert (record.created_on, record.merged_on) == (date(2026, 3, 2), date(2026, 3, 6))


def test_a_pending_review_is_left_out_and_counted_as_such() -> None:
    record = a_pull_request()
    assert [review.review_id for review in record.reviews] == ["PRR_1", "PRR_2", "PRR_4", "PRR_5", "PRR_6"]
    assert (record.reviews_total, record.reviews_left_out) == (6, 1)


def test_a_pending_comment_is_left_out_and_its_thread_kept() -> None:
    record = a_pull_request()
    assert [len(thread.comments) for thread in record.threads] == [2, 0]
    assert (record.threads_total, record.review_comments_total) == (2, 2)


def test_a_dismissed_review_keeps_its_day() -> None:
    dismissed = a_pull_request().reviews[2]
    assert (dismissed.state, dismissed.submitted_on) == ("dismissed", date(2026, 3, 4))


def test_a_deleted_account_is_nobody() -> None:
    record = a_pull_request()
    assert record.reviews[2].author is None
    assert record.comments[0].author is None


def test_the_review_of_the_author_is_kept_for_the_signals_to_judge() -> None:
    assert a_pull_request().reviews[3].author == ANA


def test_a_review_months_after_the_merge_is_kept() -> None:
    assert a_pull_request().reviews[4].submitted_on == date(2026, 5, 4)


def test_a_comment_may_lack_its_review() -> None:
    assert [comment.review_id for comment in a_pull_request().threads[0].comments] == ["PRR_1", None]


def test_co_authors_are_named_once_and_unlinked_ones_not_at_all() -> None:
    assert [commit.authors for commit in a_pull_request().commits] == [(ANA,), (ANA, BEN), ()]


def test_positions_follow_the_clock_over_everything_on_the_pull_request() -> None:
    record = a_pull_request()
    happened = {commit.commit_id: commit.position for commit in record.commits}
    happened |= {review.review_id: review.position for review in record.reviews}
    happened |= {one.comment_id: one.position for thread in record.threads for one in thread.comments}
    happened |= {comment.comment_id: comment.position for comment in record.comments}
    happened |= {event.event_id: event.position for event in record.events}
    assert " ".join(sorted(happened, key=lambda key: happened[key])) == (
        "a1 EV_1 EV_2 IC_1 EV_3 PRRC_1 PRR_1 PRR_5 PRRC_2 PRR_4 a2 a3 PRR_2 EV_5 EV_6 PRR_6"
    )
    assert sorted(happened.values()) == list(range(16))


def test_a_review_asked_of_a_team_names_nobody_and_says_so() -> None:
    asked = [event for event in a_pull_request().events if event.kind.startswith("review_request")]
    assert [(event.reviewer, event.is_team) for event in asked] == [(BEN, False), (None, True), (None, False)]


def test_who_merged_and_who_queued_are_told_apart() -> None:
    ends = {event.kind: event.actor for event in a_pull_request().events}
    assert ends["queued_to_merge"] == BEN
    assert ends["merged"] is not None
    assert ends["merged"].is_bot


def test_a_force_push_serves_to_find_the_head_and_is_not_kept() -> None:
    assert {event.event_id for event in a_pull_request().events} == {"EV_1", "EV_2", "EV_3", "EV_5", "EV_6"}


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"id": "C_1", "statusCheckRollup": {"state": "SUCCESS"}}, "passed"),
        ({"id": "C_1", "statusCheckRollup": {"state": "FAILURE"}}, "failed"),
        ({"id": "C_1", "statusCheckRollup": {"state": "ERROR"}}, "failed"),
        ({"id": "C_1", "statusCheckRollup": {"state": "PENDING"}}, "running"),
        ({"id": "C_1", "statusCheckRollup": {"state": "EXPECTED"}}, "running"),
        ({"id": "C_1", "statusCheckRollup": None}, "none"),
        ({"id": "C_1"}, "unknown"),
        (None, "unknown"),
    ],
)
def test_no_checks_is_another_answer_than_not_knowing(head: Any, expected: str) -> None:
    assert a_pull_request(headWhenAsked=head).checks_at_review == expected


def test_a_change_on_another_branch_is_not_on_the_default_branch() -> None:
    found = [a_pull_request(baseRefName=name).is_on_default_branch for name in ("main", "release-2")]
    assert found == [True, False]


def test_a_milestone_is_kept_as_yes_or_no() -> None:
    assert [a_pull_request(milestone=each).is_in_milestone for each in ({"id": "MI_1"}, None)] == [
        True,
        False,
    ]


def test_files_are_known_by_a_hash_and_those_nobody_wrote_are_left_out() -> None:
    record = a_pull_request()
    assert record.file_ids[0] == file_id("R_1", "queue/order.py")
    assert len(record.file_ids) == 3
    assert file_id("R_2", "queue/order.py") != record.file_ids[0]


def test_ties_go_by_id_whatever_the_order_of_the_payload() -> None:
    moment = "2026-01-01T00:00:00Z"
    assert positions([(moment, "b"), (moment, "a")]) == positions([(moment, "a"), (moment, "b")])


def test_a_question_is_seen_in_own_words_only() -> None:
    record = a_pull_request()
    assert [review.asks_question for review in record.reviews] == [True, False, False, False, False]
    assert [comment.asks_question for comment in record.comments] == [False]
    assert [(one.asks_question, one.has_suggestion) for one in record.threads[0].comments] == [
        (True, True),
        (False, False),
    ]


def test_a_template_comment_is_no_body() -> None:
    assert [review.has_body for review in a_pull_request().reviews] == [True, False, True, False, True]


def test_an_issue_closed_twice_by_one_pull_request_is_closed_once() -> None:
    assert a_pull_request().closes_issue_ids == ("I_1",)


def test_the_lock_file_does_not_make_a_change_large() -> None:
    record = a_pull_request()
    assert (record.size_band, record.is_generated_only) == ("medium", False)
    assert (record.touches_code, record.touches_tests, record.touches_docs) == (True, True, True)


def test_files_that_the_source_does_not_tell_leave_the_size_unknown() -> None:
    assert a_pull_request(files=None).size_band == "unknown"


@pytest.mark.parametrize(
    "name", ["reviews", "reviewThreads", "comments", "commits", "closingIssuesReferences", "events"]
)
def test_a_list_that_github_would_not_give_is_empty_and_not_an_error(name: str) -> None:
    a_pull_request(**{name: None})


def test_no_text_of_the_payload_is_left_in_the_record() -> None:
    written = json.dumps(dataclasses.asdict(a_pull_request()), default=str)
    for text in ("retry queue", "Retries", "heap", "Done.", "09:00", "T12", "order.py"):
        assert text not in written


def test_labels_become_kinds_and_other_labels_nothing() -> None:
    assert an_issue().kinds == ("bug", "follow_up")


@pytest.mark.parametrize(
    ("label", "expected"),
    [("kind/bug", ("bug",)), ("BUG", ("bug",)), ("type: regression", ("regression",)), ("bugs bunny", ())],
)
def test_a_prefix_that_says_kind_does_not_hide_the_kind(label: str, expected: tuple[str, ...]) -> None:
    assert kinds([label], LABELS) == expected


def test_an_issue_that_is_reopened_is_not_closed_as_anything() -> None:
    assert an_issue(state="OPEN", stateReason="REOPENED", closedAt=None).closed_as is None


@pytest.mark.parametrize("reason", ["COMPLETED", "NOT_PLANNED", "DUPLICATE"])
def test_an_issue_says_how_it_was_closed(reason: str) -> None:
    assert an_issue(stateReason=reason).closed_as == reason.lower()


def test_events_of_an_issue_name_actor_and_assignee_in_order() -> None:
    events = sorted(an_issue().events, key=lambda event: event.position)
    assert [(event.kind, event.actor and event.actor.login) for event in events] == [
        ("labeled", "helper"),
        ("assigned", "ben"),
        ("reopened", "ben"),
        ("closed", None),
    ]
    assert events[1].assignee == ANA


def test_an_answer_is_dated_by_itself_and_names_who_marked_it() -> None:
    record = a_discussion()
    assert (record.answered_by, record.answered_on, record.marked_by) == (BEN, date(2026, 3, 5), ANA)
    assert (record.is_question, record.is_proposal, record.asks_question) == (True, False, True)


def test_without_an_answer_nobody_answered() -> None:
    record = a_discussion(answer=None, answerChosenBy=None)
    assert (record.answered_by, record.answered_on, record.marked_by) == (None, None, None)


def test_the_answer_of_a_deleted_account_is_an_answer_by_nobody() -> None:
    record = a_discussion(answer={"createdAt": "2026-03-04T10:00:00Z", "author": None})
    assert (record.answered_by, record.answered_on) == (None, date(2026, 3, 4))


@pytest.mark.parametrize(
    ("category", "expected"), [("Ideas", True), ("RFC", True), ("Show and tell", False), ("Q&A", False)]
)
def test_a_category_for_ideas_makes_a_proposal(category: str, expected: bool) -> None:
    assert a_discussion(category={"name": category, "isAnswerable": False}).is_proposal is expected


@pytest.mark.parametrize(
    ("typename", "login", "expected"),
    [
        ("Bot", "anything", True),
        ("User", "codecov-commenter", True),
        ("User", "CodeRabbitAI", True),
        ("User", "dependabot[bot]", True),
        ("User", "talbot", False),
        ("User", "robot", False),
        ("Mannequin", "old-import", False),
        ("EnterpriseUserAccount", "ana_corp", False),
    ],
)
def test_a_robot_is_told_by_type_or_by_name_and_a_surname_is_no_robot(
    typename: str, login: str, expected: bool
) -> None:
    assert (is_robot_by_type(typename, login) or login.casefold() in bot_logins()) is expected


def test_the_operator_names_robots_of_their_own() -> None:
    assert "acme-release" in bot_logins(("Acme-Release",))


@pytest.mark.parametrize("login", ["copilot", "claude", "coderabbitai", "devin-ai-integration"])
def test_a_model_that_reviews_or_signs_commits_is_a_robot(login: str) -> None:
    assert login in bot_logins()


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("acme-release-bot", True),
        ("deploy.ci", True),
        ("svc-payments", True),
        ("talbot", False),
        ("icicle", False),
    ],
)
def test_a_login_that_reads_like_a_robots_is_only_ever_a_suggestion(login: str, expected: bool) -> None:
    assert looks_like_a_robot(login) is expected
    assert login not in bot_logins()


def a_pull_request(**changes: Any) -> PullRequest:
    return pull_request(_payload("pull_request") | changes)


def an_issue(**changes: Any) -> Issue:
    return issue(_payload("issue") | changes, LABELS)


def a_discussion(**changes: Any) -> Discussion:
    return discussion(_payload("discussion") | changes, LABELS)


def _payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return copy.deepcopy(found)
