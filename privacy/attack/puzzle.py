"""Everything an attacker knows as one puzzle: yes-or-no facts, sums of them, and traces they share.

A fact is true if and only if one of the traces it asks for was left. Facts that share a trace or stand in one
sum are a party, and nothing outside a party can say anything about it. A person's facts in one party are a
block. People whose blocks stand in the very same sums may change places without anybody noticing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from privacy.attack.knowledge import Fact, Reading, Rules, quarters_before

Changes = dict[int, bool]
"""What another world has otherwise, by the number of the fact."""


@dataclass(frozen=True, slots=True)
class Block:
    """Facts of one person that hang together. Each trace is told by the facts that it makes true."""

    person: str
    facts: tuple[int, ...]
    traces: tuple[tuple[int, ...], ...]
    shape: tuple[object, ...]
    """Equal for blocks that stand in the same sums: these may change places."""


class Puzzle:
    """The facts, by number, with the sums they stand in and the blocks they belong to."""

    def __init__(self, readings: Collection[Reading], rules: Rules, known: Collection[Fact] = ()) -> None:
        self.facts = sorted({fact for reading in readings for fact in reading.facts} | set(known))
        number = {fact: at for at, fact in enumerate(self.facts)}
        self.sums = [(frozenset(map(number.__getitem__, r.facts)), r.least, r.most) for r in readings]
        self.sums_of: list[list[int]] = [[] for _ in self.facts]
        for at, (members, _, _) in enumerate(self.sums):
            for fact in members:
                self.sums_of[fact].append(at)
        self.known = frozenset(number[fact] for fact in known)
        traces = self._traces(rules)
        self._party_of = _parties(len(self.facts), [*traces, *(members for members, _, _ in self.sums)])
        self.block_of = self._blocks(traces)
        self.blocks = list({block.facts[0]: block for block in self.block_of}.values())

    def world(self, true: Mapping[Fact, bool]) -> list[bool]:
        """A world by number. Raises ValueError where it does not fit: then something was read wrongly."""
        found = [true[fact] for fact in self.facts]
        for members, least, most in self.sums:
            if not least <= sum(found[fact] for fact in members) <= most:
                some = self.facts[min(members)]
                raise ValueError(
                    f"what was read of item {some.item!r} in {some.window} does not fit the truth; "
                    "the attacker misreads the rule of bands or the roster"
                )
        if wrong := [block for block in self.blocks if not has_traces(block, found)]:
            some = self.facts[wrong[0].facts[0]]
            raise ValueError(
                f"no traces explain the items of {some.window}; the links between items are wrong"
            )
        return found

    def together(self, fact: int) -> list[Block]:
        """Every block that anything about this fact may depend on."""
        return [block for block in self.blocks if self._party_of[block.facts[0]] == self._party_of[fact]]

    def near(self, fact: int) -> set[str]:
        """The people who stand in a sum with this block."""
        return {
            self.facts[other].person_id
            for own in self.block_of[fact].facts
            for at in self.sums_of[own]
            for other in self.sums[at][0]
        }

    def _traces(self, rules: Rules) -> set[tuple[int, ...]]:
        """Each trace that anybody may have left, told by the facts that it makes true."""
        makes: dict[object, list[int]] = {}
        for at, fact in enumerate(self.facts):
            if fact.item not in rules:
                makes[at] = [at]
            for trace, ago in rules.get(fact.item, ()):
                makes.setdefault((fact.person_id, trace, quarters_before(fact.window, ago)), []).append(at)
        return {tuple(facts) for facts in makes.values()}

    def _blocks(self, traces: Iterable[tuple[int, ...]]) -> list[Block]:
        """The block of each fact."""
        facts_of: dict[tuple[str, int], list[int]] = {}
        for at, fact in enumerate(self.facts):
            facts_of.setdefault((fact.person_id, self._party_of[at]), []).append(at)
        traces_of: dict[tuple[str, int], list[tuple[int, ...]]] = {}
        for trace in sorted(traces):
            key = (self.facts[trace[0]].person_id, self._party_of[trace[0]])
            traces_of.setdefault(key, []).append(trace)
        found: dict[int, Block] = {}
        for key, facts in facts_of.items():
            block = Block(key[0], tuple(facts), tuple(traces_of.get(key, ())), self._shape(facts))
            found |= dict.fromkeys(facts, block)
        return [found[at] for at in range(len(self.facts))]

    def _shape(self, facts: Iterable[int]) -> tuple[object, ...]:
        return tuple(
            (*self.facts[at][1:], *self.sums_of[at], f"known {at}" if at in self.known else "")
            for at in facts
        )


def has_traces(block: Block, world: Mapping[int, bool] | list[bool]) -> bool:
    """Whether some traces make exactly the true facts of this block true."""
    explained: set[int] = set()
    for trace in block.traces:
        if all(world[fact] for fact in trace):
            explained.update(trace)
    return all(fact in explained or not world[fact] for fact in block.facts)


def _parties(count: int, groups: Iterable[Collection[int]]) -> list[int]:
    """For each number its party: two are in one party when a chain of groups leads from one to the other."""
    parent = list(range(count))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for group in groups:
        first, *others = group
        for other in others:
            parent[root(other)] = root(first)
    return [root(at) for at in range(count)]
