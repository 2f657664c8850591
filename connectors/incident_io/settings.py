"""Where incident.io is, and with which key it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from connectors.settings import ApiSettings


class IncidentIoSettings(ApiSettings):
    """The section `incident_io`.

    The key may leave out private incidents, unless these should leave traces as well.
    """

    secrets: ClassVar[Mapping[str, str]] = {"token": "INCIDENT_IO_TOKEN"}
    needs = "an API key that may view data"

    base_url: str = "https://api.incident.io"
    schedules: bool = True
    """False where on-call is kept elsewhere, or the key may not read schedules."""
