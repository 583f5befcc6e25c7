"""What a mapping with symbols costs on a machine: run time, energy and roofline as forms, and at a point."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Point
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import Mapping
from polymaestro.errors import ClosedFormError, CountingUnavailableError, HardwareError, LoweringError
from polymaestro.hardware import Hardware
from polymaestro.model.clock import Clock
from polymaestro.model.events import energy_parts
from polymaestro.model.integers import Integers
from polymaestro.model.links import links_of
from polymaestro.model.machine import Machine, check_apart
from polymaestro.model.measuring import times_of
from polymaestro.model.performance import Performance, performance_of
from polymaestro.model.residency import Residency, residency_of, staying, undecided
from polymaestro.model.roofline import bounds_of
from polymaestro.policies import Policies
from polymaestro.symbolic.boundaries import FormsOfBoundary
from polymaestro.tiling.chains import Chain
from polymaestro.tiling.chambers import TiledClasses
from polymaestro.tiling.costs import TiledEnergy, TiledRoofline
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.levels import Cuts
from polymaestro.tiling.off_chip import OffChip, off_chip_of
from polymaestro.tiling.schedule import Schedule
from polymaestro.tiling.sets import SetAxes
from polymaestro.tiling.timing import TiledRunTime
from polymaestro.workload import Operator

Groups = tuple[tuple[Chain, ...], ...]
Classified = tuple[tuple[Policies, ...], frozenset[str] | None]


@dataclass(frozen=True)
class Costing:
    """The loops of a mapping and the forms of what they count; what is derived for a machine is kept."""

    mapping: Mapping
    cuts: Cuts
    groups: Groups
    sets: tuple[SetAxes, ...]
    macs: TiledForm
    boundaries: tuple[FormsOfBoundary[TiledForm], ...]
    _classes: dict[Classified, TiledClasses] = field(default_factory=dict)

    def machine(self, hardware: Hardware) -> Machine:
        """Give the hardware as this mapping sees it."""
        machine = Machine.of(hardware, self.cuts.depth, Policies())
        if isinstance(hardware.num_pes, str) and hardware.num_pes not in self.macs.symbols:
            message = f"num_pes is the symbol {hardware.num_pes!r}, which the mapping does not have"
            raise HardwareError(message)
        check_apart(machine.symbols, self._sizes, "a size")
        return machine

    @property
    def _sizes(self) -> tuple[str, ...]:
        """All names that formulas have for sizes and numbers of tiles."""
        return (*self.macs.symbols, *(tie.name for tie in self.macs.ties.ties))

    def _staying(self, machine: Machine, resident: str | Iterable[str] | None) -> frozenset[str]:
        found = staying(self.cuts.operator, machine, resident)
        if found is None:
            raise undecided(self.cuts.operator, machine)
        return found

    # --- Forms ---

    def runtime(self, hardware: Hardware, resident: str | Iterable[str] | None) -> TiledRunTime:
        """Give the cycles of a run."""
        machine = self.machine(hardware)
        chosen = self._staying(machine, resident)
        is_free = machine.link(0).words_per_cycle is None and machine.latency(0) == 0
        classes = self._classified(machine, None if is_free else chosen)
        return TiledRunTime(classes, machine, chosen, self.macs, self.cuts)

    def energy(self, hardware: Hardware, resident: str | Iterable[str] | None) -> TiledEnergy:
        """Give the energy of a run."""
        machine = self.machine(hardware)
        parts = energy_parts(self, self.off_chip.tensors, machine, self._staying(machine, resident))
        energy = TiledEnergy(tuple(parts), hardware.energy.unit, self.macs, self.cuts)
        check_apart(energy.constants, self._sizes, "a size")
        return energy

    def roofline(self, hardware: Hardware, resident: str | Iterable[str] | None) -> TiledRoofline:
        """Give the cycles that no schedule can beat."""
        machine = self.machine(hardware)
        links = links_of(self, self.off_chip.tensors, machine, self._staying(machine, resident))
        bounds = tuple(bounds_of(self.macs, links, machine, self.cuts.units))
        return TiledRoofline(bounds, self.macs, self.cuts)

    @cached_property
    def off_chip(self) -> OffChip:
        """What crosses between DRAM and L2."""
        return off_chip_of(
            self.groups,
            self.sets,
            self.cuts.operator.tensors,
            self.macs.ties,
            lambda total: replace(self.macs, products=total),
        )

    def _classified(self, machine: Machine, resident: frozenset[str] | None) -> TiledClasses:
        policies = tuple(machine.policies_at(depth) for depth in range(self.cuts.depth + 1))
        key = (policies, resident)
        if key not in self._classes:
            groups, sets = self._timed
            loops = [cut for chains in groups for chain in chains for cut in chain.cuts]
            loops += [cut for each in sets for cut in each.cuts]
            cuts = replace(self.cuts, cuts=tuple(sorted(loops, key=lambda cut: cut.position)))
            self._classes[key] = TiledClasses.of(Schedule(cuts, *key), groups, sets)
        return self._classes[key]

    @cached_property
    def _timed(self) -> tuple[Groups, tuple[SetAxes, ...]]:
        """The groups as their steps are sorted: as sets too where tiles share partial sums.

        These come back at some steps of a kind and not at others. Raises `CountingUnavailableError`
        where such dimensions have symbols.
        """
        shared = {
            dims: index
            for index in self.cuts.operator.output.access
            if len(index.terms) > 1
            for dims in (tuple(chain.dim for chain in chains) for chains in self.groups)
            if {dim.lower() for dim in dims} & index.names()
        }
        try:
            sets = [
                SetAxes.of(self.mapping, dims, self.macs.ties, _overlapping(self.cuts.operator, index))
                for dims, index in shared.items()
            ]
        except LoweringError as error:
            raise CountingUnavailableError(str(error)) from None
        kept = (g for g in self.groups if tuple(chain.dim for chain in g) not in shared)
        return tuple(kept), (*self.sets, *sets)

    # --- Numbers ---

    def resident_at(self, hardware: Hardware, point: Point[str, int]) -> frozenset[str]:
        """Give the tensors that L2 keeps for the whole run at a point."""
        values = self.macs.ties.complete(self.macs.extended(point))
        return self._residency(self.machine(hardware), values).resident

    def _residency(self, machine: Machine, values: Point[str, int]) -> Residency:
        return residency_of(self.off_chip.counts_at(values), self.off_chip.tensors, machine, values)

    def at(self, hardware: Hardware, point: Point[str, int]) -> Performance:
        """Give time, energy, bandwidth and buffers at a point, on hardware whose constants are numbers."""
        machine = self.machine(hardware)
        values = self.macs.ties.complete(self.macs.extended(point))
        if isinstance(hardware.num_pes, str):
            numbers = replace(hardware, num_pes=values[hardware.num_pes])
            machine = replace(machine, hardware=numbers)
        units = prod(each.evaluate(values) for each in self.cuts.units)
        if units > machine.hardware.pes:
            message = f"the mapping uses {units} PEs there, and the hardware has {machine.hardware.pes}"
            raise ClosedFormError(message)
        tensors = self.off_chip.tensors
        residency = self._residency(machine, values)
        classes = self._classified(machine, residency.resident)
        levels = classes.levels(values, lambda each: int(each.evaluate(values)))
        times = times_of(Clock(levels, machine, residency.resident, Integers(machine, values)))
        return performance_of(self, machine, times, residency, tensors, self.cuts.units, values)


def _overlapping(operator: Operator, index: Affine) -> str:
    """Say why the steps of a group are not sorted tile by tile."""
    return (
        f"index {index} of the output {operator.output.name} joins dimensions, so that its tiles overlap, "
        f"which a run time with symbols in the mapping cannot follow"
    )
