"""Run time over extents, tiles, units and constants of the machine: exact at points, a formula around them.

The step classes of `polymaestro.tiling.chambers` go to the clock of plain analyses, as integers or as
polynomials.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from polymaestro import export
from polymaestro.counting import QP, Condition, Region
from polymaestro.errors import ClosedFormError
from polymaestro.model.clock import Level
from polymaestro.model.integers import Point
from polymaestro.model.machine import Machine
from polymaestro.model.runtime import Timed
from polymaestro.model.stated import TracedClock
from polymaestro.symbolic.costs import Cost, as_sympy
from polymaestro.symbolic.factoring import in_parts
from polymaestro.symbolic.naming import NamedCost, Origins
from polymaestro.symbolic.points import joined
from polymaestro.tiling import source
from polymaestro.tiling.bounding import Pruned
from polymaestro.tiling.chambers import TiledClasses
from polymaestro.tiling.classes import GroupLevel
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.divisible import Divides
from polymaestro.tiling.exploring import outside
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.known import Decided, Domain, Known, in_common
from polymaestro.tiling.levels import Cuts
from polymaestro.tiling.ratios import Ratios
from polymaestro.tiling.stated import DivisibleCost, ExactCase, NamedCase, TiledCost, renamed
from polymaestro.tiling.ties import Ties

if TYPE_CHECKING:
    import sympy


MOST = 200
"""A run time with more cases than this is refused where all are asked for."""

Chamber = tuple[tuple[Condition, ...], tuple[tuple[GroupLevel, ...], ...]]
"""What holds, and the step classes of each group there."""


class CyclesOverTiles(NamedCase, ABC):
    """A formula for cycles, and where its delays come from."""

    value: Cost
    origins: Origins

    def evaluate(self, **point: int | Fraction) -> int:
        """Compute the value at a point that satisfies the conditions."""
        return self.value.evaluate(self.values(point, self.value.constants()))

    @property
    def named(self) -> NamedCost:
        """The formula with names for its delays."""
        return renamed(self.value, self.origins, self.change, self.ties)

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression with Max and ceiling, over extents, tiles and units."""
        return as_sympy(self.value, self.expressions())

    def line(self) -> str:
        """Write the formula, then all conditions."""
        return self.explained(self.value.written(in_parts))


