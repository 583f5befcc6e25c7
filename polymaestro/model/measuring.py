"""Times at a point: by step classes, or by running the loop nest where classes do not apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from polymaestro.counting.classes import StepClasses
from polymaestro.dataflow import Dataflow
from polymaestro.errors import CountingUnavailableError
from polymaestro.hardware import Value
from polymaestro.loopnest import timing
from polymaestro.model.clock import Clock
from polymaestro.model.integers import Integers, at, levels_at
from polymaestro.model.machine import Machine
from polymaestro.workload import Operator

MAX_RUN = 200_000
"""MACs of a loop nest that is run, some seconds of time at most."""


@dataclass(frozen=True)
class Times:
    """Cycles in all, of the first and the last words at each boundary, and words per cycle of compute.

    One entry a boundary, from DRAM → L2 on; `bandwidth` is (peak, average) over the steps.
    """

    runtime: int
    fills: tuple[int, ...]
    drains: tuple[int, ...]
    bandwidth: tuple[tuple[Fraction, Fraction], ...]


def times_by_classes(
    classes: StepClasses, machine: Machine, resident: frozenset[str], point: Mapping[str, int]
) -> Times:
    """Add up step classes."""
    return times_of(Clock(levels_at(classes, point), machine, resident, Integers(machine, point)))


def times_of(clock: Clock) -> Times:
    """Read everything off a clock that runs on integers."""
    return Times(
        clock.runtime(),
        tuple(clock.fills()),
        tuple(clock.drains()),
        tuple(_requirement(clock, depth) for depth in range(len(clock.levels) + 1)),
    )


def _requirement(clock: Clock, depth: int) -> tuple[Fraction, Fraction]:
    """Give the peak and the average of (ingress + egress) / compute."""
    peak, words, cycles = Fraction(0), 0, 0
    for case, chosen, number in clock.combinations(max(depth, 1)):
        compute = clock.compute(max(depth, 1), case, chosen)
        crossing = sum(clock.words(depth, case, chosen, way) for way in ("in", "out"))
        if crossing * peak.denominator > peak.numerator * compute:
            peak = Fraction(crossing, compute)
        words += number * crossing
        cycles += number * compute
    return peak, Fraction(words, cycles)


def times_by_running(  # noqa: PLR0913, PLR0917  a run, its length and the reason for it
    operator: Operator, dataflow: Dataflow, macs: int, machine: Machine, point: Mapping[str, int], why: str
) -> Times:
    """Run the loop nest step by step; raises `CountingUnavailableError` when it is too long for that."""
    if macs > MAX_RUN:
        message = (
            f"the run time of this dataflow has no step classes, because {why}; "
            f"its loop nest is run up to {MAX_RUN} MACs, and this one has {macs}"
        )
        raise CountingUnavailableError(message)
    seen = timing.time_run(operator, dataflow, machine_to_run(machine, point), machine.policies, point)
    return Times(seen.runtime, seen.fills, seen.drains, seen.bandwidth)


def machine_to_run(machine: Machine, point: Mapping[str, int]) -> timing.Machine:
    """Write a machine in numbers, for a run of the loop nest."""
    depths = range(len(machine.memories) - 1)

    def number(value: Value | None) -> Fraction | None:
        return None if value is None else at(value, point)

    policies = {depth: machine.policies_at(depth) for depth in depths}
    return timing.Machine(
        machine.hardware.pes,
        tuple(
            timing.Wire(number(machine.link(depth).words_per_cycle), int(at(machine.latency(depth), point)))
            for depth in depths
        ),
        machine.hardware.lanes,
        machine.memories[1].capacity,
        frozenset(depth for depth in depths if machine.is_serial(depth)),
        frozenset(depth for depth in depths if policies[depth].sharing == "unicast"),
        frozenset(depth for depth in depths if policies[depth].reduction == "none"),
        dict(machine.hardware.word_sizes),
    )
