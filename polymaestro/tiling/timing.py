"""Run time over extents, tiles, units and constants of the machine: exact at points, a formula around them.

The step classes of `polymaestro.tiling.chambers` go to the clock of plain analyses, as integers or as
polynomials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from polymaestro.counting import Condition, QuasiPolynomial, Region
from polymaestro.model.clock import Clock
from polymaestro.model.integers import Integers, Point, extents_of
from polymaestro.model.machine import Machine
from polymaestro.showing import Shown, in_math
from polymaestro.symbolic.costs import Cost, as_sympy, latex_of_expression
from polymaestro.symbolic.factoring import in_parts
from polymaestro.tiling.bounding import Pruned
from polymaestro.tiling.chambers import TiledClasses
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.divisible import Divides, View, divisible_point
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.ratios import Divided, Ratios
from polymaestro.tiling.ties import Ties

if TYPE_CHECKING:
    import sympy

QP = QuasiPolynomial


LONG = 16
"""A sum of more maxima is not set as a formula."""


def _in_math(cost: Cost, latex: Callable[[], str], where: list[str], ties: Ties) -> str | None:
    """Set a cost for a notebook, if it is not too long for that."""
    if len(cost.terms) > LONG:
        return None
    return in_math(latex(), ",\\ ".join([*where, *ties.meanings(" ".join(where))]))


@dataclass(frozen=True, repr=False)
class TiledTimeCase(Shown):
    """A formula for the run time over extents, tiles, units and constants, and where it is the value."""

    region: Region
    value: Cost
    ties: Ties

    def evaluate(self, **point: int | Fraction) -> int:
        """Compute the value at a point of the region."""
        sizes = {name: int(value) for name, value in point.items() if value == int(value)}
        return self.value.evaluate({**self.ties.complete(sizes), **point})

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression with Max and ceiling, over extents, tiles and units."""
        return as_sympy(self.value, self.ties.expressions())

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs."""
        return latex_of_expression(self.expr)

    def _repr_latex_(self) -> str | None:
        where = "" if self.region.is_everywhere else self.ties.written(str(self.region))
        return _in_math(self.value, self.latex, [where] * bool(where), self.ties)

    def __str__(self) -> str:
        """Write the formula with ⌈K/T⌉ for each number of tiles, and where it holds."""
        where = "" if self.region.is_everywhere else f"  if {self.region}"
        return self.ties.explained(self.value.written(in_parts) + where)


@dataclass(frozen=True, repr=False)
class DivisibleTime(Divided):
    """A formula for the run time, what has to divide what, and where else it holds."""

    value: Cost
    divides: tuple[Divides, ...]
    region: Region
    ratios: Ratios

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression with Max and ceiling, over extents, tiles and units."""
        return as_sympy(self.value, self.ratios.expressions())

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs."""
        return latex_of_expression(self.expr)

    def evaluate(self, **point: int | Fraction) -> int:
        """Compute the value at a point that satisfies the conditions."""
        sizes = {name: int(value) for name, value in point.items() if value == int(value)}
        return self.value.evaluate({**self.ratios.at(self.ties.complete(sizes)), **point})

    def _repr_latex_(self) -> str | None:
        return _in_math(self.value, self.latex, self.conditions, self.ties)

    def __str__(self) -> str:
        """Write the formula and all conditions."""
        return self.explained(self.value.written(in_parts))


@dataclass(frozen=True, repr=False)
class TiledRunTime(Shown):
    """The cycles of a run in extents, tiles, units and the symbols of the machine."""

    classes: TiledClasses
    machine: Machine
    resident: frozenset[str]
    counted: TiledForm
    _values: dict[Any, Any] = field(default_factory=dict, compare=False)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters: extents, tiles and units, then constants of the machine."""
        return (*self.counted.symbols, *sorted(self.machine.symbols))

    @property
    def valid_on(self) -> Region:
        """Where the dataflow is legal and the formula holds."""
        return self.counted.valid_on

    def at(self, **point: int | Fraction) -> int:
        """Evaluate, exact at any size; raises `ClosedFormError` as the other forms do."""
        return self.evaluate(point)

    def evaluate(self, point: Point) -> int:
        """Evaluate like `at`."""
        values = self.counted.extended(extents_of(point, self.machine.symbols))
        levels = self.classes.levels(values, lambda each: int(each.evaluate(values)))
        return int(Clock(levels, self.machine, self.resident, Integers(self.machine, point)).runtime())

    def case_at(self, point: Mapping[str, int]) -> TiledTimeCase:
        """Give the formula of the step classes that a point has, and where they are the same."""
        values = self._sizes(point)
        ties = self.counted.ties
        cost = self._cost(values, ties.merged)
        return TiledTimeCase(tidied(self._conditions(values), self.valid_on, ties), cost, ties)

    def divisible_at(self, point: Mapping[str, int]) -> DivisibleTime:
        """Give the formula where tiles and folds divide what they cut, as they do at the next such point."""
        counted, cuts = self.counted, self.classes.schedule.cuts
        sizes = {name: point[name] for name in counted.symbols if name in point}
        values = self._sizes(divisible_point(cuts, sizes, counted.ties))
        ratios = Ratios(View(counted.ties, values))
        cost = self._cost(values, ratios.plain)
        return DivisibleTime(cost, *ratios.where(self._conditions(values), self.valid_on), ratios)

    def _sizes(self, point: Mapping[str, int]) -> Mapping[str, int]:
        """Give the part of a point that is no constant of the machine, with the values of the ties."""
        return self.counted.extended({n: point[n] for n in self.counted.symbols if n in point})

    def _conditions(self, values: Mapping[str, int]) -> list[Condition]:
        return [each for region, _ in self.classes.near(values) for each in region.pieces[0]]

    def _cost(self, values: Mapping[str, int], scalar: Callable[[QP], QP]) -> Cost:
        levels = self.classes.levels(values, scalar)
        arithmetic = Pruned(self.machine, tuple(self.counted.ties.most()))
        cost: Cost = Clock(levels, self.machine, self.resident, arithmetic).runtime()
        return cost

    @property
    def common(self) -> TiledTimeCase:
        """The case of large extents and many tiles."""
        return self.case_at(self.counted.shown)

    @property
    def expr(self) -> sympy.Expr:
        """The case of large extents and many tiles as a SymPy expression with Max and ceiling."""
        return self.common.expr

    def latex(self) -> str:
        """Write the case of large extents and many tiles as LaTeX, without dollar signs."""
        return self.common.latex()

    def _repr_latex_(self) -> str | None:
        return self.common._repr_latex_()

    def __str__(self) -> str:
        """Write the case of large extents and many tiles."""
        return str(self.common)
