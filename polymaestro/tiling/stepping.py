"""Steps of one loop: which kinds of them there are, and how many of each, for each thing that a loop may do.

begins      the first step of all, before which there is none
stays       1 × the first tile, (n - 2) × a tile of T, 1 × the last tile of E
advances    (n - 2) × T after T, 1 × E after T
restarts    the first tile after the last one
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

from polymaestro.affine import Affine
from polymaestro.counting import QP
from polymaestro.errors import CountingUnavailableError
from polymaestro.tiling.chains import Chain
from polymaestro.tiling.kinds import NOWHERE, Kind, Part, Reach, Status
from polymaestro.tiling.lengths import ONE, ZERO, Span
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.rows import Row, RowMaker
from polymaestro.tiling.run import Run

Kinds = Iterator[tuple[QP, Kind]]

MAX_LATE = 32
"""As many tiles near the end of a dimension may differ in what windows share with earlier ones."""


@dataclass(frozen=True)
class KindMaker:
    """Makes the kinds of one dimension at one level in a run.

    `marked` tells first and last tiles apart from the others; `reach` is how far windows reach.
    """

    run: Run
    chain: Chain
    cut: Cut | None
    marked: bool
    reach: Reach = NOWHERE

    def kinds(self, parent: Part, status: Status) -> Kinds:
        """Give each kind of step that a parent's tile makes, with its number."""
        if self.cut is None:
            yield ONE, _alone(parent.now, parent.befores, first=parent.first)
            return
        loop = (_Temporal if self.cut.units is None else _Spatial)(
            self.run, self.chain, self.cut, self.marked, self.reach
        )
        whole = parent.now.size
        if status in ("begins", "restarts"):
            kind = loop.at_first(parent, begins=status == "begins")
            yield ONE, replace(kind, ahead=loop.ahead_of(whole))
        elif status == "advances":
            yield from loop.advances(whole)
        elif loop.is_single(whole):
            kind = loop.at_last(whole)
            yield ONE, replace(kind, first=parent.first, ahead=loop.ahead_of(whole))
        else:
            yield from loop.stays(whole, first=parent.first)


def _alone(now: Span, befores: tuple[Span, ...], *, first: bool = True) -> Kind:
    """Give the kind of a dimension that does not go to the units."""
    row = Row(ONE, now.size, ZERO, now, befores)
    return Kind((row,), now, befores[0], first, ahead=now.size)


@dataclass(frozen=True)
class _Loop(ABC):
    """A loop of equal steps but the last: tiles of T, or folds of all units."""

    run: Run
    chain: Chain
    cut: Cut
    marked: bool
    reach: Reach

    @abstractmethod
    def is_single(self, whole: Affine) -> bool:
        """Whether one step covers all."""

    @abstractmethod
    def steps(self, whole: Affine) -> tuple[QP, Affine, Affine]:
        """Give the number of steps, and the points of each and of the last."""

    @abstractmethod
    def at_first(self, parent: Part, *, begins: bool) -> Kind:
        """Give the first step of all, or the first one after the last ones."""

    @abstractmethod
    def at_full(self) -> Kind:
        """Give a step that is not the last."""

    @abstractmethod
    def at_last(self, whole: Affine) -> Kind:
        """Give the last step."""

    @abstractmethod
    def advances(self, whole: Affine) -> Kinds:
        """Give the steps after a step."""

    def stays(self, whole: Affine, *, first: bool) -> Kinds:
        """Give all of several steps."""
        number, _, _ = self.steps(whole)
        if self.marked:
            full = replace(self.at_full(), first=False, last=False)
            yield ONE, replace(full, first=first, ahead=self.ahead_of(whole))
            yield from self.later(whole, full, number - 2)
            yield ONE, self.reached(whole, replace(self.at_last(whole), first=False))
        else:
            yield number - 1, self.at_full()
            yield ONE, self.at_last(whole)

    def later(self, whole: Affine, kind: Kind, number: QP) -> Kinds:
        """Give so many full steps after the first, those apart that windows reach over to either end.

        Raises `CountingUnavailableError` where these are too many.
        """
        _, step, last = self.steps(whole)
        early = late = 0
        while self.reach.back and self.run.exceeds(Affine.of(self.reach.back), step * (early + 1)):
            if not self.run.is_at_least(whole - last, step * (early + 2)):
                return
            early += 1
            ahead = self.ahead_of(whole - step * early)
            yield ONE, replace(kind, past=step * early, ahead=ahead)
        while self.reach.ahead is not None and self.run.exceeds(self.reach.ahead, last + step * (late + 1)):
            if not self.run.is_at_least(whole - last, step * (early + late + 2)):
                return
            late += 1
            if late > MAX_LATE:
                message = (
                    f"tiles of {self.chain.dim} differ in what is new to L2 at more than {MAX_LATE} steps"
                )
                raise CountingUnavailableError(message)
            yield ONE, replace(kind, past=Affine.of(self.reach.back), ahead=last + step * late)
        far = ZERO if self.reach.ahead is None else self.reach.ahead
        yield number - (early + late), replace(kind, past=Affine.of(self.reach.back), ahead=far)

    def reached(self, whole: Affine, kind: Kind) -> Kind:
        """Say how many points lie around the last step, as far as windows reach."""
        _, _, last = self.steps(whole)
        past = self.run.least(whole - last, Affine.of(self.reach.back)) if self.reach.back else ZERO
        return replace(kind, past=past, ahead=last)

    def ahead_of(self, points: Affine) -> Affine:
        """Give how many of the points from the first one of a step on windows reach."""
        return points if self.reach.ahead is None else self.run.least(points, self.reach.ahead)


