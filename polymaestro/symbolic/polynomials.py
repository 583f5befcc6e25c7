"""Quasi-polynomials as SymPy polynomials over their atoms, for what needs factors or quotients.

SymPy is imported when it is first needed: it costs half a second, and counting does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import Atom, single

if TYPE_CHECKING:
    import sympy

Factors = tuple[Fraction, list[tuple[QuasiPolynomial, int]]]


def factors_of(value: QuasiPolynomial) -> Factors:
    """Factor into a rational number and irreducible factors with a positive first term.

    >>> P, S = map(QuasiPolynomial.of, "PS")
    >>> content, factors = factors_of(P * S * 4 - P * 2)
    >>> content, [(str(factor), power) for factor, power in factors]
    (Fraction(2, 1), [('P', 1), ('2·S - 1', 1)])
    """
    if len(value.terms) == 1:
        [(monomial, number)] = value.terms
        return Fraction(number), [(single(atom), power) for atom, power in monomial]
    atoms = sorted(value.atoms(), key=str)
    number, parts = _poly(value, atoms).factor_list()
    content = Fraction(int(number.p), int(number.q))
    factors = []
    for part, power in parts:
        factor = _read(part, atoms)
        if factor.terms[0][1] < 0:
            factor, content = -factor, content * (-1) ** power
        factors.append((factor, int(power)))
    factors.sort(key=lambda item: (len(item[0].terms) > 1, str(item[0])))
    return content, factors


def quotient(value: QuasiPolynomial, divisor: QuasiPolynomial) -> QuasiPolynomial | None:
    """Divide where nothing remains, else give None."""
    import sympy  # noqa: PLC0415  half a second

    atoms = sorted(value.atoms() | divisor.atoms(), key=str)
    if not atoms:
        divided = Fraction(value.constant or 0) / Fraction(divisor.constant or 1)
        return QuasiPolynomial.of(divided) if divisor.constant else None
    whole, rest = sympy.div(_poly(value, atoms), _poly(divisor, atoms))
    return _read(whole, atoms) if rest.is_zero else None


def _poly(value: QuasiPolynomial, atoms: Sequence[Atom]) -> sympy.Poly:
    import sympy  # noqa: PLC0415  half a second

    position = {atom: index for index, atom in enumerate(atoms)}
    table = {}
    for monomial, factor in value.terms:
        exponents = [0] * len(atoms)
        for atom, power in monomial:
            exponents[position[atom]] = power
        table[tuple(exponents)] = sympy.Rational(factor.numerator, factor.denominator)
    symbols = [sympy.Symbol(f"a{index}") for index in range(len(atoms))]
    return sympy.Poly.from_dict(table, *symbols, domain="QQ")


def _read(polynomial: sympy.Poly, atoms: Sequence[Atom]) -> QuasiPolynomial:
    value = QuasiPolynomial.of(0)
    for exponents, factor in polynomial.terms():
        term = QuasiPolynomial.of(Fraction(int(factor.p), int(factor.q)))
        for atom, exponent in zip(atoms, exponents, strict=True):
            term = term * single(atom) ** exponent
        value = value + term
    return value
