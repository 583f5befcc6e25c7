"""Points to try: all of a region in order, and points around the places where formulas bend.

The order is that of the sum of all symbols, then lexicographic in the symbols by name; the first point
that differs is the smallest counterexample in that sense.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import islpy as isl

from polymaestro.counting import Region, region_of
from polymaestro.counting.ranges import Range, ranges_of

Point = dict[str, int]

SAMPLES = 1500
MAX_MISSES = 20
"""How many tuples are looked at for each point of the region that may be given."""


@dataclass(frozen=True)
class Space:
    """A region of parameters, to be walked through point by point."""

    names: tuple[str, ...]
    region: Region
    ranges: Mapping[str, Range]

    @staticmethod
    def of(domain: isl.Set) -> Space:
        """Read a set of parameters."""
        ranges = ranges_of(domain)
        return Space(tuple(sorted(ranges)), region_of(domain), ranges)

    @property
    def size(self) -> int | None:
        """How many points the box around the region has; None where it is infinite."""
        total = 1
        for low, high in self.ranges.values():
            if low is None or high is None:
                return None
            total *= high - low + 1
        return total

    def low(self, name: str) -> int:
        """Give the least value of a symbol; extents are 1 at least, so there is one."""
        low = self.ranges[name][0]
        return 1 if low is None else low

    def walk(self, up_to: int | None = None, limit: int | None = None) -> Walk:
        """Go through the points in order, up to a sum, or so many of them."""
        return Walk(self, up_to, limit)

    def samples(self, breaks: Iterable[int]) -> Iterator[Point]:
        """Give random points of the region, always the same: small, large, beside multiples of `breaks`."""
        chooser = random.Random(0)  # noqa: S311  nothing here is a secret
        steps = sorted({each for each in breaks if each > 1}) or [2]
        for _ in range(SAMPLES):
            point = {name: self._value(name, chooser, steps) for name in self.names}
            if self.region.holds(point):
                yield point

    def _value(self, name: str, chooser: random.Random, steps: list[int]) -> int:
        low, high = self.low(name), self.ranges[name][1]
        near = chooser.choice(steps) * chooser.randint(1, 4) + chooser.choice((-1, 0, 0, 1))
        wanted = chooser.choice((low + chooser.randint(0, 9), near, near, chooser.randint(low, low + 300)))
        return max(low, wanted if high is None else min(high, wanted))


class Walk:
    """The points of a space with their sum growing; afterwards, how far it came."""

    def __init__(self, space: Space, up_to: int | None, limit: int | None) -> None:
        """Start at the smallest point; end at a sum or after so many points, or where the space ends."""
        self.space = space
        self.total = sum(map(space.low, space.names))
        highs = [space.ranges[name][1] for name in space.names]
        ends = [up_to] if None in highs else [up_to, sum(high or 0 for high in highs)]
        self.last = min((end for end in ends if end is not None), default=None)
        self.points = limit
        self.tuples = None if limit is None else limit * MAX_MISSES

    @property
    def is_cut_short(self) -> bool:
        """Whether the limit was reached before the end; all smaller sums than `total` were complete."""
        return self.points == 0 or self.tuples == 0

    def __iter__(self) -> Iterator[Point]:
        """Give the points."""
        while self.last is None or self.total <= self.last:
            for point in self._of_sum(self.space.names, self.total):
                if self.tuples is not None:
                    self.tuples -= 1
                if self.space.region.holds(point):
                    yield point
                    self.points = None if self.points is None else self.points - 1
                if self.is_cut_short:
                    return
            self.total += 1

    def _of_sum(self, names: Sequence[str], total: int) -> Iterator[Point]:
        """Give every tuple of a sum in lexicographic order, the bounds of each symbol kept."""
        if not names:
            if total == 0:
                yield {}
            return
        name, *others = names
        high = self.space.ranges[name][1]
        top = total - sum(map(self.space.low, others))
        top = top if high is None else min(high, top)
        bottom = self.space.low(name) if others else max(self.space.low(name), total)
        for value in range(bottom, top + 1):
            for rest in self._of_sum(others, total - value):
                yield {name: value, **rest}
