"""When review was first asked for, and which commit was the head then."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.github.review_request import head_when_asked, review_first_asked_at

READY, DRAFT, ASKED, FORCED = (
    "ReadyForReviewEvent",
    "ConvertToDraftEvent",
    "ReviewRequestedEvent",
    "HeadRefForcePushedEvent",
)


@pytest.mark.parametrize(
    ("is_draft", "events", "hour"),
    [
        (False, [], 8),
        (False, [(9, ASKED)], 8),
        (False, [(9, READY)], 9),
        (False, [(9, ASKED), (10, READY)], 9),
        (False, [(9, DRAFT), (10, READY)], 8),
        (False, [(9, READY), (10, DRAFT), (11, READY)], 9),
        (True, [(9, ASKED)], 9),
        (True, [], None),
    ],
)
def test_opening_asks_for_review_and_a_draft_is_offered_later(
    is_draft: bool, events: list[tuple[int, str]], hour: int | None
) -> None:
    found = review_first_asked_at(a_pull_request(events, is_draft=is_draft))
    assert (found and found.hour) == hour


@pytest.mark.parametrize(
    ("commits", "events", "head"),
    [
        ([6, 7], [], "C7"),
        ([6, 7, 9], [], "C7"),
        ([7, 6], [], "C7"),
        ([9], [], None),
        ([], [], None),
        ([6, 9], [(9, READY)], "C9"),
        ([6, 10], [(9, READY)], "C6"),
    ],
)
def test_the_head_is_the_last_commit_made_until_then(
    commits: list[int], events: list[tuple[int, str]], head: str | None
) -> None:
    assert head_when_asked(a_pull_request(events, commits)) == head


def test_after_a_force_push_the_head_is_what_stood_before_the_first() -> None:
    pull = a_pull_request([(9, FORCED), (10, FORCED)], [6])
    pull["events"]["nodes"][0]["beforeCommit"] = a_commit(7)
    assert head_when_asked(pull) == "C7"


def test_a_force_push_before_anybody_was_asked_changes_nothing() -> None:
    assert head_when_asked(a_pull_request([(7, FORCED)], [6])) == "C6"


@pytest.mark.parametrize("before", [None, 9])
def test_a_head_that_a_force_push_hides_is_not_guessed(before: int | None) -> None:
    pull = a_pull_request([(10, FORCED)], [6])
    pull["events"]["nodes"][0]["beforeCommit"] = a_commit(before) if before else None
    assert head_when_asked(pull) is None


def a_pull_request(
    events: list[tuple[int, str]], commits: list[int] | None = None, *, is_draft: bool = False
) -> dict[str, Any]:
    """Opened at eight."""
    return {
        "createdAt": at(8),
        "isDraft": is_draft,
        "events": {
            "nodes": [
                {"__typename": kind, "createdAt": at(hour), "beforeCommit": None} for hour, kind in events
            ]
        },
        "commits": {"nodes": [{"commit": a_commit(hour)} for hour in commits or ()]},
    }


def a_commit(hour: int) -> dict[str, Any]:
    return {"id": f"C{hour}", "committedDate": at(hour)}


def at(hour: int) -> str:
    return f"2026-03-02T{hour:02}:00:00Z"
