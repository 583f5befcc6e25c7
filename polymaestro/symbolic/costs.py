"""Costs: sums of counts times maxima and ceilings, which no quasi-polynomial can say.

    Cost := polynomial + Σ coefficient · atom          coefficients and polynomials in the extents
    atom := ⌈words / rate⌉ + latency, 0 for no words   | max(Cost, Cost, …)

A rate or a latency may be a symbol of the machine. Ceilings and maxima stay what they are: they are
evaluated with integers and fractions, so a value is exact at any size.

>>> K = QuasiPolynomial.of("K")
>>> words = transfer(K * 3, rate="B", latency=Fraction(2))
>>> slow = largest([Cost.of(K), words])
>>> print(total([(K, slow), (QuasiPolynomial.of(1), Cost.of(5))]))
K·max(K, ⌈3·K/B⌉ + 2) + 5
>>> total([(K, slow)]).evaluate({"K": 4, "B": 5})
20
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from polymaestro.counting import QuasiPolynomial
from polymaestro.symbolic.factoring import factored

if TYPE_CHECKING:
    import sympy

Rate = Fraction | str
Point = Mapping[str, int | Fraction]
Write = Callable[[QuasiPolynomial], str]
"""How a polynomial is written."""

ZERO, ONE = QuasiPolynomial.of(0), QuasiPolynomial.of(1)


@dataclass(frozen=True)
class Ceiling:
    """⌈amount / (rate · copies)⌉ + latency where there is an amount, else 0; without a rate, the latency."""

    amount: QuasiPolynomial
    rate: Rate | None
    latency: Rate
    copies: QuasiPolynomial = ONE

    def evaluate(self, point: Point) -> int:
        """Compute the value."""
        amount = _value(self.amount, point)
        if not amount:
            return 0
        rate = None if self.rate is None else _number(self.rate, point) * _value(self.copies, point)
        return int((0 if rate is None else -(-amount // rate)) + _number(self.latency, point))

    def mapped(self, change: Callable[[QuasiPolynomial], QuasiPolynomial]) -> Ceiling:
        """Give it with every polynomial changed."""
        return Ceiling(change(self.amount), self.rate, self.latency, change(self.copies))

    def constants(self) -> frozenset[str]:
        """Give rate and latency where they are symbols."""
        return frozenset(each for each in (self.rate, self.latency) if isinstance(each, str))

    def names(self) -> frozenset[str]:
        """Give the names in it, those of the machine too."""
        return self.amount.names() | self.copies.names() | self.constants()

    @property
    def _divisor(self) -> str:
        rate = _written(self.rate)
        below = rate if self.copies == ONE else as_factor(self.copies)
        if self.copies != ONE and self.rate != 1:
            below = f"{rate}·{below}"
        return f"({below})" if "·" in below or "/" in below else below

    def __str__(self) -> str:
        """Write with the latency only where there is one."""
        return self.written(factored)

    @property
    def is_sum(self) -> bool:
        """Whether it is written with a latency behind it."""
        return self.rate is not None and self.latency != 0

    def written(self, write: Write) -> str:
        """Write like `str`, with polynomials written so."""
        parts = []
        if self.rate is not None:
            parts.append(f"⌈{as_factor(self.amount, write)}/{self._divisor}⌉")
        if self.latency != 0:
            parts.append(_written(self.latency))
        return " + ".join(parts)


@dataclass(frozen=True)
class Largest:
    """The largest of several costs."""

    costs: tuple[Cost, ...]

    def evaluate(self, point: Point) -> int:
        """Compute the value."""
        return max(cost.evaluate(point) for cost in self.costs)

    def mapped(self, change: Callable[[QuasiPolynomial], QuasiPolynomial]) -> Largest:
        """Give it with every polynomial changed."""
        return Largest(tuple(cost.mapped(change) for cost in self.costs))

    def constants(self) -> frozenset[str]:
        """Give the rates and latencies that are symbols."""
        return frozenset[str]().union(*(cost.constants() for cost in self.costs))

    def names(self) -> frozenset[str]:
        """Give the names in it."""
        return frozenset[str]().union(*(cost.names() for cost in self.costs))

    def __str__(self) -> str:
        """Write as a function."""
        return self.written(factored)

    def written(self, write: Write) -> str:
        """Write like `str`, with polynomials written so."""
        return f"max({', '.join(cost.written(write) for cost in self.costs)})"


Atom = Ceiling | Largest


@dataclass(frozen=True)
class Cost:
    """polynomial + Σ coefficient · atom."""

    polynomial: QuasiPolynomial
    terms: tuple[tuple[Atom, QuasiPolynomial], ...] = ()

    @staticmethod
    def of(value: int | QuasiPolynomial) -> Cost:
        """Read a number or a polynomial."""
        return Cost(QuasiPolynomial.of(value))

    @property
    def constant(self) -> int | Fraction | None:
        """The value where it depends on nothing."""
        return None if self.terms else self.polynomial.constant

    def exact(self, point: Point) -> Fraction:
        """Compute the value where every symbol has a number."""
        value = Fraction(_value(self.polynomial, point))
        return value + sum(_value(n, point) * atom.evaluate(point) for atom, n in self.terms)

    def evaluate(self, point: Point) -> int:
        """Compute a value that is a whole number."""
        return int(self.exact(point))

    def mapped(self, change: Callable[[QuasiPolynomial], QuasiPolynomial]) -> Cost:
        """Give the cost with every polynomial changed."""
        terms = tuple((atom.mapped(change), change(number)) for atom, number in self.terms)
        return Cost(change(self.polynomial), terms)

    def constants(self) -> frozenset[str]:
        """Give the rates and latencies that are symbols."""
        return frozenset[str]().union(*(atom.constants() for atom, _ in self.terms))

    def names(self) -> frozenset[str]:
        """Give the names in it."""
        found = [self.polynomial.names()]
        for atom, number in self.terms:
            found += [number.names(), atom.names()]
        return frozenset[str]().union(*found)

    def __str__(self) -> str:
        """Write the terms with maxima and ceilings first."""
        return self.written(factored)

    def written(self, write: Write) -> str:
        """Write like `str`, with polynomials written so."""
        texts = []
        for atom, number in self.terms:
            text = atom.written(write)
            if number == ONE:
                texts.append(text)
            else:
                bare = f"({text})" if isinstance(atom, Ceiling) and atom.is_sum else text
                texts.append(f"{as_factor(number, write)}·{bare}")
        if not self.polynomial.is_zero or not texts:
            texts.append(write(self.polynomial))
        return " + ".join(texts).replace("+ -", "- ")


def decimal(number: Fraction) -> str:
    """Write a number as a decimal where that is exact.

    >>> decimal(Fraction(42, 25)), decimal(Fraction(325)), decimal(Fraction(1, 3))
    ('1.68', '325', '1/3')
    """
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    text = f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
    return text if rest == 1 and Fraction(text) == number else str(number)


def as_factor(value: QuasiPolynomial, write: Write = factored) -> str:
    """Write a polynomial for use in a product: a sum in parentheses.

    >>> as_factor(QuasiPolynomial.of("N") - 1), as_factor((QuasiPolynomial.of("N") - 1) * 2)
    ('(N - 1)', '2·(N - 1)')
    """
    text, depth = write(value), 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == " " and not depth:
            return f"({text})"
    return text


def transfer(
    amount: QuasiPolynomial, *, rate: Rate | None, latency: Rate, copies: QuasiPolynomial = ONE
) -> Cost:
    """Give ⌈amount / (rate · copies)⌉ + latency; a number where it is one."""
    atom = Ceiling(amount, rate, latency, copies)
    known = not any(isinstance(each, str) for each in (rate, latency))
    known = known and None not in (amount.constant, copies.constant)
    if known or amount.is_zero or (rate is None and latency == 0):
        return Cost.of(atom.evaluate({}) if known else 0)
    if rate == 1 and latency == 0 and copies == ONE:
        return Cost.of(amount)
    return Cost(ZERO, ((atom, ONE),))


def largest(costs: Iterable[Cost]) -> Cost:
    """Give the largest of costs that are 0 or more; the same cost and smaller numbers are left out."""
    different: dict[Cost, None] = {}
    number: int | Fraction = 0
    for cost in costs:
        constant = cost.constant
        if constant is not None:
            number = max(number, constant)
        elif len(cost.terms) == 1 and cost.polynomial.is_zero and _is_largest(cost.terms[0]):
            for inner in cost.terms[0][0].costs:  # type: ignore[union-attr]  # a `Largest`, as checked
                different[inner] = None
        else:
            different[cost] = None
    if number or not different:
        different[Cost.of(QuasiPolynomial.of(number))] = None
    candidates = [cost for cost in different if not any(_is_below(cost, other) for other in different)]
    kept = tuple(sorted(candidates, key=_rank))
    return kept[0] if len(kept) == 1 else Cost(ZERO, ((Largest(kept), ONE),))


def total(costs: Iterable[tuple[QuasiPolynomial, Cost]]) -> Cost:
    """Σ number · cost, equal maxima and ceilings together."""
    polynomial = ZERO
    atoms: dict[Atom, QuasiPolynomial] = {}
    for number, cost in costs:
        polynomial = polynomial + number * cost.polynomial
        for atom, factor in cost.terms:
            atoms[atom] = atoms.get(atom, ZERO) + number * factor
    return Cost(polynomial, tuple((atom, n) for atom, n in atoms.items() if not n.is_zero))


def as_sympy(cost: Cost, known: Mapping[str, sympy.Expr] = MappingProxyType({})) -> sympy.Expr:
    """Write a cost as a SymPy expression with Max and ceiling, and with expressions for known names."""
    import sympy  # noqa: PLC0415  half a second, and only formulas need it

    from polymaestro.symbolic.to_sympy import constant, with_meanings  # noqa: PLC0415  it imports SymPy

    def polynomial(value: QuasiPolynomial) -> sympy.Expr:
        return with_meanings(value, known)

    result = polynomial(cost.polynomial)
    for atom, number in cost.terms:
        if isinstance(atom, Largest):
            value = sympy.Max(*(as_sympy(each, known) for each in atom.costs), evaluate=False)
        else:
            amount, latency = polynomial(atom.amount), constant(atom.latency)
            moving = (
                0
                if atom.rate is None
                else sympy.ceiling(amount / (constant(atom.rate) * polynomial(atom.copies)))
            )
            value = moving + latency
            if atom.latency != 0 and atom.amount.constant is None:
                value = sympy.Piecewise((0, sympy.Eq(amount, 0)), (value, True))
        result = result + polynomial(number) * value
    return result


def _is_below(cost: Cost, other: Cost) -> bool:
    """Whether both are one transfer over the same link, of which the other has surely more words."""
    if cost == other or not (_is_transfer(cost) and _is_transfer(other)):
        return False
    (left, _), (right, _) = cost.terms[0], other.terms[0]
    if not isinstance(left, Ceiling) or not isinstance(right, Ceiling):
        return False
    more = (right.amount - left.amount).constant
    same = (left.rate, left.latency, left.copies) == (right.rate, right.latency, right.copies)
    return same and more is not None and more > 0


def _rank(cost: Cost) -> tuple[bool, str]:
    """Order costs for print: those without ceilings first. Nothing is factored for it, which is slow."""
    atoms = (
        f"{atom.amount}/{atom.rate}" if isinstance(atom, Ceiling) else str([_rank(e) for e in atom.costs])
        for atom, _ in cost.terms
    )
    return bool(cost.terms), " ".join([*atoms, str(cost.polynomial)])


def _is_transfer(cost: Cost) -> bool:
    return cost.polynomial.is_zero and len(cost.terms) == 1 and cost.terms[0][1] == ONE


def _is_largest(term: tuple[Atom, QuasiPolynomial]) -> bool:
    return isinstance(term[0], Largest) and term[1] == ONE


def _written(value: Rate | None) -> str:
    return decimal(value) if isinstance(value, Fraction) else str(value)


def _value(polynomial: QuasiPolynomial, point: Point) -> int | Fraction:
    constant = polynomial.constant
    return polynomial.evaluate(point) if constant is None else constant  # type: ignore[arg-type]  # whole


def _number(value: Rate, point: Point) -> int | Fraction:
    return point[value] if isinstance(value, str) else value
