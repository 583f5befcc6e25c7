"""Quasi-polynomials: polynomials with rational coefficients over names and floors of names.

The number of integer points of a parametric polytope is one of these on each cell of its parameter
space (Clauss & Loechner, "Parametric analysis of polyhedral iteration spaces", 1998). Plain Python
integers and fractions, so a value is exact at any size.

>>> K = QuasiPolynomial.of("K")
>>> print((K + 1) * (K - 1))
K² - 1
>>> sum_over(QuasiPolynomial.of("i") * 2, "i", QuasiPolynomial.of(0), K - 1) == K * K - K
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import comb, lcm

from polymaestro.affine import Affine, Extremum, Floor
from polymaestro.errors import CountingError
from polymaestro.showing import Shown

Atom = str | Floor | Extremum
Monomial = tuple[tuple[Atom, int], ...]
Number = int | Fraction

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, repr=False)
class QuasiPolynomial(Shown):
    """Σ coefficient · monomial, where a monomial is a product of powers of atoms.

    Build with `QuasiPolynomial.of` and arithmetic; zero coefficients are dropped, so polynomials that
    are equal term by term compare equal.
    """

    terms: tuple[tuple[Monomial, Number], ...]

    @staticmethod
    def of(value: Number | str | Affine | QuasiPolynomial) -> QuasiPolynomial:
        """Read a number, a name or an affine expression; raises `CountingError` for a min or max in it."""
        if isinstance(value, QuasiPolynomial):
            return value
        if isinstance(value, int | Fraction):
            return _polynomial({(): value})
        affine = Affine.of(value)
        for atom, _ in affine.terms:
            if isinstance(atom, Extremum):
                message = f"{atom} is no quasi-polynomial; split it into cases first"
                raise CountingError(message)
        return linear(affine)

    @cached_property
    def table(self) -> dict[Monomial, Number]:
        """The terms as a dictionary."""
        return dict(self.terms)

    def __add__(self, other: QuasiPolynomial | Number) -> QuasiPolynomial:
        """Add term by term."""
        right = QuasiPolynomial.of(other)
        total = dict(self.table)
        for monomial, factor in right.terms:
            total[monomial] = total.get(monomial, 0) + factor
        return _polynomial(total)

    def __mul__(self, other: QuasiPolynomial | Number) -> QuasiPolynomial:
        """Multiply out."""
        right = QuasiPolynomial.of(other)
        total: dict[Monomial, Number] = {}
        for left_monomial, left_factor in self.terms:
            for right_monomial, right_factor in right.terms:
                product = _times(left_monomial, right_monomial)
                total[product] = total.get(product, 0) + left_factor * right_factor
        return _polynomial(total)

    def __neg__(self) -> QuasiPolynomial:
        """Change the sign."""
        return self * -1

    def __sub__(self, other: QuasiPolynomial | Number) -> QuasiPolynomial:
        """Subtract term by term."""
        return self + -QuasiPolynomial.of(other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> QuasiPolynomial:
        """Multiply by itself so many times."""
        result = QuasiPolynomial.of(1)
        for _ in range(exponent):
            result = result * self
        return result

    @property
    def is_zero(self) -> bool:
        """Whether no term is left. True means equal to zero; False means only: not term by term."""
        return not self.terms

    @property
    def is_affine(self) -> bool:
        """Whether no monomial has more than one atom, and that to the first power."""
        return all(sum(power for _, power in monomial) <= 1 for monomial, _ in self.terms)

    def as_affine(self) -> tuple[Affine, int]:
        """Write an affine one as an expression over a positive integer.

        >>> expression, denominator = (QuasiPolynomial.of("K") * Fraction(2, 3) + 1).as_affine()
        >>> str(expression), denominator
        ('2·K + 3', 3)
        """
        scale = lcm(*(factor.denominator for _, factor in self.terms))
        total = Affine.of(0)
        for monomial, factor in self.terms:
            atom = Affine.of(monomial[0][0]) if monomial else Affine.of(1)
            total = total + atom * int(factor * scale)
        return total, scale

    @property
    def constant(self) -> Number | None:
        """The value where there is no atom, else None."""
        if not self.terms:
            return 0
        return self.terms[0][1] if self.terms[0][0] == () and len(self.terms) == 1 else None

    def atoms(self) -> frozenset[Atom]:
        """Give every atom that a monomial holds."""
        return frozenset(atom for monomial, _ in self.terms for atom, _ in monomial)

    def names(self) -> frozenset[str]:
        """Give every name, those inside floors too."""
        return frozenset[str]().union(*(Affine.of(atom).names() for atom in self.atoms()))

    def replace(self, values: Mapping[Atom, QuasiPolynomial]) -> QuasiPolynomial:
        """Put polynomials in the place of whole atoms."""
        if not any(atom in values for atom in self.atoms()):
            return self
        result = QuasiPolynomial(())
        for monomial, factor in self.terms:
            product = QuasiPolynomial.of(factor)
            for atom, power in monomial:
                base = values[atom] if atom in values else single(atom)
                product = product * base**power
            result = result + product
        return result

    def substitute(self, values: Mapping[str, Affine | int]) -> QuasiPolynomial:
        """Put affine expressions in the place of names, inside floors too."""
        changed: dict[Atom, QuasiPolynomial] = {}
        for atom in self.atoms():
            if Affine.of(atom).names() & values.keys():
                changed[atom] = linear(Affine.of(atom).substitute(values))
        return self.replace(changed)

    def mapped(self, change: Callable[[Affine], Affine]) -> QuasiPolynomial:
        """Change every atom as an expression."""
        return self.replace({atom: linear(change(Affine.of(atom))) for atom in self.atoms()})

    def coefficients(self, name: str) -> dict[int, QuasiPolynomial]:
        """Split by powers of a name that no floor holds; raises `CountingError` when one does."""
        split: dict[int, dict[Monomial, Number]] = {}
        for monomial, factor in self.terms:
            power = 0
            rest: list[tuple[Atom, int]] = []
            for atom, exponent in monomial:
                if atom == name:
                    power = exponent
                elif isinstance(atom, Floor) and name in atom.numerator.names():
                    message = f"cannot sum over {name} inside {atom}"
                    raise CountingError(message)
                else:
                    rest.append((atom, exponent))
            split.setdefault(power, {})[tuple(rest)] = factor
        return {power: _polynomial(table) for power, table in split.items()}

    def evaluate(self, point: Mapping[str, int]) -> Number:
        """Compute the value where every name has one; an integer where the count is right."""
        names, others, terms = self._plan
        values = [point[name] for name in names] + [other.evaluate(point) for other in others]
        total: Number = 0
        for factor, powers in terms:
            product = factor
            for index, power in powers:
                product *= values[index] if power == 1 else values[index] ** power
            total += product
        return total.numerator if total.denominator == 1 else total

    def number_at(self, point: Mapping[str, int]) -> int:
        """Evaluate a number of points; raises `CountingError` for what is no whole number."""
        result = self.evaluate(point)
        if result.denominator != 1:
            message = f"{self} is {result} at {dict(point)}, which is no number of points"
            raise CountingError(message)
        return result.numerator

    @cached_property
    def _plan(self) -> tuple[list[str], list[Affine], list[tuple[Number, list[tuple[int, int]]]]]:
        """The names and the other atoms, each to be evaluated once, and the terms by their positions."""
        atoms = self.atoms()
        names = [atom for atom in atoms if isinstance(atom, str)]
        others = [atom for atom in atoms if not isinstance(atom, str)]
        position: dict[Atom, int] = {atom: index for index, atom in enumerate([*names, *others])}
        terms = [(factor, [(position[atom], p) for atom, p in monomial]) for monomial, factor in self.terms]
        return names, [Affine.of(atom) for atom in others], terms

    def __str__(self) -> str:
        """Write with the highest powers first."""
        return _written(self)


QP = QuasiPolynomial
"""The name in code that does arithmetic with many of them."""


def sum_over(
    summand: QuasiPolynomial, name: str, lower: QuasiPolynomial, upper: QuasiPolynomial
) -> QuasiPolynomial:
    """Σ of the summand for name = lower … upper, by Faulhaber's formula.

    Right whenever upper ≥ lower - 1; an empty sum (upper = lower - 1) gives 0.
    """
    total = QuasiPolynomial(())
    for power, coefficient in summand.coefficients(name).items():
        total = total + coefficient * (_power_sum(power, upper) - _power_sum(power, lower - 1))
    return total


def _power_sum(power: int, end: QuasiPolynomial) -> QuasiPolynomial:
    """1^k + 2^k + … + end^k as a polynomial in end (with 0^0 left out)."""
    total = QuasiPolynomial(())
    for exponent, factor in enumerate(_faulhaber(power)):
        if factor:
            total = total + end**exponent * factor
    return total


@lru_cache(maxsize=64)
def _faulhaber(power: int) -> tuple[Fraction, ...]:
    """Coefficients of Σ_{i=1}^{n} i^power by powers of n."""
    coefficients = [Fraction(0)] * (power + 2)
    for j in range(power + 1):
        sign = -1 if j == 1 else 1
        factor = Fraction(comb(power + 1, j), power + 1) * _bernoulli(j) * sign
        coefficients[power + 1 - j] += factor
    return tuple(coefficients)


@lru_cache(maxsize=64)
def _bernoulli(index: int) -> Fraction:
    if index == 0:
        return Fraction(1)
    total = sum((comb(index + 1, j) * _bernoulli(j) for j in range(index)), Fraction(0))
    return -total / (index + 1)


def _polynomial(table: Mapping[Monomial, Number]) -> QuasiPolynomial:
    kept = [
        (monomial, factor if factor.denominator > 1 else factor.numerator)
        for monomial, factor in table.items()
        if factor
    ]
    kept.sort(key=lambda term: _order(term[0]))
    return QuasiPolynomial(tuple(kept))


@lru_cache(maxsize=1 << 16)
def _order(monomial: Monomial) -> tuple[int, tuple[tuple[str, int], ...]]:
    return -sum(power for _, power in monomial), tuple((_text(a), -power) for a, power in monomial)


def _text(atom: Atom) -> str:
    return atom if isinstance(atom, str) else _long_text(atom)


@lru_cache(maxsize=1 << 16)
def _long_text(atom: Floor | Extremum) -> str:
    return str(atom)


def _times(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=lambda item: _text(item[0])))


def single(atom: Atom) -> QuasiPolynomial:
    """Read an atom as a polynomial; a min or max too."""
    return QuasiPolynomial(((((atom, 1),), 1),))


def linear(expression: Affine) -> QuasiPolynomial:
    """Read an affine expression, each min or max in it as an atom, as print writes them."""
    table: dict[Monomial, Number] = {((atom, 1),): factor for atom, factor in expression.terms}
    return _polynomial(table | {(): expression.constant})


def _written(polynomial: QuasiPolynomial) -> str:
    text = ""
    for monomial, factor in polynomial.terms:
        size = abs(factor)
        parts = [str(size)] if size != 1 or not monomial else []
        parts += [_power(atom, exponent) for atom, exponent in monomial]
        sign = "-" if factor < 0 else "+"
        body = "·".join(parts)
        text += f" {sign} {body}" if text else ("-" if factor < 0 else "") + body
    return text or "0"


def _power(atom: Atom, exponent: int) -> str:
    return str(atom) if exponent == 1 else f"{atom}{str(exponent).translate(SUPERSCRIPTS)}"
