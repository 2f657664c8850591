"""One integer program: is there another world, with one fact turned, that looks the same from outside?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import highspy

from privacy.attack.puzzle import Block, Changes, Puzzle


class Undecided(Exception):
    """The solver ran out of time, or lost its way. Nobody is told that this is no leak."""


@dataclass
class _Rows:
    """A program as it is written down: columns from 0 to 1, and rows with a least and a most."""

    cost: list[float] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list)
    factors: list[float] = field(default_factory=list)

    def column(self, cost: float = 0.0) -> int:
        self.cost.append(cost)
        return len(self.cost) - 1

    def row(self, least: float, most: float, terms: Sequence[tuple[int, float]]) -> None:
        self.least.append(least)
        self.most.append(most)
        for column, factor in terms:
            self.columns.append(column)
            self.factors.append(factor)
        self.starts.append(len(self.columns))


def another_world(
    puzzle: Puzzle,
    world: Sequence[bool],
    turned: int | None,
    blocks: Collection[Block],
    unchanged: Collection[str],
    seconds: float,
) -> Changes | None:
    """What differs in a world in which the fact `turned` is otherwise; None where there is proven to be none.

    Only `blocks` may differ, and of these only those of people not in `unchanged`. Few people change. Without
    `turned`, any world that fits. Raises Undecided.
    """
    rows = _Rows()
    column: dict[int, int] = {}
    for block in blocks:
        if block.person not in unchanged:
            _add_block(rows, column, block, puzzle, world, counted=turned is not None)
    for members, least, most in _sums_over(puzzle, column):
        fixed = sum(world[fact] for fact in members if fact not in column)
        rows.row(least - fixed, most - fixed, [(column[fact], 1.0) for fact in members if fact in column])
    if turned is not None:
        if turned not in column:
            return None
        rows.row(1 - world[turned], 1 - world[turned], [(column[turned], 1.0)])
    values = _solved(rows, seconds)
    if values is None:
        return None
    found = {fact: values[at] > 0.5 for fact, at in column.items()}
    return {fact: value for fact, value in found.items() if value != world[fact]}


def _add_block(
    rows: _Rows, column: dict[int, int], block: Block, puzzle: Puzzle, world: Sequence[bool], *, counted: bool
) -> None:
    differs = rows.column(cost=1.0) if counted else None
    for fact in block.facts:
        column[fact] = rows.column()
        if fact in puzzle.known:
            rows.row(world[fact], world[fact], [(column[fact], 1.0)])
        elif differs is not None:
            away = -1.0 if world[fact] else 1.0
            rows.row(float(world[fact]), highspy.kHighsInf, [(differs, 1.0), (column[fact], -away)])
    if len(block.facts) == 1:
        return  # whatever traces make it true, it is true or not
    makers: dict[int, list[int]] = {fact: [] for fact in block.facts}
    for trace in block.traces:
        left = rows.column()
        for fact in trace:
            makers[fact].append(left)
            rows.row(0.0, highspy.kHighsInf, [(column[fact], 1.0), (left, -1.0)])
    for fact, left_by in makers.items():
        rows.row(-highspy.kHighsInf, 0.0, [(column[fact], 1.0), *((left, -1.0) for left in left_by)])


def _sums_over(puzzle: Puzzle, facts: Collection[int]) -> list[tuple[frozenset[int], int, int]]:
    return [puzzle.sums[at] for at in sorted({at for fact in facts for at in puzzle.sums_of[fact]})]


def _solved(rows: _Rows, seconds: float) -> Sequence[float] | None:
    """The values of all columns, or None where no values exist. Raises Undecided."""
    model = highspy.HighsLp()
    width = len(rows.cost)
    model.num_col_, model.num_row_ = width, len(rows.least)
    model.col_cost_ = rows.cost
    model.col_lower_, model.col_upper_ = [0.0] * width, [1.0] * width
    model.row_lower_, model.row_upper_ = rows.least, rows.most
    model.integrality_ = [highspy.HighsVarType.kInteger] * width
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = rows.starts
    model.a_matrix_.index_ = rows.columns
    model.a_matrix_.value_ = rows.factors
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # its stubs leave this one out
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", seconds)
    solver.setOptionValue("mip_rel_gap", 0.5)  # few people are enough; fewest are not worth the time
    if solver.passModel(model) != highspy.HighsStatus.kOk:
        raise Undecided("the solver does not take the program")
    solver.run()
    match solver.getModelStatus():
        case highspy.HighsModelStatus.kOptimal:
            return list(solver.getSolution().col_value)
        case highspy.HighsModelStatus.kInfeasible:
            return None
        case other:
            raise Undecided(f"the solver stopped without an answer: {other.name}")
