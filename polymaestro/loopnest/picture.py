"""A picture in text: which unit holds which tile in the first steps.

Units are rows, steps are columns. Only what differs somewhere in the picture stands in its head and cells:
loops, dimensions and input coordinates; the others are named once below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice, product

from polymaestro.affine import Affine
from polymaestro.loopnest.nest import LoopNest, Tile

FIRST_UNITS = 2
FIRST_STEPS = 4
MOST_ROWS = 12
IDLE = "idle"

Step = tuple[int, ...]
"""The values of all time loops, outermost first; compared lexicographically."""

Unit = tuple[int, ...]
"""(u0, …): one unit index per level."""

Range = tuple[int, int]
"""The indices b, b+1, …, e-1 as (b, e)."""

Box = dict[str, Range]
"""A range for each iteration variable, and for each input coordinate of a window."""


def picture(nest: LoopNest, point: Mapping[str, int], width: int | None = None) -> str:
    """Draw the first units, and the last one of each level, in their first active steps.

    As many steps are drawn as fit the width, at least one.

    `point` gives every symbol of the nest a number.

    >>> from polymaestro.loopnest import lower
    >>> from polymaestro.workload import gemm
    >>> from polymaestro.dataflow import parse_dataflow
    >>> flow = parse_dataflow("SpatialMap(1,1) M; TemporalMap(4,4) K")
    >>> print(picture(lower(gemm(M=3, N=5, K=6), flow, num_pes=2), {}))
          f0_m=0, t0_k=0  f0_m=0, t0_k=1  f0_m=1, t0_k=0  f0_m=1, t0_k=1
    u0=0  m 0  k 0…3      m 0  k 4…5      m 2  k 0…3      m 2  k 4…5
    u0=1  m 1  k 0…3      m 1  k 4…5      idle            idle
    everywhere: n 0…4
    """
    schedule = Schedule(nest, point)
    units = _shown(schedule.counts)
    every = merge(*map(schedule.steps, units))
    steps = [step for step, _ in islice(groupby(every), FIRST_STEPS)]
    boxes = [[schedule.box(unit, step) for step in steps] for unit in units]
    held = [box for row in boxes for box in row if box is not None]
    if not held:
        return "none of the first units does anything"
    varying = [name for name in held[0] if len({box[name] for box in held}) > 1]
    names = [_assigned([each.name for each in nest.units], unit) for unit in units]
    rows = [[name, *(_cell(box, varying) for box in row)] for name, row in zip(names, boxes, strict=True)]
    head, same = _times([loop.name for loop in nest.loops], steps)
    same += [f"{name} {_written(range_)}" for name, range_ in held[0].items() if name not in varying]
    lines = _fitting([["", *head], *rows], width)
    return "\n".join([*lines, *([f"everywhere: {', '.join(same)}"] if same else [])])


@dataclass(frozen=True)
class _Test:
    """``expression ≥ least``, decidable once the first `depth` loops have a value."""

    expression: Affine
    least: int
    depth: int


class Schedule:
    """The steps and tiles of single units, found without running all the others."""

    def __init__(self, nest: LoopNest, point: Mapping[str, int]) -> None:
        """Sort the conditions by how many loops must be known to decide them."""
        self.nest = nest
        self.point = dict(point)
        self.counts = tuple(units.count.evaluate(point) for units in nest.units)
        needed = [(guard.expression, 0) for guard in nest.guards]
        needed += [(gap, 1) for _, tile in nest.tiles for gap in _gaps(tile)]
        place = {loop.name: depth for depth, loop in enumerate(nest.loops, start=1)}
        self._tests: list[list[_Test]] = [[] for _ in range(len(nest.loops) + 1)]
        for expression, least in needed:
            depth = max((place[name] for name in expression.names() if name in place), default=0)
            self._tests[depth].append(_Test(expression, least, depth))

    def steps(self, unit: Unit) -> Iterator[Step]:
        """Yield the steps at which a unit has a tile, in the order of time."""
        return self._steps(self._known(unit, ()), 0)

    def box(self, unit: Unit, step: Step) -> Box | None:
        """Give the tile that a unit has at a step; None while it is idle."""
        known = self._known(unit, step)
        in_loops = all(known[loop.name] <= loop.last.evaluate(known) for loop in self.nest.loops)
        if not in_loops or not all(self._passes(known, depth) for depth in range(len(self._tests))):
            return None
        box = self._tiles(known)
        if not self._works(box):
            return None
        for window in self.nest.operator.windows:
            (first, end), (tap, taps) = box[window.output.lower()], box[window.filter.lower()]
            low, high = (
                window.coordinate().evaluate({window.output.lower(): p, window.filter.lower(): r})
                for p, r in ((first, tap), (end - 1, taps - 1))
            )
            box[window.input.lower()] = (low, high + 1)
        return box

    def _tiles(self, known: Mapping[str, int]) -> Box:
        return {
            name: (tile.origin.evaluate(known), tile.end.evaluate(known)) for name, tile in self.nest.tiles
        }

    def _works(self, box: Box) -> bool:
        """Whether some point of a box lies in the operator's domain."""
        conditions = self.nest.operator.conditions
        names = sorted({name for condition in conditions for name in condition.names()} & set(box))
        corners = [
            {n: box[n][0] if f < 0 else box[n][1] - 1 for n, f in c.terms if n in box} for c in conditions
        ]
        if any(c.evaluate(self.point | corner) < 0 for c, corner in zip(conditions, corners, strict=True)):
            return False
        points = product(*(range(*box[name]) for name in names))
        values = (self.point | dict(zip(names, point, strict=True)) for point in points)
        return any(all(condition.evaluate(value) >= 0 for condition in conditions) for value in values)

    def _known(self, unit: Unit, step: Step) -> dict[str, int]:
        units = zip((each.name for each in self.nest.units), unit, strict=True)
        return (
            self.point | dict(units) | dict(zip((loop.name for loop in self.nest.loops), step, strict=False))
        )

    def _steps(self, known: dict[str, int], depth: int) -> Iterator[Step]:
        if not self._passes(known, depth):
            return
        if depth == len(self.nest.loops):
            if self._works(self._tiles(known)):
                yield tuple(known[loop.name] for loop in self.nest.loops)
            return
        loop = self.nest.loops[depth]
        for value in range(loop.last.evaluate(known) + 1):
            yield from self._steps(known | {loop.name: value}, depth + 1)

    def _passes(self, known: dict[str, int], depth: int) -> bool:
        return all(test.expression.evaluate(known) >= test.least for test in self._tests[depth])


