"""What paths and texts say about a change."""

from __future__ import annotations

import pytest

from connectors.github import features
from connectors.github.features import (
    asks_question,
    has_context,
    has_suggestion,
    has_words,
    is_backport,
    is_generated,
    is_revert,
    path_features,
    size_band,
)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "tests/test_order.py",
            "src/order_test.go",
            "web/__tests__/order.ts",
            "web/order.spec.tsx",
            "spec/a.rb",
        ),
        *("src/test/java/OrderTest.java", "conftest.py", "pkg/testdata/in.json"),
    ],
)
def test_these_paths_are_tests_and_not_code(path: str) -> None:
    found = path_features([(path, 1)])
    assert (found.touches_tests, found.touches_code) == (True, False)


@pytest.mark.parametrize(
    "path", ["src/latest.py", "contest/rank.py", "src/attestation.go", "inspect/view.ts"]
)
def test_these_paths_only_look_like_tests(path: str) -> None:
    found = path_features([(path, 1)])
    assert (found.touches_tests, found.touches_code) == (False, True)


@pytest.mark.parametrize(
    "path", ["README.md", "docs/index.html", "runbooks/queue.txt", "CHANGELOG", "guide.rst"]
)
def test_these_paths_are_documentation(path: str) -> None:
    found = path_features([(path, 1)])
    assert (found.touches_docs, found.touches_code) == (True, False)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "analysis/churn.ipynb",
            "experiments/2026-03/report.md",
            "configs/train/base.yaml",
            "train/params.yaml",
        ),
        *("conf/model_large.yaml", "model_card.md", "dvc.yaml"),
    ],
)
def test_these_paths_are_experiments(path: str) -> None:
    assert path_features([(path, 1)]).touches_experiments


@pytest.mark.parametrize(
    "path", ["config/database.yaml", "src/train_station.py", "models.py", "deploy/values.yaml"]
)
def test_these_paths_are_no_experiments(path: str) -> None:
    assert not path_features([(path, 1)]).touches_experiments


@pytest.mark.parametrize(
    "path", ["docs/adr/0007-queue.md", "rfcs/0012.md", "design/queue.md", "queue-design.md"]
)
def test_these_paths_are_designs(path: str) -> None:
    assert path_features([(path, 1)]).touches_designs


@pytest.mark.parametrize("path", ["src/design/button.tsx", "docs/guide.md", "decisions.py"])
def test_these_paths_are_no_designs(path: str) -> None:
    assert not path_features([(path, 1)]).touches_designs


@pytest.mark.parametrize(
    "path",
    ["poetry.lock", "web/package-lock.json", "vendor/x/y.go", "api/order_pb2.py", "a.min.js", "go.sum"],
)
def test_nobody_wrote_these_by_hand(path: str) -> None:
    assert is_generated(path)
    assert path_features([(path, 999)]).is_generated_only


def test_one_line_by_hand_makes_a_change_more_than_generated() -> None:
    found = path_features([("go.sum", 5_000), ("main.go", 1)])
    assert (found.is_generated_only, found.size_band) == (False, "small")


def test_a_change_without_files_has_no_size() -> None:
    assert path_features([]).size_band == "unknown"
    assert not path_features([]).is_generated_only


def test_bands_on_both_sides_of_each_edge() -> None:
    edges = (features.SMALL_LINES, features.MEDIUM_LINES)
    assert [size_band(lines) for edge in edges for lines in (edge, edge + 1)] == [
        *("small", "medium", "medium", "large")
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("Why?", "Could this overflow? I think so.", "(really?)", "So *why*?", "Hm?!", "> no\nBut why ?"),
        *("See https://example.test/x — is that it?", "\u4f55\uff1f", "Is `x` set?", "1. Is it?\n2. no"),
    ],
)
def test_these_ask(text: str) -> None:
    assert asks_question(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Done.", "> Why?\nBecause.", "`a ? b : c`", "```\nwhat?\n```", "~~~\nwhat?\n", "    why?\n"),
        *(
            "https://example.test/a?b=c",
            "[link](https://example.test/?q=1)",
            "<!-- Did you test? -->",
            "a ?b",
        ),
        *("````\n```\nwhy?\n```\n````", "``a `?` b``", "? ", "see www.example.test/find?x=1"),
    ],
)
def test_these_do_not_ask(text: str) -> None:
    assert not asks_question(text)


