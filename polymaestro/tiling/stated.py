"""Costs over extents, tiles and units: cases with edge tiles, divisible cases, and what both come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any, Self

from polymaestro.counting import QP, Region, Tie
from polymaestro.model.formula import CostForm
from polymaestro.model.integers import Point
from polymaestro.model.stated import CostCase, Equation
from polymaestro.symbolic.costs import Cost
from polymaestro.symbolic.naming import NamedCost, Origins, named
from polymaestro.symbolic.points import integer_point, whole
from polymaestro.symbolic.setting import written_quotient
from polymaestro.symbolic.written import written
from polymaestro.tiling.complete import CompleteForm
from polymaestro.tiling.divisible import Divides, View, divisible_point
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.levels import Cuts
from polymaestro.tiling.ratios import Ratios
from polymaestro.tiling.ties import Ties

if TYPE_CHECKING:
    import sympy

Change = Callable[[QP], QP]
SIGNS = {"up": "⌈⌉", "down": "⌊⌋"}


def renamed(cost: Cost, origins: Origins, change: Change, ties: Ties) -> NamedCost:
    """Give names to the delays of a cost whose polynomials are changed first."""
    known = {delay.mapped(change): origin for delay, origin in origins.items()}
    taken = cost.names() | {tie.name for tie in ties.ties}
    return named(cost.mapped(change), known, taken)


class NamedCase(CostCase, ABC):
    """A formula in which names stand for numbers of tiles."""

    ties: Ties

    @abstractmethod
    def change(self, value: QP) -> QP:
        """Write a polynomial with the names that a reader expects."""

    @abstractmethod
    def values(self, point: Point, constants: Iterable[str]) -> dict[str, int | Fraction]:
        """Give a point of sizes and constants with the values of all names."""

    @abstractmethod
    def expressions(self) -> dict[str, sympy.Expr]:
        """Give what each name stands for as a SymPy expression."""

    @abstractmethod
    def explained(self, text: str) -> str:
        """Write the conditions behind a formula, and what names stand for."""


class ExactCase(NamedCase, ABC):
    """A formula of a chamber, edge tiles included, over names of ties."""

    def expressions(self) -> dict[str, sympy.Expr]:
        """Give what each name stands for as a SymPy expression."""
        return self.ties.expressions()

    def change(self, value: QP) -> QP:
        """Write T·U for the width of all units."""
        return value.replace(self.ties.products)

    def values(self, point: Point, constants: Iterable[str]) -> dict[str, int | Fraction]:
        """Give a point of sizes and constants with the values of the ties."""
        return {**self.ties.complete(_sizes(point, constants)), **point}

    @property
    def conditions(self) -> list[str]:
        """What has to hold, as texts."""
        return [] if self.region.is_everywhere else [self.ties.written(str(self.region))]

    def explained(self, text: str) -> str:
        """Write the condition behind a formula, ⌈K/T⌉ for each number of tiles, and the other ties."""
        return self.ties.explained(
            "  if ".join([text, *([] if self.region.is_everywhere else [str(self.region)])])
        )

    def equations(self) -> list[Equation]:
        """Give the ties that the formula and its conditions name."""
        return list(map(equation, self.ties.named_in(" ".join([*self.named.names(), *self.conditions]))))


class DivisibleCost(NamedCase, ABC):
    """A formula of a divisible view: what has to divide what, and where else it holds."""

    divides: tuple[Divides, ...]
    region: Region
    ratios: Ratios

    @property
    def ties(self) -> Ties:  # type: ignore[override]  # here it is computed
        """What else the names stand for."""
        return self.ratios.view.ties

    def expressions(self) -> dict[str, sympy.Expr]:
        """Give what each name stands for as a SymPy expression."""
        return self.ratios.expressions()

    def change(self, value: QP) -> QP:
        """Write the name of a number of tiles for each quotient."""
        return value.replace({quotient: QP.of(name) for quotient, name in self.ratios.names.items()})

    def values(self, point: Point, constants: Iterable[str]) -> dict[str, int | Fraction]:
        """Give a point of sizes and constants with the values of quotients and ties."""
        return {**self.ratios.at(self.ties.complete(_sizes(point, constants))), **point}

    def holds(self, **point: int) -> bool:
        """Say whether a point satisfies all conditions."""
        values = self.ties.complete(point)
        return self.region.holds(values) and all(each.holds(values) for each in self.divides)

    @property
    def conditions(self) -> list[str]:
        """What has to hold, as texts."""
        rest = [] if self.region.is_everywhere else [self.ties.written(str(self.region))]
        return [*map(str, self.divides), *rest]

    def explained(self, text: str) -> str:
        """Write the conditions behind a formula, and what other names stand for."""
        condition = f"  if {', '.join(self.conditions)}" if self.conditions else ""
        return self.ties.explained(text + condition)

    def equations(self) -> list[Equation]:
        """Give the quotients that the formula names, then the ties that these and the conditions name."""
        used, found = self.named.names(), []
        quotients = {quotient: name for quotient, name in self.ratios.names.items() if name in used}
        for quotient, name in quotients.items():
            above, below = self.ratios.parts[quotient]
            divisor = prod(map(QP.of, below), start=QP.of(1))
            found.append((name, written_quotient(quotient, above, divisor)))
        others = [*(used - set(quotients.values())), *quotients, *self.conditions]
        return [*found, *map(equation, self.ties.named_in(" ".join(others)))]


class TiledCost(CostForm[TiledForm], ABC):
    """A cost over extents, tiles, units and constants."""

    cuts: Cuts

    def values(self, point: Point) -> Mapping[str, int]:
        """Give the sizes of a point of the region with the values of the ties."""
        return self.counted.extended(self.sizes(point))

    def values_near(self, point: Mapping[str, int]) -> Mapping[str, int]:
        """Give the same of a point that may lack constants."""
        return self.counted.extended({n: point[n] for n in self.counted.symbols if n in point})

    def divisible_near(self, point: Mapping[str, int]) -> tuple[Ratios, Mapping[str, int]]:
        """Give the next point where tiles and folds divide what they cut, and the quotients there."""
        counted = self.counted
        known = {name: point[name] for name in counted.symbols if name in point}
        sizes = integer_point(known, counted.symbols)
        values = counted.extended(divisible_point(self.cuts, sizes, counted.ties))
        return Ratios(View(counted.ties, values)), values

    @abstractmethod
    def divisible_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> DivisibleCost:
        """Give the formula where tiles and folds divide what they cut, as they do at the next such point."""

    @abstractmethod
    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> ExactCase:
        """Give the formula of the chamber that a point lies in, and that chamber."""

    def assuming(self, *assumptions: str) -> Self:
        """Give the form on the smaller region where conditions hold; see `TiledForm.assuming`."""
        return replace(self, counted=self.counted.assuming(*assumptions))  # type: ignore[type-var]  # all are dataclasses

    @abstractmethod
    def to_python(self, name: str = "cost") -> str:
        """Write a Python function of all symbols that is exact on the whole region, and refuses other points.

        Raises `ClosedFormError` where there are too many cases; assume more then.
        """

    @abstractmethod
    def parts_json(self) -> dict[str, Any]:
        """Give what the cost is made of, as JSON data."""

    def to_json(self) -> dict[str, Any]:
        """Give the whole formula as JSON data, schema ``polymaestro.cost/1``.

        A run time is a list of disjoint cases, each as text. Energy is a sum of numbers or symbols times
        counts, a roofline the largest of counts over rates, rounded up; counts are `export.forms_to_json`.
        Raises `ClosedFormError` where there are too many cases; assume more then.
        """
        return {
            "schema": "polymaestro.cost/1",
            "cost": self.what.removeprefix("the "),
            "unit": self.common.unit,
            "symbols": list(self.counted.symbols),
            "constants": sorted(self.constants),
            "valid_on": self.counted.ties.explained(str(self.valid_on)),
            **self.parts_json(),
        }

    def added_up(self, terms: Iterable[tuple[int, TiledForm]]) -> CompleteForm:
        """Give Σ weight · form with all chambers."""
        products = tuple((w * sign, counts) for w, form in terms for sign, counts in form.products)
        return replace(self.counted, products=products).complete()

    @property
    def symbol_groups(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Sizes, and constants of the machine."""
        return self.counted.symbols, tuple(sorted(self.constants))

    @property
    def common(self) -> ExactCase:
        """The case of large extents and many tiles."""
        return self.case_at(self.counted.shown)


def _sizes(point: Point, constants: Iterable[str]) -> dict[str, int]:
    fixed = set(constants)
    return {name: whole(name, value) for name, value in point.items() if name not in fixed}


def equation(tie: Tie) -> Equation:
    """Give the name of a tie and what it stands for."""
    if tie.divisor is None:
        return tie.name, replace(written(tie.numerator), text=tie.text)
    return tie.name, written_quotient(tie.text, tie.numerator, tie.divisor, SIGNS[tie.rounded])
