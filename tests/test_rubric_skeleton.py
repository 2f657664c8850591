"""What `rubric import` makes: a map in which everything stands that the document says, and no answer yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import cli
from connectors.errors import BadInput
from rubric.document import Document, Statement, drift, open_document, statement_sha256
from rubric.map import load_map
from rubric.skeleton import skeleton, skeleton_of
from signals.catalog import load_catalog

SHARED = Path(__file__).parents[1].parent / "shared" / "rubric"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the rubric documents are not here")
CATALOG = load_catalog()

TABLE = "pillar,group,statement\nCraft,Names,I know ten names\nCraft,Names,I know ten of my names\n"


def test_check_says_one_sentence_for_each_item_and_none_besides(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, skeleton_of(written(tmp_path, TABLE))[0]) == [
        "map.yaml:24: item 'names-know-ten': unclassified; give it indicators, or ask, or withheld",
        "map.yaml:30: item 'names-know-ten-2': unclassified; give it indicators, or ask, or withheld",
    ]


@needs_shared
@pytest.mark.parametrize(
    "name",
    ["ic1_machine_learning_engineer.txt", "ft/engineering.yml", "ft/engineering.yml@senior-1"]
    + [
        f"dropbox/{level}_engineer.html" for level in ("ic1_software", "ic2_software", "ic3_machine_learning")
    ],
)
def test_each_recorded_document_becomes_a_map_that_fails_for_each_item(name: str, tmp_path: Path) -> None:
    text, count = skeleton_of(str(SHARED / name))
    mistakes = mistakes_of(tmp_path, text)
    assert len(mistakes) == count == len(open_document(str(SHARED / name)).statements)
    assert all(
        mistake.endswith("unclassified; give it indicators, or ask, or withheld") for mistake in mistakes
    )


@needs_shared
def test_the_skeleton_of_the_default_document_has_the_id_and_the_hashes_of_the_shipped_map() -> None:
    text, count = skeleton_of(str(SHARED / "ic1_machine_learning_engineer.txt"))
    shipped = load_map(Path(__file__).parents[1] / "rubric_map.yaml", CATALOG)
    assert count == 38
    assert f"rubric: {shipped.id}\ntitle: {shipped.title}\n" in text
    assert [line.split("sha256: ")[1][:64] for line in text.splitlines() if "sha256: " in line] == [
        item.statement_sha256 for item in shipped.items
    ]


def test_once_each_item_has_an_answer_the_map_is_complete_and_fits_its_document(tmp_path: Path) -> None:
    text, _ = skeleton_of(written(tmp_path, TABLE))
    (tmp_path / "map.yaml").write_text(answered(text), encoding="utf-8")
    found = load_map(tmp_path / "map.yaml", CATALOG)
    assert [(item.pillar, item.group, item.says) for item in found.items] == [
        ("Craft", "Names", "I know ten names."),
        ("Craft", "Names", "I know ten of my names."),
    ]
    assert drift(found, open_document(tmp_path / "garden.csv").statements) == []


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(
    lambda text: " ".join(text.split())
)


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, unique_by=lambda pair: statement_sha256(pair[1])))
def test_whatever_the_words_are_they_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    pairs = sorted((group, text) for group, text in pairs if group and text)
    statements = tuple(Statement("Craft", group, text, statement_sha256(text)) for group, text in pairs)
    if not statements:
        return
    path = tmp_path_factory.mktemp("map") / "map.yaml"
    path.write_text(
        answered(skeleton(Document("", statements), "garden", "Garden", "g.txt")), encoding="utf-8"
    )
    found = load_map(path, CATALOG)
    assert [(item.group, item.says.rstrip("."), item.statement_sha256) for item in found.items] == [
        (each.group, each.text.rstrip("."), each.sha256) for each in statements
    ]


def test_an_item_whose_words_have_no_latin_letter_still_has_a_name(tmp_path: Path) -> None:
    text, _ = skeleton_of(
        written(tmp_path, "pillar,group,statement\n工芸,名前,名前を知る\n工芸,名前,花を知る\n")
    )
    assert [line for line in text.splitlines() if line.startswith("  item")] == ["  item:", "  item-2:"]


def test_a_heading_that_comes_back_is_refused_with_both_lines(tmp_path: Path) -> None:
    text = TABLE + "Craft,Tools,I own a spade\nCraft,Names,I know one more\n"
    with pytest.raises(BadInput) as caught:
        skeleton_of(written(tmp_path, text))
    assert caught.value.mistakes == [
        "garden.csv:5: comes back to Craft / Names, which ended on line 3; put its statements together"
    ]


# --- the command ----------------------------------------------------------------------------------------


def test_without_an_output_the_skeleton_is_printed(tmp_path: Path) -> None:
    assert run("import", written(tmp_path, TABLE)).output == skeleton_of(written(tmp_path, TABLE))[0]


def test_an_output_says_how_many_items_wait(tmp_path: Path) -> None:
    output = tmp_path / "map.yaml"
    done = run("import", written(tmp_path, TABLE), "--output", str(output))
    assert done.output == (
        f"{output}: 2 items, none classified yet; `sightline rubric check {output}` names each\n"
    )
    assert output.read_text(encoding="utf-8") == skeleton_of(written(tmp_path, TABLE))[0]


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    output = tmp_path / "map.yaml"
    output.write_text("the work of a week")
    done = run("import", written(tmp_path, TABLE), "--output", str(output))
    assert isinstance(done.exception, BadInput)
    assert done.exception.mistakes == [
        f"{output}: is there already and is not overwritten; name another file"
    ]
    assert output.read_text() == "the work of a week"


def test_a_broken_document_leaves_no_file(tmp_path: Path) -> None:
    output = tmp_path / "map.yaml"
    assert isinstance(run("import", written(tmp_path, "a\n"), "--output", str(output)).exception, BadInput)
    assert not output.exists()


def test_the_list_has_a_line_for_each_item_of_the_map() -> None:
    shipped = load_map(Path(__file__).parents[1] / "rubric_map.yaml", CATALOG)
    printed = run("list", "--config", "none.yaml").output.splitlines()
    lines = [line for line in printed if not line.startswith(" ")]  # a long one goes on below itself
    assert [line.split()[:2] for line in lines] == [[item.slug, item.item_class] for item in shipped.items]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rubric", *arguments])


def written(folder: Path, text: str) -> str:
    (folder / "garden.csv").write_text(text, encoding="utf-8")
    return str(folder / "garden.csv")


def mistakes_of(folder: Path, text: str) -> list[str]:
    (folder / "map.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_map(folder / "map.yaml", CATALOG)
    return caught.value.mistakes


def answered(text: str) -> str:
    """The skeleton with the same answer everywhere."""
    lines = []
    for line in text.split("\n"):
        lines.append(line)
        if line.startswith("    source:"):
            lines.append("    ask: {because: It is said aloud., question: Which ones?}")
    return "\n".join(lines)
