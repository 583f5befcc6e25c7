"""The events that cost energy, and how many there are of each.

    L1   reads  = Σ over inputs of MACs + partial sums read + what goes up;   writes = MACs + what comes down
    else reads  = what the links below take + what goes up;  writes = what they bring + what comes down

A PE reads its partial sum for each MAC but the first since the element came, unless it came as a partial
sum (`loopnest.timing` counts the same step by step).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic

from polymaestro.hardware import EnergyTable, Memory, Value
from polymaestro.hardware.values import exact
from polymaestro.model.links import Accesses, Form, Forms, links_of
from polymaestro.model.machine import Machine
from polymaestro.symbolic.boundaries import FormsOfTensor


@dataclass(frozen=True)
class EnergyPart(Generic[Form]):
    """What one kind of event costs in all: its number times a constant."""

    name: str
    accesses: Accesses[Form]
    each: Value


def energy_parts(
    forms: Forms[Form],
    off_chip: Mapping[str, FormsOfTensor[Form]],
    machine: Machine,
    resident: frozenset[str],
) -> Iterator[EnergyPart[Form]]:
    """Give the events of a dataflow, MACs first, on a machine whose L2 keeps the resident tensors."""
    table = machine.hardware.energy
    links = links_of(forms, off_chip, machine, resident)
    yield EnergyPart("MAC", Accesses(((1, forms.macs),)), table.values["mac"])
    last = len(machine.memories) - 1
    for index, memory in enumerate(machine.memories):
        reads: list[tuple[int, Form]] = []
        writes: list[tuple[int, Form]] = []
        if index:
            writes += links[index - 1].received
            reads += links[index - 1].sent_up
        if index < last:
            reads += links[index].down
            writes += links[index].up
        else:
            reads += _operand_reads(forms, machine)
            writes += _partial_sums(forms, machine)
        read, write = _costs(memory, table)
        yield EnergyPart(f"{memory.name} reads", Accesses(tuple(reads)), read)
        yield EnergyPart(f"{memory.name} writes", Accesses(tuple(writes)), write)
    for depth, link in enumerate(links[1:], 1):
        hops = machine.link(depth).hops
        words = [(hops * weight, form) for weight, form in (*link.down, *link.up)] if hops else []
        name = f"{machine.memories[depth].name} → {machine.memories[depth + 1].name} hops"
        yield EnergyPart(name, Accesses(tuple(words)), table.values["hop"])


def _operand_reads(forms: Forms[Form], machine: Machine) -> Iterator[tuple[int, Form]]:
    for name, tensor in forms.boundaries[-1].tensors.items():
        width = machine.width(name)
        yield width, forms.macs
        if tensor.role == "output" and machine.policies.first_partial_sum_read == "elided":
            yield -width, tensor.forms["drains"]
            yield width, tensor.forms["read_backs"]


def _partial_sums(forms: Forms[Form], machine: Machine) -> Iterator[tuple[int, Form]]:
    """A partial sum is written for each MAC."""
    for name, tensor in forms.boundaries[-1].tensors.items():
        if tensor.role == "output":
            yield machine.width(name), forms.macs


def _costs(memory: Memory, table: EnergyTable) -> tuple[Value, Value]:
    """Give the energy of a read and of a write: the memory's own, else the table's."""
    kind = "cluster" if memory.name.startswith("cluster") else memory.name.lower()
    default = table.values[kind]
    read, write = memory.read_energy, memory.write_energy
    return (
        default if read is None else exact(read, "read_energy"),
        default if write is None else exact(write, "write_energy"),
    )
