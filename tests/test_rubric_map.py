"""The shipped rubric_map.yaml, held against its document and the shipped signals; and what loading keeps."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import BadInput
from rubric.cells import bandable
from rubric.document import drift, read_document
from rubric.map import RubricMap, load_map
from rubric.rule import Indicator
from signals.catalog import load_catalog

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT.parent / "shared" / "rubric" / "ic1_machine_learning_engineer.txt"
CATALOG = load_catalog()
needs_document = pytest.mark.skipif(not DOCUMENT.is_file(), reason="the rubric document is not here")

# --- the shipped map ------------------------------------------------------------------------------------


def test_the_shipped_map_classifies_38_items_of_five_pillars_and_the_level() -> None:
    shipped = shipped_map()
    assert len(shipped.items) == 38
    assert Counter(item.pillar for item in shipped.items) == {
        "Level": 3,
        "Results": 9,
        "Direction": 2,
        "Talent": 6,
        "Culture": 9,
        "Craft": 9,
    }


@needs_document
def test_the_38_hashes_are_those_of_the_document_in_its_order() -> None:
    statements = read_document(DOCUMENT)
    items = shipped_map().items
    assert [(i.pillar, i.group, i.statement_sha256) for i in items] == [
        (s.pillar, s.group, s.sha256) for s in statements
    ]
    assert drift(shipped_map(), statements) == []


@needs_document
def test_no_item_repeats_the_documents_words() -> None:
    statements = {statement.sha256: words(statement.text) for statement in read_document(DOCUMENT)}
    for item in shipped_map().items:
        said, original = words(item.says), statements[item.statement_sha256]
        assert said != original
        assert not contains(said, original)
        assert not contains(original, said)
        longest = max(size for size in range(len(said) + 1) if shares_a_run(said, original, size))
        assert longest < 5, f"{item.slug} shares {longest} words in a row with the document"


@needs_document
def test_the_lead_sentences_are_in_our_words_too() -> None:
    document = words(DOCUMENT.read_text(encoding="utf-8"))
    for lead in shipped_map().leads.values():
        assert not shares_a_run(words(lead), document, 5)


def test_the_shipped_map_uses_every_evidence_signal_and_needs_no_other() -> None:
    used = {indicator.signal for item in shipped_map().items for indicator in item.indicators}
    beside = {name for item in shipped_map().items for name in item.beside}
    assert used & beside <= {"postmortems"}
    assert used | beside == {name for name, signal in CATALOG.items() if signal.kind == "evidence"}


def test_every_signal_of_the_shipped_map_stands_beside_the_one_that_keeps_it_honest() -> None:
    assert shipped_map().warnings == ()


def test_what_stands_beside_an_item_decides_nothing_about_it() -> None:
    """A revert is in no rule, and what is the person's alone makes no item banded."""
    rules = {indicator.signal for item in shipped_map().items for indicator in item.indicators}
    assert "reverted_within_14_days" not in rules
    item = shipped_map().item("ownership-learns-from-mistakes")
    assert (item.item_class, item.beside) == ("ask", ("reverted_within_14_days", "postmortems"))
    assert bandable(item, CATALOG) is False


def test_throughput_is_withheld_and_nothing_else_is() -> None:
    assert [i.slug for i in shipped_map().items if i.item_class == "withheld"] == ["code-fluency-throughput"]


def test_every_item_has_a_question_to_ask() -> None:
    assert [item.slug for item in shipped_map().items if not item.question] == []


def test_every_reason_and_every_question_is_its_own() -> None:
    for of in ("because", "question", "says"):
        counted = Counter(getattr(item, of) for item in shipped_map().items if getattr(item, of))
        assert [text for text, count in counted.items() if count > 1] == []


def test_reviews_are_read_aloud_as_they_are_judged() -> None:
    assert shipped_map().item("code-fluency-reviews").rule == (
        "Reviews given: at least 4 pull requests in 3 different weeks over 1 quarter;"
        " and Reviews with substance: at least 2 pull requests over 1 quarter;"
        " and Review questions: at least 1 pull request over 1 quarter"
    )


def test_rules_of_which_one_is_enough_are_joined_by_or() -> None:
    assert "; or " in shipped_map().item("ownership-follows-through").rule


def test_an_asked_item_has_no_rule_to_read_aloud() -> None:
    assert shipped_map().item("ownership-escalates").rule == ""


# --- what loading keeps ---------------------------------------------------------------------------------


def test_an_indicator_keeps_amount_unit_weeks_and_span(tmp_path: Path) -> None:
    loaded = load_map(
        small(tmp_path, "at_least: 4 pull requests, in: 3 different weeks, over: 2 quarters"), PLAIN
    )
    assert loaded.items[0].indicators == (Indicator("reviews_given", 4, "pull requests", 3, 2),)


