"""The divisible view: formulas where tiles and folds divide what they cut, which is what papers print.

With E = T, G = V and L = U the numbers of tiles are quotients, n = X/T and F = X/(U·T), and a formula is a
polynomial over a monomial. The view is read off the chamber of a divisible point, so it holds wherever its
conditions do.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from polymaestro.affine import Affine
from polymaestro.counting import QP, Condition, Region
from polymaestro.counting.quasipolynomial import Atom
from polymaestro.showing import Shown, in_math
from polymaestro.symbolic import factored
from polymaestro.symbolic.factoring import factorize
from polymaestro.symbolic.points import integer_point
from polymaestro.symbolic.to_sympy import (
    in_symbols,
    latex_of_condition,
    latex_of_product,
    latex_with_ties,
    product,
)
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.levels import Cuts
from polymaestro.tiling.ties import Ties

if TYPE_CHECKING:
    import sympy

INVERSE = "1/"


@dataclass(frozen=True)
class Quotient:
    """A polynomial over a product of symbols."""

    numerator: QP
    denominator: tuple[str, ...]

    def at(self, point: Mapping[str, int]) -> Fraction:
        """Evaluate."""
        below = Fraction(1)
        for name in self.denominator:
            below *= point[name]
        return Fraction(self.numerator.evaluate(point)) / below

    def leading(self, large: Collection[str]) -> Quotient:
        """Give the terms of the highest degree in some symbols: all others grow more slowly than these.

        >>> print(Quotient(QP.of("K") * (QP.of("P") + QP.of("R") - 1), ("T",)).leading(["K", "P"]))
        K·P/T
        """
        by_degree: dict[int, QP] = {}
        for monomial, factor in self.numerator.terms:
            degree = sum(power for atom, power in monomial if atom in large)
            by_degree[degree] = by_degree.get(degree, QP.of(0)) + QP(((monomial, factor),))
        top = by_degree[max(by_degree)] if by_degree else self.numerator
        inverse = prod((QP.of(f"{INVERSE}{name}") for name in self.denominator), start=QP.of(1))
        return _quotient(_reduced(top * inverse))

    def latex(self) -> str:
        """Write as LaTeX, without dollar signs."""
        return latex_of_product(factorize(self.numerator), self.denominator)

    def __str__(self) -> str:
        """Write as a product over a product."""
        if not self.denominator:
            return factored(self.numerator)
        above = factored(self.numerator)
        if above.startswith("-") or " " in _outside_parentheses(above):
            above = f"({above})"
        below = "·".join(self.denominator)
        return f"{above}/{f'({below})' if len(self.denominator) > 1 else below}"


@dataclass(frozen=True)
class Divides:
    """A length and what divides it."""

    length: Quotient
    divisor: QP

    def holds(self, point: Mapping[str, int]) -> bool:
        """Decide at a point."""
        return (self.length.at(point) / Fraction(self.divisor.evaluate(point))).denominator == 1

    def follows(self, other: Divides) -> bool:
        """Whether the other one says more: a multiple of the divisor divides the same length."""
        return self.length == other.length and self.divisor.names() < other.divisor.names()

    def __str__(self) -> str:
        """Write as a congruence."""
        above, below = str(self.length), str(self.divisor)
        above = f"({above})" if " " in above else above
        return f"{above} % {f'({below})' if len(self.divisor.names()) > 1 else below} = 0"


@dataclass(frozen=True, repr=False)
class DivisibleCase(Shown):
    """A formula, what has to divide what, and where else it holds; `ties` give the words."""

    value: Quotient
    divides: tuple[Divides, ...]
    region: Region
    ties: Ties

    @property
    def conditions(self) -> list[str]:
        """What has to hold, as texts."""
        rest = [] if self.region.is_everywhere else [self.ties.written(str(self.region))]
        return [*map(str, self.divides), *rest]

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression over integer symbols, to be derived by tile sizes for instance.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(1,1) N")
        >>> reads = pm.analyze_tiles(pm.gemm(), flow, 1)["L2"]["B"].parent_reads
        >>> expr = reads.divisible_at(M=9, N=7, K=5, T=3).expr
        >>> print(expr, expr.diff([each for each in expr.free_symbols if each.name == "T"][0]))
        K*M*N/T -K*M*N/T**2
        """
        below = prod((QP.of(name) for name in self.value.denominator), start=QP.of(1))
        quotient = product(factorize(self.value.numerator)) / product(factorize(below))
        return in_symbols(quotient, self.ties.ties)

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs."""
        return self.value.latex()

    def statement(self) -> str:
        """Write the formula and its conditions as LaTeX, and what the ties in these are."""
        where = ", ".join(map(latex_of_condition, self.conditions))
        text = rf"{self.latex()} \quad \text{{if }} {where}" if where else self.latex()
        return latex_with_ties(text, self.ties.ties)

    def _repr_latex_(self) -> str | None:
        return in_math(self.latex(), ",\\ ".join([*self.conditions, *self._meanings]))

    @property
    def _meanings(self) -> list[str]:
        return list(self.ties.meanings(" ".join([str(self.value), *self.conditions])))

    def __str__(self) -> str:
        """Write the formula, all conditions, and what the ties in them are."""
        where = f"  if {', '.join(self.conditions)}" if self.conditions else ""
        return self.ties.explained(f"{self.value}{where}")


def divisible_point(cuts: Cuts, point: Mapping[str, int], ties: Ties) -> dict[str, int]:
    """Raise tiles and extents to the next multiples, the innermost first, where they are plain symbols."""
    found = dict(point)
    for dim in cuts.operator.dims:
        wholes = [dim.extent, *(cut.size for cut in cuts.of(dim.name))]
        for whole, cut in reversed(list(zip(wholes, cuts.of(dim.name), strict=False))):
            values = ties.extended(found)
            step = cut.size.evaluate(values)
            if cut.units is not None and step * cut.units.evaluate(values) < whole.evaluate(values):
                step *= cut.units.evaluate(values)
            if str(whole) in found and whole.evaluate(values) > step:
                found[str(whole)] = -(-found[str(whole)] // step) * step
    return found


def divisible_near(form: TiledForm, point: Mapping[str, int]) -> DivisibleCase:
    """Give the divisible view at the next point where tiles and folds divide what is longer than they."""
    ties, found = form.ties, dict(integer_point(point, form.symbols))
    changed = True
    while changed:
        changed = False
        for whole, part, _ in reversed(list(ties.cuts())):
            values = ties.extended(found)
            length, step = whole.evaluate(values), part.evaluate(values)
            if str(whole) in found and length > step and length % step:
                found[str(whole)] = -(-length // step) * step
                changed = True
    return divisible(form, found)


def divisible(form: TiledForm, point: Mapping[str, int]) -> DivisibleCase:
    """Give the formula in the chamber of a divisible point, with the quotients that hold there."""
    [value], divides, region = divisible_together([form], point)
    return DivisibleCase(value, divides, region, form.ties)


def divisible_together(
    forms: Sequence[TiledForm], point: Mapping[str, int]
) -> tuple[list[Quotient], tuple[Divides, ...], Region]:
    """Give several formulas at a divisible point, what has to divide what, and where else they all hold."""
    first = forms[0]
    values = first.extended(point)
    view = View(first.ties, values)
    conditions = list(dict.fromkeys(each for form in forms for each in form.conditions(values)))
    used = {name for each in conditions for name in each.expression.names()}
    found: list[Quotient] = []
    for form in forms:
        total = QP.of(0)
        for sign, pieces in form.pieces(values):
            product = QP.of(sign)
            for piece in pieces:
                used |= piece.names()
                product = _reduced(product * piece.substitute(view.lengths).replace(view.quotients))
            total = total + product
        found.append(_quotient(total))
    return found, *view.where(conditions, first.valid_on, used)


@dataclass
class View:
    """What each tie is at a divisible point: numbers as quotients, lengths as lengths."""

    ties: Ties
    point: Mapping[str, int]
    quotients: dict[Atom, QP] = field(default_factory=dict)
    lengths: dict[str, Affine] = field(default_factory=dict)
    divides: dict[str, Divides] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find what each tie is at the point."""
        for tie in self.ties.ties:
            if tie.divisor is None:
                self.quotients[tie.name] = _reduced(tie.numerator.replace(self.quotients))
            elif tie.rounded == "up" and not tie.kept:
                self._rounded(tie.name, tie.numerator, tie.divisor)
        for whole, part, rest in self.ties.cuts():
            if not rest.is_constant:
                several = whole.evaluate(self.point) > part.evaluate(self.point)
                full = rest.evaluate(self.point) == part.evaluate(self.point)
                if full and several:
                    divisor = self.ties.expanded(QP.of(part))
                    self.divides[str(rest)] = Divides(_quotient(self._plain(whole)), divisor)
                if full or not several:
                    plain = (part if several else whole).substitute(self.lengths)
                    self.lengths[str(rest)] = plain
                    self.quotients[str(rest)] = self._plain(plain)

    def _plain(self, length: Affine) -> QP:
        return _reduced(QP.of(length).replace(self.quotients))

    def _rounded(self, name: str, numerator: QP, divisor: QP) -> None:
        """Take n = X/T where T divides X, 1 where T covers it; else n stays."""
        above, below = int(numerator.evaluate(self.point)), int(divisor.evaluate(self.point))
        whole = _reduced(numerator.replace(self.quotients))
        if above <= below:
            self.quotients[name] = QP.of(1)
        elif above % below == 0 and len(divisor.terms) == 1:
            [(monomial, factor)] = divisor.terms
            inverse = QP.of(Fraction(1, int(factor)))
            for atom, power in monomial:
                inverse = inverse * QP.of(f"{INVERSE}{atom}") ** power
            self.quotients[name] = _reduced(whole * inverse)
            self.divides[name] = Divides(_quotient(whole), divisor)

    def where(
        self, conditions: Iterable[Condition], given: Region, used: Container[str]
    ) -> tuple[tuple[Divides, ...], Region]:
        """Give what has to divide what for the ties that are used, and where else some conditions hold."""
        region = tidied(conditions, given, self.ties, self.equalities)
        plain = Region(tuple(_unique(piece, self.lengths) for piece in region.pieces))
        divides = [each for name, each in self.divides.items() if name in used]
        needed = [each for each in divides if not any(each.follows(other) for other in divides)]
        return tuple(dict.fromkeys(needed)), plain

    @property
    def equalities(self) -> list[Affine]:
        """Give what is 0 at a divisible point."""
        return [Affine.of(name) - plain for name, plain in self.lengths.items()]


