"""The page about one's own rubric says what really happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click import Group
from ruamel.yaml import YAML

from cli.main import cli
from rubric.map import load_map
from rubric.skeleton import skeleton_of
from signals.catalog import load_catalog

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "own-rubric.md").read_text(encoding="utf-8")


def test_the_skeleton_on_the_page_is_the_one_that_is_made(tmp_path: Path) -> None:
    text, count = skeleton_of(example(tmp_path))
    assert count == 2
    assert text.endswith(blocks("yaml")[0])


def test_the_answered_item_on_the_page_passes_the_check(tmp_path: Path) -> None:
    text, _ = skeleton_of(example(tmp_path))
    first = text.index("  tending-water")
    (tmp_path / "map.yaml").write_text(text[:first] + blocks("yaml")[1], encoding="utf-8")
    assert [item.item_class for item in load_map(tmp_path / "map.yaml", load_catalog()).items] == ["partly"]


@pytest.mark.parametrize("page", ["own-rubric.md", "rubric.md", "rubric-impact.yml"])
def test_every_command_on_a_page_exists(page: str) -> None:
    group = cli.commands["rubric"]
    assert isinstance(group, Group)
    named = set(re.findall(r"sightline rubric (\w+)", (DOCS / page).read_text(encoding="utf-8")))
    assert named
    assert named <= set(group.commands)


def test_the_example_workflow_may_read_and_nothing_else() -> None:
    workflow = YAML(typ="safe").load((DOCS / "rubric-impact.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}


def test_the_example_workflow_says_what_each_changed_map_does(tmp_path: Path) -> None:
    """Its very script, in a repository with one changed map, one new one and one that stays."""
    workflow = YAML(typ="safe").load((DOCS / "rubric-impact.yml").read_text(encoding="utf-8"))
    script = workflow["jobs"]["impact"]["steps"][-1]["run"]
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "sightline").symlink_to(Path(sys.executable).with_name("sightline"))
    (tmp_path / "maps").mkdir()
    shipped = (DOCS.parent / "rubric_map.yaml").read_text()
    (tmp_path / "our_map.yaml").write_text(shipped)
    (tmp_path / "maps" / "kept.yaml").write_text(shipped)
    base = committed(tmp_path, "first")
    (tmp_path / "our_map.yaml").write_text(
        shipped.replace("at_least: 4 pull requests", "at_least: 3 pull requests")
    )
    (tmp_path / "maps" / "new.yaml").write_text(shipped)
    committed(tmp_path, "second")
    ran = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "BASE": base, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert [line.split(":")[0] for line in ran.stdout.splitlines()] == ["maps/new.yaml", "our_map.yaml"]
    summary = (tmp_path / "summary.md").read_text()
    assert summary.count("### What this does to the map") == 1
    assert "more can be seen: whatever met the rule before still meets it" in summary


def committed(folder: Path, message: str) -> str:
    for command in (["init", "-q"], ["add", "-A", "*.yaml"], [*AS_SOMEBODY, "commit", "-qm", message]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    )
    return found.stdout.strip()


AS_SOMEBODY = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]


def example(folder: Path) -> str:
    path = folder / "garden.md"
    path.write_text(blocks("markdown")[0], encoding="utf-8")
    return str(path)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
