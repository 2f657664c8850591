"""A former night's report comes out byte for byte, and every reason for a change since is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.settings import SHIPPED, Settings, load_settings
from connectors.errors import BadInput
from connectors.records import Account
from flows.context import open_night
from flows.night import run_night
from people.changes import changes_since, report_as_of
from people.rights import rights_of
from privacy.errors import NoReport
from signals.catalog import Catalog
from warehouse import history
from warehouse.store import Store
from warehouse.vault import Vault

EARLY, MIDDLE, LATE = date(2026, 8, 10), date(2026, 9, 1), date(2026, 9, 20)
ITEM = "ownership-sev-contribution"
INCIDENT = {
    "id": "SEV-1", "opened": "2026-08-03", "resolved": "2026-08-04", "service": "search",
    "commander": "mona", "url": "https://incidents.example/SEV-1",
}  # fmt: skip


def test_every_report_of_a_former_night_comes_out_byte_for_byte(tmp_path: Path) -> None:
    """Through new incidents, late ones, a moved address, another team, another rule and another signal."""
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    first = written_reports(settings)
    incidents(tmp_path, [INCIDENT | {"url": "https://elsewhere.example/1"}, incident(2, "2026-08-01")])
    roster(tmp_path, "mona,payments,,2026-08-20,,\nhubot,search,,2026-01-05,,\n")
    edit(
        tmp_path / "rubric_map.yaml",
        "{signal: incident_roles, at_least: 1",
        "{signal: incident_roles, at_least: 7",
    )
    night(settings, MIDDLE, edited("incident_roles"))
    second = written_reports(settings)
    incidents(tmp_path, [])
    night(settings, LATE)
    assert len(first) == 2
    for as_of, written in ((EARLY, first), (MIDDLE, second), (LATE, written_reports(settings))):
        for (person_id, window), text in written.items():
            assert report_as_of(settings, person_id, window, as_of).canonical() == text
    assert first != second


def test_the_night_that_counts_is_the_last_one_until_that_day(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    night(settings, MIDDLE)
    mona = person(settings, "mona")
    assert report_as_of(settings, mona, None, date(2026, 8, 31)).body["computed_on"] == "2026-08-10"
    assert report_as_of(settings, mona, None, date(2026, 12, 1)).body["computed_on"] == "2026-09-01"
    with pytest.raises(BadInput, match="no night for 2026-08-09 or before can be looked back at"):
        report_as_of(settings, mona, None, date(2026, 8, 9))
    with pytest.raises(NoReport):
        report_as_of(settings, "0" * 32, None, MIDDLE)


def test_a_new_event_and_a_late_arrival_are_told_apart(tmp_path: Path) -> None:
    settings = home(tmp_path, [])
    night(settings, EARLY)
    incidents(tmp_path, [incident(1, "2026-08-02"), incident(2, "2026-08-25")])
    night(settings, MIDDLE)
    change = the_change(settings)
    assert (change["was"], change["is"]) == ("not collected", "seen")
    assert {cause for cause, said in told(change) if "SEV-1" in said} == {"late arrival"}
    assert {cause for cause, said in told(change) if "SEV-2" in said} == {"new event"}
    assert all("with the night of 2026-09-01" in said for cause, said in told(change) if "SEV" in said)


def test_a_mapping_edit_is_named_with_both_rules(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    edit(
        tmp_path / "rubric_map.yaml",
        "      - {signal: incident_roles, at_least: 1 incident, over: 1 quarter}\n",
        "      - {signal: incident_updates, at_least: 1 incident, over: 1 quarter}\n",
    )
    night(settings, MIDDLE)
    causes = told(the_change(settings))
    assert causes[0][0] == "mapping edit"
    assert "Incident roles: at least 1" in causes[0][1]
    assert "Incident updates: at least 1" in causes[0][1]
    assert [said for cause, said in causes if "(incident_roles)" in said and cause == "mapping edit"]
    assert {cause for cause, _ in causes} == {"mapping edit"}


def test_another_version_of_a_signal_is_named_and_blamed(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    night(settings, MIDDLE, edited("incident_roles"))
    causes = told(the_change(settings))
    assert {cause for cause, _ in causes} == {"signal version"}
    assert "incident_roles was computed with version" in causes[0][1]
    assert "the signal no longer counts it" in causes[1][1]


def test_a_linked_account_is_named_as_the_reason(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT | {"commander": "PX1"}], accounts="pagerduty")
    night(settings, EARLY)
    (tmp_path / "roster.csv").write_text(
        "login,team,manager,from,until,rubric,pagerduty_id\nmona,search,,2026-01-05,,,PX1\n"
    )
    night(settings, MIDDLE)
    causes = told(the_change(settings))
    assert {cause for cause, said in causes if "SEV-1" in said} == {"identity change"}
    before = report_as_of(settings, person(settings, "mona"), "2026Q3", EARLY).body
    assert not [row for item in before["items"] for row in item["evidence"]]


def test_what_its_source_deleted_is_named_without_saying_who_was_erased(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT, incident(2, "2026-08-06")])
    night(settings, EARLY)
    incidents(tmp_path, [INCIDENT])
    night(settings, MIDDLE)
    causes = told(the_change(settings))
    assert {cause for cause, said in causes if "SEV-2" in said} == {"erasure or deletion"}
    assert not [said for _, said in causes if "SEV-1" in said]


def test_a_day_that_moved_is_one_change_and_not_two(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    incidents(tmp_path, [INCIDENT | {"opened": "2026-08-02"}])
    night(settings, MIDDLE)
    said = [said for _, said in told(the_change(settings)) if "(incident_roles)" in said]
    assert said == [
        "https://incidents.example/SEV-1 (incident_roles) counted on 2026-08-03 then "
        "and counts on 2026-08-02."
    ]


def test_a_rule_put_into_groups_is_a_mapping_edit_that_reads_aloud(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    rule = "{{signal: {}, at_least: 1 incident, over: 1 quarter}}"
    roles, fixes = (
        rule.format("incident_roles"),
        "{signal: incident_fixes, at_least: 1 pull request, over: 1 quarter}",
    )
    edit(
        tmp_path / "rubric_map.yaml",
        f"      - {roles}\n      - {fixes}\n",
        f"      - all:\n          - {roles}\n          - {fixes}\n",
    )
    night(settings, MIDDLE)
    [(cause, said)] = told(the_change(settings))
    assert cause == "mapping edit"
    assert "; or both Incident roles: at least 1 incident over 1 quarter, and Incident fixes: " in said


def test_a_contest_and_how_it_was_decided_are_named(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    with rights_of(settings) as own:
        made = own.contest(person(settings, "mona"), "2026Q3", ITEM, "not-me", MIDDLE)
        own.contest(person(settings, "mona"), "2026Q3", "ownership-raises-regressions", "not-me", MIDDLE)
        own.contest(person(settings, "mona"), "2026Q2", "ownership-escalates", "not-me", MIDDLE)
    assert told(the_change(settings)) == [
        ("contest", "You contested it on 2026-09-01; until then it was not.")
    ]
    with rights_of(settings) as own:
        own.resolve(made.contest_id, "upheld", None, LATE)
    assert told(the_change(settings))[1] == ("contest", "Your contest was upheld on 2026-09-20.")


def test_a_contest_by_an_account_that_was_linked_since_is_named(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT | {"commander": "PX1"}], accounts="pagerduty")
    night(settings, EARLY)
    alone = Vault(settings.vault_file).person_behind(
        Vault(settings.vault_file).own_id_of(Account("pagerduty", "PX1", "PX1")) or ""
    )
    with rights_of(settings) as own:
        own.contest(alone, "2026Q3", ITEM, "not-me", MIDDLE)
    (tmp_path / "roster.csv").write_text(
        "login,team,manager,from,until,rubric,pagerduty_id\nmona,search,,2026-01-05,,,PX1\n"
    )
    night(settings, MIDDLE)
    assert alone != person(settings, "mona")
    assert {cause for cause, _ in told(the_change(settings))} >= {"identity change", "contest"}


def test_a_source_that_became_complete_is_named(tmp_path: Path) -> None:
    settings = home(tmp_path, [])
    night(settings, EARLY)
    edit(tmp_path / "sightline.yaml", "since: 2026-07-01", "since: 2026-07-20")
    night(load_settings(tmp_path / "sightline.yaml"), MIDDLE)
    change = the_change(settings)
    assert {cause for cause, _ in told(change)} == {"sources"}
    assert "sevs was incomplete" in told(change)[0][1]


def test_another_roster_is_named(tmp_path: Path) -> None:
    settings = home(tmp_path, [])
    night(settings, EARLY)
    roster(tmp_path, "mona,search,,2026-08-25,,\nhubot,search,,2026-01-05,,\n")
    night(settings, MIDDLE)
    change = the_change(settings)
    assert change["is"] == "no opportunity"
    assert told(change)[0] == ("roster", "The roster says something else about when you were in which team.")


def test_another_manager_is_no_reason(tmp_path: Path) -> None:
    settings = home(tmp_path, [])
    roster(tmp_path, "mona,search,,2026-07-31,,\nhubot,search,,2026-01-05,,\n")
    night(settings, EARLY)  # in the team for less than half of the quarter so far
    roster(tmp_path, "mona,search,hubot,2026-07-31,,\nhubot,search,,2026-01-05,,\n")
    night(settings, MIDDLE)
    change = the_change(settings)
    assert (change["was"], change["is"]) == ("no opportunity", "not collected")
    assert {cause for cause, _ in told(change)} == {"sources"}


def test_another_rubric_is_named_by_both_titles(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    other = (SHIPPED / "maps" / "ic1_software_engineer.yaml").read_text()
    (tmp_path / "other.yaml").write_text(other)
    with (tmp_path / "sightline.yaml").open("a") as file:
        file.write("rubric_maps: [other.yaml]\n")
    roster(tmp_path, "mona,search,,2026-01-05,,ic1-software-engineer\nhubot,search,,2026-01-05,,\n")
    settings = load_settings(tmp_path / "sightline.yaml")
    night(settings, MIDDLE)
    assert told(the_change(settings))[0] == (
        "roster",
        "The roster puts you on IC1 Software Engineer now; it was IC1 Machine Learning Engineer.",
    )


def test_nothing_changed_gives_no_reason(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    night(settings, EARLY)
    assert the_change(settings)["reasons"] == []


def test_history_is_kept_no_longer_than_it_is_asked_for(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT, incident(2, "2026-08-06")])
    night(settings, EARLY)
    incidents(tmp_path, [INCIDENT])
    night(settings, MIDDLE)
    night(settings, LATE)
    mona = person(settings, "mona")
    with settings_store(settings) as (store, _):
        history.forget_before(store.con, MIDDLE)
        assert store.count("evidence_past") == 0
        assert store.count("runs") == 2
        assert store.con.execute("select count(*) from source_objects").fetchone() == (1,)
    assert report_as_of(settings, mona, "2026Q3", MIDDLE).body["computed_on"] == "2026-09-01"
    with pytest.raises(BadInput, match="the first is of 2026-09-01"):
        report_as_of(settings, mona, "2026Q3", EARLY)


def test_a_window_whose_evidence_has_aged_out_is_not_made_up(tmp_path: Path) -> None:
    settings = home(tmp_path, [INCIDENT])
    night(settings, EARLY)
    mona = person(settings, "mona")
    edit(tmp_path / "agreement.yaml", "evidence_months: 15", "evidence_months: 1")
    with pytest.raises(
        BadInput, match="evidence is kept since 2026-08-01, and 2026Q3 rests on days before it"
    ):
        report_as_of(settings, mona, "2026Q3", EARLY)


# --- builders ---


def home(folder: Path, found: list[dict[str, str]], accounts: str = "github") -> Settings:
    for name in ("rubric_map.yaml", "agreement.yaml"):
        (folder / name).write_bytes((SHIPPED / name).read_bytes())
    roster(folder, "mona,search,,2026-01-05,,\nhubot,search,,2026-01-05,,\n")
    incidents(folder, found)
    columns = {name: name for name in ("id", "opened", "resolved", "service", "commander", "url")}
    (folder / "sightline.yaml").write_text(
        "home: home\nroster: roster.csv\nrubric_map: rubric_map.yaml\nagreement: agreement.yaml\n"
        "files:\n  - {name: sevs, kind: incidents, path: sevs.json, since: 2026-07-01, through: 2026-12-31, "
        f"accounts: {accounts}, columns: {json.dumps(columns)}, constants: {{severity: sev-2}}}}\n"
    )
    return load_settings(folder / "sightline.yaml")


def roster(folder: Path, rows: str) -> None:
    (folder / "roster.csv").write_text("login,team,manager,from,until,rubric\n" + rows)


def incidents(folder: Path, found: list[dict[str, str]]) -> None:
    (folder / "sevs.json").write_text(json.dumps(found))


def incident(number: int, opened: str) -> dict[str, str]:
    url = f"https://incidents.example/SEV-{number}"
    return INCIDENT | {"id": f"SEV-{number}", "opened": opened, "resolved": opened, "url": url}


def night(settings: Settings, as_of: date, change: Callable[[Catalog], Catalog] | None = None) -> None:
    with open_night(settings, as_of) as opened:
        if change:
            opened = replace(opened, signals=change(opened.signals))
        run_night(opened)


def edited(name: str) -> Callable[[Catalog], Catalog]:
    """The catalog with one signal that counts nothing any more."""

    def change(catalog: Catalog) -> Catalog:
        sql = catalog[name].sql.rstrip().rstrip(";") + "\nlimit 0 -- counts nothing\n"
        other = catalog[name].model_copy(
            update={"sql": sql, "sha256": hashlib.sha256(sql.encode()).hexdigest()}
        )
        return Catalog(dict(catalog) | {name: other})

    return change


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def written_reports(settings: Settings) -> dict[tuple[str, str], str]:
    return {
        (path.parent.name, path.stem): path.read_text()
        for path in sorted((settings.published / "people").rglob("*.json"))
    }


def person(settings: Settings, login: str) -> str:
    vault = Vault(settings.vault_file)
    key = vault.account_of_login("github", login)
    assert key
    return vault.person_behind(vault.own_id_of(key) or "")


def the_change(settings: Settings) -> dict[str, Any]:
    (change,) = changes_since(settings, person(settings, "mona"), "2026Q3", [ITEM], EARLY)
    return change


def told(change: dict[str, Any]) -> list[tuple[str, str]]:
    return [(reason["cause"], reason["says"]) for reason in change["reasons"]]


@contextmanager
def settings_store(settings: Settings) -> Iterator[tuple[Store, Vault]]:
    """The warehouse and the vault, open for writing."""
    store = Store(settings.warehouse_file)
    try:
        yield store, Vault(settings.vault_file)
    finally:
        store.close()
