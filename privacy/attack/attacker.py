"""Who is given away: for each person, item and window, whether colluders can be sure of the answer.

An answer is safe when, whichever few others collude, there is another world that has it otherwise, fits all
that was read, and leaves the colluders' own answers as they are. One such world in which few people change
refutes all coalitions of everybody else. So coalitions are not tried one by one: the attacker asks which
small one would stop all the worlds found so far, and looks for one more world against just that one.

Worlds are first looked for by hand (turn one answer, mend what it breaks; let two alike people change places)
and then by an integer program, which finds one or proves that there is none. Out of time is given away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from privacy.attack.knowledge import Fact, Reading, Rules
from privacy.attack.program import Undecided, another_world
from privacy.attack.puzzle import Block, Changes, Puzzle, has_traces

TRIES = 4
"""How many of the easy worlds that nearly fit are mended."""
MENDS = 8
"""How many changes mend one."""


@dataclass(frozen=True, slots=True)
class GivenAway:
    """This answer follows from what was read and from what this coalition knows of itself."""

    fact: Fact
    value: bool
    coalition: frozenset[str]
    by: Literal["proof", "timeout"]


def given_away(
    readings: Collection[Reading],
    rules: Rules,
    truth: Mapping[Fact, bool],
    *,
    coalition: int = 1,
    shared: Collection[Fact] = (),
    seconds: float = 10.0,
    first_only: bool = False,
) -> list[GivenAway]:
    """Every answer that a coalition of up to so many others can be sure of, each with one such coalition.

    `truth` has every fact that is read about: the coalition's own are what it knows. `shared` are answers
    that their owners told; nobody is given away by having told. `seconds` is for one program of the solver.
    Raises ValueError where the truth does not fit what was read.
    """
    puzzle = Puzzle(readings, rules, shared)
    attack = _Attack(puzzle, puzzle.world(truth), coalition, seconds)
    found = []
    for leak in attack.leaks():
        found.append(leak)
        if first_only:
            break
    return found


def a_world(
    readings: Collection[Reading], rules: Rules, known: Mapping[Fact, bool], *, seconds: float = 10.0
) -> dict[Fact, bool]:
    """Some truth that fits what was read and what is known; for an attacker who has no more than that.

    `given_away(readings, rules, a_world(...), coalition=0, shared=known)` is what such an attacker learns.
    Raises ValueError where nothing fits, and Undecided.
    """
    puzzle = Puzzle(readings, rules, known)
    start = [known.get(fact, False) for fact in puzzle.facts]
    changes = another_world(puzzle, start, None, puzzle.blocks, (), seconds)
    if changes is None:
        raise ValueError("no world fits what was read; the attacker misreads the rule of bands or the roster")
    return {fact: changes.get(at, start[at]) for at, fact in enumerate(puzzle.facts)}


class _Attack:
    def __init__(self, puzzle: Puzzle, world: list[bool], coalition: int, seconds: float) -> None:
        self.puzzle, self.world, self.coalition, self.seconds = puzzle, world, coalition, seconds
        self.count = [sum(world[fact] for fact in members) for members, _, _ in puzzle.sums]
        self.alike: dict[tuple[object, ...], list[Block]] = {}
        for block in puzzle.blocks:
            self.alike.setdefault(block.shape, []).append(block)

    def leaks(self) -> Iterator[GivenAway]:
        """Every answer that is given away. Of people who may change places, and agree, one is looked at."""
        for alike in self.alike.values():
            by_answers: dict[tuple[bool, ...], list[Block]] = {}
            for block in alike:
                by_answers.setdefault(tuple(self.world[fact] for fact in block.facts), []).append(block)
            for same in by_answers.values():
                for place, fact in enumerate(same[0].facts):
                    if fact in self.puzzle.known:
                        continue
                    leak = self._leak(fact)
                    if leak:
                        coalition, by = leak
                        yield from (
                            GivenAway(
                                self.puzzle.facts[block.facts[place]],
                                self.world[fact],
                                self._moved(coalition, same[0].person, block.person),
                                by,
                            )
                            for block in same
                        )

    def _leak(self, fact: int) -> tuple[frozenset[str], Literal["proof", "timeout"]] | None:
        """A coalition that is sure of this fact, and how; None when no coalition is."""
        person = self.puzzle.facts[fact].person_id
        changed: list[frozenset[str]] = []
        while (against := coalition_that_stops(changed, self.coalition)) is not None:
            try:
                changes = self._by_hand(fact, against)
                if changes is None:
                    changes = self._by_program(fact, against)
            except Undecided:
                return against, "timeout"
            if changes is None:
                return against, "proof"
            people = frozenset(self.puzzle.facts[at].person_id for at in changes)
            changed.append(people - {person})
        return None

    def _by_hand(self, fact: int, against: frozenset[str]) -> Changes | None:
        """A world found without the solver, if there is an easy one."""
        tries = list(self._tries(fact))
        for changes in tries:
            if self._fits(fact, changes, against):
                return changes
        for changes in tries[:TRIES]:
            mended = self._mended(fact, changes, against)
            if mended and self._fits(fact, mended, against):
                return mended
        return None

    def _by_program(self, fact: int, against: frozenset[str]) -> Changes | None:
        """First among those who stand in a sum with the person, then among all whom it may depend on."""
        blocks = self.puzzle.together(fact)
        near = self.puzzle.near(fact)
        close = [block for block in blocks if block.person in near]
        for some in [close, blocks] if len(close) < len(blocks) else [blocks]:
            changes = another_world(self.puzzle, self.world, fact, some, against, self.seconds)
            if changes is not None:
                if not self._fits(fact, changes, against):
                    raise Undecided("the solver's world does not fit when it is looked at again")
                return changes
        return None

    def _tries(self, fact: int) -> Iterator[Changes]:
        """Worlds that may fit: the person alone turned, then the person in the place of one who is alike."""
        block = self.puzzle.block_of[fact]
        yield from turned(self.world, block, fact)
        for other in self.alike[block.shape]:
            pairs = list(zip(block.facts, other.facts, strict=True))
            if self.world[dict(pairs)[fact]] != self.world[fact]:
                differing = [(own, at) for own, at in pairs if self.world[own] != self.world[at]]
                yield {at: not self.world[at] for pair in differing for at in pair}

    def _mended(self, fact: int, changes: Changes, against: frozenset[str]) -> Changes | None:
        """The changes, and others' that bring every sum back between its ends, one after the other."""
        world, count = list(self.world), list(self.count)
        own = self.puzzle.facts[fact].person_id
        self._apply(changes, world, count)
        numbers = {number for at in changes for number in self.puzzle.sums_of[at]}
        for _ in range(MENDS):
            off = {number: by for number in numbers if (by := self._off(number, count[number]))}
            if not off:
                return {at: world[at] for at in range(len(world)) if world[at] != self.world[at]}
            best: tuple[int, Changes] | None = None
            number, by = next(iter(off.items()))
            for at in sorted(self.puzzle.sums[number][0]):
                person = self.puzzle.facts[at].person_id
                if world[at] != (by > 0) or person == own or person in against:
                    continue
                for more in turned(world, self.puzzle.block_of[at], at):
                    gain = self._gain(more, count)
                    if gain > 0 and (best is None or gain > best[0]):
                        best = gain, more
            if best is None:
                return None
            self._apply(best[1], world, count)
            numbers |= {number for at in best[1] for number in self.puzzle.sums_of[at]}
        return None

    def _apply(self, changes: Changes, world: list[bool], count: list[int]) -> None:
        for at, value in changes.items():
            for number in self.puzzle.sums_of[at]:
                count[number] += value - world[at]
            world[at] = value

    def _off(self, number: int, count: int) -> int:
        """By how much a sum is too large, or, below zero, too small."""
        _, least, most = self.puzzle.sums[number]
        return max(count - most, 0) + min(count - least, 0)

    def _gain(self, changes: Changes, count: Sequence[int]) -> int:
        """How much nearer to their ends the sums come altogether; every change is a true turn."""
        moved: dict[int, int] = {}
        for at, value in changes.items():
            for number in self.puzzle.sums_of[at]:
                moved[number] = moved.get(number, 0) + (1 if value else -1)
        return sum(
            abs(self._off(number, count[number])) - abs(self._off(number, count[number] + by))
            for number, by in moved.items()
        )

    def _fits(self, fact: int, changes: Changes, against: frozenset[str]) -> bool:
        """Whether this is another world that has the fact otherwise and looks the same to the coalition."""
        if changes.get(fact, self.world[fact]) == self.world[fact] or self.puzzle.known & changes.keys():
            return False
        moved: dict[int, int] = {}
        for at, value in changes.items():
            if self.puzzle.facts[at].person_id in against:
                return False
            for number in self.puzzle.sums_of[at]:
                moved[number] = moved.get(number, 0) + value - self.world[at]
        for number, by in moved.items():
            _, least, most = self.puzzle.sums[number]
            if not least <= self.count[number] + by <= most:
                return False
        touched = {self.puzzle.block_of[at].facts[0]: self.puzzle.block_of[at] for at in changes}
        return all(
            has_traces(block, {at: changes.get(at, self.world[at]) for at in block.facts})
            for block in touched.values()
        )

    @staticmethod
    def _moved(coalition: frozenset[str], one: str, other: str) -> frozenset[str]:
        """The coalition against `other` that is to them what this one is to `one`: the two change places."""
        return frozenset(one if person == other else person for person in coalition)


def turned(world: Sequence[bool], block: Block, fact: int) -> Iterator[Changes]:
    """Ways to have one fact otherwise within its block, those that change least first."""
    if world[fact]:
        stays: set[int] = set()
        for trace in block.traces:
            if fact not in trace and all(world[at] for at in trace):
                stays.update(trace)
        yield {at: False for at in block.facts if world[at] and at not in stays}
    else:
        ways = [{at: True for at in trace if not world[at]} for trace in block.traces if fact in trace]
        yield from sorted(ways, key=len)


def coalition_that_stops(
    worlds: Sequence[frozenset[str]], at_most: int, chosen: frozenset[str] = frozenset()
) -> frozenset[str] | None:
    """Up to so many people of whom at least one changes in each of these worlds; None when it takes more."""
    left = [people for people in worlds if not people & chosen]
    if not left:
        return chosen
    if len(chosen) == at_most:
        return None
    fewest: frozenset[str] = min(left, key=len)
    for person in sorted(fewest):
        found = coalition_that_stops(left, at_most, chosen | {person})
        if found is not None:
            return found
    return None
