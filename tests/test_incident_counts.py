"""A count that agrees stands for a list; one that does not makes the list be read and the store mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from connectors.records import Account, Batch, Counted, Incident, Inventory, OnCallShift
from warehouse.ledger import as_listed, differences
from warehouse.store import Store
from warehouse.vault import Vault

WHOLE_YEAR = (date(2026, 1, 1), date(2027, 1, 1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "warehouse.duckdb")
    roots = (incident("Q1", date(2026, 1, 1)), incident("Q2", date(2026, 6, 30)), shift("S:2026-03-02"))
    opened.write("pagerduty", "account", [Batch(roots, "")], Vault(tmp_path / "vault.duckdb"))
    yield opened
    opened.close()


def test_a_count_that_agrees_is_the_list_of_what_is_stored(store: Store) -> None:
    listed = as_listed(store, "pagerduty", "account", [Counted("incidents", *WHOLE_YEAR, 2)])
    assert listed is not None
    assert sorted(item.object_id for item in listed) == ["Q1", "Q2"]


def test_days_are_half_open(store: Store) -> None:
    half = Counted("incidents", date(2026, 1, 1), date(2026, 6, 30), 1)
    listed = as_listed(store, "pagerduty", "account", [half])
    assert listed == [Inventory("incidents", "Q1", date(2026, 1, 1))]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_any_other_count_asks_for_the_list(store: Store, count: int) -> None:
    assert as_listed(store, "pagerduty", "account", [Counted("incidents", *WHOLE_YEAR, count)]) is None


def test_what_another_source_stored_is_not_counted(store: Store) -> None:
    assert as_listed(store, "incident_io", "account", [Counted("incidents", *WHOLE_YEAR, 2)]) is None


def test_days_that_cannot_have_changed_are_as_stored_and_listed_ones_as_listed(store: Store) -> None:
    told = [
        Counted("incidents", *WHOLE_YEAR, 2),
        Counted("oncall_shifts", date(2026, 1, 1), date(2026, 4, 1), None),
        Inventory("oncall_shifts", "S:2026-07-06", date(2026, 7, 6)),
    ]
    listed = as_listed(store, "pagerduty", "account", told)
    assert listed is not None
    found = differences(store, "pagerduty", "account", listed)
    assert [(each.object_id, each.reason) for each in found] == [("S:2026-07-06", "missing")]


def incident(incident_id: str, day: date) -> Incident:
    return Incident(incident_id, "pagerduty", None, None, None, day, None, None, ())


def shift(shift_id: str) -> OnCallShift:
    day = date.fromisoformat(shift_id.partition(":")[2])
    return OnCallShift(shift_id, "pagerduty", "S", Account("pagerduty", "PADA", "PADA"), day, day, ())
