"""One dimension, cut at several levels: which tile it is before a step and at it, and how often.

All tiles of a loop have T points but the last, which has E, so that a loop position belongs to one of few
kinds. Nothing that is counted depends on where a tile lies, only on sizes and on the distance of the tile
before, so each kind stands for all positions of it with their number as weight:

    the loop stays         (n - 1) × a tile of T, 1 × a tile of E
    the loop advances      (n - 2) × T after T at distance T, 1 × E after T
    the loop restarts      the first tile after the last one
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from polymaestro.affine import Affine
from polymaestro.counting import QP
from polymaestro.tiling.lengths import ONE, ZERO, Lengths, Span
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.rows import RowMaker, Rows
from polymaestro.tiling.run import Run
from polymaestro.tiling.ties import Ties

Status = Literal["stays", "advances", "restarts"]
Sizes = Iterator[tuple[Affine, QP]]


@dataclass(frozen=True)
class Pair:
    """`weight` steps (of units) at which the tile is `now` and was `before`, up to a common shift."""

    weight: QP
    now: Span
    before: Span


@dataclass(frozen=True)
class Reached:
    """A pair on its way through the loops, with all tiles that may have been the one before."""

    weight: QP
    now: Span
    befores: tuple[Span, ...]

    def times(self, weight: QP) -> Reached:
        """Multiply the weight."""
        return Reached(self.weight * weight, self.now, self.befores)


class Chain:
    """The cuts of one dimension, outermost first."""

    def __init__(self, dim: str, extent: Affine, cuts: Sequence[Cut], ties: Ties) -> None:
        """Give every length and number that the cuts lead to a name."""
        self.dim = dim
        self.extent = extent
        self.cuts = tuple(cuts)
        self.lengths = Lengths(dim, ties)
        wholes = [extent]
        for cut in self.cuts:
            for whole in wholes:
                self.lengths.split(cut, whole)
                if cut.units is not None:
                    self.lengths.fold(cut, whole)
            edges = [self.lengths.split(cut, each).edge for each in wholes]
            wholes = list(dict.fromkeys([cut.size, *edges, *wholes]))

    @property
    def variable(self) -> str:
        """The loop variable."""
        return self.dim.lower()

    # --- Numbers of tiles, units and steps ---

    def first(self, run: Run, cuts: Sequence[Cut]) -> Affine:
        """Give the size of the very first tile, which is the largest."""
        size = self.extent
        for cut in cuts:
            size = self.lengths.first(run, cut, size)
        return size

    def sizes(self, run: Run, cuts: Sequence[Cut]) -> dict[Affine, QP]:
        """Give how often the tile has which size, over all positions of these loops and units."""

        def inner(cut: Cut, whole: Affine) -> Sizes:
            parts = self.lengths.parts(run, cut, whole)
            if parts.tiles != ONE:
                yield cut.size, parts.tiles - 1
            yield parts.edge, ONE

        return self._over(cuts, inner, {self.extent: ONE})

    def parents(self, run: Run, cuts: Sequence[Cut]) -> QP:
        """Give how many units of these cuts are ever active: each is in its first fold."""
        return self._first_units(run, cuts, {self.extent: ONE})

    def _first_units(self, run: Run, cuts: Sequence[Cut], wholes: dict[Affine, QP]) -> QP:
        """Give how many units are active at the first steps of these cuts, in tiles of some sizes."""

        def inner(cut: Cut, whole: Affine) -> Sizes:
            if cut.units is None or self.lengths.is_whole(run, cut, whole):
                yield self.lengths.first(run, cut, whole), ONE
            elif self.lengths.is_one_fold(run, cut, whole):
                split = self.lengths.split(cut, whole)
                yield cut.size, split.tiles - 1
                yield split.edge, ONE
            else:
                yield cut.size, QP.of(cut.units)

        return _total(self._over(cuts, inner, wholes))

    def steps(self, run: Run, cuts: Sequence[Cut]) -> QP:
        """Give at how many positions of these loops some unit is active."""

        def inner(cut: Cut, whole: Affine) -> Sizes:
            parts = self.lengths.parts(run, cut, whole)
            if cut.units is None or parts.tiles == ONE:
                if parts.tiles != ONE:
                    yield cut.size, parts.tiles - 1
                yield parts.edge, ONE
            elif self.lengths.is_one_fold(run, cut, whole):
                yield cut.size, ONE
            else:
                fold = self.lengths.fold(cut, whole)
                yield cut.size, fold.folds - 1
                yield cut.size if run.exceeds(fold.rest, parts.edge) else parts.edge, ONE

        return _total(self._over(cuts, inner, {self.extent: ONE}))

    def weight(self, run: Run, cuts: Sequence[Cut], statuses: Sequence[Status]) -> QP:
        """Give the number of steps of a mode, summed over units: the total weight of `pairs`."""
        stay = statuses.count("stays")
        found = self.sizes(run, cuts[:stay])
        if len(statuses) > stay and statuses[stay] == "advances":
            moved: dict[Affine, QP] = {}
            for whole, count in found.items():
                for start in self.advances(run, cuts[stay], whole):
                    moved[start.now.size] = moved.get(start.now.size, QP.of(0)) + start.weight * count
            found, stay = moved, stay + 1
        return self._first_units(run, cuts[stay:], found)

    def row_weight(self, run: Run, cuts: Sequence[Cut], statuses: Sequence[Status]) -> QP:
        """Give the number of steps of a mode, summed over parents: the total weight of `rows`."""
        *outer, cut = cuts
        *before, status = statuses
        if status == "restarts":
            return self.weight(run, outer, before)
        total = QP.of(0)
        for whole, count in self.sizes(run, outer).items():
            if not self.lengths.is_one_fold(run, cut, whole):
                folds = self.lengths.fold(cut, whole).folds
                total = total + count * (folds - (status == "advances"))
            elif status == "stays":
                total = total + count
        return total

    def _over(
        self, cuts: Sequence[Cut], inner: Callable[[Cut, Affine], Sizes], wholes: dict[Affine, QP]
    ) -> dict[Affine, QP]:
        """Go inwards through some cuts, each of which makes sizes and their numbers of a size."""
        found = wholes
        for cut in cuts:
            smaller: dict[Affine, QP] = {}
            for whole, count in found.items():
                for size, number in inner(cut, whole):
                    smaller[size] = smaller.get(size, QP.of(0)) + number * count
            found = smaller
        return found

    # --- Tiles before and now ---

    def pairs(self, run: Run, cuts: Sequence[Cut], statuses: Sequence[Status]) -> list[Pair]:
        """Give the tile before and the tile now, for each unit and step of a mode."""
        found: dict[tuple[Span, Span], QP] = {}
        for each in self._reached(run, cuts, statuses):
            key = (each.now, each.befores[0])
            found[key] = found.get(key, QP.of(0)) + each.weight
        return [Pair(weight, *spans) for spans, weight in found.items() if not weight.is_zero]

    def rows(self, run: Run, cuts: Sequence[Cut], statuses: Sequence[Status]) -> list[Rows]:
        """Like `pairs`, with the units of the last cut side by side."""
        *outer, cut = cuts
        *before, status = statuses
        maker = RowMaker(run, self.lengths, cut)
        if status == "restarts":
            return [
                Rows(each.weight, tuple(maker.restarting(each.now, each.befores)))
                for each in self._reached(run, outer, before)
            ]
        make = maker.staying if status == "stays" else maker.advancing
        return [rows for whole, count in self.sizes(run, outer).items() for rows in make(whole, count)]

    def _reached(self, run: Run, cuts: Sequence[Cut], statuses: Sequence[Status]) -> Iterator[Reached]:
        """Go through the loops of a mode: those that stay, at most one that advances, then the others."""
        stay = statuses.count("stays")
        advances = len(statuses) > stay and statuses[stay] == "advances"
        for whole, weight in self.sizes(run, cuts[:stay]).items():
            if advances:
                for start in self.advances(run, cuts[stay], whole):
                    yield from self._restarts(run, cuts[stay + 1 :], start.times(weight))
            else:
                tile = Span(ZERO, whole)
                yield from self._restarts(run, cuts[stay:], Reached(weight, tile, (tile,)))

    def advances(self, run: Run, cut: Cut, whole: Affine) -> Iterator[Reached]:
        """The tile is T on, or in space all units' tiles on; the first of these have none before them."""
        stride, firsts = cut.size, ONE
        if cut.units is not None:
            stride, firsts = self.lengths.width(cut), QP.of(cut.units)
        if not run.is_at_least(stride, whole):
            split = self.lengths.split(cut, whole)
            before = (Span(ZERO, cut.size),)
            yield Reached(split.tiles - 1 - firsts, Span(stride, cut.size), before)
            yield Reached(ONE, Span(stride, split.edge), before)

    def _restarts(self, run: Run, cuts: Sequence[Cut], start: Reached) -> Iterator[Reached]:
        """All these loops are at their first step now and were at their last one before."""
        if not cuts:
            yield start
            return
        cut, *inner = cuts
        if cut.units is None:
            first = Span(start.now.low, self.lengths.first(run, cut, start.now.size))
            lasts = self.lasts(run, cut, start.befores)
            yield from self._restarts(run, inner, Reached(start.weight, first, lasts))
            return
        for row in RowMaker(run, self.lengths, cut).restarting(start.now, start.befores):
            yield from self._restarts(run, inner, Reached(start.weight * row.count, row.now, row.befores))

    def lasts(self, run: Run, cut: Cut, befores: Sequence[Span]) -> tuple[Span, ...]:
        """Give the last tiles of a temporal loop, the latest first, up to a whole one."""
        found: list[Span] = []
        for before in befores:
            parts = self.lengths.parts(run, cut, before.size)
            last = before.high - parts.edge
            found.append(Span(last, parts.edge))
            if parts.tiles != ONE:
                found.append(Span(last - cut.size, cut.size))
                break
        return tuple(found)


def _total(table: dict[Affine, QP]) -> QP:
    return sum(table.values(), QP.of(0))
