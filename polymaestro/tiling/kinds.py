"""Kinds of steps along one dimension at one level: what the units of a parent hold now and held before.

`polymaestro.tiling.chains` sums over all levels at once. Time needs them apart, since a step lasts as long as
its slowest unit needs for its sub-steps: so a unit's tiles, now and before, are the parent's tiles one level
further in. `polymaestro.tiling.stepping` makes the kinds of each loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from polymaestro.affine import Affine
from polymaestro.counting import QP
from polymaestro.tiling.lengths import ZERO, Span
from polymaestro.tiling.rows import Row

Status = Literal["begins", "stays", "advances", "restarts"]


@dataclass(frozen=True)
class Part:
    """One dimension of what a unit holds, and what it may have held before, the latest first.

    `first` says that all loops of the dimension are at their first tile for this unit.
    """

    now: Span
    befores: tuple[Span, ...]
    first: bool = True

    def kept(self) -> Part:
        """Give the same where the tile did not change."""
        tile = Span(ZERO, self.now.size)
        return Part(tile, (tile,), self.first)


@dataclass(frozen=True)
class Kind:
    """One dimension at a step of a parent: its units in rows, and what they hold together.

    `first` says that the loops are at their first tile now, `last` that they were at their last one before
    (where the loop stays: are at it); where nobody asks they are true. `past` says how many points lie
    before the tile, and `ahead` how many from its first one on, both as far as windows reach.
    """

    rows: tuple[Row, ...]
    now: Span
    before: Span
    first: bool = True
    last: bool = True
    past: Affine = ZERO
    ahead: Affine = ZERO

    def parts(self) -> Iterator[tuple[QP, Part]]:
        """Give what the units hold, up to a shift, and how many of them hold it."""
        for row in self.rows:
            shift = ZERO - row.now.low
            befores = tuple(each.at(shift) for each in row.befores)
            yield row.count, Part(row.now.at(shift), befores, self.first)


@dataclass(frozen=True)
class Reach:
    """How many points before a tile share elements with it, and how many from its first one on.

    None: as many as there are.
    """

    back: int = 0
    ahead: Affine | None = None


NOWHERE = Reach()
