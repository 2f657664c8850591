"""PagerDuty's listings, newest first, around the 180 days and the 10,000 results that it gives at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta

from connectors.errors import PayloadBroken, Refused
from connectors.http import JsonApi, Parameters, Payload
from connectors.pagerduty.payloads import (
    TimedAction,
    accepted_responders,
    created_at,
    fixes_named,
    incident,
    object_in,
    paged,
    timed_action,
    with_actions,
)
from connectors.records import Incident

PAGE = 100
"""The largest page PagerDuty gives."""
WALL = 10_000
"""PagerDuty refuses offset + limit beyond this."""


class WallError(Exception):
    """A listing has more than the 10,000 results that PagerDuty gives; go on with fewer days."""


class Api(JsonApi):
    """The REST API v2 of one account."""

    source = "pagerduty"
    api = "PagerDuty's REST API"
    if_missing = "no token is set; give it a read-only REST API key"

    def headers(self, token: str) -> Mapping[str, str]:
        return {
            "Authorization": f"Token token={token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
        }

    def listed(self, path: str, key: str, parameters: Parameters | None = None) -> Iterator[Payload]:
        """Everything in a listing, page by page.

        Raises WallError after the last result that PagerDuty gives, or what `get` raises.
        """

        def next_page(answer: Payload, count: int) -> Parameters | None:
            if not answer.get("more"):
                return None
            if count + PAGE > WALL:
                raise WallError
            return {"offset": count}

        yield from self.pages(path, key, {"limit": PAGE, "offset": 0, **(parameters or {})}, next_page)

    def count(self, path: str, parameters: Parameters) -> int:
        """How many results a listing would have, without listing them."""
        total = self.get(path, {**parameters, "limit": 1, "total": "true"}).get("total")
        if not isinstance(total, int):
            raise PayloadBroken("pagerduty: a listing does not tell its total; the API changed")
        return total


LONGEST = timedelta(days=180)
"""PagerDuty refuses to look at more days at once."""
_SECOND = timedelta(seconds=1)


def newest_first(
    api: Api,
    path: str,
    key: str,
    span: tuple[datetime, datetime],
    parameters: Parameters,
    truncated: Callable[[datetime], None],
) -> Iterator[tuple[datetime, Payload]]:
    """Everything created in this half-open span of whole seconds, each once, the newest first.

    Where the wall of 10,000 ends a listing, the next question ends with the second the last one reached: no
    result is requested twice but those of one second. `truncated` is called with a second that has more
    results than that, which no request can reach.
    """
    since, until = span
    at_once = path == "/incidents"  # only this listing has no limit of 180 days if no days are given
    known: set[str] = set()
    while since < until:
        begin = since if at_once else max(since, until - LONGEST)
        here: set[str] = set()
        reached, wall = until, False
        try:
            for payload in api.listed(path, key, _question(parameters, path, begin, until, at_once)):
                created, name = created_at(payload), str(payload.get("id"))
                if created >= until or name in known or name in here:
                    continue  # newer than the span, or listed again while pages moved
                if created < since:
                    return
                if created.replace(microsecond=0) > reached:
                    raise PayloadBroken(f"pagerduty: {key} are not listed newest first; the API changed")
                reached = created.replace(microsecond=0)
                here.add(name)
                yield created, payload
        except WallError:
            wall = True
        if not wall and begin == since:
            return
        known = here
        if not wall:
            until = begin + _SECOND  # whichever end of a span PagerDuty includes, nothing falls between two
        elif reached + _SECOND < until:
            until = reached + _SECOND
        else:
            truncated(reached)
            until = reached
        at_once = False


def _question(
    parameters: Parameters, path: str, begin: datetime, until: datetime, at_once: bool
) -> dict[str, str | int | list[str]]:
    question = dict(parameters)
    if path == "/incidents":
        question["sort_by"] = "created_at:desc"
    if at_once:
        return question | {"date_range": "all"}
    return question | {"since": written(begin), "until": written(until), "time_zone": "UTC"}


def written(moment: datetime) -> str:
    """A moment as PagerDuty's questions have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Log:
    """A walk through log entries, newest first, and what it has met so far, by incident."""

    def __init__(
        self,
        entries: Iterator[tuple[datetime, Payload]],
        heads: dict[str, Payload] | None = None,
        of: str | None = None,
    ) -> None:
        self.is_refused = False
        self._entries = entries
        self._ahead: tuple[datetime, Payload] | None = None
        self._heads = heads
        self._of = of
        self._actions: dict[str, set[TimedAction]] = {}
        self._fixes: dict[str, set[str]] = {}
        self._paged: dict[str, set[tuple[str, date]]] = {}

    def read_down_to(self, moment: datetime) -> None:
        """Reads on until every entry at or after this moment was met."""
        try:
            self._ahead = self._ahead or next(self._entries, None)
            while self._ahead is not None and self._ahead[0] >= moment:
                self._meet(self._ahead[1])
                self._ahead = next(self._entries, None)
        except Refused:
            self.is_refused = True
            self._entries = iter(())

    def record(self, head: Payload) -> Incident:
        """This incident with all that was met of it, which is forgotten then."""
        record = incident(head)
        actions = self._actions.pop(record.incident_id, set()) | set(accepted_responders(head))
        fixes, called = (
            self._fixes.pop(record.incident_id, ()),
            self._paged.pop(record.incident_id, ()),
        )
        return with_actions(record, actions, fixes, called)

    def _meet(self, entry: Payload) -> None:
        reference = object_in(entry, "incident")
        incident_id = str(reference.get("id") or self._of or "")
        if not incident_id:
            return
        if self._heads is not None:
            self._heads.setdefault(incident_id, reference)
        if one := timed_action(entry, incident_id):
            self._actions.setdefault(incident_id, set()).add(one)
        if named := fixes_named(entry):
            self._fixes.setdefault(incident_id, set()).update(named)
        for called in paged(entry):
            self._paged.setdefault(incident_id, set()).add(called)
