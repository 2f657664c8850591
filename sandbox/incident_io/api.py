"""GET under /incident-io: incident.io's REST, with its paging, its filters and its refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.incident_io import schedules, shapes
from sandbox.incident_io.model import Incident, IncidentIo
from sandbox.messages import Request, Response, json_response

TOKEN = "Bearer sandbox-incident-io"  # noqa: S105  # a made-up key, printed at the start
WITHOUT_SCHEDULES = f"{TOKEN}-without-schedules"
"""A key that may not view schedules."""
LARGEST_PAGE = 250
ENTRIES_A_PAGE = 50
Rows = list[tuple[str, dict[str, Any]]]
"""Bodies, each with the id that `after` names."""


class Unprocessable(Exception):
    """A parameter that incident.io refuses, with the sentence it answers."""


class IncidentIoApi:
    """Answers requests about one organisation."""

    def __init__(self, organisation: IncidentIo) -> None:
        self.organisation = organisation
        routes: list[tuple[str, Callable[..., Response]]] = [
            (r"/v2/users", self._users),
            (r"/v2/incidents", self._incidents),
            (r"/v2/incidents/(?P<key>[\w-]+)", self._incident),
            (r"/v2/incident_updates", self._updates),
            (r"/v3/follow_ups", self._follow_ups),
            (r"/v1/postmortem_documents", self._postmortems),
            (r"/v2/incident_activity_log_entries", self._log),
            (r"/v1/incident_attachments", self._attachments),
            (r"/v2/schedules", self._schedules),
            (r"/v2/schedule_entries", self._schedule_entries),
        ]
        self._routes = [(re.compile(pattern), answer) for pattern, answer in routes]

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        key = request.headers.get("authorization")
        if key not in (TOKEN, WITHOUT_SCHEDULES):
            return problem(401, "authentication_error", "the key is not known")
        if key == WITHOUT_SCHEDULES and request.path.startswith("/v2/schedule"):
            return problem(403, "forbidden", "this key may not view schedules")
        for pattern, answer in self._routes:
            match = pattern.fullmatch(request.path)
            if match:
                if request.method != "GET":
                    return problem(403, "forbidden", "this key may only view data")
                try:
                    return answer(request, **match.groupdict())
                except Unprocessable as error:
                    return problem(422, "validation_error", str(error))
        return problem(404, "not_found", "no such address")

    def _users(self, request: Request) -> Response:
        rows = [(one.id, shapes.user(one)) for one in self.organisation.users]
        return _paged(request, "users", sorted(rows, key=lambda row: row[0]))

    def _incidents(self, request: Request) -> Response:
        modes = _many(request, "mode[one_of]") or ["standard", "retrospective"]
        unwanted = _many(request, "status_category[not_in]")
        found = [
            one
            for one in self.organisation.incidents
            if one.mode in modes
            and one.status not in unwanted
            and one.created_at >= request.one("created_at[gte]")
            and one.updated_at >= request.one("updated_at[gte]")
        ]
        found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
        rows = [(one.id, shapes.incident(one)) for one in found]
        return _paged(request, "incidents", rows, total=len(rows))

    def _incident(self, _request: Request, key: str) -> Response:
        for one in self.organisation.incidents:
            if key in (one.id, str(one.number)):
                return json_response({"incident": shapes.incident(one)})
        return problem(404, "not_found", "no such incident")

    def _updates(self, request: Request) -> Response:
        found = [(one, update) for one in self._of(request) for update in one.updates]
        found.sort(key=lambda each: (each[1].created_at, each[1].id), reverse=True)
        rows = [(update.id, shapes.update(update, one)) for one, update in found]
        return _paged(request, "incident_updates", rows)

    def _follow_ups(self, request: Request) -> Response:
        rows = [
            (item.id, body)
            for one in self._of(request)
            for item in one.follow_ups
            if (body := shapes.follow_up(item, one))["updated_at"] >= request.one("updated_at[gte]")
        ]
        return _paged(request, "follow_ups", sorted(rows, key=lambda row: row[0]))

    def _postmortems(self, request: Request) -> Response:
        rows = [
            (document.id, shapes.postmortem(document, one))
            for one in self._of(request)
            for document in one.postmortems
        ]
        return _paged(request, "postmortem_documents", rows)

    def _log(self, request: Request) -> Response:
        if not request.one("incident_id"):
            raise Unprocessable("incident_id is required")
        rows = [
            *((each.id, shapes.role_change(each, one)) for one in self._of(request) for each in one.roles),
            *(
                (each.id, shapes.escalation(each, one))
                for one in self._of(request)
                for each in one.escalations
            ),
            *(
                (each.id, shapes.acknowledgement(each, one))
                for one in self._of(request)
                for each in one.acknowledgements
            ),
        ]
        rows.sort(key=lambda row: (row[1]["occurred_at"], row[0]))
        return _paged(request, "incident_activity_log_entries", rows)

    def _attachments(self, request: Request) -> Response:
        if not request.one("incident_id"):
            raise Unprocessable("give an incident_id, or a resource_type and an external_id")
        found = [body for one in self._of(request) for body in shapes.attachments(one)]
        return json_response({"incident_attachments": found})

    def _schedules(self, request: Request) -> Response:
        rows = [(one.id, schedules.schedule(one)) for one in self.organisation.schedules]
        return _paged(request, "schedules", rows)

    def _schedule_entries(self, request: Request) -> Response:
        """A page of final entries; the place where it ends is the `entry_window_start` of the next."""
        named = [one for one in self.organisation.schedules if one.id == request.one("schedule_id")]
        if not named:
            return problem(404, "not_found", "no such schedule")
        start, _, page = request.one("entry_window_start").partition("|")
        told = schedules.entries(named[0], start, request.one("entry_window_end"))
        first = int(page or 0)
        last = first + ENTRIES_A_PAGE
        meta = {"after": f"{start}|{last}"} if last < len(told["final"]) else {}
        told["final"] = told["final"][first:last]
        return json_response({"schedule_entries": told, "pagination_meta": meta})

    def _of(self, request: Request) -> Sequence[Incident]:
        """The incident that the question is about, or all of them."""
        wanted = request.one("incident_id")
        return [one for one in self.organisation.incidents if not wanted or one.id == wanted]


def _paged(request: Request, name: str, rows: Rows, total: int | None = None) -> Response:
    size = request.number("page_size", 25)
    if not 1 <= size <= LARGEST_PAGE:
        raise Unprocessable(f"page_size must be between 1 and {LARGEST_PAGE}")
    first = 0
    if after := request.one("after"):
        places = [place for place, (key, _) in enumerate(rows) if key == after]
        if not places:
            raise Unprocessable("after is not the id of a record")
        first = places[0] + 1
    page = rows[first : first + size]
    meta: dict[str, Any] = {"page_size": size}
    if first + size < len(rows):
        meta["after"] = page[-1][0]
    if total is not None:
        meta["total_record_count"] = total
    return json_response({name: [body for _, body in page], "pagination_meta": meta})


def _many(request: Request, name: str) -> list[str]:
    return list(request.query.get(name, []))


def problem(status: int, kind: str, message: str) -> Response:
    """An error as incident.io writes it."""
    body = {"type": kind, "status": status, "errors": [{"code": kind, "message": message}]}
    return json_response(body, status)
