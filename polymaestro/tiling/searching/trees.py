"""Trees: the points of a product of tables, row after row, and what conditions leave of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from polymaestro.tiling.searching.bounds import Weighed
from polymaestro.tiling.searching.points import Array
from polymaestro.tiling.searching.segments import number_of, rows_of
from polymaestro.tiling.searching.tables import Table

Judge = Callable[[dict[str, int]], Any]


@dataclass(frozen=True)
class Bound:
    """A sum that must lie within [low, high]."""

    total: Weighed
    low: int | None
    high: int | None

    def allows(self, block: Array, group: int, segments: Array | None) -> Array | bool:
        """Say for which rows of the next group the sum may still do so."""
        allowed: Array | bool = True
        if self.high is not None:
            allowed = np.asarray(self.total.least(block, group, segments) <= self.high, bool)
        if self.low is not None:
            allowed &= np.asarray(self.total.greatest(block, group, segments) >= self.low, bool)
        return allowed

    def allows_segments(self, block: Array, group: int) -> Array | bool:
        """Say for which segments of the next group the sum of some row may still do so."""
        allowed: Array | bool = True
        if self.high is not None:
            allowed = np.asarray(self.total.least_of_segments(block, group) <= self.high, bool)
        if self.low is not None:
            allowed &= np.asarray(self.total.greatest_of_segments(block, group) >= self.low, bool)
        return allowed


@dataclass
class Tree:
    """What is searched: a goal, which is a sum over the tables or a function of a point, and conditions.

    `fixed` are the sizes that no table has.
    """

    goal: Weighed | Judge
    bounds: Sequence[Bound]
    fixed: Mapping[str, int]
    tables: Sequence[Table]

    @property
    def leading(self) -> list[Weighed]:
        """The sums that say where to look first."""
        return [self.goal] if isinstance(self.goal, Weighed) else []

    @cached_property
    def sums(self) -> list[Weighed]:
        """All sums that are followed: the leading ones, then those of the conditions."""
        return [*self.leading, *(each.total for each in self.bounds)]

    @property
    def size(self) -> int:
        """How many points there are, allowed or not."""
        return prod(table.rows for table in self.tables)

    @property
    def last(self) -> int:
        """The group after which nothing is open."""
        return len(self.tables) - 1

    def allowed(self, group: int, blocks: Sequence[Array], rows: int, segments: Array | None = None) -> Array:
        """Say which rows of the next group, or of its segments, the conditions leave."""
        number = self.tables[group].rows
        allowed = np.ones((rows, number), bool) if segments is None else rows_of(segments) < number
        for bound, block in self._conditions(blocks):
            allowed &= bound.allows(block, group, segments)
        return allowed

    def allowed_segments(self, group: int, blocks: Sequence[Array], rows: int) -> Array:
        """Say in which segments of the next group the conditions may leave a row."""
        allowed = np.ones((rows, number_of(self.tables[group].rows)), bool)
        for bound, block in self._conditions(blocks):
            allowed &= bound.allows_segments(block, group)
        return allowed

    def _conditions(self, blocks: Sequence[Array]) -> Iterable[tuple[Bound, Array]]:
        return zip(self.bounds, blocks[len(self.sums) - len(self.bounds) :], strict=True)

    def grown(self, group: int, blocks: Sequence[Array], rows: Array, choices: Array) -> list[Array]:
        """Give the products of all sums after a choice in the next group, for some rows of a block."""
        return [
            total.grown(block, rows, group, choices) for total, block in zip(self.sums, blocks, strict=True)
        ]

    def point(self, rows: Array) -> dict[str, int]:
        """Give all symbols their values."""
        found = dict(self.fixed)
        for table, row in zip(self.tables, rows, strict=True):
            found |= table.choice(row)
        return found
