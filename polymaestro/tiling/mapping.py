"""From directives to cuts: a dataflow whose levels cut every dimension into consecutive tiles.

Such a dataflow may have symbols anywhere: tile sizes, window sizes, clusters, PEs. What counts of a map is
which dimension it cuts, how large the tiles are, and where its loop stands:

    Map(T, T) K                                a cut of K in tiles of T
    Map(σ(T - 1) + δ(R - 1) + 1, T) Y          a cut of P in tiles of T, as long as the filter is whole
    SpatialMap(δ(T - 1) + 1, δT) Y with        a cut of R in tiles of T over the units, where one output
      SpatialMap(T, T) R                       row is left (row-stationary)

Whatever else a directive may mean is refused here; `polymaestro.loopnest` lowers it where sizes are numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from polymaestro.affine import Affine, Floor, floor_div
from polymaestro.counting import Condition
from polymaestro.dataflow.binding import BoundLevel, Mapping
from polymaestro.dataflow.directives import Map, SpatialMap, located
from polymaestro.errors import LoweringError
from polymaestro.workload.operator import Operator, Window


@dataclass(frozen=True)
class Cut:
    """One time loop: a dimension in tiles of `size`; over `units` and then in folds if spatial."""

    dim: str
    level: int
    size: Affine
    units: Affine | None
    position: int
    note: str

    @property
    def all_units(self) -> Affine:
        """The units of a spatial cut."""
        if self.units is None:
            message = f"'{self.note}' is not spatial and has no units"
            raise LoweringError(message)
        return self.units


@dataclass(frozen=True)
class Cuts:
    """All loops of a dataflow, outermost first; `conditions` must hold for it to be legal."""

    operator: Operator
    units: tuple[Affine, ...]
    cuts: tuple[Cut, ...]
    conditions: tuple[Condition, ...]
    notes: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """How many levels there are."""
        return len(self.units)

    def of(self, dim: str) -> tuple[Cut, ...]:
        """Give the cuts of one dimension, outermost first."""
        return tuple(each for each in self.cuts if each.dim == dim)


def cuts_of(mapping: Mapping) -> Cuts:
    """Read every map of a bound dataflow as a cut.

    Raises `LoweringError` where a map is no cut into consecutive tiles.
    """
    state = _State(mapping.operator)
    for level in mapping.levels:
        _Level(state, level).read()
    return Cuts(
        mapping.operator,
        tuple(level.units for level in mapping.levels),
        tuple(state.cuts),
        tuple(dict.fromkeys(state.conditions)),
        tuple(state.notes),
    )


@dataclass
class _Rows:
    """The input rows of a window below the levels read so far.

    `aligned`: they begin at the first and end at the last row under the output and the filter tile.
    `taps`: the number of taps in every filter tile, None where an edge tile may have fewer.
    `follow`: they follow from both tiles because a level named the output last.
    """

    aligned: bool
    taps: Affine | None
    follow: bool = False


@dataclass
class _State:
    operator: Operator
    widest: dict[str, Affine] = field(default_factory=dict)
    rows: dict[str, _Rows] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for dim in self.operator.dims:
            self.widest[dim.name] = dim.extent
        for window in self.operator.windows:
            self.rows[window.input] = _Rows(aligned=True, taps=self.operator.extent(window.filter))


class _Level:
    """Reads the maps of one level; all of them see the tiles of the level above."""

    def __init__(self, state: _State, level: BoundLevel) -> None:
        self.state = state
        self.level = level
        self.above = dict(state.widest)
        self.found: list[tuple[Map, str, Affine]] = []
        self.absorbed: set[str] = set()

    def read(self) -> None:
        """Record the level's cuts in their order."""
        for window in self.state.operator.windows:
            self._window(window)
        windowed = {name for w in self.state.operator.windows for name in (w.input, w.output, w.filter)}
        for each in self.level.maps:
            if each.dim not in windowed:
                self._plain(each)
        self._check_units()
        order = {id(each): index for index, each in enumerate(self.level.maps)}
        for each, dim, size in sorted(self.found, key=lambda found: order[id(found[0])]):
            units = self.level.units if isinstance(each, SpatialMap) else None
            cut = Cut(dim, self.level.index, size, units, len(self.state.cuts), str(each))
            self.state.cuts.append(cut)
            self.state.widest[dim] = size
        sizes = [*(size for _, _, size in self.found), *(each.offset for each in self.level.maps)]
        for size in sizes:
            if not size.is_constant:
                self.state.conditions.append(Condition(size - 1))

    def _check_units(self) -> None:
        spatial = [m for m in self.level.maps if isinstance(m, SpatialMap) and m.dim not in self.absorbed]
        if len(spatial) > 1:
            message = f"'{spatial[1]}' shares the units with '{spatial[0]}', which skips work"
            raise LoweringError(located(message, spatial[1].place))
        if not spatial and not self.level.units.is_constant:
            self.state.conditions.append(Condition(self.level.units - 1, equality=True))
        elif not spatial and self.level.units != Affine.of(1):
            message = f"level {self.level.index} has {self.level.units} units and no SpatialMap"
            raise LoweringError(message)

    def _plain(self, each: Map) -> bool:
        """Read a map on a loop dimension; say whether it cuts the dimension."""
        whole = self.above[each.dim]
        if _is_at_least(each.size, whole):
            return False
        if each.size != each.offset:
            self._require_one_tile(each, each.size - whole)
            return False
        self.found.append((each, each.dim, each.size))
        return True

    def _require_one_tile(self, each: Map, spare: Affine) -> None:
        """Tiles that are not consecutive are legal where one tile covers all."""
        if spare.is_constant:
            reason = "overlap" if _is_at_least(each.size, each.offset) else "may leave gaps or overlap"
            raise self._refused(each, f"the tiles of '{each}' {reason}")
        self.state.conditions.append(Condition(spare))

    def _window(self, window: Window) -> None:
        rows = self.state.rows[window.input]
        on_rows, on_outputs, on_taps = map(self.level.map_of, (window.input, window.output, window.filter))
        if on_rows is not None and self._pair(window, rows, on_rows, on_taps):
            return
        narrower = on_taps is not None and self._plain(on_taps)
        if on_outputs is not None:
            self._plain(on_outputs)
            rows.aligned = rows.follow = True
        elif on_rows is not None:
            self._on_rows(window, rows, on_rows, narrower=narrower)
            rows.follow = False
        if narrower and on_taps is not None:
            rows.taps = on_taps.size if on_taps.size == Affine.of(1) else None
            rows.aligned = rows.follow

    def _on_rows(self, window: Window, rows: _Rows, each: Map, *, narrower: bool) -> None:
        """Read a map on an input coordinate: all rows, or whole windows of the whole filter."""
        operator = self.state.operator
        every = operator.extent(window.input)
        under = window.span(self.above[window.output], self.above[window.filter])
        if _is_at_least(each.size, every) or (rows.aligned and _is_at_least(each.size, under)):
            return
        if not rows.aligned or rows.taps is None or narrower:
            raise self._refused(each, f"the rows of '{each}' do not hold whole windows of the whole filter")
        reach = (rows.taps - 1) * window.dilation
        tile = floor_div(each.size - 1 - reach, window.stride) + 1
        if any(isinstance(atom, Floor) for atom, _ in tile.terms) or (tile.is_constant and tile.constant < 1):
            raise self._refused(each, f"the rows of '{each}' are no number of whole windows")
        if each.offset not in (tile, tile * window.stride):
            raise self._refused(each, f"'{each}' holds {tile} windows and moves by {each.offset}")
        if window.stride != 1:
            reading = "output" if each.offset == tile else "input"
            self.state.notes.append(
                f"offset {each.offset} of '{each}' (level {self.level.index}) read in {reading} rows"
            )
        rows.aligned = each.size == window.span(tile, rows.taps)
        if not _is_at_least(tile, self.above[window.output]):
            self.found.append((each, window.output, tile))

    def _pair(self, window: Window, rows: _Rows, on_rows: Map, on_taps: Map | None) -> bool:
        """Read the row-stationary pair, where input rows and taps advance together."""
        if on_taps is None or not (isinstance(on_rows, SpatialMap) and isinstance(on_taps, SpatialMap)):
            return False
        self.absorbed.add(on_rows.dim)
        tile = on_taps.size
        whole = self.above[window.filter]
        suits = (
            rows.aligned
            and self.above[window.output] == Affine.of(1)
            and on_rows.size == window.span(Affine.of(1), tile)
            and on_rows.offset == tile * window.dilation
            and on_taps.offset == tile
        )
        if not suits:
            message = f"'{on_rows}' and '{on_taps}' are no row-stationary pair over one output row"
            raise self._refused(on_rows, message)
        if not _is_at_least(tile, whole):
            outer = next(each for each in self.level.maps if each in (on_rows, on_taps))
            self.found.append((outer, window.filter, tile))
        rows.taps = tile if tile == Affine.of(1) else None
        rows.follow = False
        return True

    def _refused(self, each: Map, what: str) -> LoweringError:
        symbols = each.size.names() | each.offset.names() | self.level.units.names()
        advice = f"; give {', '.join(sorted(symbols))} a number" if symbols else ""
        return LoweringError(located(f"{what}, which symbolic tiles cannot follow{advice}", each.place))


def _is_at_least(left: Affine, right: Affine) -> bool:
    difference = left - right
    return difference.is_constant and difference.constant >= 0
