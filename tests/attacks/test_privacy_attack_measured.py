"""The measurement behind the bands, on a few companies, and the page that quotes it."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def measurement() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bands_measured", ROOT / "benchmarks" / "bands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("rule", ["exact counts, k >= 5", "with complementary suppression"])
@pytest.mark.parametrize("chance", [0.02, 0.98])
def test_counts_of_five_and_more_give_most_people_away(
    measurement: ModuleType, rule: str, chance: float
) -> None:
    _, (alone, with_one, with_two) = measurement.measured(measurement.RULES[rule], chance, range(3))
    assert 0.6 < alone < with_one <= with_two


@pytest.mark.parametrize("chance", [0.02, 0.5, 0.98])
def test_bands_give_nobody_away_to_as_many_as_were_expected(measurement: ModuleType, chance: float) -> None:
    for expected in (1, 2):
        with_result, shares = measurement.measured(measurement.bands(expected), chance, range(3))
        assert shares[: expected + 1] == [0] * (expected + 1)
        assert with_result > 0.6


def test_bands_hide_no_more_people_than_a_smallest_group_of_five(measurement: ModuleType) -> None:
    ours, _ = measurement.measured(measurement.bands(1), 0.5, range(3))
    theirs, _ = measurement.measured(measurement.exact_counts, 0.5, range(3))
    assert ours == theirs


def test_a_company_has_its_people_in_teams_of_three_to_twelve(measurement: ModuleType) -> None:
    for seed in range(30):
        teams = [team for teams in measurement.a_company(seed, 0.5).departments for team in teams]
        assert sum(map(len, teams)) == measurement.PEOPLE
        assert {len(team) for team in teams} <= set(range(3, 13))


def test_the_page_quotes_every_row_of_the_measurement(measurement: ModuleType) -> None:
    page = (ROOT / "docs" / "bands.md").read_text()
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| [\d.]+ % \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE
    )
    assert [row[:2] for row in rows] == [
        (rule, chance) for rule in measurement.RULES for chance in measurement.CHANCES
    ]
    assert {row[2:4] for row in rows if row[0].startswith("bands")} == {("nobody", "nobody")}
    assert {row[4] for row in rows if row[0] == "bands, two colluders expected"} == {"nobody"}