def _gaps(tile: Tile) -> Iterator[Affine]:
    """Give what must be at least 1 for a tile to hold an index."""
    return (end - lower for end in tile.ends for lower in tile.lowers)


def _shown(counts: tuple[int, ...]) -> list[Unit]:
    """Choose the first units of each level and its last one, and not too many in all."""
    chosen = [sorted({*range(min(FIRST_UNITS, count)), count - 1}) for count in counts]
    return list(islice(product(*chosen), MOST_ROWS))


def _assigned(names: Sequence[str], values: Sequence[int]) -> str:
    return ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


def _times(loops: Sequence[str], steps: Sequence[Step]) -> tuple[list[str], list[str]]:
    """Write for each step the loops that differ, and those that are the same in all."""
    moving = [index for index in range(len(loops)) if len({step[index] for step in steps}) > 1]
    head = [_assigned([loops[i] for i in moving], [step[i] for i in moving]) for step in steps]
    return head, [f"{name} = {steps[0][i]}" for i, name in enumerate(loops) if i not in moving]


def _cell(box: Box | None, varying: list[str]) -> str:
    if box is None:
        return IDLE
    return "  ".join(f"{name} {_written(box[name])}" for name in varying) or "the same"


def _written(indices: Range) -> str:
    begin, end = indices
    return str(begin) if end == begin + 1 else f"{begin}…{end - 1}"


def _fitting(rows: list[list[str]], width: int | None) -> list[str]:
    """Leave out the last steps, but for one, until the lines fit the width."""
    lines = _aligned(rows)
    while width is not None and len(rows[0]) > 2 and max(map(len, lines)) > width:  # noqa: PLR2004  one step
        rows = [row[:-1] for row in rows]
        lines = _aligned(rows)
    return lines


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [line.rstrip() for line in lines if line.strip()]
