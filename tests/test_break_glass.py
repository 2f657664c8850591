"""A privacy officer reads somebody's report: for a reason, logged before it is shown, and told of."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from in_process import as_data, sightline

from config.settings import load_settings
from connectors.errors import BadInput, Refused
from flows.context import open_night
from flows.night import run_night
from privacy import audit, door
from privacy.released import _DOOR, Released
from sandbox.server import Running
from warehouse.forget import persons_named

Q3 = ("--window", "2026Q3")
Ask = Callable[[str], None]


@pytest.fixture(scope="module")
def place(
    organisation: Running, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, list[str]]]:
    """A home after a night, and logins of its roster; the first is an officer."""
    folder = tmp_path_factory.mktemp("night")
    with urllib.request.urlopen(f"{organisation.control}/roster.csv") as answer:
        (folder / "roster.csv").write_bytes(answer.read())
    rows = [row.split(",") for row in (folder / "roster.csv").read_text().splitlines()[1:]]
    logins = list(dict.fromkeys(row[0] for row in rows if not row[4]))
    config = folder / "sightline.yaml"
    config.write_text(
        f"home: home\nroster: roster.csv\nofficers: [{logins[0]}]\ngithub:\n"
        f"  base_url: {organisation.github}\n  organisations: [{organisation.holding.organization}]\n"
        "  since: 2026-07-01\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "sandbox-token")
        with open_night(load_settings(config), date(2026, 11, 22)) as night:
            run_night(night)
        yield config, logins


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> Ask:
    return lambda login: monkeypatch.setenv("GITHUB_TOKEN", f"sandbox-{login}")


def test_the_person_is_told_at_the_top_of_every_form_and_in_their_access_log(
    place: tuple[Path, list[str]], asks: Ask
) -> None:
    config, (officer, person, other, *_) = place
    asks(officer)
    assert person not in broken(config, person)  # a report names nobody
    told = f"the privacy officer {officer} read your report for 2026Q3"
    asks(person)
    for form in ("text", "md", "html"):
        shown = " ".join(sightline(config, "me", *Q3, "--full", "--format", form).split())
        assert told in shown.replace("\\", ""), shown[:600]
        assert shown.index("privacy officer") < shown.index("What left no trace here")
    assert told in as_data(config, "me", "--window", "2026Q4")["looks"][0]
    assert f"{told} (complaint)" in sightline(config, "me", "access-log")
    asks(other)
    assert "privacy officer" not in sightline(config, "me", *Q3) + sightline(config, "me", "access-log")


def test_what_somebody_was_called_to_stays_theirs(place: tuple[Path, list[str]], asks: Ask) -> None:
    config, (officer, _, _, person, *_) = place
    settings = load_settings(config)
    [person_id] = persons_named(settings.vault_file, person)
    report = door.read_self(settings.published, person_id, "2026Q3")
    step = {"signal": "paged_for_incident", "occurred_on": "2026-07-06", "source_kind": "incident"}
    step |= {"source_id": "Q1", "incident_id": "Q1", "url": None, "incident_url": None}
    door.write_self(
        settings.published, person_id, Released("self", report.body | {"steps": [step]}, key=_DOOR)
    )
    asks(person)
    assert "paged_for_incident" in sightline(config, "me", *Q3, "--format", "json")
    asks(officer)
    for form in ("text", "json", "md", "html"):
        assert "paged" not in broken(config, person, form=form)


def test_nobody_but_an_officer_can_and_no_report_is_shown_unlogged(
    place: tuple[Path, list[str]], asks: Ask
) -> None:
    config, (officer, person, other, *_) = place
    settings = load_settings(config)
    before = len(list(audit.entries(settings.audit_file)))
    asks(other)
    with pytest.raises(Refused, match="only a privacy officer may"):
        broken(config, person)
    asks(officer)
    with pytest.raises(BadInput, match="'curiosity' is no reason"):
        broken(config, person, because="curiosity")
    with pytest.raises(BadInput, match="is nobody here"):
        broken(config, "nobody-at-all")
    assert len(list(audit.entries(settings.audit_file))) == before
    key = settings.audit_key.read_text()
    settings.audit_key.unlink()
    try:
        with pytest.raises(audit.NotLogged):
            broken(config, person)
    finally:
        settings.audit_key.write_text(key)


# --- builders ---


def broken(config: Path, person: str, *, because: str = "complaint", form: str = "text") -> str:
    """What an officer is shown."""
    return sightline(config, "privacy", "break-glass", person, "--because", because, *Q3, "--format", form)
