"""Rows of a declared file -> incidents and interviews. Pure; mistakes are collected, and quote no person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from connectors.noreply import AddressLookup, has_number, no_lookup
from connectors.records import Account, Incident, IncidentAction, IncidentPage, Interview, OnCallShift
from connectors.references import incidents_named, issues_named

Kind = Literal[
    "declared",
    "acknowledged",
    "role",
    "responded",
    "updated",
    "resolved",
    "followup_assigned",
    "followup_completed",
    "postmortem",
]

PEOPLE: Mapping[str, Kind] = {
    "declared_by": "declared",
    "acknowledged_by": "acknowledged",
    "commander": "role",
    "roles": "role",
    "responders": "responded",
    "updates_by": "updated",
    "resolved_by": "resolved",
    "followups": "followup_assigned",
    "followups_completed": "followup_completed",
    "postmortem_by": "postmortem",
}
"""The people's columns of an incident, in the order things happen."""
_AFTERWARDS = ("resolved", "followup_assigned", "followup_completed", "postmortem")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "accounts": ("id", "address"),
    "incidents": (
        *("id", "opened", "resolved", "severity", "service", "url", "merged_into", "fix_pull_requests"),
        *("same_as", "paged"),
        *PEOPLE,
    ),
    "interviews": ("id", "interviewer", "held", "scorecard"),
    "shifts": ("schedule", "person", "starts", "ends", "services"),
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "accounts": ("id", "address"),
    "incidents": ("id", "opened"),
    "interviews": ("id", "interviewer", "held"),
    "shifts": ("schedule", "person", "starts", "ends"),
}

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]{0,99}")
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/,&()-]{0,79}")
_URL = re.compile(r"https://[A-Za-z0-9_.~:/?#&=%+@-]{1,500}")
_PERSON: Mapping[str, tuple[re.Pattern[str], str]] = {
    "github": (re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\[bot\])?"), "a GitHub login"),
    "pagerduty": (re.compile(r"[A-Za-z0-9]+"), "a PagerDuty user id"),
    "incident_io": (re.compile(r"[A-Za-z0-9]{10,40}"), "an incident.io user id"),
    "opsgenie": (re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"), "an Opsgenie user id"),
}
_AN_ID = "an id of letters, digits and . _ : / # -"
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PULL_REQUEST = re.compile(
    r"(?:https://[A-Za-z0-9.-]+/)?([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)(?:#|/pull/)(\d{1,9})(?:[/?#].*)?"
)


@dataclass(frozen=True, slots=True)
class DeclaredRow:
    """One row, seen through the declaration; what cannot be understood goes to `mistakes`."""

    source: str
    accounts: str
    cells: Mapping[str, Any]
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    lookup: AddressLookup = no_lookup
    mistakes: list[str] = field(default_factory=list)

    def value(self, name: str) -> Any:
        """What stands in the column declared for this field; None if nothing does."""
        if name in self.constants:
            return self.constants[name]
        path = self._path(name)
        if path is None:
            return None
        value: Any = self.cells[path] if path in self.cells else _at(self.cells, path)
        return None if value in ("", [], {}) else value

    def has(self, name: str) -> bool:
        """Whether the row has the column declared for this field, or what a dotted path starts from."""
        path = self._path(name) or ""
        cell = self.cells.get(starts_from(path), "no such column")
        # in a CSV file a path leads into a cell that holds JSON, and nowhere else
        return path in self.cells or not isinstance(cell, str) or cell.startswith(("{", "["))

    def _path(self, name: str) -> str | None:
        """Where this field is: without the mark of a column that may be missing, unless it is called so."""
        path = self.columns.get(name)
        return path if path is None or path in self.cells else path.removesuffix("?")

    def text(self, name: str) -> str | None:
        """One word or number."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            self.mistakes.append(f"{name} is a {type(value).__name__}; one word or number is wanted")
            return None
        return str(value).strip() or None if value is not None else None

    def day(self, name: str) -> date | None:
        """A date, or the UTC date of a time."""
        text = self.text(name)
        day_read = _day(text)
        if text and not day_read:
            self.mistakes.append(f"{name} is not a day like 2026-07-01 or a time like 2026-07-01T10:00:00Z")
        return day_read

    def matching(self, name: str, form: re.Pattern[str], what: str) -> str | None:
        """A word of this form."""
        text = self.text(name)
        if text and not form.fullmatch(text):
            self.mistakes.append(f"{name} is not {what}")
            return None
        return text

    def record_id(self) -> str:
        """The id of this row, made unique among all sources; empty if it has none."""
        text = self.matching("id", _ID, _AN_ID)
        if self.value("id") is None:
            self.mistakes.append("id is empty")
        return f"{self.source}:{text}" if text else ""

    def needed_day(self, name: str) -> date:
        """A date that has to be there; the first of all days, and a mistake, if it is not."""
        day = self.day(name)
        if self.value(name) is None:
            self.mistakes.append(f"{name} is empty")
        return day or date.min

    def items(self, name: str) -> Sequence[Any]:
        """The entries of a list: a JSON list, or text with semicolons."""
        value = self.value(name)
        if isinstance(value, str):
            return [part.strip() for part in value.split(";") if part.strip()]
        if isinstance(value, Mapping) and name == "roles":
            return [f"{role}: {who}" for role, several in value.items() for who in _several(several)]
        return _several(value)

    def people(self, name: str) -> Iterator[tuple[Account, str | None, date | None]]:
        """Account, role (only in `roles`) and the day, if one is told, of everybody in this column."""
        for item in self.items(name):
            login, told_on = _login_and_day(item)
            role: str | None = "incident_commander" if name == "commander" else None
            if name == "roles":
                named, _, login = login.rpartition(":")
                role = re.sub(r"[ -]+", "_", named.strip().casefold())
                if not _ROLE.fullmatch(role):
                    self.mistakes.append("roles has an entry that is not written like 'scribe: login'")
                    continue
            day = _day(told_on)
            if told_on and not day:
                self.mistakes.append(f"{name} has an entry whose day is not written like 2026-07-01")
            if account := self.account(name, login):
                yield account, role, day

    def account(self, name: str, login: str) -> Account | None:
        """The account of a login or id; the vault knows whose it is."""
        form, what = _PERSON[self.accounts]
        login = login.strip().removeprefix("@")
        if self.accounts == "github" and (by_number := self.lookup(login)):
            return by_number
        if self.accounts == "github" and has_number(login):
            self.mistakes.append(f"{name} has a private address whose number your GitHub has no account for")
            return None
        if not form.fullmatch(login):
            # the entry may be a name or an address, so it is not repeated
            self.mistakes.append(f"{name} has an entry that is not {what}")
            return None
        if self.accounts == "github":
            return Account("github", f"login:{login.casefold()}", login)
        user_id = login.lower() if self.accounts == "opsgenie" else login.upper()
        return Account(self.accounts, user_id, user_id)


def incident(row: DeclaredRow, incident_id: str) -> Incident:
    """One row as an incident; of no use if `row.mistakes` says anything.

    A person without a day of their own is dated by the incident: by its end for what is done afterwards
    (resolving, follow-ups, post-mortem), else by its beginning.
    """
    opened_on, resolved_on = row.needed_day("opened"), row.day("resolved")
    if resolved_on and resolved_on < opened_on:
        row.mistakes.append("resolved is before opened")
    kinds: dict[tuple[date, int, str | None, Account], Kind] = {}
    for order, (name, kind) in enumerate(PEOPLE.items()):
        otherwise = (resolved_on or opened_on) if kind in _AFTERWARDS else opened_on
        for account, role, day in row.people(name):
            kinds[(day or otherwise, order, role, account)] = kind
    actions = tuple(
        IncidentAction(
            action_id=f"{incident_id}:{position}",
            actor=account,
            kind=kind,
            role=role,
            by_hand=True,
            occurred_on=day,
            position=position,
        )
        for position, ((day, _, role, account), kind) in enumerate(
            sorted(kinds.items(), key=lambda item: item[0][:2])
        )
    )
    pages = (IncidentPage(account, day or opened_on) for account, _, day in row.people("paged"))
    merged_into = row.matching("merged_into", _ID, _AN_ID)
    return Incident(
        incident_id=incident_id,
        source=row.source,
        url=row.matching("url", _URL, "an https address"),
        service_id=row.matching("service", _SERVICE, "the id or name of a service"),
        severity=_slug(row.text("severity")),
        opened_on=opened_on,
        resolved_on=resolved_on,
        merged_into=f"{row.source}:{merged_into}" if merged_into else None,
        actions=actions,
        fix_pull_requests=tuple(dict.fromkeys(_fixes(row))),
        pages=tuple(dict.fromkeys(pages)),
        same_as=tuple(dict.fromkeys(_same_elsewhere(row))),
        reference=incident_id.removeprefix(f"{row.source}:") or None,
    )


def interview(row: DeclaredRow, interview_id: str) -> Interview:
    """One row as an interview; of no use if `row.mistakes` says anything."""
    text = row.text("interviewer")
    if text is None:
        row.mistakes.append("interviewer is empty")
    account = row.account("interviewer", text) if text else None
    return Interview(
        interview_id=interview_id,
        source=row.source,
        interviewer=account or Account(row.accounts, "", ""),
        held_on=row.needed_day("held"),
        scorecard_on=row.day("scorecard"),
    )


def shift(row: DeclaredRow, nth: int) -> OnCallShift:
    """One row as a shift; of no use if `row.mistakes` says anything. `nth` tells two of one day apart.

    A shift that ends at midnight does not hold the day that begins there; one that ends on a day without a
    time holds that day.
    """
    schedule = row.matching("schedule", _SERVICE, "the id or name of a schedule") or ""
    text = row.text("person")
    if text is None:
        row.mistakes.append("person is empty")
    starts_on, ends_on = row.needed_day("starts"), row.needed_day("ends")
    if ends_on > starts_on and _is_midnight(row.text("ends")):
        ends_on -= timedelta(days=1)
    if ends_on < starts_on:
        row.mistakes.append("ends is before starts")
    if row.value("schedule") is None:
        row.mistakes.append("schedule is empty")
    account = row.account("person", text) if text else None
    services = [str(item).strip() for item in row.items("services")]
    if any(not _SERVICE.fullmatch(service) for service in services):
        row.mistakes.append("services has an entry that is not the id or name of a service")
    return OnCallShift(
        # neither a person nor a clock
        shift_id=f"{row.source}:{schedule}:{starts_on}" + (f":{nth}" if nth > 1 else ""),
        source=row.source,
        schedule_id=schedule,
        account=account or Account(row.accounts, "", ""),
        starts_on=starts_on,
        ends_on=ends_on,
        service_ids=tuple(dict.fromkeys(services)),
    )


def _is_midnight(text: str | None) -> bool:
    """Whether this is a time, and the one with which a UTC day begins."""
    if not text or not re.search(r"[T ]\d", text):
        return False
    moment = datetime.fromisoformat(_iso(text))
    moment = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return (moment.hour, moment.minute, moment.second) == (0, 0, 0)


def _fixes(row: DeclaredRow) -> Iterator[str]:
    for item in row.items("fix_pull_requests"):
        match = _PULL_REQUEST.fullmatch(str(item).strip())
        if match:
            yield f"{match[1]}#{int(match[2])}"
        else:
            row.mistakes.append(
                "fix_pull_requests has an entry that is neither owner/name#12 nor a pull request's address"
            )


_ELSEWHERE = re.compile(
    r"[A-Z0-9]{7,14}|INC-\d{1,7}|[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+#\d{1,9}|[a-z0-9_-]{1,40}:\S{1,100}"
)
"""A PagerDuty id, incident.io's number, an issue, or the name of another declared file and an id in it."""


def _same_elsewhere(row: DeclaredRow) -> Iterator[str]:
    for item in row.items("same_as"):
        text = str(item).strip()
        named = incidents_named(text) or issues_named(text)
        if not named and not _ELSEWHERE.fullmatch(text):
            row.mistakes.append(
                "same_as has an entry that is neither an incident's address nor Q0ABCDEFGHIJKL, INC-12, "
                "owner/name#12 or other-file:id"
            )
        yield from named or (text,)


_STEP = re.compile(r"(?P<name>[^\[\]]+)(?:\[(?P<key>[^\[\]=]+)=(?P<wanted>[^\[\]]+)\])?")


def starts_from(path: str) -> str:
    """The column or key that a dotted path starts from."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def is_path(path: str) -> bool:
    """Whether every step of a dotted path is a name, or a name and `[key=value]`."""
    return all(_STEP.fullmatch(step) for step in path.split("."))


def _at(value: Any, path: str) -> Any:
    """What stands at a dotted path; a name after a list asks each of its objects.

    `responders[type=user].id` asks only those objects of a list that have this value there.
    """
    first, _, rest = path.partition(".")
    inner_value: Any
    step = _STEP.fullmatch(first)
    if step and step["key"]:
        several = _several(_at(value, step["name"]))
        inner_value = [
            one for one in several if isinstance(one, Mapping) and str(one.get(step["key"])) == step["wanted"]
        ]
    elif isinstance(value, Mapping):
        inner_value = value.get(first)
        if rest and isinstance(inner_value, str) and inner_value.startswith(("{", "[")):
            with suppress(ValueError, RecursionError):  # a cell of a CSV file that holds JSON
                inner_value = json.loads(inner_value)
    elif isinstance(value, list) and first.isdecimal():
        inner_value = value[int(first)] if int(first) < len(value) else None
    elif isinstance(value, list):
        return [inner for each in value if (inner := _at(each, path)) is not None]
    else:
        return None
    return _at(inner_value, rest) if rest else inner_value


def _several(value: Any) -> Sequence[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _login_and_day(item: Any) -> tuple[str, str | None]:
    """`ada`, `ada 2026-07-03` or {"login": "ada", "on": "2026-07-03"}."""
    if isinstance(item, Mapping):
        day = item.get("on")
        return str(item.get("login") or item.get("id") or ""), None if day is None else str(day)
    login, _, day = str(item).strip().rpartition(" ")
    return (login, day) if login and day[:1].isdecimal() else (str(item).strip(), None)


def _iso(text: str) -> str:
    """A time as databases write it, with its zone directly behind it."""
    return re.sub(r" (?=[+-]\d\d:?\d\d$)", "", text.removesuffix(" UTC"))


def _day(text: str | None) -> date | None:
    if not text or not re.match(r"\d{4}-\d{2}-\d{2}($|[T ])", text):
        return None
    try:
        moment = datetime.fromisoformat(_iso(text))
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
    except (ValueError, OverflowError):
        return None


def _slug(text: str | None) -> str | None:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold())[:30].strip("-") or None if text else None
