"""incident.io: who declared, led, updated, acknowledged, followed up and wrote down incidents.

Source: incident.io's REST API (`/v2/incidents`, `/v2/incident_updates`, `/v3/follow_ups`,
    `/v1/postmortem_documents`, and of each incident `/v2/incident_activity_log_entries` and
    `/v1/incident_attachments`).
Cursor: JSON with the moment read up to. A run reads whole what was updated since an hour before it, and what
    a follow-up or a post-mortem that changed since belongs to.
Yields: incidents, incident_actions, incident_fixes, incident_pages.
Never: names, summaries, messages, titles of follow-ups, documents, e-mail addresses, any time of day.
Raises: Refused, Unreachable, RateLimited, PayloadBroken.

Its SDK takes a second to import and 32 MB, for six questions: plain HTTP and typed payloads instead.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Annotated, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from connectors.errors import PayloadBroken, Refused
from connectors.incident_io_payloads import (
    SOURCE,
    Around,
    Attachment,
    FollowUp,
    IncidentPayload,
    LogEntry,
    Postmortem,
    Update,
    incident,
    opened_on,
)
from connectors.json_api import JsonApi, NotThere, Parameters, checked_address
from connectors.records import Batch, Counted, Incident, Inventory

PAGE = 250
"""The largest page incident.io gives."""
OVERLAP = timedelta(hours=1)
"""Rows become visible a little after the moment they carry, and our clock may be ahead."""
FIFTEEN_MONTHS = timedelta(days=458)
_STORED_AT_ONCE = 100
_REAL: Parameters = {"status_category[not_in]": ["declined", "canceled"]}
"""What turned out to be no incident is left out; tests and tutorials incident.io leaves out by itself."""

Model = TypeVar("Model", bound=BaseModel)


class IncidentIoSettings(BaseModel):
    """Where incident.io is, how far back to read and with which key. `flows/settings.py` fills it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "https://api.incident.io"
    since: date | None = None
    """The first day asked about. None: the first day of the quarter 15 months ago."""
    token: SecretStr | None = None
    """An API key that may view data; without private incidents, unless these should leave traces as well."""
    wait_limit_seconds: Annotated[int, Field(ge=0)] = 900

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked_address(value, "https://api.incident.io")


