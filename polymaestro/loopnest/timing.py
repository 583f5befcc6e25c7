"""The oracle of time and energy: `model.md` §4 run with plain Python loops and sets.

    Mapping ─ executed ▶ steps of every boundary ─ words ▶ Transfers ─ nested maxima ▶ Timing

A step of a parent is one step of the time loops above its units; its *words* are what crosses at it.

    step(b, v, t)    = max(compute, ingress, egress) of parent v at boundary b, the sum without overlap
    compute(b, v, t) = max over the active units u of v: ⌈MACs(u, t)/lanes⌉ at the PEs, else
                       Σ over the sub-steps of u during t of step(b + 1, u, sub-step)
    run time         = Σ over level-0 steps of step(1, t) + Σ over boundaries of fill + drain

Where `model.md` leaves room, this is the reading:

* Every parent instance has a link of its own to its units, each direction of that bandwidth. So the
  steps of different parents take place side by side, and "largest unit" is the maximum above.
* A unit that is idle costs nothing; a step at which no unit of a parent is active does not exist for it.
* The first ingress of a parent is that of its first active step. The fill of a boundary is the largest
  over its parents, and so is the drain: what the units of a parent hold at the very end. Nothing of an
  inner boundary drains between two outer steps: a tile that stays is kept, one that goes is the egress
  of the first sub-step of the next outer step at which that unit is active.
* DRAM works beside level 0: a level-0 step lasts as long as the largest of its compute time and of the
  four transfers at L2. A tensor that is resident in L2 arrives when first touched and leaves at the step
  after its last touch. Others come and go with the union over all units of the step's tiles.
* Of the sets of tensors that fit into L2 as residents, the one with the least DRAM traffic is taken, of
  equals the one with the most tensors, then the one with the fewest words. So without a limit all stay.
  A streamed tensor needs two tiles where its transfers overlap the steps.
* Overlap is a property of the memory that receives: where it is not double-buffered, the times of a step
  add up at its boundary.
* The bandwidth requirement is of the steps: their first ingress included, the end not. The average is
  Σ words / Σ compute, each step weighing as long as it computes.
* The roofline bound takes a boundary's traffic of each direction over all its links together.
* A partial sum is read back by one unit. An update is one write. A PE reads its partial sum for each MAC
  but the first since the element came, unless it came as a partial sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import combinations

from polymaestro.dataflow.binding import Mapping
from polymaestro.dataflow.directives import Dataflow
from polymaestro.loopnest.interpreter import (
    END,
    Elements,
    Execution,
    History,
    Moves,
    Step,
    Unit,
    changes,
    executed,
    families_of,
    numeric,
    union,
    work_of,
)
from polymaestro.policies import Policies
from polymaestro.workload.operator import Operator, Tensor

Key = tuple[Unit, Step]
"""A parent and a step of its units."""


@dataclass(frozen=True)
class Wire:
    """A link in numbers: words per cycle in each direction (None: no limit), cycles before the first word."""

    bandwidth: int | Fraction | None = None
    latency: int = 0

    def time(self, words: int) -> int:
        """Give 0 for no words, else ⌈words / bandwidth⌉ + latency."""
        if not words:
            return 0
        return self.latency + (0 if self.bandwidth is None else -(-words // self.bandwidth))


@dataclass(frozen=True)
class Machine:
    """What time depends on: one wire per boundary from DRAM → L2 on, MACs per PE and cycle, words of L2.

    `serial` holds the depths of memories that are not double-buffered, `unicast` and `unreduced` the
    boundaries whose links cannot multicast and cannot add up, `widths` the words of an element.
    """

    num_pes: int
    wires: tuple[Wire, ...] = ()
    lanes: int = 1
    l2_words: int | None = None
    serial: frozenset[int] = frozenset()
    unicast: frozenset[int] = frozenset()
    unreduced: frozenset[int] = frozenset()
    widths: Table[str, int] = field(default_factory=dict)

    def wire(self, depth: int) -> Wire:
        """Give the wire to the memories of this depth; one without limit where none is given."""
        return self.wires[depth] if depth < len(self.wires) else Wire()


@dataclass
class Transfers:
    """What crosses one boundary: words in and out by parent and step, and by tensor in all.

    `counts` has for an input fills and parent_reads, for the output drains, parent_updates, read_backs.
    """

    depth: int
    ingress: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    egress: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


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
    return _Run(numeric(operator, dataflow, machine.num_pes, extents or {}), machine, policies).timing()


class _Run:
    """One run on one machine: the words of every boundary, then the nested maxima."""

    def __init__(self, mapping: Mapping, machine: Machine, policies: Policies) -> None:
        self.operator = mapping.operator
        self.units = [level.units.constant for level in mapping.levels]
        self.runs = list(executed(mapping))
        self.machine = machine
        self.policies = policies
        self.transfers = [self._on_chip(depth) for depth in range(1, len(self.units) + 1)]
        self.resident, self.fits = self._residents()
        self.transfers.insert(0, self._off_chip())
        self.steps = [_steps_of(self.runs, depth) for depth in range(len(self.units) + 1)]
        self.work = work_of(self.runs, len(self.units), len(self.units))
        self.step_time = cache(self._step_time)
        self.compute_time = cache(self._compute_time)

    # --- Words ---

    def _on_chip(self, depth: int) -> Transfers:
        transfers = Transfers(depth)
        work = work_of(self.runs, depth, depth)
        for tensor in self.operator.tensors:
            width = self._width(tensor)
            totals: dict[str, int] = defaultdict(int)
            for parent, family in families_of(self.operator, tensor, work).items():
                new, gone = _moved(family, self.policies.retention)
                for name, moved in self._words(tensor, new, gone).items():
                    for step, elements in moved.items():
                        totals[name] += elements
                        _book(transfers, (parent, step), self._crossing(name, depth), width * elements)
            transfers.counts[tensor.name] = dict(totals)
        return transfers

    def _width(self, tensor: Tensor) -> int:
        return self.machine.widths.get(tensor.name, 1)

    def _crossing(self, name: str, depth: int) -> str:
        """Give the direction in which a count crosses the wire, if it does under the policies."""
        unicast = self.policies.sharing == "unicast" or depth in self.machine.unicast
        unreduced = self.policies.reduction == "none" or depth in self.machine.unreduced
        reads = "fills" if unicast else "parent_reads"
        updates = "drains" if unreduced else "parent_updates"
        return {reads: "in", "read_backs": "in", updates: "out"}.get(name, "")

    def _words(self, tensor: Tensor, new: Moves, gone: Moves) -> dict[str, dict[Step, int]]:
        """Count the words of each step; `new` and `gone` are of the units under one parent."""
        if tensor.role == "input":
            return {"fills": _apart(new), "parent_reads": _together(new)}
        drained: set[int] = set()
        back: dict[Step, int] = {}
        for step in sorted(new):
            drained |= union(gone.get(step, []))
            arrived = union(new[step])
            counted = self.policies.first_partial_sum_read == "counted"
            back[step] = len(arrived if counted else drained & arrived)
        return {"drains": _apart(gone), "parent_updates": _together(gone), "read_backs": back}

    # --- DRAM ---

    def _tiles(self, tensor: Tensor) -> History:
        """Give the tiles of L2, the one unit of this boundary: all that is touched in a step."""
        return families_of(self.operator, tensor, work_of(self.runs, 0, 1))[()]

    def _residents(self) -> tuple[frozenset[str], bool]:
        """Choose the tensors that stay in L2, and say whether L2 holds what it must."""
        tensors = [tensor.name for tensor in self.operator.tensors]
        choices = [frozenset(chosen) for n in range(len(tensors) + 1) for chosen in combinations(tensors, n)]
        limit = self.machine.l2_words
        fitting = [each for each in choices if limit is None or self._needed(each) <= limit]
        if not fitting:
            return frozenset(), False
        return min(fitting, key=self._rank), True

    def _rank(self, resident: frozenset[str]) -> tuple[int, int, int, list[str]]:
        return self._traffic(resident), -len(resident), self._needed(resident), sorted(resident)

    def _needed(self, resident: frozenset[str]) -> int:
        copies = 1 if self._is_serial(0) else 2
        words = 0
        for tensor in self.operator.tensors:
            sizes = [len(tile) for _, tile in self._tiles(tensor)[()]]
            whole = len(union([tile for _, tile in self._tiles(tensor)[()]]))
            words += self._width(tensor) * (whole if tensor.name in resident else copies * max(sizes))
        return words

    def _traffic(self, resident: frozenset[str]) -> int:
        return sum(
            self._width(tensor) * sum(words.values())
            for tensor in self.operator.tensors
            for name, words in self._off_chip_words(tensor, tensor.name in resident).items()
            if name in {"parent_reads", "parent_updates", "read_backs"}
        )

    def _off_chip_words(self, tensor: Tensor, resident: bool) -> dict[str, dict[Step, int]]:  # noqa: FBT001
        tiles = self._tiles(tensor)[()]
        new, gone = changes({(): tiles})
        if resident:
            touched = union([tile for _, tile in tiles])
            new, gone = defaultdict(list), defaultdict(list)
            following = [*(step for step, _ in tiles[1:]), END]
            for element in touched:
                at = [index for index, (_, tile) in enumerate(tiles) if element in tile]
                new[tiles[at[0]][0]].append(frozenset([element]))
                gone[following[at[-1]]].append(frozenset([element]))
        return self._words(tensor, new, gone)

    def _off_chip(self) -> Transfers:
        transfers = Transfers(0)
        for tensor in self.operator.tensors:
            counts = self._off_chip_words(tensor, tensor.name in self.resident)
            directions = {"parent_reads": "in", "read_backs": "in", "parent_updates": "out"}
            for name, moved in counts.items():
                for step, count in moved.items():
                    words = self._width(tensor) * count
                    _book(transfers, ((), step), directions.get(name, ""), words)
            transfers.counts[tensor.name] = {name: sum(moved.values()) for name, moved in counts.items()}
        return transfers

    # --- Time ---

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
            join = sum if self._is_serial(boundary) else max
            time = join((time, *self._transfer(boundary, parent, step)))
        return time

    def _is_serial(self, depth: int) -> bool:
        return self.policies.overlap == "none" or depth in self.machine.serial

    def _compute_time(self, depth: int, parent: Unit, step: Step) -> int:
        """compute(b, v, t)."""
        return max(self._unit_time(depth, (*parent, unit), step) for unit in range(self.units[depth - 1]))

    def _unit_time(self, depth: int, unit: Unit, step: Step) -> int:
        if depth < len(self.units):
            inner = (each for each in self.steps[depth + 1].get(unit, []) if each[:depth] == step)
            return sum(self.step_time(depth + 1, unit, each) for each in inner)
        boxes = self.work.get(unit, {}).get(step, [])
        macs = 0
        for box in boxes:
            points = 1
            for begin, end in box:
                points *= end - begin
            macs += points
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
            resident=self.resident,
            fits=self.fits,
            transfers=tuple(self.transfers),
            fills=fills,
            drains=drains,
            accesses=tuple(self._accesses()),
            hops=tuple(_all(each.ingress) + _all(each.egress) for each in self.transfers),
            needed=(self._needed(self.resident), *(self._tile_words(depth) for depth in depths[1:])),
        )

    def _tile_words(self, depth: int) -> int:
        """Give the words that a memory at this depth must hold: the largest tile of each tensor."""
        work, words = work_of(self.runs, depth, depth), 0
        for tensor in self.operator.tensors:
            families = families_of(self.operator, tensor, work).values()
            histories = [[tile for _, tile in tiles] for family in families for tiles in family.values()]
            if self.policies.retention == "resident":
                histories = [[union(tiles)] for tiles in histories]
            words += self._width(tensor) * max(len(tile) for tiles in histories for tile in tiles)
        return words if self._is_serial(depth) else 2 * words

    def _largest(self, depth: int, *, first: bool) -> int:
        """Give the fill or the drain of a boundary."""
        transfers, wire = self.transfers[depth], self.machine.wire(depth)
        words = [
            transfers.ingress[parent, steps[0]] if first else transfers.egress[parent, END]
            for parent, steps in self.steps[depth].items()
        ]
        return wire.time(max(words))

    def _bounds(self) -> Iterator[int]:
        macs = self._macs()
        yield -(-macs // (self.machine.num_pes * self.machine.lanes))
        for transfers in self.transfers:
            bandwidth = self.machine.wire(transfers.depth).bandwidth
            if bandwidth is not None:
                links = self._parents(transfers.depth)
                yield from (-(-_all(w) // (links * bandwidth)) for w in (transfers.ingress, transfers.egress))

    def _parents(self, depth: int) -> int:
        count = 1
        for units in self.units[: max(depth - 1, 0)]:
            count *= units
        return count

    def _macs(self) -> int:
        macs = 0
        for run in self.runs:
            points = 1
            for begin, end in run.box:
                points *= end - begin
            macs += points
        return macs

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
        macs, last = self._macs(), len(self.units)
        for depth in range(-1, last + 1):
            reads = writes = 0
            if depth >= 0:  # as the child of the memory above
                for tensor in self.operator.tensors:
                    counts = self.transfers[depth].counts[tensor.name]
                    writes += self._width(tensor) * (counts.get("fills", 0) + counts.get("read_backs", 0))
                    reads += self._width(tensor) * counts.get("drains", 0)
            if depth < last:  # as the parent of the memory below
                reads += _all(self.transfers[depth + 1].ingress)
                writes += _all(self.transfers[depth + 1].egress)
            else:
                reads += self._operand_reads(macs)
                writes += macs * self._width(self.operator.output)
            yield reads, writes

    def _operand_reads(self, macs: int) -> int:
        reads = 0
        for tensor in self.operator.tensors:
            counts = self.transfers[-1].counts[tensor.name]
            fresh = 0
            if tensor.role == "output" and self.policies.first_partial_sum_read == "elided":
                fresh = counts["drains"] - counts["read_backs"]
            reads += self._width(tensor) * (macs - fresh)
        return reads


def _moved(family: History, retention: str) -> tuple[Moves, Moves]:
    """Give new and gone data of the units under one parent.

    Whole step: all of A(u, t) is new and all of A(u, t⁻) goes. Resident: new is what u never held, and
    all goes at the end. One tile: what differs from A(u, t⁻).
    """
    if retention == "one-tile":
        return changes(family)
    new: Moves = defaultdict(list)
    gone: Moves = defaultdict(list)
    for tiles in family.values():
        held: Elements = frozenset()
        for step, elements in tiles:
            new[step].append(elements - held if retention == "resident" else elements)
            if retention == "whole-step":
                gone[step].append(held)
            held = held | elements if retention == "resident" else elements
        gone[END].append(held)
    return new, gone


def _steps_of(runs: list[Execution], depth: int) -> dict[Unit, list[Step]]:
    """Give for each parent above this depth the steps at which some unit of it is active, in order."""
    steps: defaultdict[Unit, set[Step]] = defaultdict(set)
    for unit, step, _ in runs:
        steps[unit[: max(depth - 1, 0)]].add(step[: max(depth, 1)])
    return {parent: sorted(each) for parent, each in steps.items()}


def _book(transfers: Transfers, key: Key, direction: str, words: int) -> None:
    if direction:
        (transfers.ingress if direction == "in" else transfers.egress)[key] += words


def _apart(moves: Moves) -> dict[Step, int]:
    return {step: sum(map(len, sets)) for step, sets in moves.items()}


def _together(moves: Moves) -> dict[Step, int]:
    return {step: len(union(sets)) for step, sets in moves.items()}


def _all(words: Table[Key, int]) -> int:
    return sum(words.values())
