"""Ties: symbols that stand for a quotient of others, rounded, or for a polynomial.

A number of tiles ⌈K/T⌉ is no quasi-polynomial where T is a symbol. As a symbol of its own, tied to K and T,
it may stand in quasi-polynomials and conditions.

>>> K, T, n = map(QuasiPolynomial.of, ("K", "T", "n"))
>>> print(Tie("n", K, T), Tie("E", K - (n - 1) * T), sep="; ")
n = ⌈K/T⌉; E = -T·n + K + T
>>> Tie("n", K, T).value({"K": 10, "T": 4})
3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from polymaestro.counting.quasipolynomial import QuasiPolynomial

NAME = r"[^\W\d]\w*"


@dataclass(frozen=True)
class Tie:
    """name = ⌈numerator/divisor⌉ or ⌊numerator/divisor⌋, or the numerator itself where nothing divides.

    `kept`: formulas are shorter with the name than with what it stands for.
    """

    name: str
    numerator: QuasiPolynomial
    divisor: QuasiPolynomial | None = None
    rounded: Literal["up", "down"] = "up"
    kept: bool = False

    def value(self, point: Mapping[str, int]) -> int:
        """Evaluate where the names before this one have values."""
        numerator = int(self.numerator.evaluate(point))
        if self.divisor is None:
            return numerator
        divisor = int(self.divisor.evaluate(point))
        return -(-numerator // divisor) if self.rounded == "up" else numerator // divisor

    @property
    def expressions(self) -> tuple[QuasiPolynomial, ...]:
        """What it is made of: the numerator, and the divisor where there is one."""
        return (self.numerator,) if self.divisor is None else (self.numerator, self.divisor)

    def names(self) -> frozenset[str]:
        """Give the names that have to have values first."""
        return frozenset[str]().union(*(each.names() for each in self.expressions))

    @property
    def is_short(self) -> bool:
        """Whether a formula is better read with the quotient or product in the place of the name."""
        single = self.divisor is not None or len(self.numerator.terms) == 1
        return self.rounded == "up" and single and not self.kept

    @property
    def text(self) -> str:
        """What the name stands for."""
        if self.divisor is None:
            return str(self.numerator)
        quotient = f"{_part(self.numerator, ' /')}/{_part(self.divisor, ' /·')}"
        return f"⌈{quotient}⌉" if self.rounded == "up" else f"⌊{quotient}⌋"

    def __str__(self) -> str:
        """Write as an equation."""
        return f"{self.name} = {self.text}"


def _part(value: QuasiPolynomial, signs: str) -> str:
    """Write a side of a quotient; with one of the signs, or several names, it needs parentheses."""
    text = str(value)
    needs = len(value.atoms()) > 1 or any(sign in text for sign in signs)
    return f"({text})" if needs else text


def written(text: str, ties: Iterable[Tie]) -> str:
    """Put ⌈K/T⌉ and T·U in the place of numbers of tiles and products in a text.

    >>> K, T = map(QuasiPolynomial.of, ("K", "T"))
    >>> written("n·M + f", [Tie("n", K, T), Tie("f", K, T * 4)])
    '⌈K/T⌉·M + ⌈K/(4·T)⌉'
    """
    meanings = {tie.name: tie.text for tie in ties if tie.is_short}
    while True:
        changed = re.sub(NAME, lambda found: meanings.get(found[0], found[0]), text)
        if changed == text:
            return text
        text = changed


def meanings(text: str, ties: Sequence[Tie]) -> Iterator[str]:
    """Give the equation of each tie that a text names."""
    named = set(re.findall(NAME, text))
    for tie in ties:
        if tie.name in named:
            yield f"{tie.name} = {written(tie.text, ties)}"


def explained(text: str, ties: Sequence[Tie]) -> str:
    """Write numbers of tiles out, as `written` does, and say after it what the other ties are."""
    text = written(text, ties)
    others = ", ".join(meanings(text, ties))
    return f"{text}; {others}" if others else text


def expanded(value: QuasiPolynomial, ties: Iterable[Tie]) -> QuasiPolynomial:
    """Put lengths in terms of extents, tiles and numbers of tiles; only quotients stay."""
    for tie in reversed(list(ties)):
        if tie.divisor is None:
            value = value.replace({tie.name: tie.numerator})
    return value
