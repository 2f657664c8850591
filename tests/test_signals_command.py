"""`sightline signals test` runs the examples of the spec pages, and says what does not hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import cli

SPECS = Path(__file__).parent / "specs"


def test_the_examples_of_one_signal_hold() -> None:
    ran = run("reviews_given")
    assert (ran.exit_code, ran.output.endswith("examples of 1 signal hold\n")) == (0, True)


def test_an_example_that_does_not_hold_is_told_with_its_line(tmp_path: Path) -> None:
    page = Path(shutil.copy(SPECS / "work_size_band.md", tmp_path))
    page.write_text(
        page.read_text().replace("| typo | ada | 2026-07-01 | small |", "| typo | ada | 2026-07-01 | large |")
    )
    ran = run("work_size_band", "--pages", str(tmp_path))
    assert ran.exit_code == 1
    assert "work_size_band.md:13: 'Medium and large, but not small': ada | 2026-07-01" in ran.output
    assert "follows and should not" in ran.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reviews_givn",), "did you mean 'reviews_given'?"),
        (("reviews_given", "--pages", "."), "reviews_given.md: is missing"),
    ],
)
def test_a_mistake_gets_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    ran = run(*arguments)
    assert ran.exit_code != 0
    assert said in ran.output + str(ran.exception)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["signals", "test", *arguments])
