"""Families: the units that share a parent, side by side, and the union of what they hold or get.

Their tiles lie at equal distances, however many units there are. Where an element that two units hold is
held by all units between them, as for tiles of whole windows,

    |⋃_u N_u| = Σ_u |N_u| - Σ_u |N_u ∩ N_u+1|,

and only neighbours have to be compared. Where that fails between two rows of units, but the tiles of each row
overlap or touch, a row holds one interval from its first to its last unit. Otherwise a unit is compared with
each of the next ones that its tile reaches: |⋃_u N_u| = Σ_u |N_u minus N_u+1 minus N_u+2 …|.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.errors import CountingUnavailableError
from polymaestro.tiling.rows import Row
from polymaestro.tiling.run import Run
from polymaestro.tiling.shapes import Box, Index, Interval, Parts, Shape, meet, minus, shapes_of, size

QP = QuasiPolynomial
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
class _Sample:
    """What the first, the second and the last unit of a row hold."""

    row: Row
    first: Interval
    second: Interval
    last: Interval


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
        found = self._by_neighbours(held)
        return self._by_reach(held) if found is None else found

    def _boxes(self, unit: _Unit) -> tuple[Box, Box]:
        now, before = unit.row.now.at(unit.offset), unit.row.before.at(unit.offset)
        return {**self.now, self.variable: now}, {**self.before, self.variable: before}

    def _shapes(self, held: Held, units: Sequence[_Unit]) -> tuple[list[Shape], bool]:
        """Give what units hold, and whether every class moves alike from one unit to the next."""
        found = shapes_of(self.run, self.index, [box for unit in units for box in self._boxes(unit)])
        shapes = [held.of(*pair) for pair in zip(found.shapes[::2], found.shapes[1::2], strict=True)]
        return shapes, self.variable not in self.index.variables or self.variable in found.alike

    # --- Neighbours ---

    def _by_neighbours(self, held: Held) -> QP | None:
        """Compare neighbours only; None where that is not enough."""
        units = [_Unit(row, at) for row in self.rows for at in (ZERO, row.stride, row.reach)]
        shapes, alike = self._shapes(held, units)
        total = QP.of(0)
        for kind in range(len(shapes[0].classes)):
            samples = self._samples([shape.classes[kind] for shape in shapes]) if alike else None
            if samples is None:
                return None
            union = self._union_in_order(samples)
            if union is None:
                union = self._union_of_rows(samples)
            if union is None:
                return None
            total = total + union
        return total

    def _samples(self, parts: list[Parts]) -> list[_Sample] | None:
        """Give three samples of each row within one residue class; None where one is no interval."""
        samples: list[_Sample] = []
        for row, first, second, last in zip(self.rows, parts[::3], parts[1::3], parts[2::3], strict=True):
            if max(len(first), len(second), len(last)) > 1:
                return None
            if first:
                samples.append(_Sample(row, first[0], second[0], last[0]))
        return samples

    def _union_in_order(self, samples: list[_Sample]) -> QP | None:
        """Give the union of intervals of which none begins or ends before the one before it does."""
        total = QP.of(0)
        past: Interval | None = None
        for each in self._in_order(samples):
            total = total + size((each.first,)) * each.row.count
            pairs = [(each.first, each.second, each.row.count - 1)]
            if past is not None:
                pairs.append((past, each.first, QP.of(1)))
            for left, right, count in pairs:
                if not count.is_zero:
                    if not self._follows(left, right):
                        return None
                    total = total - size(meet(self.run, (left,), (right,))) * count
            past = each.last
        return total

    def _union_of_rows(self, samples: list[_Sample]) -> QP | None:
        """Give the union of rows that hold one interval each; None where a row has gaps."""
        found: list[Interval] = []
        for each in samples:
            if not each.row.is_one and not (
                self._follows(each.first, each.second) and self.run.is_at_least(each.first[1], each.second[0])
            ):
                return None
            found.append((each.first[0], each.last[1]))
        return sum(
            (size(minus(self.run, (row,), tuple(found[:at]))) for at, row in enumerate(found)), QP.of(0)
        )

    def _in_order(self, samples: list[_Sample]) -> list[_Sample]:
        """Sort by the first element."""
        found: list[_Sample] = []
        for each in samples:
            place = len(found)
            while place and not self.run.is_at_least(each.first[0], found[place - 1].first[0]):
                place -= 1
            found.insert(place, each)
        return found

    def _follows(self, left: Interval, right: Interval) -> bool:
        """Whether an interval begins and ends no earlier than the one before it."""
        return self.run.is_at_least(right[0], left[0]) and self.run.is_at_least(right[1], left[1])

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
        message = (
            f"more than {MAX_REACH} units share elements along {self.variable.upper()} and not only "
            f"neighbours do; make its tiles at least as large as the stride and the dilation"
        )
        raise CountingUnavailableError(message)

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
