"""The oracle of traffic: the words that cross each boundary step by step, with plain Python sets.

    Mapping ─ executed ▶ tiles of every boundary ─ compare in time ▶ Transfers

The policies decide what is new, what goes and what crosses; `timing` says what stays in L2,
and times what is counted here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import combinations

from polymaestro.dataflow.binding import Mapping
from polymaestro.loopnest.elements import Elements
from polymaestro.loopnest.moving import END, History, Moves, changes, families_of, union, work_of
from polymaestro.loopnest.running import Step, Unit, executed
from polymaestro.policies import Policies
from polymaestro.workload.operator import Tensor

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


class Traffic:
    """The words of one run on one machine, boundary by boundary from DRAM → L2 on."""

    def __init__(self, mapping: Mapping, machine: Machine, policies: Policies) -> None:
        """Run the mapping and count what crosses."""
        self.operator = mapping.operator
        self.units = [level.units.constant for level in mapping.levels]
        self.runs = list(executed(mapping))
        self.machine = machine
        self.policies = policies
        self.tiles = cache(self._tiles)
        on_chip = [self._on_chip(depth) for depth in range(1, len(self.units) + 1)]
        self.resident, self.fits = self._residents()
        self.transfers = [self._off_chip(), *on_chip]

    def is_serial(self, depth: int) -> bool:
        """Whether the memories at the lower end of a boundary are not double-buffered."""
        return self.policies.overlap == "none" or depth in self.machine.serial

    def width(self, tensor: Tensor) -> int:
        """Give the words of an element."""
        return self.machine.widths.get(tensor.name, 1)

    def needed(self) -> tuple[int, ...]:
        """Give the words that L2 … L1 must hold."""
        depths = range(1, len(self.units) + 1)
        return (self._needed(self.resident), *(self._tile_words(depth) for depth in depths))

    def _tile_words(self, depth: int) -> int:
        """Give the words that a memory at this depth must hold: the largest tile of each tensor."""
        work, words = work_of(self.runs, depth, depth), 0
        for tensor in self.operator.tensors:
            families = families_of(self.operator, tensor, work).values()
            histories = [[tile for _, tile in tiles] for family in families for tiles in family.values()]
            if self.policies.retention == "resident":
                histories = [[union(tiles)] for tiles in histories]
            words += self.width(tensor) * max(len(tile) for tiles in histories for tile in tiles)
        return words if self.is_serial(depth) else 2 * words

    def _on_chip(self, depth: int) -> Transfers:
        transfers = Transfers(depth)
        work = work_of(self.runs, depth, depth)
        for tensor in self.operator.tensors:
            width = self.width(tensor)
            totals: dict[str, int] = defaultdict(int)
            for parent, family in families_of(self.operator, tensor, work).items():
                new, gone = _moved(family, self.policies.retention)
                words = self._words(tensor, new, gone)
                if tensor.role == "input" and self.policies.sharing == "identical-tiles":
                    words["parent_reads"] = _by_tile(family, self.policies.retention)
                for name, moved in words.items():
                    for step, elements in moved.items():
                        totals[name] += elements
                        _book(transfers, (parent, step), self._crossing(name, depth), width * elements)
            transfers.counts[tensor.name] = dict(totals)
        return transfers

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

    def _tiles(self, tensor: Tensor) -> list[tuple[Step, Elements]]:
        """Give the tiles of L2, the one unit of this boundary: all that is touched in a step."""
        return families_of(self.operator, tensor, work_of(self.runs, 0, 1))[()][()]

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
        copies = 1 if self.is_serial(0) else 2
        words = 0
        for tensor in self.operator.tensors:
            sizes = [len(tile) for _, tile in self.tiles(tensor)]
            whole = len(union([tile for _, tile in self.tiles(tensor)]))
            words += self.width(tensor) * (whole if tensor.name in resident else copies * max(sizes))
        return words

    def _traffic(self, resident: frozenset[str]) -> int:
        return sum(
            self.width(tensor) * sum(words.values())
            for tensor in self.operator.tensors
            for name, words in self._off_chip_words(tensor, tensor.name in resident).items()
            if name in {"parent_reads", "parent_updates", "read_backs"}
        )

    def _off_chip_words(self, tensor: Tensor, resident: bool) -> dict[str, dict[Step, int]]:  # noqa: FBT001  one of two ways
        tiles = self.tiles(tensor)
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
                    words = self.width(tensor) * count
                    _book(transfers, ((), step), directions.get(name, ""), words)
            transfers.counts[tensor.name] = {name: sum(moved.values()) for name, moved in counts.items()}
        return transfers


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


def _by_tile(family: History, retention: str) -> dict[Step, int]:
    """Count what is new at each step once for all units whose tiles at that step are the same set."""
    alike: dict[tuple[Step, Elements], list[Elements]] = defaultdict(list)
    for unit, tiles in family.items():
        new, _ = _moved({unit: tiles}, retention)
        for step, tile in tiles:
            alike[step, tile] += new.get(step, [])
    words: dict[Step, int] = defaultdict(int)
    for (step, _), sets in alike.items():
        words[step] += len(union(sets))
    return words


def _book(transfers: Transfers, key: Key, direction: str, words: int) -> None:
    if direction:
        (transfers.ingress if direction == "in" else transfers.egress)[key] += words


def _apart(moves: Moves) -> dict[Step, int]:
    return {step: sum(map(len, sets)) for step, sets in moves.items()}


def _together(moves: Moves) -> dict[Step, int]:
    return {step: len(union(sets)) for step, sets in moves.items()}


def total(words: Table[Key, int]) -> int:
    """Add up the words of all parents and steps."""
    return sum(words.values())
