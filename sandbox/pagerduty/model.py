"""What a PagerDuty account holds, as plain objects. Moments are texts in UTC, as in the GitHub model."""

from __future__ import annotations

from dataclasses import dataclass, field

API_ADDRESS = "https://pagerduty.example"
"""Where web addresses point to; nothing listens there."""


@dataclass(slots=True, eq=False)
class User:
    id: str
    name: str
    email: str
    time_zone: str = "UTC"


@dataclass(slots=True, eq=False)
class Team:
    id: str
    name: str
    members: list[User] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody on a schedule, from `start` until before `end`."""

    start: str
    end: str
    user: User


@dataclass(slots=True, eq=False)
class Schedule:
    id: str
    name: str
    time_zone: str
    team: Team
    shifts: list[Shift] = field(default_factory=list)
    """As the rotation has it."""
    overrides: list[Shift] = field(default_factory=list)
    """What replaces the rotation for a while; the later in the list wins."""


@dataclass(slots=True, eq=False)
class EscalationPolicy:
    id: str
    name: str
    schedule: Schedule
    team: Team


@dataclass(slots=True, eq=False)
class Service:
    id: str
    name: str
    policy: EscalationPolicy


@dataclass(slots=True, eq=False)
class LogEntry:
    """One line of an incident's history. `agent` is None where the service or an integration acted."""

    id: str
    type: str
    created_at: str
    agent: User | None
    channel: str
    """`web_ui`, `mobile`, `auto`, `timeout`, `api` ..."""
    note: str = ""
    assignees: tuple[User, ...] = ()


@dataclass(slots=True, eq=False)
class Responder:
    """Somebody asked to join; `joined_at` is None while they have not."""

    user: User
    requester: User
    requested_at: str
    joined_at: str | None = None


@dataclass(slots=True, eq=False)
class Incident:
    id: str
    number: int
    title: str
    created_at: str
    service: Service
    urgency: str = "high"
    priority: str | None = None
    entries: list[LogEntry] = field(default_factory=list)
    responders: list[Responder] = field(default_factory=list)
    merged_into: Incident | None = None

    def last(self, *types: str) -> LogEntry | None:
        """The latest entry of these types."""
        found = [entry for entry in self.entries if entry.type in types]
        return max(found, key=lambda entry: entry.created_at, default=None)

    @property
    def status(self) -> str:
        """What the last change of state left: the history is the only truth."""
        last = self.last(*_STATES)
        return _STATES[last.type] if last else "triggered"

    @property
    def resolved_at(self) -> str | None:
        last = self.last("resolve_log_entry")
        return last.created_at if last and self.status == "resolved" else None

    @property
    def updated_at(self) -> str:
        return max((entry.created_at for entry in self.entries), default=self.created_at)


_STATES = {
    "trigger_log_entry": "triggered",
    "unacknowledge_log_entry": "triggered",
    "acknowledge_log_entry": "acknowledged",
    "resolve_log_entry": "resolved",
}


@dataclass(slots=True)
class PagerDuty:
    """One account."""

    users: list[User] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    policies: list[EscalationPolicy] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)

    def ids(self) -> set[str]:
        """Every id of the account."""
        found = {each.id for each in self.users} | {each.id for each in self.teams}
        found |= {each.id for each in self.schedules} | {each.id for each in self.policies}
        found |= {each.id for each in self.services}
        for incident in self.incidents:
            found |= {incident.id, *(entry.id for entry in incident.entries)}
        return found
