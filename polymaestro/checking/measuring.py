r"""How many points are missing, how many are executed again, and how often anything is executed.

Groups combine freely. With D_g the points of group g, E_g those that it executes at all, O_g those that
it executes exactly once and X_g its executions (unit, step, point):

    |missing|  = ∏ |D_g| - ∏ |E_g|        |repeated| = ∏ |E_g| - ∏ |O_g|        executions = ∏ |X_g|
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import islpy as isl

from polymaestro.counting import Count, Counter, QuasiPolynomial
from polymaestro.counting.region import EVERYWHERE
from polymaestro.counting.summing import Sum
from polymaestro.errors import CountingUnavailableError
from polymaestro.relations import Coverage, Relations
from polymaestro.relations.points import Points
from polymaestro.relations.sets import parameters
from polymaestro.symbolic import ClosedForm, FormBuilder

MOST_ENUMERATED = 5000  # points of a set that is counted one by one

Number = int | ClosedForm | None
"""Exact: an integer, or a formula where extents are symbols; None where no engine can count it."""


@dataclass(frozen=True)
class Part:
    """Points of the iteration domain that are executed too seldom or too often.

    What is counted is counted when it is asked for: a formula may take its time.
    """

    points: Points
    measured: Measured = field(repr=False)
    counted: Callable[[], Number] = field(repr=False)

    def __bool__(self) -> bool:
        """Whether there are any points."""
        return bool(self.points)

    @cached_property
    def count(self) -> Number:
        """How many points: an integer, or a formula where extents are symbols."""
        return self.counted() if self else 0

    @property
    def share(self) -> Fraction | None:
        """Give the share of the domain; None where extents are symbols."""
        if self.measured.has_symbols or not isinstance(self.count, int):
            return None
        return Fraction(self.count, self.measured.size)

    @property
    def example(self) -> str:
        """Write the first of the points."""
        return ", ".join(f"{name} = {value}" for name, value in self.points.example.items())


class Measured:
    """The points of the domain, those that are missing or repeated, and all executions."""

    def __init__(self, relations: Relations) -> None:
        """Take what a dataflow covers."""
        self.relations = relations
        self.has_symbols = bool(parameters(relations.context))
        self._sizes = Sizes(relations)

    def _number(self, *products: Callable[[Coverage], Count]) -> Number:
        return self._sizes.number(self.relations.coverage, *products)

    @cached_property
    def macs(self) -> Number:
        """The points of the domain."""
        return self._number(self._sizes.whole)

    @property
    def size(self) -> int:
        """The points of a domain without symbols."""
        return self.macs if isinstance(self.macs, int) else 0

    @cached_property
    def executions(self) -> Number:
        """The (unit, step, point) that are executed."""
        return self._number(self._sizes.executed)

    @cached_property
    def missing(self) -> Part:
        """The points that are never executed."""
        sizes = self._sizes
        return Part(self.relations.missing, self, lambda: self._number(sizes.whole, sizes.done))

    @cached_property
    def repeated(self) -> Part:
        """The points that are executed more than once."""
        sizes = self._sizes
        return Part(self.relations.repeated, self, lambda: self._number(sizes.done, sizes.once))


class Sizes:
    """Counts what the groups of a dataflow execute; a group that is exact executes as much as it has.

    Small sets of numbers are gone through by isl, which is faster than finding formulas for them.
    """

    def __init__(self, relations: Relations) -> None:
        """Take the context of the groups."""
        self.counter = Counter(relations.context)
        self.builder = FormBuilder.of(relations.context)

    def whole(self, part: Coverage) -> Count:
        """Count the points of a group."""
        return self.counter.count(part.group.whole)

    def done(self, part: Coverage) -> Count:
        """Count the points that are executed at all."""
        return self.whole(part) if part.is_exact else self._of(part, part.done)

    def once(self, part: Coverage) -> Count:
        """Count the points that are executed exactly once."""
        return self.whole(part) if part.is_exact else self._of(part, part.once)

    def executed(self, part: Coverage) -> Count:
        """Count the executions: unit, step and point."""
        return self.whole(part) if part.is_exact else self._of(part, part.group.executed)

    def _of(self, part: Coverage, points: isl.Set) -> Count:
        whole = self.whole(part)
        if not parameters(points) and whole.is_uniform and whole.at({}) <= MOST_ENUMERATED:
            number = int(points.compute_divs().count_val().to_str())
            return Count(((EVERYWHERE, QuasiPolynomial.of(number)),))
        return self.counter.count(points)

    def number(self, parts: Sequence[Coverage], *products: Callable[[Coverage], Count]) -> Number:
        """Give ∏ of the first counts, less ∏ of the second where there are any."""
        try:
            total: Sum = tuple(
                (sign, tuple(map(each, parts))) for sign, each in zip((1, -1), products, strict=False)
            )
        except CountingUnavailableError:
            return None
        form = self.builder.form(total)
        return form if form.symbols else form.at()
