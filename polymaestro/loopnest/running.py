"""A mapping run with plain Python loops: which PE executes which box at which step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from operator import itemgetter
from typing import NamedTuple

from polymaestro.dataflow.binding import BoundLevel, Mapping
from polymaestro.dataflow.directives import Map, SpatialMap
from polymaestro.loopnest.elements import Range, Touched
from polymaestro.workload.operator import Operator, Window

Tile = dict[str, Range]
"""A range per loop dimension, and one per input coordinate that was named after its output."""

Unit = tuple[int, ...]
"""(u_0, …): one unit index per level."""

Step = tuple[tuple[int, ...], ...]
"""(t_0, …): per level the indices of its time loops, outermost first; compared lexicographically."""


class Execution(NamedTuple):
    """One PE at one step: it executes the points of the box that lie in the operator's domain.

    The box has one range per dimension in order. It holds at least one point of the domain.
    """

    unit: Unit
    step: Step
    box: tuple[Range, ...]


def executed(mapping: Mapping) -> Iterator[Execution]:
    """Yield every execution of a numeric mapping in order of time, at one step in order of units."""
    operator = mapping.operator
    whole: Tile = {name: (0, operator.extent(name).constant) for name in operator.coordinates}
    dims = [d.name for d in operator.dims]
    runs = [
        Execution(unit, step, tuple([tile[name] for name in dims]))
        for unit, step, tile in _descend(mapping, 0, whole)
    ]
    runs.sort(key=itemgetter(1, 0))
    worked = Touched(operator, ())
    yield from (run for run in runs if worked.of(run.box))


def _descend(mapping: Mapping, index: int, parent: Tile) -> Iterator[tuple[Unit, Step, Tile]]:
    """Run the levels from `index` on inside one tile."""
    if index == len(mapping.levels):
        yield (), (), parent
        return
    for unit, step, tile in _run_level(mapping, index, parent):
        for units, steps, inner in _descend(mapping, index + 1, tile):
            yield (unit, *units), (step, *steps), inner


def _run_level(mapping: Mapping, index: int, parent: Tile) -> Iterator[tuple[int, tuple[int, ...], Tile]]:
    """Give every unit of a level, at each of its steps, a tile of the parent's; empty tiles are left out."""
    level = mapping.levels[index]
    parent = _with_input_rows(mapping.operator, level, parent)
    offsets = [_offset(mapping, index, each) for each in level.maps]
    windows = [w for w in mapping.operator.windows if level.map_of(w.input)]
    settled = [w.input for w in mapping.operator.windows if level.map_of(w.output)]
    for unit in range(level.units.constant):
        loops = [
            list(tiles_along(each, offset, parent[each.dim], unit, level.units.constant))
            for each, offset in zip(level.maps, offsets, strict=True)
        ]
        for chosen in product(*loops):
            tile = parent.copy()
            for _, dim, range_ in chosen:
                tile[dim] = range_
            for window in windows:
                tile[window.output] = _rows_computed(window, tile)
            for name in settled:
                tile.pop(name, None)
            if all(tile[w.output][0] < tile[w.output][1] for w in windows):
                yield unit, tuple([time for time, _, _ in chosen]), tile


def tiles_along(
    each: Map, offset: int, parent: Range, unit: int, units: int
) -> Iterator[tuple[int, str, Range]]:
    """Yield the time index, the dimension and the tile of one map in one unit; empty tiles are left out.

    TemporalMap(m, o): time index i = 0 … last. SpatialMap(m, o): fold f with i = units · f + unit ≤ last.
    Tile i of a parent [b, e) is [b + o·i, min(b + o·i + m, e)).
    last = 0 if one tile covers the parent, else ⌈(e - b - m)/o⌉.
    """
    begin, end = parent
    size = each.size.constant
    last = 0 if size >= end - begin else -((size - (end - begin)) // offset)
    first, stride = (unit, units) if isinstance(each, SpatialMap) else (0, 1)
    for time, i in enumerate(range(first, last + 1, stride)):
        low = begin + offset * i
        if low < end:
            yield time, each.dim, (low, min(low + size, end))


# --- Windows: input rows, and the output rows that they allow ---


def _with_input_rows(operator: Operator, level: BoundLevel, parent: Tile) -> Tile:
    """Add the rows of each input coordinate that this level names.

    When the output was named after the input coordinate, they are the rows under the parent's outputs
    and taps: from σ·p + δ·r at the first of both to σ·p + δ·r at the last of both.
    """
    tile = dict(parent)
    for w in operator.windows:
        if level.map_of(w.input) and w.input not in tile:
            (p0, p1), (r0, r1) = tile[w.output], tile[w.filter]
            low, high = w.stride * p0 + w.dilation * r0, w.stride * (p1 - 1) + w.dilation * (r1 - 1)
            tile[w.input] = (low, high + 1)
    return tile


def _rows_computed(window: Window, tile: Tile) -> Range:
    """Give the outputs p of the parent's tile with σp + δr in the input rows for all r of the filter tile."""
    (p0, p1), (r0, r1), (y0, y1) = tile[window.output], tile[window.filter], tile[window.input]
    first = -((window.dilation * r0 - y0) // window.stride)
    last = (y1 - 1 - window.dilation * (r1 - 1)) // window.stride
    return max(p0, first), min(p1, last + 1)


def _offset(mapping: Mapping, index: int, each: Map) -> int:
    """Give the offset of a map in its own coordinate: σ · offset where it counts output rows."""
    window = mapping.operator.window_over(each.dim)
    if window and counts_output_rows(mapping, index, window):
        return window.stride * each.offset.constant
    return each.offset.constant


def counts_output_rows(mapping: Mapping, index: int, window: Window) -> bool:
    """Decide whether the offset of a level's map on an input coordinate counts output rows.

    Only with a stride σ ≠ 1, where the level does not cut the filter, and where the offset is the very
    number of outputs that one tile holds: ⌊(m - δ(w - 1) - 1)/σ⌋ + 1 with w filter rows.
    """
    each = mapping.levels[index].map_of(window.input)
    taps = nominal_taps(mapping, window, index)
    if each is None or window.stride == 1 or nominal_taps(mapping, window, index + 1) < taps:
        return False
    held = (each.size.constant - window.dilation * (taps - 1) - 1) // window.stride + 1
    return each.offset.constant == held


def nominal_taps(mapping: Mapping, window: Window, depth: int) -> int:
    """Give the filter rows of a tile after the first `depth` levels, edges apart: the least of all sizes."""
    maps = [level.map_of(window.filter) for level in mapping.levels[:depth]]
    sizes = [each.size.constant for each in maps if each]
    return min([mapping.operator.extent(window.filter).constant, *sizes])
