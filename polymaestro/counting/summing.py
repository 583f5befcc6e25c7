"""Summing: the sets of quantities counted, over extents as they are or, where that is too hard, their digits.

A set over the extents as they are has the shortest formula, and most sets are counted so in milliseconds.
Where tiles of several columns are shared by neighbours, or a unit ends one fold before another, its bounds
hold floors of extents and columns together, and nested sums over these end late or never. So each count gets
so many steps; after that the same quantity is made again of relations in digits (`relations.digits`), where
these floors do not arise, and the digits of the result become floors of extents alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TypeVar

import islpy as isl

from polymaestro.counting.engine import Count, Counter, Memory
from polymaestro.counting.merging import Piece
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.region import Region
from polymaestro.errors import CountingUnavailableError
from polymaestro.movement import Factor, Quantity
from polymaestro.relations import Digits, Relations, in_digits
from polymaestro.relations.effort import EffortError, limited
from polymaestro.relations.sets import dimensions, parameters, restricted, without_unused_parameters

Sum = tuple[tuple[int, tuple[Count, ...]], ...]
Key = TypeVar("Key")

FIRST_STEPS, MOST_STEPS = 3_000_000, 10_000_000
"""What isl may take for one count over the extents, a second or two, and for one that is hard."""
NARROW = 8
"""Symbols and indices of a set whose steps take no longer than others; beyond, their square does."""


class Summing:
    """Counts quantities that are made of relations, and remembers their factors.

    >>> import polymaestro as pm
    >>> movement = pm.analyze(pm.conv2d(), pm.dataflows.kc_p(), 64).movement
    >>> summing = Summing(movement.relations, Counter(movement.relations.context))
    >>> [(sign, counts)] = summing.of(lambda relations: {"macs": movement.macs})["macs"]
    >>> sign, [str(count) for count in counts]
    (1, ['N', 'K', 'C', 'P·R', 'Q·S'])
    """

    def __init__(self, relations: Relations, counter: Counter) -> None:
        """Take the relations and a counter in their context."""
        self.relations = relations
        self.counter = counter
        self._counts, self._peaks = Memory(), Memory()

    def of(self, make: Callable[[Relations], Mapping[Key, Quantity]]) -> dict[Key, Sum]:
        """Count every set of the quantities that are made of the relations.

        Raises `CountingUnavailableError` for a set that cannot be counted exactly, or takes too long.
        """
        # The quantities have the same terms and factors whatever the extents are written in.
        again = cache(lambda: make(self._second[0]))

        def counted(key: Key, n: int, k: int, factor: Factor) -> Count:
            return self._factor(factor, lambda: again()[key].terms[n].factors[k])

        return {
            key: tuple(
                (term.sign, tuple(counted(key, n, k, factor) for k, factor in enumerate(term.factors)))
                for n, term in enumerate(quantity.terms)
            )
            for key, quantity in make(self.relations).items()
        }

    def _factor(self, factor: Factor, again: Callable[[], Factor]) -> Count:
        memory = self._peaks if factor.kind == "peak" else self._counts
        return memory.recall(factor.relation, lambda: self._one_way_or_another(factor, again))

    def _one_way_or_another(self, factor: Factor, again: Callable[[], Factor]) -> Count:
        symbols = parameters(without_unused_parameters(factor.relation.wrap()))
        hint = self.relations.advice(symbols)
        if not symbols:  # a number, which no digits make easier
            with limited(MOST_STEPS, f"counting takes too many steps; {hint}"):
                return _counted(self.counter, factor)
        try:
            with limited(FIRST_STEPS, f"counting takes too many steps; {hint}"):
                return _counted(self.counter, factor)
        except CountingUnavailableError as error:
            refused = error
        if self._second[1]:
            try:
                with limited(MOST_STEPS * NARROW**2 // max(NARROW, _width(factor)) ** 2, str(refused)):
                    return self._in_digits(again())
            except EffortError:
                raise CountingUnavailableError(_with(refused, hint)) from None
            except CountingUnavailableError:
                pass
        if isinstance(refused, EffortError):
            with limited(MOST_STEPS, str(refused)):
                return _counted(self.counter, factor)
        raise CountingUnavailableError(_with(refused, hint))

    @cached_property
    def _second(self) -> tuple[Relations, tuple[Digits, ...], Counter]:
        relations, digits = in_digits(self.relations)
        return relations, digits, Counter(relations.context, self.counter.engine)

    def _in_digits(self, factor: Factor) -> Count:
        """Count a factor in digits, and write the result over the extents again."""
        counter = self._second[2]
        count = _counted(counter, factor)
        cells = [self._cell(*piece) for piece in count.pieces]
        return self.counter.rejoined(cells, counter.engines_of(count))

    def _cell(self, region: Region, value: QuasiPolynomial) -> Piece:
        """Write a piece over the extents again."""
        relations, digits, _ = self._second
        names = value.names() | region.names()
        names = names.union(*(each.names for each in digits if names & set(each.names)))
        context = restricted(relations.context, names)
        domain = isl.Set(f"[{', '.join(parameters(context))}] -> {{ : {region.isl()} }}").params()
        domain = domain.intersect(context)
        for each in digits:
            domain, value = each.undone(domain), value.substitute(each.values)
        return domain, value


def _with(refused: CountingUnavailableError, hint: str) -> str:
    """Say what to assume beside what else would help."""
    return str(refused) if hint in str(refused) else f"{refused}; or {hint}"


def _width(factor: Factor) -> int:
    """Count the symbols and indices of a set."""
    flat = without_unused_parameters(factor.relation.wrap().flatten())
    return len(parameters(flat)) + len(dimensions(flat))


def _counted(counter: Counter, factor: Factor) -> Count:
    if factor.kind == "peak":
        return counter.peak(factor.relation)
    return counter.count(factor.relation.wrap().flatten())
