"""What one rubric has that another has not, and what no longer fits between a document and the map."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from cli.main import cli
from connectors.errors import BadInput
from rubric.diff import Entry, Side, counted, differences, read_side
from rubric.document import statement_sha256
from signals.catalog import load_catalog

SHARED = Path(__file__).parents[1].parent / "shared" / "rubric"
ROOT = Path(__file__).parents[1]
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the rubric documents are not here")

# --- what became of each statement ----------------------------------------------------------------------


def test_the_same_statement_under_the_same_heading_is_the_same() -> None:
    assert changes([entry("I water")], [entry("I water")]) == ["same"]


def test_a_heading_in_another_case_is_the_same_heading() -> None:
    assert changes([entry("I water", "Personal Growth")], [entry("I water", "Personal growth")]) == ["same"]


def test_the_same_statement_under_another_heading_has_moved() -> None:
    assert changes([entry("I water", "Beds")], [entry("I water", "Trees")]) == ["moved"]


def test_half_of_the_words_in_common_under_one_heading_is_reworded() -> None:
    assert changes([entry("I water two beds")], [entry("I water every tree")]) == ["reworded"]


def test_less_than_half_in_common_is_another_statement() -> None:
    assert changes([entry("I water two beds")], [entry("I prune every tree")]) == ["added", "dropped"]


def test_under_another_heading_half_is_not_enough_and_three_quarters_are() -> None:
    before = [entry("I water two beds", "Beds")]
    assert changes(before, [entry("I water every tree", "Trees")]) == ["added", "dropped"]
    assert changes(before, [entry("I water three beds", "Trees")]) == ["reworded"]


def test_the_most_alike_are_paired_first_and_each_only_once() -> None:
    before = [entry("I water two beds")]
    after = [entry("I water every tree"), entry("I water three beds")]
    found = differences(side(before), side(after))
    assert [(each.change, each.after and each.after.text) for each in found] == [
        ("added", "I water every tree"),
        ("reworded", "I water three beds"),
    ]


def test_a_document_and_a_map_are_not_compared_by_their_words() -> None:
    found = differences(side([entry("I water two beds")]), side([entry("I water three beds")], "map"))
    assert [each.change for each in found] == ["added", "dropped"]


words = st.lists(st.sampled_from(["water", "bed", "tree", "prune"]), min_size=1, max_size=4).map(" ".join)
rubrics = st.lists(
    st.tuples(words, st.sampled_from(["Beds", "Trees"])), max_size=6, unique_by=lambda pair: pair[0]
).map(lambda pairs: [entry(text, group) for text, group in pairs])


@given(rubrics, rubrics)
def test_every_statement_of_both_sides_is_told_once(before: list[Entry], after: list[Entry]) -> None:
    found = differences(side(before), side(after))
    assert [each.after for each in found if each.after] == after
    assert sorted(each.before.text for each in found if each.before) == sorted(each.text for each in before)
    assert sum(counted(found).values()) == len(found)


# --- the command ----------------------------------------------------------------------------------------


def test_the_text_names_each_change_under_its_heading_once(tmp_path: Path) -> None:
    one = written(tmp_path, "one.csv", "A,Beds,I water two beds\nA,Beds,I sow\nA,Trees,I prune\n")
    two = written(tmp_path, "two.csv", "A,Beds,I water three beds\nA,Trees,I climb high\nB,B,I prune\n")
    assert run("diff", one, two).output == (
        "one.csv (3) -> two.csv (3): 0 same, 1 moved, 1 reworded, 1 added, 1 dropped\n"
        "\nA / Beds\n  rewords  I water two beds\n       to  I water three beds\n  drops    I sow\n"
        "\nA / Trees\n  adds     I climb high\n"
        "\nB\n  moves    I prune\n     from  A / Trees\n"
    )


def test_escape_codes_in_a_document_do_not_reach_the_terminal(tmp_path: Path) -> None:
    one = written(tmp_path, "one.csv", "A,Beds,I sow\n")
    two = written(tmp_path, "two.csv", "A,Beds,I \u202ewater\n")
    assert "\u202e" not in run("diff", one, two).output


def test_the_mistakes_of_both_sides_are_told_at_once(tmp_path: Path) -> None:
    done = run("diff", str(tmp_path / "one.txt"), str(tmp_path / "two.txt"))
    assert isinstance(done.exception, BadInput)
    assert done.exception.mistakes == [
        "one.txt: cannot be read: No such file or directory",
        "two.txt: cannot be read: No such file or directory",
    ]


@needs_shared
def test_a_level_up_shares_nine_statements_and_adds_more_than_it_drops() -> None:
    levels = [str(SHARED / "dropbox" / f"{level}_machine_learning_engineer.html") for level in ("ic1", "ic2")]
    counts = json.loads(run("diff", *levels, "--format", "json").output)["counts"]
    assert counts["same"] == 9
    assert counts["added"] > counts["dropped"]
    assert counts["same"] + counts["reworded"] + counts["moved"] + counts["added"] == 56
    assert counts["same"] + counts["reworded"] + counts["moved"] + counts["dropped"] == 38


@needs_shared
def test_the_shipped_map_and_its_document_differ_in_nothing() -> None:
    catalog = load_catalog()
    document = read_side(str(SHARED / "ic1_machine_learning_engineer.txt"), catalog)
    shipped = read_side(str(ROOT / "rubric_map.yaml"), catalog)
    assert (document.kind, shipped.kind) == ("document", "map")
    assert {each.change for each in differences(document, shipped)} == {"same"}


# --- drift ----------------------------------------------------------------------------------------------


@needs_shared
def test_a_document_that_fits_the_map_in_force_exits_0() -> None:
    done = run("drift", str(SHARED / "ic1_machine_learning_engineer.txt"), "--config", "none.yaml")
    assert (done.exit_code, done.output.count("\n")) == (0, 1)


@needs_shared
def test_a_changed_document_exits_1_and_names_the_item_with_its_line(tmp_path: Path) -> None:
    text = (SHARED / "ic1_machine_learning_engineer.txt").read_text(encoding="utf-8")
    changed = tmp_path / "changed.txt"
    changed.write_text(
        text.replace("I write and speak with clarity", "I write with clarity"), encoding="utf-8"
    )
    done = run("drift", str(changed), "--config", "none.yaml")
    line = 1 + (ROOT / "rubric_map.yaml").read_text(encoding="utf-8").split("\n").index(
        "  communication-clarity:"
    )
    assert done.exit_code == 1
    assert done.output == (
        f"rubric_map.yaml: item 'communication-clarity' (line {line}): its statement changed, read again"
        " whether the item still says it: I write with clarity and focus\n"
    )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["rubric", *arguments])


def written(folder: Path, name: str, rows: str) -> str:
    (folder / name).write_text("pillar,group,statement\n" + rows, encoding="utf-8")
    return str(folder / name)


def changes(before: list[Entry], after: list[Entry]) -> list[str]:
    return [each.change for each in differences(side(before), side(after))]


def side(entries: list[Entry], kind: str = "document") -> Side:
    return Side("a", "map" if kind == "map" else "document", tuple(entries))


def entry(text: str, group: str = "Beds") -> Entry:
    return Entry("Garden", group, text, statement_sha256(text))
