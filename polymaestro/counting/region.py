"""Regions: where in parameter space a formula holds.

A region is a union of conjunctions of conditions, each ``expression ≥ 0`` or ``expression = 0`` with
an integer quasi-affine expression over parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polymaestro.affine import Affine, Floor, comparison
from polymaestro.showing import Shown


@dataclass(frozen=True, repr=False)
class Condition(Shown):
    """``expression ≥ 0``, or ``expression = 0``."""

    expression: Affine
    equality: bool = False

    def holds(self, point: Mapping[str, int]) -> bool:
        """Decide the condition at a point."""
        value = self.expression.evaluate(point)
        return value == 0 if self.equality else value >= 0

    @property
    def defines_a_floor(self) -> bool:
        """Whether this says no more than 0 ≤ e - d·⌊e/d⌋ < d, which always holds."""
        if self.equality:
            return False
        for atom, factor in self.expression.terms:
            if isinstance(atom, Floor) and abs(factor) == atom.divisor:
                remainder = atom.numerator - Affine.of(atom) * atom.divisor
                above, below = self.expression - remainder, self.expression + remainder
                if above.is_constant and above.constant >= 0:
                    return True
                if below.is_constant and below.constant >= atom.divisor - 1:
                    return True
        return False

    def isl(self) -> str:
        """Write as isl reads it."""
        return f"{self.expression.isl()} {'=' if self.equality else '>='} 0"

    def __str__(self) -> str:
        """Write with positive terms on either side: K ≥ 64, not K - 64 ≥ 0."""
        return _as_modulus(self) or comparison(self.expression, equality=self.equality)


@dataclass(frozen=True, repr=False)
class Region(Shown):
    """A union of conjunctions; the empty conjunction is everywhere, the empty union nowhere.

    >>> region = Region(((Condition(Affine.of("K") - 64),), (Condition(Affine.of("C") - 1, True),)))
    >>> print(region)
    K ≥ 64 or C = 1
    >>> region.holds({"K": 3, "C": 1}), region.holds({"K": 3, "C": 2})
    (True, False)
    """

    pieces: tuple[tuple[Condition, ...], ...]

    def holds(self, point: Mapping[str, int]) -> bool:
        """Decide whether a point lies in the region."""
        return any(all(each.holds(point) for each in piece) for piece in self.pieces)

    def substitute(self, values: Mapping[str, Affine]) -> Region:
        """Put affine expressions in the place of parameters."""
        return Region(
            tuple(
                tuple(Condition(each.expression.substitute(values), each.equality) for each in piece)
                for piece in self.pieces
            )
        )

    def names(self) -> frozenset[str]:
        """Give every parameter that a condition mentions."""
        conditions = (each for piece in self.pieces for each in piece)
        return frozenset[str]().union(*(each.expression.names() for each in conditions))

    def isl(self) -> str:
        """Write the condition as isl reads it."""
        if not self.pieces:
            return "false"
        texts = [" and ".join(each.isl() for each in piece) or "true" for piece in self.pieces]
        return " or ".join(f"({text})" for text in texts)

    @property
    def is_everywhere(self) -> bool:
        """Whether there is no condition at all."""
        return () in self.pieces

    def __str__(self) -> str:
        """Write the conditions, joined by commas within a piece."""
        if self.is_everywhere:
            return "everywhere"
        texts = [", ".join(map(str, _tidied(piece))) for piece in self.pieces]
        return " or ".join(texts) or "nowhere"


EVERYWHERE = Region(((),))


def _tidied(piece: tuple[Condition, ...]) -> list[Condition]:
    return sorted(piece, key=lambda each: (not each.equality, str(each)))


def _as_modulus(condition: Condition) -> str:
    """Write e = d·⌊e/d⌋ as a congruence."""
    if not condition.equality:
        return ""
    for atom, factor in condition.expression.terms:
        if isinstance(atom, Floor) and abs(factor) == atom.divisor:
            sign = -1 if factor > 0 else 1
            rest = condition.expression * sign + Affine.of(atom) * atom.divisor
            if rest.terms == atom.numerator.terms:
                remainder = -(rest.constant) % atom.divisor
                return f"{Affine(rest.terms, 0)} % {atom.divisor} = {remainder}"
    return ""
