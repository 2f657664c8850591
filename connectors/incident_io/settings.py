"""Where incident.io is, and with which key it is read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.base_url import checked_base_url


class IncidentIoSettings(BaseModel):
    """Where incident.io is, how far back to read and with which key. `config/settings.py` fills it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "https://api.incident.io"
    since: date | None = None
    """The first day asked about. None: the first day of the quarter 15 months ago."""
    token: SecretStr | None = None
    """An API key that may view data; without private incidents, unless these should leave traces as well."""
    schedules: bool = True
    """False where on-call is kept elsewhere, or the key may not read schedules."""
    wait_limit_seconds: Annotated[int, Field(ge=0)] = 900

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked_base_url(value, "https://api.incident.io")
