"""From directives with symbols to formulas: cuts and sets, sums of factors, and where these hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from polymaestro.affine import Affine
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.binding import Mapping as BoundMapping
from polymaestro.dataflow.binding import array_of, bind, check_kinds
from polymaestro.tiling.analysis import TiledAnalysis, TiledBoundary, TiledTensor
from polymaestro.tiling.chains import Chain
from polymaestro.tiling.clauses import Clause, Legality, any_of, at_least, legal_where, nearby
from polymaestro.tiling.factors import Group
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.grouping import joined, uncut
from polymaestro.tiling.levels import Cuts
from polymaestro.tiling.mapping import cuts_of
from polymaestro.tiling.quantities import Flows, Sum
from polymaestro.tiling.sets import SetAxes
from polymaestro.tiling.ties import Ties, top_units
from polymaestro.workload import Operator

SHOWN_EXTENT, SHOWN_TAPS, SHOWN_UNITS = 100_003, 3, 4
"""Where a formula is shown when no point is given: far larger extents than tiles, with edge tiles."""


def analyze_tiles(operator: Operator, dataflow: Dataflow, num_pes: int | str) -> TiledAnalysis:
    """Derive every count of a dataflow whose sizes may be symbols: tiles, windows, clusters, PEs.

    Every level must cut each dimension into consecutive tiles, as the published dataflows do; the formulas
    hold where offsets and sizes make it so.

    Raises `DataflowError` or `LoweringError` for directives that do not fit, `HardwareError` for an array of
    no PEs.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(T,T) N; SpatialMap(1,1) M; TemporalMap(K1,K1) K")
    >>> analysis = analyze_tiles(pm.gemm(), flow, "U")
    >>> analysis["L2"]["A"].parent_reads.at(M=6, N=7, K=5, T=3, K1=2, U=4)
    90
    """
    check_kinds(operator, dataflow)
    num_pes = array_of(num_pes)
    names = set(operator.symbols) | _names(dataflow) | ({num_pes} if isinstance(num_pes, str) else set())
    ties = Ties({str(name) for name in names})
    mapping = bind(operator, dataflow, num_pes, top=top_units(ties, operator, dataflow, num_pes))
    others = uncut(mapping, ties)
    cuts = cuts_of(mapping, ties, others)
    chains = {dim.name: Chain(dim.name, dim.extent, cuts.of(dim.name), ties) for dim in operator.dims}
    groups = tuple(tuple(chains[d] for d in dims) for dims in joined(operator) if dims not in others)
    sets = tuple(SetAxes.of(mapping, dims, ties, why) for dims, why in others.items())
    return _Builder(mapping, cuts, ties, groups, sets).analysis(dataflow)


@dataclass(frozen=True)
class _Builder:
    mapping: BoundMapping
    cuts: Cuts
    ties: Ties
    groups: tuple[tuple[Chain, ...], ...]
    sets: tuple[SetAxes, ...]

    def analysis(self, dataflow: Dataflow) -> TiledAnalysis:
        depth = self.cuts.depth
        names = ["L2", *(f"cluster{level}" for level in range(1, depth)), "L1"]
        flows = [self._flows(level) for level in range(1, depth + 1)]
        return TiledAnalysis(
            self.cuts.operator,
            dataflow,
            self.mapping,
            self.cuts,
            self.ties,
            self.groups,
            self.sets,
            tuple(
                self._boundary(names[level - 1], names[level], level, each)
                for level, each in enumerate(flows, start=1)
            ),
            self._form(flows[-1].macs()),
            self._form(flows[-1].steps()),
            self._form(flows[-1].active()),
            {t.name: self._form(flows[0].elements(t)) for t in self.cuts.operator.tensors},
        )

    def _flows(self, depth: int) -> Flows:
        cut = (Group(chains, depth) for chains in self.groups)
        return Flows((*cut, *(each.group(depth) for each in self.sets)))

    def _boundary(self, parent: str, child: str, depth: int, flows: Flows) -> TiledBoundary:
        tensors = {
            tensor.name: TiledTensor(
                tensor.name,
                tensor.role,
                {name: self._form(total) for name, total in flows.tensor(tensor).items()},
            )
            for tensor in self.cuts.operator.tensors
        }
        return TiledBoundary(parent, child, depth, self._form(flows.steps()), tensors)

    def _form(self, total: Sum) -> TiledForm:
        return TiledForm(total, self.ties, self._symbols, self._valid_on, self._shown)

    @cached_property
    def _shown(self) -> Mapping[str, int]:
        """Give a point with large extents, 3-tap filters, and smaller tiles on each level."""
        filters = {window.filter for window in self.cuts.operator.windows}
        point = dict.fromkeys(self._symbols, SHOWN_UNITS ** (2 * self.cuts.depth))
        for cut in self.cuts.cuts:
            tile = 1 if cut.dim in filters else SHOWN_UNITS ** (2 * (self.cuts.depth - cut.level)) - 1
            point.update(dict.fromkeys(cut.size.names() & point.keys(), tile))
        for units in self.cuts.units:
            point.update(dict.fromkeys(units.names() & point.keys(), SHOWN_UNITS))
        for index, dim in enumerate(self.cuts.operator.dims):
            extent = SHOWN_TAPS if dim.name in filters else SHOWN_EXTENT + 4 * index
            point.update(dict.fromkeys(dim.extent.names(), extent))
        self._make_room(point)
        return nearby(self._valid_on, {name: point[name] for name in self._symbols}, self.ties)

    def _make_room(self, point: dict[str, int]) -> None:
        """Let the array hold the clusters, whose sizes may be extents: more PEs, or else clusters of one."""
        for tie in self.ties.ties:
            if tie.rounded == "down" and tie.divisor is not None and tie.value(point) < 1:
                arrays = tie.numerator.names() - tie.divisor.names()
                room = dict.fromkeys(arrays, int(tie.divisor.evaluate(point)) * SHOWN_UNITS)
                point.update(room or dict.fromkeys(tie.divisor.names(), 1))

    @cached_property
    def _symbols(self) -> tuple[str, ...]:
        used = set(self.cuts.operator.symbols)
        for tie in self.ties.ties:
            used |= tie.numerator.names() | (tie.divisor.names() if tie.divisor else set())
        for units in self.cuts.units:
            used |= units.names()
        for clause in self.cuts.clauses:
            used |= clause.names()
        return tuple(sorted(used - {tie.name for tie in self.ties.ties}))

    @cached_property
    def _valid_on(self) -> Legality:
        tied = {tie.name for tie in self.ties.ties}
        sizes = [*(dim.extent for dim in self.cuts.operator.dims), *self.cuts.units]
        positive = [any_of([at_least(size, Affine.of(1))]) for size in sizes if not size.names() & tied]
        return legal_where([*self.cuts.clauses, *positive, *self._legal_sets()])

    def _legal_sets(self) -> Iterator[Clause]:
        """Give where the groups that are counted as sets are legal."""
        for each in self.sets:
            if len(each.conditions) == 1:
                yield from (any_of([condition]) for condition in each.conditions[0])
            else:
                yield any_of(*each.conditions)


def _names(dataflow: Dataflow) -> set[str]:
    return {
        name
        for each in dataflow.directives
        for size in (each.size, getattr(each, "offset", each.size))
        for name in size.names()
    }
