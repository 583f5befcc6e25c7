"""From directives to cuts: a dataflow whose levels cut every dimension into consecutive tiles.

Such a dataflow may have symbols anywhere: tile sizes, window sizes, offsets, clusters, PEs. What counts of a
map is which dimension it cuts, how large the tiles are, and where its loop stands:

    Map(T, O) K                                a cut of K in tiles of T
    Map(σ(T - 1) + δ(R - 1) + 1, T) Y          a cut of P in tiles of T, as long as the filter is whole
    SpatialMap(σ(W - 1) + δ(T - 1) + 1, δT) Y  a cut of R in tiles of T over the units, where equal tiles of W
      with SpatialMap(T, T) R                  outputs are left (row-stationary, mostly with W = 1)

An offset only decides where the map is legal: where it is as large as the tile, or where one tile covers
everything. Such alternatives become the region of the formulas. Whatever else a directive may mean,
`polymaestro.loopnest` lowers it where sizes are numbers (`polymaestro.tiling.grouping`).
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence

from polymaestro.dataflow.binding import Mapping
from polymaestro.tiling.apart import names_of, places
from polymaestro.tiling.levels import Cuts, LevelReader, State
from polymaestro.tiling.ties import Ties
from polymaestro.tiling.windows import WindowReader

Dims = tuple[str, ...]


def cuts_of(mapping: Mapping, ties: Ties, others: Table[Dims, str] | Sequence[Dims] = ()) -> Cuts:
    """Read every map of a bound dataflow as a cut; numbers of windows get their names from `ties`.

    The maps of some other groups of dimensions are passed over. Raises `LoweringError` where a map
    is no cut into consecutive tiles.
    """
    operator = mapping.operator
    state = State(operator, ties)
    apart = {name: frozenset(dims) for dims in others for name in names_of(operator, dims)}
    windows = [WindowReader(state, window) for window in operator.windows if window.output not in apart]
    windowed = {name for w in operator.windows for name in (w.input, w.output, w.filter)}
    for level, place in zip(mapping.levels, places(mapping), strict=True):
        reader = LevelReader(state, level, place)
        for window in windows:
            window.read(reader)
        for each in level.maps:
            if each.dim in apart:
                reader.keep(each, apart[each.dim])
            elif each.dim not in windowed:
                reader.plain(each)
        reader.record()
    return Cuts(
        operator,
        tuple(level.units for level in mapping.levels),
        tuple(state.cuts),
        tuple(state.clauses),
        tuple(state.notes),
        state.narrow,
    )
