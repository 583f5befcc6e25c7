"""What directives mean, written once more as integer sets: the definition that lowering is measured by.

For a dimension with the tile [b, e) of the level above, index i of a map (m, o) is executed when

    i = 0 where m ≥ e - b,  else  0 ≤ i ≤ ⌈(e - b - m)/o⌉
    tile i = [b + o·i, min(b + o·i + m, e)), not empty

with i the step of a TemporalMap, and i = n·f + u for unit u of n at fold f of a SpatialMap. Every map has its
time index, so that none is left out for having one step only. A map on an input coordinate keeps the outputs
whose window lies in its tile for all taps. This is `loopnest.interpreter` with sets in the place of loops,
and shares no code with `loopnest.lowering`. A dimension depends on no other but through a window, so there
is one set for each window and one for each dimension outside of them; what a PE executes is their product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import Mapping
from polymaestro.dataflow.directives import Map, SpatialMap
from polymaestro.errors import LoweringError
from polymaestro.relations.sets import coalesced, parameters
from polymaestro.workload.operator import Window


@dataclass(frozen=True)
class Executed:
    """What is executed along some dimensions: a set of [units, steps, indices] under these names."""

    dims: tuple[str, ...]
    units: tuple[str, ...]
    steps: tuple[str, ...]
    variables: tuple[str, ...]
    points: isl.Set


def executed_of(mapping: Mapping, context: isl.Set) -> Iterator[Executed]:
    """Give what is executed along each window, and along each dimension outside of them.

    Raises `LoweringError` where a dimension folds over a symbol or a window has a stride.

    >>> import polymaestro as pm
    >>> from polymaestro.dataflow.binding import bind
    >>> flow = pm.parse_dataflow("TemporalMap(2,2) M; SpatialMap(1,1) N")
    >>> context = isl.Set("[M] -> { : M >= 1 }").params()
    >>> rows, *_ = executed_of(bind(pm.gemm(N=4, K=4), flow, 4), context)
    >>> rows.steps, rows.points.is_equal(isl.Set("[M] -> { [t, m] : 0 <= 2t <= m < 2t + 2 and m < M }"))
    (('t0_m',), True)
    """
    windows = {dim: w for w in mapping.operator.windows for dim in (w.output, w.filter)}
    for dim in mapping.operator.dims:
        window = windows.get(dim.name)
        if window is None:
            yield _Axis(mapping, context, (dim.name,)).executed()
        elif dim.name == window.output:
            yield _Axis(mapping, context, (window.output, window.filter), window).executed()


class _Axis:
    """The dimensions of one window, or one by itself: tiles level by level as variables of a set."""

    def __init__(
        self, mapping: Mapping, context: isl.Set, dims: tuple[str, ...], window: Window | None = None
    ) -> None:
        self.mapping, self.context, self.dims, self.window = mapping, context, dims, window
        self.tiles = {dim: ("0", mapping.operator.extent(dim).isl()) for dim in dims}
        if window is not None:
            if window.stride != 1:
                message = f"{window.input} has a stride of {window.stride}; only 1 is written here"
                raise LoweringError(message)
            self.tiles[window.input] = ("0", mapping.operator.extent(window.input).isl())
        self.units: dict[str, str] = {}
        self.steps: list[str] = []
        self.bounds: list[str] = []
        self.tests: list[str] = []

    def executed(self) -> Executed:
        """Cut the tiles by every level, then give each index of what is left."""
        for index in range(len(self.mapping.levels)):
            self._level(index)
        operator = self.mapping.operator
        variables = tuple(next(d.variable for d in operator.dims if d.name == dim) for dim in self.dims)
        tests = [
            f"{self.tiles[dim][0]} <= {variable} < {self.tiles[dim][1]}"
            for dim, variable in zip(self.dims, variables, strict=True)
        ]
        names = (*self.units, *self.steps, *variables)
        head = f"[{', '.join(parameters(self.context))}] -> {{ [{', '.join((*names, *self.bounds))}]"
        points = isl.Set(f"{head} : {' and '.join(self.units.values()) or 'true'} }}")
        for test in (*self.tests, *tests):
            points = coalesced(points.intersect(isl.Set(f"{head} : {test} }}")))
        points = points.project_out(isl.dim_type.set, len(names), len(self.bounds))
        points = coalesced(points.intersect_params(self.context))
        return Executed(self.dims, tuple(self.units), tuple(self.steps), variables, points)

    def _level(self, index: int) -> None:
        level, window = self.mapping.levels[index], self.window
        mine = [each for each in level.maps if each.dim in self.tiles or self._is_input(each)]
        if window is not None and level.map_of(window.input) and window.input not in self.tiles:
            (p0, p1), (r0, r1) = self.tiles[window.output], self.tiles[window.filter]
            reach = f"{p1} - 1 + {window.dilation}*({r1} - 1) + 1"
            self.tiles[window.input] = (f"({p0} + {window.dilation}*({r0}))", f"({reach})")
        cut = {each.dim: self._cut(index, level.units, each) for each in mine}
        self.tiles.update(cut)
        if window is not None and level.map_of(window.input):
            self.tiles[window.output] = self._rows(window)
        if window is not None and level.map_of(window.output):
            self.tiles.pop(window.input, None)

    def _is_input(self, each: Map) -> bool:
        return self.window is not None and each.dim == self.window.input

    def _cut(self, level: int, units: Affine, each: Map) -> tuple[str, str]:
        """Give the tile of index i, and say which indices there are."""
        if not units.is_constant:
            message = f"'{each}' folds over {units} units; give them a number"
            raise LoweringError(message)
        spatial = isinstance(each, SpatialMap)
        step = f"{'f' if spatial else 't'}{level}_{each.dim.lower()}"
        self.steps.append(step)
        index = step
        if spatial:
            unit = f"u{level}"
            self.units[unit] = f"0 <= {unit} < {units.constant}"
            index = f"({units.constant}*{step} + {unit})"
        (begin, end), size = self.tiles[each.dim], each.size.isl()
        covers = f"{size} >= {end} - {begin}"
        if each.offset.is_constant:
            offset = each.offset.constant
            low = f"({begin} + {offset}*{index})"
            later = f"{offset}*{index} < {end} - {begin} - ({size}) + {offset}"
            self.tests.append(
                f"{step} >= 0 and (({covers} and {index} = 0) or ({size} < {end} - {begin} and {later}))"
            )
        else:  # a symbolic offset is affine only where it is never used; elsewhere points are missing here
            low = begin
            self.tests.append(f"{step} = 0 and {index} = 0 and {covers}")
        self.tests.append(f"{low} < {end}")
        return low, self._bound(f"min({low} + {size}, {end})")

    def _rows(self, window: Window) -> tuple[str, str]:
        """Keep the outputs p with p + δ·r in the input tile for every tap r of the filter tile."""
        (p0, p1), (r0, r1), (y0, y1) = (self.tiles[d] for d in (window.output, window.filter, window.input))
        first = self._bound(f"max({p0}, {y0} - {window.dilation}*({r0}))")
        after = self._bound(f"min({p1}, {y1} - {window.dilation}*({r1} - 1))")
        return first, after

    def _bound(self, value: str) -> str:
        """Name a value."""
        name = f"bound{len(self.bounds)}"
        self.bounds.append(name)
        self.tests.append(f"{name} = {value}")
        return name
