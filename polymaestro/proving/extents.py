"""Extents in blocks: a dataflow derived for Q = 6·(n - 1) + e, with 1 ≤ e ≤ 6, is derived for all Q.

Units that take turns over tiles of 6 divide Q by 6 and by the width of a fold, and what they share under a
filter of any length divides sums of both. Over blocks nothing is divided: the same derivation, by isl sets
and nested sums, then has few and simple chambers, where it finds none over Q within minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting.remainders import Split
from polymaestro.proving.functions import Function
from polymaestro.workload import Operator


@dataclass(frozen=True)
class Block(Split):
    """A split under names of its own, for counting to split again under its names."""

    @property
    def tiles(self) -> str:
        """The parameter that counts the blocks."""
        return f"{self.parameter}_blocks"

    @property
    def last(self) -> str:
        """The parameter that is the extent of the last block."""
        return f"{self.parameter}_last"


@dataclass(frozen=True)
class Blocks:
    """Extents that are written in blocks, and blocks of blocks.

    >>> blocks = Blocks.of({"Q": (6, 4)})
    >>> print(blocks.values["Q"], *blocks.conditions, sep="; ")
    24·Q_blocks_blocks + 6·Q_blocks_last + Q_last - 30; Q_blocks_blocks >= 1; 1 <= Q_blocks_last <= 4; 1 <= Q_last <= 6
    """

    splits: tuple[Block, ...]

    @staticmethod
    def of(sizes: Mapping[str, Sequence[int]]) -> Blocks:
        """Take for each extent the sizes of its blocks, the smallest ones first; blocks of 1 change nothing."""
        splits: list[Block] = []
        for name, nested in sizes.items():
            whole = name
            for size in nested:
                if size > 1:
                    splits.append(Block(whole, size))
                    whole = splits[-1].tiles
        return Blocks(tuple(splits))

    @property
    def values(self) -> dict[str, Affine]:
        """Each extent over its blocks."""
        found: dict[str, Affine] = {}
        for each in reversed(self.splits):
            tiles = found.pop(each.tiles, Affine.of(each.tiles))
            found[each.parameter] = (tiles - 1) * each.size + each.last
        return found

    @property
    def conditions(self) -> tuple[str, ...]:
        """What makes blocks of each extent one way only."""
        whole = {each.parameter for each in self.splits}
        counts = [f"{each.tiles} >= 1" for each in self.splits if each.tiles not in whole]
        return (*counts, *(f"1 <= {each.last} <= {each.size}" for each in reversed(self.splits)))

    def operator(self, operator: Operator) -> Operator:
        """Write the extents of an operator in blocks."""
        return operator.with_extents(self.values)

    def applied(self, context: isl.Set) -> isl.Set:
        """Write a region of extents in blocks."""
        for each in self.splits:
            context = each.apply(context)
        return context

    def restored(self, context: isl.Set) -> isl.Set:
        """Give all extents whose blocks lie in a region."""
        for each in reversed(self.splits):
            context = each.restored(context)
        return context

    def function(self, function: Function) -> Function:
        """Read a function of extents as one of blocks."""
        return function.substituted(self.values, self.applied(function.context))
