"""Commits and changed files, as GitHub shows them in a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from sandbox.model import Account, PullRequest


@dataclass(slots=True, eq=False)
class GitActor:
    """A name in a commit. `user` is the account GitHub linked to the e-mail, if it could."""

    name: str | None
    email: str | None
    user: Account | None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class StatusCheckRollup:
    typename: ClassVar[str] = "StatusCheckRollup"
    id: str
    state: str


@dataclass(slots=True, eq=False)
class Commit:
    typename: ClassVar[str] = "Commit"
    id: str
    oid: str
    committed_date: str
    message: str
    authors: list[GitActor]
    authored_date: str = ""
    url: str = ""
    checks: str | None = None
    """What all checks together came to, as GitHub's `StatusState`; None when there were none."""

    @property
    def abbreviated_oid(self) -> str:
        return self.oid[:7]

    @property
    def message_headline(self) -> str:
        return self.message.partition("\n")[0]

    @property
    def author(self) -> GitActor | None:
        return self.authors[0] if self.authors else None

    @property
    def status_check_rollup(self) -> StatusCheckRollup | None:
        return StatusCheckRollup(f"SCR_{self.id}", self.checks) if self.checks else None

    @property
    def committer(self) -> GitActor | None:
        return self.author


@dataclass(slots=True, eq=False)
class PullRequestCommit:
    """A commit as it stands in one pull request."""

    typename: ClassVar[str] = "PullRequestCommit"
    id: str
    commit: Commit
    pull_request: PullRequest

    @property
    def created_at(self) -> str:
        return self.commit.committed_date

    @property
    def url(self) -> str:
        return f"{self.pull_request.url}/commits/{self.commit.oid}"


@dataclass(slots=True, eq=False)
class ChangedFile:
    path: str
    additions: int = 1
    deletions: int = 0
    change_type: str = "MODIFIED"
