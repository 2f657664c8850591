"""PagerDuty's REST below /pagerduty, with its paging and its limits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox.messages import Handler, JsonResponse, api, number, parameter, route
from sandbox.pagerduty.model import Incident, LogEntry, PagerDuty, Schedule
from sandbox.pagerduty.schedules import final
from sandbox.pagerduty.shapes import Shapes

TOKEN = "Token token=sandbox-pagerduty"  # noqa: S105  # a made-up token, printed at the start
WITHOUT_SCHEDULES = f"{TOKEN}-without-schedules"
"""A key that may not read schedules."""
WALL = 10_000
LONGEST_WINDOW = timedelta(days=180)
FORMAT = "%Y-%m-%dT%H:%M:%SZ"

STATUSES = ("triggered", "acknowledged", "resolved")


class PagerDutyApi:
    """Answers requests about one account, as an ASGI app."""

    def __init__(self, account: PagerDuty, base: str) -> None:
        self.account = account
        self.shapes = Shapes(account, base)
        self._log: list[tuple[LogEntry, Incident]] = []
        routes = [
            route("/incidents", self._incidents),
            route("/incidents/{key}", self._incident),
            route("/incidents/{key}/log_entries", self._entries_of),
            route("/incidents/{key}/notes", self._notes_of),
            route("/log_entries", self._log_entries),
            route("/log_entries/{key}", self._log_entry),
            route("/schedules", self._schedules),
            route("/schedules/{key}", self._schedule),
            route("/oncalls", self._on_calls),
            route("/abilities", lambda _request: JsonResponse({"abilities": ["teams", "urgencies"]})),
        ]
        for name, wrapper, listed, shape in (
            ("users", "user", account.users, self.shapes.user),
            ("teams", "team", account.teams, self.shapes.team),
            ("services", "service", account.services, self.shapes.service),
            ("escalation_policies", "escalation_policy", account.policies, self.shapes.policy),
        ):
            routes.append(route(f"/{name}", self._listing(name, listed, shape)))
            routes.append(route(f"/{name}/{{key}}", self._single(wrapper, listed, shape)))
        self.app = api(routes, {HTTPException: problem}, self._check)

    def _check(self, request: Request) -> None:
        key = request.headers.get("authorization")
        if key not in (TOKEN, WITHOUT_SCHEDULES):
            raise HTTPException(401)
        if key == WITHOUT_SCHEDULES and "/schedules" in request.url.path:
            raise HTTPException(403, "Access Denied")

    # --- incidents and their history ----------------------------------------------------------------------

    def _incidents(self, request: Request) -> Response:
        found = self.account.incidents
        if parameter(request, "date_range") != "all":
            since, until = _window(request, timedelta(days=30))
            found = [incident for incident in found if since <= incident.created_at < until]
        if statuses := _many(request, "statuses"):
            if unknown := set(statuses) - set(STATUSES):
                raise HTTPException(
                    400, f"statuses[] must be one of {', '.join(STATUSES)}, not {sorted(unknown)}"
                )
            found = [incident for incident in found if incident.status in statuses]
        if services := _many(request, "service_ids"):
            found = [incident for incident in found if incident.service.id in services]
        if urgencies := _many(request, "urgencies"):
            found = [incident for incident in found if incident.urgency in urgencies]
        if teams := _many(request, "team_ids"):
            found = [incident for incident in found if incident.service.policy.team.id in teams]
        field, _, direction = parameter(request, "sort_by", "created_at:asc").partition(":")
        attribute = {"incident_number": "number"}.get(field, field)
        if attribute not in ("number", "created_at", "resolved_at", "urgency"):
            raise HTTPException(400, f"sort_by cannot be {field!r}")
        found = sorted(
            found,
            key=lambda each: (getattr(each, attribute) or "", each.id),
            reverse=direction == "desc",
        )
        include = _many(request, "include")
        return self._paged(request, "incidents", found, lambda each: self.shapes.incident(each, include))

    def _incident(self, request: Request, key: str) -> Response:
        incident = self._find(key)
        return JsonResponse({"incident": self.shapes.incident(incident, _many(request, "include"))})

    def _entries_of(self, request: Request, key: str) -> Response:
        incident = self._find(key)
        entries = sorted(incident.entries, key=_newest, reverse=True)
        if parameter(request, "since") or parameter(request, "until"):
            since, until = _window(request, timedelta(days=30))
            entries = [entry for entry in entries if since <= entry.created_at < until]
        include = _many(request, "include")
        return self._paged(
            request, "log_entries", entries, lambda entry: self.shapes.log_entry(entry, incident, include)
        )

    def _notes_of(self, _request: Request, key: str) -> Response:
        incident = self._find(key)
        notes = [
            {
                "id": entry.id,
                "user": self.shapes.user_reference(entry.agent),
                "content": entry.note,
                "created_at": entry.created_at,
                "channel": {"summary": "The website or the mobile app"},
            }
            for entry in incident.entries
            if entry.type == "annotate_log_entry" and entry.agent
        ]
        return JsonResponse({"notes": notes})

    def _log_entries(self, request: Request) -> Response:
        since, until = _window(request, timedelta(days=30))
        is_overview = parameter(request, "is_overview") == "true"
        log = self._newest_entries()
        first = bisect_left(log, 1, key=lambda each: int(each[0].created_at < until))
        last = bisect_left(log, 1, key=lambda each: int(each[0].created_at < since))
        found = [each for each in log[first:last] if not is_overview or each[0].type in _OVERVIEW]
        include = _many(request, "include")
        return self._paged(
            request, "log_entries", found, lambda each: self.shapes.log_entry(each[0], each[1], include)
        )

    def _newest_entries(self) -> list[tuple[LogEntry, Incident]]:
        """Every log entry, the newest first, sorted again only when there are more or fewer."""
        count = sum(len(incident.entries) for incident in self.account.incidents)
        if count != len(self._log):
            found = [(entry, incident) for incident in self.account.incidents for entry in incident.entries]
            self._log = sorted(found, key=lambda each: _newest(each[0]), reverse=True)
        return self._log

    def _log_entry(self, request: Request, key: str) -> Response:
        for incident in self.account.incidents:
            for entry in incident.entries:
                if entry.id == key:
                    body = self.shapes.log_entry(entry, incident, _many(request, "include"))
                    return JsonResponse({"log_entry": body})
        raise HTTPException(404)

    def _find(self, key: str) -> Incident:
        for incident in self.account.incidents:
            if key in (incident.id, str(incident.number)):
                return incident
        raise HTTPException(404)

    # --- who is on call -----------------------------------------------------------------------------------

    def _schedule(self, request: Request, key: str) -> Response:
        schedule = next((each for each in self.account.schedules if each.id == key), None)
        if schedule is None:
            raise HTTPException(404)
        since, until = _window(request, timedelta(days=14))
        zone = parameter(request, "time_zone") or schedule.time_zone
        return JsonResponse({"schedule": self.shapes.schedule_in_full(schedule, since, until, _known(zone))})

    def _schedules(self, request: Request) -> Response:
        """The schedules by name; with the days of those parts that `include[]` asks for."""
        wanted = parameter(request, "query").lower()
        found = [each for each in self.account.schedules if wanted in each.name.lower()]
        parts = _many(request, "include")
        if unknown := set(parts) - set(_PARTS):
            raise HTTPException(400, f"include[] must be one of {', '.join(_PARTS)}, not {sorted(unknown)}")
        if not parts:
            return self._paged(request, "schedules", found, self.shapes.schedule)
        since, until = _window(request, timedelta(days=14))

        def with_parts(schedule: Schedule) -> dict[str, Any]:
            zone = _known(parameter(request, "time_zone") or schedule.time_zone)
            full_schedule = self.shapes.schedule_in_full(schedule, since, until, zone)
            return {key: value for key, value in full_schedule.items() if key not in _PARTS or key in parts}

        return self._paged(request, "schedules", found, with_parts)

    def _on_calls(self, request: Request) -> Response:
        since, until = _window(request, timedelta(seconds=1))
        schedules, users = _many(request, "schedule_ids"), _many(request, "user_ids")
        found = [
            (policy, shift)
            for policy in self.account.policies
            if not schedules or policy.schedule.id in schedules
            for shift in final(policy.schedule, since, until)
            if not users or shift.user.id in users
        ]
        zone = _known(parameter(request, "time_zone", "UTC"))
        return self._paged(
            request, "oncalls", found, lambda each: self.shapes.on_call(each[0], each[1], zone)
        )

    # --- plain listings -----------------------------------------------------------------------------------

    def _listing(self, name: str, items: Sequence[Any], shape: Callable[[Any], Any]) -> Handler:
        def answer(request: Request) -> Response:
            wanted = parameter(request, "query").lower()
            found = [item for item in items if wanted in item.name.lower()]
            return self._paged(request, name, found, shape)

        return answer

    def _single(self, name: str, items: Sequence[Any], shape: Callable[[Any], Any]) -> Handler:
        def answer(_request: Request, key: str) -> Response:
            for item in items:
                if item.id == key:
                    return JsonResponse({name: shape(item)})
            raise HTTPException(404)

        return answer

    def _paged(
        self, request: Request, name: str, items: Sequence[Any], shape: Callable[[Any], Any]
    ) -> Response:
        limit = min(100, max(1, number(request, "limit", 25)))
        offset = number(request, "offset", 0)
        if offset + limit > WALL:
            raise HTTPException(400, f"offset + limit must not be more than {WALL}")
        body = {
            name: [shape(item) for item in items[offset : offset + limit]],
            "limit": limit,
            "offset": offset,
            "more": offset + limit < len(items),
            "total": len(items) if parameter(request, "total") == "true" else None,
        }
        return JsonResponse(body)


_PARTS = ("schedule_layers", "overrides_subschedule", "final_schedule")
_OVERVIEW = ("trigger_log_entry", "acknowledge_log_entry", "resolve_log_entry", "escalate_log_entry")


def problem(_request: Request, error: Exception) -> Response:
    """An HTTPException as PagerDuty writes it."""
    status, detail = cast(HTTPException, error).status_code, cast(HTTPException, error).detail
    match status:
        case 401:
            return JsonResponse({"error": {"message": "Unauthorized", "code": 2006}}, status)
        case 400:
            body = {"message": "Invalid Input Provided", "code": 2001, "errors": [detail]}
        case 403 | 405:
            body, status = {"message": "Access Denied", "code": 2010, "errors": []}, 403
        case _:
            body = {"message": "Not Found", "code": 2100, "errors": []}
    return JsonResponse({"error": body}, status)


def _many(request: Request, name: str) -> list[str]:
    """The values of a list parameter, written `name[]`."""
    return [*request.query_params.getlist(f"{name}[]"), *request.query_params.getlist(name)]


def _newest(entry: LogEntry) -> tuple[str, str]:
    return (entry.created_at, entry.id)


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise HTTPException(400, f"time_zone {zone!r} is not known") from None
    return zone


def _window(request: Request, default: timedelta) -> tuple[str, str]:
    """The moments of `since` and `until`; the last days when they are not given."""
    until = _moment(parameter(request, "until")) if parameter(request, "until") else datetime.now(UTC)
    since = _moment(parameter(request, "since")) if parameter(request, "since") else until - default
    if not parameter(request, "until") and parameter(request, "since"):
        until = max(until, since + default)
    if since > until:
        raise HTTPException(400, "since must not be after until")
    if until - since > LONGEST_WINDOW:
        raise HTTPException(400, "the time between since and until must not be more than 180 days")
    return since.strftime(FORMAT), until.strftime(FORMAT)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise HTTPException(400, f"{text!r} is not a moment; write it like 2026-07-01T00:00:00Z") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
