"""Time from step classes: the nested maxima and sums of `loopnest.timing`, over numbers or over formulas.

    step(b, classes)      = max(compute, ingress, egress)
    compute(b, classes)   = max over the profiles of the units, of ⌈MACs / lanes⌉ or of the sub-steps' sum
    run time              = Σ over cases Σ over classes ∏ numbers · step(1, classes) + Σ fill + drain

A step class of all groups together is a product of one class a group, so a sum over steps is a sum over
such products. What is computed with is left open: integers give the value at a point, polynomials and
`Cost` nodes give the formula around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Protocol

from polymaestro.counting.classes import BoundaryClasses
from polymaestro.model.machine import Machine
from polymaestro.movement.transfers import END, FIRST, Mode, WordTerm

Scalar = Any
"""An integer or a `QuasiPolynomial`: numbers of steps, words, MACs."""

Time = Any
"""An integer or a `Cost`."""


class Arithmetic(Protocol):
    """What time is computed with."""

    def cycles(self, macs: Scalar) -> Time:
        """⌈MACs / lanes⌉."""

    def transfer(self, words: Scalar, depth: int) -> Time:
        """0 for no words, else ⌈words / bandwidth⌉ + latency."""

    def join(self, times: list[Time], *, serial: bool) -> Time:
        """Give the largest time, or the sum."""

    def total(self, times: Iterable[tuple[Scalar, Time]]) -> Time:
        """Σ number · time."""


@dataclass(frozen=True)
class Entry:
    """A step class: its number, its sizes one a term, the profiles inside."""

    number: Scalar
    sizes: tuple[Scalar, ...]
    inside: tuple[int, ...]


@dataclass(frozen=True)
class Level:
    """One boundary at a point: for each group its classes by mode and its profiles.

    `profiles` holds the MACs of a PE, or by mode the (class, number) of its sub-steps.
    """

    shape: BoundaryClasses
    classes: tuple[Mapping[Mode, Mapping[int, Entry]], ...]
    profiles: tuple[Mapping[int, Any], ...]


Chosen = tuple[int, ...]


@dataclass
class Clock:
    """The times of one run on one machine; `resident` are the tensors that stay in L2."""

    levels: tuple[Level, ...]
    machine: Machine
    resident: frozenset[str]
    arithmetic: Arithmetic
    _steps: dict[tuple[int, int, Chosen], Time] = field(default_factory=dict)
    _units: dict[tuple[int, Chosen], Time] = field(default_factory=dict)

    def runtime(self) -> Time:
        """Give the cycles from the first word in to the last word out."""
        ones = [(1, time) for time in (*self.fills(), *self.drains())]
        steps = ((number, self.step(1, case, chosen)) for case, chosen, number in self.combinations(1))
        return self.arithmetic.total([*steps, *ones])

    def fills(self) -> list[Time]:
        """Give the time of the first words across each boundary, from DRAM → L2 on."""
        firsts = [list(self._chosen(level, (FIRST,) * len(level.classes))) for level in self.levels]
        return [self._largest(depth, firsts[max(depth, 1) - 1], FIRST, "in") for depth in self._depths()]

    def drains(self) -> list[Time]:
        """Give the time of the last words across each boundary."""
        ends = [list(self._chosen(level, (END,) * len(level.classes))) for level in self.levels]
        return [self._largest(depth, ends[max(depth, 1) - 1], END, "out") for depth in self._depths()]

    def _depths(self) -> range:
        return range(len(self.levels) + 1)

    def _largest(self, depth: int, chosen: list[tuple[Chosen, Scalar]], mode: Mode, way: str) -> Time:
        modes = (mode,) * len(self.levels[0].classes)
        words = [self._words(depth, modes, each, way) for each, _ in chosen]
        return self.arithmetic.join([self.arithmetic.transfer(each, depth) for each in words], serial=False)

    def combinations(self, depth: int) -> Iterator[tuple[int, Chosen, Scalar]]:
        """Give every case, class of each group, and number of (parent, step) at a boundary."""
        level = self.levels[depth - 1]
        for case, modes in enumerate(level.shape.cases):
            for chosen, number in self._chosen(level, modes):
                yield case, chosen, number

    @staticmethod
    def _chosen(level: Level, modes: Sequence[Mode]) -> Iterator[tuple[Chosen, Scalar]]:
        tables = [classes[mode].items() for classes, mode in zip(level.classes, modes, strict=True)]
        for picked in product(*tables):
            number: Scalar = 1
            for _, entry in picked:
                number = number * entry.number
            yield tuple([index for index, _ in picked]), number

    # --- One step ---

    def step(self, depth: int, case: int, chosen: Chosen) -> Time:
        """Give the time of a step: the first ingress of all is the fill and not part of it."""
        key = (depth, case, chosen)
        if key not in self._steps:
            time = self.compute(depth, case, chosen)
            for boundary in (1, 0) if depth == 1 else (depth,):
                serial = self.machine.is_serial(boundary)
                transfers = self._transfers(boundary, case, chosen)
                time = self.arithmetic.join([time, *transfers], serial=serial)
            self._steps[key] = time
        return self._steps[key]

    def _transfers(self, depth: int, case: int, chosen: Chosen) -> Iterator[Time]:
        for way in ("in", "out"):
            if case or way == "out":
                yield self.arithmetic.transfer(self.words(depth, case, chosen, way), depth)

    def words(self, depth: int, case: int, chosen: Chosen, way: str) -> Scalar:
        """Give what crosses at a step in one direction."""
        return self._words(depth, self.levels[max(depth, 1) - 1].shape.cases[case], chosen, way)

    def _words(self, depth: int, modes: Sequence[Mode], chosen: Chosen, way: str) -> Scalar:
        level = self.levels[max(depth, 1) - 1]
        entries = [
            classes[mode][index] for classes, mode, index in zip(level.classes, modes, chosen, strict=True)
        ]
        words: Scalar = 0
        for position, term in self._terms(depth, modes[0]):
            if term.direction == way:
                crossing: Scalar = term.sign * self.machine.width(term.tensor)
                for entry in entries:
                    crossing = crossing * entry.sizes[position]
                words = words + crossing
        return words

    def _terms(self, depth: int, mode: Mode) -> Iterator[tuple[int, WordTerm]]:
        """Give the terms of a boundary with their position among the sizes."""
        shape = self.levels[max(depth, 1) - 1].shape
        on_chip, off_chip = shape.terms[mode], shape.off_chip_terms[mode]
        if depth:
            yield from enumerate(on_chip)
            return
        for position, term in enumerate(off_chip, len(on_chip)):
            if term.resident == (term.tensor in self.resident):
                yield position, term

    # --- What the units do meanwhile ---

    def compute(self, depth: int, case: int, chosen: Chosen) -> Time:
        """Give the time of the slowest unit at a step."""
        level = self.levels[depth - 1]
        modes = level.shape.cases[case]
        inside = [
            classes[mode][index].inside
            for classes, mode, index in zip(level.classes, modes, chosen, strict=True)
        ]
        units = [self._unit(depth, profiles) for profiles in product(*inside)]
        return self.arithmetic.join(units, serial=False)

    def _unit(self, depth: int, profiles: Chosen) -> Time:
        key = (depth, profiles)
        if key not in self._units:
            level = self.levels[depth - 1]
            own = [each[index] for each, index in zip(level.profiles, profiles, strict=True)]
            if depth == len(self.levels):
                macs: Scalar = 1
                for each in own:
                    macs = macs * each
                self._units[key] = self.arithmetic.cycles(macs)
            else:
                self._units[key] = self.arithmetic.total(self._substeps(depth + 1, own))
        return self._units[key]

    def _substeps(self, depth: int, own: list[Any]) -> Iterator[tuple[Scalar, Time]]:
        for case, modes in enumerate(self.levels[depth - 1].shape.cases):
            tables = [profile.get(mode, ()) for profile, mode in zip(own, modes, strict=True)]
            for picked in product(*tables):
                number: Scalar = 1
                for _, n in picked:
                    number = number * n
                yield number, self.step(depth, case, tuple([index for index, _ in picked]))
