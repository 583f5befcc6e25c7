"""The machine: PEs, the memories and links that were set, what an access costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any, TypeVar

from polymaestro.affine import settle_integers
from polymaestro.errors import HardwareError, did_you_mean
from polymaestro.hardware.energy import HOROWITZ, EnergyTable
from polymaestro.hardware.memories import Link, Memory, json_of, memory_table
from polymaestro.hardware.values import Given, check_count, check_integer, exact, plain
from polymaestro.showing import Row, Table, Tabled

INTEGERS = {
    "l1_size": 1,
    "l2_size": 1,
    "noc_hops": 0,
    "simd_lanes": 1,
}
"""The fields that are integers where they are given, and the least that each may be."""


@dataclass(frozen=True, repr=False)
class Hardware(Tabled):
    """A spatial accelerator; None leaves a resource without limit (lanes: 1).

    num_pes      processing elements; a symbol for a mapping whose own sizes are symbols
    l1_size      words in the memory of one PE
    l2_size      words in the memory that all PEs share
    noc_bw       words per cycle below L2 and below each cluster, each direction; a number or a symbol
    offchip_bw   words per cycle between DRAM and L2, each direction; a number or a symbol
    noc_hops     hops from a memory on the chip to what is below; None is one hop that takes no time
    simd_lanes   multiply-accumulates per PE and cycle
    hop_latency  cycles per hop where noc_hops is given
    memories     what the fields above cannot say, memory by memory
    energy       what an access costs
    word_sizes   words that one element of a tensor takes; 1 where it is not given
    clock_mhz    cycles per microsecond, to turn cycles into seconds
    name         what to call it

    >>> Hardware(num_pes=0)
    Traceback (most recent call last):
    polymaestro.errors.HardwareError: num_pes is 0; it must be an integer, 1 or more
    """

    num_pes: int | str
    l1_size: int | None = None
    l2_size: int | None = None
    noc_bw: Given | None = None
    offchip_bw: Given | None = None
    noc_hops: int | None = None
    simd_lanes: int | None = None
    hop_latency: int | str = 1
    memories: tuple[Memory, ...] = ()
    energy: EnergyTable = HOROWITZ
    word_sizes: Mapping[str, int] = field(default_factory=dict, hash=False)
    clock_mhz: Given | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no integer, too small, or said twice."""
        settle_integers(self)
        check_count("num_pes", self.num_pes, 1)
        check_count("hop_latency", self.hop_latency, 0)
        for name, least in INTEGERS.items():
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), least)
        for name in ("noc_bw", "offchip_bw", "clock_mhz"):
            if getattr(self, name) is not None:
                exact(getattr(self, name), name, open_end=True)
        for tensor, words in self.word_sizes.items():
            check_integer(f"the word size of {tensor}", words, 1)
        names = [memory.name for memory in self.memories]
        for name in names:
            if names.count(name) > 1:
                message = f"the memory {name} is given twice"
                raise HardwareError(message)
        said = {"DRAM": ("offchip_bw",), "L2": ("l2_size", "noc_bw", "noc_hops"), "L1": ("l1_size",)}
        for memory, flat in said.items():
            twice = [each for each in flat if memory in names and getattr(self, each) is not None]
            if twice:
                message = f"{twice[0]} and the memory {memory} say the same; give one of them"
                raise HardwareError(message)

    def tables(self) -> Iterator[Table]:
        """Give what was set, and what an access costs."""
        data = self.to_json()
        energy = data.pop("energy")
        title = data.pop("name", "machine")
        memories = data.pop("memories", ())
        for name, value in data.items():
            if isinstance(value, dict):
                data[name] = ", ".join(f"{key}: {each}" for key, each in value.items())
        rows = [Row((name, str(value))) for name, value in data.items()]
        yield Table(("constant", "value"), tuple(rows), title=title)
        if memories:
            yield memory_table(memories)
        head = (f"energy, {energy.pop('unit')}", "each")
        notes = (f"{energy.pop('name')}: {energy.pop('source')}",)
        yield Table(head, tuple(Row((name, str(value))) for name, value in energy.items()), notes=notes)

    def memory(self, name: str) -> Memory:
        """Give a memory by its name: DRAM, L2, cluster1 … L1.

        >>> Hardware(num_pes=4, l2_size=1024, noc_bw=8).memory("L2").capacity
        1024
        """
        for memory in self.memories:
            if memory.name == name:
                return memory
        if name == "DRAM":
            return Memory(name, link=Link(self.offchip_bw))
        hops, latency = (1, 0) if self.noc_hops is None else (self.noc_hops, self.hop_latency)
        capacity = {"L2": self.l2_size, "L1": self.l1_size}.get(name)
        return Memory(name, capacity, link=Link(self.noc_bw, hops, latency))

    def check_names(self, known: tuple[str, ...]) -> None:
        """Refuse a memory that a dataflow with these memories does not have."""
        for memory in self.memories:
            if memory.name not in known:
                message = f"the dataflow has no memory {memory.name!r}"
                raise HardwareError(message + did_you_mean(memory.name, known))

    @property
    def symbols(self) -> frozenset[str]:
        """The constants that are symbols, the number of PEs too."""
        return frozenset(_symbols(self))

    def with_numbers(self, numbers: Mapping[str, int | Fraction]) -> Hardware:
        """Give the machine with numbers in the place of symbols.

        >>> Hardware(num_pes=4, noc_bw="B").with_numbers({"B": 3}).noc_bw
        3
        """
        return _with_numbers(self, numbers)

    @property
    def pes(self) -> int:
        """The number of PEs; raises `HardwareError` where it is a symbol."""
        if isinstance(self.num_pes, str):
            message = f"num_pes is the symbol {self.num_pes!r}; give it a number"
            raise HardwareError(message)
        return self.num_pes

    @property
    def lanes(self) -> int:
        """Multiply-accumulates per PE and cycle."""
        return self.simd_lanes or 1

    @property
    def megahertz(self) -> Fraction | None:
        """The clock as a number, if it is one."""
        clock = None if self.clock_mhz is None else exact(self.clock_mhz, "clock_mhz", open_end=True)
        return clock if isinstance(clock, Fraction) else None

    def to_json(self) -> dict[str, Any]:
        """Give what was set, as JSON data."""
        flat = ("num_pes", "l1_size", "l2_size", "noc_bw", "offchip_bw", "noc_hops", "simd_lanes")
        data: dict[str, Any] = {"name": self.name} if self.name else {}
        for name in (*flat, "clock_mhz"):
            value = getattr(self, name)
            if value is not None:
                data[name] = plain(exact(value, name))
        if self.noc_hops is not None:
            data["hop_latency"] = self.hop_latency
        if self.memories:
            data["memories"] = [json_of(memory) for memory in self.memories]
        if self.word_sizes:
            data["word_sizes"] = dict(self.word_sizes)
        return data | {"energy": self.energy.to_json()}


