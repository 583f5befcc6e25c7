"""Levels: the maps of one level as cuts of dimensions, and what makes them legal."""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field

from polymaestro.affine import Affine
from polymaestro.counting import Condition
from polymaestro.dataflow.binding import BoundLevel
from polymaestro.dataflow.directives import Map, SpatialMap, located
from polymaestro.errors import LoweringError
from polymaestro.tiling.clauses import Clause, any_of, at_least, equal
from polymaestro.tiling.ties import Ties
from polymaestro.workload.operator import Operator

ONE = Affine.of(1)


class NoCutError(LoweringError):
    """A map of rows that cuts neither outputs nor taps into consecutive tiles; it may be legal anyway."""

    def __init__(self, message: str, dim: str) -> None:
        """Keep the dimension or input coordinate of the map."""
        super().__init__(message)
        self.dim = dim


@dataclass(frozen=True)
class Cut:
    """One time loop: a dimension in tiles of `size`; over `units` and then in folds if spatial.

    `position` is the place of its map among all maps of the dataflow, `note` the map itself.
    """

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
    """All loops of a dataflow, outermost first; it is legal where all of `clauses` hold.

    `narrow` says of outputs why their maps are cuts only where one tile covers rows or taps.
    """

    operator: Operator
    units: tuple[Affine, ...]
    cuts: tuple[Cut, ...]
    clauses: tuple[Clause, ...]
    notes: tuple[str, ...] = ()
    narrow: Table[str, str] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many levels there are."""
        return len(self.units)

    def of(self, dim: str) -> tuple[Cut, ...]:
        """Give the cuts of one dimension, outermost first."""
        return tuple(each for each in self.cuts if each.dim == dim)


@dataclass
class State:
    """What the levels read so far make of each dimension.

    `wholes` holds the extent and the sizes of the cuts, outermost first: no tile is larger than any of them.
    """

    operator: Operator
    ties: Ties
    wholes: dict[str, tuple[Affine, ...]] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)
    narrow: dict[str, str] = field(default_factory=dict)
    clauses: list[Clause] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with the extents."""
        for dim in self.operator.dims:
            self.wholes[dim.name] = (dim.extent,)

    def require(self, *alternatives: list[Condition]) -> bool:
        """Record that one of some alternatives must hold; say whether one can."""
        clause = any_of(*alternatives)
        self.clauses.append(clause)
        return bool(clause.alternatives)


class LevelReader:
    """Reads the maps of one level; all of them see the tiles of the level above."""

    def __init__(self, state: State, level: BoundLevel, place: int) -> None:
        """Keep the tiles of the level above; `place` is that of its first map among all maps."""
        self.state = state
        self.level = level
        self.place = place
        self.above = dict(state.wholes)
        self._found: list[tuple[Map, str, Affine]] = []
        self._absorbed: set[str] = set()
        self._others: dict[frozenset[str], list[Map]] = {}

    def plain(self, each: Map) -> bool:
        """Read a map on a loop dimension; say whether it cuts the dimension."""
        covering = [[at_least(each.size, whole)] for whole in self.above[each.dim]]
        if any_of(*covering).is_certain:
            return False
        if not self.state.require([equal(each.offset, each.size)], *covering):
            gap = (each.offset - each.size).constant
            error = self.refused(each, f"the tiles of '{each}' {'leave gaps' if gap > 0 else 'overlap'}")
            raise LoweringError(str(error))
        may_cut = any_of([equal(each.offset, each.size)]).alternatives
        if may_cut:
            self.cut(each, each.dim, each.size)
        return bool(may_cut)

    def cut(self, each: Map, dim: str, size: Affine) -> None:
        """Note that a map cuts a dimension in tiles of a size."""
        self._found.append((each, dim, size))

    def absorb(self, each: Map) -> None:
        """Note that a map on input rows follows from its partner."""
        self._absorbed.add(each.dim)

    def keep(self, each: Map, group: frozenset[str]) -> None:
        """Note the map of a group that is not cut; its spatial maps share the units."""
        before = self._others.setdefault(group, [])
        if any(isinstance(other, SpatialMap) for other in before):
            self._absorbed.add(each.dim)
        before.append(each)

    def refused(self, each: Map, what: str) -> NoCutError:
        """Make the error for a map that is no cut."""
        symbols = each.size.names() | each.offset.names() | self.level.units.names()
        advice = f"; give {', '.join(sorted(symbols))} a number" if symbols else ""
        message = located(f"{what}, which symbolic tiles cannot follow{advice}", each.place)
        return NoCutError(message, each.dim)

    def record(self) -> None:
        """Record the level's cuts in their order; only the first spatial map is over the units."""
        spatial = [m for m in self.level.maps if isinstance(m, SpatialMap) and m.dim not in self._absorbed]
        self._check_units(spatial)
        order = {id(each): index for index, each in enumerate(self.level.maps)}
        for each, dim, size in sorted(self._found, key=lambda found: order[id(found[0])]):
            shares = isinstance(each, SpatialMap) and not any(each is other for other in spatial[1:])
            units = self.level.units if shares else None
            place = self.place + order[id(each)]
            self.state.cuts.append(Cut(dim, self.level.index, size, units, place, str(each)))
            self.state.wholes[dim] = (*self.state.wholes[dim], size)
        for size in [*(size for _, _, size in self._found), *(each.offset for each in self.level.maps)]:
            self.state.require([at_least(size, ONE)])

    def _check_units(self, spatial: Sequence[Map]) -> None:
        """One spatial map, or one unit, or one tile in all of them."""
        units = self.level.units
        cutting = {id(each) for each, _, _ in self._found}
        cutting |= {id(each) for group in self._others.values() for each in group}
        if not spatial:
            if not self.state.require([equal(units, ONE)]):
                message = f"level {self.level.index} has {units} units and no SpatialMap"
                raise LoweringError(message)
        elif len(spatial) > 1 and units != ONE and any(id(each) in cutting for each in spatial):
            message = f"'{spatial[1]}' shares the units with '{spatial[0]}', which skips work"
            raise LoweringError(located(message, spatial[1].place))
