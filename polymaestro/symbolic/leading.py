"""The leading term: what a formula comes to when its large symbols grow together.

Along a ray, every large symbol a fixed multiple of s and s → ∞, a floor becomes a quotient, and only the
terms of the highest degree matter. A chamber whose conditions confine the large symbols to a strip holds
no ray but those on its rim, so it drops out; conditions on ratios, as in P > R with both large, stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Condition, QuasiPolynomial, Region
from polymaestro.counting.quasipolynomial import single
from polymaestro.counting.region import EVERYWHERE
from polymaestro.errors import ClosedFormError
from polymaestro.relations.sets import PARAM, coalesced
from polymaestro.showing import Shown, in_math
from polymaestro.symbolic.cases import Case
from polymaestro.symbolic.display import Line, latex_of_lines, text_of
from polymaestro.symbolic.narrowing import Narrower
from polymaestro.symbolic.points import check_known, integer_point, joined
from polymaestro.symbolic.regions import domain_of, shown_region
from polymaestro.symbolic.to_sympy import piecewise

if TYPE_CHECKING:
    import sympy

    from polymaestro.symbolic.closed_form import ClosedForm

BEYOND = 1 << 20
"""Chambers that end below this are left out at once; those that end above it are found to be bounded."""


@dataclass(frozen=True, repr=False)
class LeadingTerm(Shown):
    """What a formula comes to: the quotient of the two tends to 1 along every ray of a region.

    Each case is a polynomial in the large symbols, with coefficients in the small ones, and the region of
    rays where it is right; where it is 0 it says only that the formula grows more slowly.
    """

    cases: tuple[Case, ...]
    large: tuple[str, ...]
    small: tuple[str, ...]

    def at(self, point: Mapping[str, int] | None = None, /, **named: int) -> Fraction:
        """Evaluate the leading term, which is not the formula; raises `ClosedFormError` on no ray."""
        extents = joined(point, named)
        point = integer_point(extents, self.large + self.small, "the leading term")
        for case in self.cases:
            if case.region.holds(point):
                return Fraction(case.value.evaluate(point))
        shown = ", ".join(f"{name} = {value}" for name, value in sorted(point.items()))
        where = " or ".join(str(case.region) for case in self.cases)
        message = f"the leading term says nothing at {shown}; it holds where {where}"
        raise ClosedFormError(message)

    @property
    def sense(self) -> str:
        """In which sense the leading term stands for the formula."""
        fixed = f", {', '.join(self.small)} fixed" if self.small else ""
        return f"as {', '.join(self.large)} grow together{fixed}"

    @property
    def expr(self) -> sympy.Expr:
        """The leading term as a SymPy expression."""
        return piecewise(self.cases)

    def latex(self) -> str:
        """Write as LaTeX, without dollar signs."""
        return latex_of_lines(self._lines())

    def _repr_latex_(self) -> str | None:
        return in_math(self.latex())

    def __str__(self) -> str:
        """Write each case on a line."""
        return text_of(self._lines())

    def _lines(self) -> list[Line]:
        return [Line(case.value, None if case.region.is_everywhere else case.region) for case in self.cases]


def leading_term(form: ClosedForm, small: Collection[str]) -> LeadingTerm:
    """Give the leading term of a form when all symbols but the small ones grow together."""
    check_known(small, form.symbols)
    large = tuple(name for name in form.symbols if name not in small)
    if not large:
        message = f"no symbol is left to grow: {', '.join(form.symbols) or 'the formula has none'}"
        raise ClosedFormError(message)
    far = form.context
    for name in large:
        far = far.lower_bound_val(PARAM, far.find_dim_by_name(PARAM, name), isl.Val(BEYOND))
    if far.is_empty():
        message = f"{', '.join(large)} cannot grow together where {form.valid_on}"
        raise ClosedFormError(message)
    narrow = Narrower.to(far).form(form)
    rays = _rays(narrow, large)
    return LeadingTerm(rays, large, tuple(name for name in form.symbols if name in small))


def _rays(form: ClosedForm, large: Collection[str]) -> tuple[Case, ...]:
    """Give the leading polynomials, each with the rays on which it is right."""
    found: dict[QuasiPolynomial, isl.Set] = {}
    rest = form.context
    cases = list(form.cases)
    for case in cases:
        rest = rest.subtract(domain_of(case.region, form.context))
    if not rest.is_empty():
        cases.append(Case(shown_region(rest, form.context), QuasiPolynomial.of(0)))
    known = [cone for piece in form.valid_on.pieces if (cone := _cone(piece, large)) is not None]
    base = domain_of(Region(tuple(known)), form.context)
    for name in large:
        base = base.lower_bound_val(PARAM, base.find_dim_by_name(PARAM, name), isl.Val(1))
    for case in cases:
        for piece in case.region.pieces:
            cone = _cone(piece, large)
            rays = None if cone is None else base.intersect(domain_of(Region((cone,)), form.context))
            if rays is not None and not rays.is_empty():
                value = _top(case.value, large)
                found[value] = found[value].union(rays) if value in found else rays
    if len(found) == 1:
        return (Case(EVERYWHERE, next(iter(found))),)
    return tuple(Case(shown_region(coalesced(rays), base), value) for value, rays in found.items())


def _cone(piece: Sequence[Condition], large: Collection[str]) -> tuple[Condition, ...] | None:
    """Give what conditions say of rays; none when they confine the large symbols to a strip."""
    conditions = []
    for each in piece:
        direction = _direction(each.expression, large)
        if direction.is_constant:
            if not each.expression.names() & set(large):
                conditions.append(each)
        elif each.equality:
            return None
        else:
            conditions.append(Condition(direction - 1))
    return tuple(conditions)


def _direction(expression: Affine, large: Collection[str]) -> Affine:
    """Give the part that grows, floors as quotients, times their common divisor."""
    grown = _grown(expression, large)
    scale = 1
    for _, factor in grown.terms:
        scale *= Fraction(factor).denominator
    total = Affine.of(0)
    for [(atom, _)], factor in grown.terms:
        total = total + Affine.of(atom) * int(factor * scale)
    return total


def _grown(expression: Affine, large: Collection[str]) -> QuasiPolynomial:
    """Give the terms of degree 1 in the large symbols, floors as quotients."""
    total = QuasiPolynomial.of(0)
    for atom, factor in expression.terms:
        if isinstance(atom, Floor):
            total = total + _grown(atom.numerator, large) * Fraction(factor, atom.divisor)
        elif atom in large:
            total = total + single(atom) * factor
    return total


def _top(value: QuasiPolynomial, large: Collection[str]) -> QuasiPolynomial:
    """Give the terms of the highest degree in the large symbols; raises when they cancel."""
    by_degree: dict[int, QuasiPolynomial] = {}
    for monomial, factor in value.terms:
        term, degree = QuasiPolynomial.of(factor), 0
        for atom, power in monomial:
            grown = _grown(Affine.of(atom), large)
            if grown.is_zero:
                term = term * single(atom) ** power
            else:
                term, degree = term * grown**power, degree + power
        by_degree[degree] = by_degree.get(degree, QuasiPolynomial.of(0)) + term
    if not by_degree:
        return value
    top = by_degree[max(by_degree)]
    if top.is_zero:
        message = f"{value} has no leading term: its largest terms cancel but for what floors round off"
        raise ClosedFormError(message)
    return top
