"""The examples in the connectors' page work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from connectors.files.records import FIELDS
from connectors.files.roster import OPTIONAL, REQUIRED, read_roster
from connectors.files.settings import FileSource
from connectors.github.incidents.settings import GitHubIncidentsSettings
from connectors.github.postmortems.settings import GitHubPostmortemsSettings
from connectors.incident_io.settings import IncidentIoSettings
from connectors.pagerduty.settings import PagerDutySettings

PAGE = (Path(__file__).parents[1] / "docs" / "connectors.md").read_text()


def test_the_pagerduty_settings_on_the_page_are_settings() -> None:
    settings = YAML(typ="safe").load(blocks("PagerDuty", "yaml")[0])["pagerduty"]
    assert PagerDutySettings.model_validate(settings).since is not None


def test_the_incident_settings_on_the_page_are_settings() -> None:
    github, incident_io, documents = (
        YAML(typ="safe").load(blocks(heading, "yaml")[0])
        for heading in ("Incidents on GitHub", "incident.io", "Post-mortems in a repository")
    )
    found = GitHubIncidentsSettings.model_validate(github["github_incidents"])
    assert (len(found.forms), found.types) == (1, ("Incident",))
    assert IncidentIoSettings.model_validate(incident_io["incident_io"]).since
    assert GitHubPostmortemsSettings.model_validate(documents["github_postmortems"]).folder == "postmortems"


def test_the_declared_files_on_the_page_are_declarations() -> None:
    declared = YAML(typ="safe").load(blocks("Files", "yaml")[0])["files"]
    assert [FileSource.model_validate(one).kind for one in declared] == [
        "incidents",
        "incidents",
        "shifts",
        "interviews",
    ]


@pytest.mark.parametrize(("name", "block", "count"), [("roster.csv", 0, 4), ("roster.yaml", 1, 1)])
def test_the_rosters_on_the_page_are_rosters(tmp_path: Path, name: str, block: int, count: int) -> None:
    examples = [text for text in blocks("Roster", "(?:yaml)?") if not text.startswith("roster:")]
    (tmp_path / name).write_text(examples[block])
    assert len(read_roster(tmp_path / name)) == count


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Roster", (*REQUIRED, *OPTIONAL)),
        ("Files", (*FIELDS["incidents"], *FIELDS["shifts"], *FIELDS["interviews"])),
    ],
)
def test_the_page_names_every_field(heading: str, names: tuple[str, ...]) -> None:
    assert [name for name in names if not re.search(rf"\b{name}\b", section(heading))] == []


def section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def blocks(heading: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", section(heading), re.DOTALL | re.MULTILINE)
