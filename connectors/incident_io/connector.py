"""incident.io: who declared, led, updated, acknowledged, followed up, wrote down incidents and was on call.

Source: incident.io's REST API (`/v2/incidents`, `/v2/incident_updates`, `/v3/follow_ups`,
    `/v1/postmortem_documents`, and of each incident `/v2/incident_activity_log_entries` and
    `/v1/incident_attachments`; `/v2/schedules` and, of each, `/v2/schedule_entries`).
Cursor: JSON with the moment read up to. A run reads the incidents that were updated since an hour before
    it, or that have a follow-up or post-mortem that changed since; and the shifts of the last 30 days.
Yields: incidents, incident_actions, incident_fixes, incident_pages, oncall_shifts.
Never: names, summaries, messages, titles of follow-ups, documents, e-mail addresses, any time of day.
Raises: Refused, Unreachable, RateLimited, PayloadBroken.

Its SDK takes a second to import and 32 MB, for eight questions: plain HTTP and typed payloads instead.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from urllib.parse import quote

from connectors.errors import Refused
from connectors.http import ApiConnector, NotFound, Parameters
from connectors.incident_io.listings import Api, Model, checked, written
from connectors.incident_io.payloads import (
    SOURCE,
    Around,
    Attachments,
    FollowUp,
    IncidentPayload,
    LogEntry,
    Postmortem,
    Schedule,
    Update,
    incident,
    opened_on,
)
from connectors.incident_io.settings import IncidentIoSettings
from connectors.records import Batch, Counted, Gap, Incident, Inventory, OnCallShift
from connectors.shifts import Rota, first_quarter, midnight, quarter_of, shifts_of

OVERLAP = timedelta(hours=1)
"""Rows become visible a little after the moment they carry, and our clock may be ahead."""
_STORED_AT_ONCE = 100
_REAL: Parameters = {"status_category[not_in]": ["declined", "canceled"]}
"""What turned out to be no incident is left out; tests and tutorials incident.io leaves out by itself."""


class IncidentIo(ApiConnector):
    """One incident.io organisation. `now` is for tests; None asks the clock."""

    source = SOURCE
    scope = "organisation"
    yields: tuple[str, ...] = (
        *("incidents", "incident_actions", "incident_fixes", "incident_pages"),
        "oncall_shifts",
    )

    def __init__(self, settings: IncidentIoSettings, now: datetime | None = None) -> None:
        self._settings = settings
        self._fixed_now = now
        self._api = Api(settings)
        self._listed: dict[str, date] | None = None
        self.since = settings.since or first_quarter(self._now().date())
        self._schedule_ids: list[str] | None = None
        self._rota = self._unread()
        if not settings.schedules:
            self.yields = tuple(table for table in self.yields if table != "oncall_shifts")

    # --- the contract -----------------------------------------------------------------------------

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Incidents that are new or changed, then shifts by quarter."""
        del scope
        now = self._now()
        self._rota = self._unread()
        place = json.loads(cursor) if cursor else {}
        if place and date.fromisoformat(place["since"]) <= self.since:
            incidents = self._changed(datetime.fromisoformat(place["read_until"]) - OVERLAP)
        else:
            place = {}
            incidents = self._everything()
        while chunk := list(islice(incidents, _STORED_AT_ONCE)):
            yield Batch(tuple(chunk), "")
        place |= {"since": self.since.isoformat(), "read_until": now.isoformat()}
        yield Batch((), json.dumps(place))
        if self._settings.schedules:
            yield from self._shift_batches(place)

    def inventory(self, scope: str) -> Iterator[Inventory | Gap]:
        """Every incident and shift since `since`. What this run has listed is not listed again."""
        del scope
        if self._listed is None:
            self._listed = {payload.id: opened_on(payload) for payload in self._incidents({})}
        for incident_id, day in self._listed.items():
            yield Inventory("incidents", incident_id, day)
        if self._settings.schedules:
            try:
                yield from self._rota.inventory()
            except Refused:
                yield self._no_shifts(quarter_of(self.since))

    def tally(self, scope: str) -> Sequence[Inventory | Counted] | None:
        """How many incidents there are, in one request; None if a list is known or the answer has no total.

        Old shifts cannot be overridden any more: those that were read tonight are all there is to ask.
        """
        del scope
        if self._listed is not None:
            return None
        answer = self._api.get("/v2/incidents", {**self._filters({}), "page_size": 1})
        meta = answer.get("pagination_meta")
        total = meta.get("total_record_count") if isinstance(meta, dict) else None
        if not isinstance(total, int):
            return None
        # one that was entered afterwards is dated by what it tells, however long ago
        counts: list[Inventory | Counted] = [
            Counted("incidents", date(1970, 1, 1), self._tomorrow(), total),
        ]
        return counts + (list(self._rota.tally()) if self._settings.schedules else [])

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These incidents or shifts again; what is no longer there, or none, is `gone`."""
        del scope
        if kind == "oncall_shifts":
            for kept, lost in self._rota.again(object_ids):
                yield Batch(tuple(kept), "", gone=tuple(sorted(lost)))
            return
        if kind != "incidents":
            raise ValueError(f"incident_io hydrates incidents and shifts, not {kind!r}")
        for first in range(0, len(object_ids), _STORED_AT_ONCE):
            chunk = object_ids[first : first + _STORED_AT_ONCE]
            incidents = [record for object_id in chunk if (record := self._complete_record(object_id))]
            gone = set(chunk) - {record.incident_id for record in incidents}
            yield Batch(tuple(incidents), "", gone=tuple(sorted(gone)))

    # --- incidents --------------------------------------------------------------------------------

    def _everything(self) -> Iterator[Incident]:
        """Every incident since `since`: what belongs to all of them is listed at once."""
        updates = _by_incident(self._api.listed("/v2/incident_updates", "incident_updates", Update))
        follow_ups = _by_incident(self._api.listed("/v3/follow_ups", "follow_ups", FollowUp))
        documents = _by_incident(self._documents())
        listed: dict[str, date] = {}
        for payload in self._incidents({}):
            listed[payload.id] = opened_on(payload)
            yield self._with_its_own(
                payload,
                Around(
                    updates=updates.pop(payload.id, []),
                    follow_ups=follow_ups.pop(payload.id, []),
                    postmortems=documents.pop(payload.id, []),
                ),
            )
        self._listed = listed

    def _changed(self, after: datetime) -> Iterator[Incident]:
        documents = _by_incident(self._documents())
        payloads = {one.id: one for one in self._incidents({"updated_at[gte]": written(after)})}
        since: Parameters = {"updated_at[gte]": written(after)}
        follow_ups = list(self._api.listed("/v3/follow_ups", "follow_ups", FollowUp, since))
        touched = dict.fromkeys([*payloads, *(one.incident_id for one in follow_ups)])
        touched |= dict.fromkeys(
            incident_id
            for incident_id, several in documents.items()
            if any(_changed_at(one) >= after for one in several)
        )
        for incident_id in touched:
            record = self._complete_record(
                incident_id, payloads.get(incident_id), documents.get(incident_id, [])
            )
            if record is not None:
                yield record

    def _complete_record(
        self,
        incident_id: str,
        payload: IncidentPayload | None = None,
        documents: list[Postmortem] | None = None,
    ) -> Incident | None:
        """One incident with everything around it; None if it is gone, was none, or is older than `since`."""
        try:
            if payload is None:
                answer = self._api.get(f"/v2/incidents/{quote(incident_id, safe='')}")
                payload = checked(IncidentPayload, answer.get("incident"), "incident")
            if payload.created_at.astimezone(UTC).date() < self.since or not _is_real(payload):
                return None
            of_it: Parameters = {"incident_id": incident_id}
            if documents is None:
                listed = self._api.listed(
                    "/v1/postmortem_documents", "postmortem_documents", Postmortem, of_it
                )
                documents = list(listed)
            around = Around(
                updates=list(self._api.listed("/v2/incident_updates", "incident_updates", Update, of_it)),
                follow_ups=list(self._api.listed("/v3/follow_ups", "follow_ups", FollowUp, of_it)),
                postmortems=documents,
            )
            return self._with_its_own(payload, around)
        except NotFound:
            return None

    def _with_its_own(self, payload: IncidentPayload, around: Around) -> Incident:
        """What can only be requested for one incident at a time: its log and its attachments."""
        of_it: Parameters = {"incident_id": payload.id}
        log = "incident_activity_log_entries"
        around.log = list(self._api.listed(f"/v2/{log}", log, LogEntry, of_it))
        answer = self._api.get("/v1/incident_attachments", of_it)
        around.attachments = checked(Attachments, answer, "incident_attachments").incident_attachments
        return incident(payload, around)

    def _documents(self, of_it: Parameters | None = None) -> Iterator[Postmortem]:
        yield from self._api.listed("/v1/postmortem_documents", "postmortem_documents", Postmortem, of_it)

    def _incidents(self, filters: Parameters) -> Iterator[IncidentPayload]:
        yield from self._api.listed("/v2/incidents", "incidents", IncidentPayload, self._filters(filters))

    def _filters(self, filters: Parameters) -> Parameters:
        return {**_REAL, "created_at[gte]": self.since.isoformat(), **filters}

    # --- on call ----------------------------------------------------------------------------------

    def _shift_batches(self, place: dict[str, str]) -> Iterator[Batch]:
        through = place.get("shifts_through")
        for starts_on, ends_on in self._rota.quarters(date.fromisoformat(through) if through else None):
            try:
                shifts = self._rota.between(starts_on, ends_on)
            except Refused:
                yield Batch((), json.dumps(place), (self._no_shifts(starts_on),))
                return
            place["shifts_through"] = ends_on.isoformat()
            yield Batch(tuple(shifts), json.dumps(place))

    def _shifts_between(self, starts_on: date, ends_on: date) -> list[OnCallShift]:
        """The shifts of every schedule; several people may hold one at once."""
        shifts: list[OnCallShift] = []
        if self._schedule_ids is None:
            listed = self._api.listed("/v2/schedules", "schedules", Schedule)
            self._schedule_ids = [schedule.id for schedule in listed]
        for schedule_id in self._schedule_ids:
            try:
                entries = [
                    (entry.start_at, entry.end_at, entry.user.id)
                    for entry in self._api.final_entries(schedule_id, midnight(starts_on), midnight(ends_on))
                    if entry.user
                ]
            except NotFound:
                continue  # archived since it was listed
            shifts += shifts_of(SOURCE, schedule_id, entries, starts_on, ends_on)
        return shifts

    def _no_shifts(self, starts_on: date) -> Gap:
        return Gap("oncall_shifts", starts_on, self._tomorrow(), "forbidden")

    def _unread(self) -> Rota:
        self._schedule_ids = None
        return Rota(self.since, self._tomorrow, self._shifts_between)

    # --- small things -----------------------------------------------------------------------------

    def _tomorrow(self) -> date:
        return self._now().date() + timedelta(days=1)

    def _now(self) -> datetime:
        return self._fixed_now or datetime.now(UTC).replace(microsecond=0)


def _is_real(payload: IncidentPayload) -> bool:
    return payload.incident_status.category not in ("declined", "canceled") and payload.mode in (
        "standard",
        "retrospective",
    )


def _by_incident(payloads: Iterable[Model]) -> dict[str, list[Model]]:
    held: dict[str, list[Model]] = defaultdict(list)
    for one in payloads:
        held[one.incident_id].append(one)  # type: ignore[attr-defined]  # all that are listed have one
    return held


def _changed_at(document: Postmortem) -> datetime:
    try:
        changed = datetime.fromisoformat(document.updated_at or "")
    except ValueError:
        return document.created_at
    return changed if changed.tzinfo else changed.replace(tzinfo=UTC)
