"""Incidents, shifts and interviews that an operator exports into a file whose columns are declared.

Source: one .csv, .json (a list of objects), .ndjson or .jsonl file.
Cursor: the hash of the file and of its declaration, so that an unchanged file yields no records.
Yields: incidents, incident_actions, incident_fixes; or oncall_shifts, oncall_services; or interviews.
Never: a column that is not declared; titles, texts, candidates, any time of day.
Raises: BadFile with every mistake in the file (nothing of it is stored then, unless `bad_rows` says so), or
    Unreachable without a file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Literal

from connectors.contract import Connector
from connectors.errors import BadInput, PayloadBroken, Unreachable
from connectors.files.records import (
    DeclaredRow,
    incident,
    interview,
    shift,
    starts_from,
)
from connectors.files.rows import Row, csv_rows, json_rows, ndjson_rows, text_of
from connectors.files.settings import FileSource
from connectors.noreply import AddressLookup, has_number, no_lookup
from connectors.records import Account, Batch, Gap, Incident, Interview, Inventory, OnCallShift


class BadFile(BadInput, PayloadBroken):
    """A declared file is wrong: a source that broke for a night, a list of mistakes for its operator."""


class Files(Connector):
    """One declared file as a source. `today` is for tests; None asks the clock.

    `lookup` tells which account a private address of GitHub names.
    """

    agreed_name = "files"

    def __init__(
        self, source: FileSource, today: date | None = None, lookup: AddressLookup = no_lookup
    ) -> None:
        self._declared = source
        self._lookup = lookup
        self._today = today or datetime.now(UTC).date()
        self.source = source.name
        pages = ("incident_pages",) if "paged" in source.columns else ()
        self.yields = _YIELDS[source.kind] + pages
        self.since = source.since or self._first_day()

    @property
    def account_source(self) -> str:
        return self._declared.accounts

    def scopes(self) -> Sequence[str]:
        """The file, by its name. Raises Unreachable if it is not there."""
        if not self._declared.path.is_file():
            raise Unreachable(f"{self.source}: there is no file {self._declared.path}; check the path")
        return (self._declared.path.name,)

    def fetch(self, scope: str, cursor: str | None) -> Iterator[Batch]:
        """Everything in the file, unless it is as it was; and the days it cannot know of, as a gap."""
        del scope
        digest = self._digest()
        gaps = tuple(self._gaps())
        if digest != cursor:
            rows = read_rows(self._declared, self._lookup)
            if rows.mistakes:
                if self._declared.bad_rows == "leave_out" and rows.records:
                    yield Batch(tuple(rows.records.values()), "", gaps)
                raise BadFile(rows.mistakes)
            yield Batch(tuple(rows.records.values()), digest, gaps)
        elif gaps:
            yield Batch((), digest, gaps)

    def inventory(self, scope: str) -> Iterator[Inventory]:
        """Every row of the file. Raises BadFile."""
        del scope
        for object_id, record in read_file(self._declared, self._lookup).items():
            yield Inventory(_ROOTS[self._declared.kind], object_id, _day_of(record))

    def hydrate(self, scope: str, kind: str, object_ids: Sequence[str]) -> Iterator[Batch]:
        """These rows again; rows that the file has no longer are `gone`."""
        del scope
        records = read_file(self._declared, self._lookup) if kind == _ROOTS[self._declared.kind] else {}
        roots = tuple(records[object_id] for object_id in object_ids if object_id in records)
        yield Batch(roots, "", gone=tuple(sorted(set(object_ids) - records.keys())))

    def _digest(self) -> str:
        try:
            content = self._declared.path.read_bytes()
        except OSError as error:
            raise Unreachable(
                f"{self.source}: {self._declared.path} cannot be read ({error.strerror}); check the path"
            ) from None
        # a corrected declaration reads an unchanged file in another way
        declaration = self._declared.model_dump_json(exclude={"path", "since", "through"})
        return hashlib.sha256(content + b"\x00" + declaration.encode()).hexdigest()

    def _gaps(self) -> Iterator[Gap]:
        written = datetime.fromtimestamp(self._declared.path.stat().st_mtime, UTC).date()
        ends_on = (self._declared.through or written) + timedelta(days=1)
        if ends_on <= self._today:
            yield Gap(_ROOTS[self._declared.kind], ends_on, self._today + timedelta(days=1), "file_ends")

    def _first_day(self) -> date:
        try:
            # a day needs no account, and nothing is asked before a night begins
            days = [_day_of(record) for record in read_file(self._declared, _somebody).values()]
        except BadFile:
            days = []  # `fetch` says what is wrong
        return min(days, default=self._today)


Record = Incident | Interview | OnCallShift
_ROOTS: Mapping[str, Literal["incidents", "oncall_shifts", "interviews"]] = {
    "incidents": "incidents",
    "shifts": "oncall_shifts",
    "interviews": "interviews",
}
_YIELDS: Mapping[str, tuple[str, ...]] = {
    "incidents": ("incidents", "incident_actions", "incident_fixes"),
    "shifts": ("oncall_shifts", "oncall_services"),
    "interviews": ("interviews",),
}


_LINE = re.compile(r".*?:(\d+): ")


@dataclass(slots=True)
class Rows:
    """What a file holds: the records by id, and for every row that is none, what is wrong and where."""

    records: dict[str, Record] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def refused(self) -> list[int]:
        """The lines of the rows that are no records, each once."""
        return sorted({int(match[1]) for mistake in self.mistakes if (match := _LINE.match(mistake))})


def _somebody(text: str) -> Account | None:
    return Account("github", "somebody", "") if has_number(text) else None


def read_file(source: FileSource, lookup: AddressLookup = no_lookup) -> dict[str, Record]:
    """The records of a declared file by id. Raises BadFile with every mistake in it."""
    rows = read_rows(source, lookup)
    if rows.mistakes:
        raise BadFile(rows.mistakes)
    return rows.records


def read_rows(source: FileSource, lookup: AddressLookup = no_lookup) -> Rows:
    """Every row of a declared file, as a record or as what is wrong with it.

    Raises BadFile where it is no file of rows, or none of them has a declared column.
    """
    result = Rows()
    try:
        rows = declared_rows(source, text_of(source.path), result.mistakes)
    except BadInput as error:
        raise BadFile(error.mistakes) from None
    pairs = [
        (row, DeclaredRow(source.name, source.accounts, row.cells, source.columns, source.constants, lookup))
        for row in rows
    ]
    nowhere = [
        f"{source.path}:1: no row has a column '{column}' for {name}; "
        f"the first has {', '.join(rows[0].cells)}; if it may be missing, declare '{column}?'"
        for name, column in source.columns.items()
        if rows and not source.may_lack(name) and not any(declared.has(name) for _, declared in pairs)
    ]
    if nowhere or (result.mistakes and not rows):
        raise BadFile(result.mistakes + nowhere)
    line_of: dict[str, int] = {}
    for row, declared in pairs:
        record_id, record = _record(source.kind, declared, result.records)
        if record_id in line_of:
            declared.mistakes.append(f"id is the same as on line {line_of[record_id]}; keep one of the rows")
        elif record_id:
            line_of[record_id] = row.line
        if declared.mistakes:
            result.mistakes += [f"{source.path}:{row.line}: {mistake}" for mistake in declared.mistakes]
        else:
            result.records[record_id] = record
    return result


def _record(kind: str, row: DeclaredRow, known: Mapping[str, Record]) -> tuple[str, Record]:
    if kind == "shifts":
        nth = 1
        while (record := shift(row, nth)).shift_id in known and not row.mistakes:
            nth += 1
        return record.shift_id, record
    record_id = row.record_id()
    if kind == "incidents":
        return record_id, incident(row, record_id)
    return record_id, interview(row, record_id)


def declared_rows(source: FileSource, text: str, mistakes: list[str]) -> list[Row]:
    """The rows of a declared file, each with its line; what is wrong with the file is added to `mistakes`."""
    match source.path.suffix.casefold():
        case ".csv":
            header, rows = csv_rows(source.path, text, mistakes, needed=set(source.columns.values()))
            for field, column in source.columns.items():
                known = column in header or starts_from(column.removesuffix("?")) in header
                if header and not known and not source.may_lack(field):
                    near = get_close_matches(column, header, n=1)
                    hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(header)}"
                    mistakes.append(f"{source.path}:1: has no column '{column}' for {field}; {hint}")
            return [] if any(f"{source.path}:1: " in mistake for mistake in mistakes) else rows
        case ".json":
            return json_rows(source.path, text, mistakes)
    return ndjson_rows(source.path, text, mistakes)


def _day_of(record: Record) -> date:
    match record:
        case Incident():
            return record.opened_on
        case OnCallShift():
            return record.starts_on
    return record.held_on
