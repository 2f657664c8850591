"""incident.io's listings over HTTP, as typed payloads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from connectors.errors import PayloadBroken
from connectors.http import JsonApi, Parameters, Payload
from connectors.incident_io.payloads import SOURCE, ScheduleEntry

PAGE = 250
"""The largest page incident.io gives."""

Model = TypeVar("Model", bound=BaseModel)


class Api(JsonApi):
    """The REST API of one organisation."""

    source = SOURCE
    api = "incident.io's API"
    if_missing = "no key is set; give it an API key that may view data"

    def listed(
        self, path: str, key: str, model: type[Model], parameters: Parameters | None = None
    ) -> Iterator[Model]:
        """Everything in a listing, page by page."""
        last_after: str | None = None

        def next_page(answer: Payload, _count: int) -> Parameters | None:
            nonlocal last_after
            after = _after(answer)
            if not after:
                return None
            last_after = _next(str(after), last_after)
            return {"after": last_after}

        for payload in self.pages(path, key, {**(parameters or {}), "page_size": PAGE}, next_page):
            yield checked(model, payload, key)

    def final_entries(self, schedule_id: str, begin: datetime, end: datetime) -> Iterator[ScheduleEntry]:
        """Who holds a schedule between two moments, overrides applied, in all of its rotations.

        A page has no number: where it ended is asked for as the beginning of the next.
        """
        start = written(begin)
        while True:
            window: Parameters = {"entry_window_start": start, "entry_window_end": written(end)}
            answer = self.get("/v2/schedule_entries", {"schedule_id": schedule_id, **window})
            entries = answer.get("schedule_entries")
            final = entries.get("final") if isinstance(entries, dict) else None
            if not isinstance(final, list):
                raise PayloadBroken("incident_io: schedule_entries have no final schedule; the API changed")
            for one in final:
                yield checked(ScheduleEntry, one, "schedule_entries")
            after = _after(answer)
            if not after:
                return
            start = _next(str(after), start)


def checked(model: type[Model], payload: object, what: str) -> Model:
    """The payload, if it is as described. Raises PayloadBroken."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        # where, and never what stands there
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole"
        raise PayloadBroken(f"incident_io: {what}: {where} is not as described; the API changed") from None


def written(moment: datetime) -> str:
    """A moment as incident.io's questions have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _after(answer: Payload) -> object:
    meta = answer.get("pagination_meta")
    return meta.get("after") if isinstance(meta, dict) else None


def _next(after: str, here: str | None) -> str:
    if after == here:
        raise PayloadBroken("incident_io: a page says that the next one is itself; the API changed")
    return after
