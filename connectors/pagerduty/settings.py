"""Where PagerDuty is, and with which token it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from connectors.settings import ApiSettings


class PagerDutySettings(ApiSettings):
    """The section `pagerduty`."""

    secrets: ClassVar[Mapping[str, str]] = {"token": "PAGERDUTY_TOKEN"}
    needs = "a read-only API key"

    base_url: str = "https://api.pagerduty.com"
    """In the EU service region: `https://api.eu.pagerduty.com`."""
