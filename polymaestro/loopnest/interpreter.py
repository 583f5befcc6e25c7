"""The oracle: a mapping run with plain Python loops and sets.

    Mapping ─ running ▶ (unit, step, box)* ─ moving ▶ A_F(u, t), compared in time ▶ Observation

Nothing here is symbolic and nothing is clever: every tile is a set of elements, every count the size
of a set. The counting side shares no code with these modules, so that the two can check each other.

Worked example: a one-dimensional convolution with P = 3 outputs and R = 2 taps on two PEs, one tap
each. The PEs together read 2 + 4 elements of the input, because a tap slides over 3 of 4 inputs.

>>> from polymaestro.affine import Affine
>>> from polymaestro.dataflow.directives import Dataflow, SpatialMap, TemporalMap
>>> from polymaestro.workload import conv2d
>>> one = Affine.of(1)
>>> flow = Dataflow((SpatialMap(one, one, "R"), TemporalMap(one, one, "P")))
>>> seen = interpret(conv2d(N=1, K=1, C=1, P=3, Q=1, R=2, S=1), flow, 2)
>>> seen.macs, seen.steps, seen.active
(6, 3, 6)
>>> seen.boundaries[0].tensors["I"]
{'occupancy': 1, 'tile_total': 6, 'fills': 6, 'parent_reads': 6}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Values
from dataclasses import dataclass
from itertools import chain
from math import prod

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import Mapping, bind
from polymaestro.dataflow.directives import Dataflow
from polymaestro.errors import DataflowError, WorkloadError
from polymaestro.loopnest.elements import Touched
from polymaestro.loopnest.moving import counts_of, work_of
from polymaestro.loopnest.running import Execution, executed
from polymaestro.showing import Row, Table, Tabled
from polymaestro.workload.operator import Operator


@dataclass(frozen=True, repr=False)
class ObservedBoundary(Tabled):
    """What crossed the boundary whose child memories have this depth.

    `tensors` gives for each input its occupancy, tile_total, fills and parent_reads, and for the
    output its occupancy, tile_total, drains, parent_updates, read_backs and final_writes, in elements.
    """

    depth: int
    steps: int
    tensors: dict[str, dict[str, int]]

    def tables(self) -> Iterator[Table]:
        """Give each quantity by tensor."""
        quantities = dict.fromkeys(name for counts in self.tensors.values() for name in counts)
        rows = tuple(
            Row((name.replace("_", " "), *(str(each.get(name, "")) for each in self.tensors.values())))
            for name in quantities
        )
        title = f"boundary {self.depth}: {self.steps} steps"
        yield Table(("elements", *self.tensors), rows, title=title)


@dataclass(frozen=True, repr=False)
class Observation(Tabled):
    """What a run of a mapping showed.

    `macs` counts executions; `missing` and `repeated` count the points of the domain that were never
    executed and that were executed more than once. `steps` are the full time vectors at which some PE
    worked, `units` all PEs of the mapping, `active` the (PE, step) pairs that worked.
    """

    macs: int
    missing: int
    repeated: int
    steps: int
    units: int
    active: int
    boundaries: tuple[ObservedBoundary, ...]

    def tables(self) -> Iterator[Table]:
        """Give what was executed, then each boundary."""
        names = ("macs", "missing", "repeated", "steps", "units", "active")
        yield Table(("executed", "count"), tuple(Row((name, str(getattr(self, name)))) for name in names))
        for boundary in self.boundaries:
            yield from boundary.tables()

    @property
    def legal(self) -> bool:
        """Whether every point of the domain was executed exactly once."""
        return not self.missing and not self.repeated


def interpret(
    operator: Operator, dataflow: Dataflow, num_pes: int, extents: Values[str, int] | None = None
) -> Observation:
    """Run a dataflow and count what moved, in elements; `extents` gives every symbol a number.

    Raises `WorkloadError` or `DataflowError` for a symbol without a number, and what `bind` raises.

    Time and memory grow with the number of MACs: it is meant for small extents.

    >>> from polymaestro import gemm, parse_dataflow
    >>> flow = parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,2) K")
    >>> seen = interpret(gemm(), flow, 4, {"M": 4, "N": 2, "K": 6})
    >>> seen.macs, seen.steps, seen.boundaries[0].tensors["A"]["parent_reads"]
    (48, 3, 24)
    """
    return observe(numeric(operator, dataflow, num_pes, extents or {}))


def numeric(operator: Operator, dataflow: Dataflow, num_pes: int, extents: Values[str, int]) -> Mapping:
    """Bind a dataflow after every symbol, in extents and in sizes, has become a number."""
    unknown = [name for name in operator.symbols if name not in extents]
    if unknown:
        message = f"the interpreter needs a number for {', '.join(unknown)} of {operator.name}"
        raise WorkloadError(message)
    numbers = {d.name: d.extent.evaluate(extents) for d in operator.dims}
    mapping = bind(operator.with_extents(numbers), dataflow.substituted(extents), num_pes)
    for level in mapping.levels:
        for each in level.maps:
            left = each.size.names() | each.offset.names()
            if left:
                message = f"the interpreter needs a number for {', '.join(sorted(left))} in '{each}'"
                raise DataflowError(message)
    return mapping


def observe(mapping: Mapping) -> Observation:
    """Run a mapping whose sizes are all numbers and count what moved."""
    operator = mapping.operator
    runs = list(executed(mapping))
    points = Touched(operator, tuple(Affine.of(d.variable) for d in operator.dims))
    times = Counter(chain.from_iterable(points.of(run.box) for run in runs))
    return Observation(
        macs=sum(times.values()),
        missing=_domain_size(operator) - len(times),
        repeated=sum(1 for count in times.values() if count > 1),
        steps=len({run.step for run in runs}),
        units=prod(level.units.constant for level in mapping.levels),
        active=len(runs),
        boundaries=tuple(_boundary(operator, runs, depth + 1) for depth in range(len(mapping.levels))),
    )


def _domain_size(operator: Operator) -> int:
    """Count the points of the domain.

    Raises `WorkloadError` when there are none.
    """
    whole = tuple((0, d.extent.constant) for d in operator.dims)
    bound = {name for condition in operator.conditions for name in condition.names()}
    chosen = Touched(operator, tuple(Affine.of(d.variable) for d in operator.dims if d.variable in bound))
    free = prod(d.extent.constant for d in operator.dims if d.variable not in bound)
    size = free * len(chosen.of(whole))
    if not size:
        message = f"{operator.name} has an empty domain: no point has {operator.domain}"
        raise WorkloadError(message)
    return size


def _boundary(operator: Operator, runs: list[Execution], depth: int) -> ObservedBoundary:
    """Count what crosses the boundary above the units of the first `depth` levels.

    Their steps are the time loops of these levels; the loops and units further inside are one step's work.
    """
    work = work_of(runs, depth, depth)
    tensors = {tensor.name: counts_of(operator, tensor, work) for tensor in operator.tensors}
    return ObservedBoundary(depth, len({step for steps in work.values() for step in steps}), tensors)
