"""Costs as readers see them: the formula, in one line or with names for its parts, and where it holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polymaestro.counting import Region
from polymaestro.model.clock import Clock, Scalar, Time
from polymaestro.showing import Shown, in_math
from polymaestro.symbolic.costs import Cost
from polymaestro.symbolic.naming import NamedCost, Origin
from polymaestro.symbolic.to_sympy import latex_of_condition

if TYPE_CHECKING:
    import sympy

LINE = 240
"""A formula that is longer, with its conditions, gets names for its parts, and a line for each."""

Equation = tuple[str, str]
"""A name and what it stands for."""


@dataclass
class TracedClock(Clock):
    """A clock on formulas that keeps where each delay comes from."""

    origins: dict[Cost, dict[Origin, None]] = field(default_factory=dict)

    def moving(self, words: Scalar, depth: int, way: str) -> Time:
        """Give the time of words across a boundary."""
        time: Cost = super().moving(words, depth, way)
        link = f"{self.machine.memories[depth].name} → {self.machine.memories[depth + 1].name}"
        self.origins.setdefault(time, {})[Origin(way, f"{link} {way}")] = None
        return time


class CostCase(Shown, ABC):
    """A formula of a cost, and where it is the value.

    Printed, it has names for its delays, accesses and numbers of tiles where it is long; `named` has these.
    """

    region: Region

    @property
    def unit(self) -> str:
        """What one means."""
        return "cycles"

    @property
    @abstractmethod
    def named(self) -> NamedCost:
        """The formula with names for its parts."""

    @property
    @abstractmethod
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression over integer symbols."""

    @abstractmethod
    def line(self) -> str:
        """Write the formula in one line."""

    @property
    def conditions(self) -> list[str]:
        """What has to hold, as texts."""
        return [] if self.region.is_everywhere else [str(self.region)]

    def equations(self) -> list[Equation]:
        """Give what the names in the conditions and parts stand for that are not parts themselves."""
        return []

    def latex_equations(self) -> Iterator[Equation]:
        """Give the same as LaTeX."""
        yield from ()

    def text(self) -> str:
        """Write the formula with names for its parts: total, conditions, then a name a line."""
        total, *parts = self.named.text().splitlines()
        where = [f"  if {', '.join(self.conditions)}"] if self.conditions else []
        others = [f"  where {name} = {meaning}" for name, meaning in self.equations()]
        return "\n".join([f"{total}{self._behind}", *where, *parts, *others])

    @property
    def _behind(self) -> str:
        return "" if self.unit == "cycles" else f" {self.unit}"

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs; with names, in the lines of an ``aligned``."""
        (_, total), *parts = self.named.latex()
        equations = [*parts, *self.latex_equations()]
        if not equations:
            return total
        lines = [rf"&{total} \\", *(rf"&\quad {name} = {value} \\" for name, value in equations)]
        lines[1] = lines[1].replace(r"\quad", r"\quad \text{where } ", 1)
        return "\n".join([r"\begin{aligned}", *lines, r"\end{aligned}"])

    def statement(self) -> str:
        """Write the formula as LaTeX, then the conditions."""
        where = ", ".join(map(latex_of_condition, self.conditions))
        return self.latex() + (rf" \quad \text{{if }} {where}" if where else "")

    def to_json(self) -> dict[str, Any]:
        """Give the formula, its parts with their meaning, and its conditions, as texts."""
        total, *_ = self.named.text().splitlines()
        return {
            "value": total,
            "unit": self.unit,
            "where": [
                *(_part_json(*each.texts()) for each in self.named.parts),
                *(_part_json(name, meaning) for name, meaning in self.equations()),
            ],
            "if": self.conditions,
        }

    def _repr_latex_(self) -> str | None:
        return in_math(self.latex(), ",\\ ".join(self.conditions))

    def __str__(self) -> str:
        """Write the formula in one line, then its condition; with names for its parts where that is long."""
        line = self.line()
        return line if len(line) <= LINE else self.text()


def _part_json(name: str, value: str, meaning: str = "") -> dict[str, str]:
    return {"name": name, "value": value} | ({"meaning": meaning} if meaning else {})
