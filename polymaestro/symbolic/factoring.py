"""Factoring for print: C·⌈K/64⌉·P·(Q + S - 1), not its expansion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from math import gcd, lcm

from polymaestro.affine import Extremum
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import SUPERSCRIPTS, Atom, Monomial, Number, single
from polymaestro.symbolic.polynomials import factors_of, quotient


@dataclass(frozen=True)
class Factored:
    """number · ∏ base ^ power."""

    number: Fraction
    factors: tuple[tuple[QuasiPolynomial | Total, int], ...]

    def times(self, other: Factored) -> Factored:
        """Multiply, equal factors as powers."""
        powers = dict(self.factors)
        for base, power in other.factors:
            powers[base] = powers.get(base, 0) + power
        factors = sorted(powers.items(), key=lambda item: (len(item[0].terms) > 1, str(item[0])))
        return Factored(self.number * other.number, tuple(factors))

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


@lru_cache(maxsize=1 << 12)
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
    return added([one, Factored(two.number, (*two.factors, (single(atom), 1)))])


def added(terms: Sequence[Factored]) -> Factored:
    """Write a sum of products as what all share times a sum; equal products are added up.

    >>> from fractions import Fraction
    >>> P, Q = map(QuasiPolynomial.of, "PQ")
    >>> print(added([factorize(P * Q * 2), factorize(P * (Q - 1) * -4)]))
    2·P·(Q - 2·(Q - 1))
    """
    numbers: dict[tuple[tuple[QuasiPolynomial | Total, int], ...], Fraction] = {}
    for term in terms:
        numbers[term.factors] = numbers.get(term.factors, Fraction(0)) + term.number
    terms = [Factored(number, factors) for factors, number in numbers.items() if number]
    if len(terms) < 2:  # noqa: PLR2004  no sum
        return terms[0] if terms else Factored(Fraction(0), ())
    tables = [Counter(dict(term.factors)) for term in terms]
    common = reduce(lambda one, two: one & two, tables)
    shared = Fraction(
        gcd(*(term.number.numerator for term in terms)), lcm(*(term.number.denominator for term in terms))
    )
    rest = tuple(_over(term, shared, dict(common)) for term in terms)
    return Factored(shared, (*common.items(), (Total(rest), 1)))


def _over(product: Factored, number: Fraction, common: dict[QuasiPolynomial | Total, int]) -> Factored:
    """Divide by a number and by factors."""
    left = ((base, power - common.get(base, 0)) for base, power in product.factors)
    return Factored(product.number / number, tuple((base, power) for base, power in left if power))


def _powered(base: QuasiPolynomial | Total, power: int) -> str:
    text = str(base) if len(base.terms) == 1 else f"({base})"
    return text if power == 1 else f"{text}{str(power).translate(SUPERSCRIPTS)}"


def in_parts(value: QuasiPolynomial) -> str:
    """Write as a sum of parts, those with some name and those without it, where that is shorter.

    >>> C, K, P, R, W = map(QuasiPolynomial.of, "CKPRW")
    >>> value = C * (P + R - 1) * (P - 1) + K * W
    >>> print(factored(value), "=", in_parts(value))
    C·P² + C·P·R - 2·C·P - C·R + K·W + C = C·(P + R - 1)·(P - 1) + K·W
    """
    return _added(map(factored, parts_of(value)))


def parts_of(value: QuasiPolynomial) -> list[QuasiPolynomial]:
    """Give the parts that `in_parts` writes."""
    best, chosen = len(factored(value)), None
    if len(value.terms) < _FEW:
        return [value]
    for split in _splits(value):
        length = len(_added(map(factored, split)))
        if length < best:
            best, chosen = length, split
    return [value] if chosen is None else [part for each in chosen for part in parts_of(each)]


def _splits(value: QuasiPolynomial) -> list[tuple[QuasiPolynomial, ...]]:
    """Give the terms with an atom and those without it, by atom; of long sums the most promising few."""
    found = []
    for atom in sorted(value.atoms(), key=str):
        parts: tuple[list[tuple[Monomial, Number]], ...] = ([], [])
        for term in value.terms:
            parts[atom in dict(term[0])].append(term)
        if all(parts):
            found.append(tuple(QuasiPolynomial(tuple(part)) for part in reversed(parts)))
    if len(value.terms) <= _LONG:
        return found
    return sorted(found, key=lambda split: sum(map(_degrees, split)))[:_TRIED]


def _degrees(value: QuasiPolynomial) -> int:
    """Add up the degrees of all terms, without what all of them share."""
    monomials = [dict(monomial) for monomial, _ in value.terms]
    shared = sum(min(each.get(atom, 0) for each in monomials) for atom in monomials[0])
    return sum(sum(each.values()) - shared for each in monomials)


_FEW = 4
"""A sum of fewer terms is not taken apart."""

_LONG, _TRIED = 24, 3
"""Of a sum of more terms only so many splits are tried, since factoring it takes tenths of a second."""


def _added(texts: Iterable[str]) -> str:
    return " + ".join(texts).replace("+ -", "- ")
