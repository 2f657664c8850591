"""What a PagerDuty account holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class PagerDuty:
    """One account."""
