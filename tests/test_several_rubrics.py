"""Several rubrics in force: each person is on one, and a team on several has a release for each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from in_process import as_data, sightline

from config.settings import SHIPPED, Settings, load_settings
from connectors.errors import BadInput
from flows.context import open_night
from flows.night import run_night
from privacy import door
from privacy.errors import WhichRubric
from privacy.policy import load_policy
from warehouse.reading import MembershipRow
from warehouse.windows import Window

Q3, AFTER = Window(2026, 3), date(2026, 10, 20)
POLICY = load_policy(SHIPPED / "agreement.yaml")
FIRST, OTHER = "ic1-machine-learning-engineer", "ic9-gardener"
ITEM = "ownership-sev-contribution"


def test_a_team_on_two_rubrics_has_a_release_for_each_and_everybody_a_report_on_their_own(
    tmp_path: Path,
) -> None:
    settings = home(tmp_path, on_first=5, on_other=6)
    night(settings)
    assert door.rubrics(settings.published, "search", Q3) == [FIRST, OTHER]
    first, other = (door.read_team(settings.published, "search", Q3, name).body for name in (FIRST, OTHER))
    assert (len(first["items"]), len(other["items"])) == (38, 1)
    assert [item["band"] for item in other["items"]] == ["about half or more"]
    reports = [json.loads(path.read_text()) for path in (settings.published / "people").rglob("2026Q3.json")]
    assert sorted(len(report["items"]) for report in reports) == [1] * 6 + [38] * 5
    assert {report["rubric"]["id"] for report in reports} == {FIRST, OTHER}


def test_a_change_of_one_map_moves_bands_of_the_people_on_its_rubric_alone(tmp_path: Path) -> None:
    settings = home(tmp_path, on_first=5, on_other=6)
    night(settings)
    gardener, changed = tmp_path / "maps" / "gardener.yaml", tmp_path / "changed.yaml"
    changed.write_text(gardener.read_text().replace("incident_updates", "incident_followups"))
    options = ("--window", "2026Q3", "--team", "search")
    told = as_data(tmp_path / "sightline.yaml", "rubric", "impact", gardener, changed, *options)
    row = {"team": "search", "item": ITEM, "before": "about half or more", "after": "fewer than half"}
    assert (told["rubric"], told["bands"]["rows"]) == (OTHER, [row])


def test_which_rubric_has_to_be_named_where_there_are_several(tmp_path: Path) -> None:
    settings = home(tmp_path, on_first=5, on_other=5)
    night(settings)
    coverage = (tmp_path / "sightline.yaml", "coverage", "search", "--window", "2026Q3")
    with pytest.raises(WhichRubric, match=f"a release for each of {FIRST}, {OTHER}: name one"):
        as_data(*coverage)
    told = sightline(*coverage)
    assert "Tends a garden." in told
    assert "IC1 Machine Learning Engineer" in told
    one = as_data(*coverage, "--rubric", OTHER)
    assert one["rubric"]["id"] == OTHER
    withdrawn = door.withdraw(settings.published, "search", Q3, ITEM, withdrawn_on=AFTER, rubric=OTHER)
    assert withdrawn.parent.name == f"2026Q3.{OTHER}.withdrawn"
    first = door.read_team(settings.published, "search", Q3, FIRST).body["items"]
    assert door.WITHDRAWN not in {item["because"] for item in first}
    assert door.verify(settings.published) == []


def test_too_few_people_on_one_rubric_have_no_band_and_the_others_keep_theirs(tmp_path: Path) -> None:
    settings = home(tmp_path, on_first=4, on_other=5)
    night(settings)
    first, other = (door.read_team(settings.published, "search", Q3, name).body for name in (FIRST, OTHER))
    assert not [item for item in first["items"] if item["shown"]]
    assert [item["shown"] for item in other["items"]] == [True]


def test_a_team_on_one_rubric_has_one_release_under_the_name_it_always_had(tmp_path: Path) -> None:
    settings = home(tmp_path, on_first=0, on_other=5)
    night(settings)
    assert (settings.published / "teams/search/2026Q3.json").exists()
    assert door.read_team(settings.published, "search", Q3).body["rubric"]["id"] == OTHER


def test_an_unknown_rubric_is_told_with_the_nearest_that_is_in_force(tmp_path: Path) -> None:
    settings = home(tmp_path, on_first=1, on_other=1, named="ic9-gardner")
    with pytest.raises(BadInput) as caught, open_night(settings, AFTER):
        pass
    assert caught.value.mistakes[0] == (
        f"{settings.roster}:3: no map for rubric 'ic9-gardner'; did you mean 'ic9-gardener'?; "
        f"the maps in force are '{FIRST}', '{OTHER}'"
    )


def test_every_map_in_force_is_checked(tmp_path: Path) -> None:
    home(tmp_path, on_first=1, on_other=1)
    first, other = sightline(tmp_path / "sightline.yaml", "rubric", "check").splitlines()[:2]
    assert first.endswith(
        "rubric_map.yaml: 38 items, all classified: 17 ask, 18 partly, 2 observable, 1 withheld"
    )
    assert other == f"{tmp_path}/maps/gardener.yaml: 1 items, all classified: 1 observable"
    (tmp_path / "maps" / "gardener.yaml").write_text(MAP.replace("class: observable", "class: visible"))
    with pytest.raises(BadInput, match="class is 'visible'"):
        sightline(tmp_path / "sightline.yaml", "rubric", "check")


def test_two_maps_of_one_rubric_are_refused(tmp_path: Path) -> None:
    settings = home(tmp_path, on_first=1, on_other=1)
    (tmp_path / "maps" / "z.yaml").write_bytes((tmp_path / "maps" / "gardener.yaml").read_bytes())
    with pytest.raises(BadInput) as caught, open_night(load_settings(tmp_path / "sightline.yaml"), AFTER):
        pass
    assert caught.value.mistakes == [f"z.yaml: is a second map of '{OTHER}', beside gardener.yaml; keep one"]
    assert settings.maps[0].name == "rubric_map.yaml"


def test_whoever_changes_rubric_is_counted_with_the_one_of_most_days() -> None:
    def on(person: str, rubric: str, starts: date, ends: date | None = None) -> MembershipRow:
        return MembershipRow(person, "search", "lead", starts, ends, rubric)

    begin, soon, late = date(2026, 1, 5), date(2026, 7, 20), date(2026, 9, 1)
    rows = [
        on("stays", "one", begin),
        on("soon", "one", begin, soon),
        on("soon", "two", soon),
        on("late", "one", begin, late),
        on("late", "two", late),
        on("lead", "boss", begin),
    ]
    assert door.cohorts(rows, "search", Q3, POLICY) == {"one": {"stays", "late"}, "two": {"soon"}}


# --- builders ---


def home(folder: Path, *, on_first: int, on_other: int, named: str = OTHER) -> Settings:
    rows = [f"a{number},search,,2026-01-05,,\n" for number in range(on_first)]
    rows += [f"b{number},search,,2026-01-05,,{named}\n" for number in range(on_other)]
    (folder / "roster.csv").write_text("login,team,manager,from,until,rubric\n" + "".join(rows))
    (folder / "maps").mkdir()
    (folder / "maps" / "gardener.yaml").write_text(MAP)
    people = [*(f"a{number}" for number in range(on_first)), *(f"b{number}" for number in range(on_other))]
    (folder / "sevs.json").write_text(json.dumps([*incidents(people)]))
    (folder / "sightline.yaml").write_text(
        "home: home\nroster: roster.csv\nrubric_maps: [maps]\n"
        "files:\n  - {name: sevs, kind: incidents, path: sevs.json, since: 2026-01-01, through: 2026-12-31, "
        "columns: {id: id, opened: opened, updates_by: updates}, constants: {severity: sev-2}}\n"
    )
    return load_settings(folder / "sightline.yaml")


def incidents(people: Iterable[str]) -> Iterable[dict[str, str]]:
    for number, login in enumerate(people):
        yield {"id": f"SEV-{number}", "opened": "2026-08-03", "updates": login}


def night(settings: Settings) -> None:
    with open_night(settings, AFTER) as opened:
        run_night(opened)


MAP = f"""
rubric: {OTHER}
title: IC9 Gardener
leads:
  Craft: Gardens.
items:
  {ITEM}:
    pillar: Craft
    group: Garden
    says: Tends a garden.
    source: {{document: {OTHER}, sha256: {"ab" * 32}}}
    class: observable
    indicators:
      - {{signal: incident_updates, at_least: 1 incident, over: 1 quarter}}
"""
