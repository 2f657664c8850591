"""The roster as a stage of the night: what came of taking it over is added to the run's log."""

from __future__ import annotations

from flows.context import Night
from flows.run_log import Refusal, RosterMistake, Unfinished
from people import enrolment


def import_roster(night: Night, *, fewer_is_meant: bool = False) -> None:
    """Takes over who is in which team, and which accounts are whose."""
    known = night.log.texts(RosterMistake)
    task = enrolment.RosterImport(
        night.settings, night.store, night.vault, night.as_of, night.rubric.id, mistakes=[*known]
    )
    enrolment.import_roster(task, night.roster, fewer_is_meant=fewer_is_meant)
    night.log.append(*(RosterMistake(text) for text in task.mistakes if text not in known))
    night.log.append(*map(Refusal, task.refusals))
    if task.mistakes:
        night.log.append(Unfinished("roster"))
    night.log.say(*task.sentences)
