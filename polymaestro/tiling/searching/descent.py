"""Descent: branch and bound, group after group, blocks of rows at a time.

Rows are gone through in their order, and a later point has to be strictly better: so of all best points
the first one is found. A dive that follows the most promising rows only gives a value to beat at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from polymaestro.tiling.searching.bounds import Weighed
from polymaestro.tiling.searching.points import Array
from polymaestro.tiling.searching.tables import Table

BLOCK = 2**18
"""How many combinations of rows are looked at together."""
DIVE = 2**20
"""How many combinations a dive looks at in each group."""

_NO_CHOICE = np.zeros((1, 0), np.int64)

Judge = Callable[[dict[str, int]], Any]


@dataclass(frozen=True)
class Bound:
    """A sum that must lie within [low, high]."""

    total: Weighed
    low: int | None
    high: int | None

    def allows(self, block: Array, group: int) -> Array:
        """Say for which rows of the next group the sum may still do so."""
        allowed = np.ones((len(block), len(self.total.matrices[group])), bool)
        if self.high is not None:
            allowed &= np.asarray(self.total.least(block, group) <= self.high, bool)
        if self.low is not None:
            allowed &= np.asarray(self.total.greatest(block, group) >= self.low, bool)
        return allowed


@dataclass
class Best:
    """What a search has found; `met` is false while an earlier point may have the same value."""

    value: Any = None
    point: Mapping[str, int] = field(default_factory=dict)
    met: bool = False
    evaluated: int = 0


class EnoughError(Exception):
    """The search may not evaluate more points."""


@dataclass
class Descent:
    """A search of the product of some tables; `best` is what is known before, and what is found.

    The goal is a sum over the tables, or a function of a point, of which nothing is known before it is
    called. `fixed` are the sizes that no table has.
    """

    goal: Weighed | Judge
    bounds: Sequence[Bound]
    fixed: Mapping[str, int]
    tables: Sequence[Table]
    best: Best
    limit: int | None = None

    @cached_property
    def _sums(self) -> list[Weighed]:
        """List the sums that are followed: that of the goal comes first."""
        goals = [self.goal] if isinstance(self.goal, Weighed) else []
        return [*goals, *(each.total for each in self.bounds)]

    @cached_property
    def _last(self) -> int:
        return len(self.tables) - 1

    def dive(self) -> None:
        """Find a good value of a sum: keep the rows with the least bounds in each group."""
        if isinstance(self.goal, Weighed) and all(table.rows for table in self.tables):
            self._dive(self.goal, [each.start for each in self._sums], _NO_CHOICE)

    def run(self) -> None:
        """Search everything; raises `EnoughError` at the limit."""
        if all(table.rows for table in self.tables):
            self._descend(0, [each.start for each in self._sums], _NO_CHOICE)

    def _allowed(self, group: int, blocks: Sequence[Array], rows: int) -> Array:
        """Say which rows of the next group the conditions leave."""
        skip = len(self._sums) - len(self.bounds)
        allowed = np.ones((rows, self.tables[group].rows), bool)
        for bound, block in zip(self.bounds, blocks[skip:], strict=True):
            allowed &= bound.allows(block, group)
        return allowed

    def _grown(self, group: int, blocks: Sequence[Array], rows: Array, choices: Array) -> list[Array]:
        return [
            total.grown(block, rows, group, choices) for total, block in zip(self._sums, blocks, strict=True)
        ]

    def _dive(self, goal: Weighed, blocks: Sequence[Array], chosen: Array) -> None:
        for group in range(len(self.tables)):
            room = max(1, DIVE // self.tables[group].rows)
            blocks, chosen = [block[:room] for block in blocks], chosen[:room]
            least = goal.least(blocks[0], group)
            rows, choices = np.nonzero(self._allowed(group, blocks, len(chosen)))
            if not rows.size:
                return
            values = least[rows, choices]
            first = np.argsort(values, kind="stable")
            chosen = np.column_stack([chosen[rows[first]], choices[first]])
            blocks = self._grown(group, blocks, rows[first], choices[first])
        value = int(values[first[0]])
        if self.best.value is None or value < self.best.value:
            self._found(value, chosen[0], met=False)

    def _found(self, value: Any, rows: Array, *, met: bool = True) -> None:  # noqa: ANN401
        self.best.value, self.best.point, self.best.met = value, self._point(rows), met

    def _point(self, rows: Array) -> dict[str, int]:
        """Give all symbols their values."""
        found = dict(self.fixed)
        for table, row in zip(self.tables, rows, strict=True):
            found |= table.choice(row)
        return found

    def _descend(self, group: int, blocks: Sequence[Array], chosen: Array) -> None:
        """Go through the rows of the next group that may hold something better, in their order."""
        step = max(1, BLOCK // self.tables[group].rows)
        for start in range(0, len(chosen), step):
            here = [each[start : start + step] for each in blocks]
            before = chosen[start : start + step]
            allowed = self._allowed(group, here, len(before))
            if group == self._last:
                self._settle(here, before, allowed)
                continue
            if isinstance(self.goal, Weighed):
                allowed &= self._promising(self.goal.least(here[0], group))
            rows, choices = np.nonzero(allowed)
            if rows.size:
                after = np.column_stack([before[rows], choices])
                self._descend(group + 1, self._grown(group, here, rows, choices), after)

    def _promising(self, least: Array) -> Array:
        """Say where a lower bound leaves room for a better point, or for the first of the best ones."""
        if self.best.value is None:
            return np.ones(least.shape, bool)
        return np.asarray(least < self.best.value if self.best.met else least <= self.best.value, bool)

    def _settle(self, blocks: Sequence[Array], before: Array, allowed: Array) -> None:
        """Evaluate the goal where every group has its row."""
        if isinstance(self.goal, Weighed):
            self.best.evaluated += allowed.size
            values = self.goal.least(blocks[0], self._last)
            rows, choices = np.nonzero(allowed & self._promising(values))
            if rows.size:
                found = values[rows, choices]
                first = int(np.argmin(found))
                self._found(int(found[first]), np.append(before[rows[first]], choices[first]))
            self._check()
            return
        for row, choice in zip(*np.nonzero(allowed), strict=True):
            at = np.append(before[row], choice)
            value = self.goal(self._point(at))
            self.best.evaluated += 1
            if self.best.value is None or value < self.best.value:
                self._found(value, at)
            self._check()

    def _check(self) -> None:
        if self.limit is not None and self.best.evaluated >= self.limit:
            raise EnoughError
