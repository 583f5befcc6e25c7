"""The result of an analysis: every intermediate of the pipeline, and the table of formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from polymaestro.counting import Counts
from polymaestro.counting.classes import StepClasses, classify
from polymaestro.counting.off_chip import OffChipCounts, count_off_chip
from polymaestro.counting.sizes import Sizer
from polymaestro.dataflow import Dataflow
from polymaestro.errors import (
    ClosedFormError,
    CountingUnavailableError,
)
from polymaestro.hardware import Hardware
from polymaestro.loopnest import LoopNest
from polymaestro.model import paper
from polymaestro.model.bounds import Bounds
from polymaestro.model.certified import Certified
from polymaestro.model.energy import Energy, energy_of
from polymaestro.model.links import links_of
from polymaestro.model.machine import Machine, check_apart, settled
from polymaestro.model.measuring import Times, times_by_classes, times_by_running
from polymaestro.model.paper import Paper, paper_of
from polymaestro.model.performance import Performance, performance_of
from polymaestro.model.report import LayerReport, report_layer
from polymaestro.model.residency import residency_of, staying, undecided
from polymaestro.model.reuse import Ratio, Reuse, reuse_of
from polymaestro.model.roofline import Roofline, roofline_of
from polymaestro.model.runtime import RunTime
from polymaestro.model.table import formula_table
from polymaestro.movement import Movement
from polymaestro.policies import Policies
from polymaestro.relations import Relations
from polymaestro.showing import Shown
from polymaestro.symbolic import BoundaryForms, ClosedForm, ClosedForms, TensorForms
from polymaestro.symbolic.closing import close_off_chip
from polymaestro.workload import Operator


@dataclass(frozen=True, repr=False)
class Analysis(Shown):
    """What a dataflow costs on an operator, as formulas; each stage of the pipeline is kept.

    ``analysis["L2"]["I"].parent_reads`` is a `ClosedForm`; printing the analysis gives the table.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N")
    >>> analysis = pm.analyze(pm.gemm(), flow, num_pes=4)
    >>> print(analysis["L2"]["B"].parent_reads)
    K·N·⌈M/4⌉  if N ≥ 2
    K  if N = 1
    >>> sizes = {"M": 6, "N": 5, "K": 3}
    >>> seen = pm.interpret(pm.gemm(), flow, 4, sizes).boundaries[0].tensors["B"]
    >>> analysis["L2"]["B"].parent_reads.at(**sizes) == seen["parent_reads"] == 30
    True
    """

    operator: Operator
    dataflow: Dataflow
    loop_nest: LoopNest
    relations: Relations
    movement: Movement
    counts: Counts
    forms: ClosedForms

    def __getitem__(self, memory: str) -> BoundaryForms:
        """Give the boundary below a memory: ``L2``, ``cluster1`` and so on."""
        return self.forms[memory]

    @property
    def boundaries(self) -> tuple[BoundaryForms, ...]:
        """All boundaries, the outermost first."""
        return self.forms.boundaries

    @property
    def macs(self) -> ClosedForm:
        """How many MACs are executed."""
        return self.forms.macs

    @property
    def steps(self) -> ClosedForm:
        """At how many time steps some PE is active."""
        return self.forms.steps

    @property
    def active_units(self) -> ClosedForm:
        """The active PEs, summed over the steps."""
        return self.forms.active

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters of the formulas."""
        return self.forms.macs.symbols

    def assuming(self, *assumptions: str) -> Analysis:
        """Give the analysis with all formulas on the smaller region where conditions hold.

        The formulas are simplified by the conditions; what comes before them in the pipeline stays.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.conv2d(), pm.dataflows.kc_p(), num_pes=256)
        >>> print(a.assuming("K % 4 == 0", "Q > S")["L2"]["I"].parent_reads)
        C·K·N·P·R·(Q + S - 1)/4
        """
        return replace(self, forms=self.forms.assuming(*assumptions))

    def divisible(self, *assumptions: str) -> Analysis:
        """Give the analysis where every tile divides its extent and no fold is partial.

        Raises as `ClosedForm.assuming` does.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4)
        >>> print(a.steps, a.divisible().steps, sep="; ")
        ⌈M/4⌉; M/4
        """
        return replace(self, forms=self.forms.divisible(*assumptions))

    def reuse(self, memory: str, tensor: str) -> Reuse:
        """Give the reuse factors of a tensor at the boundary below a memory.

        Raises `ClosedFormError` for an unknown memory or tensor.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
        >>> print(a.reuse("L2", "A"))
        reuse            factor
        inside the tile  1
        over time        N
        in space         1
        """
        return reuse_of(self.macs, self[memory][tensor])

    @property
    def policies(self) -> Policies:
        """What the numbers assume."""
        return self.movement.policies

    def runtime(self, hardware: Hardware, *, resident: str | Iterable[str] | None = None) -> RunTime:
        """Give the cycles of a run as a closed form in the extents and the symbols of the machine.

        `resident` names the tensors that L2 keeps for the whole run: all where it has no limit. With a
        limit and symbolic extents, what L2 keeps depends on these, so then it must be said.

        Raises `CountingUnavailableError` when the steps have no finite number of classes; `HardwareError` for
        memories that the dataflow does not have, and where `resident` must be said.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4)
        >>> machine = pm.Hardware(num_pes=4)
        >>> a.runtime(machine).at(M=8, N=2, K=3) == a.on(machine, M=8, N=2, K=3).runtime_cycles == 2 * 2 * 3
        True
        """
        machine = self.machine(hardware)
        classes = self.classes(machine)
        if classes.entangled:
            message = f"the run time has no closed form here, because {classes.entangled}"
            raise CountingUnavailableError(message)
        return RunTime(classes, machine, self._staying(machine, resident), self.macs)

    def energy(self, hardware: Hardware, *, resident: str | Iterable[str] | None = None) -> Energy:
        """Give the energy of a run as a closed form, in the unit of the energy table; see `runtime`.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
        >>> print(a.energy(pm.Hardware(num_pes=4)))
        (28·K·M·N + 50·K·N·⌈M/4⌉ + 755·K·M + 700·K·N + 750·M·N)/2 pJ  if M ≥ 5, N ≥ 2
        """
        machine = self.machine(hardware)
        energy = energy_of(self.forms, self.off_chip[1], machine, self._staying(machine, resident))
        check_apart(energy.constants, self.symbols, "an extent")
        return energy

    def roofline(self, hardware: Hardware, *, resident: str | Iterable[str] | None = None) -> Roofline:
        """Give the cycles that no schedule can beat as a closed form; see `runtime`.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
        >>> print(a.roofline(pm.Hardware(num_pes=4, noc_bw=2)))
        max(⌈K·M·N/4⌉, ⌈K·(N·⌈M/4⌉ + M)/2⌉, ⌈M·N/2⌉)  if M ≥ 5, N ≥ 2
        """
        machine = self.machine(hardware)
        links = links_of(self.forms, self.off_chip[1], machine, self._staying(machine, resident))
        return roofline_of(self.forms, links, machine)

    @property
    def utilization(self) -> Ratio:
        """Active PEs per step and PE, as the quotient of two closed forms.

        Raises `ClosedFormError` where nothing is executed.
        """
        units = self.loop_nest.units
        if not all(each.count.is_constant for each in units):
            message = "the number of PEs has a symbol; divide active_units by steps and PEs at a point"
            raise ClosedFormError(message)
        pes = self.loop_nest.pes_at({})
        terms = tuple(replace(each, sign=each.sign * pes) for each in self.steps.products)
        return Ratio(self.active_units, replace(self.steps, products=terms))

    def machine(self, hardware: Hardware) -> Machine:
        """Give the hardware as this dataflow sees it."""
        machine = Machine.of(hardware, self.loop_nest.depth, self.policies)
        if hardware.num_pes not in self.symbols:
            _ = hardware.pes  # refuses a symbol that the analysis does not have
        check_apart(machine.symbols, self.symbols, "an extent")
        return machine

    def classes(self, machine: Machine) -> StepClasses:
        """Give the step classes under the policies of each boundary, derived once."""
        policies = tuple(machine.policies_at(depth) for depth in range(self.loop_nest.depth + 1))
        if policies not in self._known_classes:
            self._known_classes[policies] = classify(self.relations, policies, self._sizer)
        return self._known_classes[policies]

    @cached_property
    def _known_classes(self) -> dict[tuple[Policies, ...], StepClasses]:
        return {}

    @cached_property
    def _sizer(self) -> Sizer:
        return Sizer(self.counts.counter)

    @cached_property
    def off_chip(self) -> tuple[OffChipCounts, Mapping[str, TensorForms]]:
        """What crosses between DRAM and L2, counted and as closed forms."""
        first_reads = self.policies.first_partial_sum_read
        counts = count_off_chip(self.relations, first_reads, self._sizer)
        return counts, close_off_chip(counts, self.relations)

    def resident_at(self, hardware: Hardware, **extents: int) -> frozenset[str]:
        """Give the tensors that L2 keeps for the whole run at a point; see `runtime`.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
        >>> sorted(a.resident_at(pm.Hardware(num_pes=4, l2_size=60), M=80, N=2, K=3))
        ['B']
        """
        machine = self.machine(hardware)
        return residency_of(*self.off_chip, machine, self.macs.checked(extents)).resident

    def _staying(self, machine: Machine, resident: str | Iterable[str] | None) -> frozenset[str]:
        chosen = staying(self.operator, machine, resident)
        if chosen is not None:
            return chosen
        if not self.symbols:
            return residency_of(*self.off_chip, machine, {}).resident
        raise undecided(self.operator, machine)

    @cached_property
    def bounds(self) -> Bounds:
        """Lower bounds on the traffic of each boundary: ``analysis.bounds["L2"]``."""
        return Bounds(self.forms)

    def on(self, hardware: Hardware, **point: int | Fraction) -> LayerReport:
        """Evaluate everything at a point, for the array that the analysis was made for.

        The point also has the symbols of the hardware. Raises `ClosedFormError` outside the region, and when
        the hardware has another number of PEs, of which the clusters of the dataflow would fill more or
        fewer; `HardwareError` for a symbol of it that has no number.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4)
        >>> report = a.on(pm.Hardware(num_pes=4, noc_bw="B"), M=8, N=2, K=3, B=16)
        >>> report.macs, report.runtime_cycles  # fill 2, two steps of 6, drain 1
        (48, 15)
        """
        hardware, extents = settled(hardware, point, self.symbols)
        checked = self.macs.checked(extents)
        units, filled = self.loop_nest.pes_at(checked), self.loop_nest.filled(checked, hardware.pes)
        if units != filled:
            message = (
                f"the analysis uses {units} PEs, and its dataflow would use {filled} of the {hardware.pes} "
                f"that the hardware has; analyze again"
            )
            raise ClosedFormError(message)
        return self.at(extents, hardware=hardware)

    def at(
        self, extents: Mapping[str, int], name: str = "layer", hardware: Hardware | None = None
    ) -> LayerReport:
        """Evaluate everything at a point; with hardware, time and energy too.

        Raises `ClosedFormError` outside the region, and as `cost` does.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
        >>> a.at({"M": 8, "N": 2, "K": 3}).boundaries[0].tensors["B"]["parent_reads"] == 2 * (2 * 3)
        True
        """
        point = self.macs.checked(extents)
        report = report_layer(name, self.forms, point)
        return report if hardware is None else replace(report, performance=self.cost(hardware, point))

    def cost(self, hardware: Hardware, extents: Mapping[str, int]) -> Performance:
        """Give time, energy, bandwidth and buffers at a point, on hardware whose constants are numbers.

        Raises `CountingUnavailableError` when the steps have no finite number of classes and are too many
        to be run one by one.
        """
        machine = self.machine(hardware)
        counts, off_chip = self.off_chip
        residency = residency_of(counts, off_chip, machine, extents)
        times = self._times(machine, residency.resident, extents)
        units = tuple(each.count for each in self.loop_nest.units)
        return performance_of(self.forms, machine, times, residency, off_chip, units, extents)

    def _times(self, machine: Machine, resident: frozenset[str], extents: Mapping[str, int]) -> Times:
        try:
            classes = self.classes(machine)
            why = classes.entangled
        except CountingUnavailableError as error:
            why = str(error)
        if not why:
            return times_by_classes(classes, machine, resident, extents)
        # The hardware may have more PEs than the array that the analysis was made for.
        array = replace(machine.hardware, num_pes=self.loop_nest.pes_at(extents))
        machine = replace(machine, hardware=array)
        return times_by_running(
            self.operator, self.dataflow, self.macs.evaluate(extents, {}), machine, extents, why
        )

    def certify(self, samples: int = 8) -> Certified:
        """Find out how each formula is known: proved for all extents, or compared at some.

        A formula is *proved* when the sets in it make up what its quantity is defined to be, from the loop
        nest on, and each has its points counted right for all parameters by the finite Ehrhart check; a peak
        when it is the largest tile. It is *sampled* when the interpreter gave the same number at `samples`
        small points, else only *derived*. Raises nothing for what cannot be proved; the word says it.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.gemm(K=1), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4)
        >>> a.certify(samples=2)["L2.B.fills"].word
        'proved'
        """
        from polymaestro.proving.certifying import standings  # noqa: PLC0415  only who asks pays for it

        return Certified(self.table(), standings(self.forms, self.dataflow, samples))

    def table(self, at: Mapping[str, int] | None = None) -> str:
        """Give the table of tensor × boundary in the case that a point belongs to.

        Without a point, the case of large extents and 3-tap filters.
        """
        return formula_table(self.operator, self.dataflow, self.loop_nest, self.forms, at)

    def paper(self, at: Mapping[str, int] | None = None) -> Paper:
        """Give the report that a paper prints; `polymaestro.model.paper` writes it in five formats."""
        return paper_of(self.operator, self.dataflow, self.loop_nest, self.forms, at)

    def __str__(self) -> str:
        """Print the table."""
        return self.table()

    def _repr_html_(self) -> str:
        return paper.html(self.paper())
