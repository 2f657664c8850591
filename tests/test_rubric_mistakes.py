"""Every broken map in tests/bad_maps, with the exact sentences its author gets to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.errors import BadInput
from rubric.map import load_map

BAD_MAPS = Path(__file__).parent / "bad_maps"


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD_MAPS.glob("*.yaml")))
def test_a_broken_map_is_answered_with_every_mistake_at_once(name: str) -> None:
    expected = (BAD_MAPS / f"{name}.expected").read_text().splitlines()
    with pytest.raises(BadInput) as caught:
        load_map(BAD_MAPS / f"{name}.yaml", CATALOG)
    assert caught.value.mistakes == expected


def test_every_expectation_belongs_to_a_broken_map() -> None:
    expectations = {path.stem for path in BAD_MAPS.glob("*.expected")}
    assert expectations == {path.stem for path in BAD_MAPS.glob("*.yaml")}


def test_a_map_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load_map(tmp_path / "rubric_map.yaml", CATALOG)
    assert caught.value.mistakes == ["rubric_map.yaml: cannot be read: No such file or directory"]


def test_a_map_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rubric_map.yaml"
    path.write_bytes("title: é".encode("latin-1"))
    with pytest.raises(BadInput) as caught:
        load_map(path, CATALOG)
    assert caught.value.mistakes == ["rubric_map.yaml: is not UTF-8 text; save it as UTF-8"]


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
    guard: str | None = None


CATALOG = {
    "reviews_given": PlainSignal("pull requests", opportunity="team_pull_requests_open"),
    "review_questions": PlainSignal("questions"),
    "incident_roles": PlainSignal("incidents"),
    "team_pull_requests_open": PlainSignal("pull requests", kind="opportunity"),
    "review_wait": PlainSignal("pull requests", kind="team"),
    "rests_on_nothing": PlainSignal("pull requests", opportunity="long_gone"),
}
