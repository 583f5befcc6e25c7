"""An analysis whose tiles, offsets, clusters and PEs may be symbols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import prod

from polymaestro.counting import Region
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.binding import Mapping as BoundMapping
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import Hardware
from polymaestro.model.machine import settled
from polymaestro.model.paper import Paper
from polymaestro.model.report import BoundaryReport, LayerReport
from polymaestro.showing import Shown, page
from polymaestro.symbolic import ClosedForm
from polymaestro.symbolic.boundaries import FormsOfBoundary, FormsOfTensor, boundary_below
from polymaestro.tiling.assuming import narrowed, point_in
from polymaestro.tiling.chains import Chain
from polymaestro.tiling.complete import CompleteForm
from polymaestro.tiling.costing import Costing
from polymaestro.tiling.costs import TiledEnergy, TiledRoofline
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.levels import Cuts
from polymaestro.tiling.paper import tiled_paper
from polymaestro.tiling.sets import SetAxes
from polymaestro.tiling.specialising import Specialiser
from polymaestro.tiling.table import tiled_table, tiled_tables
from polymaestro.tiling.ties import Ties
from polymaestro.tiling.timing import TiledRunTime
from polymaestro.workload import Operator

TiledTensor = FormsOfTensor[TiledForm]
TiledBoundary = FormsOfBoundary[TiledForm]


@dataclass(frozen=True, repr=False)
class TiledAnalysis(Shown):
    """What a mapping costs as formulas in the extents and in its own parameters.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(T,T) N; SpatialMap(1,1) M")
    >>> analysis = pm.analyze_tiles(pm.gemm(), flow, num_pes="U")
    >>> analysis.symbols
    ('K', 'M', 'N', 'T', 'U')
    >>> analysis["L2"]["B"].parent_reads.at(M=6, N=7, K=5, T=3, U=4) == 7 * 5  # kept while M folds
    True
    """

    operator: Operator
    dataflow: Dataflow
    mapping: BoundMapping
    cuts: Cuts
    ties: Ties
    groups: tuple[tuple[Chain, ...], ...]
    sets: tuple[SetAxes, ...]
    boundaries: tuple[TiledBoundary, ...]
    macs: TiledForm
    steps: TiledForm
    active_units: TiledForm
    elements: Mapping[str, TiledForm]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters of the formulas."""
        return self.macs.symbols

    @property
    def valid_on(self) -> Region:
        """Where the dataflow is legal and the formulas hold."""
        return self.macs.valid_on

    def __getitem__(self, memory: str) -> TiledBoundary:
        """Give the boundary below a memory: ``L2``, ``cluster1`` and so on.

        Raises `ClosedFormError` for an unknown memory.
        """
        return boundary_below(self.boundaries, memory)

    def named(self) -> Iterator[tuple[str, TiledForm]]:
        """Give every formula with its name, as in ``L2.I.parent_reads``."""
        yield "macs", self.macs
        yield "steps", self.steps
        yield "active_units", self.active_units
        for boundary in self.boundaries:
            yield from boundary.named()

    def specialised(self, numbers: Mapping[str, int], *assuming: str) -> dict[str, ClosedForm]:
        """Give every formula with numbers for tiles, clusters and PEs, by its name; see `TiledForm`.

        Formulas share their factors, so that this takes less time than one after the other. Raises as
        `TiledForm.specialised` does.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(1,1) N")
        >>> forms = pm.analyze_tiles(pm.gemm(), flow, "PEs").specialised({"T": 4, "PEs": 16})
        >>> print(forms["steps"])
        ⌈M/4⌉·⌈N/16⌉
        """
        specialiser = Specialiser.of(self.ties, self.symbols, self.valid_on, numbers, assuming)
        return {name: specialiser.form(form.products) for name, form in self.named()}

    def assuming(self, *assumptions: str, near: Mapping[str, int] | None = None) -> TiledAnalysis:
        """Give the analysis on the smaller region where conditions hold; see `TiledForm.assuming`.

        Its formulas are shown at a point of the region near the one that is given.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(1,1) N")
        >>> analysis = pm.analyze_tiles(pm.gemm(N=4), flow, num_pes=4)
        >>> print(analysis.steps, analysis.assuming("T >= M").steps, sep="; ")
        ⌈M/T⌉  if T < M; 1
        """
        region = narrowed(self.valid_on, assumptions, self.ties, self.symbols)
        shown = point_in(region, self.ties, self.symbols, self.macs.shown if near is None else near)

        def on(form: TiledForm) -> TiledForm:
            return form.on(region, shown)

        return replace(
            self,
            boundaries=tuple(each.mapped(on) for each in self.boundaries),
            macs=on(self.macs),
            steps=on(self.steps),
            active_units=on(self.active_units),
            elements={name: on(form) for name, form in self.elements.items()},
        )

    def complete(self) -> dict[str, CompleteForm]:
        """Give every formula with all its chambers, by name, for `polymaestro.export`.

        Raises `ClosedFormError` where one has too many; assume more then.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N")
        >>> analysis = pm.analyze_tiles(pm.gemm(), flow, "PEs")
        >>> exact = pm.export.Vectorised(analysis.complete())
        >>> exact(M=[12, 10**20], N=9, K=7, T_M=5, T_N=2, PEs=[2, 3])["steps"].tolist()
        [9, 40000000000000000000]
        """
        found = {}
        for name, form in self.named():
            try:
                found[name] = form.complete()
            except ClosedFormError as error:
                message = f"{name}: {error}"
                raise ClosedFormError(message) from None
        return found

    def runtime(self, hardware: Hardware, *, resident: str | Iterable[str] | None = None) -> TiledRunTime:
        """Give the cycles of a run as a closed form in extents, tiles, units and symbols of the machine.

        `resident` names the tensors that L2 keeps for the whole run: all where it has no limit, else it must
        be said.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(T,T) N; TemporalMap(1,1) K")
        >>> tiled = pm.analyze_tiles(pm.gemm(M=4, N=8), flow, 4)
        >>> cycles = tiled.runtime(pm.Hardware(num_pes=4, noc_bw="B"))
        >>> [cycles.at(K=2, T=tile, B=1) for tile in (1, 2, 4, 8)]
        [85, 64, 60, 64]
        """
        return self.costing.runtime(hardware, resident)

    def energy(self, hardware: Hardware, *, resident: str | Iterable[str] | None = None) -> TiledEnergy:
        """Give the energy of a run as a closed form, in the unit of the energy table; see `runtime`.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(T,T) N; TemporalMap(1,1) K")
        >>> energy = pm.analyze_tiles(pm.gemm(M=4, N=8), flow, 4).energy(pm.Hardware(num_pes=4))
        >>> numbers = pm.analyze(pm.gemm(M=4, N=8), flow.substituted({"T": 2}), 4)
        >>> energy.at(K=2, T=2) == numbers.energy(pm.Hardware(num_pes=4)).at(K=2)
        True
        """
        return self.costing.energy(hardware, resident)

    def roofline(self, hardware: Hardware, *, resident: str | Iterable[str] | None = None) -> TiledRoofline:
        """Give the cycles that no schedule can beat as a closed form; see `runtime`.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(T,T) N; TemporalMap(1,1) K")
        >>> least = pm.analyze_tiles(pm.gemm(M=4, N=8), flow, 4).roofline(pm.Hardware(num_pes=4, noc_bw="B"))
        >>> [least.at(K=2, T=tile, B=1) for tile in (1, 8)]  # A is sent for every tile of N
        [80, 32]
        """
        return self.costing.roofline(hardware, resident)

    def resident_at(self, hardware: Hardware, **point: int) -> frozenset[str]:
        """Give the tensors that L2 keeps for the whole run at a point; see `runtime`."""
        return self.costing.resident_at(hardware, point)

    @cached_property
    def costing(self) -> Costing:
        """What this costs on machines."""
        return Costing(self.mapping, self.cuts, self.groups, self.sets, self.macs, self.boundaries)

    def on(self, hardware: Hardware, **point: int | Fraction) -> LayerReport:
        """Evaluate everything at a point, time and energy too; it has the symbols of the hardware as well.

        Raises `ClosedFormError` outside the region, `HardwareError` for a symbol of the hardware without a
        number.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(T,T) N; TemporalMap(1,1) K")
        >>> tiled = pm.analyze_tiles(pm.gemm(M=4, N=8), flow, 4)
        >>> tiled.on(pm.Hardware(num_pes=4, noc_bw="B"), K=2, T=2, B=1).runtime_cycles
        64
        """
        machine, sizes = settled(hardware, point, self.symbols)
        return self.at(sizes, hardware=machine)

    def table(self, at: Mapping[str, int] | None = None, *, divisible: bool = False) -> str:
        """Give the table of tensor × boundary in the case that a point belongs to.

        With `divisible`, in the case of the next point where tiles and folds divide what they cut.
        """
        return tiled_table(self, self.macs.shown if at is None else at, divisible=divisible)

    def paper(self, at: Mapping[str, int] | None = None) -> Paper:
        """Give the report that a paper prints; `polymaestro.model.paper` writes it in five formats."""
        return tiled_paper(self, at)

    def __str__(self) -> str:
        """Print the table for large extents."""
        return self.table()

    def _repr_html_(self) -> str:
        return page(tiled_tables(self, self.macs.shown))

    def at(
        self, point: Mapping[str, int], name: str = "layer", hardware: Hardware | None = None
    ) -> LayerReport:
        """Evaluate everything at a point; with hardware, time and energy too.

        Raises `ClosedFormError` outside the region.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("TemporalMap(T,T) N; SpatialMap(1,1) M")
        >>> analysis = pm.analyze_tiles(pm.gemm(), flow, num_pes="U")
        >>> analysis.at({"M": 6, "N": 7, "K": 5, "T": 3, "U": 4}).steps == 3 * 2
        True
        """
        values = self.macs.extended(point)
        return LayerReport(
            name,
            self.operator.name,
            {dim.name: dim.extent.evaluate(values) for dim in self.operator.dims},
            macs=self.macs.evaluate(values),
            steps=self.steps.evaluate(values),
            units=prod(units.evaluate(values) for units in self.cuts.units),
            active=self.active_units.evaluate(values),
            boundaries=tuple(
                BoundaryReport(
                    each.parent,
                    each.child,
                    each.depth,
                    each.steps.evaluate(values),
                    {name: tensor.role for name, tensor in each.tensors.items()},
                    {
                        name: {key: form.evaluate(values) for key, form in tensor.forms.items()}
                        for name, tensor in each.tensors.items()
                    },
                )
                for each in self.boundaries
            ),
            notes=self.cuts.notes,
            performance=None if hardware is None else self.costing.at(hardware, point),
        )
