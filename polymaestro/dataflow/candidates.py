"""Candidates: what to try when a rule is broken, the nearest first.

None of them is sure to help; that is decided where coverage is decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import Mapping
from polymaestro.dataflow.directives import SpatialMap
from polymaestro.dataflow.repairs import Edit, Repair, Resize, edited, in_space, in_time, with_sizes
from polymaestro.dataflow.tiles import ONE, Cut, LevelCuts, level_cuts


def disjoint(cut: Cut) -> tuple[Repair, ...]:
    """Make size and offset equal: the size is kept, or the offset."""
    sizes = (cut.map.size, cut.map.offset)
    return tuple((with_sizes(cut, size, size),) for size in sizes)


def window_repairs(level: LevelCuts, cut: Cut) -> tuple[Repair, ...]:
    """Mend the offset, or the size, or the filter tile; the smallest change first."""
    slide = cut.slide
    if slide is None:
        return ()
    window, size, offset = slide.window, cut.map.size, cut.map.offset
    sizes: list[tuple[Affine, Affine]] = []
    held = slide.held(size)
    if not held.is_constant or held.constant >= 1:
        sizes += [(size, held * window.stride), (size, held)]
    sizes += [(slide.rows_of(offset), offset), (slide.rows_of(offset), offset * window.stride)]
    if offset.is_constant and offset.constant % window.stride == 0:
        sizes.append((slide.rows_of(Affine.of(offset.constant // window.stride)), offset))
    sizes.append((offset + (slide.taps - 1) * window.dilation, offset))
    sizes += [(slide.rows_of(ONE), ONE), (slide.rows_of(ONE), ONE * window.stride)]
    sizes.sort(key=lambda pair: _distance(pair[0], size) + _distance(pair[1], offset))
    repairs: list[Repair] = [(with_sizes(cut, *pair),) for pair in dict.fromkeys(sizes)]
    taps = level.of(window.filter)
    if taps:
        repairs.append((with_sizes(taps, slide.above, slide.above),))
        repairs.append((with_sizes(taps, 1, 1),))
    return tuple(repairs)


def parted(mapping: Mapping, level: LevelCuts) -> Iterator[Repair]:
    """Keep one map in space, or make two of them a window pair."""
    spatial = level.spatial
    for kept in reversed(spatial):
        yield tuple(in_time(cut) for cut in spatial if cut is not kept)
    for window in mapping.operator.windows:
        partner = {window.input: window.filter, window.filter: window.input}
        for cut in spatial:
            for other in spatial:
                if cut is not other and cut.map.dim in partner:
                    moved = replace(other.map, dim=partner[cut.map.dim])
                    rest = (in_time(each) for each in spatial if each is not cut and each is not other)
                    yield (edited(other, moved), *rest)
        both = [cut for cut in spatial if cut.map.dim in partner]
        if len(both) == 2:  # noqa: PLR2004  a pair
            yield tuple(in_time(cut) for cut in spatial if cut not in both)


def realigned(mapping: Mapping, level: LevelCuts, pair: tuple[Cut, Cut]) -> Iterator[Repair]:
    """Let the rows of a window pair follow its taps; or leave one output to it; or part the two."""
    rows, taps = pair
    slide = rows.slide
    if slide is None:
        return
    window = slide.window
    size = (taps.map.size - 1) * window.dilation + 1
    yield (with_sizes(rows, size, taps.map.offset * window.dilation),)
    yield (with_sizes(rows, 1, window.dilation), with_sizes(taps, 1, 1))
    for outer in level_cuts(mapping):
        if outer.level.index >= level.level.index:
            break
        for cut in outer.cuts:
            if cut.slide and cut.slide.window == window:
                yield (with_sizes(cut, cut.slide.rows_of(ONE), 1),)
                yield (with_sizes(cut, cut.slide.rows_of(ONE), window.stride),)
            elif cut.map.dim == window.output:
                yield (with_sizes(cut, 1, 1),)
    yield (in_time(rows),)
    yield (edited(rows),)


def spread(level: LevelCuts) -> Iterator[Repair]:
    """Put a map in space, or add one, or leave one unit."""
    for cut in level.cuts:
        if not cut.covers:
            yield (in_space(cut),)
    units = level.level.units
    hidden = {cut.map.dim for cut in level.cuts}
    windowed = {cut.slide.window.output for cut in level.cuts if cut.slide}
    free = [dim for dim in level.sizes if dim not in hidden | windowed]
    for dim in sorted(free, key=lambda name: _distance(level.sizes[name], units)):
        yield (Edit(level.level.index, len(level.cuts), (SpatialMap(ONE, ONE, dim),)),)
    if level.level.cluster:
        yield (Resize(level.level.index, 1),)


def remaining_repairs(mapping: Mapping, dims: Collection[str]) -> Iterator[Repair]:
    """Give every change of one directive that is near at hand, for some loop dimensions."""
    concerned: list[Cut] = []
    for level in level_cuts(mapping):
        for cut in level.cuts:
            if set(cut.dims) & set(dims):
                concerned.append(cut)
                yield from window_repairs(level, cut)
                yield (with_sizes(cut, cut.map.size, cut.map.size),)
                yield (with_sizes(cut, cut.map.offset, cut.map.offset),)
    for cut in concerned:
        yield (with_sizes(cut, cut.size, cut.size),)
        yield (in_time(cut),)
        yield (edited(cut),)


def _distance(left: Affine, right: Affine) -> int:
    change = left - right
    return abs(change.constant) if change.is_constant else 1
