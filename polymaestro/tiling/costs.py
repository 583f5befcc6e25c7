"""Energy and roofline over extents, tiles, units and constants of the machine."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from polymaestro import export
from polymaestro.affine import Affine
from polymaestro.counting import Region
from polymaestro.hardware import Value
from polymaestro.model.energy import (
    Accounts,
    EnergyParts,
    accounts_expression,
    accounts_named,
    by_symbol,
    energy_text,
)
from polymaestro.model.integers import Point
from polymaestro.model.roofline import Bounded
from polymaestro.symbolic.factoring import in_parts
from polymaestro.symbolic.naming import NamedCost
from polymaestro.symbolic.points import joined
from polymaestro.tiling import source
from polymaestro.tiling.complete import CompleteForm
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.divisible import Divides
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.levels import Cuts
from polymaestro.tiling.ratios import Ratios
from polymaestro.tiling.stated import DivisibleCost, ExactCase, NamedCase, TiledCost
from polymaestro.tiling.ties import Ties
from polymaestro.tiling.timing import DivisibleTime, TiledTimeCase

if TYPE_CHECKING:
    import sympy


class EnergyOverTiles(NamedCase, ABC):
    """The accesses of each memory as formulas, and what each costs."""

    accesses: Accounts
    per: str

    @property
    def unit(self) -> str:
        """What one means."""
        return self.per

    def evaluate(self, **point: int | Fraction) -> Fraction:
        """Compute the value at a point that satisfies the conditions."""
        values, total = self.values(point, _symbols(self.accesses)), Fraction(0)
        for each, number in self.accesses.values():
            energy = Fraction(values[each]) if isinstance(each, str) else each
            total += energy * Fraction(number.evaluate(values))  # type: ignore[arg-type]  # sizes are integers
        return total

    @property
    def named(self) -> NamedCost:
        """The formula with a name for the number of each kind of event."""
        changed = {name: (each, self.change(number)) for name, (each, number) in self.accesses.items()}
        return accounts_named(changed, _symbols(self.accesses) | {tie.name for tie in self.ties.ties})

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression."""
        return accounts_expression(self.accesses, self.expressions())

    def line(self) -> str:
        """Write the formula, then all conditions."""
        return self.explained(f"{energy_text(by_symbol(self.accesses), in_parts)} {self.per}")


@dataclass(frozen=True, repr=False)
class TiledEnergyCase(EnergyOverTiles, ExactCase):
    """The accesses of each memory as formulas, what each costs, and the region where they hold."""

    region: Region
    accesses: Accounts
    per: str
    ties: Ties


@dataclass(frozen=True, repr=False)
class DivisibleEnergy(EnergyOverTiles, DivisibleCost):
    """The accesses of each memory, what has to divide what, and where else they hold."""

    accesses: Accounts
    per: str
    divides: tuple[Divides, ...]
    region: Region
    ratios: Ratios


def _symbols(accesses: Accounts) -> frozenset[str]:
    return frozenset(each for each, _ in accesses.values() if isinstance(each, str))


@dataclass(frozen=True, repr=False)
class TiledEnergy(EnergyParts[TiledForm], TiledCost):
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

    def by_part(self, point: Point) -> dict[str, Fraction]:
        """Give the energy of each part at a point."""
        values = self.counted.ties.complete(self.values(point))
        return super().by_part({**point, **values})

    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> TiledEnergyCase:
        """Give the formula of the chamber that a point lies in, and that chamber."""
        point = joined(point, named)
        values, counted = self.values_near(point), self.counted
        accesses = self.accounts(lambda form: form.value_at(values))
        region = common_region([*self._forms, counted], values)
        return TiledEnergyCase(region, accesses, self.unit, counted.ties)

    def divisible_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> DivisibleEnergy:
        """Give the formula where tiles and folds divide what they cut, as they do at the next such point."""
        point = joined(point, named)
        ratios, values = self.divisible_near(point)
        accesses = self.accounts(lambda form: ratios.form(form, values))
        return DivisibleEnergy(
            accesses, self.unit, *ratios.where_all(self._forms, values, self.valid_on), ratios
        )

    def to_python(self, name: str = "energy") -> str:
        """Write a Python function that gives a fraction; see `TiledCost.to_python`."""
        return source.energy(name, self.symbol_groups, self._counts())

    def parts_json(self) -> dict[str, Any]:
        """Give the sum and its counts."""
        counts = self._counts()
        return {
            "sum": [{"each": str(each), "count": what} for what, (each, _) in counts.items()],
            "counts": export.forms_to_json({what: form for what, (_, form) in counts.items()}),
        }

    def _counts(self) -> dict[str, tuple[Value, CompleteForm]]:
        events = self.events().items()
        return {source.plain(what): (each, self.added_up(terms)) for what, (each, terms) in events}

    @property
    def _forms(self) -> list[TiledForm]:
        return [form for part in self.parts for _, form in part.accesses.terms if part.each]


@dataclass(frozen=True, repr=False)
class TiledRoofline(Bounded[TiledForm], TiledCost):
    """The largest of the bounds, as a closed form in extents, tiles, units and constants."""

    cuts: Cuts

    def by_resource(self, point: Point) -> dict[str, int]:
        """Give the cycles of every resource at a point."""
        self.sizes(point)
        return self.by_resource_at({**point, **self.counted.ties.complete(self.values(point))})

    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> TiledTimeCase:
        """Give the formula of the chamber that a point lies in, and that chamber."""
        point = joined(point, named)
        values, counted = self.values_near(point), self.counted
        cost, origins = self.formula(lambda form: form.value_at(values))
        return TiledTimeCase(common_region([*self._forms, counted], values), cost, counted.ties, origins)

    def divisible_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> DivisibleTime:
        """Give the formula where tiles and folds divide what they cut, as they do at the next such point."""
        point = joined(point, named)
        ratios, values = self.divisible_near(point)
        cost, origins = self.formula(lambda form: ratios.form(form, values))
        where = ratios.where_all(self._forms, values, self.valid_on)
        return DivisibleTime(cost, *where, ratios, origins)

    def to_python(self, name: str = "roofline") -> str:
        """Write a Python function that gives cycles; see `TiledCost.to_python`."""
        return source.roofline(name, self.symbol_groups, self._amounts())

    def parts_json(self) -> dict[str, Any]:
        """Give the bounds and their counts."""
        amounts = self._amounts()
        return {
            "largest": [
                {"count": what, "rate": str(rate), "copies": [str(each) for each in copies]}
                for what, (rate, copies, _) in amounts.items()
            ],
            "counts": export.forms_to_json({what: form for what, (*_, form) in amounts.items()}),
        }

    def _amounts(self) -> dict[str, tuple[Value, tuple[Affine, ...], CompleteForm]]:
        return {
            source.plain(each.resource): (each.rate, each.copies, self.added_up(each.amount.terms))
            for each in self.bounds
        }

    @property
    def _forms(self) -> list[TiledForm]:
        return [form for bound in self.bounds for _, form in bound.amount.terms]


def common_region(forms: Iterable[TiledForm], values: Mapping[str, int]) -> Region:
    """Give where all forms have the formulas that they have at a point, which holds the ties."""
    found = list(forms)
    conditions = dict.fromkeys(each for form in found for each in form.conditions(values))
    return tidied(conditions, found[-1].valid_on, found[-1].ties)
