"""PagerDuty: who declared, acknowledged, joined, updated and resolved incidents, and who was on call.

Source: PagerDuty's REST API v2 (`/incidents`, `/log_entries`, `/schedules`, `/escalation_policies`).
Cursor: JSON with the moment read up to. Whatever happens to an incident makes a log entry, so a run reads the
    log entries since then and every incident they are about; and the shifts of the last 30 days.
Yields: incidents, incident_actions, incident_fixes, incident_pages, oncall_shifts, oncall_services.
Never: titles, notes, messages, alert bodies, names, e-mail addresses, any time of day.
Raises: Refused, Unreachable, RateLimited, PayloadBroken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from urllib.parse import quote

from connectors.errors import PayloadBroken, Refused
from connectors.http import ApiConnector, NotFound, Parameters, Payload
from connectors.pagerduty.listings import LONGEST, PAGE, Api, Log, newest_first, written
from connectors.pagerduty.payloads import created_at, final_entries, opened_on, services_by_schedule
from connectors.pagerduty.settings import PagerDutySettings
from connectors.records import Batch, Counted, Gap, Incident, Inventory, OnCallShift, Root
from connectors.shifts import Rota, first_quarter, midnight, quarter_of, shifts_of

OVERLAP = timedelta(hours=1)
"""A log entry this much older than the last run may have arrived after it, or our clock may be ahead."""
SLACK = timedelta(minutes=5)
"""An incident and its first log entry are not made in the same instant."""
_HYDRATED_AT_ONCE = 25


class PagerDuty(ApiConnector):
    """One PagerDuty account. `today` is for tests; None asks the clock."""

    source = "pagerduty"
    scope = "account"
    yields: tuple[str, ...] = (
        *("incidents", "incident_actions", "incident_fixes", "incident_pages"),
        *("oncall_shifts", "oncall_services"),
    )

    def __init__(self, settings: PagerDutySettings, today: date | None = None) -> None:
        self._settings = settings
        self._today = today
        self._api = Api(settings)
        self._gaps: list[Gap] = []
        self._read = _Read()
        self._services: dict[str, tuple[str, ...]] = {}
        self.since = settings.since or first_quarter(self._now().date())
        self._rota = Rota(self.since, self._tomorrow, self._shifts_between)

    # --- the contract -----------------------------------------------------------------------------

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Incidents that are new or were touched, then shifts by quarter.

        A first run is stored step by step and begins again if it is interrupted: an incident is only
        complete together with its later log entries.
        """
        del scope
        place = _Cursor.read(cursor, self.since)
        now = self._now()
        self._read = _Read(until=now)
        self._rota = Rota(self.since, self._tomorrow, self._shifts_between)
        if place.read_until is None:
            yield from self._every_incident(now)
        else:
            yield from self._touched_incidents(place.read_until - OVERLAP, now)
        place = replace(place, read_until=now)
        yield self._batch([], place)
        yield from self._shift_batches(place, now)

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        """Every incident and shift since `since`, by id. What this run has listed is not listed again."""
        del scope
        if self._read.incidents is None:
            listed = self._walk("/incidents", "incidents", midnight(self.since), self._now(), {})
            self._read.incidents = {str(payload["id"]): created.date() for created, payload in listed}
        for incident_id, day in self._read.incidents.items():
            yield Inventory("incidents", incident_id, day)
        try:
            yield from self._rota.inventory()
        except Refused:
            yield _gap("oncall_shifts", midnight(quarter_of(self.since)), self._now(), "forbidden")

    def tally(self, scope: str) -> Sequence[Inventory | Counted] | None:
        """The days before those that were read again, as counts; None if `inventory` costs nothing anyway.

        PagerDuty keeps incidents: where there are as many as before, there are the same.
        """
        del scope
        if self._read.until is None or self._read.incidents is not None:
            return None
        counts: list[Inventory | Counted] = []
        begin = midnight(self.since)
        while begin < self._read.until:
            end = min(begin + LONGEST, self._read.until)
            span = {"since": written(begin), "until": written(end), "time_zone": "UTC"}
            last_day = (end - timedelta(microseconds=1)).date()
            count = self._api.count("/incidents", span)
            counts.append(Counted("incidents", begin.date(), last_day + timedelta(days=1), count))
            begin = end
        counts += self._rota.tally()
        return counts

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These incidents or shifts again; what is no longer there, or older than `since`, is `gone`."""
        del scope
        if kind == "incidents":
            for first in range(0, len(object_ids), _HYDRATED_AT_ONCE):
                chunk = object_ids[first : first + _HYDRATED_AT_ONCE]
                incidents = [record for object_id in chunk if (record := self._incident(object_id))]
                gone = set(chunk) - {record.incident_id for record in incidents}
                yield self._batch(incidents, None, gone)
        elif kind == "oncall_shifts":
            with suppress(Refused):  # `fetch` has written down the gap
                self._services = self._services_paging()
            for kept, lost in self._rota.again(object_ids):
                yield self._batch(kept, None, lost)

    # --- incidents --------------------------------------------------------------------------------

    def _every_incident(self, now: datetime) -> Iterator[Batch]:
        """All incidents since `since`, the newest first: what was done in one comes before it in the log."""
        since = midnight(self.since)
        log = Log(self._walk("/log_entries", "log_entries", since, now, {}))
        listed = self._walk("/incidents", "incidents", since, now, {})
        days: dict[str, date] = {}
        while page := list(islice(listed, PAGE)):
            log.read_down_to(page[-1][0] - SLACK)
            days |= {str(payload["id"]): created.date() for created, payload in page}
            yield self._batch([log.record(payload) for _, payload in page], None)
        if log.is_refused:
            self._gaps += _log_gaps(since, now, "forbidden")
            yield self._batch([], None)
        self._read.incidents = days

    def _touched_incidents(self, after: datetime, now: datetime) -> Iterator[Batch]:
        """Every incident with a log entry since then; of a new one these entries are all there are."""
        heads: dict[str, Payload] = {}
        log = Log(self._walk("/log_entries", "log_entries", after, now, {"include[]": ["incidents"]}), heads)
        log.read_down_to(after)
        if log.is_refused:
            self._gaps += _log_gaps(after, now, "forbidden")
            listed = self._walk("/incidents", "incidents", after, now, {})
            yield self._batch([log.record(payload) for _, payload in listed], None)
            return
        touched = iter(heads.items())
        while chunk := list(islice(touched, PAGE)):
            records = []
            for incident_id, head in chunk:
                is_new = bool(head.get("created_at")) and created_at(head) >= after + SLACK
                record = log.record(head) if is_new else self._incident(incident_id, head)
                if record is not None and record.opened_on >= self.since:
                    records.append(record)
            yield self._batch(records, None)

    def _incident(self, incident_id: str, head: Payload | None = None) -> Incident | None:
        """One incident with all its log entries; None if it is gone or older than `since`."""
        path = f"/incidents/{quote(incident_id, safe='')}"
        try:
            if head is None or not head.get("created_at"):
                head = self._api.get(path).get("incident")
            if not isinstance(head, dict):
                raise PayloadBroken("pagerduty: GET /incidents: the answer has no incident; the API changed")
            if opened_on(head) < self.since:
                return None
            entries = self._api.listed(f"{path}/log_entries", "log_entries")
            log = Log(((created_at(entry), entry) for entry in entries), of=incident_id)
            log.read_down_to(midnight(date.min))
        except NotFound:
            return None
        if log.is_refused:
            self._gaps += _log_gaps(created_at(head), self._now(), "forbidden")
        return log.record(head)

    def _walk(
        self, path: str, key: str, since: datetime, until: datetime, parameters: Parameters
    ) -> Iterator[tuple[datetime, Payload]]:
        def truncated(second: datetime) -> None:
            span = (second, second + timedelta(seconds=1))
            is_log = key == "log_entries"
            self._gaps += _log_gaps(*span, "truncated") if is_log else [_gap(key, *span, "truncated")]

        return newest_first(self._api, path, key, (since, until), parameters, truncated)

    # --- on call ----------------------------------------------------------------------------------

    def _shift_batches(self, place: _Cursor, now: datetime) -> Iterator[Batch]:
        quarters = list(self._rota.quarters(place.shifts_through))
        first_day = midnight(quarters[0][0] if quarters else self._tomorrow())
        try:
            self._services = self._services_paging()
        except Refused:
            self._gaps.append(_gap("oncall_services", first_day, now, "forbidden"))
        for starts_on, ends_on in quarters:
            try:
                shifts = self._rota.between(starts_on, ends_on)
            except Refused:
                self._gaps.append(_gap("oncall_shifts", first_day, now, "forbidden"))
                yield self._batch([], place)
                return
            place = replace(place, shifts_through=ends_on)
            yield self._batch(shifts, place)

    def _services_paging(self) -> dict[str, tuple[str, ...]]:
        return services_by_schedule(self._api.listed("/escalation_policies", "escalation_policies"))

    def _shifts_between(self, starts_on: date, ends_on: date) -> list[OnCallShift]:
        """The shifts of every schedule, 100 schedules a request."""
        span: Parameters = {"since": f"{starts_on}T00:00:00Z", "until": f"{ends_on}T00:00:00Z"}
        question = {**span, "time_zone": "UTC", "include[]": ["final_schedule"]}
        shifts: list[OnCallShift] = []
        for schedule in self._api.listed("/schedules", "schedules", question):
            schedule_id = str(schedule["id"])
            answer: Payload = {"schedule": schedule}
            if not isinstance(schedule.get("final_schedule"), dict):
                try:  # an account whose list does not carry the days tells them one schedule at a time
                    path = f"/schedules/{quote(schedule_id, safe='')}"
                    answer = self._api.get(path, {**span, "time_zone": "UTC"})
                except NotFound:
                    continue
            services = self._services.get(schedule_id, ())
            entries = final_entries(answer)
            shifts += shifts_of(self.source, schedule_id, entries, starts_on, ends_on, services)
        return shifts

    # --- small things -----------------------------------------------------------------------------

    def _batch(self, roots: Iterable[Root], place: _Cursor | None, gone: Iterable[str] = ()) -> Batch:
        gaps, self._gaps = tuple(self._gaps), []
        cursor = place.text() if place else ""
        return Batch(tuple(roots), cursor, gaps, tuple(sorted(gone)))

    def _now(self) -> datetime:
        """The current second; in tests the end of their day."""
        if self._today is not None:
            return midnight(self._today + timedelta(days=1))
        return datetime.now(UTC).replace(microsecond=0)

    def _tomorrow(self) -> date:
        return (self._now() - timedelta(microseconds=1)).date() + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where the last stored batch ended."""

    since: date
    read_until: datetime | None = None
    """What was done before this moment is stored."""
    shifts_through: date | None = None

    @classmethod
    def read(cls, cursor: str | None, since: date) -> _Cursor:
        """The place a cursor names; the start if earlier days are asked about than were then."""
        fields = json.loads(cursor) if cursor else {}
        if not fields.get("read_until") or date.fromisoformat(fields["since"]) > since:
            return cls(since)
        through = fields["shifts_through"]
        return cls(
            since,
            datetime.fromisoformat(fields["read_until"]),
            date.fromisoformat(through) if through else None,
        )

    def text(self) -> str:
        """The cursor that `read` takes."""
        return json.dumps(
            {
                "since": self.since.isoformat(),
                "read_until": self.read_until.isoformat() if self.read_until else None,
                "shifts_through": self.shifts_through.isoformat() if self.shifts_through else None,
            }
        )


@dataclass(slots=True)
class _Read:
    """What this run has read so far, so that counting does not ask for it again."""

    until: datetime | None = None
    incidents: dict[str, date] | None = None
    """Every incident and its day, if all were listed."""


def _gap(kind: str, starts: datetime, ends: datetime, reason: str) -> Gap:
    return Gap(kind, starts.date(), (ends - timedelta(microseconds=1)).date() + timedelta(days=1), reason)


def _log_gaps(starts: datetime, ends: datetime, reason: str) -> list[Gap]:
    """What is missing where log entries are."""
    return [_gap(kind, starts, ends, reason) for kind in ("incident_actions", "incident_pages")]
