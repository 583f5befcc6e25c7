"""Best first: points in the order of a lower bound, until no bound is below the best value.

A point has a place, its number among all points in their order; of equal bounds the first place goes first,
and so it does of equal values. As the points may be too many to be sorted at once, they come in waves: a
sweep over everything, subtree by subtree, keeps the next ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np

from polymaestro.errors import SearchError
from polymaestro.tiling.searching import descent
from polymaestro.tiling.searching.bounds import Weighed
from polymaestro.tiling.searching.descent import Best, EnoughError
from polymaestro.tiling.searching.points import WIDEST, Array
from polymaestro.tiling.searching.roofs import least_time
from polymaestro.tiling.searching.trees import Judge, Tree

WAVE = 2**16
"""How many points are kept to be evaluated."""

Visit = tuple[int, int]
"""A bound and a place: the order in which points are visited."""


@dataclass
class Wave:
    """The first `most` points after one, by bounds and places; none is kept whose bound is above `high`."""

    most: int
    after: Visit | None
    high: int | None
    _kept: list[tuple[Array, Array]] = field(default_factory=list)
    _size: int = 0

    def wants(self, bounds: Array) -> Array:
        """Say which bounds are not too high."""
        return np.ones(bounds.shape, bool) if self.high is None else np.asarray(bounds <= self.high, bool)

    def add(self, bounds: Array, places: Array) -> None:
        """Keep those points that come after the last wave."""
        if self.after is not None:
            bound, place = self.after
            later = (bounds > bound) | ((bounds == bound) & (places > place))
            bounds, places = bounds[later], places[later]
        self._kept.append((bounds, places))
        self._size += len(bounds)
        if self._size > 2 * self.most:
            self._trim()

    def visits(self) -> list[Visit]:
        """Give bounds and places in their order."""
        self._trim()
        return [(int(bound), int(place)) for each in self._kept for bound, place in zip(*each, strict=True)]

    def _trim(self) -> None:
        if not self._kept:
            return
        bounds, places = (np.concatenate(each) for each in zip(*self._kept, strict=True))
        first = np.argsort(places, kind="stable")
        first = first[np.argsort(bounds[first], kind="stable")][: self.most]
        self._kept, self._size = [(bounds[first], places[first])], len(first)
        if len(first) == self.most:
            self.high = int(bounds[first[-1]])


@dataclass
class Sweep(Tree):
    """A tree whose goal no roof exceeds; a roof is its amount and its copies over the tables."""

    roofs: Sequence[tuple[Weighed, Weighed]]

    @property
    def leading(self) -> list[Weighed]:
        """The sums of the roofs."""
        return [total for roof in self.roofs for total in roof]

    def fill(self, wave: Wave, start: int) -> None:
        """Add the points that the conditions allow; their places count from `start`."""
        if self.size:
            kind = np.int64 if start + self.size <= WIDEST else object
            self._fill(wave, start, 0, [each.start for each in self.sums], np.zeros(1, kind))

    def _fill(self, wave: Wave, start: int, group: int, blocks: Sequence[Array], places: Array) -> None:
        rows = self.tables[group].rows
        step = max(1, descent.BLOCK // rows)
        for first in range(0, len(places), step):
            here = [each[first : first + step] for each in blocks]
            before = places[first : first + step]
            bounds = least_time(self.roofs, here, group)
            found, choices = np.nonzero(self.allowed(group, here, len(before)) & wave.wants(bounds))
            after = before[found] * rows + choices
            if group == self.last:
                wave.add(bounds[found, choices], start + after)
            elif found.size:
                self._fill(wave, start, group + 1, self.grown(group, here, found, choices), after)

    def point_at(self, place: int) -> dict[str, int]:
        """Give the point of a place, counted from 0."""
        rows = []
        for table in reversed(self.tables):
            place, row = divmod(place, table.rows)
            rows.append(row)
        return self.point(np.array(rows[::-1]))


@dataclass
class BestFirst:
    """A search of some sweeps, in the order of points; `best` is what is found."""

    judge: Judge
    sweeps: Sequence[Sweep]
    best: Best
    limit: int | None = None

    def run(self) -> None:
        """Find the first of all best points; raises `EnoughError` at the limit."""
        first: Visit | None = None
        after: Visit | None = None
        while True:
            wave = Wave(WAVE, after, self.best.value)
            for start, sweep in zip(self._starts, self.sweeps, strict=False):
                sweep.fill(wave, start)
            visits = wave.visits()
            for visit in visits:
                if first is not None and visit > first:
                    return
                value = self._value(visit)
                if first is None or (value, visit[1]) < first:
                    first = value, visit[1]
                    self.best.value, self.best.point = value, self._point(visit[1])
                if self.limit is not None and self.best.evaluated >= self.limit:
                    raise EnoughError
            if len(visits) < WAVE:
                return
            after = visits[-1]

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(each.size for each in self.sweeps)]

    def _point(self, place: int) -> dict[str, int]:
        number = bisect_right(self._starts, place) - 1
        return self.sweeps[number].point_at(place - self._starts[number])

    def _value(self, visit: Visit) -> int:
        """Evaluate a point, and hold its bound against the value."""
        bound, place = visit
        point = self._point(place)
        value = int(self.judge(point))
        self.best.evaluated += 1
        if value < bound:
            message = f"the search bounded {value} by {bound} at {point}; this is a mistake in the search"
            raise SearchError(message)
        return value
