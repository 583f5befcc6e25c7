"""A machine as one dataflow sees it: the memories from DRAM down, and the policies at each boundary."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from polymaestro.errors import HardwareError
from polymaestro.hardware import Hardware, Link, Memory, Value
from polymaestro.hardware.machine import check_machine
from polymaestro.hardware.values import exact
from polymaestro.movement.tracing import memory_names
from polymaestro.policies import Policies
from polymaestro.symbolic.points import whole


@dataclass(frozen=True)
class Machine:
    """Boundary `depth` lies between ``memories[depth]`` and ``memories[depth + 1]``; 0 is DRAM → L2."""

    hardware: Hardware
    memories: tuple[Memory, ...]
    policies: Policies

    @staticmethod
    def of(hardware: Hardware, depth: int, policies: Policies) -> Machine:
        """Give the machine for a dataflow of so many levels; refuses memories that it does not have."""
        check_machine(hardware)
        names = ("DRAM", *memory_names(depth))
        hardware.check_names(names)
        return Machine(hardware, tuple(hardware.memory(name) for name in names), policies)

    def link(self, depth: int) -> Link:
        """Give the link of a boundary."""
        return self.memories[depth].link

    def latency(self, depth: int) -> Value:
        """Give the cycles that each transfer takes before its first word."""
        link = self.link(depth)
        per_hop = exact(link.hop_latency, "hop_latency")
        if isinstance(per_hop, str):
            if link.hops > 1:
                message = f"hop_latency is the symbol {per_hop!r} of {link.hops} hops; give the link one hop"
                raise HardwareError(message)
            return per_hop if link.hops else exact(0, "hop_latency")
        return per_hop * link.hops

    def is_serial(self, depth: int) -> bool:
        """Whether transfers across a boundary do not overlap the steps."""
        return self.policies.overlap == "none" or not self.memories[depth + 1].double_buffered

    def width(self, tensor: str) -> int:
        """Give the words that an element takes."""
        return self.hardware.word_sizes.get(tensor, 1)

    def policies_at(self, depth: int) -> Policies:
        """Give the policies at a boundary: a link without multicast or reduction overrules them."""
        policies, link = self.policies, self.link(depth)
        if not link.multicast:
            policies = replace(policies, sharing="unicast")
        return policies if link.reduction else replace(policies, reduction="none")

    @property
    def symbols(self) -> frozenset[str]:
        """The names among the constants that time depends on."""
        values: list[object] = []
        for depth in range(len(self.memories) - 1):
            values += [self.link(depth).bandwidth, self.latency(depth)]
        return frozenset(value for value in values if isinstance(value, str))


def check_apart(constants: frozenset[str], sizes: Iterable[str], what: str) -> None:
    """Refuse a constant of the machine that is called like a size, with `HardwareError`."""
    clash = sorted(constants.intersection(sizes))
    if clash:
        message = f"{clash[0]} is {what} and a constant of the machine; call one of them otherwise"
        raise HardwareError(message)


def settled(
    hardware: Hardware, point: Mapping[str, int | Fraction], symbols: Collection[str]
) -> tuple[Hardware, dict[str, int]]:
    """Put the numbers of a point in the place of the hardware's symbols; give what is left of the point.

    `symbols` are those of the analysis, which may have the number of PEs among them. Raises `HardwareError`
    for a symbol without a number.
    """
    check_machine(hardware)
    constants = hardware.symbols - set(symbols)
    missing = sorted(constants - point.keys())
    if missing:
        message = (
            f"the hardware has the symbol {missing[0]}; give it a number, or take runtime, energy "
            f"and roofline, which are formulas in it"
        )
        raise HardwareError(message)
    numbers = {name: value for name, value in point.items() if name in constants}
    sizes = {name: whole(name, value) for name, value in point.items() if name not in constants}
    return hardware.with_numbers(numbers), sizes
