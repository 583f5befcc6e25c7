"""Quasi-affine expressions over named dimensions: the one place that writes isl text.

An expression is an integer combination of *atoms* plus a constant. An atom is a name (a parameter, a
loop, an iteration dimension), a floor of an expression over a positive integer, or the least or
greatest of several expressions. This is what loop bounds and tile corners are made of.

Worked example, the one that comes back from module to module: a one-dimensional convolution with P
outputs and R taps reads the input coordinate y = p + r, and its input has P + R - 1 elements.

>>> y = Affine.of("p") + Affine.of("r")
>>> str(y), y.evaluate({"p": 3, "r": 2})
('p + r', 5)
>>> str(ceil_div(Affine.of("K"), 64))
'⌈K/64⌉'
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from math import gcd
from typing import Literal, SupportsIndex

from polymaestro.errors import PolymaestroError
from polymaestro.showing import Shown


@dataclass(frozen=True, slots=True)
class Floor:
    """⌊numerator / divisor⌋ with a positive integer divisor."""

    numerator: Affine
    divisor: int

    def __post_init__(self) -> None:
        """Refuse a divisor that is not a positive integer."""
        if self.divisor < 1:
            message = f"a floor needs a positive divisor, not {self.divisor}"
            raise PolymaestroError(message)

    @property
    def prints_as_ceiling(self) -> bool:
        """Whether ⌈K/64⌉ is the shorter way to write this floor, here ⌊(K + 63)/64⌋."""
        constant = self.numerator.constant
        return abs(constant - (self.divisor - 1)) < abs(constant)

    def __str__(self) -> str:
        """Print as a ceiling where that is shorter."""
        if self.prints_as_ceiling:
            return f"⌈{_dividend(self.numerator - (self.divisor - 1))}/{self.divisor}⌉"
        return f"⌊{_dividend(self.numerator)}/{self.divisor}⌋"


@dataclass(frozen=True, slots=True)
class Extremum:
    """The least or the greatest of several expressions."""

    kind: Literal["min", "max"]
    arguments: tuple[Affine, ...]

    def __str__(self) -> str:
        """Print as a function call."""
        return f"{self.kind}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, slots=True, repr=False)
class Affine(Shown):
    """Σ coefficient · atom + constant, in a normal form: equal expressions compare equal.

    Build with `Affine.of` and arithmetic; the terms are sorted by the text of their atom and no
    coefficient is zero.
    """

    terms: tuple[tuple[str | Floor | Extremum, int], ...]
    constant: int

    @staticmethod
    def of(value: int | str | Floor | Extremum | Affine) -> Affine:
        """Read an integer, a name or an atom as an expression."""
        if isinstance(value, Affine):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return Affine((), value)
        if not isinstance(value, str | Floor | Extremum):
            return Affine((), _integer(value))
        return Affine(((value, 1),), 0)

    @staticmethod
    def combine(terms: Mapping[str | Floor | Extremum, int], constant: int = 0) -> Affine:
        """Build the normal form of a combination."""
        kept = [(atom, factor) for atom, factor in terms.items() if factor]
        kept.sort(key=_sort_key)
        return Affine(tuple(kept), constant)

    def __add__(self, other: int | str | Affine) -> Affine:
        """Add term by term."""
        right = Affine.of(other)
        if not right.terms:
            return Affine(self.terms, self.constant + right.constant)
        total = dict(self.terms)
        for atom, factor in right.terms:
            total[atom] = total.get(atom, 0) + factor
        return Affine.combine(total, self.constant + right.constant)

    def __mul__(self, factor: int) -> Affine:
        """Scale by an integer."""
        terms = tuple((atom, f * factor) for atom, f in self.terms) if factor else ()
        return Affine(terms, self.constant * factor)

    def __neg__(self) -> Affine:
        """Change the sign."""
        return self * -1

    def __sub__(self, other: int | str | Affine) -> Affine:
        """Subtract term by term."""
        right = Affine.of(other)
        if not right.terms:
            return Affine(self.terms, self.constant - right.constant)
        total = dict(self.terms)
        for atom, factor in right.terms:
            total[atom] = total.get(atom, 0) - factor
        return Affine.combine(total, self.constant - right.constant)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int | str | Affine) -> Affine:
        """Subtract from the left."""
        return Affine.of(other) - self

    @property
    def is_constant(self) -> bool:
        """Whether no atom is left."""
        return not self.terms

    def names(self) -> frozenset[str]:
        """Give every name in the expression, those inside floors and extrema too."""
        return frozenset(_names(self))

    def evaluate(self, point: Mapping[str, int]) -> int:
        """Compute the value where every name has one; Python integers, so of any size."""
        return self.constant + sum(f * _value(atom, point) for atom, f in self.terms)

    def substitute(self, values: Mapping[str, Affine | int]) -> Affine:
        """Put expressions in the place of names."""
        parts = [_replaced(atom, values) * f for atom, f in self.terms]
        return reduce(lambda a, b: a + b, parts, Affine((), self.constant))

    def isl(self) -> str:
        """Write the expression as isl reads it."""
        return _written(self, _isl_atom, "*")

    def __str__(self) -> str:
        """Write the expression as a paper prints it."""
        return _written(self, str, "·")


def floor_div(numerator: Affine, divisor: int) -> Affine:
    """⌊numerator / divisor⌋ in a normal form: equal floors get equal text far more often.

    Multiples of the divisor move out, common factors cancel, the first coefficient is positive and
    the constant lies in [0, divisor): ⌊(K - 1)/64⌋ + 1 and ⌊(K + 63)/64⌋ are the same expression.

    >>> floor_div(Affine.of("K") - 1, 64) + 1 == ceil_div(Affine.of("K"), 64)
    True
    >>> str(floor_div(Affine.of("K") * -1, 4)), str(floor_div(Affine.of("K") * 6 + 5, 4))
    ('-⌈K/4⌉', 'K + ⌊K/2⌋ + 1')
    """
    whole = {atom: _nearest(f, divisor) for atom, f in numerator.terms}
    outside = Affine.combine(whole)
    rest = numerator - outside * divisor
    common = gcd(divisor, *(f for _, f in rest.terms))
    inner = Affine(tuple((a, f // common) for a, f in rest.terms), rest.constant // common)
    small = divisor // common
    if small == 1:
        return outside + inner
    if not inner.terms:
        return outside + inner.constant // small
    sign = 1
    if inner.terms[0][1] < 0:
        sign, inner = -1, -inner + (small - 1)
    shift, constant = divmod(inner.constant, small)
    floor = Affine.of(Floor(Affine(inner.terms, constant), small))
    return outside + (floor + shift) * sign


def _nearest(factor: int, divisor: int) -> int:
    """Give the multiple that leaves a remainder in (-divisor/2, divisor/2]."""
    return -((divisor - 2 * factor) // (2 * divisor))


def ceil_div(numerator: Affine, divisor: int) -> Affine:
    """⌈numerator / divisor⌉ as a floor.

    >>> ceil_div(Affine.of(7), 2).constant
    4
    """
    return floor_div(numerator + (divisor - 1), divisor)


def least(*arguments: Affine) -> Affine:
    """Give the least of the arguments, constants and duplicates folded."""
    return _extremum("min", min, arguments)


def greatest(*arguments: Affine) -> Affine:
    """Give the greatest of the arguments, constants and duplicates folded.

    >>> str(greatest(Affine.of("n"), Affine.of(0), Affine.of(-3)))
    'max(n, 0)'
    """
    return _extremum("max", max, arguments)


def comparison(expression: Affine, *, equality: bool = False) -> str:
    """Write ``expression ≥ 0`` or ``expression = 0`` with positive terms on either side.

    >>> comparison(Affine.of("K") - 64), comparison(Affine.of("j") - "i" - 1)
    ('K ≥ 64', 'j > i')
    """
    left = {atom: f for atom, f in expression.terms if f > 0}
    right = {atom: -f for atom, f in expression.terms if f < 0}
    constant = expression.constant
    if not left:
        sign, low = ("=" if equality else "≤"), Affine.combine(right)
        return f"{low} {sign} {constant}"
    relation = "=" if equality else "≥"
    low, high = Affine.combine(left), Affine.combine(right)
    if not right:
        return f"{low} {relation} {-constant}"
    if constant == -1 and not equality:
        return f"{low} > {high}" if str(low) > str(high) else f"{high} < {low}"
    if constant > 0:
        low = low + constant
    else:
        high = high - constant
    return f"{low} {relation} {high}"


def _extremum(
    kind: Literal["min", "max"], pick: Callable[[list[int]], int], arguments: tuple[Affine, ...]
) -> Affine:
    by_shape: dict[tuple[tuple[str | Floor | Extremum, int], ...], list[int]] = {}
    for argument in arguments:
        by_shape.setdefault(argument.terms, []).append(argument.constant)
    folded = tuple(Affine(terms, pick(constants)) for terms, constants in by_shape.items())
    return folded[0] if len(folded) == 1 else Affine.of(Extremum(kind, folded))


def settle_integers(described: object) -> None:
    """Make Python's integers of those of NumPy in the fields of a frozen dataclass that is being built."""
    for name, value in list(vars(described).items()):
        if isinstance(value, SupportsIndex) and not isinstance(value, int):
            object.__setattr__(described, name, operator.index(value))


