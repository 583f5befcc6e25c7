"""Distinct elements: what each parent touches over all its units and steps, summed over parents.

Where each index is one dimension, the parents share out the dimensions that the tensor has, and each of them
sees all of it as far as the other dimensions go. An index over two dimensions, as σy + δr of what a
transposed convolution writes, is shared out with halos: the tiles of a parent follow each other upwards, so

    |⋃_t A_t| = Σ_t |A_t| - Σ_t |A_t ∩ A_t-1|,

with the tiles that go to the parents along one of the two dimensions, and all of the other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polymaestro.affine import Affine
from polymaestro.counting import QP
from polymaestro.errors import CountingUnavailableError
from polymaestro.tiling.chains import Chain, Status
from polymaestro.tiling.lengths import Span
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.run import Run
from polymaestro.tiling.shapes import Box, Index, shapes_of


@dataclass(frozen=True)
class Touched:
    """The elements under one index; `loops` are those outside the parents, for each dimension."""

    run: Run
    index: Index
    loops: dict[Chain, tuple[Cut, ...]]

    def count(self) -> QP:
        """Σ over parents of the distinct elements."""
        product = QP.of(1)
        for chain, cuts in self.loops.items():
            if chain.variable not in self.index.variables:
                product = product * chain.parents(self.run, cuts)
        return product * self._indexed()

    def is_one_to_one(self) -> bool:
        """Whether no element is under two points of the index's dimensions.

        Two points (i, j) with the same L·i + l·j are a multiple of (l, -L) apart.
        """
        chains = self._chains()
        if len(chains) < 2:  # noqa: PLR2004  a window joins two
            return True
        (outer, inner), (large, small) = chains, map(Affine.of, self.index.factors)
        return self.run.is_at_least(large, inner.extent) or self.run.is_at_least(small, outer.extent)

    def _chains(self) -> list[Chain]:
        """Give the dimensions of the index, in its order."""
        named = {chain.variable: chain for chain in self.loops}
        return [named[variable] for variable in self.index.variables]

    def _indexed(self) -> QP:
        chains = self._chains()
        shared = [each for each in chains if any(cut.units is not None for cut in self.loops[each])]
        whole = {each.variable: Span(Affine.of(0), each.extent) for each in chains}
        if not shared or len(chains) < 2:  # noqa: PLR2004  a pair
            return shapes_of(self.run, self.index, [whole]).shapes[0].size()
        if self.is_one_to_one():
            return QP.of(chains[0].extent) * QP.of(chains[1].extent)
        if len(shared) > 1:
            names = " and ".join(each.dim for each in shared)
            message = f"clusters share parts of the output along {names}; map one of them over time"
            raise CountingUnavailableError(message)
        return self._along(shared[0], whole)

    def _along(self, chain: Chain, whole: Box) -> QP:
        """Count the tiles of each parent along one dimension, each without the one before."""
        cuts = self.loops[chain]
        total = QP.of(0)
        for size, count in chain.sizes(self.run, cuts).items():
            box = {**whole, chain.variable: Span(Affine.of(0), size)}
            total = total + count * shapes_of(self.run, self.index, [box]).shapes[0].size()
        for place in range(len(cuts)):
            for pair in chain.pairs(self.run, cuts, _advancing(cuts, place)):
                boxes = [{**whole, chain.variable: tile} for tile in (pair.now, pair.before)]
                found = shapes_of(self.run, self.index, boxes)
                now, before = found.shapes
                if len(now.classes) > 1 and chain.variable not in found.alike:
                    message = f"single tiles of {chain.dim} leave gaps in the output; make them larger"
                    raise CountingUnavailableError(message)
                total = total - pair.weight * now.meet(before).size()
        return total


def _advancing(cuts: Sequence[Cut], place: int) -> list[Status]:
    """The mode of a loop: those outside stay, those inside restart."""
    return [
        "stays" if index < place else "advances" if index == place else "restarts"
        for index in range(len(cuts))
    ]
