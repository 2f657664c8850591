"""However GitHub changed, and whenever: incremental nights end where a fresh full sync ends.

Reviews, replies, comments and dismissals that move no `updatedAt`, deletions, renamed people, renamed and
transferred repositories, new ones under a former name and deleted accounts are among the changes, between the
nights and in the middle of them. By default two hundred changes of one seed; SIGHTLINE_CONVERGENCE_SEEDS=20
tries as many.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest

from config.settings import load_settings
from flows import accounts, counting, evidence, steps
from flows.night import open_night
from sandbox.chance import Chance
from sandbox.organisation.build import organisation
from sandbox.server import Running, running
from warehouse import counting as sampling
from warehouse.compare import different_tables
from warehouse.rows import CHILDREN, ROOT_KEYS

CHANGES, NIGHTS = 200, 6
SEEDS = range(1, 1 + int(os.environ.get("SIGHTLINE_CONVERGENCE_SEEDS", "1")))
OF_THE_SOURCE = {
    *ROOT_KEYS,
    *(table for children in CHILDREN.values() for table, _ in children),
    *("scopes", "expected", "gaps", "evidence", "opportunities"),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_incremental_nights_end_where_a_fresh_full_sync_ends(
    seed: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "is_looked_at", lambda _account, _day: True)
    # All nights are of one day: as if a week had passed between them, every thread is looked at in each.
    monkeypatch.setattr(sampling, "days_since_count", lambda *_: sampling.COUNTED_WITHIN.days)
    until = datetime.now(UTC).date()
    holding = organisation(f"converge {seed}", until=until, teams=1, people=8, quarters=0, repositories=2)
    with running(holding) as server:
        chance, when = Chance(holding.github, seed), Random(seed)
        grown = written(home / "grown", server)
        night(grown, until)
        for turn in range(1, 1 + NIGHTS):
            server.sandbox.before_each = lambda: chance.change() if when.random() < 0.3 else None
            night(grown, until)
            server.sandbox.before_each = lambda: None
            chance.change(max(0, CHANGES * turn // NIGHTS - chance.done.total()))
        night(grown, until)
        fresh = written(home / "fresh", server)
        night(fresh, until)
    assert chance.done.total() >= CHANGES
    assert len(chance.done) > 20, "nearly everything that can happen did"
    compared = different_tables(grown.parent / "sightline-home", fresh.parent / "sightline-home")
    differ = {table: found for table, found in compared.items() if table in OF_THE_SOURCE and not found[2]}
    assert differ == {}, chance.done
    assert compared["reviews"][0] > 100
    assert compared["gaps"][0] == 0


# --- builders ---


def written(folder: Path, server: Running) -> Path:
    folder.mkdir()
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    accounts = server.holding.github.accounts.values()
    owners = sorted(each.login for each in accounts if each.kind == "Organization")
    path.write_text(
        f"roster: roster.csv\ngithub:\n  base_url: {server.github}\n  organisations: [{', '.join(owners)}]\n"
    )
    return path


def night(config: Path, as_of: date) -> None:
    """Everything of a night that a source takes part in."""
    with open_night(load_settings(config), as_of) as opened:
        (github,) = opened.connectors
        scopes = steps.list_scopes(opened, github)
        due = counting.due_tonight(opened, github, scopes)
        for scope in scopes:
            steps.fetch_scope(opened, github, scope, lambda _: None)
            if counting.is_due(opened, github, scope, due):
                steps.reconcile_scope(opened, github, scope)
        accounts.follow_accounts(opened, github)
        counting.sample_the_rest(opened, github, scopes)
        steps.look_for_lost_scopes(opened, github)
        evidence.compute_evidence(opened, f"run-{steps.now().isoformat()}")