@pytest.mark.parametrize("written", ["1 pull request", "1 pull requests", "20 pull requests"])
def test_a_unit_may_be_singular_or_plural(tmp_path: Path, written: str) -> None:
    assert load_map(small(tmp_path, f"at_least: {written}, over: 1 quarter"), PLAIN).items


@pytest.mark.parametrize(("weeks", "span"), [(13, "1 quarter"), (26, "2 quarters"), (52, "4 quarters")])
def test_a_rule_may_ask_for_every_week_there_is(tmp_path: Path, weeks: int, span: str) -> None:
    rule = f"at_least: {weeks} pull requests, in: {weeks} different weeks, over: {span}"
    assert load_map(small(tmp_path, rule), PLAIN).items[0].indicators[0].in_weeks == weeks


def test_an_item_knows_the_line_it_stands_on(tmp_path: Path) -> None:
    assert load_map(small(tmp_path, "at_least: 1 pull request, over: 1 quarter"), PLAIN).items[0].line == 5


def test_a_signal_without_its_guard_is_a_warning_and_stops_nothing(tmp_path: Path) -> None:
    loaded = load_map(small(tmp_path, "at_least: 1 pull request, over: 1 quarter"), PLAIN)
    assert loaded.warnings == (
        "map.yaml:10: item 'reviews': 'reviews_given' stands without 'reviews_with_substance',"
        " the signal that keeps it honest",
    )


def test_a_step_is_no_indicator(tmp_path: Path) -> None:
    path = small(tmp_path, "at_least: 1 incident, over: 1 quarter")
    path.write_text(path.read_text().replace("reviews_given", "paged_for_incident"))
    with pytest.raises(BadInput) as caught:
        load_map(path, CATALOG)
    assert (
        "signal 'paged_for_incident' ties traces of an incident together and counts for nothing"
        in (caught.value.mistakes[0])
    )


def test_an_item_that_is_not_in_the_map_is_a_key_error(tmp_path: Path) -> None:
    loaded = load_map(small(tmp_path, "at_least: 1 pull request, over: 1 quarter"), PLAIN)
    with pytest.raises(KeyError, match="nowhere"):
        loaded.item("nowhere")


@settings(max_examples=150, deadline=None)
@given(inserted=st.text(max_size=40), position=st.integers(0, 600), removed=st.integers(0, 30))
def test_a_damaged_map_is_a_bad_input_or_a_map_and_never_a_crash(
    inserted: str, position: int, removed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = small(folder, "at_least: 1 pull request, over: 1 quarter")
    text = path.read_text(encoding="utf-8")
    damaged = text[:position] + inserted + text[position + removed :]
    path.write_bytes(damaged.encode("utf-8", "surrogatepass"))
    mistakes: list[str] = []
    try:
        load_map(path, PLAIN)
    except BadInput as error:
        mistakes = error.mistakes
    assert all(sentence.startswith("map.yaml:") for sentence in mistakes)


def test_absurdly_deep_yaml_is_a_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("[" * 2000)
    with pytest.raises(BadInput, match=r"^map\.yaml:1: "):
        load_map(path, PLAIN)


# --- builders -------------------------------------------------------------------------------------------


@cache
def shipped_map() -> RubricMap:
    return load_map(ROOT / "rubric_map.yaml", CATALOG)


def small(folder: Path, rule: str) -> Path:
    path = folder / "map.yaml"
    path.write_text(
        "rubric: small\ntitle: A small rubric\nleads: {}\nitems:\n"
        "  reviews:\n    pillar: Craft\n    group: Code\n    says: Takes part in reviews.\n"
        f"    source: {{document: small, sha256: {'ab' * 32}}}\n"
        f"    indicators: [{{signal: reviews_given, {rule}}}]\n    class: observable\n",
        encoding="utf-8",
    )
    return path


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower().replace("\u2019", "").replace("'", ""))


def shares_a_run(one: list[str], other: list[str], size: int) -> bool:
    runs = {tuple(other[at : at + size]) for at in range(len(other) - size + 1)}
    return any(tuple(one[at : at + size]) in runs for at in range(len(one) - size + 1))


def contains(long: list[str], short: list[str]) -> bool:
    return shares_a_run(long, short, len(short))


@dataclass(frozen=True)
class PlainSignal:
    unit: str
    kind: str = "evidence"
    sensitivity: str = "band"
    misleads: str = "Presence, not depth."
    optional: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    open_because: str | None = None
    answers: str = "Which of them?"
    reads: tuple[str, ...] = ("pull_requests",)
    opportunity: str | None = None
    guard: str | None = "reviews_with_substance"


PLAIN = {"reviews_given": PlainSignal("pull requests")}
