"""Lowering: directives to an affine loop nest.

Each level receives one tile per dimension from above and cuts it. A map (m, o) on a tile [b, e) gives
step or unit i the tile [b + o·i, b + o·i + m) clipped to [b, e); i ends at ⌈(e - b - m)/o⌉, or at 0 when
one tile covers all. A map on an input coordinate keeps the outputs whose whole window lies in its tile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from polymaestro.affine import Affine, ceil_div, floor_div, greatest
from polymaestro.dataflow.binding import BoundLevel, Mapping, bind, window_of
from polymaestro.dataflow.directives import Dataflow, Map, SpatialMap, located
from polymaestro.dataflow.tiles import counts_output_rows, smaller
from polymaestro.errors import LoweringError
from polymaestro.loopnest.nest import Constraint, Loop, LoopNest, Tile, Units
from polymaestro.workload.operator import Operator, Window

# Dimensions, lifted divisions, steps, and what an extent is split into while it is counted.
INTERNAL = re.compile(r"(x|q|step)\d+_*|\w+_([ne]\d+|q)")


def lower(operator: Operator, dataflow: Dataflow, num_pes: int | str) -> LoopNest:
    """Lower a dataflow for an operator on an array of `num_pes` PEs.

    Raises `LoweringError` where a bound would not be quasi-affine (a symbolic offset, or a symbolic
    number of units over which a dimension folds), and where symbols decide what an offset counts.
    """
    return nest_of(bind(operator, dataflow, num_pes))


def nest_of(mapping: Mapping) -> LoopNest:
    """Lower a mapping; raises as `lower` does."""
    operator = mapping.operator
    state = _State(operator)
    for level in mapping.levels:
        _lower_level(state, level)
    tiles = tuple((d.variable, state.tiles[d.name]) for d in operator.dims)
    nest = LoopNest(
        operator, tuple(state.loops), tuple(state.units), tiles, tuple(state.guards), tuple(state.notes)
    )
    _check_names(nest)
    return nest


@dataclass
class _State:
    """What the levels so far have left: a tile per dimension and input coordinate.

    `nominal` is the width of each filter tile before clipping; `spanned` holds the input coordinates
    whose tile follows from the output tile, because a level named the output last.
    """

    operator: Operator
    tiles: dict[str, Tile] = field(default_factory=dict)
    nominal: dict[str, Affine] = field(default_factory=dict)
    spanned: set[str] = field(default_factory=set)
    loops: list[Loop] = field(default_factory=list)
    units: list[Units] = field(default_factory=list)
    guards: list[Constraint] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in self.operator.coordinates:
            self.tiles[name] = Tile((Affine.of(0),), (self.operator.extent(name),))
        for window in self.operator.windows:
            self.nominal[window.filter] = self.operator.extent(window.filter)


def _lower_level(state: _State, level: BoundLevel) -> None:
    """Cut every tile as this level says; all maps see the tiles of the level above."""
    unit = f"u{level.index}"
    state.units.append(Units(unit, level.index, level.units))
    parent = dict(state.tiles)
    cut: dict[str, Tile] = {}
    for each in level.maps:
        cut[each.dim] = _cut(state, level, each, parent[each.dim])
    state.tiles.update(cut)
    for window in state.operator.windows:
        taps = level.map_of(window.filter)
        if taps is not None:
            state.nominal[window.filter] = smaller(taps.size, state.nominal[window.filter])
        if window.input in cut:
            state.spanned.discard(window.input)
            state.tiles[window.output] = _whole_windows(state, window)
        elif window.output in cut:
            state.spanned.add(window.input)
        if window.input in state.spanned:
            state.tiles[window.input] = _span(state, window)


def _cut(state: _State, level: BoundLevel, each: Map, tile: Tile) -> Tile:
    """Give the tile that step or unit i of a map holds, and record its loop."""
    if _covers(each.size, tile):
        if isinstance(each, SpatialMap):
            state.guards.append(Constraint(-Affine.of(f"u{level.index}")))
        return tile
    offset = _offset(state, level, each)
    last = ceil_div(tile.size - each.size, offset)
    if not _is_surely_disjoint(each.size, offset):
        last = greatest(Affine.of(0), last)
    index = _index(state, level, each, last, fits=_fits(tile, each, offset, level.units))
    origins = tuple(lower + index * offset for lower in tile.lowers)
    if not _is_surely_disjoint(each.size, offset):
        state.guards.append(Constraint(last - index))
    return Tile(origins, (*tile.ends, greatest(*origins) + each.size))


def _index(state: _State, level: BoundLevel, each: Map, last: Affine, *, fits: bool) -> Affine:
    """Give the index i of a map over its loop and unit; `fits` when a spatial map needs no fold."""
    variable = each.dim.lower()
    if not isinstance(each, SpatialMap):
        name = f"t{level.index}_{variable}"
        state.loops.append(Loop(name, level.index, len(state.loops), "time", last, str(each)))
        return Affine.of(name)
    unit = Affine.of(f"u{level.index}")
    if fits:
        return unit
    if not level.units.is_constant:
        raise _not_affine(each, f"'{each}' folds over {level.units} units", level.units)
    units = level.units.constant
    name = f"f{level.index}_{variable}"
    folds = floor_div(last, units)
    state.loops.append(Loop(name, level.index, len(state.loops), "fold", folds, str(each)))
    return Affine.of(name) * units + unit


def _covers(size: Affine, tile: Tile) -> bool:
    """Whether one tile of this size surely covers the parent tile."""
    gaps = [end - lower - size for end in tile.ends for lower in tile.lowers]
    return any(gap.is_constant and gap.constant <= 0 for gap in gaps)


def _fits(tile: Tile, each: Map, offset: int, units: Affine) -> bool:
    """Whether the positions of a spatial map are surely no more than the units."""
    for end in tile.ends:
        for lower in tile.lowers:
            spare = units - 1 - ceil_div(end - lower - each.size, offset)
            if spare.is_constant and spare.constant >= 0:
                return True
    return False


def _is_surely_disjoint(size: Affine, offset: int) -> bool:
    """Whether tiles do not overlap, so that an index past the last has an empty tile anyway."""
    return size.is_constant and size.constant <= offset


def _offset(state: _State, level: BoundLevel, each: Map) -> int:
    if not each.offset.is_constant:
        raise _not_affine(each, f"the offset of '{each}' is a symbol", each.offset)
    offset = each.offset.constant
    window = window_of(state.operator, each.dim)
    if window is None or each.dim != window.input or window.stride == 1:
        return offset
    taps, whole = level.map_of(window.filter), state.nominal[window.filter]
    by_outputs = counts_output_rows(each, taps, whole, window)
    if by_outputs is None:
        names = ", ".join(sorted(whole.names() | each.size.names()))
        message = f"whether the offset of '{each}' counts input or output rows depends on {names}"
        raise LoweringError(located(f"{message}; give a number", each.place))
    rows = "output" if by_outputs != state.operator.scatters(window) else "input"
    state.notes.append(f"offset {offset} of '{each}' (level {level.index}) read in {rows} rows")
    return offset * window.stride if by_outputs else offset


def _not_affine(each: Map, what: str, symbols: Affine) -> LoweringError:
    names = ", ".join(sorted(symbols.names()))
    message = f"{what}, and a product of two symbols is not affine; give {names} a number"
    return LoweringError(located(message, each.place))


def _whole_windows(state: _State, window: Window) -> Tile:
    """Keep the outputs whose window lies in the input tile for every tap of the filter tile."""
    rows, taps, outputs = (state.tiles[name] for name in (window.input, window.filter, window.output))
    first = [
        ceil_div(row - tap * window.dilation, window.stride) for row in rows.lowers for tap in taps.lowers
    ]
    reach = (taps.end - 1) * window.dilation
    after = [floor_div(end - 1 - reach, window.stride) + 1 for end in rows.ends]
    return Tile(
        tuple(dict.fromkeys([*outputs.lowers, *first])), tuple(dict.fromkeys([*outputs.ends, *after]))
    )


def _span(state: _State, window: Window) -> Tile:
    """Give the input rows under the output tile and the filter tile."""
    outputs, taps = state.tiles[window.output], state.tiles[window.filter]
    lowers = [p * window.stride + r * window.dilation for p in outputs.lowers for r in taps.lowers]
    ends = [window.span(p, r) for p in outputs.ends for r in taps.ends]
    return Tile(tuple(dict.fromkeys(lowers)), tuple(dict.fromkeys(ends)))


def _check_names(nest: LoopNest) -> None:
    """Refuse symbols that are called like a loop, a unit, an iteration variable, or a name of counting."""
    extents = set(nest.operator.symbols).union(*(units.count.names() for units in nest.units))
    for name in sorted(extents & nest.variables):
        message = f"the symbol {name!r} is also the name of a loop variable; call it {name.upper()!r}"
        raise LoweringError(message)
    for name in sorted(filter(INTERNAL.fullmatch, nest.symbols)):
        message = f"the symbol {name!r} looks like a name that counting makes for itself; choose another"
        raise LoweringError(message)
