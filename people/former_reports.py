"""A former run's report, computed again from what that run knew. The warehouse is opened for a moment."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from filelock import FileLock, Timeout

from config.settings import Settings
from connectors.errors import BadInput
from people.rights import rights_of
from privacy.errors import NoReport
from privacy.policy import load_policy
from privacy.released import Released
from privacy.self_reports import Rules, begins_of, reports
from rubric.map import load_maps
from signals.catalog import load_catalog
from warehouse import history, reading
from warehouse.absences import left_out
from warehouse.as_of import rules_at, spans_by_person
from warehouse.history import Run
from warehouse.windows import parse_window, window_of


@dataclass(frozen=True, slots=True)
class Former:
    """One run that can be looked back at, with the rules it went by."""

    settings: Settings
    store: reading.ReadOnlyStore
    run: Run
    rules: Rules
    absences: Mapping[str, Sequence[tuple[date, date]]]
    kept_since: date
    """The first day whose evidence the last night has kept."""

    def report(self, person_id: str, window: str | None) -> Released:
        """Somebody's report of this run, byte for byte. Raises NoReport, with nothing said about why."""
        quarter = parse_window(window) if window else window_of(self.run.as_of)
        if min(begins_of(self.rules.maps.values(), quarter)) < self.kept_since:
            raise BadInput(
                [f"evidence is kept since {self.kept_since}, and {quarter.name} rests on days before it"]
            )
        with rights_of(self.settings) as own:
            was_out = own.was_out(person_id, self.run.as_of, quarter.ends_on)
        if quarter.starts_on <= self.run.as_of and not was_out:  # nobody looked for what they did
            for _, released in reports(
                self.store,
                self.run.run,
                self.run.as_of,
                self.rules,
                quarter,
                absences=self.absences,
                only=person_id,
            ):
                return released
        raise NoReport(f"there was no report for {quarter.name} on {self.run.as_of}")


@contextmanager
def opened(settings: Settings) -> Iterator[reading.ReadOnlyStore]:
    """The warehouse, while no night is writing. Raises BadInput where one is, or where none has run."""
    if not settings.warehouse_file.exists():
        raise BadInput([f"{settings.home}: no night has run here yet; run `sightline nightly`"])
    try:
        # a night must not start while its file is read; reading takes a moment
        with FileLock(settings.lock_file, timeout=0), reading.opened(settings.warehouse_file) as store:
            yield store
    except Timeout:
        raise BadInput([f"{settings.home}: a night is writing here; ask again when it has ended"]) from None


def run_for(settings: Settings, store: reading.ReadOnlyStore, as_of: date | None) -> Former:
    """The last run for this day or before, or the last of all. Raises BadInput where there is none."""
    run = history.run_of(store.con, as_of)
    if run is None:
        first = history.first_run(store.con)
        raise BadInput(
            [
                f"no night for {as_of} or before can be looked back at; the first is of {first.as_of}"
                if first
                else "no night has written a report here yet; run `sightline nightly`"
            ]
        )
    last = history.run_of(store.con, None)
    return Former(
        settings,
        store,
        run,
        rules_of(settings, rules_at(store, run.run)),
        spans_by_person(store, left_out(settings.absences_file)),
        load_policy(settings.agreement).kept_since(last.as_of if last else run.as_of),
    )


def rules_of(settings: Settings, kept: Iterable[history.Rule]) -> Rules:
    """Agreement, signals and maps as they stood, read by the very loaders that read them then."""
    paths: dict[str, list[Path]] = {"agreement": [], "map": [], "signal": []}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for number, rule in enumerate(kept):
                # two maps may share a name; signals stand together in the folders they were in
                path = Path(folder) / rule.kind / ("" if rule.kind == "signal" else str(number)) / rule.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes((settings.rules_folder / rule.sha256).read_bytes())
                paths[rule.kind].append(path)
            first, *own = dict.fromkeys(path.parent for path in paths["signal"])
            catalog = load_catalog(first, own=own, are_checked=True)
            return Rules(load_policy(paths["agreement"][0]), catalog, load_maps(paths["map"], catalog))
    except OSError as error:
        raise BadInput(
            [f"{error.filename}: a rule of that night cannot be read; restore it from a backup"]
        ) from None
    except BadInput as error:
        raise BadInput(
            [
                f"the rules of that night are not what this version of Sightline reads: {each}"
                for each in error.mistakes
            ]
        ) from None
