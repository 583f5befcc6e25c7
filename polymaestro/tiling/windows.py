"""Windows: maps on input rows, outputs and taps of a sliding window as cuts of outputs and of taps.

A tile of S rows that begins with the rows of its parent holds W = ⌈(S - δ(w - 1))/σ⌉ whole windows of w
taps, so that its map cuts the outputs in tiles of W where it moves by W outputs, W or σW rows as it is read.
Rows that begin elsewhere, since the taps moved inside the rows, hold windows that depend on the tap: outputs
and taps are cut together then, and no chain of cuts of each says that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from polymaestro.affine import Affine
from polymaestro.counting import Condition
from polymaestro.dataflow.directives import Map, SpatialMap
from polymaestro.tiling.clauses import any_of, at_least, at_least_all, equal
from polymaestro.tiling.levels import ONE, LevelReader, NoCutError, State
from polymaestro.workload.operator import Window

Conjunction = list[Condition]


@dataclass
class WindowReader:
    """Reads the maps of one window, level by level, and keeps what is known of its input rows.

    `aligned`: the rows begin at the first row under the output and the filter tile. `follow`: they are the
    rows under both tiles, because a level named the output last. `bounds`: no tile has more rows than any of
    these, while the rows do not follow.
    """

    state: State
    window: Window
    aligned: bool = True
    follow: bool = False
    bounds: tuple[Affine, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with all rows."""
        self.bounds = (self.state.operator.extent(self.window.input),)

    def read(self, level: LevelReader) -> None:
        """Read the maps of a level."""
        names = (self.window.input, self.window.output, self.window.filter)
        on_rows, on_outputs, on_taps = map(level.level.map_of, names)
        if isinstance(on_rows, SpatialMap) and isinstance(on_taps, SpatialMap):
            self._pair(level, on_rows, on_taps)
            return
        narrower = on_taps if on_taps is not None and level.plain(on_taps) else None
        if on_outputs is not None:
            level.plain(on_outputs)
            self.aligned = self.follow = True
        elif on_rows is not None:
            self._rows(level, on_rows, narrower)
        if narrower is not None:
            self.aligned = self.follow

    # --- Rows by themselves ---

    def _rows(self, level: LevelReader, each: Map, narrower: Map | None) -> None:
        """Read a map on input rows: all rows, or whole windows of the whole filter."""
        bounds, outputs = self._bounds(level), level.above[self.window.output]
        self.bounds, self.follow = bounds, False
        if any_of(*([at_least(each.size, bound)] for bound in bounds)).is_certain:
            return
        self.bounds = (*bounds, each.size)
        taps = level.above[self.window.filter][-1]
        tile = self._windows(each, taps)
        windows = list(self._whole_windows(level, each, tile, narrower))
        may_cut = bool(any_of(*windows).alternatives)
        needed = outputs if may_cut else (ONE,)
        covering = (
            at_least_all(each.size, bound, self.window.span(whole, taps) if may_cut else bound)
            for bound, whole in itertools.product(bounds, needed)
        )
        if not self.state.require(*windows, *covering):
            raise self._refused(level, each, tile, narrower)
        if narrower or not may_cut:
            self.state.narrow[self.window.output] = str(self._refused(level, each, tile, narrower))
        if may_cut and not any_of(*([at_least(tile, whole)] for whole in outputs)).is_certain:
            level.cut(each, self.window.output, tile)
            self._note(level, each, tile)

    def _windows(self, each: Map, taps: Affine) -> Affine:
        """Give how many whole windows of so many taps lie in the rows of a map, ⌈(S - δ(w - 1))/σ⌉."""
        rows = each.size - (taps - 1) * self.window.dilation
        return self.state.ties.rounded(f"W_{self.window.output}", rows, self.window.stride)

    def _bounds(self, level: LevelReader) -> tuple[Affine, ...]:
        """Give numbers of rows that no tile from above exceeds."""
        if not self.follow:
            return self.bounds
        tiles = itertools.product(level.above[self.window.output], level.above[self.window.filter])
        return tuple(dict.fromkeys(self.window.span(outputs, taps) for outputs, taps in tiles))

    def _whole_windows(
        self, level: LevelReader, each: Map, tile: Affine, narrower: Map | None
    ) -> Iterator[Conjunction]:
        """Give what lets tiles of whole windows cut the outputs: equal filter tiles, and the offset."""
        if not self.aligned or (tile.is_constant and tile.constant < 1):
            return
        even = list(self._even(level, self.window.filter))
        offsets = dict.fromkeys((tile, tile * self.window.stride))
        kept = level.above[self.window.filter] if narrower else (None,)
        for offset, whole in itertools.product(offsets, kept):
            is_whole = [at_least(narrower.size, whole)] if narrower and whole is not None else []
            yield [*even, *is_whole, equal(each.offset, offset)]

    def _even(self, level: LevelReader, name: str) -> Iterator[Condition]:
        """Tiles from above are equal where each cut leaves no smaller one: its last tile is a whole one."""
        wholes = [self.state.operator.extent(name)]
        for size in level.above[name][1:]:
            edges = [self.state.ties.split(name, whole, size).edge for whole in wholes]
            if size != ONE:
                yield from (equal(edge, size) for edge in edges)
            wholes = list(dict.fromkeys([size, *edges, *wholes]))

    def _refused(self, level: LevelReader, each: Map, tile: Affine, narrower: Map | None) -> NoCutError:
        if narrower or not self.aligned:
            names = {dim: prime for prime, dim in self.state.operator.primes.items()}
            output = names.get(self.window.output, self.window.output)
            what = f"do not hold whole windows of the whole filter (a map on {output} cuts the outputs)"
        elif tile.is_constant and tile.constant < 1:
            what = f"hold no whole window of {level.above[self.window.filter][-1]} taps"
        else:
            what = f"hold {tile} whole windows of equal filter tiles, but it moves by {each.offset}"
        return level.refused(each, f"the rows of '{each}' {what}")

    def _note(self, level: LevelReader, each: Map, tile: Affine) -> None:
        if self.window.stride == 1:
            return
        names = ["output", "input"]
        by_windows, by_rows = reversed(names) if self.state.operator.scatters(self.window) else names
        reading = {tile: by_windows, tile * self.window.stride: by_rows}.get(each.offset)
        either = f"{by_windows} rows where it is {tile}, else in {by_rows} rows"
        rows = f"{reading} rows" if reading else either
        self.state.notes.append(
            f"offset {each.offset} of '{each}' (level {level.level.index}) read in {rows}"
        )

    # --- The row-stationary pair ---

    def _pair(self, level: LevelReader, on_rows: Map, on_taps: Map) -> None:
        """Read the pair in which input rows and taps advance together, over one output row or equal tiles.

        Where a tile of outputs is smaller, the rows of one unit would cover all of its rows; and the units
        hold all taps at once, since rows of one fold hold windows of another one's taps too.
        """
        level.absorb(on_rows)
        tile = on_taps.size
        wholes = level.above[self.window.filter]
        advance = [equal(on_rows.offset, tile * self.window.dilation), equal(on_taps.offset, tile)]
        outputs = level.above[self.window.output]
        together = [
            [equal(each, ONE), equal(on_rows.size, self.window.span(ONE, tile)), *advance] for each in outputs
        ]
        rounded = {tie.name for tie in self.state.ties.ties}  # may be 0 where rows are too few
        if outputs[-1] != ONE and not any(each.names() & rounded for each in outputs):
            rows = equal(on_rows.size, self.window.span(outputs[-1], tile))
            even = list(self._even(level, self.window.output))
            at_once = self.state.ties.width(self.window.filter, tile, level.level.units)
            together += [[*even, rows, *advance, at_least(at_once, whole)] for whole in wholes]
        bounds = self._bounds(level)
        covering = [
            [at_least(on_rows.size, bound), at_least(tile, whole)]
            for bound, whole in itertools.product(bounds, wholes)
        ]
        refused = level.refused(
            on_rows,
            f"'{on_rows}' and '{on_taps}' are no row-stationary pair over one output row or equal tiles",
        )
        if not self.aligned:
            together = []
        if not self.state.require(*together, *covering):
            raise refused
        if not any_of(*together).alternatives:
            self.state.narrow[self.window.output] = str(refused)
        if not any_of(*([at_least(tile, whole)] for whole in wholes)).is_certain:
            outer = next(each for each in level.level.maps if each in (on_rows, on_taps))
            level.cut(outer, self.window.filter, tile)
        self.bounds = (*bounds, on_rows.size)
        self.follow = False
