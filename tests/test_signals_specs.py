"""Every signal does what its page in `specs/` says, example by example."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import BadInput
from signals.catalog import load_catalog
from signals.spec import Example, failures, read_page

PAGES = Path(__file__).parent / "specs"
CATALOG = load_catalog()
EXAMPLES = [(path.stem, example) for path in sorted(PAGES.glob("*.md")) for example in read_page(path)]


@pytest.mark.parametrize(
    ("signal", "example"), EXAMPLES, ids=[f"{signal}: {example.title}" for signal, example in EXAMPLES]
)
def test_an_example_of_the_manual_holds(signal: str, example: Example) -> None:
    assert failures(example, CATALOG[signal]) == []


def test_every_signal_has_a_page_and_every_page_a_signal() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(CATALOG)


@pytest.mark.parametrize("signal", CATALOG)
def test_a_page_shows_both_what_counts_and_what_does_not(signal: str) -> None:
    """Some example has an answer; some person in its tables is left out of an answer."""
    examples = [example for name, example in EXAMPLES if name == signal]
    assert any(example.expected and example.expected.rows for example in examples)
    assert any(_left_out(example) for example in examples)


def test_a_row_that_should_not_follow_and_one_that_should_are_both_told(tmp_path: Path) -> None:
    (example,) = read_page(
        page(
            tmp_path,
            """
            ## Wrong on purpose

            `pull_requests`

            | pull_request_id | author_id |
            |---|---|
            | parser | ada |

            `reviews`

            | pull_request_id | reviewer_id | submitted_on |
            |---|---|---|
            | parser | ben | 2026-07-06 |

            `evidence`

            | person_id | source_id |
            |---|---|
            | cleo | parser |
            """,
        )
    )
    assert failures(example, CATALOG["reviews_given"]) == [
        "'Wrong on purpose': cleo | parser should follow and does not",
        "'Wrong on purpose': ben | parser follows and should not",
    ]


def test_mistakes_in_a_page_are_told_all_at_once(tmp_path: Path) -> None:
    path = page(
        tmp_path,
        """
        ## No answer

        `reviws`

        | pull_request_id |
        |---|
        | parser |

        ## A column and a row gone wrong

        `reviews`

        | reviewer | pull_request_id |
        |---|---|
        | ben |

        `evidence`: none

        `evidence`: none

        ## No rows

        `evidence`
        """,
    )
    with pytest.raises(BadInput) as caught:
        read_page(path)
    where = f"{path.parent.name}/{path.name}"
    assert caught.value.mistakes == [
        f"{where}:4: no table named 'reviws'; did you mean 'reviews'?",
        f"{where}:12: table 'reviews' has no column 'reviewer'; did you mean 'reviewer_id'?",
        f"{where}:12: a row of 'reviews' has fewer cells than the table has columns",
        f"{where}:20: an example has one answer; begin another with a ## heading",
        f"{where}:24: 'evidence' has no rows under it; write a Markdown table, or `evidence`: none",
        f"{where}:2: example 'No answer' has no answer; end it with `evidence` and rows",
    ]


def test_a_page_without_examples_is_no_page(tmp_path: Path) -> None:
    path = page(tmp_path, "Only prose.")
    with pytest.raises(BadInput) as caught:
        read_page(path)
    assert caught.value.mistakes == [
        f"{path.parent.name}/reviews_given.md:1: the page has no example; begin one with a ## heading"
    ]


# --- builders -------------------------------------------------------------------------------------------


def page(folder: Path, text: str) -> Path:
    path = folder / "reviews_given.md"
    path.write_text("\n".join(line.strip() for line in text.split("\n")))
    return path


def _left_out(example: Example) -> bool:
    named = {
        value
        for table in example.tables
        for row in table.rows
        for column, value in row.items()
        if column.endswith("_id")
    }
    answered = {
        value for row in (example.expected.rows if example.expected else ()) for value in row.values()
    }
    return bool(named - answered)
