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
    links_documentation,
    path_features,
    reverted,
    size_band,
)
from connectors.records import Reverted


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
    ("body", "expected"),
    [
        ("Reverts acme/queue#12", (12, None)),
        ("Reverts #12", (12, None)),
        ("This reverts pull request #12.", (12, None)),
        ("Reverts https://github.com/acme/queue/pull/12", (12, None)),
        ("Why: it broke.\n\nThis reverts commit ABCDEF1234.", (None, "abcdef1234")),
    ],
)
def test_a_revert_says_what_it_takes_back(body: str, expected: tuple[int | None, str | None]) -> None:
    assert reverted('Revert "Keep the order"', body, "Acme/Queue") == (Reverted(*expected),)


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ('Revert "Keep the order"', "Reverts acme/other#12"),
        ('Revert "Revert "Keep the order""', "Reverts acme/queue#13"),
        ("Keep the order", "This supersedes #12"),
        ('Revert "Keep the order"', "We reverted #12 by hand."),
    ],
)
def test_these_take_nothing_back_that_is_known_here(title: str, body: str) -> None:
    assert reverted(title, body, "acme/queue") == ()


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["libs/client.py", "services/pay/api.py"], True),
        (["services/libs/client.py", "services/pay/api.py"], True),
        (["platform/store/read.py", "services/pay/api.py"], True),
        (["libs/client.py"], False),
        (["services/pay/api.py"], False),
        (["mylibs/client.py", "services/pay/api.py"], False),
        (["libs/README.md", "services/pay/api.py"], False),
        (["libs/tests/test_client.py", "services/pay/api.py"], False),
    ],
)
def test_to_change_the_teams_tools_with_other_code_is_to_use_them(paths: list[str], expected: bool) -> None:
    found = path_features([(path, 1) for path in paths], ["libs", "/platform/store/"])
    assert found.touches_team_tools is expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "See https://docs.acme.example/queue.",
            "[the record](../adr/0007-order.md)",
            "https://x.org/rfc9110",
        ),
        *("https://github.com/acme/queue/wiki/Order", "As in https://peps.python.org/pep-0008/#naming"),
    ],
)
def test_a_link_to_something_written_down_is_seen(text: str) -> None:
    assert links_documentation(text)


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "the docs say so", "https://github.com/acme/queue/pull/3", "https://x.org/docstring"),
        *("> https://docs.acme.example", "```\nhttps://docs.acme.example\n```", "[here](https://x.org/a.py)"),
    ],
)
def test_these_are_no_links_to_documentation(text: str | None) -> None:
    assert not links_documentation(text)


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
        *("revert ", "x ://", "www.", "```suggestion", "https://", "](a", "/docs", ".md"),
        *("reverts commit /", "\nreverts acme/"),
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
        links_documentation(body)
        reverted("Revert it", body, "acme/queue")
