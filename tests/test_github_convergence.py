"""However GitHub changed, and whenever: incremental nights end where a fresh full sync ends.

Reviews, replies, comments and dismissals that move no `updatedAt`, deletions, renamed people, renamed and
transferred repositories, new ones under a former name and deleted accounts are among the changes, between the
nights and in the middle of them. By default two hundred changes of one seed; SIGHTLINE_CONVERGENCE_SEEDS=20
tries as many.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from compare_homes import different_tables

from config.settings import load_settings
from flows import accounts, collect, counting, evidence, receipt, reconcile
from flows.context import open_night
from sandbox import model
from sandbox import mutations_of_work as work
from sandbox.mutations import mutate, now
from sandbox.organisation.build import organisation
from sandbox.server import Running, running
from sandbox.world import World
from warehouse import counting as sampling
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
        changes, when = RandomChanges(holding.github, seed), Random(seed)
        grown = written(home / "grown", server)
        night(grown, until)
        for turn in range(1, 1 + NIGHTS):
            server.sandbox.before_each = lambda: changes.change() if when.random() < 0.3 else None
            night(grown, until)
            server.sandbox.before_each = lambda: None
            changes.change(max(0, CHANGES * turn // NIGHTS - changes.done.total()))
        night(grown, until)
        fresh = written(home / "fresh", server)
        night(fresh, until)
    assert changes.done.total() >= CHANGES
    assert len(changes.done) > 20, "nearly everything that can happen did"
    compared = different_tables(grown.parent / "sightline-home", fresh.parent / "sightline-home")
    differ = {table: found for table, found in compared.items() if table in OF_THE_SOURCE and not found[2]}
    assert differ == {}, changes.done
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
        scopes = collect.list_scopes(opened, github)
        due = counting.due_tonight(opened, github, scopes)
        for scope in scopes:
            collect.fetch_scope(opened, github, scope, lambda _: None)
            if counting.is_due(opened, github, scope, due):
                reconcile.reconcile_scope(opened, github, scope)
        accounts.follow_accounts(opened, github)
        counting.sample_the_rest(opened, github, scopes)
        collect.look_for_lost_scopes(opened, github)
        evidence.compute_evidence(opened, f"run-{receipt.now().isoformat()}")


class RandomChanges:
    """Changes one world, one thing at a time, in an order that the seed decides; `done` counts them."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._rng = Random(seed)
        self.done: Counter[str] = Counter()
        self._untraced: dict[str, str] = {}
        """Whether comments were added or deleted without a trace, by the id of the item.

        Never both: the count would be the same as before, and no night could notice.
        """
        self._changes: dict[str, tuple[int, Callable[[], bool]]] = {
            "new pull request": (3, self._open_pull_request),
            "new issue": (2, self._open_issue),
            "new review": (6, lambda: self._review(bump=True)),
            "late review": (6, lambda: self._review(bump=False)),
            "new thread": (4, self._discuss),
            "reply": (3, lambda: self._reply(bump=True)),
            "late reply": (4, lambda: self._reply(bump=False)),
            "new comment": (4, lambda: self._comment(bump=True)),
            "late comment": (4, lambda: self._comment(bump=False)),
            "resolved": (2, lambda: self._resolve(bump=True)),
            "resolved without a trace": (3, lambda: self._resolve(bump=False)),
            "opened again": (2, self._unresolve),
            "pushed": (2, self._push),
            "edited": (3, self._edit),
            "dismissed": (3, self._dismiss),
            "merged": (3, self._merge),
            "closed": (3, self._close),
            "reopened": (3, self._reopen),
            "assigned": (2, self._assign),
            "deleted comment": (4, self._delete_comment),
            "deleted pull request": (1, self._delete_pull_request),
            "deleted issue": (1, self._delete_issue),
            "renamed login": (1, self._rename_login),
            "renamed repository": (1, self._rename_repository),
            "transferred repository": (1, self._transfer_repository),
            "new repository under a former name": (1, self._take_former_name),
            "ghosted": (1, self._ghost),
        }

    def change(self, times: int = 1) -> None:
        """So many changes, each of which changed something."""
        names = list(self._changes)
        weights = [weight for weight, _ in self._changes.values()]
        left = times
        while left:
            name = self._rng.choices(names, weights)[0]
            if self._changes[name][1]():
                self.done[name] += 1
                left -= 1

    def _repository(self) -> model.Repository:
        return self._rng.choice(sorted(set(self._world.repositories.values()), key=lambda each: each.id))

    def _all(self, kind: Any) -> list[Any]:
        return [each for each in self._world.nodes.values() if isinstance(each, kind)]

    def _pulls(self) -> list[model.PullRequest]:
        return self._all(model.PullRequest)

    def _issues(self) -> list[model.Issue]:
        return self._all(model.Issue)

    def _items(self) -> list[model.PullRequest | model.Issue]:
        return [*self._pulls(), *self._issues()]

    def _people(self) -> list[model.Account]:
        people = [each for each in self._world.accounts.values() if each.kind == "User"]
        return [each for each in people if each is not self._world.service]

    def _somebody(self, but: model.Account | None = None) -> model.Account:
        return self._rng.choice([each for each in self._people() if each is not but])

    def _open_pull_request(self) -> bool:
        work.open_pull_request(self._world, self._repository(), self._somebody(), now(), "Do what was asked")
        return True

    def _open_issue(self) -> bool:
        work.open_issue(self._world, self._repository(), self._somebody(), now(), "It is slow; why?")
        return True

    def _review(self, *, bump: bool) -> bool:
        pull = self._rng.choice(self._pulls())
        state = self._rng.choice(("APPROVED", "CHANGES_REQUESTED", "COMMENTED"))
        reviewer = self._somebody(pull.author).login
        request = {"do": "late_review", "pull_request": pull.id, "author": reviewer, "state": state}
        mutate(self._world, request | {"bump": bump})
        return True

    def _discuss(self) -> bool:
        work.discuss(self._world, self._rng.choice(self._pulls()), self._somebody(), now())
        return True

    def _may_change(self, item: model.PullRequest | model.Issue, what: str) -> bool:
        """Whether adding or deleting here, without a trace, changes a count."""
        return self._untraced.setdefault(item.id, what) == what

    def _reply(self, *, bump: bool) -> bool:
        threads = self._all(model.ReviewThread)
        if not threads:
            return False
        thread = self._rng.choice(threads)
        if not bump and not self._may_change(thread.pull_request, "added"):
            return False
        work.reply(self._world, thread, self._somebody(), now(), bump=bump)
        return True

    def _comment(self, *, bump: bool) -> bool:
        item = self._rng.choice(self._items())
        if not bump and not self._may_change(item, "added"):
            return False
        request = {"do": "comment", "parent": item.id, "author": self._somebody().login, "bump": bump}
        mutate(self._world, request)
        return True

    def _threads(self, *, is_resolved: bool) -> list[model.ReviewThread]:
        threads = self._all(model.ReviewThread)
        return [each for each in threads if each.is_resolved == is_resolved]

    def _resolve(self, *, bump: bool) -> bool:
        threads = self._threads(is_resolved=False)
        if threads:
            work.resolve(self._rng.choice(threads), self._somebody(), now(), bump=bump)
        return bool(threads)

    def _unresolve(self) -> bool:
        threads = self._threads(is_resolved=True)
        if threads:
            work.unresolve(self._rng.choice(threads))
        return bool(threads)

    def _push(self) -> bool:
        opened = [pull for pull in self._pulls() if not pull.closed]
        if opened:
            work.push(self._world, self._rng.choice(opened), self._somebody(), now())
        return bool(opened)

    def _edit(self) -> bool:
        work.edit(self._rng.choice(self._items()), now())
        return True

    def _dismiss(self) -> bool:
        wanted = ("APPROVED", "CHANGES_REQUESTED")
        reviews = [
            each
            for each in self._world.nodes.values()
            if isinstance(each, model.Review) and each.state in wanted
        ]
        if reviews:
            request = {"do": "dismiss_review", "review": self._rng.choice(reviews).id}
            mutate(self._world, request | {"bump": self._rng.random() < 0.5})
        return bool(reviews)

    def _merge(self) -> bool:
        opened = [pull for pull in self._pulls() if not pull.closed]
        if opened:
            work.merge(self._world, self._rng.choice(opened), self._somebody(), now())
        return bool(opened)

    def _close(self) -> bool:
        opened = [each for each in self._items() if not each.closed]
        if opened:
            work.close(self._world, self._rng.choice(opened), self._somebody(), now())
        return bool(opened)

    def _reopen(self) -> bool:
        closed = [
            each
            for each in self._items()
            if each.closed and not (isinstance(each, model.PullRequest) and each.merged)
        ]
        if closed:
            work.reopen(self._world, self._rng.choice(closed), self._somebody(), now())
        return bool(closed)

    def _assign(self) -> bool:
        issues = self._issues()
        if issues:
            work.assign(self._world, self._rng.choice(issues), self._somebody(), self._somebody(), now())
        return bool(issues)

    def _delete_comment(self) -> bool:
        comments = [
            each
            for each in self._world.nodes.values()
            if isinstance(each, model.Comment | model.ReviewComment)
        ]
        if not comments:
            return False
        comment = self._rng.choice(comments)
        item = comment.parent if isinstance(comment, model.Comment) else comment.pull_request
        if self._may_change(item, "deleted"):
            mutate(self._world, {"do": "delete_comment", "comment": comment.id})
            return True
        return False

    def _delete_pull_request(self) -> bool:
        mutate(self._world, {"do": "delete_pull_request", "pull_request": self._rng.choice(self._pulls()).id})
        return True

    def _delete_issue(self) -> bool:
        issues = self._issues()
        if issues:
            work.delete_issue(self._world, self._rng.choice(issues))
        return bool(issues)

    def _rename_login(self) -> bool:
        to = f"renamed-{self._rng.randrange(10**9)}"
        mutate(self._world, {"do": "rename_login", "login": self._somebody().login, "to": to})
        return True

    def _rename_repository(self) -> bool:
        work.rename_repository(self._world, self._repository(), f"moved-{self._rng.randrange(10**9)}")
        return True

    def _transfer_repository(self) -> bool:
        repository = self._repository()
        owners = [each for each in self._world.accounts.values() if each.kind == "Organization"]
        others = [each for each in owners if self._is_free(f"{each.login}/{repository.name}".lower())]
        if others:
            work.transfer_repository(self._world, repository, self._rng.choice(others))
        return bool(others)

    def _is_free(self, name: str) -> bool:
        """Whether no repository is called so today; GitHub refuses a second one."""
        found = self._world.repositories.get(name)
        return found is None or found.name_with_owner.lower() != name

    def _take_former_name(self) -> bool:
        """The name of one that was renamed or transferred, and once of that alone."""
        former = sorted(name for name in self._world.repositories if self._is_free(name))
        if not former or "new repository under a former name" in self.done:
            return False
        owner, _, name = self._rng.choice(former).partition("/")
        made = work.create_repository(self._world, self._world.accounts[owner], name)
        work.open_pull_request(self._world, made, self._somebody(), now(), "Begin again")
        return True

    def _ghost(self) -> bool:
        people = self._people()
        if len(people) > 3:
            work.delete_account(self._world, self._rng.choice(people))
        return len(people) > 3
