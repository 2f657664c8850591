"""What is stored about whoever asks, and what the log says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.request import Asker
from app.roles import checked
from config.recorded_settings import RecordedSettings
from people.access_log import entries_about, windows_reported
from people.own_report import report_of
from people.stored import everything_about
from privacy import logbook
from privacy.released import Released


class Export(NamedTuple):
    """All that is stored about somebody."""

    everything: Mapping[str, Any]
    """`stored` is by file and table; `reports` by quarter; `log` as `access_log` has it."""
    reports: Mapping[str, Released]
    """By quarter, to be rendered."""


@checked
def access_log(settings: RecordedSettings, asker: Asker) -> list[dict[str, str]]:
    """Every entry of the log about whoever asks, or about a release of a team of theirs."""
    return list(entries_about(settings, asker.person_id))


@checked
def export_everything(settings: RecordedSettings, asker: Asker) -> Export:
    """All that is stored about whoever asks. Raises BadInput while a night is writing."""
    person_id = asker.person_id
    logbook.note(settings, "data exported", person=logbook.mark(settings, person_id))
    reports = {
        window: report_of(settings, person_id, window) for window in windows_reported(settings, person_id)
    }
    return Export(everything_about(settings, person_id, reports), reports)
