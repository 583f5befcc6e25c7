"""Energy and roofline over extents, tiles, units and constants of the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.counting import QuasiPolynomial, Region
from polymaestro.model.energy import EnergyParts, energy_text
from polymaestro.model.integers import Point, extents_of
from polymaestro.model.roofline import Bounded
from polymaestro.showing import Shown
from polymaestro.symbolic.costs import largest
from polymaestro.symbolic.factoring import in_parts
from polymaestro.symbolic.to_sympy import constant, with_meanings
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.divisible import Divides, View, divisible_point
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.mapping import Cuts
from polymaestro.tiling.ratios import Divided, Ratios
from polymaestro.tiling.ties import Ties
from polymaestro.tiling.timing import TiledTimeCase

if TYPE_CHECKING:
    import sympy

QP = QuasiPolynomial


@dataclass(frozen=True, repr=False)
class TiledEnergyCase(Shown):
    """The accesses that each constant stands before, as formulas, and the region where they hold."""

    region: Region
    sums: Mapping[str, QuasiPolynomial]
    unit: str
    ties: Ties

    def evaluate(self, **point: int | Fraction) -> Fraction:
        """Compute the value at a point of the region."""
        values = self.ties.complete(extents_of(point, frozenset(self.sums)))
        return _summed(self.sums, values, point)

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression."""
        return _expression(self.sums, self.ties.expressions())

    def __str__(self) -> str:
        """Write the formula with ⌈K/T⌉ for each number of tiles, and where it holds."""
        where = "" if self.region.is_everywhere else f"  if {self.region}"
        return self.ties.explained(f"{energy_text(self.sums, in_parts)} {self.unit}{where}")


@dataclass(frozen=True, repr=False)
class TiledEnergy(Shown, EnergyParts[TiledForm]):
    """Energy as a closed form in extents, tiles, units and constants; `counted` tells where it holds.

    >>> import polymaestro as pm
    >>> from dataclasses import replace
    >>> flow = pm.parse_dataflow("SpatialMap(T,T) M; TemporalMap(1,1) N")
    >>> tiled = pm.analyze_tiles(pm.gemm(), flow, "PEs")
    >>> table = replace(pm.Hardware(num_pes=1).energy, l2="E", dram=0, mac=0, l1=0)
    >>> form = tiled.energy(pm.Hardware(num_pes=1, energy=table))
    >>> form.at(M=5, N=3, K=2, T=2, PEs=2, E=10)
    Fraction(680, 1)
    """

    counted: TiledForm
    cuts: Cuts

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters: extents, tiles and units, then constants."""
        return (*self.counted.symbols, *sorted(self.constants))

    @property
    def valid_on(self) -> Region:
        """Where the dataflow is legal and the formula holds."""
        return self.counted.valid_on

    def at(self, **point: int | Fraction) -> Fraction:
        """Evaluate at a point, exactly; raises `ClosedFormError` as the other forms do."""
        return sum(self.by_part(point).values(), Fraction(0))

    def by_part(self, point: Point) -> dict[str, Fraction]:
        """Give the energy of each part at a point."""
        values = self.counted.ties.complete(self.counted.extended(extents_of(point, self.constants)))
        return super().by_part({**point, **values})

    def case_at(self, point: Mapping[str, int]) -> TiledEnergyCase:
        """Give the formula of the chamber that a point lies in, and that chamber."""
        counted = self.counted
        values = counted.extended({n: point[n] for n in counted.symbols if n in point})
        forms = [form for part in self.parts for _, form in part.accesses.terms if part.each]
        sums = {
            symbol: sum((form.value_at(values) * factor for factor, form in terms), QP.of(0))
            for symbol, terms in self.by_symbol().items()
        }
        region = common_region([*forms, counted], values)
        return TiledEnergyCase(region, sums, self.unit, counted.ties)

    def divisible_at(self, point: Mapping[str, int]) -> DivisibleEnergy:
        """Give the formula where tiles and folds divide what they cut, as they do at the next such point."""
        counted = self.counted
        sizes = {name: point[name] for name in counted.symbols if name in point}
        values = counted.extended(divisible_point(self.cuts, sizes, counted.ties))
        ratios = Ratios(View(counted.ties, values))
        sums = {
            symbol: sum((ratios.form(form, values) * factor for factor, form in terms), QP.of(0))
            for symbol, terms in self.by_symbol().items()
        }
        forms = [form for part in self.parts for _, form in part.accesses.terms if part.each]
        conditions = list(dict.fromkeys(each for form in forms for each in form.conditions(values)))
        return DivisibleEnergy(sums, self.unit, *ratios.where(conditions, self.valid_on), ratios)

    def __str__(self) -> str:
        """Write the case of large extents and many tiles."""
        return str(self.case_at(self.counted.shown))


@dataclass(frozen=True, repr=False)
class DivisibleEnergy(Divided):
    """The accesses that each constant stands before, what has to divide what, and where else they hold."""

    sums: Mapping[str, QuasiPolynomial]
    unit: str
    divides: tuple[Divides, ...]
    region: Region
    ratios: Ratios

    def evaluate(self, **point: int | Fraction) -> Fraction:
        """Compute the value at a point that satisfies the conditions."""
        return _summed(
            self.sums, self.ratios.at(self.ties.complete(extents_of(point, frozenset(self.sums)))), point
        )

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression."""
        return _expression(self.sums, self.ratios.expressions())

    def __str__(self) -> str:
        """Write the formula and all conditions."""
        return self.explained(f"{energy_text(self.sums, in_parts)} {self.unit}")


