"""Chambers: a formula as a quotient of quasi-polynomials on each of finitely many disjoint regions.

`Min`, `Max` and branches split a region where an affine expression changes its sign; floors of affine
expressions stay as they are. What is neither, such as ⌈K/T⌉ with T a symbol, has no chambers: that is
`NoChambersError`, and the caller has to look for a counterexample point by point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import islpy as isl

from polymaestro.affine import floor_div
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import Atom, Monomial
from polymaestro.equations.conditions import NoChambersError, affine_over, domain_of
from polymaestro.equations.formula import Formula
from polymaestro.equations.signs import signs_of
from polymaestro.relations.sets import coalesced
from polymaestro.symbolic import ClosedForm

MAX_CHAMBERS = 2000
MAX_POWER = 32  # of what is multiplied out

ONE = QuasiPolynomial.of(1)


@dataclass(frozen=True)
class Quotient:
    """above / below; `below` is not 0 anywhere on the chamber."""

    above: QuasiPolynomial
    below: QuasiPolynomial = ONE

    def __add__(self, other: Quotient) -> Quotient:
        """Add."""
        if self.below == other.below:
            return Quotient(self.above + other.above, self.below)
        return Quotient(self.above * other.below + other.above * self.below, self.below * other.below)

    def __mul__(self, other: Quotient) -> Quotient:
        """Multiply."""
        return Quotient(self.above * other.above, self.below * other.below)

    def __sub__(self, other: Quotient) -> Quotient:
        """Subtract."""
        return self + Quotient(other.above * -1, other.below)

    def scaled(self) -> Quotient:
        """Divide by a denominator that is a number, or one product that every term above holds."""
        if len(self.below.terms) != 1:
            return self
        [(product, factor)] = self.below.terms
        powers = dict(product)
        for monomial, _ in self.above.terms:
            own = dict(monomial)
            if any(own.get(atom, 0) < power for atom, power in product):
                return self
        terms = tuple((_divided_by(monomial, powers), each) for monomial, each in self.above.terms)
        return Quotient(QuasiPolynomial(terms) * (Fraction(1) / factor))


@dataclass(frozen=True)
class Chamber:
    """A region of parameters, never empty, and the value there."""

    domain: isl.Set
    value: Quotient


def chambers_of_form(form: ClosedForm, context: isl.Set) -> list[Chamber]:
    """Give the cases of a closed form inside a context, and the rest, where it is 0."""
    rest = context
    found: list[Chamber] = []
    for case in form.cases:
        inside = domain_of(case.region, context)
        rest = rest.subtract(inside)
        if not inside.is_empty():
            found.append(Chamber(coalesced(inside), Quotient(case.value)))
    if not rest.is_empty():
        found.append(Chamber(coalesced(rest), Quotient(QuasiPolynomial.of(0))))
    return found


def chambers_of(formula: Formula, context: isl.Set) -> list[Chamber]:
    """Give the chambers of a formula, which together are the context.

    Raises `NoChambersError` with the part that is not quasi-polynomial.
    """
    if not formula.arguments:
        return [Chamber(context, Quotient(QuasiPolynomial.of(formula.leaf)))]
    if formula.kind == "if":
        return _branched(formula, context)
    found = chambers_of(formula.arguments[0], context)
    if formula.kind == "floor":
        return [Chamber(each.domain, _floor(each.value)) for each in found]
    rule = _RULES[formula.kind]
    for argument in formula.arguments[1:]:
        found = [
            result
            for left in found
            for right in chambers_of(argument, left.domain)
            for result in rule(Chamber(right.domain, left.value), right.value)
        ]
        if len(found) > MAX_CHAMBERS:
            message = f"the formula has more than {MAX_CHAMBERS} cases"
            raise NoChambersError(message)
    return found


def _branched(formula: Formula, context: isl.Set) -> list[Chamber]:
    test, then, otherwise = formula.arguments
    inside = _where(test, context)
    parts = ((inside, then), (context.subtract(inside), otherwise))
    return [
        each
        for domain, branch in parts
        if not domain.is_empty()
        for each in chambers_of(branch, coalesced(domain))
    ]


def _where(condition: Formula, context: isl.Set) -> isl.Set:
    """Give the part of the context where a condition holds."""
    if condition.kind == "not":
        return context.subtract(_where(condition.arguments[0], context))
    if condition.kind in ("and", "or"):
        parts = [_where(each, context) for each in condition.arguments]
        result = parts[0]
        for each in parts[1:]:
            result = result.intersect(each) if condition.kind == "and" else result.union(each)
        return result
    left, right = condition.arguments
    result = context.subtract(context)
    for chamber in chambers_of(left - right, context):
        result = result.union(_sign(chamber.domain, chamber.value, condition.kind))
    return result


def _sign(domain: isl.Set, value: Quotient, relation: str) -> isl.Set:
    """Give the part of a domain where a value is ≥ 0, > 0 or = 0."""
    value = value.scaled()
    if value.below.constant is None:
        value = Quotient(value.above * _sign_of_divisor(value.below, domain))
    wanted = {">=": ">=", ">": ">", "==": "="}[relation]
    result = domain.subtract(domain)
    for part in signs_of(value.above, domain):
        if part.sign == "?":
            message = f"where {value.above} changes its sign is not decided"
            raise NoChambersError(message)
        result = result.union(part.domain) if part.sign in wanted else result
    return result


def _divided_by(monomial: Monomial, powers: Mapping[Atom, int]) -> Monomial:
    changed = ((atom, power - powers.get(atom, 0)) for atom, power in monomial)
    return tuple((atom, power) for atom, power in changed if power)


def _sign_of_divisor(value: QuasiPolynomial, domain: isl.Set) -> int:
    """Give 1 or -1 where a value is positive or negative on the whole domain, else refuse."""
    signs = {part.sign for part in signs_of(value, domain)}
    if signs not in ({">"}, {"<"}):
        message = f"cannot show that {value} is never 0, or always has one sign"
        raise NoChambersError(message)
    return 1 if signs == {">"} else -1


def _floor(value: Quotient) -> Quotient:
    """Round down: what is an integer anyway comes out of the floor."""
    value = value.scaled()
    if value.below.constant is None:
        message = f"⌊({value.above})/({value.below})⌋ divides by a symbol"
        raise NoChambersError(message)
    whole = QuasiPolynomial(tuple(t for t in value.above.terms if t[1].denominator == 1))
    affine, scale = affine_over(value.above - whole, "its floor")
    return Quotient(whole + QuasiPolynomial.of(floor_div(affine, scale)))


def _divided(chamber: Chamber, by: Quotient) -> list[Chamber]:
    by = by.scaled()
    if by.above.constant is None:
        _sign_of_divisor(by.above, chamber.domain)
    elif by.above.constant == 0:
        message = "the formula divides by 0"
        raise NoChambersError(message)
    value = Quotient(chamber.value.above * by.below, chamber.value.below * by.above)
    return [Chamber(chamber.domain, value.scaled())]


def _powered(chamber: Chamber, exponent: Quotient) -> list[Chamber]:
    power = exponent.scaled().above.constant
    if power is None or power.denominator != 1 or exponent.scaled().below.constant is None:
        message = "a power with a symbol in the exponent is not quasi-polynomial"
        raise NoChambersError(message)
    if not -MAX_POWER <= power <= MAX_POWER:
        message = f"a power of {power} is too high to multiply out"
        raise NoChambersError(message)
    base = chamber.value
    value = Quotient(base.above ** abs(int(power)), base.below ** abs(int(power)))
    if power < 0:
        return _divided(Chamber(chamber.domain, Quotient(ONE)), value)
    return [Chamber(chamber.domain, value)]


def _extreme(chamber: Chamber, other: Quotient, *, greatest: bool) -> list[Chamber]:
    """Split where the two are equal."""
    first = _sign(chamber.domain, chamber.value - other, ">=")
    pairs = ((first, greatest), (chamber.domain.subtract(first), not greatest))
    return [
        Chamber(coalesced(domain), chamber.value if takes_own else other)
        for domain, takes_own in pairs
        if not domain.is_empty()
    ]


_RULES: dict[str, Callable[[Chamber, Quotient], list[Chamber]]] = {
    "+": lambda chamber, other: [Chamber(chamber.domain, chamber.value + other)],
    "*": lambda chamber, other: [Chamber(chamber.domain, chamber.value * other)],
    "/": _divided,
    "**": _powered,
    "min": lambda chamber, other: _extreme(chamber, other, greatest=False),
    "max": lambda chamber, other: _extreme(chamber, other, greatest=True),
}
