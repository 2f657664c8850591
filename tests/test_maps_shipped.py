"""Every map in maps/, held against the shipped signals and the document of the same name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rubric.document import Statement, drift, read_document
from rubric.map import RubricMap, load_map, load_maps
from signals.catalog import load_catalog

ROOT = Path(__file__).parents[1]
DOCUMENTS = ROOT.parent / "shared" / "rubric" / "dropbox"
CATALOG = load_catalog()
MAPS = sorted((ROOT / "maps").iterdir())

each_map = pytest.mark.parametrize("path", MAPS, ids=[path.stem for path in MAPS])
needs_documents = pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the rubric documents are not here")


def test_there_are_maps_and_all_can_be_in_force_with_the_shipped_one() -> None:
    assert MAPS
    assert len(load_maps([ROOT / "rubric_map.yaml", *MAPS], CATALOG)) == 1 + len(MAPS)


@each_map
def test_it_has_no_mistake_and_no_signal_without_its_guard(path: Path) -> None:
    assert path.suffix == ".yaml"
    assert the_map(path).warnings == ()


@each_map
def test_it_bears_the_name_of_its_rubric(path: Path) -> None:
    assert the_map(path).id == path.stem.replace("_", "-")


@each_map
def test_every_item_is_classified_with_a_reason_and_a_question(path: Path) -> None:
    classes = {"observable", "partly", "ask", "withheld"}
    assert [i.slug for i in the_map(path).items if i.item_class not in classes] == []
    assert [i.slug for i in the_map(path).items if not (i.because and i.question)] == []


@each_map
def test_what_is_not_observed_has_no_rule_and_what_is_has_one(path: Path) -> None:
    observed = {"observable", "partly"}
    assert [i.slug for i in the_map(path).items if bool(i.indicators) != (i.item_class in observed)] == []


@needs_documents
@each_map
def test_its_hashes_are_those_of_the_document_in_its_order(path: Path) -> None:
    stated = document(path)
    assert [i.statement_sha256 for i in the_map(path).items] == [s.sha256 for s in stated]
    assert drift(the_map(path), stated) == []


@needs_documents
@each_map
def test_no_item_says_what_a_statement_says_word_for_word(path: Path) -> None:
    originals = {words(statement.text) for statement in document(path)}
    assert [i.slug for i in the_map(path).items if words(i.says) in originals] == []


# --- builders -------------------------------------------------------------------------------------------


def the_map(path: Path) -> RubricMap:
    return load_map(path, CATALOG)


def document(path: Path) -> list[Statement]:
    return read_document(DOCUMENTS / f"{path.stem}.html")


def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", text.lower().replace("\u2019", "").replace("'", "")))
