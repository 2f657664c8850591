"""incident.io's REST below /incident-io, with its paging, its filters and its refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox.incident_io import schedules, shapes
from sandbox.incident_io.model import Incident, IncidentIo
from sandbox.messages import JsonResponse, api, number, parameter, route

TOKEN = "Bearer sandbox-incident-io"  # noqa: S105  # a made-up key, printed at the start
WITHOUT_SCHEDULES = f"{TOKEN}-without-schedules"
"""A key that may not view schedules."""
LARGEST_PAGE = 250
ENTRIES_A_PAGE = 50
Rows = list[tuple[str, dict[str, Any]]]
"""Bodies, each with the id that `after` names."""


class IncidentIoApi:
    """Answers requests about one organisation, as an ASGI app."""

    def __init__(self, organisation: IncidentIo) -> None:
        self.organisation = organisation
        routes = [
            route("/v2/users", self._users),
            route("/v2/incidents", self._incidents),
            route("/v2/incidents/{key}", self._incident),
            route("/v2/incident_updates", self._updates),
            route("/v3/follow_ups", self._follow_ups),
            route("/v1/postmortem_documents", self._postmortems),
            route("/v2/incident_activity_log_entries", self._log),
            route("/v1/incident_attachments", self._attachments),
            route("/v2/schedules", self._schedules),
            route("/v2/schedule_entries", self._schedule_entries),
        ]
        self.app = api(routes, {HTTPException: problem}, self._check)

    def _check(self, request: Request) -> None:
        key = request.headers.get("authorization")
        if key not in (TOKEN, WITHOUT_SCHEDULES):
            raise HTTPException(401, "the key is not known")
        if key == WITHOUT_SCHEDULES and "/v2/schedule" in request.url.path:
            raise HTTPException(403, "this key may not view schedules")

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
            and one.created_at >= parameter(request, "created_at[gte]")
            and one.updated_at >= parameter(request, "updated_at[gte]")
        ]
        found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
        rows = [(one.id, shapes.incident(one)) for one in found]
        return _paged(request, "incidents", rows, total=len(rows))

    def _incident(self, _request: Request, key: str) -> Response:
        for one in self.organisation.incidents:
            if key in (one.id, str(one.number)):
                return JsonResponse({"incident": shapes.incident(one)})
        raise HTTPException(404, "no such incident")

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
            if (body := shapes.follow_up(item, one))["updated_at"] >= parameter(request, "updated_at[gte]")
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
        if not parameter(request, "incident_id"):
            raise HTTPException(422, "incident_id is required")
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
        if not parameter(request, "incident_id"):
            raise HTTPException(422, "give an incident_id, or a resource_type and an external_id")
        found = [body for one in self._of(request) for body in shapes.attachments(one)]
        return JsonResponse({"incident_attachments": found})

    def _schedules(self, request: Request) -> Response:
        rows = [(one.id, schedules.schedule(one)) for one in self.organisation.schedules]
        return _paged(request, "schedules", rows)

    def _schedule_entries(self, request: Request) -> Response:
        """A page of final entries; the place where it ends is the `entry_window_start` of the next."""
        named = [one for one in self.organisation.schedules if one.id == parameter(request, "schedule_id")]
        if not named:
            raise HTTPException(404, "no such schedule")
        start, _, page = parameter(request, "entry_window_start").partition("|")
        entries = schedules.entries(named[0], start, parameter(request, "entry_window_end"))
        first = int(page or 0)
        last = first + ENTRIES_A_PAGE
        meta = {"after": f"{start}|{last}"} if last < len(entries["final"]) else {}
        entries["final"] = entries["final"][first:last]
        return JsonResponse({"schedule_entries": entries, "pagination_meta": meta})

    def _of(self, request: Request) -> Sequence[Incident]:
        """The incident that the request names, or all of them."""
        wanted = parameter(request, "incident_id")
        return [one for one in self.organisation.incidents if not wanted or one.id == wanted]


def _paged(request: Request, name: str, rows: Rows, total: int | None = None) -> Response:
    size = number(request, "page_size", 25)
    if not 1 <= size <= LARGEST_PAGE:
        raise HTTPException(422, f"page_size must be between 1 and {LARGEST_PAGE}")
    first = 0
    if after := parameter(request, "after"):
        places = [place for place, (key, _) in enumerate(rows) if key == after]
        if not places:
            raise HTTPException(422, "after is not the id of a record")
        first = places[0] + 1
    page = rows[first : first + size]
    meta: dict[str, Any] = {"page_size": size}
    if first + size < len(rows):
        meta["after"] = page[-1][0]
    if total is not None:
        meta["total_record_count"] = total
    return JsonResponse({name: [body for _, body in page], "pagination_meta": meta})


def _many(request: Request, name: str) -> list[str]:
    return request.query_params.getlist(name)


def problem(_request: Request, error: Exception) -> Response:
    """An HTTPException as incident.io writes it."""
    status, message = cast(HTTPException, error).status_code, cast(HTTPException, error).detail
    if status == 405:
        status, message = 403, "this key may only view data"
    elif message == "Not Found":
        message = "no such address"
    kind = _KINDS[status]
    body = {"type": kind, "status": status, "errors": [{"code": kind, "message": message}]}
    return JsonResponse(body, status)


_KINDS = {401: "authentication_error", 403: "forbidden", 404: "not_found", 422: "validation_error"}
