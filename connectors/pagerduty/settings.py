"""Where PagerDuty is, and with which token it is read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.base_url import checked_base_url


class PagerDutySettings(BaseModel):
    """Where PagerDuty is, how far back to read and with which token. `config/settings.py` fills it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "https://api.pagerduty.com"
    """In the EU service region: `https://api.eu.pagerduty.com`."""
    since: date | None = None
    """The first day asked about. None: the first day of the quarter 15 months ago."""
    token: SecretStr | None = None
    """A read-only REST API key."""
    wait_limit_seconds: Annotated[int, Field(ge=0)] = 900
    """How long one request may wait for a rate limit before the run stops and goes on another night."""

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked_base_url(value, "https://api.pagerduty.com")
