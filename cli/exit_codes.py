"""What a command's exit code says. The first ones are of a night and of what `status` reports."""

from __future__ import annotations

COMPLETE = 0
GAPS = 1
CONFIGURATION = 2
REFUSED = 3
BROKEN = 4
