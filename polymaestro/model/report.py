"""Reports: the numbers of layers and networks, as the JSON schema ``polymaestro.report/1`` has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from polymaestro.errors import ClosedFormError, did_you_mean
from polymaestro.hardware import Hardware
from polymaestro.model.performance import Performance
from polymaestro.policies import Policies
from polymaestro.showing import Table, Tabled
from polymaestro.symbolic import BoundaryForms, ClosedForms


@dataclass(frozen=True, repr=False)
class BoundaryReport(Tabled):
    """The counts of each tensor at one boundary, in elements."""

    parent: str
    child: str
    depth: int
    steps: int
    roles: Mapping[str, str]
    tensors: Mapping[str, Mapping[str, int]]

    def tables(self) -> Iterator[Table]:
        """Give each quantity by tensor."""
        from polymaestro.model.details import boundary_table  # noqa: PLC0415  it reads this type

        yield boundary_table(self)

    def to_json(self) -> dict[str, Any]:
        """Give the boundary as JSON data."""
        tensors = {name: {"role": self.roles[name], **counts} for name, counts in self.tensors.items()}
        return {
            "parent": self.parent,
            "child": self.child,
            "depth": self.depth,
            "steps": self.steps,
            "tensors": tensors,
        }


@dataclass(frozen=True, repr=False)
class LayerReport(Tabled):
    """The numbers of one layer; an illegal layer has problems and no counts.

    `performance` is there where a machine was given and its times could be derived; if not, `notes` say why.
    """

    name: str
    operator: str
    extents: Mapping[str, int]
    problems: tuple[str, ...] = ()
    macs: int = 0
    steps: int = 0
    units: int = 0
    active: int = 0
    boundaries: tuple[BoundaryReport, ...] = ()
    notes: tuple[str, ...] = ()
    performance: Performance | None = None

    def tables(self) -> Iterator[Table]:
        """Give the totals, the costs, and every quantity at every boundary."""
        from polymaestro.model.details import layer_tables  # noqa: PLC0415  it reads this type

        yield from layer_tables(self)

    @property
    def legal(self) -> bool:
        """Whether every MAC is executed exactly once."""
        return not self.problems

    @property
    def average_active_units(self) -> float:
        """Active PEs per step."""
        return self.active / self.steps if self.steps else 0.0

    @property
    def utilization(self) -> float:
        """Active PEs per step and PE of the array."""
        return self.average_active_units / self.units if self.units else 0.0

    @property
    def cost(self) -> Performance:
        """Time and energy; raises `ClosedFormError` where there is none."""
        if self.performance is None:
            reason = "; ".join((*self.problems, *self.notes)) or "evaluate the analysis on(hardware)"
            message = f"layer {self.name} has no run time: {reason}"
            raise ClosedFormError(message)
        return self.performance

    @property
    def runtime_cycles(self) -> int:
        """The cycles from the first word in to the last word out."""
        return self.cost.runtime_cycles

    @property
    def roofline_cycles(self) -> int:
        """The cycles that no schedule with this traffic can beat."""
        return self.cost.roofline_cycles

    @property
    def energy_pj(self) -> Fraction:
        """The energy in pJ; raises `ClosedFormError` where the table has another unit."""
        if self.cost.energy_unit != "pJ":
            message = f"the energy table is in units of a {self.cost.energy_unit}, not in pJ; see cost"
            raise ClosedFormError(message)
        return self.cost.total_energy

    def to_json(self) -> dict[str, Any]:
        """Give the layer as JSON data."""
        head = {
            "name": self.name,
            "operator": self.operator,
            "extents": dict(self.extents),
            "legal": self.legal,
            "problems": list(self.problems),
        }
        if not self.boundaries:
            return head
        times = self.performance
        links = times.links[1:] if times else ()
        boundaries = [each.to_json() for each in self.boundaries]
        for boundary, link in zip(boundaries, links, strict=False):
            boundary.update(link.to_json())
        return head | {
            "notes": list(self.notes),
            "macs": self.macs,
            "steps": self.steps,
            "units": self.units,
            "average_active_units": self.average_active_units,
            "utilization": self.utilization,
            **(times.to_json() if times else {}),
            "boundaries": boundaries,
        }


@dataclass(frozen=True, repr=False)
class NetworkReport(Tabled):
    """The numbers of all layers of a network, and their total."""

    network: str
    hardware: Hardware
    layers: tuple[LayerReport, ...]
    policies: Policies

    def tables(self) -> Iterator[Table | str]:
        """Give one line a layer: its traffic, then its costs where the machine has more than PEs."""
        from polymaestro.model.overview import costs, overview  # noqa: PLC0415  it reads this type

        yield overview(self)
        if self.hardware != Hardware(self.hardware.num_pes):
            yield costs(self)
        yield f"policies: {self.policies}"

    def __getitem__(self, name: str) -> LayerReport:
        """Give a layer by its name, the first of several; raises `ClosedFormError` for an unknown one."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        message = f"the report has no layer {name!r}{did_you_mean(name, names)}"
        raise ClosedFormError(message)

    @property
    def macs(self) -> int:
        """The MACs of all layers that have counts."""
        return sum(layer.macs for layer in self.layers)

    @property
    def timed(self) -> bool:
        """Whether every layer has a run time, so that there is one in total."""
        return bool(self.layers) and all(layer.performance for layer in self.layers)

    @property
    def runtime_cycles(self) -> int:
        """The cycles of all layers that have a run time, one after the other."""
        return sum(layer.performance.runtime_cycles for layer in self.layers if layer.performance)

    @property
    def energy(self) -> Fraction:
        """The energy of all layers that have one."""
        parts = (layer.performance.total_energy for layer in self.layers if layer.performance)
        return sum(parts, Fraction(0))

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON data, schema ``polymaestro.report/1``."""
        return {
            "schema": "polymaestro.report/1",
            "network": self.network,
            "hardware": self.hardware.to_json(),
            "policies": self.policies.to_json(),
            "layers": [layer.to_json() for layer in self.layers],
            "total": {"macs": self.macs, **self._costs()},
        }

    def _costs(self) -> dict[str, int | float]:
        if not self.timed:
            return {}
        key = "energy_pj" if self.hardware.energy.unit == "pJ" else "energy"
        return {"runtime_cycles": self.runtime_cycles, key: float(self.energy)}


def report_layer(name: str, forms: ClosedForms, point: Mapping[str, int]) -> LayerReport:
    """Evaluate every formula at a point."""
    values: dict[int, int] = {}
    relations = forms.counts.movement.relations
    nest = relations.nest
    return LayerReport(
        name,
        nest.operator.name,
        {dim.name: dim.extent.evaluate(point) for dim in nest.operator.dims},
        problems=relations.problems,
        macs=forms.macs.evaluate(point, values),
        steps=forms.steps.evaluate(point, values),
        units=nest.pes_at(point),
        active=forms.active.evaluate(point, values),
        boundaries=tuple(_boundary(each, point, values) for each in forms.boundaries),
        notes=nest.notes,
    )


def _boundary(forms: BoundaryForms, point: Mapping[str, int], values: dict[int, int]) -> BoundaryReport:
    return BoundaryReport(
        forms.parent,
        forms.child,
        forms.depth,
        forms.steps.evaluate(point, values),
        {name: tensor.role for name, tensor in forms.tensors.items()},
        {
            name: {key: form.evaluate(point, values) for key, form in tensor.forms.items()}
            for name, tensor in forms.tensors.items()
        },
    )
