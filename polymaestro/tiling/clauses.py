"""Clauses: what must hold for a mapping to be legal, where more than one thing makes it so.

Tiles that are not consecutive are legal all the same where one of them covers everything, so a map says
"offset = size, or size ≥ the tile from above". A mapping is legal where every clause has an alternative
that holds.

>>> T, O, K = (Affine.of(name) for name in "TOK")
>>> region = legal_where([any_of([equal(O, T)], [at_least(T, K)]), any_of([at_least(T, Affine.of(1))])])
>>> print(region)
T ≥ 1, (O = T or T ≥ K)
>>> region.holds({"T": 4, "O": 3, "K": 4}), region.holds({"T": 4, "O": 3, "K": 5})
(True, False)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import gcd

from polymaestro.affine import Affine
from polymaestro.counting import Condition, Region
from polymaestro.errors import LoweringError
from polymaestro.tiling.ties import Ties

Conjunction = tuple[Condition, ...]
MOST_CASES = 256


@dataclass(frozen=True)
class Clause:
    """Alternatives, one of which must hold; no alternative holds nowhere, an empty one everywhere."""

    alternatives: tuple[Conjunction, ...]

    @property
    def is_certain(self) -> bool:
        """Whether it always holds."""
        return () in self.alternatives

    def holds(self, point: Mapping[str, int]) -> bool:
        """Decide whether an alternative holds at a point."""
        return any(all(each.holds(point) for each in conditions) for conditions in self.alternatives)

    def names(self) -> frozenset[str]:
        """Give every symbol."""
        return frozenset[str]().union(*(c.expression.names() for each in self.alternatives for c in each))


@dataclass(frozen=True)
class Legality(Region):
    """A region as clauses, which is shorter to read than its pieces are."""

    clauses: tuple[Clause, ...]

    def holds(self, point: Mapping[str, int]) -> bool:
        """Decide whether a point lies in the region."""
        return all(clause.holds(point) for clause in self.clauses)

    def __str__(self) -> str:
        """Write what always has to hold, then the alternatives."""
        certain = [c for each in self.clauses if len(each.alternatives) == 1 for c in each.alternatives[0]]
        texts = [] if not certain else [str(Region((tuple(dict.fromkeys(certain)),)))]
        texts += [f"({Region(each.alternatives)})" for each in self.clauses if len(each.alternatives) != 1]
        return ", ".join(texts) or "everywhere"


def any_of(*alternatives: Iterable[Condition]) -> Clause:
    """Make a clause, without what is decided and without alternatives that say more than another.

    Every symbol is a size, so it is 1 or more.
    """
    found: dict[Conjunction, None] = {}
    for each in alternatives:
        conditions = tuple(dict.fromkeys(each))
        if not any(_holds_nowhere(condition) for condition in conditions):
            found[tuple(c for c in conditions if not c.expression.is_constant)] = None
    least = [each for each in found if not any(set(other) < set(each) for other in found)]
    return Clause(tuple(least))


def _holds_nowhere(condition: Condition) -> bool:
    """Whether a condition fails where all symbols are 1, and gets no better as they grow."""
    least = condition.expression.evaluate(dict.fromkeys(condition.expression.names(), 1))
    factors = [factor for _, factor in condition.expression.terms]
    too_little = least < 0 and all(factor < 0 for factor in factors)
    too_much = condition.equality and least > 0 and all(factor > 0 for factor in factors)
    return too_little or too_much


def at_least(left: Affine, right: Affine) -> Condition:
    """Give left ≥ right, divided by the common factor of both."""
    difference = left - right
    common = gcd(*(factor for _, factor in difference.terms)) or 1
    terms = tuple((atom, factor // common) for atom, factor in difference.terms)
    return Condition(Affine(terms, difference.constant // common))


def at_least_all(left: Affine, first: Affine, second: Affine) -> list[Condition]:
    """Give left ≥ both, without the one that the other implies."""
    distance = first - second
    if distance.is_constant:
        return [at_least(left, first if distance.constant >= 0 else second)]
    return [at_least(left, first), at_least(left, second)]


def equal(left: Affine, right: Affine) -> Condition:
    """Give left = right."""
    return Condition(left - right, equality=True)


def legal_where(clauses: Iterable[Clause]) -> Legality:
    """Join clauses, and multiply them out into pieces, those with one alternative first.

    Raises `LoweringError` where that makes more pieces than anyone reads.
    """
    needed = tuple(each for each in dict.fromkeys(clauses) if not each.is_certain)
    pieces: list[Conjunction] = [()]
    for clause in sorted(needed, key=lambda each: len(each.alternatives)):
        found: dict[Conjunction, None] = {}
        for piece in pieces:
            if any(set(each) <= set(piece) for each in clause.alternatives):
                found[piece] = None
            else:
                found |= {tuple(dict.fromkeys([*piece, *each])): None for each in clause.alternatives}
        pieces = list(found)
        if len(pieces) > MOST_CASES:
            message = (
                f"the mapping is legal in more than {MOST_CASES} cases, since many offsets are symbols of "
                f"their own; write the symbol of the size, as in TemporalMap(T,T)"
            )
            raise LoweringError(message)
    return Legality(tuple(pieces), needed)


def nearby(legal: Legality, point: Mapping[str, int], ties: Ties) -> dict[str, int]:
    """Move single symbols of a point, each onto the border of a condition, until the mapping is legal.

    Gives the last point that was found where that does not lead there.
    """
    best = dict(point)
    broken = _broken(legal, best, ties)
    while broken:
        moved = [
            {**best, name: value}
            for clause in legal.clauses
            for conditions in clause.alternatives
            for condition in conditions
            for name, value in _borders(condition, best, ties)
        ]
        nearest = min(moved, key=lambda each: _broken(legal, each, ties), default=best)
        if _broken(legal, nearest, ties) >= broken:
            break
        best, broken = nearest, _broken(legal, nearest, ties)
    return best


def _broken(legal: Legality, point: Mapping[str, int], ties: Ties) -> int:
    """Count the conditions that are missing for a point to be legal."""
    values = ties.extended(point)
    return sum(
        min(sum(not each.holds(values) for each in conditions) for conditions in clause.alternatives)
        for clause in legal.clauses
    )


def _borders(condition: Condition, point: Mapping[str, int], ties: Ties) -> Iterator[tuple[str, int]]:
    """Give the symbols that a broken condition names, each with the value at which it just holds."""
    values = ties.extended(point)
    if not condition.holds(values):
        spare = condition.expression.evaluate(values)
        for atom, factor in condition.expression.terms:
            if isinstance(atom, str) and not (condition.equality and spare % factor):  # no floor
                change = -(spare // factor) if factor > 0 else spare // -factor
                name, value = ties.settable(atom, values[atom] + change, values)
                if name in point and value >= 1:
                    yield name, value
