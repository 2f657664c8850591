"""One declared file: what it holds, and which of its columns is which of our fields."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.files.records import FIELDS, REQUIRED, is_path

_TAKEN = ("github", "github_incidents", "github_postmortems", "pagerduty", "incident_io", "roster")
_CONSTANTS = ("severity", "service")
"""Only these may be the same for every row: a constant person would be invented evidence."""


class FileSource(BaseModel):
    """One declared file: what it holds, and which of its columns is which of our fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=40)
    """The name of this source in the ledger and in the agreement."""
    kind: Literal["incidents", "shifts", "interviews", "accounts"]
    """`accounts`: under which address a tool's users sign in. It is no source of a night and never stored."""
    path: Path
    columns: dict[str, str]
    """Our field -> a column of the CSV file, or a dotted path into a JSON object (`service.id`, `tags.0`).

    `resolved: ended_at?` says that all rows may lack it: an export that leaves out what is empty.
    """
    constants: dict[str, str] = Field(default_factory=dict)
    """Severity or service, where it is the same for every row."""
    accounts: Literal["github", "pagerduty", "incident_io", "opsgenie"] = "github"
    """What the people's columns hold: GitHub logins, or user ids of one of the others."""
    bad_rows: Literal["refuse_file", "leave_out"] = "refuse_file"
    """Whether one bad row keeps the whole file out, or only itself; the source is incomplete either way."""
    since: date | None = None
    """The first day of which the file tells everything; None: the first day it tells anything of."""
    through: date | None = None
    """The last day of which the file tells everything; None: the day the file was last written."""

    @field_validator("name")
    @classmethod
    def _is_free(cls, value: str) -> str:
        if value in _TAKEN:
            raise ValueError(f"the name '{value}' belongs to another source; choose your own")
        return value

    @field_validator("path")
    @classmethod
    def _has_a_format(cls, value: Path) -> Path:
        if value.suffix.casefold() not in (".csv", ".json", ".ndjson", ".jsonl"):
            raise ValueError(f"'{value.name}' is neither .csv nor .json nor .ndjson nor .jsonl")
        return value

    @model_validator(mode="after")
    def _declares_known_fields(self) -> FileSource:
        fields = FIELDS[self.kind]
        wrong = []
        for name in (*self.columns, *self.constants):
            if name not in fields:
                near = get_close_matches(name, fields, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(fields)}"
                wrong.append(f"{self.kind} have no field '{name}'; {hint}")
        wrong += [
            f"'{name}' cannot be a constant; only {' and '.join(_CONSTANTS)} can"
            for name in self.constants
            if name in fields and name not in _CONSTANTS
        ]
        wrong += [
            f"'{name}' is declared as a column and as a constant; keep one"
            for name in self.constants
            if name in self.columns
        ]
        wrong += [
            f"columns does not say where '{name}' is"
            for name in REQUIRED[self.kind]
            if name not in self.columns
        ]
        if self.path.suffix.casefold() != ".csv":
            wrong += [
                f"'{path}' is no path; write responders.id, tags.0 or responders[type=user].id"
                for path in self.columns.values()
                if not is_path(path.removesuffix("?"))
            ]
        if self.since and self.through and self.through < self.since:
            wrong.append("through is before since")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def may_lack(self, name: str) -> bool:
        """Whether all rows may be without this field."""
        return self.columns[name].endswith("?") and name not in REQUIRED[self.kind]
