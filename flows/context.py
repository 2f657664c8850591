"""What one night needs, checked before it starts: settings, agreement, signals, map, roster, sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from filelock import FileLock, Timeout

from config.settings import Settings, asked_too_early, no_earlier_than
from connectors import registry
from connectors.contract import Connector
from connectors.errors import BadInput
from connectors.files.roster import read_roster
from connectors.records import Membership
from flows.run_log import RosterMistake, RunLog, SignalRefused
from privacy import amendments, erasing, logbook
from privacy.errors import DoorError
from privacy.policy import Policy, check_agreement, load_policy
from privacy.self_reports import Rules, own_sensitivities, refusing
from rubric.map import RubricMap, load_maps
from signals.catalog import Catalog, did_you_mean, load_catalog
from signals.queries import columns_read
from warehouse import reading
from warehouse.completeness import SourceWindow
from warehouse.files import as_owner_only
from warehouse.store import Store
from warehouse.tombstones import Tombstones
from warehouse.vault import Vault

Loaded = TypeVar("Loaded")
Roster = tuple[tuple[Membership, ...], list[str]]
"""Who is in which team, or what is wrong with the file that should say so."""


NO_ROSTER_YET = (
    "no roster was ever taken over here, so there is none to go on with: nothing was fetched, and nothing is "
    "published; mend the roster (`sightline people import --dry-run` looks at it), and run again"
)


class Busy(Exception):
    """Another process is writing; the reader waits for it to end."""


@dataclass(frozen=True)
class Night:
    """One run: what was checked before it and what it holds open. What happens in it is added to its log."""

    settings: Settings
    as_of: date
    today: date
    policy: Policy
    signals: Catalog
    """The signals that were checked before the run."""
    maps: Mapping[str, RubricMap]
    """Every map in force, by the id of its rubric."""
    roster: tuple[Membership, ...]
    """Empty while the file is wrong: then the memberships of the last good one stay in force."""
    connectors: tuple[Connector, ...]
    account_sources: Mapping[str, str]
    """Whose accounts each source names people by: `github`, `pagerduty` ..."""
    store: Store
    vault: Vault
    unseen: tuple[SourceWindow, ...] = ()
    """What no connector of this run looks at, to be named among the sources."""
    log: RunLog = field(default_factory=RunLog)

    @property
    def catalog(self) -> Catalog:
        """The signals, with those left open that this run refused."""
        refused = [entry.signal for entry in self.log.of(SignalRefused)]
        return refusing(self.signals, refused) if refused else self.signals

    @property
    def rubric(self) -> RubricMap:
        """The map of people for whom the roster names no rubric."""
        return next(iter(self.maps.values()))

    @property
    def rules(self) -> Rules:
        return Rules(self.policy, self.catalog, self.maps)

    @property
    def floor(self) -> date:
        """The first day whose traces are kept."""
        return self.policy.kept_since(self.as_of)


@contextmanager
def open_night(settings: Settings, as_of: date | None) -> Iterator[Night]:
    """A night ready to run, the only writer of its home. Raises BadInput or Busy, with nothing changed."""
    policy, catalog, maps, (roster, roster_mistakes) = check_everything(settings)
    floor = policy.kept_since(as_of or datetime.now(UTC).date())
    with hold(
        settings,
        as_of,
        policy=policy,
        catalog=catalog,
        maps=maps,
        roster=roster,
        roster_mistakes=roster_mistakes,
        connectors=connect(no_earlier_than(settings, floor), floor),
    ) as night:
        amendments.adopt(settings, policy)
        night.log.say(*asked_too_early(settings, floor))
        yield night


@contextmanager
def hold(
    settings: Settings,
    as_of: date | None,
    *,
    policy: Policy,
    catalog: Catalog,
    maps: Mapping[str, RubricMap],
    roster: tuple[Membership, ...],
    connectors: tuple[Connector, ...],
    roster_mistakes: Sequence[str] = (),
    unseen: tuple[SourceWindow, ...] = (),
) -> Iterator[Night]:
    """The home, locked and opened for what has been checked. Raises BadInput or Busy."""
    today = datetime.now(UTC).date()
    if as_of and as_of > today + timedelta(days=1):  # somewhere it may be tomorrow already
        raise BadInput([f"--as-of {as_of} has not come yet; today is {today}"])
    mistakes = check_agreement(
        policy,
        sources_in_use=[
            "roster",
            *(["files"] if any(source.kind == "accounts" for source in settings.files) else []),
            *(connector.agreed_name for connector in connectors),
        ],
        signals_in_use=[*catalog],
        own_signals=own_sensitivities(catalog),
        tables_in_use=sorted({table for connector in connectors for table in connector.yields}),
        columns_read={signal.file: columns_read(signal.sql) for signal in catalog.values()},
    )
    if mistakes:
        raise BadInput(mistakes)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o750)
    lock = FileLock(settings.lock_file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(
            f"{settings.home}: another night is writing here; wait for its end, or give this one its own home"
        ) from None
    with ExitStack() as ends:
        ends.callback(lock.release)
        ends.enter_context(as_owner_only())  # the database driver makes files of its own
        for connector in connectors:
            ends.callback(connector.close)
        try:
            logbook.check(settings, from_start=True)
        except DoorError as error:
            raise BadInput([str(error)]) from None
        erasing.check_nobody_came_back(settings)
        vault = Vault(settings.vault_file, Tombstones(settings.erasures_folder))
        store = ends.enter_context(closing(Store(settings.warehouse_file)))
        if strangers := store.person_ids() - vault.ids():
            raise BadInput(
                [
                    f"{settings.vault_file}: knows nothing of {len(strangers)} people of the warehouse; "
                    "restore the vault and the warehouse of the same night, or start with an empty home"
                ]
            )
        if roster_mistakes and not reading.stored_memberships(store):
            raise BadInput([*roster_mistakes, NO_ROSTER_YET])
        night = Night(
            settings=settings,
            as_of=as_of or today,
            today=today,
            policy=policy,
            signals=catalog,
            maps=maps,
            roster=roster,
            connectors=connectors,
            account_sources={connector.source: connector.account_source for connector in connectors},
            store=store,
            vault=vault,
            unseen=unseen,
        )
        night.log.append(*map(RosterMistake, roster_mistakes))
        yield night


def check_everything(settings: Settings) -> tuple[Policy, Catalog, dict[str, RubricMap], Roster]:
    """Agreement, signals, maps and roster. Raises BadInput with the mistakes of all of them at once.

    A wrong roster is no reason to stop where a good one was taken over before.
    """
    mistakes: list[str] = []
    policy = _tried(lambda: load_policy(settings.agreement), mistakes)
    catalog = _tried(lambda: load_catalog(own=settings.signals), mistakes)
    maps = _tried(lambda: load_maps(settings.maps, catalog), mistakes) if catalog else None
    wrong_rows: list[str] = []
    path, export = settings.roster, settings.hr_export
    roster = _tried(lambda: read_roster(path, export), wrong_rows) if path else None
    roster = roster or ()
    if maps:
        wrong_rows += _unknown_rubrics(settings, maps, roster)
    if mistakes or not (settings.warehouse_file.exists() or not wrong_rows):
        raise BadInput([*mistakes, *wrong_rows, *([NO_ROSTER_YET] if wrong_rows else [])])
    assert policy
    assert catalog
    assert maps
    return policy, catalog, maps, (() if wrong_rows else roster, wrong_rows)


def connect(settings: Settings, floor: date = date.min) -> tuple[Connector, ...]:
    """One connector for each source that is configured. Raises BadInput where a token is missing."""
    sections = {entry.section: getattr(settings, entry.section, None) for entry in registry.ENTRIES}
    return registry.connectors_for(sections, settings.files, floor)


def _tried(load: Callable[[], Loaded], mistakes: list[str]) -> Loaded | None:
    try:
        return load()
    except BadInput as error:
        mistakes += error.mistakes
        return None


def _unknown_rubrics(
    settings: Settings, maps: Mapping[str, RubricMap], roster: Sequence[Membership]
) -> list[str]:
    in_force = ", ".join(f"'{name}'" for name in maps)
    named = f"the map in force is {in_force}" if len(maps) == 1 else f"the maps in force are {in_force}"
    return [
        f"{settings.roster}:{member.line}: no map for rubric '{member.rubric}'"
        f"{did_you_mean(member.rubric, [*maps])}; {named}"
        for member in roster
        if member.rubric not in ("", *maps)
    ]
