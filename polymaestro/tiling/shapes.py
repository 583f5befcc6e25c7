"""Shapes: the elements that boxes of iteration points touch, as intervals.

An index σp + δr over intervals of p and r takes every value between its ends, unless the filter tile is
narrower than the stride, or the like. Then it is taken apart by residues: with r = ρ + σk,

    σp + δr = σ(p + δk) + δρ,

and for each ρ the values p + δk are an interval, or are taken apart once more. All intervals are cut along
the decisions of a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from polymaestro.affine import Affine, ceil_div, floor_div
from polymaestro.counting import QP
from polymaestro.errors import CountingUnavailableError
from polymaestro.tiling.lengths import Span
from polymaestro.tiling.run import Run

Box = Mapping[str, Span]
Interval = tuple[Affine, Affine]
Parts = tuple[Interval, ...]

ONE = Affine.of(1)


@dataclass(frozen=True)
class Shape:
    """Disjoint intervals [low, high) for each residue class; `lows` and `highs` are the ends of it all."""

    run: Run
    classes: tuple[Parts, ...]

    def meet(self, other: Shape) -> Shape:
        """Give what both hold."""
        pairs = zip(self.classes, other.classes, strict=True)
        return Shape(self.run, tuple(meet(self.run, left, right) for left, right in pairs))

    def minus(self, other: Shape) -> Shape:
        """Give what the other does not hold."""
        pairs = zip(self.classes, other.classes, strict=True)
        return Shape(self.run, tuple(minus(self.run, left, right) for left, right in pairs))

    def size(self) -> QP:
        """Count the elements."""
        return sum((size(parts) for parts in self.classes), QP.of(0))

    @property
    def is_empty(self) -> bool:
        """Whether there is no element."""
        return not any(self.classes)


def meet(run: Run, left: Parts, right: Parts) -> Parts:
    """Give what is in both lists of intervals."""
    return tuple(
        (run.greatest(low, other), run.least(high, end))
        for low, high in left
        for other, end in right
        if run.exceeds(high, other) and run.exceeds(end, low)
    )


def minus(run: Run, left: Parts, right: Parts) -> Parts:
    """Give what is in the first list only."""
    for low, high in right:
        left = tuple(piece for part in left for piece in _without(run, part, low, high))
    return left


def size(parts: Parts) -> QP:
    """Count the elements of disjoint intervals."""
    return sum((QP.of(high - low) for low, high in parts), QP.of(0))


def _without(run: Run, part: Interval, left: Affine, right: Affine) -> Parts:
    low, high = part
    if run.is_at_least(left, high) or run.is_at_least(low, right):
        return (part,)
    before = ((low, left),) if run.exceeds(left, low) else ()
    after = ((right, high),) if run.exceeds(high, right) else ()
    return before + after


@dataclass(frozen=True)
class Index:
    """One index of a tensor, its factors divided by their gcd: large·i + small·j, or i alone."""

    variables: tuple[str, ...]
    factors: tuple[int, ...]

    def factor(self, variable: str) -> int:
        """Give by how much the index grows with a variable."""
        return dict(zip(self.variables, self.factors, strict=True)).get(variable, 0)

    def low(self, box: Box) -> Affine:
        """Give the first element of a box."""
        lows = (box[v].low * f for v, f in zip(self.variables, self.factors, strict=True))
        return sum(lows, Affine.of(0))

    def length(self, box: Box) -> Affine:
        """Give the distance from the first to past the last element."""
        sizes = ((box[v].size - 1) * f for v, f in zip(self.variables, self.factors, strict=True))
        return sum(sizes, ONE)


def index_of(access: tuple[Affine, ...]) -> Index:
    """Read the access of a group: no index, or one over one or two variables.

    Raises `CountingUnavailableError` for anything else.
    """
    if not access:
        return Index((), ())
    terms = sorted(access[0].terms, key=lambda term: -term[1])
    factors = [factor for _, factor in terms]
    if len(access) > 1 or len(terms) > 2 or min(factors) < 1:  # noqa: PLR2004  one window is two variables
        shown = ", ".join(map(str, access))
        message = f"the tensor index [{shown}] is no sliding window, which symbolic tiles need"
        raise CountingUnavailableError(message)
    common = gcd(*factors)
    return Index(tuple(str(atom) for atom, _ in terms), tuple(factor // common for factor in factors))


@dataclass(frozen=True)
class Shapes:
    """Shapes in one notation; `alike` names the variable along which every class moves alike."""

    shapes: tuple[Shape, ...]
    alike: frozenset[str]


def shapes_of(run: Run, index: Index, boxes: Sequence[Box]) -> Shapes:
    """Give the elements that some boxes touch."""
    if len(index.variables) < 2 or _are_intervals(run, index, boxes):  # noqa: PLR2004  a pair
        ends = ((index.low(box), index.low(box) + index.length(box)) for box in boxes)
        return Shapes(tuple(Shape(run, ((each,),)) for each in ends), frozenset(index.variables))
    outer, inner = index.variables
    pairs = [(box[outer], box[inner]) for box in boxes]
    classes = _residues(run, pairs, *index.factors)
    found = tuple(Shape(run, tuple(each[i] for each in classes)) for i in range(len(boxes)))
    alike = frozenset({outer}) if index.factors[1] == 1 else frozenset[str]()
    return Shapes(found, alike)


def _are_intervals(run: Run, index: Index, boxes: Sequence[Box]) -> bool:
    (outer, inner), (large, small) = index.variables, index.factors
    return all(_is_interval(run, box[outer], box[inner], large, small) for box in boxes)


def _is_interval(run: Run, outer: Span, inner: Span, large: int, small: int) -> bool:
    """Whether large·i + small·j has no gaps, large ≥ small without a common factor."""
    if small == 1 and run.is_at_least(inner.size, Affine.of(large)):
        return True
    if not run.is_equal(outer.size, ONE):
        return False
    return small == 1 or run.is_equal(inner.size, ONE)


def _residues(run: Run, boxes: list[tuple[Span, Span]], large: int, small: int) -> list[list[Parts]]:
    """Take large·i + small·j apart by the residues of j; give for each class the parts of each box."""
    classes: list[list[Parts]] = []
    for residue in range(large):
        inner = [(outer, _multiples(taps, residue, large)) for outer, taps in boxes]
        full = [run.exceeds(taps.size, Affine.of(0)) for _, taps in inner]
        kept = [pair for pair, has in zip(inner, full, strict=True) if has]
        for found in _stepped(run, kept, small):
            parts = iter(found)
            classes.append([next(parts) if has else () for has in full])
    return classes


def _stepped(run: Run, boxes: list[tuple[Span, Span]], step: int) -> list[list[Parts]]:
    """Give the classes of i + step·k."""
    if step == 1 or all(_is_interval(run, taps, outer, step, 1) for outer, taps in boxes):
        return [
            [
                ((outer.low + taps.low * step, outer.high + (taps.low + taps.size - 1) * step),)
                for outer, taps in boxes
            ]
        ]
    return _residues(run, [(taps, outer) for outer, taps in boxes], step, 1)


def _multiples(span: Span, residue: int, step: int) -> Span:
    """Give the k with residue + step·k in a span."""
    low = ceil_div(span.low - residue, step)
    return Span(low, floor_div(span.high - 1 - residue, step) + 1 - low)
