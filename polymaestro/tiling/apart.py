"""One group of dimensions apart from the others: its maps in their places, its symbols, its loop nest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import BoundLevel, Mapping
from polymaestro.dataflow.directives import SpatialMap
from polymaestro.loopnest import nest_of
from polymaestro.loopnest.nest import Constraint, LoopNest, Tile
from polymaestro.relations import extract
from polymaestro.tiling.levels import ONE, Cut
from polymaestro.tiling.ties import Ties
from polymaestro.workload import Operator


def names_of(operator: Operator, dims: Sequence[str]) -> frozenset[str]:
    """Give dimensions and the input coordinates that follow from them."""
    return frozenset(dims).union(w.input for w in operator.windows if w.output in dims)


def with_extents(nest: LoopNest, values: dict[str, int]) -> LoopNest:
    """Put numbers in the place of symbols in a nest; it keeps its loops."""
    numbers = {name: Affine.of(value) for name, value in values.items()}

    def fixed(each: Affine) -> Affine:
        return each.substitute(numbers)

    return replace(
        nest,
        operator=nest.operator.with_extents({dim.name: fixed(dim.extent) for dim in nest.operator.dims}),
        loops=tuple(replace(loop, last=fixed(loop.last)) for loop in nest.loops),
        tiles=tuple(
            (name, Tile(tuple(map(fixed, tile.lowers)), tuple(map(fixed, tile.ends))))
            for name, tile in nest.tiles
        ),
        guards=tuple(Constraint(fixed(each.expression)) for each in nest.guards),
    )


def places(mapping: Mapping) -> list[int]:
    """Give the place of the first map of each level among all maps."""
    counts = [len(level.maps) for level in mapping.levels]
    return [sum(counts[:index]) for index in range(len(counts))]


def cuts_in_places(mapping: Mapping) -> Iterator[Cut]:
    """Give every map as a loop in its place."""
    for level, place in zip(mapping.levels, places(mapping), strict=True):
        for index, each in enumerate(level.maps):
            units = level.units if isinstance(each, SpatialMap) else None
            yield Cut(each.dim, level.index, each.size, units, place + index, str(each))


def _own(level: BoundLevel, named: frozenset[str]) -> BoundLevel:
    """Keep the maps of some dimensions; units of others are one."""
    maps = tuple(each for each in level.maps if each.dim in named)
    is_spatial = any(isinstance(each, SpatialMap) for each in maps)
    return replace(level, maps=maps, units=level.units if is_spatial else Affine.of(ONE))


def alone(mapping: Mapping, dims: Sequence[str]) -> Mapping:
    """Keep the maps of some dimensions."""
    named = names_of(mapping.operator, dims)
    return replace(mapping, levels=tuple(_own(level, named) for level in mapping.levels))


def is_legal(mapping: Mapping, dims: Sequence[str]) -> bool:
    """Whether every point of some dimensions is executed once, for all extents."""
    return not extract(nest_of(alone(mapping, dims)), allow_illegal=True).problems


def symbols_of(mapping: Mapping, dims: Sequence[str], ties: Ties) -> list[str]:
    """Give the symbols, extents apart, in the sizes of some dimensions and in the units that take them."""
    levels = alone(mapping, dims).levels
    used = {n for level in levels for each in level.maps for s in (each.size, each.offset) for n in s.names()}
    for name in frozenset[str]().union(*(level.units.names() for level in levels)):
        tied = [tie for tie in ties.ties if tie.name == name]
        used |= tied[0].names() if tied else {name}
    return sorted(used - set(mapping.operator.symbols))
