"""What an incident.io organisation holds, as plain objects. Moments are texts in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    email: str


@dataclass(slots=True, eq=False)
class Update:
    """A message, a change of status, or both. `by` is None where a workflow wrote it."""

    id: str
    created_at: str
    by: User | None
    status: str
    message: str | None = None
    merged_into: Incident | None = None


@dataclass(slots=True, eq=False)
class RoleChange:
    """Somebody took a role, or gave it up."""

    id: str
    at: str
    role: str
    new: User | None
    previous: User | None = None


@dataclass(slots=True, eq=False)
class Acknowledgement:
    id: str
    at: str
    by: User | None
    """None where it was a rule's."""


@dataclass(slots=True, eq=False)
class Escalation:
    """Somebody was called, by an alert or by a person who asked for it."""

    id: str
    at: str
    called: list[User]


@dataclass(slots=True, eq=False)
class FollowUp:
    id: str
    created_at: str
    assignee: User | None
    status: str = "outstanding"
    completed_at: str | None = None


@dataclass(slots=True, eq=False)
class Postmortem:
    id: str
    created_at: str
    editors: list[User]
    updated_at: str = ""


@dataclass(slots=True, eq=False)
class Incident:
    id: str
    number: int
    name: str
    created_at: str
    creator: User | None
    """None where an alert declared it."""
    mode: str = "standard"
    severity: str | None = "Minor"
    impact_started_at: str | None = None
    updates: list[Update] = field(default_factory=list)
    roles: list[RoleChange] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    postmortems: list[Postmortem] = field(default_factory=list)
    pull_requests: list[str] = field(default_factory=list)
    """Addresses of attached pull requests."""
    pagerduty_ids: list[str] = field(default_factory=list)
    """The incidents of PagerDuty that it was opened from, or that were attached since."""
    issue_address: str | None = None
    """The issue that an issue tracker keeps for it."""

    @property
    def reference(self) -> str:
        return f"INC-{self.number}"

    @property
    def status(self) -> str:
        """What the last update left."""
        return max(self.updates, key=lambda one: one.created_at).status if self.updates else "triage"

    @property
    def updated_at(self) -> str:
        moments = [self.created_at, *(one.created_at for one in self.updates)]
        moments += [one.at for one in self.roles]
        moments += [one.at for one in self.acknowledgements]
        moments += [one.at for one in self.escalations]
        return max(moments)

    def holders(self) -> dict[str, User]:
        """Who holds each role now."""
        held: dict[str, User] = {}
        for change in sorted(self.roles, key=lambda one: one.at):
            if change.new is None:
                held.pop(change.role, None)
            else:
                held[change.role] = change.new
        return held


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody on call in a rotation; `user` is None where nobody is."""

    start: str
    end: str
    user: User | None
    rotation: str = "01PRIMARY"


@dataclass(slots=True, eq=False)
class Schedule:
    id: str
    name: str
    shifts: list[Shift] = field(default_factory=list)
    """As the rotations have it."""
    overrides: list[Shift] = field(default_factory=list)
    """What replaces its rotation for a while."""


@dataclass(slots=True)
class IncidentIo:
    """One organisation."""

    users: list[User] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