@dataclass(frozen=True, repr=False)
class TiledTimeCase(CyclesOverTiles, ExactCase):
    """A formula for cycles over extents, tiles, units and constants, and where it is the value."""

    region: Region
    value: Cost
    ties: Ties
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True, repr=False)
class DivisibleTime(CyclesOverTiles, DivisibleCost):
    """A formula for cycles, what has to divide what, and where else it holds."""

    value: Cost
    divides: tuple[Divides, ...]
    region: Region
    ratios: Ratios
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True, repr=False)
class TiledRunTime(Timed[TiledForm], TiledCost):
    """The cycles of a run in extents, tiles, units and the symbols of the machine."""

    classes: TiledClasses
    machine: Machine
    resident: frozenset[str]
    counted: TiledForm
    cuts: Cuts

    def levels_at(self, point: Point) -> tuple[Level, ...]:
        """Give the step classes that a point has, with integers; refuses points that do not fit."""
        values = self.values(point)
        return self.classes.levels(values, lambda each: int(each.evaluate(values)))

    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> TiledTimeCase:
        """Give the formula of the step classes that a point has, and where they are the same."""
        point = joined(point, named)
        values, ties = self.values_near(point), self.counted.ties
        formula = self._formula([levels for _, levels in self.classes.near(values)])
        return TiledTimeCase(tidied(self._conditions(values), self.valid_on, ties), *formula)

    def _formula(self, classes: Sequence[tuple[GroupLevel, ...]]) -> tuple[Cost, Ties, Origins]:
        """Give the formula of step classes; last tiles that are said to be whole are."""
        ties = self.counted.ties
        same = {
            str(rest): part
            for _, part, rest in ties.cuts()
            if Condition(part - rest, equality=True) in in_common(self.valid_on)
        }

        def plain(value: QP) -> QP:
            return ties.merged(value.substitute(same)).substitute(same)

        levels = self.classes.with_classes(classes, plain)
        cost, origins = self._cost(levels)
        return cost, ties, origins

    def divisible_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> DivisibleTime:
        """Give the formula where tiles and folds divide what they cut, as they do at the next such point."""
        point = joined(point, named)
        ratios, values = self.divisible_near(point)
        cost, origins = self._cost(self.classes.levels(values, ratios.plain))
        where = ratios.where(self._conditions(values), self.valid_on)
        return DivisibleTime(cost, *where, ratios, origins)

    @property
    def cases(self) -> tuple[TiledTimeCase, ...]:
        """The formula as disjoint cases, each with its condition.

        Raises `ClosedFormError` for too many of them; assume more then.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(T,T) N")
        >>> cycles = pm.analyze_tiles(pm.gemm(M=4, K=8), flow, 4).runtime(pm.Hardware(num_pes=4))
        >>> for case in cycles.assuming("N % T == 0").cases:
        ...     print(case)
        8·N  if T ≥ N
        8·T·⌈N/T⌉  if T < N
        """
        ties = self.counted.ties
        return tuple(
            TiledTimeCase(tidied(conditions, self.valid_on, ties), *self._formula(classes))
            for conditions, classes in self.chambers()[0]
        )

    def to_python(self, name: str = "runtime") -> str:
        """Write a Python function that gives cycles; see `TiledCost.to_python`."""
        chambers, gaps = self.chambers()
        cases = []
        for conditions, classes in chambers:
            cost, ties, origins = self._formula(classes)
            cases.append((Region((conditions,)), renamed(cost, origins, ties.expanded, ties)))
        regions = [*self.counted.regions, *map(outside, gaps)]
        known = export.in_order(self.counted.ties.ties, regions)
        return source.run_time(name, self.symbol_groups, known, cases)

    def parts_json(self) -> dict[str, Any]:
        """Give the disjoint cases."""
        return {"cases": [case.to_json() for case in self.cases]}

    def chambers(self) -> tuple[list[Chamber], list[tuple[Condition, ...]]]:
        """Give the chambers of all groups together, and where there is no formula; raises as `cases` does."""
        known = Known(self.counted.ties, self.counted.symbols, self.counted.given)
        found: list[tuple[Chamber, Domain, Decided]] = [(((), ()), known.domain, frozenset())]
        gaps: list[tuple[Condition, ...]] = []
        for group in self.classes.everywhere(self.counted.ties, self.counted.given):
            joined, gaps = [], [*gaps, *group.gaps]
            for (conditions, classes), domain, decided in found:
                for region, levels in group.chambers:
                    inside, sure = domain, decided
                    for each in region.pieces[0]:
                        inside, sure = known.narrowed(inside, sure, each)
                    if not inside.is_empty():
                        both = tuple(dict.fromkeys([*conditions, *region.pieces[0]]))
                        joined.append(((both, (*classes, levels)), inside, sure))
            found = joined
            if len(found) > MOST:
                message = f"the run time has more than {MOST} cases; assume more, e.g. that tiles divide"
                raise ClosedFormError(message)
        return [chamber for chamber, _, _ in found], gaps

    def _conditions(self, values: Mapping[str, int]) -> list[Condition]:
        return [each for region, _ in self.classes.near(values) for each in region.pieces[0]]

    def _cost(self, levels: tuple[Level, ...]) -> tuple[Cost, Origins]:
        arithmetic = Pruned(self.machine, tuple(self.counted.ties.most()))
        clock = TracedClock(levels, self.machine, self.resident, arithmetic)
        return clock.runtime(), clock.origins