class _Temporal(_Loop):
    def is_single(self, whole: Affine) -> bool:
        return self.chain.lengths.is_whole(self.run, self.cut, whole)

    def steps(self, whole: Affine) -> tuple[QP, Affine, Affine]:
        split = self.chain.lengths.split(self.cut, whole)
        return split.tiles, self.cut.size, split.edge

    def at_first(self, parent: Part, *, begins: bool) -> Kind:
        whole = parent.now.size
        now = Span(parent.now.low, self.chain.lengths.first(self.run, self.cut, whole))
        befores = (now,) if begins else self.chain.lasts(self.run, self.cut, parent.befores)
        return _alone(now, befores, first=parent.first)

    def at_full(self) -> Kind:
        tile = Span(ZERO, self.cut.size)
        return _alone(tile, (tile,))

    def at_last(self, whole: Affine) -> Kind:
        tile = Span(ZERO, self.chain.lengths.parts(self.run, self.cut, whole).edge)
        return _alone(tile, (tile,))

    def advances(self, whole: Affine) -> Kinds:
        found = list(self.chain.advances(self.run, self.cut, whole))
        for each, is_last in zip(found, (False, True), strict=False):
            kind = replace(_alone(each.now, each.befores, first=not self.marked), last=not self.marked)
            if is_last:
                yield each.weight, self.reached(whole, kind)
            else:
                yield from self.later(whole, kind, each.weight)


class _Spatial(_Loop):
    @property
    def maker(self) -> RowMaker:
        return RowMaker(self.run, self.chain.lengths, self.cut)

    @property
    def width(self) -> Affine:
        return self.chain.lengths.width(self.cut)

    def is_single(self, whole: Affine) -> bool:
        return self.chain.lengths.is_one_fold(self.run, self.cut, whole)

    def steps(self, whole: Affine) -> tuple[QP, Affine, Affine]:
        fold = self.chain.lengths.fold(self.cut, whole)
        return fold.folds, self.width, fold.rest

    def at_first(self, parent: Part, *, begins: bool) -> Kind:
        whole = parent.now.size
        single = self.is_single(whole)
        now = Span(parent.now.low, whole if single else self.width)
        if begins:
            rows = next(self.maker.staying(whole, ONE)).rows
            return Kind(rows, now, now, parent.first)
        rows = tuple(self.maker.restarting(parent.now, parent.befores))
        return Kind(rows, now, self._last_fold(parent.befores[0]), parent.first)

    def at_full(self) -> Kind:
        fold = Span(ZERO, self.width)
        return Kind(self.maker.full(None), fold, fold)

    def at_last(self, whole: Affine) -> Kind:
        *_, rows = self.maker.staying(whole, ONE)
        size = whole if self.is_single(whole) else self.steps(whole)[2]
        return Kind(rows.rows, Span(ZERO, size), Span(ZERO, size))

    def advances(self, whole: Affine) -> Kinds:
        for rows, is_last in zip(self.maker.advancing(whole, ONE), (False, True), strict=False):
            # Rows begin at 0 and come after tiles at -V.
            size = self.steps(whole)[2] if is_last else self.width
            now, before = Span(ZERO, size), Span(ZERO - self.width, self.width)
            kind = Kind(rows.rows, now, before, not self.marked, not self.marked)
            if is_last:
                yield rows.weight, self.reached(whole, kind)
            else:
                yield from self.later(whole, kind, rows.weight)

    def _last_fold(self, whole: Span) -> Span:
        if self.is_single(whole.size):
            return whole
        rest = self.steps(whole.size)[2]
        return Span(whole.high - rest, rest)
