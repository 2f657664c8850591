"""Discussions of a repository, as GitHub shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from sandbox.model import Account, Repository


@dataclass(frozen=True, slots=True)
class DiscussionCategory:
    """Where a discussion stands; in some categories an answer can be marked."""

    typename: ClassVar[str] = "DiscussionCategory"
    id: str
    name: str
    is_answerable: bool = False

    @property
    def slug(self) -> str:
        return self.name.lower().replace("&", "-").replace(" ", "-")


QUESTIONS = DiscussionCategory("DIC_questions", "Q&A", is_answerable=True)
IDEAS = DiscussionCategory("DIC_ideas", "Ideas")
GENERAL = DiscussionCategory("DIC_general", "General")


@dataclass(slots=True, eq=False)
class DiscussionComment:
    typename: ClassVar[str] = "DiscussionComment"
    id: str
    author: Account | None
    created_at: str
    body: str
    discussion: Discussion
    replies: list[DiscussionComment] = field(default_factory=list)

    @property
    def is_answer(self) -> bool:
        return self.discussion.answer is self


@dataclass(slots=True, eq=False)
class Discussion:
    """One discussion. Its answer is one of its comments."""

    typename: ClassVar[str] = "Discussion"
    id: str
    repository: Repository
    number: int
    author: Account | None
    title: str
    body: str
    created_at: str
    category: DiscussionCategory
    updated_at: str = ""
    full_database_id: int = 0
    comments: list[DiscussionComment] = field(default_factory=list)
    answer: DiscussionComment | None = None
    answer_chosen_at: str | None = None
    answer_chosen_by: Account | None = None
    closed_at: str | None = None

    @property
    def closed(self) -> bool:
        return self.closed_at is not None

    @property
    def is_answered(self) -> bool | None:
        return self.answer is not None if self.category.is_answerable else None

    @property
    def url(self) -> str:
        return f"{self.repository.url}/discussions/{self.number}"

    def as_of(self, end: str) -> None:
        """Takes away what came at `end` or later."""
        self.comments = [comment for comment in self.comments if comment.created_at < end]
        if self.answer_chosen_at and self.answer_chosen_at >= end:
            self.answer = self.answer_chosen_at = self.answer_chosen_by = None
        moments = [self.created_at, self.answer_chosen_at or "", *(each.created_at for each in self.comments)]
        self.updated_at = max(moments)
