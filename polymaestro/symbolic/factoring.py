"""Factoring for print: C·⌈K/64⌉·P·(Q + S - 1), not its expansion."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from polymaestro.affine import Extremum
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import SUPERSCRIPTS, Atom, single
from polymaestro.symbolic.polynomials import factors_of, quotient


@dataclass(frozen=True)
class Factored:
    """number · ∏ base ^ power."""

    number: Fraction
    factors: tuple[tuple[QuasiPolynomial | Total, int], ...]

    def __str__(self) -> str:
        """Write over the denominator."""
        alone = len(self.factors) == 1 and abs(self.number) == 1 and self.factors[0][1] == 1
        if alone and self.number == 1:
            return str(self.factors[0][0])
        texts = [str(abs(self.number.numerator))] if abs(self.number.numerator) != 1 else []
        texts += [_powered(base, power) for base, power in self.factors]
        over = f"/{self.number.denominator}" if self.number.denominator != 1 else ""
        return ("-" if self.number < 0 else "") + ("·".join(texts) or "1") + over


@dataclass(frozen=True)
class Total:
    """A sum of products that is shorter than its expansion."""

    terms: tuple[Factored, ...]

    def __str__(self) -> str:
        """Write with the signs between the terms."""
        text = ""
        for term in self.terms:
            sign = "-" if term.number < 0 else "+"
            shown = str(Factored(abs(term.number), term.factors))
            text += f" {sign} {shown}" if text else ("-" if sign == "-" else "") + shown
        return text


def factored(value: QuasiPolynomial) -> str:
    """Write a quasi-polynomial as a product of irreducible factors, over its denominator.

    >>> P, Q, S = map(QuasiPolynomial.of, "PQS")
    >>> factored(P * (Q + S - 1) * 2)
    '2·P·(Q + S - 1)'
    >>> factored(P * (S - Q) * Fraction(3, 4)), factored(P * Fraction(1, 2) - S)
    ('-3·P·(Q - S)/4', '(P - 2·S)/2')
    """
    return str(value) if value.constant is not None else str(factorize(value))


def factorize(value: QuasiPolynomial) -> Factored:
    """Split into irreducible factors; a min or max is kept apart from what it is added to.

    >>> from polymaestro.affine import Affine, greatest
    >>> P, Q, S = map(QuasiPolynomial.of, "PQS")
    >>> [(overlap, _)] = greatest(Affine.of("S") - "Q", Affine.of(0)).terms
    >>> print(factorize(P * (P * (Q + S) - (P - 1) * single(overlap))))
    P·(P·(Q + S) - (P - 1)·max(S - Q, 0))
    """
    if value.constant is not None:
        return Factored(Fraction(value.constant), ())
    number, factors = factors_of(value)
    plain = Factored(number, tuple(factors))
    ways = [plain, *(_apart(value, atom) for atom in _extrema(value))]
    return min(ways, key=lambda way: len(str(way)))


def _extrema(value: QuasiPolynomial) -> list[Atom]:
    """Give each min or max that some terms lack and no term has as a power."""
    powers = [dict(monomial) for monomial, _ in value.terms]
    atoms = [atom for atom in value.atoms() if isinstance(atom, Extremum)]
    return [a for a in sorted(atoms, key=str) if {0, 1} == {each.get(a, 0) for each in powers}]


def _apart(value: QuasiPolynomial, atom: Atom) -> Factored:
    """Write a + b·m as a product of what a and b share and a sum of two products."""
    rest = QuasiPolynomial(tuple(t for t in value.terms if atom not in dict(t[0])))
    slope = quotient(value - rest, single(atom)) or QuasiPolynomial.of(0)
    one, two = factorize(rest), factorize(slope)
    common = tuple((Counter(_table(one)) & Counter(_table(two))).items())
    shared = Fraction(
        gcd(one.number.numerator, two.number.numerator),
        lcm(one.number.denominator, two.number.denominator),
    )
    left, right = (_over(each, shared, dict(common)) for each in (one, two))
    right = Factored(right.number, (*right.factors, (single(atom), 1)))
    return Factored(shared, (*common, (Total((left, right)), 1)))


def _table(product: Factored) -> dict[QuasiPolynomial | Total, int]:
    return dict(product.factors)


def _over(product: Factored, number: Fraction, common: dict[QuasiPolynomial | Total, int]) -> Factored:
    """Divide by a number and by factors."""
    left = ((base, power - common.get(base, 0)) for base, power in product.factors)
    return Factored(product.number / number, tuple((base, power) for base, power in left if power))


def _powered(base: QuasiPolynomial | Total, power: int) -> str:
    text = str(base) if len(base.terms) == 1 else f"({base})"
    return text if power == 1 else f"{text}{str(power).translate(SUPERSCRIPTS)}"
