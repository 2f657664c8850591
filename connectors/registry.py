"""Every connector that there is, in the order in which a night asks them: one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors import github, incident_io, pagerduty
from connectors.contract import Connector, Sections
from connectors.errors import BadInput
from connectors.files.settings import FileSource
from connectors.github import incidents, postmortems
from connectors.github.incidents.settings import GitHubIncidentsSettings
from connectors.github.postmortems.settings import GitHubPostmortemsSettings
from connectors.github.settings import GitHubSettings
from connectors.incident_io.settings import IncidentIoSettings
from connectors.pagerduty.settings import PagerDutySettings
from connectors.settings import SourceSettings


@dataclass(frozen=True, slots=True)
class Entry:
    """A section of the settings file, and what connects to its tool; None: not without another section."""

    section: str
    settings: type[SourceSettings]
    connect: Callable[[Any, Sections], Connector | None]


ENTRIES: tuple[Entry, ...] = (
    Entry("github", GitHubSettings, github.connect),
    Entry("github_incidents", GitHubIncidentsSettings, incidents.connect),
    Entry("github_postmortems", GitHubPostmortemsSettings, postmortems.connect),
    Entry("pagerduty", PagerDutySettings, pagerduty.connect),
    Entry("incident_io", IncidentIoSettings, incident_io.connect),
)


def secrets() -> dict[tuple[str, str], str]:
    """The environment variable of every secret, by section and field."""
    return {
        (entry.section, field): variable
        for entry in ENTRIES
        for field, variable in entry.settings.secrets.items()
    }


def connectors_for(sections: Sections, files: Sequence[FileSource], floor: date) -> tuple[Connector, ...]:
    """One connector for each source that is configured. Raises BadInput where a token is missing.

    No declared file is read for days before `floor`.
    """
    configured = [(entry, settings) for entry in ENTRIES if (settings := sections[entry.section])]
    if mistakes := [line for _, settings in configured for line in settings.missing_secrets()]:
        raise BadInput(mistakes)
    if taken := sorted({source.name for source in files} & {entry.section for entry in ENTRIES}):
        raise BadInput(
            [f"files: the name '{name}' belongs to another source; choose your own" for name in taken]
        )
    connectors = [entry.connect(settings, sections) for entry, settings in configured]
    all_connectors = (*filter(None, connectors), *_declared_files(sections, files, floor))
    if not all_connectors:
        raise BadInput(["no source is configured; add a `github:` section to the settings"])
    return all_connectors


def _declared_files(sections: Sections, files: Sequence[FileSource], floor: date) -> Iterator[Connector]:
    from connectors.files.connector import Files
    from connectors.noreply import AddressLookup, no_lookup

    lookup: AddressLookup = no_lookup
    if settings := sections["github"]:
        from connectors.github.accounts import ByNumber  # loads PyGithub

        lookup = ByNumber(settings)
    for source in (each for each in files if each.kind != "accounts"):
        # without a `since`, a file's own first day decides
        connector = Files(source, lookup=lookup)
        is_older = connector.since < floor
        yield Files(source.model_copy(update={"since": floor}), lookup=lookup) if is_older else connector
