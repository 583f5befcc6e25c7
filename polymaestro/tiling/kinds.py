"""Kinds of steps along one dimension, one level at a time: what all units of a parent hold now and held before.

`polymaestro.tiling.chains` sums over all levels at once. Time needs them apart, since a step lasts as long as
its slowest unit needs for its sub-steps: so a unit's tiles, now and before, are the parent's tiles one level
further in.

    begins      the first step of all, before which there is none
    stays       1 × the first tile, (n - 2) × a tile of T, 1 × the last tile of E
    advances    (n - 2) × T after T, 1 × E after T
    restarts    the first tile after the last one
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.tiling.chains import Chain
from polymaestro.tiling.lengths import ONE, ZERO, Span
from polymaestro.tiling.mapping import Cut
from polymaestro.tiling.rows import Row, RowMaker
from polymaestro.tiling.run import Run

QP = QuasiPolynomial
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
    (where the loop stays: are at it); `single` that the loop has one step. Where nobody asks they are true.
    """

    rows: tuple[Row, ...]
    now: Span
    before: Span
    first: bool = True
    last: bool = True
    single: bool = False

    def parts(self) -> Iterator[tuple[QP, Part]]:
        """Give what the units hold, up to a shift, and how many of them hold it."""
        for row in self.rows:
            shift = ZERO - row.now.low
            befores = tuple(each.at(shift) for each in row.befores)
            yield row.count, Part(row.now.at(shift), befores, self.first)


Kinds = Iterator[tuple[QP, Kind]]


@dataclass(frozen=True)
class KindMaker:
    """Makes the kinds of one dimension at one level in a run; `marked` tells first and last tiles apart."""

    run: Run
    chain: Chain
    cut: Cut | None
    marked: bool

    def kinds(self, parent: Part, status: Status) -> Kinds:
        """Give each kind of step that a parent's tile makes, with its number."""
        if self.cut is None:
            yield ONE, _alone(parent.now, parent.befores, first=parent.first, single=True)
        elif self.cut.units is None:
            yield from _Temporal(self.run, self.chain, self.cut, self.marked).kinds(parent, status)
        else:
            yield from _Spatial(self.run, self.chain, self.cut, self.marked).kinds(parent, status)


def _alone(
    now: Span, befores: tuple[Span, ...], *, first: bool = True, last: bool = True, single: bool = False
) -> Kind:
    """Give the kind of a dimension that does not go to the units."""
    row = Row(ONE, now.size, ZERO, now, befores)
    return Kind((row,), now, befores[0], first, last, single)


def _ordered(number: QP, *, marked: bool) -> Iterator[tuple[QP, bool]]:
    """Split so many equal tiles at the beginning into the first and the others."""
    if marked:
        yield ONE, True
        yield number - 1, False
    else:
        yield number, True


@dataclass(frozen=True)
class _Temporal:
    run: Run
    chain: Chain
    cut: Cut
    marked: bool

    def kinds(self, parent: Part, status: Status) -> Kinds:
        lengths, run, cut, whole = self.chain.lengths, self.run, self.cut, parent.now.size
        single = lengths.is_whole(run, cut, whole)
        if status in ("begins", "restarts"):
            now = Span(parent.now.low, lengths.first(run, cut, whole))
            lasts = (now,) if status == "begins" else self.chain.lasts(run, cut, parent.befores)
            yield ONE, _alone(now, lasts, first=parent.first, single=single)
        elif status == "advances":
            for each in self.chain.advances(run, cut, whole):
                yield each.weight, _alone(each.now, each.befores, first=not self.marked, last=not self.marked)
        else:
            yield from self._stays(whole, first=parent.first, single=single)

    def _stays(self, whole: Affine, *, first: bool, single: bool) -> Kinds:
        parts = self.chain.lengths.parts(self.run, self.cut, whole)
        if not single:
            tile = Span(ZERO, self.cut.size)
            for number, is_first in _ordered(parts.tiles - 1, marked=self.marked):
                yield number, _alone(tile, (tile,), first=first and is_first, last=not self.marked)
        tile = Span(ZERO, parts.edge)
        yield ONE, _alone(tile, (tile,), first=first and (single or not self.marked), single=single)


@dataclass(frozen=True)
class _Spatial:
    run: Run
    chain: Chain
    cut: Cut
    marked: bool

    def kinds(self, parent: Part, status: Status) -> Kinds:
        lengths, whole = self.chain.lengths, parent.now.size
        single = lengths.is_one_fold(self.run, self.cut, whole)
        maker = RowMaker(self.run, lengths, self.cut)
        fold = Span(parent.now.low, whole if single else lengths.width(self.cut))
        if status == "begins":
            rows = next(maker.staying(whole, ONE)).rows
            yield ONE, Kind(rows, fold, fold, parent.first, single=single)
        elif status == "restarts":
            rows = tuple(maker.restarting(parent.now, parent.befores))
            yield ONE, Kind(rows, fold, self._last_fold(parent.befores[0]), parent.first, single=single)
        elif status == "advances":
            yield from self._advances(maker, whole)
        else:
            yield from self._stays(maker, whole, first=parent.first, single=single)

    def _last_fold(self, whole: Span) -> Span:
        lengths = self.chain.lengths
        if lengths.is_one_fold(self.run, self.cut, whole.size):
            return whole
        rest = lengths.fold(self.cut, whole.size).rest
        return Span(whole.high - rest, rest)

    def _advances(self, maker: RowMaker, whole: Affine) -> Kinds:
        found = list(maker.advancing(whole, ONE))
        if found:
            lengths = self.chain.lengths
            width = lengths.width(self.cut)
            sizes = (width, lengths.fold(self.cut, whole).rest)
            for rows, size in zip(found, sizes, strict=True):
                # Rows lie at 0, after tiles at -V.
                now, before = Span(ZERO, size), Span(ZERO - width, width)
                yield rows.weight, Kind(rows.rows, now, before, not self.marked, not self.marked)

    def _stays(self, maker: RowMaker, whole: Affine, *, first: bool, single: bool) -> Kinds:
        *full, last = maker.staying(whole, ONE)
        lengths = self.chain.lengths
        for rows in full:
            fold = Span(ZERO, lengths.width(self.cut))
            for number, is_first in _ordered(rows.weight, marked=self.marked):
                yield number, Kind(rows.rows, fold, fold, first and is_first, not self.marked)
        fold = Span(ZERO, whole if single else lengths.fold(self.cut, whole).rest)
        first = first and (single or not self.marked)
        yield ONE, Kind(last.rows, fold, fold, first, single=single)
