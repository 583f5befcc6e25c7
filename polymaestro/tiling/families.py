"""Families: the units that share a parent, side by side, and the union of what they hold or get.

Their tiles lie at equal distances, however many units there are. What the units of a row hold of a residue
class is a train of equal intervals: one interval where each reaches the next one, else intervals with gaps.
Trains are joined from the lowest element on, and of each only what lies above the highest end so far is new.
A train with gaps that another one covers partly loses its first or its last intervals, which are counted as
far as `MAX_REACH` of them:

    the units of one row hold 0 … 5 and 2 … 7, those of the next 4 … 5, 8 … 9 and 12 … 13:   8 + 2·2

Where that does not do, a unit is compared with each of the next ones that its tile reaches:
|⋃_u N_u| = Σ_u |N_u minus N_u+1 minus N_u+2 …|.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from polymaestro.affine import Affine
from polymaestro.counting import QP
from polymaestro.errors import CountingUnavailableError
from polymaestro.tiling.rows import Row
from polymaestro.tiling.run import Run
from polymaestro.tiling.shapes import Box, Index, Interval, Parts, Shape, shapes_of

ZERO = Affine.of(0)
MAX_REACH = 16


class Held(Enum):
    """What is meant: the tiles now or before, or what of them the others do not hold."""

    NOW = "A"
    BEFORE = "B"
    NEW = "A minus B"
    GONE = "B minus A"

    @property
    def is_past(self) -> bool:
        """Whether it is a part of the tiles before."""
        return self in (Held.BEFORE, Held.GONE)

    def of(self, now: Shape, before: Shape) -> Shape:
        """Give it for one unit."""
        own, other = (before, now) if self.is_past else (now, before)
        return own.minus(other) if self in (Held.NEW, Held.GONE) else own


@dataclass(frozen=True)
class _Unit:
    """A unit of a row, by its offset from the first one."""

    row: Row
    offset: Affine


@dataclass(frozen=True)
class _Train:
    """Equal intervals of neighbouring units: the first one, the last one, and where the second begins.

    With `gaps`, there are elements between them.
    """

    count: QP
    first: Interval
    second: Affine
    last: Interval
    gaps: bool


@dataclass(frozen=True)
class Family:
    """The units of one parent at one step; `now` and `before` are their tiles in the other dimensions."""

    run: Run
    index: Index
    variable: str
    rows: tuple[Row, ...]
    now: Box
    before: Box

    def union(self, held: Held) -> QP:
        """|⋃_u N_u|."""
        boxes = (tuple(box.items()) for box in (self.now, self.before))
        key = (held, self.index, self.variable, self.rows, *boxes)
        return self.run.part(key, lambda run: replace(self, run=run).derived(held))

    def derived(self, held: Held) -> QP:
        """Derive the union along the decisions of the run."""
        found = self._by_trains(held)
        if found is None:
            self.run.look_closer()
            found = self._by_reach(held)
        return found

    def _boxes(self, unit: _Unit) -> tuple[Box, Box]:
        now, before = unit.row.now.at(unit.offset), unit.row.before.at(unit.offset)
        return {**self.now, self.variable: now}, {**self.before, self.variable: before}

    def _shapes(self, held: Held, units: Sequence[_Unit]) -> tuple[list[Shape], bool]:
        """Give what units hold, and whether every class moves alike from one unit to the next."""
        found = shapes_of(self.run, self.index, [box for unit in units for box in self._boxes(unit)])
        shapes = [held.of(*pair) for pair in zip(found.shapes[::2], found.shapes[1::2], strict=True)]
        return shapes, self.variable not in self.index.variables or self.variable in found.alike

    # --- Trains ---

    def _by_trains(self, held: Held) -> QP | None:
        """Join what follows each other without gaps; None where that is not enough."""
        units = [_Unit(row, at) for row in self.rows for at in (ZERO, row.stride, row.reach)]
        shapes, alike = self._shapes(held, units)
        total = QP.of(0)
        for kind in range(len(shapes[0].classes)):
            parts = [shape.classes[kind] for shape in shapes]
            union = self._union_of(self._trains(parts)) if alike else None
            if union is None:
                return None
            total = total + union
        return total

    def _trains(self, parts: list[Parts]) -> Iterator[_Train]:
        """Give the trains of one residue class, from what the first, second and last unit of a row hold."""
        for row, *several in zip(self.rows, parts[::3], parts[1::3], parts[2::3], strict=True):
            for first, second, last in zip(*several, strict=True):
                gaps = not row.is_one and not self.run.is_at_least(first[1], second[0])
                yield _Train(row.count, first, second[0], last, gaps)

    def _union_of(self, trains: Iterable[_Train]) -> QP | None:
        """Count all elements once, from the lowest on; None where units would have to be counted."""
        total = QP.of(0)
        end: Affine | None = None
        ordered = self._in_order(trains)
        for each, after in itertools.zip_longest(ordered, ordered[1:]):
            if after is None or not each.gaps or self.run.is_at_least(after.first[0], each.last[0]):
                total = total + self._added(each, end)
                end = each.last[1] if end is None else self.run.greatest(each.last[1], end)
            elif after.gaps or not self.run.is_at_least(after.last[1], each.last[1]):
                return None
            elif end is None or self.run.exceeds(after.first[0], end):
                total = total + self._added(each, end) - self._beyond(each, after.first[0])
        return total

    def _added(self, train: _Train, end: Affine | None) -> QP:
        """Count what a train adds to elements up to an end, which reach from below it to there."""
        low, high = train.first
        if end is not None and self._is_apart(low, end):
            end = None
        if not train.gaps or (end is not None and self.run.is_at_least(end, train.last[0])):
            return self._above(train.last[1], low if end is None else end)
        if end is None:
            return QP.of(high - low) * train.count
        self.run.look_closer()
        stride = train.second - low
        for number in range(1, MAX_REACH + 1):
            if self.run.is_at_least(low + stride * number, end):
                last = self._above(high + stride * (number - 1), end)
                return last + QP.of(high - low) * (train.count - number)
        raise self._far()

    def _is_apart(self, low: Affine, end: Affine) -> bool:
        """Whether what starts there holds nothing below an end.

        Where it only touches, both answers are right, and the one that is the rule makes fewer cases: tiles
        of one dimension never overlap, and windows seldom leave gaps.
        """
        if len(self.index.variables) > 1:
            return self.run.exceeds(low, end)
        return self.run.is_at_least(low, end)

    def _beyond(self, train: _Train, start: Affine) -> QP:
        """Count what of a train with gaps lies above a start, which its last interval does."""
        self.run.look_closer()
        (low, high), stride = train.last, train.second - train.first[0]
        size = QP.of(high - low)
        for number in range(1, MAX_REACH + 1):
            if self.run.exceeds(start, low - stride * number):
                return size * number + self._above(high - stride * number, start)
        raise self._far()

    def _above(self, high: Affine, start: Affine) -> QP:
        return QP.of(high - start) if self.run.exceeds(high, start) else QP.of(0)

    def _in_order(self, trains: Iterable[_Train]) -> list[_Train]:
        """Sort by the first element."""
        found: list[_Train] = []
        for each in trains:
            place = len(found)
            while place and not self.run.is_at_least(each.first[0], found[place - 1].first[0]):
                place -= 1
            found.insert(place, each)
        return found

    # --- Reach ---

    def _by_reach(self, held: Held) -> QP:
        """Compare each unit with the next ones, as far as its tile reaches."""
        rows = self._rows_in_order(held)
        reach = self._reach(rows)
        heads, tails, bulks = zip(*(self._ends(row, reach) for row in rows), strict=True)
        total = QP.of(0)
        for index, row in enumerate(rows):
            after = [unit for head in heads[index + 1 :] for unit in head]
            if not bulks[index].is_zero:
                total = total + bulks[index] * self._alone(held, heads[index][0], self._next(row, reach))
            for place, unit in enumerate(tails[index]):
                others = [*tails[index][place + 1 :], *after][:reach]
                total = total + self._alone(held, unit, others)
        return total

    def _rows_in_order(self, held: Held) -> list[Row]:
        """Sort rows by where they begin; refuse rows that are nearer than units of one row are."""
        lows: list[tuple[Affine, Row]] = []
        for row in self.rows:
            low = self._low(held, _Unit(row, ZERO))
            place = len(lows)
            while place and not self.run.is_at_least(low, lows[place - 1][0]):
                place -= 1
            lows.insert(place, (low, row))
        for (_, row), (low, other) in itertools.pairwise(lows):
            distance = low - self._low(held, _Unit(row, row.reach))
            if not self.run.is_at_least(distance, self._step(other)):
                message = f"elements along {self.variable.upper()} are shared in two places"
                raise CountingUnavailableError(message)
        return [row for _, row in lows]

    def _low(self, held: Held, unit: _Unit) -> Affine:
        return self.index.low(self._boxes(unit)[held.is_past])

    def _step(self, row: Row) -> Affine:
        return row.stride * self.index.factor(self.variable)

    def _reach(self, rows: Sequence[Row]) -> int:
        """Give how many next units a tile reaches at most, or how many there are."""
        lengths = [self.index.length(box) for row in rows for box in self._boxes(_Unit(row, ZERO))]
        units = sum((row.reach + row.stride for row in rows), ZERO)
        for reach in range(MAX_REACH):
            if self.run.is_at_least(rows[0].stride * (reach + 1), units):
                return reach
            far = self._step(rows[0]) * (reach + 1)
            if all(self.run.is_at_least(far, length) for length in lengths):
                return reach
        raise self._far()

    def _far(self) -> CountingUnavailableError:
        message = (
            f"more than {MAX_REACH} units share elements along {self.variable.upper()} and not only "
            f"neighbours do; make its tiles at least as large as the stride and the dilation"
        )
        return CountingUnavailableError(message)

    def _ends(self, row: Row, reach: int) -> tuple[list[_Unit], list[_Unit], QP]:
        """Give the first units of a row, the last ones, and how many are neither."""
        if row.is_one:
            return [_Unit(row, ZERO)], [_Unit(row, ZERO)], QP.of(0)
        for number in range(1, reach + 1):
            if self.run.is_at_least(row.stride * (number - 1), row.reach):
                few = [_Unit(row, row.stride * place) for place in range(number)]
                return few, few, QP.of(0)
        heads = [_Unit(row, row.stride * place) for place in range(max(reach, 1))]
        tails = [_Unit(row, row.reach - row.stride * place) for place in reversed(range(reach))]
        return heads, tails, row.count - reach

    def _next(self, row: Row, reach: int) -> list[_Unit]:
        return [_Unit(row, row.stride * place) for place in range(1, reach + 1)]

    def _alone(self, held: Held, unit: _Unit, others: list[_Unit]) -> QP:
        """Count what a unit holds and none of the others."""
        (own, *rest), _ = self._shapes(held, [unit, *others])
        for each in rest:
            own = own.minus(each)
        return own.size()
