"""A gap leaves open what rests on it and nothing else; `none seen` never stands beside one."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import load_settings
from connectors.github import connector
from connectors.github.incidents.connector import GitHubIncidents
from connectors.github.own import connector as own
from connectors.pagerduty.connector import PagerDuty
from connectors.records import Gap
from flows.context import open_night
from flows.night import run_night
from rubric import cells
from rubric.map import load_map
from sandbox import model
from sandbox.graphql_context import NotFound
from sandbox.organisation.build import organisation as generate
from sandbox.server import Running, running
from signals.catalog import load_catalog
from warehouse import history, ledger
from warehouse.completeness import SourceWindow, left_open_by, source_window
from warehouse.history import SourceRow
from warehouse.rows import CHILDREN
from warehouse.store import Store
from warehouse.windows import Window

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 22)
Q3 = Window(2026, 3)
CATALOG = load_catalog()
ITEMS = [item for item in load_map(ROOT / "rubric_map.yaml", CATALOG).items if item.indicators]
FILLS = {"github": connector.GitHub.yields, "pagerduty": PagerDuty.yields}
OPPORTUNITIES = sorted(signal.signal for signal in CATALOG.values() if signal.kind == "opportunity")

gaps = st.builds(
    lambda source, kind, starts_on, days: (
        source,
        Gap(kind, starts_on, date.fromordinal(starts_on.toordinal() + days), "forbidden"),
    ),
    st.sampled_from(sorted(FILLS)),
    st.sampled_from(sorted({*CHILDREN, *(child for below in CHILDREN.values() for child, _ in below)}))
    | st.sampled_from(["*", "a_kind_of_tomorrow"]),
    st.dates(date(2026, 3, 1), date(2026, 10, 10)),
    st.integers(1, 60),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(gaps, max_size=3), st.sets(st.sampled_from(OPPORTUNITIES)))
def test_none_seen_never_stands_beside_a_gap_in_anything_that_was_read(
    told: list[tuple[str, Gap]], opportunities: set[str]
) -> None:
    sources = ledger_says(told)
    for item in ITEMS:
        starts_on = cells.windows_read(item, Q3)[0].starts_on
        cell = cells.evaluate(
            item,
            CATALOG,
            person_id="p1",
            window=Q3,
            as_of=TODAY,
            evidence=[],
            opportunities=opportunities,
            memberships=[(date(2020, 1, 1), None)],
            sources=sources(starts_on),
        )
        if cell.state == "none seen":
            read = tables_behind(item, opportunities)
            for source, gap in told:
                if gap.starts_on < Q3.ends_on and gap.ends_on > starts_on and read & {*FILLS[source]}:
                    assert gap.kind in CHILDREN or any(gap.kind in _names(root) for root in CHILDREN)
                    assert gap.kind not in read
                    assert not read & _names(gap.kind)


@pytest.mark.parametrize("source", sorted(FILLS))
def test_an_item_that_rests_on_nothing_that_is_missing_is_as_without_the_gap(source: str) -> None:
    kind = {"github": "discussions", "pagerduty": "oncall_shifts"}[source]
    everywhere = {*OPPORTUNITIES}

    def left_open(told: list[tuple[str, Gap]]) -> set[str]:
        sources = ledger_says(told)(Q3.previous().starts_on)
        asked: Any = {"window": Q3, "as_of": TODAY, "sources": sources, "opportunities": everywhere}
        return {item.slug for item in ITEMS if cells.open_reasons(item, CATALOG, **asked)}

    reading = {item.slug for item in ITEMS if tables_behind(item, everywhere) & _names(kind)}
    assert left_open([(source, Gap(kind, *_YEAR, "forbidden"))]) == left_open([]) | reading
    assert 0 < len(reading) < len(ITEMS)


@pytest.mark.parametrize(
    ("kind", "open_tables"),
    [
        ("reviews", {"reviews"}),
        ("commits", {"commits", "commit_authors", "pull_requests"}),
        ("review_threads", {"review_threads", "review_comments"}),
        ("issues", {"issues", "issue_assignees", "issue_events", "comments"}),
        ("discussions", {"discussions"}),
        ("repositories", set(connector.GitHub.yields)),
        ("*", set(connector.GitHub.yields)),
        ("incidents", set(connector.GitHub.yields)),
        ("anything_new", set(connector.GitHub.yields)),
    ],
)
def test_a_gap_opens_what_its_kind_says_and_everything_where_the_kind_says_nothing(
    kind: str, open_tables: set[str]
) -> None:
    assert left_open_by(kind, connector.GitHub.yields) == open_tables


@pytest.mark.parametrize("yields", [connector.GitHub.yields, own.GitHubOwn.yields, PagerDuty.yields,
                                    GitHubIncidents.yields])  # fmt: skip
def test_every_table_of_a_source_is_opened_by_a_gap_of_its_own_kind(yields: tuple[str, ...]) -> None:
    assert all(table in left_open_by(table, yields) for table in yields)


def test_a_night_that_may_not_read_discussions_and_schedules_leaves_only_their_items_open(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(generate("kinds", until=TODAY, teams=2, people=12, repositories=2)) as server:
        config = written(home, server)
        assert night(config)["last_run"]["outcome"] == "complete"
        complete = states(home)
        with monkeypatch.context() as refusing:
            refusing.setattr(model.Repository, "discussions", property(_refused))
            refusing.setenv("PAGERDUTY_TOKEN", "sandbox-pagerduty-without-schedules")
            for _ in range(2):  # the second night is not misled by what the first has written down
                status = night(config)
                assert status["last_run"]["outcome"] == "gaps"
                missing = {(gap["kind"], gap["reason"]) for each in status["sources"] for gap in each["gaps"]}
                assert missing == {("discussions", "not_found"), ("oncall_shifts", "forbidden")}
                assert (
                    "github: discussions are not listed (not found); check what the token may read, or set "
                    "github.discussions to false"
                ) in status["last_run"]["messages"]
            lacking = states(home)
        assert night(config)["last_run"]["outcome"] == "complete"
        assert states(home) == complete
    touched = _names("discussions") | _names("oncall_shifts")
    read = {item.slug: tables_behind(item, set()) for item in ITEMS}
    changed = {key for key, cell in lacking.items() if cell != complete[key]}
    assert changed
    assert {slug for _, slug in changed} <= {slug for slug, tables in read.items() if tables & touched}
    for state, because in (lacking[key] for key in changed):
        assert state in ("not collected", "partly seen")
        assert "lacks discussions (not found)" in because or "lacks oncall s" in because
    assert any(lacking[key][0] == "none seen" for key in lacking.keys() - changed)


# --- builders -------------------------------------------------------------------------------------------

_YEAR = date(2026, 1, 1), date(2026, 12, 1)


@cache
def _store() -> Store:
    store = Store(Path(mkdtemp()) / "warehouse.duckdb")
    for source in FILLS:
        store.con.execute("insert into reconciled values (?, 'it', ?, ?, true)", [source, *_YEAR])
    return store


@pytest.mark.parametrize("checks", ["refused", "unknown", "passed"])
def test_checks_that_may_not_be_read_leave_open_what_asks_of_checks_and_nothing_else(
    checks: str, tmp_path: Path
) -> None:
    """One merged change of August in a source that is whole otherwise; `unknown` is about its commit."""
    asking = cells.as_item("checks_green_at_review", CATALOG["checks_green_at_review"])
    other = cells.as_item("tests_touched", CATALOG["tests_touched"])
    with closing(Store(tmp_path / "warehouse.duckdb")) as store:
        store.con.execute("insert into reconciled values ('github', 'it', ?, ?, true)", [*_YEAR])
        merged(store, date(2026, 8, 3), checks)

        def state(item: Any, window: Window, occasions: set[str]) -> tuple[str, str]:
            span = (window.starts_on, window.ends_on)
            told = [source_window(store, "github", FILLS["github"], ("it",), span)]
            assert told[0].complete
            asked: Any = {"person_id": "p1", "window": window, "as_of": TODAY, "sources": told}
            always = [(date(2020, 1, 1), None)]
            asked |= {"evidence": [], "opportunities": occasions, "memberships": always}
            cell = cells.evaluate(item, CATALOG, **asked)
            return cell.state, cell.because or ""

        for occasions, otherwise in ((set(), "no opportunity"), ({"repositories_with_checks"}, "none seen")):
            said, because = state(asking, Q3, occasions)
            assert said == ("not collected" if checks == "refused" else otherwise)
            assert ("github lacks checks (forbidden)" in because) == (checks == "refused")
            assert state(asking, Q3.previous(), occasions)[0] == otherwise, "nothing was refused there"
        assert state(other, Q3, {*OPPORTUNITIES})[0] == "none seen"


def test_a_table_that_was_never_read_is_open_for_all_days_when_the_first_night_of_it_fails(
    tmp_path: Path,
) -> None:
    """Schedules were switched on, or a new version reads them, and the tool is not reached that night."""
    since, yesterday = date(2026, 4, 1), date(2026, 11, 21)
    before, after = ["incidents"], ["incidents", "oncall_shifts"]
    with closing(Store(tmp_path / "warehouse.duckdb")) as store:
        store.con.execute("insert into reconciled values ('tool', 'it', ?, ?, true)", [since, yesterday])

        def told(run: int, fills: list[str]) -> None:
            row = SourceRow("tool", "tool", fills, since, yesterday, since, yesterday, True, None, [])
            history.log_sources(store.con, [row], run)

        told(1, before)
        assert ledger.trusted_until(store, "tool", "it", before) == yesterday
        assert ledger.trusted_until(store, "tool", "it", after) is None
        ledger.leave_open(store, "tool", "it", Gap(ledger.EVERYTHING, since, TODAY, "unreachable"))
        told(2, after)
        assert ledger.trusted_until(store, "tool", "it", after) == since, "a second bad night changes nothing"


def ledger_says(told: list[tuple[str, Gap]]) -> Any:
    """What a warehouse that was reconciled, and in which these gaps are written, says of each source."""
    store = _store()
    store.con.execute("delete from gaps")
    for source, gap in told:
        store.add_gaps(source, "it", [gap])

    def sources(starts_on: date) -> list[SourceWindow]:
        return [
            source_window(store, source, fills, ("it",), (starts_on, Q3.ends_on))
            for source, fills in FILLS.items()
        ] + [SourceWindow("files", frozenset(_ELSEWHERE), *_YEAR, True, None)]

    return sources


def merged(store: Store, day: date, checks: str) -> None:
    """A pull request that was opened and merged on this day."""
    columns = store.con.execute(
        "select column_name, data_type from duckdb_columns() where table_name = 'pull_requests'"
    ).fetchall()
    usual = {"VARCHAR": "merged", "BOOLEAN": False, "BIGINT": 0, "DATE": day}
    row = {name: usual.get(kind) for name, kind in columns} | {"checks_at_review": checks}
    store.insert("pull_requests", [row])
    keys = {"scope_key": "github:it", "root_kind": "pull_requests", "root_id": row["pull_request_id"]}
    store.insert("scopes", [keys])


_ELSEWHERE = {"interviews", "postmortem_documents", "postmortem_authors"}


def tables_behind(item: Any, opportunities: set[str]) -> set[str]:
    """Every table that finding nothing rests on: what the signals read, and what their occasions read."""
    found: set[str] = set()
    for name in {indicator.signal for indicator in item.indicators}:
        found |= {*CATALOG[name].reads}
        occasion = CATALOG[name].opportunity
        if occasion and occasion not in opportunities:
            # where not even what it waits for came, as no incident at all did, it could not come either
            before = CATALOG[occasion].opportunity
            found |= {*CATALOG[before if before and before not in opportunities else occasion].reads}
    return found - {"persons", "memberships"}


def _names(kind: str) -> set[str]:
    """The kind and what is stored below it."""
    return {kind, *(child for child, _ in CHILDREN.get(kind, ()))}


def written(folder: Path, server: Running) -> Path:
    (folder / "roster.csv").write_text(server.holding.roster_csv)
    path = folder / "sightline.yaml"
    path.write_text(
        f"roster: roster.csv\n"
        f"github:\n  base_url: {server.github}\n  organisations: [{server.holding.organization}]\n"
        f"  since: 2026-04-01\n"
        f"pagerduty:\n  base_url: {server.pagerduty}\n  since: 2026-04-01\n"
    )
    return path


def night(config: Path) -> dict[str, Any]:
    with open_night(load_settings(config), TODAY) as opened:
        return run_night(opened)


def states(home: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """State and reason of every cell of the quarter, by person and item."""
    return {
        (path.parent.name, item["item"]): (item["state"], item["because"] or "")
        for path in (home / "sightline-home" / "published" / "people").glob("*/2026Q3.json")
        for item in json.loads(path.read_text())["items"]
    }


def _refused(repository: model.Repository) -> None:
    raise NotFound(f"{repository.name} may not be read")
