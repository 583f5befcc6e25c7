"""Descent: branch and bound, group after group, blocks of rows at a time.

Rows are gone through in their order, and a later point has to be strictly better: so of all best points
the first one is found. A dive that follows the most promising rows only gives a value to beat at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polymaestro.tiling.searching import segments as cutting
from polymaestro.tiling.searching.bounds import Weighed
from polymaestro.tiling.searching.points import Array
from polymaestro.tiling.searching.trees import Tree

BLOCK = 2**18
"""How many combinations of rows are looked at together."""
DIVE = 2**20
"""How many combinations a dive looks at in each group."""

_NO_CHOICE = np.zeros((1, 0), np.int64)


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
class Descent(Tree):
    """A search of a tree; `best` is what is known before, and what is found.

    Of a goal that is no sum nothing is known before it is called.
    """

    best: Best
    limit: int | None = None

    def dive(self) -> None:
        """Find a good value of a sum: keep the rows with the least bounds in each group."""
        if isinstance(self.goal, Weighed) and self.size:
            self._dive(self.goal, [each.start for each in self.sums], _NO_CHOICE)

    def run(self) -> None:
        """Search everything; raises `EnoughError` at the limit."""
        if self.size:
            self._descend(0, [each.start for each in self.sums], _NO_CHOICE)

    def _dive(self, goal: Weighed, blocks: Sequence[Array], chosen: Array) -> None:
        for group in range(len(self.tables)):
            room = max(1, DIVE // self.tables[group].rows)
            blocks, chosen = [block[:room] for block in blocks], chosen[:room]
            least = goal.least(blocks[0], group)
            rows, choices = np.nonzero(self.allowed(group, blocks, len(chosen)))
            if not rows.size:
                return
            values = least[rows, choices]
            first = np.argsort(values, kind="stable")
            chosen = np.column_stack([chosen[rows[first]], choices[first]])
            blocks = self.grown(group, blocks, rows[first], choices[first])
        value = int(values[first[0]])
        if self.best.value is None or value < self.best.value:
            self._found(value, chosen[0], met=False)

    def _found(self, value: Any, rows: Array, *, met: bool = True) -> None:  # noqa: ANN401  whatever has an order
        self.best.value, self.best.point, self.best.met = value, self.point(rows), met

    def _descend(self, group: int, blocks: Sequence[Array], chosen: Array) -> None:
        """Go through the rows of the next group that may hold something better, in their order."""
        number = self.tables[group].rows
        many = isinstance(self.goal, Weighed) and number >= cutting.MANY
        step = max(1, BLOCK // (cutting.number_of(number) if many else number))
        for start in range(0, len(chosen), step):
            here = [each[start : start + step] for each in blocks]
            before = chosen[start : start + step]
            if not (many and isinstance(self.goal, Weighed)):
                self._enter(group, here, before, None)
                continue
            for rows, segments in self._segments(self.goal, group, here, len(before)):
                self._enter(group, [each[rows] for each in here], before[rows], segments)

    def _segments(
        self, goal: Weighed, group: int, blocks: Sequence[Array], number: int
    ) -> Iterator[tuple[Array, Array]]:
        """Give rows of a block, each with a segment that may hold something better; both in their order."""
        least = goal.least_of_segments(blocks[0], group)
        rows, segments = np.nonzero(self.allowed_segments(group, blocks, number) & self._promising(least))
        size = max(1, BLOCK // cutting.SEGMENT)
        for start in range(0, len(rows), size):
            some = rows[start : start + size], segments[start : start + size]
            still = self._promising(least[some])  # something better may have been found meanwhile
            if still.any():
                yield some[0][still], some[1][still]

    def _enter(self, group: int, blocks: Sequence[Array], before: Array, segments: Array | None) -> None:
        """Look at all rows of the next group, or at those of a segment for each row of the block."""
        allowed = self.allowed(group, blocks, len(before), segments)
        if group == self.last:
            self._settle(blocks, before, allowed, segments)
            return
        if isinstance(self.goal, Weighed):
            allowed &= self._promising(self.goal.least(blocks[0], group, segments))
        rows, places = np.nonzero(allowed)
        if rows.size:
            choices = places if segments is None else segments[rows] * cutting.SEGMENT + places
            after = np.column_stack([before[rows], choices])
            self._descend(group + 1, self.grown(group, blocks, rows, choices), after)

    def _promising(self, least: Array) -> Array:
        """Say where a lower bound leaves room for a better point, or for the first of the best ones."""
        if self.best.value is None:
            return np.ones(least.shape, bool)
        return np.asarray(least < self.best.value if self.best.met else least <= self.best.value, bool)

    def _settle(self, blocks: Sequence[Array], before: Array, allowed: Array, segments: Array | None) -> None:
        """Evaluate the goal where every group has its row."""
        if isinstance(self.goal, Weighed):
            self.best.evaluated += cutting.looked_at(allowed, segments, self.tables[self.last].rows)
            values = self.goal.least(blocks[0], self.last, segments)
            rows, places = np.nonzero(allowed & self._promising(values))
            if rows.size:
                found = values[rows, places]
                first = int(np.argmin(found))
                row, choice = rows[first], places[first]
                choice += 0 if segments is None else segments[row] * cutting.SEGMENT
                self._found(int(found[first]), np.append(before[row], choice))
            self._check()
            return
        for row, choice in zip(*np.nonzero(allowed), strict=True):
            at = np.append(before[row], choice)
            value = self.goal(self.point(at))
            self.best.evaluated += 1
            if self.best.value is None or value < self.best.value:
                self._found(value, at)
            self._check()

    def _check(self) -> None:
        if self.limit is not None and self.best.evaluated >= self.limit:
            raise EnoughError
