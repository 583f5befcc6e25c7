"""The oracle of padded tiles: sizes grow one by one until the interpreter's own loops cut no tile off.

A map is looked at inside one whole tile of the level above, the innermost map of a dimension first. That
the levels cut into consecutive tiles is taken for granted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import Mapping
from polymaestro.dataflow.directives import Map, SpatialMap, TemporalMap
from polymaestro.loopnest.running import nominal_taps, tiles_along


@dataclass
class _Size:
    """The extent of a dimension, or the tile that a level makes of it: a number that may grow."""

    dim: str
    level: int
    value: int

    def grow_over(self, inner: _Size) -> None:
        """Take one more until tiles of the inner size are all whole."""
        size = Affine.of(inner.value)
        each = TemporalMap(size, size, self.dim)
        while any(
            high - low < inner.value
            for _, _, (low, high) in tiles_along(each, inner.value, (0, self.value), 0, 1)
        ):
            self.value += 1


def unclipped(mapping: Mapping) -> Mapping:
    """Give the least tiles and extents, none below the given ones, with which no tile is cut off.

    >>> from polymaestro.dataflow import parse_dataflow
    >>> from polymaestro.loopnest.interpreter import numeric
    >>> from polymaestro.workload import gemm
    >>> flow = parse_dataflow("TemporalMap(3,3) K; Cluster(2); SpatialMap(2,2) K")
    >>> large = unclipped(numeric(gemm(M=1, N=1, K=7), flow, 2, {}))
    >>> str(large.levels[0].maps[0]), str(large.operator.extent("K"))
    ('TemporalMap(4,4) K', '8')
    """
    sizes = [_Size(dim.name, -1, dim.extent.constant) for dim in mapping.operator.dims]
    for level in mapping.levels:
        sizes += [
            _made_by(mapping, level.index, each)
            for each in level.maps
            if not _is_rows_of_pair(mapping, level.index, each)
        ]
    for dim in mapping.operator.dims:
        chain = [size for size in sizes if size.dim == dim.name]
        for outer, inner in reversed(list(pairwise(chain))):
            outer.grow_over(inner)
    extents: dict[str, int | str] = {size.dim: size.value for size in sizes if size.level < 0}
    levels = tuple(
        replace(level, maps=tuple(_grown(mapping, level.index, each, sizes) for each in level.maps))
        for level in mapping.levels
    )
    return Mapping(mapping.operator.with_extents(extents), levels, mapping.num_pes)


def _is_rows_of_pair(mapping: Mapping, index: int, each: Map) -> bool:
    window = mapping.operator.window_over(each.dim)
    taps = window and mapping.levels[index].map_of(window.filter)
    return isinstance(each, SpatialMap) and isinstance(taps, SpatialMap)


def _made_by(mapping: Mapping, index: int, each: Map) -> _Size:
    """Give the tile that a map makes; of input rows the outputs whose whole window lies in them."""
    window, size = mapping.operator.window_over(each.dim), each.size.constant
    if window is None:
        return _Size(each.dim, index, size)
    last_tap = window.dilation * (nominal_taps(mapping, window, index + 1) - 1)
    whole = [p for p in range(size) if window.stride * p + last_tap < size]
    return _Size(window.output, index, len(whole))


def _grown(mapping: Mapping, index: int, each: Map, sizes: list[_Size]) -> Map:
    """Give a map with the size that was found, and an offset of as much."""
    at = {size.dim: size.value for size in sizes if size.level <= index}
    window = mapping.operator.window_over(each.dim)
    if window is None:
        return replace(each, size=Affine.of(at[each.dim]), offset=Affine.of(at[each.dim]))
    taps, outputs = at[window.filter], at[window.output]
    rows = window.stride * (outputs - 1) + window.dilation * (taps - 1) + 1
    by = window.dilation * taps if _is_rows_of_pair(mapping, index, each) else window.stride * outputs
    return replace(each, size=Affine.of(rows), offset=Affine.of(by))
