"""Reading rubric documents, and noticing when one has changed since the map was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import BadInput
from rubric.document import Statement, drift, read_document, statement_sha256
from rubric.map import Item, RubricMap

SHARED = Path(__file__).parents[1].parent / "shared" / "rubric"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the rubric documents are not here")

PLAIN = """IC0 Gardener
I water things with direction from the head gardener
Scope
How much of the garden
- I water one bed.
🪴 Growing
Watering
- I water on time
- I stop when it rains
🐝 Craft
I learn the names of plants.
Names
- I know ten names
"""


def test_a_plain_document_gives_its_bullets_with_pillar_and_group(tmp_path: Path) -> None:
    assert places(read_document(written(tmp_path, PLAIN))) == [
        ("Level", "Scope", "I water one bed."),
        ("Growing", "Watering", "I water on time"),
        ("Growing", "Watering", "I stop when it rains"),
        ("Craft", "Names", "I know ten names"),
    ]


def test_a_published_page_gives_the_same_statements_as_its_plain_text(tmp_path: Path) -> None:
    page = """<h1>Somewhere else</h1><ul><li>Navigation</li></ul>
    <h1>IC0 Gardener</h1><p><strong><em>I water things</em></strong></p>
    <p><strong>Scope</strong> <em>How much</em></p>
    <ul><li>I water <a href="/bed">one bed</a>.</li></ul>
    <h2>🪴 Growing</h2><p><strong>Watering</strong></p>
    <ul><li>I water on time</li><li>I stop when it rains</ul>
    <h2>🐝 Craft</h2><p>I learn the names of plants.</p><p><strong>Names</strong></p>
    <ul><li>I know ten&nbsp;names</li></ul>
    """
    assert read_document(written(tmp_path, page, "page.html")) == read_document(written(tmp_path, PLAIN))


@pytest.mark.parametrize(
    "typeset", ["it\u2019s  one \u2013 bed", " it's one - bed\n", "it\u2018s one\u00a0\u2014 bed"]
)
def test_typesetting_does_not_change_a_statement(typeset: str) -> None:
    assert statement_sha256(typeset) == statement_sha256("it's one - bed")


@pytest.mark.parametrize("other", ["It's one bed", "it's one bed.", "it's one  beds", "its one bed"])
def test_case_punctuation_and_words_do(other: str) -> None:
    assert statement_sha256(other) != statement_sha256("it's one bed")


def test_a_bullet_without_a_heading_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_document(written(tmp_path, "Title\nLead\n- alone\n"))
    assert caught.value.mistakes == ["rubric.txt:3: a statement without a heading above it"]


def test_a_document_without_statements_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_document(written(tmp_path, "Title\nLead\nScope\n"))
    assert caught.value.mistakes == [
        "rubric.txt:1: no statements; a statement is a line that starts with '- '"
    ]


def test_a_statement_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_document(written(tmp_path, PLAIN + "- I water on time\n"))
    assert caught.value.mistakes == ["rubric.txt:14: the same statement stands twice, first on line 8"]


def test_a_document_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^gone\.txt: cannot be read: No such file"):
        read_document(tmp_path / "gone.txt")


def test_an_unchanged_document_has_no_drift() -> None:
    assert drift(mapped("one", "two"), [stated("one"), stated("two")]) == []


def test_a_reworded_statement_is_reported_as_changed() -> None:
    assert drift(mapped("one", "two"), [stated("one"), stated("two, reworded")]) == [
        "item 'two' (line 2): its statement changed, read again whether the item still says it: two, reworded"
    ]


def test_a_removed_statement_is_reported_as_vanished() -> None:
    assert drift(mapped("one", "two"), [stated("two")]) == [
        "item 'one' (line 1): its statement vanished from Growing / Watering"
    ]


def test_an_added_statement_is_reported_as_new() -> None:
    assert drift(mapped("one"), [stated("one"), stated("two")]) == [
        "new in Growing / Watering, no item for it: two"
    ]


def test_a_statement_under_another_heading_is_reported_as_moved() -> None:
    assert drift(mapped("one"), [stated("one", group="Weeding")]) == [
        "item 'one' (line 1): its statement moved from Growing / Watering to Growing / Weeding"
    ]


def test_a_new_statement_of_another_group_is_nobodys_successor() -> None:
    assert drift(mapped("one"), [stated("two", group="Weeding")]) == [
        "item 'one' (line 1): its statement vanished from Growing / Watering",
        "new in Growing / Weeding, no item for it: two",
    ]


@needs_shared
def test_the_default_rubric_has_38_statements_under_its_level_and_five_pillars() -> None:
    statements = read_document(SHARED / "ic1_machine_learning_engineer.txt")
    pillars = list(dict.fromkeys(statement.pillar for statement in statements))
    assert (len(statements), pillars) == (
        38,
        ["Level", "Results", "Direction", "Talent", "Culture", "Craft"],
    )


@needs_shared
def test_the_published_page_of_the_default_rubric_reads_like_its_plain_text() -> None:
    page = read_document(SHARED / "dropbox" / "ic1_machine_learning_engineer.html")
    assert page == read_document(SHARED / "ic1_machine_learning_engineer.txt")


@needs_shared
def test_neighbouring_levels_share_few_statements() -> None:
    first = read_document(SHARED / "dropbox" / "ic1_machine_learning_engineer.html")
    second = read_document(SHARED / "dropbox" / "ic2_machine_learning_engineer.html")
    assert len({s.sha256 for s in first} & {s.sha256 for s in second}) == 9


def written(folder: Path, text: str, name: str = "rubric.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def places(statements: list[Statement]) -> list[tuple[str, str, str]]:
    return [(statement.pillar, statement.group, statement.text) for statement in statements]


def stated(text: str, group: str = "Watering") -> Statement:
    return Statement("Growing", group, text, statement_sha256(text))


def mapped(*texts: str) -> RubricMap:
    items = tuple(
        Item(text, "Growing", "Watering", "S.", "ask", "B.", "Q?", (), "all", statement_sha256(text), line)
        for line, text in enumerate(texts, start=1)
    )
    return RubricMap("garden", "Garden", {}, items, ())
