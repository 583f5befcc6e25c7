"""Bounds: a sum of products over tables, and how small and how large it can get where choices are open.

    Σ_j s_j · ∏_g F_g[row_g, j]       s_j the factor of product j, F_g[row, j] its value in group g

With the rows of the first groups chosen, the product so far is a number π_j ≥ 0, and what is open multiplies
it by something between the product of the least and that of the greatest values of each open group. Taking
the least where s_j > 0 and the greatest where s_j < 0 gives a lower bound, which is the value itself when
nothing is open. For all rows of the next group at once that is one matrix product.

Matrices hold floating-point numbers only where every intermediate is an integer below 2^53, which these
hold exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np

from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.quantities import Sum
from polymaestro.tiling.searching.points import WIDEST, Array
from polymaestro.tiling.searching.segments import Segments
from polymaestro.tiling.searching.tables import Table

EXACT_FLOATS = 2**53


@dataclass(frozen=True)
class Weighed:
    """A sum over tables: the factors, and for each group a matrix of rows × products, nowhere below 0."""

    factors: Array
    matrices: tuple[Array, ...]

    @staticmethod
    def of(total: Sum, constants: Mapping[TiledCount, int], tables: Sequence[Table]) -> Weighed:
        """Read a sum; `constants` are the counts that no group has."""
        columns = _Columns(tables)
        merged: dict[tuple[int, ...], int] = {}
        for factor, counts in total:
            whole, key = columns.product(factor, counts, constants)
            merged[key] = merged.get(key, 0) + whole
        kept = {key: factor for key, factor in merged.items() if factor}
        keys = list(zip(*kept, strict=True)) or [()] * len(tables)
        matrices = [
            _stacked([columns.known[g][number] for number in numbers], table.rows)
            for g, (numbers, table) in enumerate(zip(keys, tables, strict=True))
        ]
        factors = np.array(list(kept.values()), object)
        kind = _kind(factors, matrices)
        return Weighed(factors.astype(kind), tuple(each.astype(kind) for each in matrices))

    @property
    def start(self) -> Array:
        """The products before any choice, as a block of one row."""
        return np.ones((1, len(self.factors)), self.factors.dtype)

    @cached_property
    def _open(self) -> list[tuple[Array, Array]]:
        """The factors times what the groups after each one can give, for lower and for upper bounds."""
        low = high = self.factors
        found = []
        for matrix in reversed(self.matrices):
            found.append((low, high))
            least, most = matrix.min(axis=0), matrix.max(axis=0)
            positive = self.factors > 0
            low = low * np.where(positive, least, most)
            high = high * np.where(positive, most, least)
        return found[::-1]

    @cached_property
    def _segments(self) -> list[Segments]:
        return [Segments.of(matrix, self.factors > 0) for matrix in self.matrices]

    def least(self, block: Array, group: int, segments: Array | None = None) -> Array:
        """Bound the sum from below for each row of a block and each row of the next group.

        With `segments`, one for each row of the block, only for the rows of its segment.
        """
        return self._multiplied(block * self._open[group][0], group, segments)

    def greatest(self, block: Array, group: int, segments: Array | None = None) -> Array:
        """Bound the sum from above, alike."""
        return self._multiplied(block * self._open[group][1], group, segments)

    def _multiplied(self, block: Array, group: int, segments: Array | None) -> Array:
        if segments is None:
            return block @ self.matrices[group].T
        rows = self._segments[group].rows[segments]
        found: Array = np.matmul(rows, block[:, :, None])[:, :, 0]
        return found

    def least_of_segments(self, block: Array, group: int) -> Array:
        """Bound the sum from below for each row of a block and all rows of each segment of the next group."""
        return (block * self._open[group][0]) @ self._segments[group].low.T

    def greatest_of_segments(self, block: Array, group: int) -> Array:
        """Bound the sum from above, alike."""
        return (block * self._open[group][1]) @ self._segments[group].high.T

    def grown(self, block: Array, rows: Array, group: int, choices: Array) -> Array:
        """Give the products after a choice in the next group, for some rows of a block."""
        return block[rows] * self.matrices[group][choices]


class _Columns:
    """The different columns of each table, numbered; 0 is the column of ones."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tables
        self.known: list[list[Array]] = [[] for _ in tables]
        self._numbers: list[dict[bytes | tuple[int, ...], int]] = [{} for _ in tables]
        for group, table in enumerate(tables):
            self._number(group, np.ones(table.rows, np.int64))

    def product(
        self, factor: int, counts: Sequence[TiledCount], constants: Mapping[TiledCount, int]
    ) -> tuple[int, tuple[int, ...]]:
        """Write a product as a factor and a column of each table."""
        for count in counts:
            factor *= constants.get(count, 1)
        numbers = []
        for group, table in enumerate(self.tables):
            mine = [table.values[count] for count in counts if count in table.values]
            column = reduce(_times, mine, self.known[group][0])
            if len(column) and (column == column[0]).all():
                factor *= int(column[0])
                column = self.known[group][0]
            numbers.append(self._number(group, column))
        return factor, tuple(numbers)

    def _number(self, group: int, column: Array) -> int:
        key = tuple(column.tolist()) if column.dtype == object else column.tobytes()
        numbers = self._numbers[group]
        if key not in numbers:
            numbers[key] = len(numbers)
            self.known[group].append(column)
        return numbers[key]


def _times(left: Array, right: Array) -> Array:
    """Multiply columns, in Python integers where 64 bits may not hold a product."""
    if _largest(left) * _largest(right) > WIDEST:
        left = left.astype(object)
    return left * right


def _largest(values: Array) -> int:
    return int(values.max(initial=0))


def _stacked(columns: Sequence[Array], rows: int) -> Array:
    return np.column_stack(columns) if columns else np.zeros((rows, 0), np.int64)


def _kind(factors: Array, matrices: Sequence[Array]) -> type[Any]:
    """Choose what holds every number that bounding this sum can lead to."""
    largest = abs(factors)
    for matrix in matrices:
        largest = largest * matrix.max(axis=0, initial=1).astype(object)
    total = int(largest.sum()) if largest.size else 0
    return float if total < EXACT_FLOATS else np.int64 if total <= WIDEST else object
