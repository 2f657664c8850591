"""Changes at random: whatever can happen to a GitHub, in an order that a seed decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from sandbox import mutations_of_work as work
from sandbox.model import (
    Account,
    Comment,
    Issue,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
)
from sandbox.mutations import mutate, now
from sandbox.world import World


class Chance:
    """Changes one world, one thing at a time; `done` counts what was done."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._rng = Random(seed)  # noqa: S311  it decides what happens in a made-up world
        self.done: Counter[str] = Counter()
        self._quietly: dict[str, str] = {}
        """Whether something was added or deleted without a trace, by the id of what it stood on.

        Never both: a count would be the same as before, and no night could tell.
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

    # --- what there is ----------------------------------------------------------------------------------

    def _repository(self) -> Repository:
        return self._rng.choice(sorted(set(self._world.repositories.values()), key=lambda each: each.id))

    def _pulls(self) -> list[PullRequest]:
        return [each for each in self._world.nodes.values() if isinstance(each, PullRequest)]

    def _issues(self) -> list[Issue]:
        return [each for each in self._world.nodes.values() if isinstance(each, Issue)]

    def _items(self) -> list[PullRequest | Issue]:
        return [*self._pulls(), *self._issues()]

    def _people(self) -> list[Account]:
        people = [each for each in self._world.accounts.values() if each.kind == "User"]
        return [each for each in people if each is not self._world.service]

    def _somebody(self, but: Account | None = None) -> Account:
        return self._rng.choice([each for each in self._people() if each is not but])

    # --- what happens to it -----------------------------------------------------------------------------

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
        told = {"do": "late_review", "pull_request": pull.id, "author": reviewer, "state": state}
        mutate(self._world, told | {"bump": bump})
        return True

    def _discuss(self) -> bool:
        work.discuss(self._world, self._rng.choice(self._pulls()), self._somebody(), now())
        return True

    def _is_told(self, item: PullRequest | Issue, what: str) -> bool:
        """Whether adding or deleting here, without a trace, shows in a count."""
        return self._quietly.setdefault(item.id, what) == what

    def _reply(self, *, bump: bool) -> bool:
        threads = [each for each in self._world.nodes.values() if isinstance(each, ReviewThread)]
        if not threads:
            return False
        thread = self._rng.choice(threads)
        if not bump and not self._is_told(thread.pull_request, "added"):
            return False
        work.reply(self._world, thread, self._somebody(), now(), bump=bump)
        return True

    def _comment(self, *, bump: bool) -> bool:
        item = self._rng.choice(self._items())
        if not bump and not self._is_told(item, "added"):
            return False
        told = {"do": "comment", "parent": item.id, "author": self._somebody().login, "bump": bump}
        mutate(self._world, told)
        return True

    def _threads(self, *, is_resolved: bool) -> list[ReviewThread]:
        threads = [each for each in self._world.nodes.values() if isinstance(each, ReviewThread)]
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
            each for each in self._world.nodes.values() if isinstance(each, Review) and each.state in wanted
        ]
        if reviews:
            told = {"do": "dismiss_review", "review": self._rng.choice(reviews).id}
            mutate(self._world, told | {"bump": self._rng.random() < 0.5})
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
            if each.closed and not (isinstance(each, PullRequest) and each.merged)
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
        comments = [each for each in self._world.nodes.values() if isinstance(each, Comment | ReviewComment)]
        if not comments:
            return False
        comment = self._rng.choice(comments)
        item = comment.parent if isinstance(comment, Comment) else comment.pull_request
        if self._is_told(item, "deleted"):
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
