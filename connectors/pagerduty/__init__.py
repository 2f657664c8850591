"""PagerDuty as a source."""

from __future__ import annotations

from connectors.contract import Connector, Sections
from connectors.pagerduty.settings import PagerDutySettings


def connect(settings: PagerDutySettings, _sections: Sections) -> Connector:
    from connectors.pagerduty.connector import PagerDuty  # loads an HTTP client

    return PagerDuty(settings)