class IncidentIo:
    """One incident.io organisation. `now` is for tests; None asks the clock."""

    source = SOURCE
    yields: tuple[str, ...] = ("incidents", "incident_actions", "incident_fixes", "incident_pages")

    def __init__(self, settings: IncidentIoSettings, now: datetime | None = None) -> None:
        self._settings = settings
        self._fixed_now = now
        self._api_once: JsonApi | None = None
        self._listed: dict[str, date] | None = None
        day = self._now().date() - FIFTEEN_MONTHS
        self.since = settings.since or date(day.year, (day.month - 1) // 3 * 3 + 1, 1)

    # --- the contract -----------------------------------------------------------------------------

    def scopes(self) -> Sequence[str]:
        """The organisation. Raises Refused without a key; the first question tells if it is a good one."""
        assert self._api
        return ("organisation",)

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Incidents that are new or changed, whole; the last batch moves the cursor."""
        del scope
        now = self._now()
        place = json.loads(cursor) if cursor else {}
        if place and date.fromisoformat(place["since"]) <= self.since:
            found = self._changed(datetime.fromisoformat(place["read_until"]) - OVERLAP)
        else:
            found = self._everything()
        while chunk := list(islice(found, _STORED_AT_ONCE)):
            yield Batch(tuple(chunk), "")
        yield Batch((), json.dumps({"since": self.since.isoformat(), "read_until": now.isoformat()}))

    def inventory(self, scope: str) -> Iterator[Inventory]:
        """Every incident since `since`. What this run has listed whole is not listed again."""
        del scope
        if self._listed is None:
            self._listed = {payload.id: opened_on(payload) for payload in self._incidents({})}
        for incident_id, day in self._listed.items():
            yield Inventory("incidents", incident_id, day)

    def tally(self, scope: str) -> Sequence[Inventory | Counted] | None:
        """How many incidents there are, in one question; None if a list is known or no total is told."""
        del scope
        if self._listed is not None:
            return None
        answer = self._api.get("/v2/incidents", {**self._filters({}), "page_size": 1})
        total = (answer.get("pagination_meta") or {}).get("total_record_count")
        if not isinstance(total, int):
            return None
        # one that was entered afterwards is dated by what it tells, however long ago
        return [Counted("incidents", date(1970, 1, 1), self._now().date() + timedelta(days=1), total)]

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These incidents again; what is no longer there, or none, is `gone`."""
        del scope
        if kind != "incidents":
            raise ValueError(f"incident_io hydrates incidents, not {kind!r}")
        for first in range(0, len(object_ids), _STORED_AT_ONCE):
            chunk = object_ids[first : first + _STORED_AT_ONCE]
            found = [record for object_id in chunk if (record := self._whole(object_id))]
            gone = set(chunk) - {record.incident_id for record in found}
            yield Batch(tuple(found), "", gone=tuple(sorted(gone)))

    def close(self) -> None:
        """Closes the connection, if one was opened."""
        if self._api_once:
            self._api_once.close()

    def spent(self) -> tuple[int, int]:
        """Requests so far."""
        return (self._api_once.requests if self._api_once else 0), 0

    # --- incidents --------------------------------------------------------------------------------

    def _everything(self) -> Iterator[Incident]:
        """Every incident since `since`: what belongs to all of them is listed at once."""
        updates = _by_incident(self.listed("/v2/incident_updates", "incident_updates", Update))
        follow_ups = _by_incident(self.listed("/v3/follow_ups", "follow_ups", FollowUp))
        documents = _by_incident(self.listed("/v1/postmortem_documents", "postmortem_documents", Postmortem))
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
        documents = _by_incident(self.listed("/v1/postmortem_documents", "postmortem_documents", Postmortem))
        payloads = {one.id: one for one in self._incidents({"updated_at[gte]": _written(after)})}
        since: Parameters = {"updated_at[gte]": _written(after)}
        follow_ups = list(self.listed("/v3/follow_ups", "follow_ups", FollowUp, since))
        touched = dict.fromkeys([*payloads, *(one.incident_id for one in follow_ups)])
        touched |= dict.fromkeys(
            incident_id
            for incident_id, several in documents.items()
            if any(_changed_at(one) >= after for one in several)
        )
        for incident_id in touched:
            record = self._whole(incident_id, payloads.get(incident_id), documents.get(incident_id, []))
            if record is not None:
                yield record

    def _whole(
        self,
        incident_id: str,
        payload: IncidentPayload | None = None,
        documents: list[Postmortem] | None = None,
    ) -> Incident | None:
        """One incident with everything around it; None if it is gone, was none, or is older than `since`."""
        try:
            if payload is None:
                answer = self._api.get(f"/v2/incidents/{quote(incident_id, safe='')}")
                payload = _model(IncidentPayload, answer.get("incident"), "incident")
            if payload.created_at.astimezone(UTC).date() < self.since or not _is_real(payload):
                return None
            of_it: Parameters = {"incident_id": incident_id}
            if documents is None:
                listed = self.listed("/v1/postmortem_documents", "postmortem_documents", Postmortem, of_it)
                documents = list(listed)
            around = Around(
                updates=list(self.listed("/v2/incident_updates", "incident_updates", Update, of_it)),
                follow_ups=list(self.listed("/v3/follow_ups", "follow_ups", FollowUp, of_it)),
                postmortems=documents,
            )
            return self._with_its_own(payload, around)
        except NotThere:
            return None

    def _with_its_own(self, payload: IncidentPayload, around: Around) -> Incident:
        """What can only be asked for one incident at a time: its log, and what is attached to it."""
        of_it: Parameters = {"incident_id": payload.id}
        log = "incident_activity_log_entries"
        around.log = list(self.listed(f"/v2/{log}", log, LogEntry, of_it))
        attachments = self._api.get("/v1/incident_attachments", of_it).get("incident_attachments")
        around.attachments = [_model(Attachment, one, "attachment") for one in attachments or ()]
        return incident(payload, around)

    def _incidents(self, filters: Parameters) -> Iterator[IncidentPayload]:
        yield from self.listed("/v2/incidents", "incidents", IncidentPayload, self._filters(filters))

    def _filters(self, filters: Parameters) -> Parameters:
        return {**_REAL, "created_at[gte]": self.since.isoformat(), **filters}

    # --- small things -----------------------------------------------------------------------------

    def listed(
        self, path: str, key: str, model: type[Model], parameters: Parameters | None = None
    ) -> Iterator[Model]:
        """Everything in a listing, page by page."""
        after: str | None = None
        while True:
            question = {**(parameters or {}), "page_size": PAGE}
            answer = self._api.get(path, question | ({"after": after} if after else {}))
            found = answer.get(key)
            if not isinstance(found, list):
                raise PayloadBroken(
                    f"incident_io: an answer has no list of {key}; check that base_url is incident.io's API"
                )
            for one in found:
                yield _model(model, one, key)
            told = (answer.get("pagination_meta") or {}).get("after")
            if not found or not told:
                return
            if told == after:
                raise PayloadBroken("incident_io: a page says that the next one is itself; the API changed")
            after = str(told)

    @property
    def _api(self) -> JsonApi:
        if self._api_once is None:
            token = self._settings.token.get_secret_value() if self._settings.token else ""
            if not token:
                raise Refused("incident_io: no key is set; give it an API key that may view data")
            # loading the HTTP client takes a moment, which commands that only read must not wait for
            from connectors.incident_io_client import Client

            client = Client(self._settings.base_url, token)
            wait_limit_seconds = self._settings.wait_limit_seconds
            self._api_once = JsonApi(SOURCE, client.once, wait_limit_seconds, client.close)
        return self._api_once

    def _now(self) -> datetime:
        return self._fixed_now or datetime.now(UTC).replace(microsecond=0)


def _is_real(payload: IncidentPayload) -> bool:
    return payload.incident_status.category not in ("declined", "canceled") and payload.mode in (
        "standard",
        "retrospective",
    )


def _by_incident(found: Iterable[Model]) -> dict[str, list[Model]]:
    held: dict[str, list[Model]] = defaultdict(list)
    for one in found:
        held[one.incident_id].append(one)  # type: ignore[attr-defined]  # all that are listed have one
    return held


def _changed_at(document: Postmortem) -> datetime:
    try:
        changed = datetime.fromisoformat(document.updated_at or "")
    except ValueError:
        return document.created_at
    return changed if changed.tzinfo else changed.replace(tzinfo=UTC)


def _model(model: type[Model], payload: object, what: str) -> Model:
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        # where, and never what stands there
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole"
        raise PayloadBroken(f"incident_io: {what}: {where} is not as described; the API changed") from None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