def _unique(piece: Iterable[Condition], lengths: Mapping[str, Affine]) -> tuple[Condition, ...]:
    plain = (Condition(each.expression.substitute(lengths), each.equality) for each in piece)
    return tuple(dict.fromkeys(each for each in plain if not each.expression.is_constant))


def _reduced(value: QP) -> QP:
    """Cancel T against 1/T in each monomial."""
    if not any(str(atom).startswith(INVERSE) for atom in value.atoms()):
        return value
    total = QP.of(0)
    for monomial, factor in value.terms:
        powers: dict[Atom, int] = {}
        product = QP.of(factor)
        for atom, power in monomial:
            inverse = isinstance(atom, str) and atom.startswith(INVERSE)
            name = atom.removeprefix(INVERSE) if isinstance(atom, str) else atom
            powers[name] = powers.get(name, 0) + (-power if inverse else power)
        for name, power in powers.items():
            base = Affine.of(name) if power > 0 else Affine.of(f"{INVERSE}{name}")
            product = product * QP.of(base) ** abs(power)
        total = total + product
    return total


def _quotient(value: QP) -> Quotient:
    """Bring a sum over one denominator."""
    needed: dict[str, int] = {}
    for monomial, _ in value.terms:
        for atom, power in monomial:
            if str(atom).startswith(INVERSE):
                name = str(atom).removeprefix(INVERSE)
                needed[name] = max(needed.get(name, 0), power)
    below = tuple(name for name in sorted(needed) for _ in range(needed[name]))
    for name in below:
        value = _reduced(value * QP.of(name))
    return Quotient(value, below)


def _outside_parentheses(text: str) -> str:
    depth, kept = 0, []
    for letter in text:
        depth += letter == "("
        if not depth:
            kept.append(letter)
        depth -= letter == ")"
    return "".join(kept)
