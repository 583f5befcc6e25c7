"""Formulas that somebody else wrote: a small tree, evaluated exactly.

    formula   :=  number | name | formula + formula | formula * formula | formula / formula
               |  formula ** formula | floor(formula) | min(formula, …) | max(formula, …)
               |  if(condition, formula, formula)
    condition :=  formula >= formula | formula > formula | formula == formula
               |  and(condition, …) | or(condition, …) | not(condition)

Everything else is written with these: ⌈x⌉ is -⌊-x⌋, a // b is ⌊a/b⌋, a % b is a - b·⌊a/b⌋. Values are
integers and fractions, never floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from polymaestro.errors import EquationError

Number = int | Fraction

MAX_EXPONENT = 1000


@dataclass(frozen=True)
class Formula:
    """One node: what it does, on what; a number or a name is a leaf.

    >>> K = Formula.name("K")
    >>> ceiling(K / Formula.number(4)).evaluate({"K": 9})
    3
    """

    kind: str
    arguments: tuple[Formula, ...] = ()
    leaf: Number | str = 0

    @staticmethod
    def number(value: Number) -> Formula:
        """Give a constant."""
        return Formula("number", leaf=value)

    @staticmethod
    def name(name: str) -> Formula:
        """Give a symbol."""
        return Formula("name", leaf=name)

    def __add__(self, other: Formula) -> Formula:
        """Add."""
        return Formula("+", (self, other))

    def __mul__(self, other: Formula) -> Formula:
        """Multiply."""
        return Formula("*", (self, other))

    def __neg__(self) -> Formula:
        """Change the sign."""
        return MINUS_ONE * self

    def __sub__(self, other: Formula) -> Formula:
        """Subtract."""
        return self + -other

    def __truediv__(self, other: Formula) -> Formula:
        """Divide exactly."""
        return Formula("/", (self, other))

    def __floordiv__(self, other: Formula) -> Formula:
        """Divide and round down."""
        return floor(self / other)

    def __mod__(self, other: Formula) -> Formula:
        """Give the remainder of the division that rounds down."""
        return self - other * (self // other)

    def __pow__(self, other: Formula) -> Formula:
        """Raise to a power."""
        return Formula("**", (self, other))

    def __abs__(self) -> Formula:
        """Give the absolute value."""
        return Formula("max", (self, -self))

    def names(self) -> frozenset[str]:
        """Give every symbol."""
        if self.kind == "name":
            return frozenset([str(self.leaf)])
        return frozenset[str]().union(*(each.names() for each in self.arguments))

    def walk(self) -> Iterator[Formula]:
        """Give this node and all below it."""
        yield self
        for each in self.arguments:
            yield from each.walk()

    def evaluate(self, point: Mapping[str, int]) -> Number:
        """Compute the value at a point, exactly.

        Raises `EquationError` for a power that is no fraction, `ZeroDivisionError` as Python does.
        """
        if not self.arguments:
            return point[self.leaf] if isinstance(self.leaf, str) else self.leaf
        if self.kind == "if":
            chosen = self.arguments[1 if self.arguments[0].holds(point) else 2]
            return chosen.evaluate(point)
        values = [each.evaluate(point) for each in self.arguments]
        return _computed(self.kind, values)

    def holds(self, point: Mapping[str, int]) -> bool:
        """Decide a condition at a point."""
        if self.kind == "not":
            return not self.arguments[0].holds(point)
        if self.kind in ("and", "or"):
            pick = all if self.kind == "and" else any
            return pick(each.holds(point) for each in self.arguments)
        left, right = (each.evaluate(point) for each in self.arguments)
        return {">=": left >= right, ">": left > right, "==": left == right}[self.kind]


MINUS_ONE = Formula.number(-1)


def floor(value: Formula) -> Formula:
    """⌊value⌋."""
    return Formula("floor", (value,))


def ceiling(value: Formula) -> Formula:
    """⌈value⌉ = -⌊-value⌋."""
    return -floor(-value)


def _computed(kind: str, values: list[Number]) -> Number:
    if kind == "+":
        return values[0] + values[1]
    if kind == "*":
        return values[0] * values[1]
    if kind == "/":
        result = Fraction(values[0]) / values[1]
        return result.numerator if result.denominator == 1 else result
    if kind == "**":
        return _power(*values)
    if kind == "floor":
        return math.floor(values[0])
    return min(values) if kind == "min" else max(values)


def _power(base: Number, exponent: Number) -> Number:
    """Raise to an integer; a negative one gives a fraction."""
    if exponent.denominator != 1 or not -MAX_EXPONENT <= exponent <= MAX_EXPONENT:
        message = f"cannot raise {base} to {exponent}: a power needs an integer of at most {MAX_EXPONENT}"
        raise EquationError(message)
    power: Number = 1
    for _ in range(abs(int(exponent))):
        power *= base
    return Fraction(1) / power if exponent < 0 else power
