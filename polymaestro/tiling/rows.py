"""Rows of units: the units of one parent side by side, and which tiles they had before.

The units of a fold hold neighbouring tiles, all of the same size but the last. A unit that is idle keeps its
tile: where the last fold, or the parent's last tile, leaves units over, their last tile is an earlier one.
So units are taken together in rows that had their tiles at the same step before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polymaestro.affine import Affine
from polymaestro.counting import QP
from polymaestro.errors import CountingError
from polymaestro.tiling.lengths import ONE, ZERO, Lengths, Span
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.run import Run
from polymaestro.tiling.ties import Split


@dataclass(frozen=True)
class Row:
    """`count` neighbouring units at distance `stride`, the last at `reach`: the tiles of the first one.

    `befores` are the tiles that it may have held before, the latest first: which of them it had depends on
    the levels inside.
    """

    count: QP
    stride: Affine
    reach: Affine
    now: Span
    befores: tuple[Span, ...]

    @property
    def before(self) -> Span:
        """The tile before of the first unit."""
        if not self.befores:
            message = "a unit is active that was never active before; this is a mistake in the derivation"
            raise CountingError(message)
        return self.befores[0]

    @property
    def is_one(self) -> bool:
        """Whether it is a single unit."""
        return self.count == ONE


@dataclass(frozen=True)
class Rows:
    """`weight` steps (of parents) at which the active units are these, in their order."""

    weight: QP
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class RowMaker:
    """Makes the rows of one spatial cut in a run."""

    run: Run
    lengths: Lengths
    cut: Cut

    def staying(self, whole: Affine, weight: QP) -> Iterator[Rows]:
        """All folds of a parent tile; before, every unit had the same tile."""
        if self.lengths.is_one_fold(self.run, self.cut, whole):
            parts = self.lengths.parts(self.run, self.cut, whole)
            yield Rows(weight, self._filled(whole, parts, None))
        else:
            fold, last = self._folds(whole)
            yield Rows(weight * (fold - 1), self.full(None))
            yield Rows(weight, self._filled(self._rest(whole), last, None))

    def advancing(self, whole: Affine, weight: QP) -> Iterator[Rows]:
        """All folds but the first; before, every unit had the tile of the fold before."""
        width = self.lengths.width(self.cut)
        if not self.lengths.is_one_fold(self.run, self.cut, whole):
            fold, last = self._folds(whole)
            yield Rows(weight * (fold - 2), self.full(width))
            yield Rows(weight, self._filled(self._rest(whole), last, width))

    def restarting(self, now: Span, befores: Sequence[Span]) -> Iterator[Row]:
        """The first fold of a parent tile; before, each unit had the last tile that it ever had.

        Rows end at marks: the last unit that has a tile now, and for each parent tile before the last
        unit that has a tile in its last fold.
        """
        marks = [self._last_unit(each.size) for each in befores]
        end = _Mark(self.lengths.width(self.cut), QP.of(self.cut.all_units))
        one_fold = self.lengths.is_one_fold(self.run, self.cut, now.size)
        if one_fold:
            marks.append(self._last_unit(now.size))
            end = marks[-1].next(self.cut.size)
        for here, after in self._between(marks, end):
            is_last = one_fold and self.run.is_equal(here.low + self.cut.size, end.low)
            size = self.lengths.parts(self.run, self.cut, now.size).edge if is_last else self.cut.size
            held = (each for before in befores for each in self._lasts(here.low, before))
            yield Row(
                after.number - here.number,
                self.cut.size,
                after.low - here.low - self.cut.size,
                Span(now.low + here.low, size),
                self._until_full(held),
            )

    # --- One fold ---

    def _folds(self, whole: Affine) -> tuple[QP, Split]:
        """Give the number of folds, and units and edge tile of the last one."""
        fold = self.lengths.fold(self.cut, whole)
        return fold.folds, Split(fold.units, self.lengths.split(self.cut, whole).edge)

    def _rest(self, whole: Affine) -> Affine:
        return self.lengths.fold(self.cut, whole).rest

    def full(self, behind: Affine | None) -> tuple[Row, ...]:
        """All units with whole tiles; before, they had tiles that far behind, or the same."""
        tile = Span(ZERO, self.cut.size)
        reach = self.lengths.width(self.cut) - self.cut.size
        return (Row(QP.of(self.cut.all_units), self.cut.size, reach, tile, (tile.at(-(behind or ZERO)),)),)

    def _filled(self, length: Affine, parts: Split, behind: Affine | None) -> tuple[Row, ...]:
        """As many units as a length fills, the last of them with the edge tile."""
        tile, last = Span(ZERO, self.cut.size), length - parts.edge
        found: list[Row] = []
        if self.run.exceeds(last, ZERO):
            befores = (tile.at(-(behind or ZERO)),)
            found.append(Row(parts.tiles - 1, self.cut.size, last - self.cut.size, tile, befores))
        now = Span(last, parts.edge)
        before = now if behind is None else tile.at(last - behind)
        return (*found, Row(ONE, self.cut.size, ZERO, now, (before,)))

    # --- The last tile of each unit ---

    def _last_unit(self, whole: Affine) -> _Mark:
        """Give the last unit that has a tile in the last fold of a parent tile."""
        if self.lengths.is_one_fold(self.run, self.cut, whole):
            parts = self.lengths.parts(self.run, self.cut, whole)
            return _Mark(whole - parts.edge, parts.tiles - 1)
        _, last = self._folds(whole)
        return _Mark(self._rest(whole) - last.edge, last.tiles - 1)

    def _lasts(self, unit: Affine, parent: Span) -> Iterator[Span]:
        """Give the last tiles of the unit at an offset in a parent tile, the latest first."""
        last = self._last_unit(parent.size).low
        is_last = self.run.is_equal(unit, last)
        size = self.lengths.parts(self.run, self.cut, parent.size).edge if is_last else self.cut.size
        is_active = is_last or not self.run.is_at_least(unit, last)
        if self.lengths.is_one_fold(self.run, self.cut, parent.size):
            if is_active:
                yield Span(parent.low + unit, size)
            return
        tile = parent.high - self._rest(parent.size) + unit
        if is_active:
            yield Span(tile, size)
        yield Span(tile - self.lengths.width(self.cut), self.cut.size)

    def _until_full(self, spans: Iterator[Span]) -> tuple[Span, ...]:
        """Keep spans up to the first whole tile: no unit that is active now was idle there."""
        kept: list[Span] = []
        for each in spans:
            kept.append(each)
            if each.size == self.cut.size:
                break
        return tuple(kept)

    def _between(self, marks: Sequence[_Mark], end: _Mark) -> Iterator[tuple[_Mark, _Mark]]:
        """Cut the units below `end` into marked ones and those between, as [from, to)."""
        here = _Mark(ZERO, QP.of(0))
        left = list(marks)
        while left:
            mark = left[0]
            for other in left:
                mark = mark if self.run.is_at_least(other.low, mark.low) else other
            left = [each for each in left if self.run.exceeds(each.low, mark.low)]
            if self.run.is_at_least(mark.low, end.low):
                break
            if self.run.exceeds(mark.low, here.low):
                yield here, mark
            here = mark.next(self.cut.size)
            yield mark, here
        if self.run.exceeds(end.low, here.low):
            yield here, end


@dataclass(frozen=True)
class _Mark:
    """A unit: its offset in points, and its number."""

    low: Affine
    number: QP

    def next(self, stride: Affine) -> _Mark:
        """Give the unit after it."""
        return _Mark(self.low + stride, self.number + 1)
