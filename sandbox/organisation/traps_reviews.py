"""Traps around reviews: who reviewed, when, in whose name, and what a comment hangs on."""

from __future__ import annotations

from sandbox.organisation.maker import Maker
from sandbox.organisation.places import Places, changed
from sandbox.organisation.quarters import later
from sandbox.organisation.scene import scene


def pending_review(maker: Maker, places: Places) -> list[str]:
    """A review that was begun and never submitted: it has no submission date and has not happened."""
    now = scene(maker, places, "pending review")
    pull = now.merged("Read the quota from the settings")
    review = maker.review(pull, now.other, "PENDING", later(now.at, hours=1))
    maker.thread(review, pull.files[0].path, "Not sure about this yet?")
    return [pull.id, review.id]


def review_dismissed_later(maker: Maker, places: Places) -> list[str]:
    """Changes requested, then dismissed by somebody else; the submission date stays what it was."""
    now = scene(maker, places, "dismissed")
    pull = now.merged("Give up sooner when the cache is gone")
    review = maker.review(pull, now.other, "DISMISSED", later(now.at, hours=1), "This needs a test, I think.")
    maker.event(
        pull,
        "ReviewDismissedEvent",
        now.reviewer,
        later(now.at, hours=2.5),
        review=review,
        previous_review_state="CHANGES_REQUESTED",
        dismissal_message="There is a test now.",
    )
    return [pull.id, review.id]


def several_reviews_by_one_person(maker: Maker, places: Places) -> list[str]:
    """Five reviews of one pull request by one person: one pull request reviewed, not five."""
    now = scene(maker, places, "several")
    pull = now.pull_request("Split the loader in two")
    reviews = [
        maker.review(pull, now.reviewer, "COMMENTED", later(now.at, hours=n), "And this?")
        for n in range(1, 5)
    ]
    reviews.append(maker.review(pull, now.reviewer, "APPROVED", later(now.at, hours=6)))
    maker.merge(pull, now.author, later(now.at, hours=7))
    return [pull.id, *(review.id for review in reviews)]


def review_after_the_merge(maker: Maker, places: Places) -> list[str]:
    """A review of a merged pull request four months later, in another quarter."""
    now = scene(maker, places, "late")
    pull = now.merged("Keep the snapshot for a day longer")
    review = maker.review(
        pull, now.other, "COMMENTED", later(now.at, days=120), "Why did we keep both formats?"
    )
    return [pull.id, review.id]


def review_asked_of_a_team(maker: Maker, places: Places) -> list[str]:
    """A review asked of a team and given by one of it, on behalf of the team."""
    now = scene(maker, places, "team review")
    team = next(iter(places.teams.values()))
    pull = now.pull_request("Let the console read the new field")
    maker.ask_for_review(pull, team, later(now.at, minutes=1))
    review = maker.review(pull, now.reviewer, "APPROVED", later(now.at, hours=5), for_team=team)
    maker.merge(pull, now.author, later(now.at, hours=6))
    return [pull.id, review.id]


def code_owner_request(maker: Maker, places: Places) -> list[str]:
    """A monorepo path belongs to another team, so CODEOWNERS asks them, whoever the change is by."""
    now = scene(maker, places, "code owners")
    owners = list(places.teams.values())[-1]
    pull = now.pull_request("Raise the limit of the shared client")
    pull.files.append(changed(now.rng, f"services/{owners.slug}/client.py"))
    pull.files.append(changed(now.rng, ".github/CODEOWNERS"))
    maker.ask_for_review(pull, owners, now.at, as_code_owner=True)
    maker.review(pull, now.reviewer, "APPROVED", later(now.at, hours=3))
    maker.merge(pull, now.author, later(now.at, hours=9))
    return [pull.id]


def draft_to_ready_and_back(maker: Maker, places: Places) -> list[str]:
    """Ready, a draft again, ready again: only the last word counts."""
    now = scene(maker, places, "draft")
    pull = now.pull_request("Try the other index")
    pull.is_draft = True
    for hours, kind in ((2, "ReadyForReviewEvent"), (5, "ConvertToDraftEvent"), (30, "ReadyForReviewEvent")):
        maker.event(pull, kind, now.author, later(now.at, hours=hours))
    maker.review(pull, now.reviewer, "APPROVED", later(now.at, hours=33))
    maker.merge(pull, now.author, later(now.at, hours=34))
    return [pull.id]


def self_review_and_comments(maker: Maker, places: Places) -> list[str]:
    """An author who comments and reviews their own pull request: the author is never the reviewer."""
    now = scene(maker, places, "self")
    pull = now.merged("Rename the flag for good")
    review = maker.review(
        pull, now.author, "COMMENTED", later(now.at, hours=1), "A note for whoever reads this."
    )
    thread = maker.thread(review, pull.files[0].path, "Should this be a constant?")
    comment = maker.comment(pull, now.author, later(now.at, hours=1.2), "Why not all at once? See below.")
    return [pull.id, review.id, thread.id, comment.id]


def ai_reviewer(maker: Maker, places: Places) -> list[str]:
    """A robot that reviews with questions and suggestions, like a diligent colleague."""
    now = scene(maker, places, "ai")
    robot = places.robots["review-assistant"]
    pull = now.merged("Accept late rows for an hour")
    review = maker.review(
        pull, robot, "COMMENTED", later(now.at, minutes=3), "Two remarks. Could these be tested?"
    )
    maker.thread(review, pull.files[0].path, "Is `rows` ever None?\n```suggestion\nrows = rows or []\n```")
    return [pull.id, review.id]


def comment_without_a_review(maker: Maker, places: Places) -> list[str]:
    """A line comment from the time before reviews: it names no review."""
    now = scene(maker, places, "no review")
    pull = now.merged("Warm the cache before the first request")
    review = maker.review(pull, now.other, "COMMENTED", later(now.at, hours=1))
    thread = maker.thread(review, pull.files[0].path, "Nice.")
    orphan = maker.line_comment(thread, None, now.other, later(now.at, hours=1.1), "Or is it?", thread.path)
    return [pull.id, orphan.id]