def check_machine(hardware: object) -> None:
    """Refuse what is no machine, such as a number of PEs, with `HardwareError`."""
    if not isinstance(hardware, Hardware):
        message = f"expected a machine, as pm.Hardware(num_pes=256) gives it, not {hardware!r}"
        raise HardwareError(message)


Part = TypeVar("Part", bound="Hardware | Memory | Link | EnergyTable")

NO_SYMBOLS = ("name", "source", "unit", "values")
"""The fields that hold other texts."""


def _symbols(part: Hardware | Memory | Link | EnergyTable) -> Iterator[str]:
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(value, Memory | Link | EnergyTable):
            yield from _symbols(value)
        elif each.name == "memories":
            for memory in value:
                yield from _symbols(memory)
        elif isinstance(value, str) and each.name not in NO_SYMBOLS:
            yield value


def _with_numbers(part: Part, numbers: Mapping[str, int | Fraction]) -> Part:
    changed: dict[str, Any] = {}
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(value, Memory | Link | EnergyTable):
            changed[each.name] = _with_numbers(value, numbers)
        elif each.name == "memories":
            changed[each.name] = tuple(_with_numbers(memory, numbers) for memory in value)
        elif isinstance(value, str) and each.name not in NO_SYMBOLS and value in numbers:
            changed[each.name] = numbers[value]
    changed = {name: value for name, value in changed.items() if value != getattr(part, name)}
    return replace(part, **changed) if changed else part
