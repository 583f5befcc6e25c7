"""Costs as readers see them: the formula, in one line or with names for its parts, and where it holds."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polymaestro.counting import QuasiPolynomial, Region
from polymaestro.model.clock import Clock, Scalar, Time
from polymaestro.showing import Shown, in_math
from polymaestro.showing.tables import escaped
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

    def text(self, known: Collection[str] = ()) -> str:
        """Write the formula with names for its parts: total, conditions, then a name a line.

        Where all conditions are known, it says only that they are.
        """
        (_, total, _), *rows = self.rows()
        lines = [f"{total.text}{'' if self.unit == 'cycles' else f' {self.unit}'}"]
        conditions = ", ".join(self.conditions)
        if conditions:
            is_known = bool(known) and set(conditions.split(", ")) <= set(known)
            lines.append("  in the case above" if is_known else f"  if {conditions}")
        for name, value, meaning in rows:
            lines.append(f"  where {name} = {value.text}" + (f"  ({meaning})" if meaning else ""))
        return "\n".join(lines)

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs; with names, in the lines of an ``aligned``."""
        return self._aligned([])

    def statement(self) -> str:
        """Write the formula as LaTeX with its conditions."""
        where = ", ".join(map(latex_of_condition, self.conditions))
        return self._aligned(broken(rf"\text{{if }} {where}", ", ")) if where else self.latex()

    def _aligned(self, conditions: list[str]) -> str:
        (_, total, _), *rows = self.rows()
        if not rows:
            return r" \quad ".join([total.latex, *conditions])
        lines = [*broken(total.latex), *(rf"\quad {each}" for each in conditions)]
        for name, value, meaning in rows:
            line = rf"\quad \text{{where }} {written(QuasiPolynomial.of(name)).latex} = {value.latex}"
            lines.append(line + (rf" \qquad \text{{({escaped(meaning)})}}" if meaning else ""))
        return "\n".join([r"\begin{aligned}", *(rf"&{line} \\" for line in lines), r"\end{aligned}"])

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


def broken(latex: str, sign: str = " + ", width: int = 100) -> list[str]:
    r"""Break LaTeX at a sign outside of brackets so that lines are not much longer than the width.

    A plus begins the next line, a comma ends a line.

    >>> broken(r"\max(a, b + c) + d + e", width=8)
    ['\\max(a, b + c)', '\\quad {} + d', '\\quad {} + e']
    """
    lines, depth = [""], 0
    for word in re.split(f"({re.escape(sign)})", latex):
        ends = word == sign and not depth and len(lines[-1]) >= width
        if ends and sign == ", ":
            lines[-1] += ","
        if ends:
            lines.append(r"\quad {}")
        if not (ends and sign == ", "):
            lines[-1] += word
        depth += sum(word.count(each) for each in "({") - sum(word.count(each) for each in ")}")
    return lines
