"""The traps of the sandbox's organisation, fetched over HTTP, and what signals make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from connectors.github.connector import GitHub
from connectors.github.settings import GitHubSettings
from sandbox.app import Holding
from sandbox.organisation.build import organisation
from sandbox.server import running
from signals.catalog import load_catalog
from signals.run import refresh
from warehouse.store import Store
from warehouse.vault import Vault


@dataclass(frozen=True)
class Fetched:
    store: Store
    holding: Holding

    def found(self, signal: str, trap: str) -> set[str]:
        """Which objects of this trap have evidence of this signal."""
        rows = self.store.con.execute("select source_id from evidence where signal = ?", [signal]).fetchall()
        return {key for (key,) in rows} & {*self.holding.traps[trap]}

    def column(self, name: str, trap: str) -> object:
        pull = self.holding.traps[trap][0]
        sql = f"select {name} from pull_requests where pull_request_id = ?"
        return self.store.con.execute(sql, [pull]).fetchall()[0][0]


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetched]:
    holding = organisation("traps", until=date(2026, 12, 10), teams=1, people=7, quarters=1, repositories=2)
    folder = tmp_path_factory.mktemp("traps")
    store, vault = Store(folder / "warehouse.duckdb"), Vault(folder / "vault.duckdb")
    with running(holding) as server:
        settings = GitHubSettings(
            base_url=server.github, organisations=(holding.organization,), token="sandbox-token"
        )
        with GitHub(settings) as github:
            for scope in github.scopes():
                store.write("github", scope, list(github.fetch(scope, None)), vault)
    refresh(store.con, load_catalog())
    yield Fetched(store, holding)
    store.close()


@pytest.mark.parametrize("trap", ["revert-of-a-revert", "revert-by-commit"])
def test_only_the_change_that_was_taken_back_is_a_reverted_one(fetched: Fetched, trap: str) -> None:
    taken_back = {*fetched.holding.traps[trap][:: _pulls(trap)]}
    assert fetched.found("reverted_within_14_days", trap) == taken_back


@pytest.mark.parametrize("trap", ["reverted-months-later", "revert-on-a-release-branch", "backport"])
def test_these_changes_stand(fetched: Fetched, trap: str) -> None:
    assert fetched.found("reverted_within_14_days", trap) == set()


def test_checks_that_a_force_push_mended_were_red_when_review_was_asked(fetched: Fetched) -> None:
    assert fetched.column("checks_at_review", "checks-mended-by-a-force-push") == "failed"
    assert fetched.found("checks_green_at_review", "checks-mended-by-a-force-push") == set()


def test_a_change_that_nobody_wrote_has_no_size(fetched: Fetched) -> None:
    assert fetched.found("work_size_band", "generated-and-vendored-only") == set()


def test_an_ai_reviewer_explains_nothing_and_a_dismissed_review_is_one(fetched: Fetched) -> None:
    assert fetched.found("review_explanations", "ai-reviewer") == set()
    assert fetched.found("reviews_with_substance", "review-dismissed-later") != set()


@pytest.mark.parametrize(
    ("trap", "counts"),
    [
        ("answer-in-the-next-quarter", True),
        ("discussion-answered-by-who-asked", False),
        ("answer-marked-by-who-gave-it", False),
        ("answer-by-a-deleted-account", False),
    ],
)
def test_an_answer_is_one_that_somebody_else_marked(fetched: Fetched, trap: str, counts: bool) -> None:
    # planted in each of two quarters, of which only the first one's late answer has come by now
    assert bool(fetched.found("answers_given", trap)) is counts
    assert fetched.found("questions_opened", trap) != set()


def test_the_merge_after_a_hundred_events_is_stored(fetched: Fetched) -> None:
    pull, last = fetched.holding.traps["more-than-a-page-of-events"][:2]
    events = fetched.store.con.execute(
        "select count(*), max_by(kind, position) from pull_request_events where pull_request_id = ?", [pull]
    ).fetchone()
    assert events == (121, "merged")
    assert last


def test_nothing_of_a_path_or_a_team_is_stored(fetched: Fetched) -> None:
    stored = str(fetched.store.con.execute("select * from pull_request_files").fetchall())
    stored += str(fetched.store.con.execute("select * from pull_request_events").fetchall())
    assert "services" not in stored
    assert "payments" not in stored


# --- builders -------------------------------------------------------------------------------------------


def _pulls(trap: str) -> int:
    """How many pull requests a trap plants in each quarter, the one taken back first."""
    return {"revert-of-a-revert": 3, "revert-by-commit": 2}[trap]
