"""Attacks on what is published: each tries to learn something of a person, and must not."""

from __future__ import annotations

import json
import random
from collections.abc import Hashable, Mapping
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connectors.errors import BadInput
from privacy import door
from privacy.errors import AlreadyPublished
from privacy.policy import Policy, load_policy
from privacy.released import Released
from warehouse.windows import Window

ROOT = Path(__file__).parents[2]
Q3 = Window(2026, 3)
PUBLISHED_ON = date(2026, 10, 15)
ITEMS = ["reviews", "incidents", "shifts", "integrity", "throughput", "pairing"]

Traces = dict[str, set[str]]


class Row(NamedTuple):
    person_id: str
    team: str
    manager_id: str | None
    starts_on: date
    ends_on: date | None


@pytest.mark.parametrize("size", range(3, 9))
def test_what_leaves_the_door_determines_nobody(size: int) -> None:
    """Every world of a team, through the door itself, against every single colluding teammate."""
    people = [f"p{n}" for n in range(size)]
    roster = [Row(person, "payments", None, date(2026, 1, 1), None) for person in people]
    members = door.eligible(roster, "payments", Q3, POLICY)
    readings: list[tuple[int, Hashable]] = []
    for world in range(1 << size):
        left = {person for n, person in enumerate(people) if world >> n & 1}
        readings.append((world, release("payments", members, {"reviews": left}, only="reviews").canonical()))
    assert len({reading for _, reading in readings}) == {3: 1, 4: 1, 5: 2, 6: 2, 7: 3, 8: 3}[size]
    for colluding in [(), *combinations(range(size), 1)]:
        mask = sum(1 << who for who in colluding)
        for sees in {(reading, world & mask) for world, reading in readings}:
            fitting = [world for world, reading in readings if (reading, world & mask) == sees]
            for who in set(range(size)) - set(colluding):
                assert {world >> who & 1 for world in fitting} == {0, 1}


@pytest.mark.parametrize("seed", range(5))
def test_shuffling_the_data_moves_no_dash_and_no_row(seed: int) -> None:
    before, after = texts(traces=anything(seed)), texts(traces=anything(seed + 100))
    assert before != after
    assert {team: shape(text) for team, text in before.items()} == {
        team: shape(text) for team, text in after.items()
    }


@pytest.mark.parametrize("extreme", ["nobody", "everybody"])
def test_data_where_all_or_none_left_traces_moves_no_dash_and_no_row(extreme: str) -> None:
    left = {row.person_id for row in COMPANY} if extreme == "everybody" else set()
    usual, odd = texts(traces=anything(1)), texts(traces=the_same(*left))
    assert {team: shape(text) for team, text in usual.items()} == {
        team: shape(text) for team, text in odd.items()
    }


def test_replacing_a_hidden_teams_data_changes_no_published_byte(tmp_path: Path) -> None:
    hidden = {row.person_id for row in COMPANY if row.team == "tiny"}
    without = {item: left - hidden for item, left in anything(7).items()}
    everybody = {item: left | hidden for item, left in anything(7).items()}
    assert without != everybody
    assert on_disk(tmp_path / "a", traces=without) == on_disk(tmp_path / "b", traces=everybody)


def test_data_of_an_incomplete_source_changes_no_published_byte() -> None:
    few, many = anything(3), anything(3)
    few["incidents"], many["incidents"] = set(), {row.person_id for row in COMPANY}
    assert texts(traces=few, complete=False) == texts(traces=many, complete=False)
    assert texts(traces=few) != texts(traces=many)


@pytest.mark.parametrize("blind", ["integrity", "throughput", "pairing"])
def test_an_item_that_has_no_band_is_blind_to_the_data(blind: str) -> None:
    few, many = anything(3), anything(3)
    few[blind], many[blind] = set(), {row.person_id for row in COMPANY}
    assert texts(traces=few) == texts(traces=many)


@pytest.mark.parametrize(
    "second_look", ["without a leaver", "after a backfill", "with two newcomers", "after an erasure"]
)
def test_a_second_look_at_a_published_window_changes_no_published_byte(
    tmp_path: Path, second_look: str
) -> None:
    traces = the_same("payments-0", "payments-1", "payments-2")
    before = on_disk(tmp_path, traces=traces)
    roster = COMPANY
    match second_look:
        case "without a leaver":
            roster = [row for row in COMPANY if row.person_id != "payments-0"]
        case "with two newcomers":
            newcomers = [Row(new, "payments", "boss", date(2026, 7, 1), None) for new in ("new-0", "new-1")]
            roster = [*COMPANY, *newcomers]
        case "after a backfill":
            traces = the_same()
        case "after an erasure":
            roster = [row for row in COMPANY if row.person_id != "payments-0"]
            traces = the_same("payments-1", "payments-2")
    found = releases(roster, traces=traces)
    assert found["payments"].canonical().encode() not in before.values()  # or there would be nothing to see
    for released in found.values():
        with pytest.raises(AlreadyPublished):
            door.publish(tmp_path, released)
    assert bytes_of(tmp_path) == before
    assert door.verify(tmp_path) == []


def test_two_teams_never_count_the_same_person() -> None:
    roster = [
        *COMPANY,
        *(Row(f"payments-{n}", "search", "boss", date(2026, 8, 1), None) for n in range(7)),
    ]
    counted = [
        person
        for team in sorted({row.team for row in roster})
        for person in door.eligible(roster, team, Q3, POLICY)
    ]
    assert len(counted) == len(set(counted))


