"""Refusals of `privacy/door.py`: the class says what the reader does next, the message is a sentence.

DoorError
  NotShown          there is no band here, by policy
  NotDue            ask again on the day the message names
  AlreadyPublished  nothing to do: a release is published once
  UnknownTeam       spell the team differently
  WhichRubric       name one of the rubrics that the message lists
  UnknownItem       spell the item differently
  NotYetPublished   ask again on the day the message names
  BrokenRelease     an operator has to look: a published file was altered or is missing
  NoReport          there is no report for this reader; the message gives no reason
  AddsUp            the person decides again, knowing what this share adds to
  RefusedBody       a programming mistake: a body holds something its audience may not see
"""

from __future__ import annotations


class DoorError(Exception):
    """Nothing was released."""


class NotShown(DoorError):
    """This cell has no band."""


class NotDue(DoorError):
    """The window has not been closed for long enough."""


class AlreadyPublished(DoorError):
    """This release is published and cannot change."""


class UnknownTeam(DoorError):
    """No release of a team of this name exists."""


class WhichRubric(DoorError):
    """The team has a release for each of several rubrics, and none of them was named."""

    def __init__(self, sentence: str, rubrics: list[str]) -> None:
        super().__init__(sentence)
        self.rubrics = rubrics


class UnknownItem(DoorError):
    """The release has no such item."""


class NotYetPublished(DoorError):
    """The team is known; this window has no release."""


class BrokenRelease(DoorError):
    """A published file is missing, altered or unreadable."""


class NoReport(DoorError):
    """No report for this reader. Unknown, guessed and forbidden look the same."""


class AddsUp(DoorError):
    """With others' shares and a published band, this share could tell what teammates did."""


class RefusedBody(DoorError):
    """A body holds something its audience may not see."""
