r"""Costs in the notations of LaTeX and MathML, in the order of the text.

>>> from fractions import Fraction
>>> from polymaestro.symbolic.costs import Cost, largest, total, transfer
>>> K = QuasiPolynomial.of("K")
>>> slow = largest([Cost.of(K), transfer(K * 3, rate="B", latency=Fraction(2))])
>>> print(set_cost(total([(K - 1, slow), (QuasiPolynomial.of(1), Cost.of(5))]), LATEX))
(K - 1) \max(K, \lceil 3 K/B \rceil + 2) + 5
"""

from __future__ import annotations

from polymaestro.counting import QuasiPolynomial
from polymaestro.symbolic.costs import ONE, Atom, Ceiling, Cost, Rate, decimal
from polymaestro.symbolic.factoring import factorize, in_parts, parts_of
from polymaestro.symbolic.notation import LATEX, MATHML, Notation
from polymaestro.symbolic.written import Written


def written_cost(cost: Cost) -> Written:
    """Write a cost, its polynomials in parts."""
    return Written(cost.written(in_parts), set_cost(cost, LATEX), set_cost(cost, MATHML))


def written_quotient(text: str, above: QuasiPolynomial, below: QuasiPolynomial, signs: str = "") -> Written:
    """Write a quotient whose text is known."""
    return Written(text, *(set_quotient(above, below, each, signs) for each in (LATEX, MATHML)))


def set_cost(cost: Cost, notation: Notation) -> str:
    """Write a cost, its maxima and ceilings first."""
    texts = []
    for atom, number in cost.terms:
        text = _atom(atom, notation)
        if number != ONE:
            bare = notation.fenced("()", text) if isinstance(atom, Ceiling) and atom.is_sum else text
            text = notation.times.join([_factor(number, notation), bare])
        texts.append(text)
    if not cost.polynomial.is_zero or not texts:
        texts.append(set_polynomial(cost.polynomial, notation))
    return _added(texts, notation)


def set_polynomial(value: QuasiPolynomial, notation: Notation) -> str:
    """Write a polynomial as the sum of parts that the text has."""
    return _added([notation.write(part) for part in parts_of(value)], notation)


def set_quotient(above: QuasiPolynomial, below: QuasiPolynomial, notation: Notation, signs: str) -> str:
    """Write a quotient: as a fraction, or in one line between the signs of a rounding."""
    if not signs:
        return notation.over(set_polynomial(above, notation), set_polynomial(below, notation))
    divisor = set_polynomial(below, notation)
    divisor = notation.fenced("()", divisor) if len(below.atoms()) > 1 else divisor
    return notation.fenced(signs, notation.slash(_factor(above, notation), divisor))


def _added(texts: list[str], notation: Notation) -> str:
    return notation.plus.join(texts).replace(notation.plus + notation.minus.lstrip(), notation.minus)


def _factor(value: QuasiPolynomial, notation: Notation) -> str:
    """Write a polynomial for use in a product: a sum in brackets."""
    product = factorize(value)
    single = product.number == 1 and len(product.factors) == 1 and product.factors[0][1] == 1
    is_sum = len(parts_of(value)) > 1 or (single and len(product.factors[0][0].terms) > 1)
    text = set_polynomial(value, notation)
    return notation.fenced("()", text) if is_sum else text


def _atom(atom: Atom, notation: Notation) -> str:
    if not isinstance(atom, Ceiling):
        return notation.function("max", notation.comma.join(set_cost(each, notation) for each in atom.costs))
    parts = []
    if atom.rate is not None:
        below = notation.times.join(
            [_rate(atom.rate, notation)] * (atom.rate != 1 or atom.copies == ONE)
            + [_factor(atom.copies, notation)] * (atom.copies != ONE)
        )
        several = atom.copies != ONE and (atom.rate != 1 or len(factorize(atom.copies).factors) > 1)
        divisor = notation.fenced("()", below) if several else below
        inner = notation.slash(_factor(atom.amount, notation), divisor)
        parts.append(notation.fenced("⌈⌉", inner))
    if atom.latency != 0:
        parts.append(_rate(atom.latency, notation))
    return notation.plus.join(parts)


def _rate(value: Rate, notation: Notation) -> str:
    if isinstance(value, str):
        return notation.write(QuasiPolynomial.of(value))
    above, _, below = decimal(value).partition("/")
    if not below:
        return notation.number(above)
    return notation.fenced("()", notation.slash(notation.number(above), notation.number(below)))