def test_no_person_appears_anywhere_in_what_is_published(tmp_path: Path) -> None:
    roster = [row._replace(person_id=f"canary-{row.person_id}", manager_id="canary-boss") for row in COMPANY]
    traces = the_same(*(row.person_id for row in roster[::2]))
    found = on_disk(tmp_path, roster, traces=traces)
    assert len(found) == 5
    assert [name for name, data in found.items() if b"canary" in data or "canary" in name] == []


def test_a_release_holds_no_number_at_all() -> None:
    def numbers(value: Any) -> list[object]:
        match value:
            case dict():
                return [found for below in value.values() for found in numbers(below)]
            case list():
                return [found for below in value for found in numbers(below)]
            case int() | float() if not isinstance(value, bool):
                return [value]
        return []

    assert {team: numbers(json.loads(text)) for team, text in texts(traces=anything(5)).items()} == {
        "search": [],
        "payments": [],
        "billing": [],
        "tiny": [],
    }


def test_an_agreement_about_teams_of_four_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_text((ROOT / "agreement.yaml").read_text().replace("\nk: 5\n", "\nk: 4\n"))
    with pytest.raises(BadInput, match="k: 4 is laxer than the built-in floor of 5"):
        load_policy(path)


def test_a_policy_that_was_tampered_with_in_memory_does_not_lower_the_floor() -> None:
    lax = POLICY.model_copy(update={"k": 3, "coalition": 0})
    with pytest.raises(ValueError, match="k >= 5 and coalition >= 1"):
        release("tiny", frozenset({"a", "b", "c"}), {"reviews": {"a"}}, only="reviews", policy=lax)


# --- builders -------------------------------------------------------------------------------------------

POLICY = load_policy(ROOT / "agreement.yaml")


# Four teams: one large, one of seven, one just large enough for bands, one too small.
COMPANY = [
    Row(f"{team}-{n}", team, "boss", date(2026, 1, 1), None)
    for team, size in {"search": 12, "payments": 7, "billing": 5, "tiny": 4}.items()
    for n in range(size)
]


def anything(seed: int) -> Traces:
    draw = random.Random(seed)
    people = sorted(row.person_id for row in COMPANY)
    return {item: set(draw.sample(people, draw.randrange(len(people)))) for item in ITEMS}


def the_same(*people: str) -> Traces:
    """These people left traces of every item."""
    return {item: set(people) for item in ITEMS}


def releases(
    roster: list[Row] = COMPANY, *, traces: Mapping[str, set[str]], complete: bool = True
) -> dict[str, Released]:
    return {
        team: release(team, door.eligible(roster, team, Q3, POLICY), traces, complete=complete)
        for team in sorted({row.team for row in roster})
    }


def texts(*, traces: Mapping[str, set[str]], complete: bool = True) -> dict[str, str]:
    found = releases(traces=traces, complete=complete)
    return {team: released.canonical() for team, released in found.items()}


def on_disk(home: Path, roster: list[Row] = COMPANY, *, traces: Mapping[str, set[str]]) -> dict[str, bytes]:
    """Every byte that lies there once all teams are published."""
    for released in releases(roster, traces=traces).values():
        door.publish(home, released)
    return bytes_of(home)


def bytes_of(home: Path) -> dict[str, bytes]:
    files = [path for path in home.rglob("*") if path.is_file() and path.name != ".door.lock"]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def release(
    team: str,
    members: frozenset[str],
    traces: Mapping[str, set[str]],
    *,
    complete: bool = True,
    only: str | None = None,
    policy: Policy = POLICY,
) -> Released:
    rows = [
        item("reviews", "observable", ["github"]),
        item("incidents", "observable", ["pagerduty"]),
        item("shifts", "partly", ["pagerduty", "roster"]),
        item("integrity", "ask", []),
        item("throughput", "withheld", ["github"]),
        item("pairing", "partly", ["github"], bandable=False),
    ]
    return door.release_team(
        team=team,
        window=Q3,
        members=members,
        traces=traces,
        items=[row for row in rows if only in (None, row["item"])],
        sources=[source("github"), source("pagerduty", complete=complete), source("roster")],
        rubric={"id": "ic1", "title": "Engineer"},
        policy=policy,
        published_on=PUBLISHED_ON,
    )


def item(slug: str, item_class: str, sources: list[str], *, bandable: bool = True) -> dict[str, Any]:
    return {
        "item": slug,
        "pillar": "Craft",
        "group": "Code",
        "says": f"Does {slug}.",
        "class": item_class,
        "because": "No tool can show it." if item_class in ("ask", "withheld") else None,
        "question": None,
        "misleads": [],
        "sources": sources,
        "bandable": bandable,
    }


def source(name: str, *, complete: bool = True) -> dict[str, Any]:
    because = None if complete else "It was not readable in August."
    return {"source": name, "complete": complete, "from": None, "through": None, "because": because}


def shape(text: str) -> list[tuple[Any, ...]]:
    """All of a release that may not depend on what anybody did."""
    items = json.loads(text)["items"]
    return [(each["item"], each["shown"], each["band"] is None, each["because"]) for each in items]
