"""The status file that the last night left: read, and judged for an exit code and a line of monitoring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config.settings import Settings
from connectors.errors import BadInput
from reports import words
from reports.neutral import plain
from reports.receipt import missing_in_a_few_words

CLOCK_TOLERANCE = timedelta(minutes=5)
"""So far in the future a night may have ended where two clocks differ; beyond it, its age says nothing."""

ALL_COLLECTED, NOT_GOOD, REFUSED = 0, 1, 3


class StatusUnreadable(Exception):
    """The status file is damaged; the message is a sentence with its path and what to do."""


@dataclass(frozen=True, slots=True)
class Health:
    """What monitoring needs to know of the last night."""

    outcome: str
    """As in the status file; `none` where no night has run, `unreadable` where the file is damaged."""
    exit_code: int
    line: str
    """Outcome, age and what is missing; never a person or a count of people."""
    missing: str = ""
    ended_at: datetime | None = None
    """When the night that was judged ended: the last one, or the one before it while that is running."""
    age: timedelta | None = None

    def as_json(self, max_age: timedelta) -> str:
        """One line as well."""
        body = {
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "line": self.line,
            "missing": self.missing,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "age_seconds": round(self.age.total_seconds()) if self.age is not None else None,
            "max_age_seconds": round(max_age.total_seconds()),
        }
        return json.dumps(body, ensure_ascii=False)


def read_status(settings: Settings) -> dict[str, Any] | None:
    """The status file; None where no night has run in the home yet.

    Raises StatusUnreadable, and BadInput where there is no home.
    """
    if not settings.home.is_dir():
        raise BadInput(
            [
                f"{settings.home}: no night has run here yet; run `sightline nightly`, or correct `home` in "
                "the settings: there is no such folder"
            ]
        )
    return read_receipt(settings.status_file)


def read_receipt(path: Path) -> dict[str, Any] | None:
    """A status or a receipt of a night; None where there is no such file. Raises StatusUnreadable."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, IsADirectoryError):
        body = None
    if not _has_the_form_of_a_status(body):
        raise StatusUnreadable(
            f"{path}: is damaged; the next night writes it again, or restore it from a backup"
        )
    return body  # type: ignore[no-any-return]  # its form was looked at


def _has_the_form_of_a_status(body: Any) -> bool:
    try:
        gaps = [gap for source in body["sources"] for gap in source.get("gaps") or []]
        return (
            all({"source", "scope"} <= source.keys() for source in body["sources"])
            and all({"kind", "from", "until", "reason"} <= gap.keys() for gap in gaps)
            and isinstance(body["last_run"]["outcome"], str)
        )
    except (TypeError, KeyError, AttributeError):
        return False


def health(settings: Settings, status: dict[str, Any] | None, max_age: timedelta, now: datetime) -> Health:
    """Whether the last night was good: complete, and ended no longer ago than `max_age`.

    A night that is running, or was killed, is judged by the one before it, so that a check during a night
    tells what it told before; how old that one may be limits it.
    """
    if status is None:
        return Health(
            "none", NOT_GOOD, f"none: no night has run in {settings.home} yet; run `sightline nightly`"
        )
    if status["last_run"]["outcome"] != "running":
        return _health_of_ended(status, max_age, now)
    started = _moment(status["last_run"].get("started_at"))
    line = f"running: started {_ago(now - started)}" if started else "running"
    before = _last_receipt(settings.receipts)
    if before is None:
        return Health("running", NOT_GOOD, f"{line}; no night has ended yet")
    judged = _health_of_ended(before, max_age, now)
    return Health(
        "running",
        judged.exit_code,
        f"{line}, or killed since; the night before: {judged.line}",
        judged.missing,
        judged.ended_at,
        judged.age,
    )


def unreadable(error: StatusUnreadable) -> Health:
    """The health of a home whose status file is damaged."""
    return Health("unreadable", NOT_GOOD, f"unreadable: {error}")


def _health_of_ended(status: Mapping[str, Any], max_age: timedelta, now: datetime) -> Health:
    run = status["last_run"]
    outcome = plain(run["outcome"])
    missing = missing_in_a_few_words(status)
    ended_at, started_at = _moment(run.get("finished_at")), _moment(run.get("started_at"))
    if outcome == "refused":
        code = REFUSED
    else:
        code = ALL_COLLECTED if outcome == "complete" and _is_fresh(ended_at, max_age, now) else NOT_GOOD
    if ended_at is None:
        when = f"started {_ago(now - started_at)}" if started_at else "at an unknown time"
    elif ended_at > now + CLOCK_TOLERANCE:
        when = f"ended {_span(ended_at - now)} in the future, check the clocks"
    else:
        too_old = "" if _is_fresh(ended_at, max_age, now) else f", more than {_span(max_age)}"
        when = f"ended {_ago(now - ended_at)}{too_old}"
    age = now - ended_at if ended_at else None
    return Health(outcome, code, f"{outcome}: {when}; missing: {missing}", missing, ended_at, age)


def _is_fresh(ended_at: datetime | None, max_age: timedelta, now: datetime) -> bool:
    return ended_at is not None and -CLOCK_TOLERANCE <= now - ended_at <= max_age


def _last_receipt(folder: Path) -> dict[str, Any] | None:
    """The receipt of the last night that ended, of those that can be read."""
    for path in sorted(folder.glob("*.json"), reverse=True):
        try:
            return read_receipt(path)
        except StatusUnreadable:
            continue
    return None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ago(age: timedelta) -> str:
    return f"{_span(age)} ago" if age >= timedelta(minutes=1) else "just now"


def _span(span: timedelta) -> str:
    """`40 minutes`, `26 hours` or `3 days`, rounded down."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return words.how_many(minutes, "minutes")
    return words.how_many(minutes // 60, "hours") if minutes < 48 * 60 else f"{minutes // 1440:,} days"
