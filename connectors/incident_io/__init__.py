"""incident.io as a source."""

from __future__ import annotations

from connectors.contract import Connector, Sections
from connectors.incident_io.settings import IncidentIoSettings


def connect(settings: IncidentIoSettings, _sections: Sections) -> Connector:
    from connectors.incident_io.connector import IncidentIo  # loads an HTTP client

    return IncidentIo(settings)
