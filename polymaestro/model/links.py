"""The words on the wires of each boundary as sums of closed forms, under the policies and the residency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from polymaestro.model.machine import Machine
from polymaestro.symbolic.boundaries import Brief, FormsOfBoundary, FormsOfTensor


class Counted(Brief, Protocol):
    """A form over extents, or over tiles too; forms of one analysis share the values of their factors."""

    def evaluate(self, point: Mapping[str, int], values: dict[int, int]) -> int:
        """Evaluate at a point of the region."""

    def check(self, point: Mapping[str, int]) -> None:
        """Refuse a point that is incomplete or outside the region."""


Form = TypeVar("Form", bound=Counted)


class Forms(Protocol[Form]):
    """The forms of an analysis that energy and rooflines are made of."""

    @property
    def macs(self) -> Form:
        """How many MACs are executed."""

    @property
    def boundaries(self) -> tuple[FormsOfBoundary[Form], ...]:
        """All boundaries on the chip, the outermost first."""


@dataclass(frozen=True)
class Accesses(Generic[Form]):
    """Σ weight · form: how often something happens."""

    terms: tuple[tuple[int, Form], ...]

    def evaluate(self, point: Mapping[str, int], values: dict[int, int]) -> int:
        """Add up at a point."""
        return sum(weight * form.evaluate(point, values) for weight, form in self.terms)


Weighted = list[tuple[int, Form]]


@dataclass(frozen=True)
class LinkForms(Generic[Form]):
    """What one boundary sees: words on the wires down and up, received by all children, sent by all."""

    down: Weighted[Form]
    up: Weighted[Form]
    received: Weighted[Form]
    sent_up: Weighted[Form]


def links_of(
    forms: Forms[Form],
    off_chip: Mapping[str, FormsOfTensor[Form]],
    machine: Machine,
    resident: frozenset[str],
) -> list[LinkForms[Form]]:
    """Give every boundary from DRAM → L2 on; L2 keeps the resident tensors."""
    on_chip = (_on_chip(boundary, machine) for boundary in forms.boundaries)
    return [_off_chip(off_chip, machine, resident), *on_chip]


def _off_chip(
    tensors: Mapping[str, FormsOfTensor[Form]], machine: Machine, resident: frozenset[str]
) -> LinkForms[Form]:
    """L2 is one child: what it receives and sends is what crosses."""
    down: Weighted[Form] = []
    up: Weighted[Form] = []
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


def _on_chip(boundary: FormsOfBoundary[Form], machine: Machine) -> LinkForms[Form]:
    link: LinkForms[Form] = LinkForms([], [], [], [])
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
