"""Lengths along one dimension: tiles as intervals, and what one cut makes of a length in a run."""

from __future__ import annotations

from dataclasses import dataclass

from polymaestro.affine import Affine
from polymaestro.counting import QP
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.run import Run
from polymaestro.tiling.ties import Fold, Split, Ties

ZERO, ONE = Affine.of(0), QP.of(1)


@dataclass(frozen=True)
class Span:
    """The points [low, low + size) of a dimension."""

    low: Affine
    size: Affine

    def at(self, offset: Affine) -> Span:
        """Shift by an offset."""
        return Span(self.low + offset, self.size)

    @property
    def high(self) -> Affine:
        """One past the last point."""
        return self.low + self.size


@dataclass(frozen=True)
class Lengths:
    """What the cuts of one dimension make of lengths; each length and number has its name in the ties."""

    dim: str
    ties: Ties

    def split(self, cut: Cut, whole: Affine) -> Split:
        """Give the number of tiles and the last of them."""
        return self.ties.split(self.dim, whole, cut.size)

    def fold(self, cut: Cut, whole: Affine) -> Fold:
        """Give the number of folds over the units, and the last of them."""
        return self.ties.fold(self.dim, whole, cut.size, cut.all_units)

    def width(self, cut: Cut) -> Affine:
        """Give the points that all units hold together."""
        return self.ties.width(self.dim, cut.size, cut.all_units)

    def step(self, cut: Cut) -> Affine:
        """Give the points of a full step: one tile, or one of each unit."""
        return cut.size if cut.units is None else self.width(cut)

    def is_whole(self, run: Run, cut: Cut, whole: Affine) -> bool:
        """Whether one tile covers all."""
        return run.is_at_least(cut.size, whole)

    def is_one_fold(self, run: Run, cut: Cut, whole: Affine) -> bool:
        """Whether the units hold all tiles at once."""
        return run.is_at_least(self.width(cut), whole)

    def first(self, run: Run, cut: Cut, whole: Affine) -> Affine:
        """Give the size of the first tile, which is the largest."""
        return whole if self.is_whole(run, cut, whole) else cut.size

    def parts(self, run: Run, cut: Cut, whole: Affine) -> Split:
        """Like `split`, where one tile that covers all is as long as the whole."""
        return Split(ONE, whole) if self.is_whole(run, cut, whole) else self.split(cut, whole)
