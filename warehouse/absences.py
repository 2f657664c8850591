"""Days on which somebody says that nothing is to be expected of them: dates, and nothing that says why.

Leave, part-time, a late start and an exemption are told in the same way and stored as the same rows, and
days that touch are joined, so no row gives away which it was. Only a person's own report looks at them. A
file of its own, opened for an instant under a lock, so that nobody waits for a night to end; it is written
anew with every change, since a deleted row stays readable in the old one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
from filelock import FileLock
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from warehouse.files import as_owner_only
from warehouse.rewrite import rewrite

SCHEMA = """
create table if not exists absences (
  person_id varchar not null,    -- own id of the account that said so, about nobody but themselves
  starts_on date not null,
  ends_on date not null          -- the first day that counts again
);
"""

Span = tuple[date, date | None]
"""From the first day until before the second; None: still."""

_patiently = retry(
    retry=retry_if_exception_type(duckdb.IOException),
    wait=wait_fixed(0.1),
    stop=stop_after_delay(10),
    reraise=True,
)


def left_out(path: Path) -> dict[str, list[tuple[date, date]]]:
    """What everybody said, by the id of the account they said it with."""
    if not path.exists():
        return {}
    with _patiently(duckdb.connect)(path, read_only=True) as con:
        rows = con.execute("select person_id, starts_on, ends_on from absences order by all").fetchall()
    spans: dict[str, list[tuple[date, date]]] = {}
    for person_id, starts_on, ends_on in rows:
        spans.setdefault(person_id, []).append((starts_on, ends_on))
    return spans


def change(path: Path, ids: Collection[str], own_id: str, first: date, last: date, *, leave: bool) -> None:
    """Leaves these days out, both included, or counts them again, whichever of their accounts said so."""
    with FileLock(path.with_name(f".{path.name}.lock"), mode=0o600):
        spans = left_out(path)
        mine = {each: _days(spans.get(each, ())) for each in {*ids, own_id}}
        span = set(range(first.toordinal(), last.toordinal() + 1))
        if leave:
            mine[own_id] |= span - {day for days in mine.values() for day in days}
        else:
            mine = {each: days - span for each, days in mine.items()}
        rows = [(each, *bounds) for each, days in mine.items() for bounds in _spans(days)]
        with as_owner_only(), _patiently(duckdb.connect)(path) as con:
            con.execute(SCHEMA)
            con.execute("begin")
            con.execute("delete from absences where person_id in (select unnest(?::varchar[]))", [[*mine]])
            for row in rows:
                con.execute("insert into absences values (?, ?, ?)", list(row))
            con.execute("commit")
        rewrite(path)


def present(enrolled: Iterable[Span], absences: Iterable[tuple[date, date]], until: date) -> list[Span]:
    """The days of an enrolment that are not left out, as far as `until`."""
    days = {
        day
        for begins, ends in enrolled
        for day in range(begins.toordinal(), min(ends or until, until).toordinal())
    }
    return [*_spans(days - _days(absences))]


def _days(spans: Iterable[tuple[date, date]]) -> set[int]:
    return {day for begins, ends in spans for day in range(begins.toordinal(), ends.toordinal())}


def _spans(days: Iterable[int]) -> Sequence[tuple[date, date]]:
    spans: list[list[int]] = []
    for day in sorted(days):
        if spans and spans[-1][1] == day:
            spans[-1][1] = day + 1
        else:
            spans.append([day, day + 1])
    return [(date.fromordinal(begins), date.fromordinal(ends)) for begins, ends in spans]


def last_day(ends_on: date) -> date:
    """The last day of a span that ends before this one."""
    return ends_on - timedelta(days=1)
