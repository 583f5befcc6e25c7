"""Padding: every tile of a mapping gets its nominal size, and the extents what that takes.

Innermost first, a tile of T over tiles of T' becomes ⌈T/T'⌉·T', and the extent N over the outermost tiles
of T becomes ⌈N/T⌉·T. Input rows are given as whole windows: a tile that holds k of them is a tile of k
outputs. A row-stationary pair cuts the filter, under one row of outputs.

So each level must cut what it gets into consecutive tiles. Units that are idle in a last fold have no tile
to pad.

>>> from polymaestro.dataflow import parse_dataflow
>>> from polymaestro.dataflow.binding import bind
>>> from polymaestro.workload import gemm
>>> flow = parse_dataflow("TemporalMap(10,10) K; SpatialMap(1,1) M; Cluster(2); SpatialMap(4,4) K")
>>> mapping = padded(bind(gemm(M=3, N=2, K=13), flow, 8))
>>> str(mapping.levels[0].maps[0]), str(mapping.operator.extent("K"))
('TemporalMap(12,12) K', '24')
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass, replace

from polymaestro.affine import Affine, ceil_div
from polymaestro.dataflow.binding import BoundLevel, Mapping
from polymaestro.dataflow.directives import Map, SpatialMap, located
from polymaestro.dataflow.tiles import ONE, at_least, counts_output_rows, held_outputs, smaller
from polymaestro.errors import LoweringError
from polymaestro.workload.operator import Operator, Window

Sizes = Table[str, Affine]


@dataclass
class _Cut:
    """A map as a cut of a loop dimension into tiles of `size`.

    For the input rows of a row-stationary pair `under` is the window, and `dim` the filter.
    """

    map: Map
    dim: str
    size: Affine
    under: Window | None = None

    def rewritten(self) -> Map:
        """Give the map with the size that it has now; whole windows become their outputs."""
        if self.under is None:
            return replace(self.map, dim=self.dim, size=self.size, offset=self.size)
        rows, delta = self.under.span(ONE, self.size), self.under.dilation
        return replace(self.map, size=rows, offset=self.size * delta)


@dataclass
class _Rows:
    """The input rows of a window below the levels read so far.

    `aligned`: they are the rows under the output tile and the filter tile. `follow`: and remain so when
    the filter is cut, because a level named the output last.
    """

    aligned: bool = True
    follow: bool = False


def padded(mapping: Mapping) -> Mapping:
    """Round tiles and extents up until no tile is cut off at an edge.

    Raises `LoweringError` where a level does not cut into consecutive tiles, where the tile to round to is
    a symbol, and for an operator whose domain has conditions.
    """
    operator = mapping.operator
    if operator.constraints:
        message = (
            f"padded tiles need a box, and the domain of {operator.name} has conditions: {operator.domain}"
        )
        raise LoweringError(message)
    reader = _Reader(operator, {dim.name: dim.extent for dim in operator.dims})
    cuts = [reader.read(level) for level in mapping.levels]
    extents = _round_up(operator, cuts)
    rounded = _Reader(operator, extents)
    for level, found in zip(mapping.levels, cuts, strict=True):
        rounded.check(level, found)
    levels = tuple(
        replace(level, maps=tuple(cut.rewritten() for cut in found))
        for level, found in zip(mapping.levels, cuts, strict=True)
    )
    dims = tuple(replace(dim, extent=extents[dim.name]) for dim in operator.dims)
    return Mapping(replace(operator, dims=dims), levels, mapping.num_pes)


class _Reader:
    """Reads maps as cuts, level by level; `tiles` are those of the level above."""

    def __init__(self, operator: Operator, extents: Sizes) -> None:
        self.operator = operator
        self.tiles = dict(extents)
        self.rows = {window.input: _Rows() for window in operator.windows}

    def read(self, level: BoundLevel) -> list[_Cut]:
        """Give the cut that each map of a level is; all maps see the tiles of the level above."""
        cuts = [self._cut(level, each) for each in level.maps]
        self._descend(level, cuts)
        return cuts

    def check(self, level: BoundLevel, cuts: list[_Cut]) -> None:
        """Refuse rows under a part of a filter that was whole before it was rounded up."""
        sizes = {cut.dim: cut.size for cut in cuts}
        for cut in cuts:
            window = self.operator.window_over(cut.map.dim)
            if window is not None:
                self._check_rows(cut.map, window, None if cut.under else level.map_of(window.filter), sizes)
        self._descend(level, cuts)

    def _descend(self, level: BoundLevel, cuts: list[_Cut]) -> None:
        """Go on to the tiles that these cuts make."""
        sizes = {cut.dim: cut.size for cut in cuts}
        for window in self.operator.windows:
            self._settle(level, window, sizes)
        for dim, size in sizes.items():
            self.tiles[dim] = smaller(size, self.tiles[dim])

    def _check_rows(self, each: Map, window: Window, taps: Map | None, sizes: Sizes) -> None:
        """Refuse rows that do not begin at a window, or that slide under a part of the filter."""
        if not self.rows[window.input].aligned:
            raise _refused(each, "does not begin at a whole window")
        if taps is not None and not at_least(sizes[window.filter], self.tiles[window.filter]):
            raise _refused(each, f"slides under the part of the filter that '{taps}' leaves")

    def _cut(self, level: BoundLevel, each: Map) -> _Cut:
        window = self.operator.window_over(each.dim)
        if window is None:
            if each.offset != each.size and not at_least(each.size, self.tiles[each.dim]):
                raise _refused(each, "does not cut into consecutive tiles")
            return _Cut(each, each.dim, each.size)
        taps = level.map_of(window.filter)
        if isinstance(each, SpatialMap) and isinstance(taps, SpatialMap):
            self._check_rows(each, window, None, {})
            return self._pair(each, taps, window)
        self._check_rows(each, window, taps, {window.filter: taps.size} if taps else {})
        return self._whole_windows(each, taps, window)

    def _pair(self, each: Map, taps: Map, window: Window) -> _Cut:
        rows = window.span(ONE, taps.size)
        if each.size != rows or each.offset != taps.size * window.dilation or taps.offset != taps.size:
            raise _refused(each, f"is no row-stationary pair with '{taps}'")
        return _Cut(each, window.filter, taps.size, window)

    def _whole_windows(self, each: Map, taps: Map | None, window: Window) -> _Cut:
        whole, outputs = self.tiles[window.filter], self.tiles[window.output]
        covers = at_least(each.size, window.span(outputs, whole))
        held = held_outputs(each.size, whole, window)
        if held.is_constant and held.constant < 1:
            raise _refused(each, "holds no whole window")
        by_outputs = counts_output_rows(each, taps, whole, window)
        if not covers and not by_outputs and each.offset != held * window.stride:
            raise _refused(each, f"holds {held} windows and does not go on with the next")
        return _Cut(each, window.output, held)

    def _settle(self, level: BoundLevel, window: Window, sizes: Sizes) -> None:
        """Note what the rows of a window are below this level."""
        rows, taps = self.rows[window.input], sizes.get(window.filter)
        if level.map_of(window.output) is not None:
            rows.aligned = rows.follow = True
        elif level.map_of(window.input) is not None:
            rows.follow = False
        elif taps is not None and not rows.follow and not at_least(taps, self.tiles[window.filter]):
            rows.aligned = False


def _round_up(operator: Operator, levels: list[list[_Cut]]) -> dict[str, Affine]:
    """Round the sizes of cuts, the innermost first, and give the extents that follow."""
    extents: dict[str, Affine] = {dim.name: dim.extent for dim in operator.dims}
    inner: dict[str, _Cut] = {}
    for cuts in reversed(levels):
        for cut in cuts:
            if cut.dim in inner:
                cut.size = _multiple(cut.size, inner[cut.dim])
        inner |= {cut.dim: cut for cut in cuts}
    for name, cut in inner.items():
        extents[name] = _multiple(extents[name], cut)
    _check_pairs(levels, dict(extents))
    return extents


def _multiple(size: Affine, inner: _Cut) -> Affine:
    """Give the least multiple of a tile that is no less than a size."""
    if at_least(inner.size, size):
        return inner.size
    if not inner.size.is_constant:
        raise _refused(inner.map, f"has tiles of {inner.size}, and only numbers can be rounded to")
    return ceil_div(size, inner.size.constant) * inner.size.constant


def _check_pairs(levels: list[list[_Cut]], tiles: dict[str, Affine]) -> None:
    """Refuse row-stationary pairs under more than one row of outputs."""
    for cuts in levels:
        for cut in cuts:
            if cut.under is not None and tiles[cut.under.output] != ONE:
                raise _refused(cut.map, f"slides over {tiles[cut.under.output]} outputs, not one")
        tiles |= {cut.dim: cut.size for cut in cuts}


def _refused(each: Map, what: str) -> LoweringError:
    message = f"'{each}' {what}, so its tiles are not padded; take edge_tiles = 'exact', or other sizes"
    return LoweringError(located(message, each.place))
