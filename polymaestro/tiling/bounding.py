"""Which formulas are never the largest: symbols are at least 1, and edge tiles at most whole ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from polymaestro.counting import QP
from polymaestro.counting.quasipolynomial import single
from polymaestro.model.machine import Machine
from polymaestro.model.runtime import Formulas
from polymaestro.symbolic.costs import Ceiling, Cost, largest

MANY = 400
"""Polynomials with more terms than this are not compared."""


@lru_cache(maxsize=1 << 14)
def is_never_negative(value: QP) -> bool:
    """Say whether a polynomial is surely 0 or more where every name is 1 or more.

    With x = 1 + y for each name, no coefficient is negative. False means only that this does not show it.

    >>> T, U = QP.of("T"), QP.of("U")
    >>> is_never_negative(T * U - T), is_never_negative(T - U)
    (True, False)
    """
    names = [atom for atom in value.atoms() if isinstance(atom, str)]
    if len(names) < len(value.atoms()):
        return False  # floors may be 0
    shifted = value.replace({name: single(name) + 1 for name in names})
    return all(factor > 0 for _, factor in shifted.terms)


@dataclass(frozen=True)
class Pruned(Formulas):
    """Time as formulas, where maxima have no entry that is never above another one.

    `most` gives for edge tiles and units of the last fold what they are at most.
    """

    machine: Machine
    most: tuple[tuple[str, QP], ...] = field(default=())

    def join(self, times: list[Cost], *, serial: bool) -> Cost:
        """Give the largest time, or the sum."""
        if serial:
            return super().join(times, serial=True)
        kept: list[Cost] = []
        for each in dict.fromkeys(_opened(times)):
            if not any(self._is_below(each, other) for other in kept):
                kept = [other for other in kept if not self._is_below(other, each)]
                kept.append(each)
        return largest(kept)

    def _is_below(self, cost: Cost, other: Cost) -> bool:
        left, right = _amount(cost), _amount(other)
        if left is None or right is None or left[1] != right[1]:
            return False
        if len(left[0].terms) + len(right[0].terms) > MANY:
            return False
        return is_never_negative(right[0] - left[0]) or is_never_negative(right[0] - self._raised(left[0]))

    def _raised(self, value: QP) -> QP:
        """Put whole tiles in the place of edge tiles where that makes a polynomial no smaller."""
        if not all(isinstance(atom, str) for atom in value.atoms()):
            return value
        for name, most in self.most:
            if name in value.atoms():
                parts = value.coefficients(name)
                if all(is_never_negative(part) for power, part in parts.items() if power):
                    value = value.replace({name: most})
        return value


def _opened(times: Iterable[Cost]) -> Iterable[Cost]:
    """Give the entries of a maximum in a maximum."""
    for each in times:
        [inner] = [atom for atom, _ in each.terms] if _is_one_atom(each) else [None]
        if inner is None or isinstance(inner, Ceiling):
            yield each
        else:
            yield from inner.costs


def _is_one_atom(cost: Cost) -> bool:
    return cost.polynomial.is_zero and len(cost.terms) == 1 and cost.terms[0][1] == QP.of(1)


def _amount(cost: Cost) -> tuple[QP, tuple[object, ...]] | None:
    """Give what a cost grows with, and what of: words over one link, or cycles."""
    if not cost.terms:
        return cost.polynomial, ()
    if _is_one_atom(cost) and isinstance(atom := cost.terms[0][0], Ceiling):
        return atom.amount, (atom.rate, atom.latency, atom.copies)
    return None
