"""Folding: two chambers become one formula with min or max.

The rule: where the value is p on D and q on E, and p - q = g·h with h ≥ 0 on D and h ≤ 0 on E, the value
on both is q + g·max(h, 0); with g·b = q it reads g·max(b + h, b). With the signs the other way it is the
least. So a if a ≤ b, and b if b ≤ a, is min(a, b).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import islpy as isl

from polymaestro.affine import Affine, greatest, least
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.merging import Piece
from polymaestro.counting.quasipolynomial import linear
from polymaestro.counting.ranges import ranges_of
from polymaestro.counting.reading import conditions_of
from polymaestro.relations.sets import coalesced, parameters
from polymaestro.symbolic.factoring import factored
from polymaestro.symbolic.polynomials import quotient

Kind = Literal["max", "min"]

CONDITION = 12
"""How many characters the condition of a chamber takes, about."""

MAX_FOLDED = 10
"""Formulas with more chambers than this are printed as they are."""


def folded(pieces: Sequence[Piece], context: isl.Set) -> list[Piece]:
    """Fold pairs of disjoint pieces while some pair folds; outside them, in the context, the value is 0.

    >>> cells = [("C >= 64", QuasiPolynomial.of(64)), ("1 <= C <= 63", QuasiPolynomial.of("C"))]
    >>> pieces = [(isl.Set(f"[C] -> {{ : {where} }}").params(), value) for where, value in cells]
    >>> [str(value) for _, value in folded(pieces, isl.Set("[C] -> { : C >= 1 }").params())]
    ['min(C, 64)']
    """
    rest = context
    for domain, _ in pieces:
        rest = rest.subtract(domain)
    cells = [*pieces] if rest.is_empty() else [*pieces, (coalesced(rest), QuasiPolynomial.of(0))]
    if len(cells) > MAX_FOLDED:
        return list(pieces)
    done: list[Piece] = []
    while cells:
        cell = cells.pop(0)
        for index, other in enumerate(done):
            value = folded_pair(other, cell)
            if value is not None:
                del done[index]
                cells.append((coalesced(other[0].union(cell[0])), value))
                break
        else:
            done.append(cell)
    return [(domain, value) for domain, value in done if not value.is_zero]


def folded_pair(one: Piece, two: Piece) -> QuasiPolynomial | None:
    """Give the formula of two pieces with min or max, where the rule applies."""
    for height in _heights(one[0], two[0]):
        for left, right in _written(one, two):
            slope = quotient(left - right, linear(height))
            if slope is None or slope.is_zero:
                continue
            fold = _Fold(slope, height, "max") if slope.terms[0][1] > 0 else _Fold(-slope, -height, "min")
            value = fold.joined(left, right)
            if len(factored(value)) <= len(factored(one[1])) + len(factored(two[1])) + CONDITION:
                return value
    return None


def _heights(above: isl.Set, below: isl.Set) -> Iterator[Affine]:
    """Give expressions that are ≥ 0 on the first and ≤ 0 on the second domain, from their conditions."""
    seen = set()
    for inside, outside, sign in ((above, below, 1), (below, above, -1)):
        for condition in conditions_of(inside.simple_hull().compute_divs().get_basic_sets()[0]):
            height = condition.expression * sign
            if not condition.equality and height not in seen and _holds(-condition.expression, outside):
                seen.add(height)
                yield height


def _written(one: Piece, two: Piece) -> Iterator[tuple[QuasiPolynomial, QuasiPolynomial]]:
    """Give the two values, also with a number written as the symbol that has this value on its piece."""
    yield one[1], two[1]
    for name, number in _pinned(two[0]):
        yield one[1], two[1] * QuasiPolynomial.of(name) * Fraction(1, number)
    for name, number in _pinned(one[0]):
        yield one[1] * QuasiPolynomial.of(name) * Fraction(1, number), two[1]


def _pinned(domain: isl.Set) -> Iterator[tuple[str, int]]:
    for name, (low, high) in ranges_of(domain).items():
        if low and low == high:
            yield name, low


@dataclass(frozen=True)
class _Fold:
    """p - q = slope · height with an affine height."""

    slope: QuasiPolynomial
    height: Affine
    kind: Kind

    def joined(self, left: QuasiPolynomial, right: QuasiPolynomial) -> QuasiPolynomial:
        """Write the larger or smaller of the two values, in the shortest of three ways."""
        zero = Affine.of(0)
        other: Kind = "min" if self.kind == "max" else "max"
        ways = [
            right + self.slope * extremum(self.kind, self.height, zero),
            left - self.slope * extremum(other, self.height, zero),
        ]
        below = quotient(right, self.slope)
        base = None if below is None else affine_of(below)
        if base is not None:
            ways.append(self.slope * extremum(self.kind, base + self.height, base))
        return min(ways, key=lambda way: len(factored(way)))


def extremum(kind: Kind, one: Affine, two: Affine) -> QuasiPolynomial:
    """Write a min or max as a polynomial: sorted, constants last, and -max(a, b) for min(-a, -b)."""
    if one.is_constant or (not two.is_constant and str(two) < str(one)):
        one, two = two, one
    if one.terms[0][1] < 0 and (two.is_constant or two.terms[0][1] < 0):
        return -extremum("min" if kind == "max" else "max", -one, -two)
    return linear((greatest if kind == "max" else least)(one, two))


def affine_of(value: QuasiPolynomial) -> Affine | None:
    """Read a polynomial of degree 1 with integer coefficients as an affine expression."""
    total = Affine.of(0)
    for monomial, factor in value.terms:
        if factor.denominator != 1 or sum(power for _, power in monomial) > 1:
            return None
        atom = Affine.of(monomial[0][0]) if monomial else Affine.of(1)
        total = total + atom * factor.numerator
    return total


def _holds(expression: Affine, domain: isl.Set) -> bool:
    """Whether an expression is ≥ 0 everywhere on a domain."""
    where = isl.Set(f"[{', '.join(parameters(domain))}] -> {{ : {expression.isl()} >= 0 }}")
    return bool(domain.is_subset(where.params()))
