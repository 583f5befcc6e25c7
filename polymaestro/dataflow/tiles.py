"""Nominal tiles: how much of each coordinate a level gets from above, edges apart.

A rule about a directive needs to know what the directive cuts: the size of its parent's tile, and the
filter tile under which a window slides. Sizes only ever shrink from level to level, so that the nominal
tile is the largest that occurs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polymaestro.affine import Affine, ceil_div, floor_div, least
from polymaestro.dataflow.binding import BoundLevel, Mapping
from polymaestro.dataflow.directives import Map, SpatialMap
from polymaestro.workload.operator import Operator, Window

ONE = Affine.of(1)


@dataclass(frozen=True)
class Slide:
    """A window at a map of its input coordinate.

    `taps` is the filter tile under which it slides, `above` the filter tile of the level above, and
    `outputs` the output tile of the level above.
    """

    window: Window
    taps: Affine
    above: Affine
    outputs: Affine
    in_output_rows: bool

    @property
    def unit(self) -> int:
        """How many input rows an offset of 1 moves."""
        return self.window.stride if self.in_output_rows else 1

    def held(self, rows: Affine) -> Affine:
        """Give how many whole windows lie in so many rows."""
        return held_outputs(rows, self.taps, self.window)

    def rows_of(self, outputs: Affine) -> Affine:
        """Give the rows under so many outputs."""
        return self.window.span(outputs, self.taps)


@dataclass(frozen=True)
class Cut:
    """One map with what it cuts: its place, the size of the parent's tile, its window if it slides one."""

    level: BoundLevel
    position: int
    size: Affine
    slide: Slide | None

    @property
    def map(self) -> Map:
        """The map, names and sizes resolved."""
        return self.level.maps[self.position]

    @property
    def written(self) -> Map:
        """The map as the dataflow has it."""
        return self.level.written[self.position]

    @property
    def dims(self) -> tuple[str, ...]:
        """The loop dimensions that the map cuts: for an input coordinate its outputs and its filter."""
        if self.slide:
            return self.slide.window.output, self.slide.window.filter
        return (self.map.dim,)

    @property
    def is_spatial(self) -> bool:
        """Whether the tiles go to different units."""
        return isinstance(self.map, SpatialMap)

    @property
    def covers(self) -> bool:
        """Whether one tile surely holds all of the parent's."""
        return at_least(self.map.size, self.size)

    @property
    def positions(self) -> Affine | None:
        """How many tiles there are; None where the offset is a symbol."""
        if self.covers:
            return ONE
        if not self.map.offset.is_constant:
            return None
        offset = self.map.offset.constant * (self.slide.unit if self.slide else 1)
        return ceil_div(self.size - self.map.size, offset) + 1


@dataclass(frozen=True)
class LevelCuts:
    """The maps of one level with what they cut, and the tile of every coordinate that comes from above."""

    level: BoundLevel
    sizes: dict[str, Affine]
    cuts: tuple[Cut, ...]

    @property
    def spatial(self) -> tuple[Cut, ...]:
        """The maps that give different units different tiles."""
        return tuple(cut for cut in self.cuts if cut.is_spatial)

    @property
    def has_one_unit(self) -> bool:
        """Whether there is surely a single unit, with which nothing is shared."""
        return self.level.units == ONE

    @property
    def pair(self) -> tuple[Cut, Cut] | None:
        """The spatial maps of an input coordinate and its filter, where units share these and no others."""
        if self.has_one_unit or len(self.spatial) != 2:  # noqa: PLR2004  a pair
            return None
        for rows in self.spatial:
            if rows.slide:
                for taps in self.spatial:
                    if taps.map.dim == rows.slide.window.filter:
                        return rows, taps
        return None

    def pairs(self, window: Window) -> bool:
        """Whether the pair is that of a window."""
        return self.pair is not None and self.pair[0].map.dim == window.input

    def of(self, dim: str) -> Cut | None:
        """Give the map of a dimension or input coordinate, if there is one."""
        return next((cut for cut in self.cuts if cut.map.dim == dim), None)


def level_cuts(mapping: Mapping) -> Iterator[LevelCuts]:
    """Give each level, outermost first."""
    operator = mapping.operator
    sizes = {name: operator.extent(name) for name in operator.coordinates}
    spanned: set[str] = set()
    for level in mapping.levels:
        above = dict(sizes)
        sizes |= {each.dim: smaller(each.size, above[each.dim]) for each in level.maps}
        found = tuple(
            Cut(level, position, above[each.dim], _slide(operator, level, each, above))
            for position, each in enumerate(level.maps)
        )
        yield LevelCuts(level, above, found)
        for window in operator.windows:
            if level.map_of(window.input):
                spanned.discard(window.input)
                held = held_outputs(sizes[window.input], sizes[window.filter], window)
                held = held if at_least(held, ONE) or not held.is_constant else ONE
                sizes[window.output] = smaller(held, above[window.output])
            elif level.map_of(window.output):
                spanned.add(window.input)
            if window.input in spanned:
                sizes[window.input] = window.span(sizes[window.output], sizes[window.filter])


def _slide(operator: Operator, level: BoundLevel, each: Map, above: dict[str, Affine]) -> Slide | None:
    window = operator.window_over(each.dim)
    if window is None:
        return None
    taps, whole = level.map_of(window.filter), above[window.filter]
    return Slide(
        window,
        smaller(taps.size, whole) if taps else whole,
        whole,
        above[window.output],
        bool(counts_output_rows(each, taps, whole, window)),
    )


def counts_output_rows(each: Map, taps: Map | None, whole: Affine, window: Window) -> bool | None:
    """Decide the reading of an offset of a map on an input coordinate under a stride.

    A tile of m rows holds k = ⌊(m - δ(w - 1) - 1)/σ⌋ + 1 whole windows. An offset of k means "k output
    rows" when the level keeps the filter tile whole; otherwise offsets count input rows. None where
    that depends on symbols.
    """
    cut = whole - taps.size if taps is not None else Affine.of(0)
    if window.stride == 1 or (cut.is_constant and cut.constant > 0):
        return False
    beyond = held_outputs(each.size, whole, window) - each.offset
    if beyond.is_constant and (beyond.constant or cut.is_constant):
        return not beyond.constant
    return None


def held_outputs(rows: Affine, taps: Affine, window: Window) -> Affine:
    """Give how many windows lie whole in so many rows: ⌊(rows - δ(taps - 1) - 1)/σ⌋ + 1."""
    return floor_div(rows - 1 - (taps - 1) * window.dilation, window.stride) + 1


def at_least(left: Affine, right: Affine) -> bool:
    """Whether left ≥ right for every value of the symbols, as far as their difference tells."""
    difference = left - right
    return difference.is_constant and difference.constant >= 0


def smaller(size: Affine, whole: Affine) -> Affine:
    """Give the smaller of a size and a whole."""
    return whole if at_least(size, whole) else least(size, whole)