def test_a_question_mark_in_a_question_mark_free_language_is_no_matter() -> None:
    assert not asks_question(None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```suggestion\nx = 1\n```", True),
        ("Try:\r\n\r\n````suggestion\r\nx\r\n````", True),
        ("```python\nx = 1\n```", False),
        ("a suggestion", False),
        (None, False),
    ],
)
def test_a_suggestion_is_a_block_that_can_be_applied(text: str | None, expected: bool) -> None:
    assert has_suggestion(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x", True), ("", False), (" \n", False), (None, False), ("<!-- fill in -->\n", False)],
)
def test_a_template_comment_is_not_writing(text: str | None, expected: bool) -> None:
    assert has_words(text) is expected


@pytest.mark.parametrize(
    "body",
    [
        "## Why\nThe queue sorted by attempt.",
        "**Motivation**\n\nFewer pages at night.",
        "Sorts by age, because retries overtook each other.",
        "Chose a heap instead of a list.",
        "### How has this been tested?\nOn staging.",
        "# Test plan:\n- unit tests",
    ],
)
def test_these_descriptions_give_context(body: str) -> None:
    assert has_context(body)


@pytest.mark.parametrize(
    "body",
    [
        *("", None, "Fix queue.", "## Why\n\n## What\nQueue.", "## Motivation\n<!-- tell us why -->\n"),
        *("## Test plan\n- [ ]\n", "## Why\nN/A\n", "> because you asked", "```\nbecause\n```"),
    ],
)
def test_an_unfilled_template_gives_no_context(body: str | None) -> None:
    assert not has_context(body)


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ('Revert "Keep the queue in order"', "", True),
        ("revert: keep the queue in order", "", True),
        ("Undo the heap", "This reverts commit 1234567.", True),
        ("Undo the heap", "Reverts acme/queue#12", True),
        ('Revert "Revert "Keep the queue in order""', "", False),
        ("Reapply the heap", "", False),
        ("Let users revert a change", "", False),
        ("Revertible migrations", "", False),
    ],
)
def test_a_revert_takes_something_back(title: str, body: str, expected: bool) -> None:
    assert is_revert(title, body) is expected


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("[Backport 1.2] Keep the queue in order", "", True),
        ("Backport: keep the queue in order", "", True),
        ("[1.2.x] Keep the queue in order", "", True),
        ("[release-2.0] Keep the queue in order", "", True),
        ("Keep the queue in order (backport #12)", "", True),
        ("Keep the queue in order", "Backport of #12 to 1.2", True),
        ("Keep the queue in order", "(cherry picked from commit abc)", True),
        ("Keep the queue in order", "This should be backported.", False),
        ("Add a tool that backports", "", False),
    ],
)
def test_a_backport_carries_a_merged_change_elsewhere(title: str, body: str, expected: bool) -> None:
    assert is_backport(title, body) is expected


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "`",
            "``` ",
            "~~~\n",
            "<!--",
            "> ",
            "[](",
            "\t?",
            "a.",
            "?",
            "a?!",
            "\n",
            "# ",
            "** ",
            "-",
            "` `` ",
            "(backport",
        ),
        *("revert ", "x ://", "www.", "```suggestion"),
    ],
)
def test_a_long_hostile_text_is_read_in_no_time(piece: str) -> None:
    # A character looked at again for every other character would take minutes here.
    text = f"a{piece * (60_000 // len(piece))}b?x"
    for body in (text, f"# Why\n{text}"):
        asks_question(body)
        has_suggestion(body)
        has_context(body)
        is_backport(body, body)
        is_revert(body, body)
