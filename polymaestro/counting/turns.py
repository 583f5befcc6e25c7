"""Turns: fold and unit of an array are one index, and a set over that index is counted sooner.

Tiles of T over U units lie at T·U·f + T·u with 0 ≤ u < U. Where all bounds say so, z = U·f + u stands for
both, and a bound on the index of the tile is one on z: nothing is divided. Left apart, the fold is what is
left over when the others are known, so it would go first, as a quotient of them all.

>>> text = "[n] -> { [f, u, x] : 0 <= u < 4 and 0 <= f and 12f + 3u <= x < 12f + 3u + 5 and 12f + 3u < n }"
>>> print(with_turns_joined(isl.Set(text)))
[n] -> { [x0, x1] : x1 >= 0 and -4 + x0 <= 3x1 <= x0 and 3x1 < n }
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import islpy as isl

from polymaestro.affine import Floor
from polymaestro.counting.reading import conditions_of
from polymaestro.relations.sets import SET, coalesced, dimensions, integer, named


@dataclass(frozen=True)
class Turn:
    """Two dimensions by number: ratio · slow + fast stands for both."""

    slow: int
    fast: int
    ratio: int

    def joined(self, domain: isl.Set) -> isl.Set:
        """Put the one index after the other dimensions, in the place of both."""
        size = domain.dim(SET)
        wider = domain.add_dims(SET, 1)
        tie = isl.Constraint.equality_alloc(isl.LocalSpace.from_space(wider.get_space()))
        for index, factor in ((self.slow, self.ratio), (self.fast, 1), (size, -1)):
            tie = tie.set_coefficient_val(SET, index, integer(factor))
        wider = wider.add_constraint(tie)
        for index in sorted((self.slow, self.fast), reverse=True):
            wider = wider.project_out(SET, index, 1)
        return coalesced(wider)


def with_turns_joined(domain: isl.Set) -> isl.Set:
    """Give a set with as many points, one index for each pair of fold and unit; its dimensions x0, x1 …"""
    domain = named(domain).compute_divs()
    while (turn := next(_turns(domain), None)) is not None:
        domain = named(turn.joined(domain)).compute_divs()
    return domain


def _turns(domain: isl.Set) -> Iterator[Turn]:
    """Find pairs that all conditions hold in one ratio, or one of them alone."""
    names = dimensions(domain)
    factors = [_factors(piece, names) for piece in domain.get_basic_sets()]
    if any(each is None for each in factors):
        return
    rows = [row for each in factors for row in each or ()]
    for slow, fast in {(s, f) for row in rows for s in row for f in row if abs(row[s]) > abs(row[f])}:
        ratios = {_ratio(row, slow, fast) for row in rows} - {1}
        if len(ratios) == 1 and _takes_turns(domain, fast, abs(ratio := ratios.pop())):
            yield Turn(slow, fast, ratio)


def _factors(piece: isl.BasicSet, names: tuple[str, ...]) -> list[dict[int, int]] | None:
    """Give the factors of the dimensions in each condition; None where one is divided."""
    place = {name: index for index, name in enumerate(names)}
    found: list[dict[int, int]] = []
    for condition in conditions_of(piece):
        terms = condition.expression.terms
        if any(isinstance(atom, Floor) and atom.numerator.names() & place.keys() for atom, _ in terms):
            return None
        found.append({place[str(atom)]: factor for atom, factor in terms if str(atom) in place})
    return found


def _ratio(row: dict[int, int], slow: int, fast: int) -> int:
    """Give the ratio in which a condition holds two dimensions, 1 for any, 0 for none."""
    if slow in row and fast in row:
        return row[slow] // row[fast] if row[slow] % row[fast] == 0 else 0
    return 1 if len(row) == 1 or not row.keys() & {slow, fast} else 0


def _takes_turns(domain: isl.Set, fast: int, ratio: int) -> bool:
    """Whether a dimension takes more than one value, and no more than a ratio."""
    low, high = domain.dim_min_val(fast), domain.dim_max_val(fast)
    if not (low.is_int() and high.is_int()):
        return False
    return 0 < high.to_python() - low.to_python() < ratio
