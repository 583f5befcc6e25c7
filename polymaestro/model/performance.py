"""What a layer costs on a machine: cycles, energy, bandwidth, buffers, and what bounds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from polymaestro.affine import Affine
from polymaestro.model.energy import EnergyParts, energy_by_tensor
from polymaestro.model.events import energy_parts
from polymaestro.model.links import Accesses, Form, Forms, links_of
from polymaestro.model.machine import Machine
from polymaestro.model.measuring import Times
from polymaestro.model.residency import Residency
from polymaestro.model.roofline import Bounded, bounds_of
from polymaestro.showing import Table, Tabled
from polymaestro.symbolic.boundaries import FormsOfTensor


@dataclass(frozen=True)
class LinkReport:
    """One boundary: words across it, cycles of the first and last words, words per cycle of compute."""

    parent: str
    child: str
    ingress_words: int
    egress_words: int
    fill_cycles: int
    drain_cycles: int
    bandwidth_peak: Fraction
    bandwidth_average: Fraction

    def to_json(self) -> dict[str, int | float]:
        """Give the numbers as JSON data."""
        return {
            "ingress_words": self.ingress_words,
            "egress_words": self.egress_words,
            "fill_cycles": self.fill_cycles,
            "drain_cycles": self.drain_cycles,
            "bandwidth_peak": float(self.bandwidth_peak),
            "bandwidth_average": float(self.bandwidth_average),
        }


@dataclass(frozen=True)
class BufferReport:
    """The words that one memory needs, two tiles where it is double-buffered, and those that it has."""

    memory: str
    needed: int
    capacity: int | None

    @property
    def fits(self) -> bool:
        """Whether the memory is large enough."""
        return self.capacity is None or self.needed <= self.capacity


@dataclass(frozen=True, repr=False)
class Performance(Tabled):
    """The cost of one layer; `links` begins with DRAM → L2, `energy` is by event in `energy_unit`.

    `energy_by_tensor` splits `energy`, but for the MACs, among the tensors that are moved.
    `bounds` are the cycles that each resource takes at least; `resident` the tensors that stay in L2.
    """

    runtime_cycles: int
    bounds: Mapping[str, int]
    links: tuple[LinkReport, ...]
    buffers: tuple[BufferReport, ...]
    resident: tuple[str, ...]
    energy: Mapping[str, Fraction]
    energy_unit: str
    clock_mhz: Fraction | None = None
    energy_by_tensor: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)

    def tables(self) -> Iterator[Table]:
        """Give cycles, energy and buffers, then what crosses each boundary."""
        from polymaestro.model.details import cost_tables  # noqa: PLC0415  it reads this type

        yield from cost_tables(self)

    @property
    def roofline_cycles(self) -> int:
        """The cycles that no schedule with this traffic can beat."""
        return max(self.bounds.values())

    @property
    def bound_by(self) -> str:
        """The resource that sets the roofline."""
        return max(self.bounds, key=lambda name: self.bounds[name])

    @property
    def total_energy(self) -> Fraction:
        """All energy."""
        return sum(self.energy.values(), Fraction(0))

    @property
    def seconds(self) -> Fraction | None:
        """The run time in seconds, where the machine has a clock."""
        return None if self.clock_mhz is None else Fraction(self.runtime_cycles) / (self.clock_mhz * 10**6)

    @property
    def problems(self) -> tuple[str, ...]:
        """Which memories are too small."""
        return tuple(
            f"{each.memory} needs {each.needed} words and has {each.capacity}"
            for each in self.buffers
            if not each.fits
        )

    def to_json(self) -> dict[str, Any]:
        """Give the numbers of the layer as JSON data."""
        key = "energy_pj" if self.energy_unit == "pJ" else "energy"
        data: dict[str, Any] = {
            "runtime_cycles": self.runtime_cycles,
            "roofline_cycles": self.roofline_cycles,
            "bound_by": self.bound_by,
            "bounds": dict(self.bounds),
            key: float(self.total_energy),
            "energy_unit": self.energy_unit,
            "energy_parts": {name: float(value) for name, value in self.energy.items()},
            "buffers": {
                each.memory: {"needed_words": each.needed, "capacity_words": each.capacity}
                for each in self.buffers
            },
            "off_chip": {"resident": list(self.resident), **self.links[0].to_json()},
            "warnings": list(self.problems),
        }
        if self.seconds is not None:
            data["seconds"] = float(self.seconds)
        return data


def performance_of(  # noqa: PLR0913, PLR0917  each is one part of the result
    forms: Forms[Form],
    machine: Machine,
    times: Times,
    residency: Residency,
    off_chip: Mapping[str, FormsOfTensor[Form]],
    units: tuple[Affine, ...],
    point: Mapping[str, int],
) -> Performance:
    """Put together what was derived at a point; `units` are those of each level."""
    links = links_of(forms, off_chip, machine, residency.resident)
    table = machine.hardware.energy
    energy = EnergyParts(tuple(energy_parts(forms, off_chip, machine, residency.resident)), table.unit)
    names = [memory.name for memory in machine.memories]
    values: dict[int, int] = {}
    words = [
        (Accesses(tuple(e.down)).evaluate(point, values), Accesses(tuple(e.up)).evaluate(point, values))
        for e in links
    ]
    reports = tuple(
        LinkReport(
            names[depth], names[depth + 1], *crossing, times.fills[depth], times.drains[depth],
            *times.bandwidth[depth],
        )
        for depth, crossing in enumerate(words)
    )  # fmt: skip
    return Performance(
        times.runtime,
        Bounded(tuple(bounds_of(forms.macs, links, machine, units)), forms.macs).by_resource_at(point),
        reports,
        tuple(_buffers(forms, machine, residency, point)),
        tuple(sorted(residency.resident)),
        energy.by_part(point),
        energy.unit,
        machine.hardware.megahertz,
        {
            name: each.by_part(point)
            for name, each in energy_by_tensor(forms, off_chip, machine, residency.resident).items()
        },
    )


def _buffers(
    forms: Forms[Form], machine: Machine, residency: Residency, point: Mapping[str, int]
) -> Iterator[BufferReport]:
    yield BufferReport("L2", residency.needed, machine.memories[1].capacity)
    needs = tiles_needed(forms, machine, point)
    for memory, needed in zip(machine.memories[2:], needs, strict=True):
        yield BufferReport(memory.name, needed, memory.capacity)


def tiles_needed(forms: Forms[Form], machine: Machine, point: Mapping[str, int]) -> list[int]:
    """Give the words that each memory below L2 needs: its tiles, twice where it is double-buffered."""
    needs = []
    for boundary in forms.boundaries:
        tiles = sum(
            machine.width(name) * tensor.forms["occupancy"].evaluate(point, {})
            for name, tensor in boundary.tensors.items()
        )
        needs.append((1 if machine.is_serial(boundary.depth) else 2) * tiles)
    return needs
