"""Reports: the numbers of layers and networks, as the JSON schema ``polymaestro.report/1`` has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polymaestro.model.policies import POLICIES
from polymaestro.symbolic import BoundaryForms, ClosedForms


@dataclass(frozen=True)
class BoundaryReport:
    """The counts of each tensor at one boundary, in elements."""

    parent: str
    child: str
    depth: int
    steps: int
    roles: Mapping[str, str]
    tensors: Mapping[str, Mapping[str, int]]

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


@dataclass(frozen=True)
class LayerReport:
    """The numbers of one layer; an illegal layer has problems and no counts."""

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
        return head | {
            "notes": list(self.notes),
            "macs": self.macs,
            "steps": self.steps,
            "units": self.units,
            "average_active_units": self.average_active_units,
            "utilization": self.utilization,
            "boundaries": [each.to_json() for each in self.boundaries],
        }


@dataclass(frozen=True)
class NetworkReport:
    """The numbers of all layers of a network, and their total."""

    network: str
    hardware: Mapping[str, int]
    layers: tuple[LayerReport, ...]
    policies: Mapping[str, str] = field(default_factory=lambda: POLICIES)

    @property
    def macs(self) -> int:
        """The MACs of all layers that have counts."""
        return sum(layer.macs for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON data, schema ``polymaestro.report/1``."""
        return {
            "schema": "polymaestro.report/1",
            "network": self.network,
            "hardware": dict(self.hardware),
            "policies": dict(self.policies),
            "layers": [layer.to_json() for layer in self.layers],
            "total": {"macs": self.macs},
        }


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
