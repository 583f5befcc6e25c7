"""The hardware of a sweep: a base machine and the grid of the constants that vary, in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import Any

import numpy as np

from polymaestro.errors import HardwareError, did_you_mean
from polymaestro.hardware import Hardware, Value
from polymaestro.hardware.values import exact
from polymaestro.model.machine import Machine
from polymaestro.policies import Policies
from polymaestro.sweeping.terms import Array, Rates

AXES = ("noc_bw", "offchip_bw", "simd_lanes", "noc_hops", "hop_latency", "l1_size", "l2_size")
"""The fields of `Hardware` that may vary, in the order of the axes of every array."""

LARGEST = 2**63 - 1

Slices = tuple[slice, ...]


@dataclass(frozen=True)
class Grid:
    """Every combination of the values of some constants, on a machine that gives all others.

    >>> grid = Grid(Hardware(4, offchip_bw=2), {"noc_bw": (1, 2), "l2_size": (64, 128, None)})
    >>> grid.size, grid.shape
    (6, (2, 1, 1, 1, 1, 1, 3))
    >>> [block[0] for block in grid.blocks(3)]
    [slice(0, 1, None), slice(1, 2, None)]
    >>> grid.hardware((1, 0, 0, 0, 0, 0, 2)) == Hardware(4, noc_bw=2, offchip_bw=2)
    True
    """

    base: Hardware
    values: Mapping[str, tuple[Any, ...]]
    _known: dict[tuple[str, int, Policies], list[Machine]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Refuse unknown and empty axes, symbols, and values that make no machine."""
        for name, values in self.values.items():
            if name not in AXES:
                message = f"{name} cannot vary in a sweep" + did_you_mean(name, AXES)
                raise HardwareError(message)
            if not values:
                message = f"{name} has no values; give at least one"
                raise HardwareError(message)
            for value in values:
                replace(self.base, **{name: value})
        for number in self._constants():
            if isinstance(number, str):
                message = f"a sweep needs numbers, and the machine has the symbol {number}"
                raise HardwareError(message)
            if max(number.numerator, number.denominator) > LARGEST:
                message = "a constant of the machine exceeds 64 bits"
                raise HardwareError(message)

    def _constants(self) -> Iterator[Value]:
        """Give every constant that time and energy depend on."""
        yield from self.base.energy.values.values()
        yield Fraction(self.base.pes)
        for name, values in self.values.items():
            yield from (exact(value, name) for value in values if value is not None)
        for each in (*self.base.memories, self.base):
            for name in ("read_energy", "write_energy", "noc_bw", "offchip_bw", "hop_latency", "clock_mhz"):
                value = getattr(each, name, None)
                if value is not None:
                    yield exact(value, name)
        for memory in self.base.memories:
            yield exact(memory.link.hop_latency, "hop_latency")
            yield memory.link.words_per_cycle or Fraction(0)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(self.along(name)) for name in AXES)

    @property
    def size(self) -> int:
        """How many machines there are."""
        return prod(self.shape)

    def along(self, axis: str) -> tuple[Any, ...]:
        """Give the values of an axis; the machine's own where it does not vary."""
        return tuple(self.values.get(axis, (getattr(self.base, axis),)))

    def hardware(self, index: Sequence[int]) -> Hardware:
        """Give the machine at a place of the grid."""
        chosen = {n: self.along(n)[i] for n, i in zip(AXES, index, strict=True) if n in self.values}
        return replace(self.base, **chosen)

    def blocks(self, most: int) -> Iterator[Slices]:
        """Cut the grid into blocks of at most so many machines, the last axes whole as far as that goes."""
        lengths: list[int] = []
        room = max(most, 1)
        for size in reversed(self.shape):
            lengths.insert(0, min(size, room))
            room //= lengths[0]
        starts = (range(0, size, step) for size, step in zip(self.shape, lengths, strict=True))
        for corner in product(*starts):
            yield tuple(
                slice(start, min(start + step, size))
                for start, step, size in zip(corner, lengths, self.shape, strict=True)
            )

    # --- Constants as arrays ---

    def rates(self, depth: int, policies: Policies) -> Rates:
        """Give what time depends on, for a dataflow of so many levels."""
        boundaries = range(depth + 1)
        speeds = [self._bandwidths(boundary, depth, policies) for boundary in boundaries]
        return Rates(
            self._array([value or 1 for value in self.along("simd_lanes")], "simd_lanes"),
            tuple(above for above, _ in speeds),
            tuple(below for _, below in speeds),
            tuple(self._latencies(boundary, depth, policies) for boundary in boundaries),
        )

    def _bandwidths(self, boundary: int, depth: int, policies: Policies) -> tuple[Array, Array]:
        axis = "noc_bw" if boundary else "offchip_bw"
        rates = [m.link(boundary).words_per_cycle for m in self.machines(axis, depth, policies)]
        fractions = [Fraction(0) if rate is None else 1 / _number(rate) for rate in rates]
        above = self._array([each.denominator for each in fractions], axis)
        return above, self._array([each.numerator for each in fractions], axis)

    def _latencies(self, boundary: int, depth: int, policies: Policies) -> Array:
        hops, cycles = self.along("noc_hops"), self.along("hop_latency")
        found = []
        for far, long in product(range(len(hops)), range(len(cycles))):
            hardware = self.hardware(_place({"noc_hops": far, "hop_latency": long}))
            found.append(int(_number(Machine.of(hardware, depth, policies).latency(boundary))))
        shape = {"noc_hops": len(hops), "hop_latency": len(cycles)}
        return np.array(found, dtype=object).reshape([shape.get(name, 1) for name in AXES])

    def machines(self, axis: str, depth: int, policies: Policies) -> list[Machine]:
        """Give the machine of each value of an axis, at the first value of all others."""
        key = (axis, depth, policies)
        if key not in self._known:
            places = range(len(self.along(axis)))
            self._known[key] = [
                Machine.of(self.hardware(_place({axis: each})), depth, policies) for each in places
            ]
        return self._known[key]

    def _array(self, numbers: Sequence[int], axis: str) -> Array:
        return np.array(numbers, dtype=object).reshape(along(axis))

    @property
    def energy_scale(self) -> int:
        """In how many parts a unit of energy is counted, so that every energy is an integer."""
        table = list(self.base.energy.values.values())
        for memory in self.base.memories:
            given = (memory.read_energy, memory.write_energy)
            table += [exact(each, "energy") for each in given if each is not None]
        return lcm(*(_number(each).denominator for each in table))


def along(axis: str) -> tuple[int, ...]:
    """Give the shape of an array that varies along one axis only."""
    return tuple(-1 if name == axis else 1 for name in AXES)


def _place(positions: Mapping[str, int]) -> list[int]:
    """Give a place of the grid; 0 on all other axes."""
    return [positions.get(name, 0) for name in AXES]


def cut(array: Array, where: Slices) -> Array:
    """Give the part of an array in a block; it has one entry along the axes that it does not depend on."""
    return array[tuple(s if n > 1 else slice(None) for s, n in zip(where, array.shape, strict=True))]


def _number(value: Value) -> Fraction:
    if isinstance(value, str):
        message = f"a sweep needs numbers, and the machine has the symbol {value}"
        raise HardwareError(message)
    return value
