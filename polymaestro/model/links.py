"""The words on the wires of each boundary as sums of closed forms, under the policies and the residency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polymaestro.model.machine import Machine
from polymaestro.symbolic import BoundaryForms, ClosedForm, ClosedForms, TensorForms


@dataclass(frozen=True)
class Accesses:
    """Σ weight · form: how often something happens."""

    terms: tuple[tuple[int, ClosedForm], ...]

    def evaluate(self, point: Mapping[str, int], values: dict[int, int]) -> int:
        """Add up at a point."""
        return sum(weight * form.evaluate(point, values) for weight, form in self.terms)


Weighted = list[tuple[int, ClosedForm]]


@dataclass(frozen=True)
class LinkForms:
    """What one boundary sees: words on the wires down and up, received by all children, sent by all."""

    down: Weighted
    up: Weighted
    received: Weighted
    sent_up: Weighted


def links_of(
    forms: ClosedForms, off_chip: Mapping[str, TensorForms], machine: Machine, resident: frozenset[str]
) -> list[LinkForms]:
    """Give every boundary from DRAM → L2 on; L2 keeps the resident tensors."""
    on_chip = (_on_chip(boundary, machine) for boundary in forms.boundaries)
    return [_off_chip(off_chip, machine, resident), *on_chip]


def _off_chip(tensors: Mapping[str, TensorForms], machine: Machine, resident: frozenset[str]) -> LinkForms:
    """L2 is one child: what it receives and sends is what crosses."""
    down: Weighted = []
    up: Weighted = []
    counted = machine.policies.first_partial_sum_read == "counted"
    for name, tensor in tensors.items():
        width, is_input = machine.width(name), tensor.role == "input"
        if name not in resident:
            down.append((width, tensor.forms["streamed_in"]))
            up.append((width, tensor.forms["streamed_out"]))
            continue
        if is_input or counted:
            down.append((width, tensor.forms["elements"]))
        if not is_input:
            up.append((width, tensor.forms["elements"]))
    return LinkForms(down, up, down, up)


def _on_chip(boundary: BoundaryForms, machine: Machine) -> LinkForms:
    link = LinkForms([], [], [], [])
    for name, tensor in boundary.tensors.items():
        width, forms = machine.width(name), tensor.forms
        reads, updates = _crossing_names(machine, boundary.depth)
        if tensor.role == "input":
            link.down.append((width, forms[reads]))
            link.received.append((width, forms["fills"]))
        else:
            link.down.append((width, forms["read_backs"]))
            link.received.append((width, forms["read_backs"]))
            link.up.append((width, forms[updates]))
            link.sent_up.append((width, forms["drains"]))
    return link


def _crossing_names(machine: Machine, depth: int) -> tuple[str, str]:
    """Name the counts that cross a boundary: of inputs, and of outputs on their way up."""
    policies = machine.policies_at(depth)
    return (
        "fills" if policies.sharing == "unicast" else "parent_reads",
        "drains" if policies.reduction == "none" else "parent_updates",
    )
