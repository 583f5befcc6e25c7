"""Costs as readers see them: the formula, in one line or with names for its parts, and where it holds."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polymaestro.counting import QuasiPolynomial, Region
from polymaestro.model.clock import Clock, Scalar, Time
from polymaestro.showing import Shown, in_math
from polymaestro.symbolic.costs import Cost
from polymaestro.symbolic.naming import NamedCost, Origin, Row
from polymaestro.symbolic.to_sympy import latex_of_condition
from polymaestro.symbolic.written import Written, written

if TYPE_CHECKING:
    import sympy

LINE = 240
"""A formula that is longer, with its conditions, gets names for its parts, and a line for each."""

Equation = tuple[str, Written]
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
        """Give what names in the parts and conditions stand for that are not parts themselves."""
        return []

    def rows(self) -> list[Row]:
        """Give the formula, without a name, then each name, what it is and its meaning."""
        return [*self.named.rows(), *((name, value, "") for name, value in self.equations())]

    def text(self) -> str:
        """Write the formula with names for its parts: total, conditions, then a name a line."""
        (_, total, _), *rows = self.rows()
        lines = [f"{total.text}{'' if self.unit == 'cycles' else f' {self.unit}'}"]
        lines += [f"  if {', '.join(self.conditions)}"] if self.conditions else []
        for name, value, meaning in rows:
            lines.append(f"  where {name} = {value.text}" + (f"  ({meaning})" if meaning else ""))
        return "\n".join(lines)

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs; with names, in the lines of an ``aligned``."""
        (_, total, _), *rows = self.rows()
        if not rows:
            return total.latex
        lines = [rf"&{part} \\" for part in broken(total.latex)]
        for name, value, _ in rows:
            lines.append(rf"&\text{{where }} {written(QuasiPolynomial.of(name)).latex} = {value.latex} \\")
        return "\n".join([r"\begin{aligned}", *lines, r"\end{aligned}"])

    def statement(self) -> str:
        """Write the formula as LaTeX, then the conditions."""
        where = ", ".join(map(latex_of_condition, self.conditions))
        return self.latex() + (rf" \quad \text{{if }} {where}" if where else "")

    def to_json(self) -> dict[str, Any]:
        """Give the formula, its parts with their meaning, and its conditions, as text and as LaTeX."""
        (_, total, _), *rows = self.rows()
        return {
            "value": total.text,
            "latex": total.latex,
            "unit": self.unit,
            "where": [
                {"name": name, "value": value.text, "latex": value.latex}
                | ({"meaning": meaning} if meaning else {})
                for name, value, meaning in rows
            ],
            "if": self.conditions,
        }

    def _repr_latex_(self) -> str | None:
        return in_math(self.latex(), ",\\ ".join(self.conditions))

    def __str__(self) -> str:
        """Write the formula in one line, then its condition; with names for its parts where that is long."""
        line = self.line()
        return line if len(line) <= LINE else self.text()


def broken(latex: str, width: int = 100) -> list[str]:
    r"""Break a sum in LaTeX before plus signs, so that lines are not much longer than the width.

    >>> broken(r"\max(a, b + c) + d + e", 8)
    ['\\max(a, b + c)', '\\quad {} + d', '\\quad {} + e']
    """
    lines, depth = [""], 0
    for word in re.split(r"( \+ )", latex):
        if word == " + " and not depth and len(lines[-1]) >= width:
            lines.append(r"\quad {}")
        depth += sum(word.count(sign) for sign in "({") - sum(word.count(sign) for sign in ")}")
        lines[-1] += word
    return lines
