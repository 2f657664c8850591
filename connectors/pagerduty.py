"""PagerDuty: who declared, acknowledged, joined, updated and resolved incidents, and who was on call.

Source: PagerDuty's REST API v2 (`/incidents`, `/log_entries`, `/schedules`, `/escalation_policies`).
Cursor: JSON with the day read through. Incidents are listed by the day they were created, so a run reads the
    last 30 days again, whatever was touched since, and those that were open the last time.
Yields: incidents, incident_actions, oncall_shifts, oncall_services.
Never: titles, notes, messages, alert bodies, names, e-mail addresses, any time of day.
Raises: Refused, Unreachable, RateLimited, PayloadBroken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.errors import PayloadBroken, Refused
from connectors.pagerduty_http import Api, NotThere, Parameters, Payload, WallError, is_loopback
from connectors.pagerduty_records import (
    Step,
    incident,
    joined_steps,
    opened_on,
    services_by_schedule,
    shifts,
    step,
    with_actions,
)
from connectors.records import Batch, Gap, Incident, Inventory, OnCallShift, Root

REREAD = timedelta(days=30)
"""How far back every run reads again: overrides and merges are entered afterwards."""
TOUCHED = timedelta(days=2)
"""A log entry this much older than the last run may have arrived after it."""
SLICE = timedelta(days=90)
"""PagerDuty refuses more than 180 days at once; fewer keep one step storable."""
SMALLEST_SLICE = timedelta(minutes=15)
FIFTEEN_MONTHS = timedelta(days=458)
"""As long as evidence is kept."""
_HYDRATED_AT_ONCE = 25


class PagerDutySettings(BaseModel):
    """Where PagerDuty is, how far back to read and with which token. `flows/settings.py` fills it."""

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
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("base_url is an address like https://api.pagerduty.com")
        if parts.scheme == "http" and not is_loopback(value):
            raise ValueError("base_url must use https; a token would travel in the open")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("base_url holds an address only; the token has a setting of its own")
        return value.rstrip("/")


class PagerDuty:
    """One PagerDuty account. `today` is for tests; None asks the clock."""

    source = "pagerduty"
    yields: tuple[str, ...] = ("incidents", "incident_actions", "oncall_shifts", "oncall_services")

    def __init__(self, settings: PagerDutySettings, today: date | None = None) -> None:
        self._settings = settings
        self._today = today
        self._api_once: Api | None = None
        self._requests_told = 0
        self.since = settings.since or _quarter_of(self._tomorrow().date() - FIFTEEN_MONTHS)

    # --- the contract -----------------------------------------------------------------------------

    def scopes(self) -> Sequence[str]:
        """The account, once it has answered. Raises Refused or Unreachable."""
        self._api.get("/incidents", {"limit": 1})
        return ("account",)

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Incidents in slices of days, then shifts in quarters; each step with the cursor to go on from."""
        del scope
        place = _Place.read(cursor, self.since)
        for batch in self._incident_batches(place):
            yield batch
            place = _Place.read(batch.cursor, self.since)
        yield from self._shift_batches(place)

    def inventory(self, scope: str) -> Iterator[Inventory]:
        """Every incident and shift since `since`, by id."""
        del scope
        for _, _, payloads in self._windows("/incidents", "incidents", self.since):
            for payload in payloads or ():
                yield Inventory("incidents", str(payload["id"]), opened_on(payload))
        try:
            schedule_ids = self._schedule_ids()
        except Refused:
            return  # nothing was stored either, and `fetch` has written down the gap
        for starts_on, ends_on in _quarters(self.since, self._tomorrow().date()):
            for schedule_id in schedule_ids:
                for shift in self._shifts(schedule_id, starts_on, ends_on, ()):
                    yield Inventory("oncall_shifts", shift.shift_id, shift.starts_on)

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These incidents or shifts again; what is no longer there, or older than `since`, is `gone`."""
        del scope
        if kind == "incidents":
            for first in range(0, len(object_ids), _HYDRATED_AT_ONCE):
                chunk = object_ids[first : first + _HYDRATED_AT_ONCE]
                found = [known.record() for object_id in chunk if (known := self._incident(object_id))]
                gone = set(chunk) - {record.incident_id for record in found}
                yield self._batch(found, None, gone=gone)
        elif kind == "oncall_shifts":
            yield from self._hydrated_shifts(object_ids)

    def close(self) -> None:
        """Closes the connection, if one was opened."""
        if self._api_once:
            self._api_once.close()

    def spent(self) -> tuple[int, int]:
        """Requests so far. PagerDuty counts requests a minute and knows no points."""
        return (self._api_once.requests if self._api_once else 0), 0

    # --- incidents --------------------------------------------------------------------------------

    def _incident_batches(self, place: _Place) -> Iterator[Batch]:
        first_day = self.since if place.through is None else max(self.since, place.through - REREAD)
        seen: dict[str, _Known] = {}
        older: set[str] = set()
        for piece in self._slices(first_day):
            changed: dict[str, None] = {}
            for payload in piece.incidents:
                known = _Known(incident(payload), set(joined_steps(payload)))
                seen[known.head.incident_id] = known
                changed[known.head.incident_id] = None
            for one in piece.steps:
                if one.incident_id not in seen and one.incident_id not in older and place.is_news(one):
                    # an incident from before the days read again, touched since the last run
                    if (touched := self._incident(one.incident_id)) is None:
                        older.add(one.incident_id)
                    else:
                        seen[one.incident_id] = touched
                if one.incident_id in seen:
                    seen[one.incident_id].steps.add(one)
                    changed[one.incident_id] = None
            through = piece.ends.date() if place.through is None else max(place.through, piece.ends.date())
            moved = replace(place, through=through)
            yield self._batch([seen[incident_id].record() for incident_id in changed], moved, piece.gaps)
        yield self._settled(replace(place, through=self._tomorrow().date()), set(seen))

    def _settled(self, place: _Place, seen: set[str]) -> Batch:
        """Those that were open at the last run and are not any more, where nothing else has read them."""
        question: Parameters = {
            "statuses[]": ["triggered", "acknowledged"],
            "date_range": "all",
            "sort_by": "created_at:asc",
        }
        try:
            listed = list(self._api.listed("/incidents", "incidents", question))
        except WallError:
            # more than anybody looks at; log entries still tell of each one that is touched
            return self._batch([], replace(place, open_ids=()))
        still_open = tuple(
            sorted(str(payload["id"]) for payload in listed if opened_on(payload) >= self.since)
        )
        settled = sorted(set(place.open_ids) - set(still_open) - seen)
        found = {incident_id: self._incident(incident_id) for incident_id in settled}
        return self._batch(
            [known.record() for known in found.values() if known],
            replace(place, open_ids=still_open),
            gone=[incident_id for incident_id, known in found.items() if known is None],
        )

    def _incident(self, incident_id: str) -> _Known | None:
        """One incident with all its log entries; None if it is gone or older than `since`."""
        path = f"/incidents/{quote(incident_id, safe='')}"
        try:
            payload = self._api.get(path).get("incident")
            if not isinstance(payload, dict):
                raise PayloadBroken("pagerduty: GET /incidents: the answer has no incident; the API changed")
            if opened_on(payload) < self.since:
                return None
            known = _Known(incident(payload), set(joined_steps(payload)))
            created = _midnight(opened_on(payload))
            for _, _, entries in self._split(f"{path}/log_entries", "log_entries", created, self._tomorrow()):
                known.steps |= {one for entry in entries or () if (one := step(entry, incident_id))}
        except NotThere:
            return None
        return known

    def _slices(self, first_day: date) -> Iterator[_Slice]:
        """Incidents created, and what was done in any incident, slice by slice until today."""
        may_read_entries = True
        for starts, ends, incidents in self._windows("/incidents", "incidents", first_day):
            piece = _Slice(ends, incidents or [])
            if incidents is None:
                piece.gaps.append(_gap("incidents", starts, ends, "truncated"))
            try:
                for begin, end, entries in (
                    self._split("/log_entries", "log_entries", starts, ends) if may_read_entries else ()
                ):
                    if entries is None:
                        piece.gaps.append(_gap("incident_actions", begin, end, "truncated"))
                    piece.steps += [one for entry in entries or () if (one := step(entry))]
            except Refused:
                may_read_entries = False
            if not may_read_entries:
                piece.gaps.append(_gap("incident_actions", starts, ends, "forbidden"))
            yield piece

    def _windows(
        self, path: str, key: str, first_day: date
    ) -> Iterator[tuple[datetime, datetime, list[Payload] | None]]:
        begin, tomorrow = _midnight(first_day), self._tomorrow()
        while begin < tomorrow:
            end = min(begin + SLICE, tomorrow)
            yield from self._split(path, key, begin, end)
            begin = end

    def _split(
        self, path: str, key: str, begin: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime, list[Payload] | None]]:
        """A listing between two moments, halved as often as the wall asks for; None where that is no use."""
        question: dict[str, str | int | list[str]] = {
            "since": begin.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "until": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "time_zone": "UTC",
        }
        if path == "/incidents":
            question["sort_by"] = "created_at:asc"  # what arrives while we page comes last
        try:
            yield begin, end, list(self._api.listed(path, key, question))
            return
        except WallError:
            if end - begin <= SMALLEST_SLICE:
                yield begin, end, None
                return
        middle = begin + timedelta(seconds=int((end - begin).total_seconds()) // 2)
        yield from self._split(path, key, begin, middle)
        yield from self._split(path, key, middle, end)

    # --- on call ----------------------------------------------------------------------------------

    def _shift_batches(self, place: _Place) -> Iterator[Batch]:
        first_day, tomorrow = self.since, self._tomorrow().date()
        if place.shifts_through is not None:
            first_day = max(self.since, _quarter_of(place.shifts_through - REREAD))
        gaps: list[Gap] = []
        schedule_ids: list[str] = []
        services: dict[str, tuple[str, ...]] = {}
        try:
            schedule_ids = self._schedule_ids()
        except Refused:
            gaps.append(Gap("oncall_shifts", first_day, tomorrow, "forbidden"))
        try:
            services = self._services() if schedule_ids else {}
        except Refused:
            gaps.append(Gap("oncall_services", first_day, tomorrow, "forbidden"))
        for starts_on, ends_on in _quarters(first_day, tomorrow):
            found: list[OnCallShift] = []
            for schedule_id in schedule_ids:
                found += self._shifts(schedule_id, starts_on, ends_on, services.get(schedule_id, ()))
            place = replace(place, shifts_through=ends_on)
            yield self._batch(found, place, gaps)
            gaps = []

    def _services(self) -> dict[str, tuple[str, ...]]:
        return services_by_schedule(self._api.listed("/escalation_policies", "escalation_policies"))

    def _schedule_ids(self) -> list[str]:
        return [str(schedule["id"]) for schedule in self._api.listed("/schedules", "schedules")]

    def _shifts(
        self, schedule_id: str, starts_on: date, ends_on: date, service_ids: tuple[str, ...]
    ) -> list[OnCallShift]:
        try:
            answer = self._api.get(
                f"/schedules/{quote(schedule_id, safe='')}",
                {"since": f"{starts_on}T00:00:00Z", "until": f"{ends_on}T00:00:00Z", "time_zone": "UTC"},
            )
        except NotThere:
            return []
        return shifts(answer, schedule_id, starts_on, ends_on, service_ids)

    def _hydrated_shifts(self, shift_ids: Sequence[str]) -> Iterator[Batch]:
        asked: dict[tuple[str, date], set[str]] = {}
        for shift_id in shift_ids:
            schedule_id, _, day = shift_id.partition(":")
            asked.setdefault((schedule_id, _quarter_of(date.fromisoformat(day[:10]))), set()).add(shift_id)
        try:
            services = self._services()
        except Refused:
            services = {}  # `fetch` has written down the gap
        for (schedule_id, quarter), wanted in asked.items():
            starts_on = max(quarter, self.since)
            ends_on = min(_next_quarter(quarter), self._tomorrow().date())
            found = []
            if starts_on < ends_on:
                found = self._shifts(schedule_id, starts_on, ends_on, services.get(schedule_id, ()))
            yield self._batch(found, None, gone=wanted - {shift.shift_id for shift in found})

    # --- small things -----------------------------------------------------------------------------

    @property
    def _api(self) -> Api:
        if self._api_once is None:
            token = self._settings.token.get_secret_value() if self._settings.token else ""
            if not token:
                raise Refused("pagerduty: no token is set; give it a read-only REST API key")
            self._api_once = Api(self._settings.base_url, token, self._settings.wait_limit_seconds)
        return self._api_once

    def _batch(
        self,
        roots: Iterable[Root],
        place: _Place | None,
        gaps: Iterable[Gap] = (),
        gone: Iterable[str] = (),
    ) -> Batch:
        requests, told = self._api.requests, self._requests_told
        self._requests_told = requests
        cursor = place.text() if place else ""
        return Batch(tuple(roots), cursor, tuple(gaps), requests - told, 0, tuple(sorted(gone)))

    def _tomorrow(self) -> datetime:
        today = self._today or datetime.now(UTC).date()
        return _midnight(today + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the last stored batch ended."""

    since: date
    through: date | None = None
    """Incidents and log entries are read until before this day."""
    shifts_through: date | None = None
    open_ids: tuple[str, ...] = ()
    """Incidents that were open then."""

    @classmethod
    def read(cls, cursor: str | None, since: date) -> _Place:
        """The place a cursor names; the start if earlier days are asked about than were then."""
        found = json.loads(cursor) if cursor else {}
        if not found or date.fromisoformat(found["since"]) > since:
            return cls(since)
        through, shifts_through = found["through"], found["shifts_through"]
        return cls(
            since,
            date.fromisoformat(through) if through else None,
            date.fromisoformat(shifts_through) if shifts_through else None,
            tuple(found["open"]),
        )

    def text(self) -> str:
        """The cursor that `read` takes."""
        return json.dumps(
            {
                "since": self.since.isoformat(),
                "through": self.through.isoformat() if self.through else None,
                "shifts_through": self.shifts_through.isoformat() if self.shifts_through else None,
                "open": list(self.open_ids),
            }
        )

    def is_news(self, one: Step) -> bool:
        """Whether the last run cannot have seen this step."""
        return self.through is not None and one.at.date() >= self.through - TOUCHED


@dataclass(slots=True)
class _Known:
    """An incident and what is known of what was done in it."""

    head: Incident
    steps: set[Step]

    def record(self) -> Incident:
        return with_actions(self.head, self.steps)


@dataclass(slots=True)
class _Slice:
    """Some days: the incidents created in them, and the steps done in them, in whichever incident."""

    ends: datetime
    incidents: list[Payload]
    steps: list[Step] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def _gap(kind: str, starts: datetime, ends: datetime, reason: str) -> Gap:
    return Gap(kind, starts.date(), (ends - timedelta(microseconds=1)).date() + timedelta(days=1), reason)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _quarter_of(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _next_quarter(quarter: date) -> date:
    return _quarter_of(quarter + timedelta(days=100))


def _quarters(starts_on: date, ends_on: date) -> Iterator[tuple[date, date]]:
    """The calendar quarters between two days, the first and the last one cut there."""
    while starts_on < ends_on:
        until = min(_next_quarter(_quarter_of(starts_on)), ends_on)
        yield starts_on, until
        starts_on = until
