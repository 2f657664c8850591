"""What no agreement may loosen. An agreement can be stricter than these numbers, never laxer."""

from __future__ import annotations

K = 5
"""Fewest people a band may be about."""
COALITION = 1
"""Fewest colleagues assumed to pool what they know about themselves."""
DELAY_DAYS = 14
"""Fewest days between the end of a window and its release."""
PRESENCE_PERCENT = 50
"""Least share of the window a person must have been in the team to be counted in its bands."""

FORBIDDEN_OUTPUTS = frozenset(
    {
        "score-of-a-person",
        "order-of-people",
        "count-of-people",
        "share-of-items-seen",
        "time-of-day",
        "time-to-anything-of-a-person",
        "guess-about-a-person",
    }
)
"""What an agreement has to forbid by name, so that whoever signs it has read it."""
