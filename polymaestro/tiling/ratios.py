"""Numbers of tiles as quotients that stay whole: K/T, and K/(U·T) for folds, where tiles divide.

A run time has numbers of steps as factors, which read best as (K/T - 1)·(C/T - 1), and sizes, in which
K/T·T is K. So a quotient is one atom of a polynomial, and cancels against factors of its divisor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.counting import QP, Condition, Region
from polymaestro.counting.quasipolynomial import Atom, single
from polymaestro.symbolic.to_sympy import meaning
from polymaestro.tiling.divisible import Divides, View
from polymaestro.tiling.forms import TiledForm

if TYPE_CHECKING:
    import sympy
ONE = QP.of(1)


@dataclass
class Ratios:
    """The atoms of a divisible view: each quotient's dividend and the factors of its divisor."""

    view: View
    parts: dict[str, tuple[QP, tuple[str, ...]]] = field(default_factory=dict)
    meanings: dict[Atom, QP] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Find what each tie is, in their order."""
        for tie in self.view.ties.ties:
            if tie.divisor is None:
                length = self.view.lengths.get(tie.name)
                self.meanings[tie.name] = self.plain(tie.numerator if length is None else QP.of(length))
            elif tie.name in self.view.divides and self.view.quotients[tie.name] != ONE:
                [(monomial, factor)] = tie.divisor.terms
                below = tuple(str(atom) for atom, power in monomial for _ in range(power))
                self.meanings[tie.name] = self._quotient(self.plain(tie.numerator), below) * (
                    1 / Fraction(factor)
                )
            elif tie.name in self.view.quotients:
                self.meanings[tie.name] = self.plain(self.view.quotients[tie.name])
        self.used.clear()

    def plain(self, value: QP) -> QP:
        """Put quotients and lengths in the place of ties."""
        self.used.update(value.names())
        return self._cancelled(value.substitute(self.view.lengths).replace(self.meanings))

    def form(self, form: TiledForm, values: Mapping[str, int]) -> QP:
        """Give the formula of a form at a divisible point, which holds the ties."""
        total = QP.of(0)
        for sign, pieces in form.pieces(values):
            product = QP.of(sign)
            for piece in pieces:
                product = self._cancelled(product * self.plain(piece))
            total = total + product
        return total

    def where(self, conditions: list[Condition], given: Region) -> tuple[tuple[Divides, ...], Region]:
        """Give what has to divide what for all that was put in plain terms, and where else it holds."""
        self.used.update(name for each in conditions for name in each.expression.names())
        return self.view.where(conditions, given, self.used)

    def where_all(
        self, forms: Iterable[TiledForm], values: Mapping[str, int], given: Region
    ) -> tuple[tuple[Divides, ...], Region]:
        """Give the same for all decisions that led to the formulas of several forms."""
        conditions = dict.fromkeys(each for form in forms for each in form.conditions(values))
        return self.where(list(conditions), given)

    def at(self, point: Mapping[str, int]) -> dict[str, int | Fraction]:
        """Give a point with the values of all quotients; 12/T is 12 times 1/T, which is no integer."""
        values: dict[str, int | Fraction] = dict(point)
        for name, (above, below) in self.parts.items():
            divisor = 1
            for factor in below:
                divisor *= point[factor]
            values[name] = Fraction(above.evaluate(values)) / divisor  # type: ignore[arg-type]  # as above
        return values

    def expressions(self) -> dict[str, sympy.Expr]:
        """Give every quotient as a SymPy expression; other names are those of ties."""
        found = self.view.ties.expressions()
        for name, (above, below) in self.parts.items():
            divisor = ONE
            for factor in below:
                divisor = divisor * QP.of(factor)
            found[name] = meaning(above, divisor, found, rounded="")
        return found

    @property
    def names(self) -> dict[str, str]:
        """Give each quotient the name of the tie that it is, else a new one."""
        tied: dict[str, str] = {}
        for name, value in self.meanings.items():
            tied.setdefault(str(value), str(name))
        taken = {tie.name for tie in self.view.ties.ties} | set(self.view.point)
        free = (name for index in range(1, 999) if (name := f"q_{index}") not in taken)
        return {quotient: tied.get(quotient) or next(free) for quotient in self.parts}

    def _quotient(self, above: QP, below: tuple[str, ...]) -> QP:
        """Give above / below, where what both have is cancelled."""
        for name in below:
            if all(name in dict(monomial) for monomial, _ in above.terms):
                terms = (QP(((_lowered(monomial, name), factor),)) for monomial, factor in above.terms)
                left = list(below)
                left.remove(name)
                return self._quotient(sum(terms, QP.of(0)), tuple(left))
        if not below:
            return above
        number = ONE
        if len(above.terms) == 1:
            [(monomial, factor)] = above.terms
            above, number = QP(((monomial, 1),)), QP.of(factor)
        text = f"({above})" if len(above.terms) > 1 or len(above.atoms()) > 1 else str(above)
        divisor = "·".join(below)
        name = f"{text}/{f'({divisor})' if len(below) > 1 else divisor}"
        self.parts.setdefault(name, (above, below))
        return single(name) * number

    def _cancelled(self, value: QP) -> QP:
        """Multiply quotients by factors of their divisors."""
        if not any(atom in self.parts for atom in value.atoms()):
            return value
        total = QP.of(0)
        for monomial, factor in value.terms:
            found = self._pair(monomial)
            if found is None:
                total = total + QP(((monomial, factor),))
            else:
                name, below = found
                above, divisor = self.parts[name]
                left = list(divisor)
                left.remove(below)
                rest = QP(((_lowered(_lowered(monomial, name), below), factor),))
                total = total + self._cancelled(rest * self._quotient(above, tuple(left)))
        return total

    def _pair(self, monomial: tuple[tuple[Atom, int], ...]) -> tuple[str, str] | None:
        """Find a quotient and a factor of its divisor in a product."""
        atoms = dict(monomial)
        for atom in atoms:
            if isinstance(atom, str) and atom in self.parts:
                for below in self.parts[atom][1]:
                    if below in atoms:
                        return atom, below
        return None


def _lowered(monomial: tuple[tuple[Atom, int], ...], name: str) -> tuple[tuple[Atom, int], ...]:
    """Divide a product by one of its factors."""
    return tuple((atom, power - (atom == name)) for atom, power in monomial if (atom, power) != (name, 1))
