"""What a fetch is expected to cost, known before it begins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fetch is expected to take."""

    requests: int
    points: int
    seconds: int
    budget: tuple[int, int] | None
    """Points that are left this hour and points an hour, over all tokens; None without a limit."""

    def beside(self, other: Plan) -> Plan:
        """Both, at the same time, with budgets of their own."""
        budget = None
        if self.budget and other.budget:
            budget = self.budget[0] + other.budget[0], self.budget[1] + other.budget[1]
        return Plan(
            self.requests + other.requests,
            self.points + other.points,
            max(self.seconds, other.seconds),
            budget,
        )

    def with_counts(self, requests: int) -> Plan:
        """The same, and so many requests of a point each to count what there is."""
        return Plan(
            self.requests + requests, self.points + requests, self.seconds + requests // 2, self.budget
        )

    def sentence(self) -> str:
        """`needs about 5,130 of 15,000 points, about 40 minutes`."""
        needs = f"needs about {self.points:,} points"
        if self.budget:
            needs = f"needs about {self.points:,} of {self.budget[0]:,} points"
        minutes = -(-self.seconds // 60)
        how_long = "less than a minute" if minutes <= 1 else f"about {minutes:,} minutes"
        if minutes >= 120:
            how_long = f"about {round(minutes / 60):,} hours, or several nights"
        return f"{needs}, {how_long}"
