"""Turns: fold and unit of an array are one index, and a set over that index is counted sooner.

Tiles of T over U units lie at T·U·f + T·u with 0 ≤ u < U. Where all bounds say so, z = U·f + u stands for
both, and a bound on the index of the tile is one on z: nothing is divided. Left apart, the fold is what is
left over when the others are known, so it would go first, as a quotient of them all.

>>> text = "[n] -> { [f, u, x] : 0 <= u < 4 and 0 <= f and 12f + 3u <= x < 12f + 3u + 5 and 12f + 3u < n }"
>>> print(with_turns_joined(isl.Set(text)))
[n] -> { [x0, x1] : x1 >= 0 and -4 + x0 <= 3x1 <= x0 and 3x1 < n }
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import islpy as isl

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
    """Give a set with as many points, one index for each pair of fold and unit, and dimensions x0, x1 …."""
    domain = named(domain).compute_divs()
    while (turn := next(_turns(domain), None)) is not None:
        domain = named(turn.joined(domain)).compute_divs()
    return domain


def _turns(domain: isl.Set) -> Iterator[Turn]:
    """Find the pairs that conditions hold in one ratio, those that most conditions hold so first.

    Tiles of one index are left apart: there 4·f + u is an index itself, and counting by tiles has to see it.
    """
    place = {name: index for index, name in enumerate(dimensions(domain))}
    found: Counter[Turn] = Counter()
    for piece in domain.get_basic_sets():
        for condition in conditions_of(piece):
            terms = {place[str(atom)]: f for atom, f in condition.expression.terms if str(atom) in place}
            found.update(
                Turn(slow, fast, terms[slow] // terms[fast])
                for slow, fast in itertools.permutations(terms, 2)
                if abs(terms[fast]) > 1 and terms[slow] % terms[fast] == 0
            )
    return (turn for turn, _ in found.most_common() if _takes_turns(domain, turn.fast, abs(turn.ratio)))


def _takes_turns(domain: isl.Set, fast: int, ratio: int) -> bool:
    """Whether a dimension takes more than one value, and no more than a ratio."""
    low, high = domain.dim_min_val(fast), domain.dim_max_val(fast)
    if not (low.is_int() and high.is_int()):
        return False
    return 0 < high.to_python() - low.to_python() < ratio
