"""A part of the grid with the layers of each dataflow there, and the best design in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from polymaestro.sweeping.costs import Costs
from polymaestro.sweeping.grid import LARGEST, Grid, Slices
from polymaestro.sweeping.reducing import Reduced, Refused
from polymaestro.sweeping.terms import Array


class Block(NamedTuple):
    """Some machines with the same number of PEs: part of the grid, and the layers of each dataflow there."""

    part: int
    grid: Grid
    where: Slices
    layers: Mapping[str, list[Reduced | Refused]]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the part of the grid."""
        return tuple(each.stop - each.start for each in self.where)

    def costs(self, dataflow: str, layer: int) -> Costs | None:
        """Give the costs of a layer, None where it was refused."""
        reduced = self.layers[dataflow][layer]
        return Costs(reduced, self.grid, self.where) if isinstance(reduced, Reduced) else None


class Found(NamedTuple):
    """A design by its position; smaller is better, and of equals the one that came first."""

    value: int
    second: int
    part: int
    place: tuple[int, ...]
    dataflow: str


def first_of(block: Block, value: Array, other: Array, dataflow: str) -> Found | None:
    """Give the least of a block; of equals the one with the least second cost, then the first."""
    least = int(value.min())
    if least == LARGEST:
        return None
    places = np.flatnonzero(value == least)
    seconds = other.reshape(-1)[places]
    place = int(places[int(seconds.argmin())])
    offsets = np.unravel_index(place, block.shape)
    index = tuple(int(each) + where.start for each, where in zip(offsets, block.where, strict=True))
    return Found(least, int(seconds.min()), block.part, index, dataflow)


def better(known: Found | None, other: Found | None) -> Found | None:
    """Give the better of two; of equals the one that was known."""
    if known is None or other is None:
        return other if known is None else known
    return other if other[:2] < known[:2] else known
