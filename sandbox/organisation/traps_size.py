"""Traps beyond a page: more than a hundred of everything that hangs below a pull request or an issue."""

from __future__ import annotations

from sandbox.commits import ChangedFile, GitActor
from sandbox.organisation.maker import Maker
from sandbox.organisation.places import Places
from sandbox.organisation.quarters import later
from sandbox.organisation.scene import scene


def more_than_a_page_of_reviews(maker: Maker, places: Places) -> list[str]:
    """130 reviews; the last one alone asks for changes."""
    now = scene(maker, places, "many reviews")
    pull = now.merged("Agree on one date format")
    for n in range(128):
        maker.review(pull, now.other, "COMMENTED", later(now.at, minutes=n / 2), "One more thing?")
    review = maker.review(
        pull, now.other, "CHANGES_REQUESTED", later(now.at, hours=1.5), "Please split this."
    )
    return [pull.id, review.id]


def more_than_a_page_of_threads(maker: Maker, places: Places) -> list[str]:
    """120 threads on one pull request."""
    now = scene(maker, places, "many threads")
    pull = now.merged("Move every model to the new store")
    review = maker.review(pull, now.other, "COMMENTED", later(now.at, hours=1))
    threads = [maker.thread(review, pull.files[0].path, f"Why row {n}?") for n in range(120)]
    return [pull.id, threads[-1].id]


def more_than_a_page_of_thread_comments(maker: Maker, places: Places) -> list[str]:
    """A thread with 110 comments."""
    now = scene(maker, places, "long thread")
    pull = now.merged("Name things")
    review = maker.review(pull, now.other, "COMMENTED", later(now.at, minutes=10))
    thread = maker.thread(review, pull.files[0].path, "Is `data` a name?")
    for n in range(1, 110):
        who = now.author if n % 2 else now.other
        maker.line_comment(
            thread, review, who, later(now.at, minutes=10 + n / 2), f"Option {n}?", thread.path
        )
    return [pull.id, thread.id]


def more_than_a_page_of_files(maker: Maker, places: Places) -> list[str]:
    """140 files, of which the last alone is a test."""
    now = scene(maker, places, "many files")
    pull = now.merged("Rename the package")
    pull.files = [ChangedFile(f"services/shared/part_{n:03d}.py", 2, 2) for n in range(139)]
    pull.files.append(ChangedFile("tests/test_package.py", 4, 0, "ADDED"))
    return [pull.id]


def more_than_a_page_of_commits(maker: Maker, places: Places) -> list[str]:
    """260 commits: REST stops at 250; a second author wrote the last."""
    now = scene(maker, places, "many commits")
    pull = now.merged("Try it step by step")
    for n in range(258):
        maker.commit(pull, [now.author], later(now.at, hours=-20, minutes=n / 2), f"Step {n}")
    maker.commit(pull, [now.other], later(now.at, minutes=30), "Last step")
    return [pull.id]


def more_than_a_page_of_comments(maker: Maker, places: Places) -> list[str]:
    """An issue with 130 comments."""
    now = scene(maker, places, "many comments")
    issue = maker.issue(
        now.repository, now.author, now.at, "Which name should it have?", labels=("question",)
    )
    for n in range(130):
        maker.comment(issue, now.other, later(now.at, minutes=n), f"What about number {n}?")
    return [issue.id]


def more_than_a_page_of_authors(maker: Maker, places: Places) -> list[str]:
    """A commit with 105 authors, the last of whom has an account."""
    now = scene(maker, places, "many authors")
    pull = now.merged("Write the charter")
    crowd = [GitActor(f"Guest {n}", f"guest-{n}@tidewater.example", None) for n in range(104)]
    other = GitActor(now.other.name, now.other.email, now.other)
    maker.commit(pull, [*crowd, other], later(now.at, hours=-2))
    return [pull.id]


def more_than_a_page_of_events(maker: Maker, places: Places) -> list[str]:
    """60 review requests, each removed again, and 60 comments; the merge is the last event."""
    now = scene(maker, places, "many events")
    pull = now.pull_request("Find somebody who knows")
    for n in range(60):
        at = later(now.at, minutes=n)
        maker.event(pull, "ReviewRequestedEvent", now.author, at, requested_reviewer=now.other)
        maker.comment(pull, now.author, at, "Could you look, or do you know who could?")
        maker.event(pull, "ReviewRequestRemovedEvent", now.author, at, requested_reviewer=now.other)
    maker.review(pull, now.reviewer, "APPROVED", later(now.at, hours=2))
    maker.merge(pull, now.reviewer, later(now.at, hours=3))
    return [pull.id, pull.events[-1].id]
