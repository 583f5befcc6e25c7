"""Step classes at a point: every count and size an integer, and the arithmetic of time on integers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from polymaestro.counting import Count, QuasiPolynomial
from polymaestro.counting.classes import BoundaryClasses, Profile, StepClasses
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import Value
from polymaestro.model.clock import Entry, Level
from polymaestro.model.machine import Machine
from polymaestro.movement.transfers import Mode
from polymaestro.symbolic.points import whole

Point = Mapping[str, int | Fraction]


@dataclass(frozen=True)
class Integers:
    """Time in whole cycles at a point that gives every symbol of the machine a number."""

    machine: Machine
    point: Point

    def __post_init__(self) -> None:
        """Look up the bandwidth and latency of each link once."""
        depths = range(len(self.machine.memories) - 1)
        rates = [self.machine.link(depth).words_per_cycle for depth in depths]
        wires = [
            (None if rate is None else positive(rate, self.point), self._latency(depth))
            for depth, rate in zip(depths, rates, strict=True)
        ]
        object.__setattr__(self, "_wires", wires)

    def _latency(self, depth: int) -> int:
        latency = self.machine.latency(depth)
        return whole(str(latency), at(latency, self.point))

    def cycles(self, macs: int) -> int:
        """⌈MACs / lanes⌉."""
        return -(-macs // self.machine.hardware.lanes)

    def transfer(self, words: int, depth: int) -> int:
        """0 for no words, else ⌈words / bandwidth⌉ + latency."""
        if not words:
            return 0
        bandwidth, latency = self._wires[depth]  # type: ignore[attr-defined]
        moving = 0 if bandwidth is None else -(-words * bandwidth.denominator // bandwidth.numerator)
        return int(latency + moving)

    def join(self, times: list[int], *, serial: bool) -> int:
        """Give the largest time, or the sum."""
        return sum(times) if serial else max(times)

    def total(self, times: Iterable[tuple[int, int]]) -> int:
        """Σ number · time."""
        return sum(number * time for number, time in times)


def at(value: Value, point: Point) -> Fraction:
    """Give a constant of the machine as a number."""
    if isinstance(value, Fraction):
        return value
    if value not in point:
        message = f"the machine needs a number for the symbol {value}"
        raise ClosedFormError(message)
    given = point[value]
    found = Fraction(str(given)) if isinstance(given, float) else Fraction(given)
    if found < 0:
        message = f"{value} is {found}; it must be 0 or more"
        raise ClosedFormError(message)
    return found


def extents_of(point: Point, constants: frozenset[str]) -> dict[str, int]:
    """Give the part of a point that is no constant of a machine."""
    return {name: whole(name, value) for name, value in point.items() if name not in constants}


def positive(rate: Value, point: Point) -> Fraction:
    """Give a bandwidth as a number."""
    found = at(rate, point)
    if not found:
        message = f"{rate} is 0; a bandwidth must be above 0"
        raise ClosedFormError(message)
    return found


def levels_at(classes: StepClasses, point: Mapping[str, int]) -> tuple[Level, ...]:
    """Give the classes that exist at a point, with integers."""
    known: dict[int, int] = {}

    def count(each: Count) -> int:
        if id(each) not in known:
            known[id(each)] = each.at(point)
        return known[id(each)]

    def size(each: QuasiPolynomial) -> int:
        constant = each.constant
        return int(each.evaluate(point) if constant is None else constant)

    return tuple(_level(boundary, count, size) for boundary in classes.boundaries)


def _level(
    shape: BoundaryClasses, count: Callable[[Count], int], size: Callable[[QuasiPolynomial], int]
) -> Level:
    classes, profiles = [], []
    for group in shape.groups:
        entries = {
            mode: {
                index: Entry(number, tuple(map(size, each.sizes)), each.inside)
                for index, each in enumerate(found)
                if (number := count(each.number))
            }
            for mode, found in group.classes.items()
        }
        met = {index for found in entries.values() for entry in found.values() for index in entry.inside}
        classes.append(entries)
        profiles.append({index: _profile(group.profiles[index], size) for index in met})
    return Level(shape, tuple(classes), tuple(profiles))


def _profile(profile: Profile, size: Callable[[QuasiPolynomial], int]) -> Any:  # noqa: ANN401  see `Level`
    if profile.macs is not None:
        return size(profile.macs)
    substeps: dict[Mode, list[tuple[int, int]]] = {}
    for mode, index, number in profile.substeps:
        if value := size(number):
            substeps.setdefault(mode, []).append((index, value))
    return substeps
