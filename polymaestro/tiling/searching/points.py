"""Counts at many points at once, exact at any size.

A count is one quasi-polynomial per chamber. The points of each known chamber are evaluated together; a point
outside all of them adds the chamber that it lies in. Numbers are 64-bit integers where a bound on the
magnitude of every intermediate says that they fit, else Python integers in arrays of objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import lcm, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polymaestro.affine import Floor
from polymaestro.counting import Condition, QuasiPolynomial, Region
from polymaestro.counting.quasipolynomial import Atom
from polymaestro.errors import CountingError
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.ties import Ties

Array = NDArray[Any]
Mask = NDArray[np.bool_]
WIDEST = 2**63 - 1


class Points:
    """Some points: a number that all share, or an array, for each symbol; ties and floors on demand."""

    def __init__(self, ties: Ties, values: Mapping[str, int | Array], size: int) -> None:
        """Take the values of all symbols that will be asked for."""
        self.size = size
        self._ties = ties
        self._named = {tie.name: tie for tie in ties.ties}
        self._values: dict[Atom, int | Array] = {}
        self._values.update(values)
        self._decided: dict[Condition, Mask] = {}
        self._source: tuple[Points, Array] | None = None

    def picked(self, where: Array) -> Points:
        """Take some of the points, by a mask or by their numbers."""
        size = int(np.count_nonzero(where)) if where.dtype == bool else len(where)
        found = Points(self._ties, {}, size)
        found._source = (self, where)
        return found

    def value(self, atom: Atom) -> int | Array:
        """Give a symbol, a tie or a floor."""
        if atom not in self._values:
            self._values[atom] = self._computed(atom)
        return self._values[atom]

    def _computed(self, atom: Atom) -> int | Array:
        if self._source is not None:
            all_points, where = self._source
            value = all_points.value(atom)
            return value if isinstance(value, int) else value[where]
        if isinstance(atom, Floor):
            return self.evaluate(QuasiPolynomial.of(atom.numerator)) // atom.divisor
        if not isinstance(atom, str):
            message = f"{atom} in a count, where only names and floors are expected"
            raise CountingError(message)
        tie = self._named[atom]
        numerator = self.evaluate(tie.numerator)
        if tie.divisor is None:
            return numerator
        divisor = self.evaluate(tie.divisor)
        return -(-numerator // divisor) if tie.rounded == "up" else numerator // divisor

    def evaluate(self, value: QuasiPolynomial) -> int | Array:
        """Evaluate a quasi-polynomial that has an integer value at every point."""
        common = lcm(*(factor.denominator for _, factor in value.terms))
        terms = [(int(factor * common), monomial) for monomial, factor in value.terms]
        bound = sum(abs(f) * prod(self._magnitude(atom) ** p for atom, p in m) for f, m in terms)
        total: Any = 0
        for factor, monomial in terms:
            product: Any = factor
            for atom, power in monomial:
                product = product * self._wide(self.value(atom), exact=bound <= WIDEST) ** power
            total = total + product
        if common == 1:
            return self._shown(total)
        if np.any(total % common):
            message = f"{value} is no integer everywhere, and no number of points"
            raise CountingError(message)
        return self._shown(total // common)

    @staticmethod
    def _wide(value: int | Array, *, exact: bool) -> int | Array:
        return value if exact or isinstance(value, int) else value.astype(object)

    @staticmethod
    def _shown(value: Any) -> int | Array:  # noqa: ANN401  as NumPy gives it
        return value if isinstance(value, np.ndarray) else int(value)

    def _magnitude(self, atom: Atom) -> int:
        value = self.value(atom)
        if isinstance(value, int):
            return abs(value)
        return max(abs(int(value.max())), abs(int(value.min()))) if value.size else 0

    def holds(self, region: Region) -> Mask:
        """Decide a region at every point."""
        result = np.zeros(self.size, bool)
        for piece in region.pieces:
            found = np.ones(self.size, bool)
            for each in piece:
                found &= self._condition(each)
            result |= found
        return result

    def _condition(self, condition: Condition) -> Mask:
        """Decide a condition, once: many chambers share it."""
        if condition not in self._decided:
            value = self.evaluate(QuasiPolynomial.of(condition.expression))
            found = np.asarray(value == 0 if condition.equality else value >= 0, bool)
            self._decided[condition] = np.broadcast_to(found, (self.size,))
        return self._decided[condition]

    def count(self, count: TiledCount) -> Array:
        """Evaluate a count at every point; bounds and comparisons rely on its never being negative."""
        result = np.zeros(self.size, np.int64)
        left = np.ones(self.size, bool)
        number = 0
        while left.any():
            if number == len(count.known):
                count.piece_at(self._one(int(np.argmax(left)), self._needed(count)))
            region, value = count.known[number]
            inside = left & self.holds(region)
            if inside.any():
                found = self.picked(inside).evaluate(value)
                if not _fits(found):
                    result = result.astype(object)
                result[inside] = found
            left &= ~inside
            number += 1
        if (result < 0).any():
            where = self._one(int(np.argmin(result)), count.names)
            message = f"a count is {result.min()} at {where}; this is a mistake in its derivation"
            raise CountingError(message)
        return result

    def _one(self, index: int, names: Iterable[str]) -> dict[str, int]:
        """Give one of the points."""
        values = {name: self.value(name) for name in names}
        return {name: v if isinstance(v, int) else int(v[index]) for name, v in values.items()}

    def _needed(self, count: TiledCount) -> list[str]:
        """Give the symbols that a count depends on, and all ties made of these."""
        known = set(count.names)
        for tie in self._ties.ties:
            names = tie.numerator.names() | (tie.divisor.names() if tie.divisor else frozenset())
            if names <= known:
                known.add(tie.name)
        return sorted(known)


def _fits(value: int | Array) -> bool:
    """Whether 64-bit integers hold it."""
    return abs(value) <= WIDEST if isinstance(value, int) else value.dtype != object
