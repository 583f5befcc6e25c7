"""Extents in blocks: a dataflow derived for Q = 24·q_1 + 6·q_2 + q_3 is derived for all Q.

Where 4 units take turns over tiles of 6, Q is divided by 6 and by 24, and what they share under a filter of
any length divides sums of both. Over blocks, with 1 ≤ q_3 ≤ 6 and 0 ≤ q_2 < 4, nothing is divided: the same
derivation, by isl sets and nested sums, then has few and simple chambers, where it finds none over Q within
minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.proving.functions import Function
from polymaestro.relations.sets import PARAM, coalesced


@dataclass(frozen=True)
class Blocks:
    """Extents as sums of blocks; for each the sizes of the smallest ones, then how many of these make a next.

    >>> blocks = Blocks({"Q": (6, 4)})
    >>> print(blocks.values["Q"], *blocks.conditions, sep="; ")
    24·q_1 + 6·q_2 + q_3; 1 <= q_3 <= 6; 0 <= q_2 <= 3; q_1 >= 0
    >>> every = isl.Set("[Q] -> { : Q >= 1 }").params()
    >>> blocks.restored(blocks.applied(every)).is_equal(every)
    True
    """

    sizes: Mapping[str, Sequence[int]]

    @property
    def values(self) -> dict[str, Affine]:
        """Each extent over its blocks."""
        return {name: self._whole(name) for name in self.sizes}

    def _whole(self, name: str) -> Affine:
        weight, whole = 1, Affine.of(0)
        for symbol, count in self._symbols(name):
            whole += Affine.of(symbol) * weight
            weight *= count or 1
        return whole

    def _symbols(self, name: str) -> Iterator[tuple[str, int | None]]:
        """Give the symbols of an extent, the smallest first, with the number of values that each takes."""
        sizes = [*self.sizes[name], None]
        return ((f"{name.lower()}_{len(sizes) - place}", count) for place, count in enumerate(sizes))

    @property
    def conditions(self) -> tuple[str, ...]:
        """What makes blocks of each extent in one way only."""
        return tuple(each for name in self.sizes for each in self._conditions(name))

    def _conditions(self, name: str) -> Iterator[str]:
        low = 1
        for symbol, count in self._symbols(name):
            yield f"{symbol} >= {low}" if count is None else f"{low} <= {symbol} <= {count - 1 + low}"
            low = 0

    def applied(self, context: isl.Set) -> isl.Set:
        """Write a region of extents in blocks."""
        return self._tied(context, tuple(self.sizes))

    def restored(self, context: isl.Set) -> isl.Set:
        """Give the extents whose blocks lie in a region."""
        return self._tied(context, tuple(symbol for name in self.sizes for symbol, _ in self._symbols(name)))

    def _tied(self, context: isl.Set, old: Sequence[str]) -> isl.Set:
        """State what the blocks are and project the old parameters out."""
        names = {*self.sizes, *(symbol for name in self.sizes for symbol, _ in self._symbols(name))}
        body = " and ".join((*(f"{n} = {value.isl()}" for n, value in self.values.items()), *self.conditions))
        tied = context.intersect(
            isl.Set(f"[{', '.join(sorted(names))}] -> {{ : {body or 'true'} }}").params()
        )
        for name in old:
            tied = tied.project_out(PARAM, tied.find_dim_by_name(PARAM, name), 1)
        return coalesced(tied)

    def function(self, function: Function) -> Function:
        """Read a function of extents as one of blocks."""
        return function.substituted(self.values, self.applied(function.context))
