"""The discussions of a quarter: questions with and without an answer, ideas, and the traps around them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sandbox.discussions import GENERAL, IDEAS, Discussion
from sandbox.organisation.maker import Maker, soon_after
from sandbox.organisation.places import Places
from sandbox.organisation.quarters import later, some_moment
from sandbox.organisation.scene import Scene, scene
from sandbox.organisation.words import ANSWERS, REASONS, change_title, question_title


def discuss(maker: Maker, places: Places) -> None:
    """A dozen discussions in every repository that has them."""
    for repository in places.repositories:
        if not repository.has_discussions_enabled:
            continue
        rng = maker.rng("discussions", repository.name)
        for _ in range(12):
            at = some_moment(rng, maker.quarter)
            here = places.staff.on(date.fromisoformat(at[:10]), managers=True)
            author, helper, other = (places.account(who) for who in rng.sample(here, 3))
            if rng.random() < 0.3:
                title, category = f"Idea: {change_title(rng)}", rng.choice((IDEAS, GENERAL))
                maker.discussion(repository, author, at, title, rng.choice(REASONS), category)
                continue
            question = maker.discussion(repository, author, at, question_title(rng))
            commented_at = soon_after(rng, at, 20)
            maker.discuss(question, other, commented_at, "I would like to know as well.")
            answer = maker.discuss(question, helper, later(commented_at, hours=1), rng.choice(ANSWERS))
            if rng.random() < 0.6:
                maker.mark_answer(answer, rng.choice((author, other)), soon_after(rng, commented_at, 60))


def _question(maker: Maker, places: Places, name: str) -> tuple[Scene, Discussion]:
    now = scene(maker, places, name)
    repository = next(each for each in places.repositories if each.has_discussions_enabled)
    return now, maker.discussion(repository, now.author, now.at, "Which index should we keep?")


def discussion_answered_by_its_author(maker: Maker, places: Places) -> list[str]:
    """Somebody answers their own question and marks it: no help to others."""
    now, question = _question(maker, places, "own answer")
    answer = maker.discuss(question, now.author, later(now.at, hours=3), "The smaller one, it turns out.")
    maker.mark_answer(answer, now.author, later(now.at, hours=3.1))
    return [question.id]


def answer_marked_by_who_gave_it(maker: Maker, places: Places) -> list[str]:
    """Somebody marks their own answer: nobody else says that it was one."""
    now, question = _question(maker, places, "self-marked")
    answer = maker.discuss(question, now.reviewer, later(now.at, hours=2), "Keep both.")
    maker.mark_answer(answer, now.reviewer, later(now.at, hours=2.1))
    return [question.id]


def answer_by_a_deleted_account(maker: Maker, places: Places) -> list[str]:
    """The answer stays marked when the account behind it is gone."""
    now, question = _question(maker, places, "deleted answer")
    answer = maker.discuss(question, None, later(now.at, hours=2), "Ask the planner.")
    maker.mark_answer(answer, now.author, later(now.at, hours=4))
    return [question.id, answer.id]


def answer_in_the_next_quarter(maker: Maker, places: Places) -> list[str]:
    """Asked in one quarter, answered four months later: the help belongs to the later one."""
    now, question = _question(maker, places, "late answer")
    answer = maker.discuss(
        question, now.reviewer, later(now.at, days=120), "It was the larger one after all."
    )
    maker.mark_answer(answer, now.author, later(now.at, days=121))
    return [question.id]


DISCUSSION_TRAPS: dict[str, Callable[[Maker, Places], list[str]]] = {
    "discussion-answered-by-who-asked": discussion_answered_by_its_author,
    "answer-marked-by-who-gave-it": answer_marked_by_who_gave_it,
    "answer-by-a-deleted-account": answer_by_a_deleted_account,
    "answer-in-the-next-quarter": answer_in_the_next_quarter,
}