def _integer(value: object) -> int:
    """Give an integer of another type, such as those of NumPy, as Python's."""
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):
        return operator.index(value)
    message = f"expected an integer or a name, not {value!r}"
    raise PolymaestroError(message)


def _sort_key(term: tuple[str | Floor | Extremum, int]) -> str:
    return term[0] if isinstance(term[0], str) else str(term[0])


def _names(expression: Affine) -> Iterator[str]:
    for atom, _ in expression.terms:
        if isinstance(atom, str):
            yield atom
        elif isinstance(atom, Floor):
            yield from _names(atom.numerator)
        else:
            for argument in atom.arguments:
                yield from _names(argument)


def _value(atom: str | Floor | Extremum, point: Mapping[str, int]) -> int:
    if isinstance(atom, str):
        return point[atom]
    if isinstance(atom, Floor):
        return atom.numerator.evaluate(point) // atom.divisor
    pick = min if atom.kind == "min" else max
    return pick(argument.evaluate(point) for argument in atom.arguments)


def _replaced(atom: str | Floor | Extremum, values: Mapping[str, Affine | int]) -> Affine:
    if isinstance(atom, str):
        return Affine.of(values.get(atom, atom))
    if isinstance(atom, Floor):
        return floor_div(atom.numerator.substitute(values), atom.divisor)
    arguments = [argument.substitute(values) for argument in atom.arguments]
    return least(*arguments) if atom.kind == "min" else greatest(*arguments)


def _isl_atom(atom: str | Floor | Extremum) -> str:
    if isinstance(atom, str):
        return atom
    if isinstance(atom, Floor):
        return f"floor(({atom.numerator.isl()})/{atom.divisor})"
    return f"{atom.kind}({', '.join(argument.isl() for argument in atom.arguments)})"


def _written(expression: Affine, write: Callable[[str | Floor | Extremum], str], times: str) -> str:
    text = ""
    for atom, factor in sorted(expression.terms, key=lambda term: term[1] < 0):
        scaled = write(atom) if abs(factor) == 1 else f"{abs(factor)}{times}{write(atom)}"
        sign = "-" if factor < 0 else "+"
        text += f" {sign} {scaled}" if text else ("-" if factor < 0 else "") + scaled
    if not text:
        return str(expression.constant)
    if expression.constant:
        text += f" {'-' if expression.constant < 0 else '+'} {abs(expression.constant)}"
    return text


def _dividend(expression: Affine) -> str:
    simple = len(expression.terms) + bool(expression.constant) == 1
    return str(expression) if simple else f"({expression})"
