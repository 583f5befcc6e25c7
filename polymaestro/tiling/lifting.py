"""Lifting: every number of a mapping becomes a symbol, whose value is that number.

    Map(4,4) K                 Map(T_K0,T_K0) K                      T_K0 = 4
    Map(8+Sz(S)-1,8) X         Map(T_Q0+Sz(S)-1,T_Q0) X              T_Q0 = 8
    Cluster(64)                Cluster(G1)                           G1 = 64

The row-stationary pair SpatialMap(1,1) Y, SpatialMap(1,1) R is the map on R alone: in whole windows the rows
follow from the taps. A size that is the whole of a dimension, Sz(R), is no number and stays. So
do the numbers of dimensions that are not cut into consecutive tiles, as under a mask, and of their units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from polymaestro.affine import Affine
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.binding import Mapping, bind, window_of
from polymaestro.dataflow.directives import Directive, Map, SpatialMap
from polymaestro.tiling.apart import names_of
from polymaestro.tiling.grouping import uncut
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.mapping import cuts_of
from polymaestro.tiling.ties import Ties, top_units
from polymaestro.workload.operator import Operator


@dataclass(frozen=True)
class Lifted:
    """A dataflow over symbols, the number of PEs or a symbol for it, and what each symbol stood for.

    `kept` are the dimensions and input coordinates whose maps keep their numbers.
    """

    dataflow: Dataflow
    num_pes: str | int
    values: dict[str, int]
    kept: frozenset[str] = frozenset()


def lifted(operator: Operator, dataflow: Dataflow, num_pes: int) -> Lifted:
    """Give a dataflow with a symbol in the place of every number of dimensions in consecutive tiles.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(6+Sz(R),4) Y; SpatialMap(2,2) K")
    >>> found = lifted(pm.conv2d(stride=2), flow, 8)
    >>> print(found.dataflow, found.values)
    TemporalMap(Sz(R)+2*T_P0-2,T_P0) Y;
    SpatialMap(T_K0,T_K0) K; {'PEs': 8, 'T_P0': 4, 'T_K0': 2}
    """
    ties = Ties(set())
    mapping = bind(operator, dataflow, num_pes, top=top_units(ties, operator, dataflow, num_pes))
    others = uncut(mapping, Ties(set()))
    kept = frozenset(name for dims in others for name in names_of(operator, dims))
    cuts = cuts_of(mapping, Ties(set()), others).cuts
    lifting = _Lifting(operator, mapping, kept, {(cut.level, cut.dim): cut for cut in cuts})
    return lifting.lift(dataflow, num_pes)


@dataclass
class _Lifting:
    operator: Operator
    mapping: Mapping
    kept: frozenset[str]
    cuts: dict[tuple[int, str], Cut]
    values: dict[str, int] = field(default_factory=dict)

    def lift(self, dataflow: Dataflow, num_pes: int) -> Lifted:
        """Go through the directives in their order."""
        array: str | int = num_pes if self._keeps_units(0) else "PEs"
        if isinstance(array, str):
            self.values[array] = num_pes
        directives: list[Directive] = []
        for level, bound in zip(dataflow.levels, self.mapping.levels, strict=True):
            if level.cluster and (self._keeps_units(0) or self._keeps_units(level.index)):
                directives.append(level.cluster)
            elif level.cluster:
                size = self._symbol(level.cluster.size, f"G{level.index}")
                directives.append(replace(level.cluster, size=size))
            for each, named in zip(level.maps, bound.maps, strict=True):
                directives += self._map(each, named, level.index, bound.maps)
        return Lifted(Dataflow(tuple(directives)), array, self.values, self.kept)

    def _keeps_units(self, level: int) -> bool:
        """Whether the units of a level take a dimension whose numbers stay."""
        maps = self.mapping.levels[level].maps
        return any(isinstance(each, SpatialMap) and each.dim in self.kept for each in maps)

    def _symbol(self, size: Affine, name: str) -> Affine:
        if not size.is_constant:
            return size
        self.values[name] = size.constant
        return Affine.of(name)

    def _map(self, each: Map, named: Map, level: int, beside: tuple[Map, ...]) -> Iterator[Map]:
        if named.dim in self.kept:
            is_number = named.size.is_constant and named.offset.is_constant
            yield replace(each, size=named.size, offset=named.offset) if is_number else each
            return
        window = window_of(self.operator, named.dim)
        if window is None or named.dim != window.input:
            is_whole = (level, named.dim) not in self.cuts
            size = self._symbol(each.size, f"T_{named.dim}{level}")
            if is_whole and (window is not None or not each.size.is_constant):
                size = Affine.of(f"Sz({named.dim})")
            yield replace(each, size=size, offset=size)
            return
        on_taps = next((other for other in beside if other.dim == window.filter), None)
        if isinstance(named, SpatialMap) and isinstance(on_taps, SpatialMap):
            return
        cut = self.cuts.get((level, window.output))
        if cut is None:
            rows = Affine.of(f"Sz({window.input})")
            yield replace(each, size=rows, offset=rows)
            return
        tile = self._symbol(cut.size, f"T_{window.output}{level}")
        yield replace(each, size=window.span(tile, Affine.of(f"Sz({window.filter})")), offset=tile)
