r"""How many points are missing, how many are executed again, and how often anything is executed.

Groups combine freely. With D_g the points of group g, E_g those that it executes at all, O_g those that
it executes exactly once and X_g its executions (unit, step, point):

    |missing|  = ∏ |D_g| - ∏ |E_g|        |repeated| = ∏ |E_g| - ∏ |O_g|        executions = ∏ |X_g|
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import islpy as isl

from polymaestro.counting import Count, Counter, QuasiPolynomial
from polymaestro.counting.region import EVERYWHERE
from polymaestro.counting.tables import Sum
from polymaestro.errors import CountingUnavailableError
from polymaestro.relations import Coverage, Relations
from polymaestro.relations.points import Points
from polymaestro.relations.sets import parameters
from polymaestro.symbolic import ClosedForm, FormBuilder

MOST_ENUMERATED = 5000

Number = int | ClosedForm | None
"""Exact: an integer, or a formula where extents are symbols; None where no engine can count it."""


@dataclass(frozen=True)
class Part:
    """Points of the iteration domain, how many they are, and of how many."""

    points: Points
    count: Number
    total: Number

    def __bool__(self) -> bool:
        """Whether there are any points."""
        return bool(self.points)

    @property
    def share(self) -> Fraction | None:
        """Give the share of the domain, where both are numbers."""
        if isinstance(self.count, int) and isinstance(self.total, int):
            return Fraction(self.count, self.total)
        return None

    @property
    def example(self) -> str:
        """Write the first of the points."""
        return ", ".join(f"{name} = {value}" for name, value in self.points.example.items())


@dataclass(frozen=True)
class Measured:
    """The points of the domain, those that are missing or repeated, and all executions."""

    macs: Number
    executions: Number
    missing: Part
    repeated: Part


def measured(relations: Relations) -> Measured:
    """Count what a dataflow leaves out and repeats."""
    sizes, parts = Sizes(relations), relations.coverage
    macs = sizes.number(parts, sizes.whole)
    missing = sizes.number(parts, sizes.whole, sizes.done) if relations.missing else 0
    repeated = sizes.number(parts, sizes.done, sizes.once) if relations.repeated else 0
    return Measured(
        macs,
        sizes.number(parts, sizes.executed),
        Part(relations.missing, missing, macs),
        Part(relations.repeated, repeated, macs),
    )


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