def _summed(sums: Mapping[str, QP], values: Mapping[str, int], point: Point) -> Fraction:
    return sum(
        (
            Fraction(each.evaluate(values)) * (Fraction(point[symbol]) if symbol else 1)
            for symbol, each in sums.items()
        ),
        Fraction(0),
    )


def _expression(sums: Mapping[str, QP], known: Mapping[str, sympy.Expr]) -> sympy.Expr:
    terms = (with_meanings(value, known) * constant(symbol or Fraction(1)) for symbol, value in sums.items())
    return sum(terms, constant(Fraction(0)))


@dataclass(frozen=True, repr=False)
class TiledRoofline(Shown, Bounded[TiledForm]):
    """The largest of the bounds, as a closed form in extents, tiles, units and constants."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters: extents, tiles and units, then constants."""
        return (*self.counted.symbols, *sorted(self.constants))

    @property
    def valid_on(self) -> Region:
        """Where the dataflow is legal and the formula holds."""
        return self.counted.valid_on

    def by_resource(self, point: Point) -> dict[str, int]:
        """Give the cycles of every resource at a point."""
        values = self.counted.ties.complete(self.counted.extended(extents_of(point, self.constants)))
        return super().by_resource({**point, **values})

    def case_at(self, point: Mapping[str, int]) -> TiledTimeCase:
        """Give the formula of the chamber that a point lies in, and that chamber."""
        counted = self.counted
        values = counted.extended({n: point[n] for n in counted.symbols if n in point})
        forms = [form for bound in self.bounds for _, form in bound.amount.terms]
        cost = largest(bound.cost(lambda form: form.value_at(values)) for bound in self.bounds)
        return TiledTimeCase(common_region([*forms, counted], values), cost, counted.ties)

    def __str__(self) -> str:
        """Write the case of large extents and many tiles."""
        return str(self.case_at(self.counted.shown))


def common_region(forms: Iterable[TiledForm], values: Mapping[str, int]) -> Region:
    """Give where all forms have the formulas that they have at a point, which holds the ties."""
    found = list(forms)
    conditions = dict.fromkeys(each for form in found for each in form.conditions(values))
    return tidied(conditions, found[-1].valid_on, found[-1].ties)
