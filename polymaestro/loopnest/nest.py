"""The affine loop nest: time loops, units and tiles with quasi-affine bounds.

A nest lists the time loops of all levels in their order (folds of spatial maps are time loops too), the
unit index of each level, and for each iteration variable the interval that is left for a PE. Printed it
reads as nested loops; as constraints it is what the integer sets are built from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

from polymaestro.affine import Affine, greatest, least
from polymaestro.showing import Shown
from polymaestro.workload.operator import Operator


@dataclass(frozen=True)
class Loop:
    """A time loop 0 … last; `note` is its directive, `position` its place among all time loops."""

    name: str
    level: int
    position: int
    kind: Literal["time", "fold"]
    last: Affine
    note: str


@dataclass(frozen=True)
class Units:
    """The units 0 … count - 1 of one level inside each unit of the level above."""

    name: str
    level: int
    count: Affine


@dataclass(frozen=True)
class Tile:
    """An interval of indices: from the greatest of `lowers` to before the least of `ends`."""

    lowers: tuple[Affine, ...]
    ends: tuple[Affine, ...]

    @property
    def origin(self) -> Affine:
        """The first index."""
        return greatest(*self.lowers)

    @property
    def end(self) -> Affine:
        """One past the last index."""
        return least(*self.ends)

    @property
    def size(self) -> Affine:
        """How many indices; not positive when the tile is empty."""
        return least(*(end - lower for end in self.ends for lower in self.lowers))


@dataclass(frozen=True)
class Constraint:
    """``expression ≥ 0``."""

    expression: Affine


@dataclass(frozen=True, repr=False)
class LoopNest(Shown):
    """What each unit executes when.

    >>> from polymaestro.loopnest import lower
    >>> from polymaestro.workload import gemm
    >>> from polymaestro.dataflow import parse_dataflow
    >>> flow = parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(4,4) K")
    >>> print(lower(gemm(M=4, N=8), flow, num_pes=4))
    for t0_n in 0 … 7:  # TemporalMap(1,1) N
      for t0_k in 0 … ⌈K/4⌉ - 1:  # TemporalMap(4,4) K
        parallel u0 in 0 … 3:
          for m in [u0, min(4, u0 + 1)), n in [t0_n, min(8, t0_n + 1)), k in [4·t0_k, min(K, 4·t0_k + 4)):
            Z[m, n] += A[m, k] · B[k, n]
    """

    operator: Operator
    loops: tuple[Loop, ...]
    units: tuple[Units, ...]
    tiles: tuple[tuple[str, Tile], ...]
    guards: tuple[Constraint, ...]
    notes: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """How many levels of units there are."""
        return len(self.units)

    @property
    def variables(self) -> frozenset[str]:
        """The names of loops, units and iteration variables."""
        names = {loop.name for loop in self.loops} | {units.name for units in self.units}
        return frozenset(names | {variable for variable, _ in self.tiles})

    @property
    def symbols(self) -> frozenset[str]:
        """Every parameter: extents, sizes and numbers of units that are symbols."""
        used = (each.expression.names() for each in self.constraints())
        return frozenset(self.operator.symbols).union(*used) - self.variables

    def pes_at(self, point: Mapping[str, int]) -> int:
        """Give the number of PEs of all levels, idle ones included, as far as clusters fill the array."""
        return prod(units.count.evaluate(point) for units in self.units)

    def filled(self, point: Mapping[str, int], array: int) -> int:
        """Give the PEs of an array that the clusters would fill."""
        size = prod(units.count.evaluate(point) for units in self.units[1:])
        return array // size * size

    def constraints(self) -> Iterator[Constraint]:
        """Give every constraint on loops, units and iteration variables, the domain's conditions too."""
        for loop in self.loops:
            yield Constraint(Affine.of(loop.name))
        for units in self.units:
            yield Constraint(Affine.of(units.name))
            yield Constraint(units.count - 1 - units.name)
        for variable, tile in self.tiles:
            yield from (Constraint(Affine.of(variable) - lower) for lower in tile.lowers)
            yield from (Constraint(end - 1 - variable) for end in tile.ends)
        yield from self.guards
        yield from map(Constraint, self.operator.conditions)

    def __str__(self) -> str:
        """Print as nested loops."""
        lines: list[str] = []
        for units in self.units:
            for loop in self.loops:
                if loop.level == units.level:
                    fold = ", fold" if loop.kind == "fold" else ""
                    lines.append(f"for {loop.name} in 0 … {loop.last}:  # {loop.note}{fold}")
            if units.count != Affine.of(1):
                lines.append(f"parallel {units.name} in 0 … {units.count - 1}:")
        inner = [f"{v} in [{tile.origin}, {tile.end})" for v, tile in self.tiles]
        lines.append(f"for {', '.join(inner)}:")
        if self.operator.constraints:
            lines.append(f"if {self.operator.domain}:")
        lines.append(self.operator.statement)
        return "\n".join("  " * depth + line for depth, line in enumerate(lines))
