"""Counts that are derived where they are asked for: one quasi-polynomial per chamber, found by a run.

The chambers of a mapping whose sizes are all symbols are many, and most of them nobody asks for. So a count
keeps its factor, and each point outside the chambers known so far adds the one it lies in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polymaestro.counting import QuasiPolynomial, Region
from polymaestro.tiling.exploring import Explored, explored
from polymaestro.tiling.factors import Factor
from polymaestro.tiling.known import known_about
from polymaestro.tiling.run import Run
from polymaestro.tiling.ties import Ties


@dataclass(eq=False)
class TiledCount:
    """A number of elements at points that hold the values of all ties; it depends on `names` only."""

    factor: Factor
    names: tuple[str, ...]
    known: list[tuple[Region, QuasiPolynomial]] = field(default_factory=list)
    _everywhere: dict[Region, Explored] = field(default_factory=dict)

    def piece_at(self, point: Mapping[str, int]) -> tuple[Region, QuasiPolynomial]:
        """Give the chamber of a point and the formula there."""
        for region, value in self.known:
            if region.holds(point):
                return region, value
        run = Run(point)
        value = self.factor(run)
        self.known.append((Region((tuple(run.conditions),)), value))
        return self.known[-1]

    def everywhere(self, ties: Ties, given: Region) -> Explored:
        """Derive every chamber of a region.

        Raises `ClosedFormError` where these are too many.
        """
        if given not in self._everywhere:
            self._everywhere[given] = explored(self.factor, known_about(ties, self.names, given))
        return self._everywhere[given]

    def at(self, point: Mapping[str, int]) -> int:
        """Evaluate; raises `CountingError` for what is no whole number."""
        return self.piece_at(point)[1].number_at(point)
