"""What an issue form says in the body of an issue: whether it is an incident, its severity, who held a role.

GitHub keeps no trace of the form an issue was made with but the headings of its fields, so the headings are
what a form is recognised by. The body is read in memory and goes no further.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, field_validator

from connectors.references import incidents_named

_HEADING = re.compile(r"^#{2,4}\s+(?P<heading>.+?)\s*$", re.M)
_LOGIN = re.compile(r"(?<![\w/@.-])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)\b(?!/)")


class IncidentForm(BaseModel):
    """An issue or discussion form that incidents are reported with, as its fields are labelled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    headings: tuple[str, ...]
    """Labels of fields; a body with all of them was written with this form."""
    severity: str | None = None
    """The label of the field that states the severity."""
    roles: Mapping[str, str] = {}
    """Role, as a word like `incident_commander` -> the label of the field that names its holder as @login."""

    same_as: str | None = None
    """The label of the field with the address of the incident in another tool of which this is the record."""

    @field_validator("headings")
    @classmethod
    def _some_heading(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("headings names at least one field of the form")
        return value

    @field_validator("roles")
    @classmethod
    def _are_words(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        wrong = [role for role in value if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", role)]
        if wrong:
            raise ValueError(f"roles are words like incident_commander; not so: {', '.join(wrong)}")
        return value


@dataclass(frozen=True, slots=True)
class FormRead:
    """What a filled-in form states, as far as it is kept."""

    severity: str | None = None
    roles: tuple[tuple[str, str], ...] = ()
    """Role and login."""
    same_as: tuple[str, ...] = ()
    """What another tool calls the same incident."""


def form_read(body: str | None, forms: tuple[IncidentForm, ...]) -> FormRead | None:
    """What the first form that this body was written with states; None if it was written with none."""
    fields = _fields(body or "")
    for form in forms:
        if all(heading.casefold() in fields for heading in form.headings):
            stated = fields.get((form.severity or "").casefold(), "").strip().splitlines()
            roles = [
                (role, login)
                for role, heading in form.roles.items()
                for login in _LOGIN.findall(fields.get(heading.casefold(), ""))
            ]
            named = incidents_named(fields.get((form.same_as or "").casefold()))
            return FormRead(stated[0].strip() if stated else None, tuple(dict.fromkeys(roles)), named)
    return None


def _fields(body: str) -> dict[str, str]:
    """What stands below each heading, by the heading in small letters."""
    fields: dict[str, str] = {}
    headings = list(_HEADING.finditer(body))
    ends = [*(match.start() for match in headings[1:]), len(body)]
    for match, end in zip(headings, ends, strict=False):
        fields.setdefault(match["heading"].casefold(), body[match.end() : end])
    return fields
