"""Factoring for print: C·⌈K/64⌉·P·(Q + S - 1), not its expansion."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.affine import Affine, Floor
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import SUPERSCRIPTS

if TYPE_CHECKING:
    import sympy


def factored(value: QuasiPolynomial) -> str:
    """Write a quasi-polynomial as a product of irreducible factors.

    >>> P, Q, S = map(QuasiPolynomial.of, "PQS")
    >>> factored(P * (Q + S - 1) * 2)
    '2·P·(Q + S - 1)'
    """
    if value.constant is not None or len(value.terms) == 1:
        return str(value)
    import sympy  # noqa: PLC0415  half a second, and only print needs it

    atoms = sorted(value.atoms(), key=str)
    symbols = [sympy.Symbol(f"a{index}") for index in range(len(atoms))]
    position = {atom: index for index, atom in enumerate(atoms)}
    table = {}
    for monomial, factor in value.terms:
        exponents = [0] * len(atoms)
        for atom, power in monomial:
            exponents[position[atom]] = power
        table[tuple(exponents)] = sympy.Rational(factor.numerator, factor.denominator)
    content, parts = sympy.Poly.from_dict(table, *symbols, domain="QQ").factor_list()
    return _joined(Fraction(int(content.p), int(content.q)), [_part(atoms, p, n) for p, n in parts])


def _part(atoms: list[str | Floor], part: sympy.Poly, power: int) -> tuple[str, Fraction, int]:
    """Give a factor's text, the sign that was moved out of it, and its power."""
    value = QuasiPolynomial.of(0)
    for exponents, factor in part.terms():
        term = QuasiPolynomial.of(Fraction(int(factor.p), int(factor.q)))
        for atom, exponent in zip(atoms, exponents, strict=True):
            term = term * QuasiPolynomial.of(Affine.of(atom)) ** exponent
        value = value + term
    sign = -1 if value.terms[0][1] < 0 else 1
    value = value * sign
    text = str(value)
    return (f"({text})" if len(value.terms) > 1 else text), Fraction(sign), power


def _joined(content: Fraction, parts: list[tuple[str, Fraction, int]]) -> str:
    texts = []
    for text, sign, power in parts:
        content *= sign**power
        texts.append(text if power == 1 else f"{text}{str(power).translate(SUPERSCRIPTS)}")
    texts.sort(key=lambda text: (text.startswith("("), text))
    if abs(content) != 1:
        texts.insert(0, str(abs(content)))
    return ("-" if content < 0 else "") + "·".join(texts)
