"""The oracle of time and energy: what each of their numbers means, with plain Python loops and sets.

    Mapping ─ executed ▶ steps of every boundary ─ words ▶ Transfers ─ nested maxima ▶ Timing

A step of a parent is one step of the time loops above its units; its *words* are what crosses at it: down,
⋃ New of every input and the read-backs of that step; up, ⋃ Gone of the output (`movement` defines these),
each element as many words as the machine says. Words take ⌈words / bandwidth⌉ cycles and the latency of
the link, which is its hops × that of a hop; no words take none. Ingress and egress are these times.

    step(b, v, t)    = max(compute, ingress, egress) of parent v at boundary b, the sum without overlap
    compute(b, v, t) = max over the active units u of v: ⌈MACs(u, t)/lanes⌉ at the PEs, else
                       Σ over the sub-steps of u during t of step(b + 1, u, sub-step)
    run time         = Σ over level-0 steps of step(1, t) + Σ over boundaries of fill + drain

The fill is the time of the very first words down, which nothing can hide and which its step leaves out;
the drain is that of the words up at the end. In detail:

* Every parent instance has a link of its own to its units, each direction of that bandwidth. So the
  steps of different parents take place side by side, and the slowest unit is the one that counts.
* A unit that is idle costs nothing; a step at which no unit of a parent is active does not exist for it.
* The first ingress of a parent is that of its first active step. The fill of a boundary is the largest
  over its parents, and so is the drain: what the units of a parent hold at the very end. Nothing of an
  inner boundary drains between two outer steps: a tile that stays is kept, one that goes is the egress
  of the first sub-step of the next outer step at which that unit is active.
* DRAM works beside level 0: a level-0 step lasts as long as the largest of its compute time and of the
  four transfers at L2. A tensor that is resident in L2 arrives when first touched and leaves at the step
  after its last touch. Others come and go with the union over all units of the step's tiles.
* Of the sets of tensors that fit into L2 as residents, the one with the least DRAM traffic is taken, of
  equals the one with the most tensors, then the one with the fewest words, then the first by name. So
  without a limit all stay. A streamed tensor needs two tiles where its transfers overlap the steps; L2
  keeps the tile of a step of it, whatever the retention of the units below.
* Overlap is a property of the memory that receives: where it is not double-buffered, the times of a step
  add up at its boundary.
* The bandwidth requirement is of the steps: their first ingress included, the end not. The peak is the
  largest words / compute of a step, both directions together, the average is Σ words / Σ compute.
* The roofline is the largest of ⌈MACs / (PEs · lanes)⌉, for all PEs of the machine, those too that the
  dataflow leaves idle, and, at each boundary and in each direction, ⌈words / bandwidth⌉ of all its links
  together.
* A memory is read for what it sends, down to all its units at once (once each without multicast) and up;
  it is written for what arrives, at each unit that it arrives at, from above and from below.
* A partial sum is read back by one unit. An update is one write. For each MAC a PE reads every operand and
  writes its partial sum; it reads that too but at the first MAC since the element came, unless it came as
  a partial sum.
* A word that crosses a link on the chip passes each of its hops once, however many units it reaches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Dataflow
from polymaestro.loopnest.elements import Touched
from polymaestro.loopnest.interpreter import numeric
from polymaestro.loopnest.moving import END, work_of
from polymaestro.loopnest.running import Execution, Step, Unit
from polymaestro.loopnest.traffic import Machine, Traffic, Transfers, Wire, total
from polymaestro.loopnest.unclipped import unclipped
from polymaestro.policies import Policies
from polymaestro.workload.operator import Operator

__all__ = ["Machine", "Timing", "Transfers", "Wire", "time_run"]


@dataclass(frozen=True)
class Timing:
    """What a run costs: cycles, words per cycle, and accesses as (reads, writes) of each memory.

    `bandwidth` gives for each boundary from DRAM → L2 on the (peak, average) that its steps ask for, and
    `hops` the words that travel; `resident` names what stays in L2 and `fits` says whether all of it fits;
    `needed` are the words that L2 … L1 must hold.
    """

    runtime: int
    roofline: int
    bandwidth: tuple[tuple[Fraction, Fraction], ...]
    resident: frozenset[str]
    fits: bool
    transfers: tuple[Transfers, ...]
    fills: tuple[int, ...]
    drains: tuple[int, ...]
    accesses: tuple[tuple[int, int], ...]
    hops: tuple[int, ...]
    needed: tuple[int, ...]


def time_run(
    operator: Operator,
    dataflow: Dataflow,
    machine: Machine,
    policies: Policies = Policies(),  # noqa: B008  frozen
    extents: Table[str, int] | None = None,
) -> Timing:
    """Run a dataflow and give what it costs on a machine; raises as `interpret` does.

    Worked example: 4 × 8 outputs of 2 MACs on 4 PEs, one word a cycle. Each of 16 steps brings 4 words of A
    and one of B for all PEs; the outputs leave when n advances. The first step computes for 1 cycle while
    nothing moves, the others wait 5 cycles for their words: 5 + 1 + 15 · 5 + 4.

    >>> from polymaestro.dataflow import parse_dataflow
    >>> from polymaestro.workload import gemm
    >>> flow = parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K")
    >>> seen = time_run(gemm(M=4, N=8, K=2), flow, Machine(4, (Wire(), Wire(1))))
    >>> seen.runtime, seen.fills, seen.drains
    (85, (0, 5), (0, 4))
    """
    mapping = numeric(operator, dataflow, machine.num_pes, extents or {})
    if policies.edge_tiles == "padded":
        mapping = unclipped(mapping)
    return _Run(Traffic(mapping, machine, policies)).timing()


class _Run:
    """The nested maxima over the words of one run."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.operator, self.units, self.machine = traffic.operator, traffic.units, traffic.machine
        self.transfers = traffic.transfers
        self.step_time = cache(self._step_time)
        self.compute_time = cache(self._compute_time)
        runs, depth = traffic.runs, len(self.units)
        points = Touched(self.operator, tuple(Affine.of(d.variable) for d in self.operator.dims))
        self.steps = [_steps_of(runs, each) for each in range(depth + 1)]
        self.macs = {
            unit: {step: sum(len(points.of(box)) for box in boxes) for step, boxes in steps.items()}
            for unit, steps in work_of(runs, depth, depth).items()
        }
        self.all_macs = sum(sum(steps.values()) for steps in self.macs.values())

    def _transfer(self, depth: int, parent: Unit, step: Step) -> list[int]:
        """Give the times of both directions at a step; the first ingress is the fill and counts apart."""
        transfers, wire = self.transfers[depth], self.machine.wire(depth)
        first = step == self.steps[depth][parent][0]
        return [
            0 if first else wire.time(transfers.ingress[parent, step]),
            wire.time(transfers.egress[parent, step]),
        ]

    def _step_time(self, depth: int, parent: Unit, step: Step) -> int:
        """step(b, v, t)."""
        time = self.compute_time(depth, parent, step)
        for boundary in (1, 0) if depth == 1 else (depth,):
            join = sum if self.traffic.is_serial(boundary) else max
            time = join((time, *self._transfer(boundary, parent, step)))
        return time

    def _compute_time(self, depth: int, parent: Unit, step: Step) -> int:
        """compute(b, v, t)."""
        return max(self._unit_time(depth, (*parent, unit), step) for unit in range(self.units[depth - 1]))

    def _unit_time(self, depth: int, unit: Unit, step: Step) -> int:
        if depth < len(self.units):
            inner = (each for each in self.steps[depth + 1].get(unit, []) if each[:depth] == step)
            return sum(self.step_time(depth + 1, unit, each) for each in inner)
        macs = self.macs.get(unit, {}).get(step, 0)
        return -(-macs // self.machine.lanes)

    # --- The whole ---

    def timing(self) -> Timing:
        """Add up."""
        depths = range(len(self.transfers))
        fills = tuple(self._largest(depth, first=True) for depth in depths)
        drains = tuple(self._largest(depth, first=False) for depth in depths)
        steps = sum(self.step_time(1, (), step) for step in self.steps[1][()])
        return Timing(
            runtime=sum(fills) + sum(drains) + steps,
            roofline=max(self._bounds()),
            bandwidth=tuple(self._requirement(depth) for depth in depths),
            resident=self.traffic.resident,
            fits=self.traffic.fits,
            transfers=tuple(self.transfers),
            fills=fills,
            drains=drains,
            accesses=tuple(self._accesses()),
            hops=tuple(total(each.ingress) + total(each.egress) for each in self.transfers),
            needed=self.traffic.needed(),
        )

    def _largest(self, depth: int, *, first: bool) -> int:
        """Give the fill or the drain of a boundary."""
        transfers, wire = self.transfers[depth], self.machine.wire(depth)
        words = [
            transfers.ingress[parent, steps[0]] if first else transfers.egress[parent, END]
            for parent, steps in self.steps[depth].items()
        ]
        return wire.time(max(words))

    def _bounds(self) -> Iterator[int]:
        macs = self.all_macs
        yield -(-macs // (self.machine.num_pes * self.machine.lanes))
        for transfers in self.transfers:
            bandwidth = self.machine.wire(transfers.depth).bandwidth
            if bandwidth is not None:
                links = self._parents(transfers.depth)
                yield from (
                    -(-total(w) // (links * bandwidth)) for w in (transfers.ingress, transfers.egress)
                )

    def _parents(self, depth: int) -> int:
        return prod(self.units[: max(depth - 1, 0)])

    def _requirement(self, depth: int) -> tuple[Fraction, Fraction]:
        """Give peak and average of (ingress + egress) / compute over the steps of all parents."""
        transfers = self.transfers[depth]
        words, compute = [], []
        for parent, steps in self.steps[depth].items():
            for step in steps:
                words.append(transfers.ingress[parent, step] + transfers.egress[parent, step])
                compute.append(self.compute_time(max(depth, 1), parent, step))
        peak = max(Fraction(w, c) for w, c in zip(words, compute, strict=True))
        return peak, Fraction(sum(words), sum(compute))

    def _accesses(self) -> Iterator[tuple[int, int]]:
        """Give reads and writes of DRAM, L2, … L1."""
        macs, last = self.all_macs, len(self.units)
        for depth in range(-1, last + 1):
            reads = writes = 0
            if depth >= 0:  # as the child of the memory above
                for tensor in self.operator.tensors:
                    counts = self.transfers[depth].counts[tensor.name]
                    writes += self.traffic.width(tensor) * (
                        counts.get("fills", 0) + counts.get("read_backs", 0)
                    )
                    reads += self.traffic.width(tensor) * counts.get("drains", 0)
            if depth < last:  # as the parent of the memory below
                reads += total(self.transfers[depth + 1].ingress)
                writes += total(self.transfers[depth + 1].egress)
            else:
                reads += self._operand_reads(macs)
                writes += macs * self.traffic.width(self.operator.output)
            yield reads, writes

    def _operand_reads(self, macs: int) -> int:
        reads = 0
        for tensor in self.operator.tensors:
            counts = self.transfers[-1].counts[tensor.name]
            fresh = 0
            if tensor.role == "output" and self.traffic.policies.first_partial_sum_read == "elided":
                fresh = counts["drains"] - counts["read_backs"]
            reads += self.traffic.width(tensor) * (macs - fresh)
        return reads


def _steps_of(runs: list[Execution], depth: int) -> dict[Unit, list[Step]]:
    """Give for each parent above this depth the steps at which some unit of it is active, in order."""
    steps: defaultdict[Unit, set[Step]] = defaultdict(set)
    for unit, step, _ in runs:
        steps[unit[: max(depth - 1, 0)]].add(step[: max(depth, 1)])
    return {parent: sorted(each) for parent, each in steps.items()}
