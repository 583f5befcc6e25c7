"""An executor: a mapping run on numbers, in the order and the placement that the dataflow gives.

Every PE accumulates into partial results of its own. When its tile of the output moves on, what left the
tile is handed to the memory above, and so on up to L2 when the tile of that memory moves on; at the end
everything is handed up. Work that is skipped or repeated therefore shows in the result of a sum.

The numbers may be anything with ``*`` and ``+`` (for a max reduction with ``*`` and ``>``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Table
from contextlib import suppress
from functools import reduce
from itertools import groupby, product
from operator import add, getitem, mul
from typing import Any

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Dataflow
from polymaestro.errors import WorkloadError, did_you_mean
from polymaestro.loopnest.elements import Range
from polymaestro.loopnest.interpreter import numeric
from polymaestro.loopnest.running import Execution, Step, Unit, executed
from polymaestro.workload.operator import Operator

Index = tuple[int, ...]
"""The index of one element of a tensor."""

Partials = dict[Index, Any]
"""Elements of the output with what has been accumulated so far."""

Point = dict[str, int]
"""A value per loop variable."""


def execute(
    operator: Operator,
    dataflow: Dataflow,
    num_pes: int,
    tensors: Table[str, Any],
    extents: Table[str, int] | None = None,
) -> dict[tuple[int, ...], Any]:
    """Run a dataflow on input tensors and give the output, as a dictionary from index to value.

    `tensors` has the inputs by name: each a mapping from index tuples, an array that takes such tuples
    (as NumPy's do), or nested sequences. `extents` gives every symbol a number. Elements of the output
    that no executed point writes are left out.

    Raises `WorkloadError` for a missing or unknown tensor, an index outside one, or a symbol without a
    number, and what `interpret` raises for the dataflow.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("SpatialMap(1,1) R; TemporalMap(1,1) P")
    >>> row = pm.einsum("O[p] += I[p+r] * W[r]", P=3, R=2)
    >>> image, taps = [1, 2, 3, 4], [10, 1]
    >>> execute(row, flow, 2, {"I": image, "W": taps})
    {(0,): 12, (1,): 23, (2,): 34}
    >>> [image[p] * taps[0] + image[p + 1] * taps[1] for p in range(3)]
    [12, 23, 34]
    """
    mapping = numeric(operator, dataflow, num_pes, extents or {})
    machine = _Machine(mapping.operator, tensors)
    done = [(run, machine.points(run.box)) for run in executed(mapping)]
    machine.expect(done)
    for step, runs in groupby(done, key=lambda each: each[0].step):
        machine.work(step, {run.unit: points for run, points in runs})
    return dict(sorted(machine.finish().items()))


class _Machine:
    """The memories of all units, by (u_0, …, u_b-1); the one of () is the outermost."""

    def __init__(self, operator: Operator, tensors: Table[str, Any]) -> None:
        inputs = [tensor for tensor in operator.tensors if tensor.role == "input"]
        for name in tensors:
            if name not in {tensor.name for tensor in inputs}:
                message = f"{operator.name} has no input {name!r}"
                raise WorkloadError(message + did_you_mean(name, [tensor.name for tensor in inputs]))
        missing = [tensor.name for tensor in inputs if tensor.name not in tensors]
        if missing:
            message = f"{operator.name} needs a tensor for {', '.join(missing)}"
            raise WorkloadError(message)
        self.operator = operator
        self.operands = [(tensor.name, tensor.access, tensors[tensor.name]) for tensor in inputs]
        self.reduced: Callable[[Any, Any], Any] = add if operator.reduction == "sum" else max
        self.memories: defaultdict[Unit, Partials] = defaultdict(dict)
        self.tiles: defaultdict[tuple[Unit, Step], set[Index]] = defaultdict(set)

    def points(self, box: tuple[Range, ...]) -> list[Point]:
        """Give the points of a box that lie in the domain, the last dimension fastest."""
        variables = [dim.variable for dim in self.operator.dims]
        ranges = (range(begin, end) for begin, end in box)
        points = [dict(zip(variables, values, strict=True)) for values in product(*ranges)]
        return [
            p for p in points if all(condition.evaluate(p) >= 0 for condition in self.operator.conditions)
        ]

    def expect(self, done: list[tuple[Execution, list[Point]]]) -> None:
        """Note the tile of the output that each memory has during each of its steps."""
        for run, points in done:
            indices = {self.written(point) for point in points}
            for depth in range(1, len(run.unit) + 1):
                self.tiles[run.unit[:depth], run.step[:depth]] |= indices

    def work(self, step: Step, points: dict[Unit, list[Point]]) -> None:
        """Let what has left its tile move up, the innermost memories first; then compute."""
        for depth in range(len(step), 0, -1):
            for unit in dict.fromkeys(pe[:depth] for pe in points):
                tile = self.tiles[unit, step[:depth]]
                self.hand_up(unit, [index for index in self.memories[unit] if index not in tile])
        for pe, mine in points.items():
            for point in mine:
                self.accumulate(self.memories[pe], self.written(point), self.value(point))

    def finish(self) -> Partials:
        """Hand everything up, the innermost memories first."""
        for unit in sorted(self.memories, key=len, reverse=True):
            if unit:
                self.hand_up(unit, list(self.memories[unit]))
        return self.memories[()]

    def hand_up(self, unit: Unit, indices: list[Index]) -> None:
        """Move partial results to the memory above."""
        for index in indices:
            self.accumulate(self.memories[unit[:-1]], index, self.memories[unit].pop(index))

    def accumulate(self, partials: Partials, index: Index, value: object) -> None:
        """Reduce a value into a memory."""
        partials[index] = self.reduced(partials[index], value) if index in partials else value

    def written(self, point: Point) -> Index:
        """Give the index of the output that a point writes."""
        return _at(self.operator.output.access, point)

    def value(self, point: Point) -> object:
        """Multiply the operands at a point."""
        return reduce(
            mul, [_element(name, tensor, _at(access, point)) for name, access, tensor in self.operands]
        )


def _at(access: tuple[Affine, ...], point: Point) -> Index:
    return tuple([index.evaluate(point) for index in access])


def _element(name: str, tensor: Any, index: Index) -> Any:  # noqa: ANN401  values are the caller's
    """Look an element up; a negative index is none, although sequences would count it from the end."""
    found = None
    with suppress(LookupError, TypeError):
        if isinstance(tensor, Table):
            found = tensor[index]
        elif min(index) >= 0 and len(getattr(tensor, "shape", index)) == len(index):
            found = tensor[index] if hasattr(tensor, "shape") else reduce(getitem, index, tensor)
    if found is None or isinstance(found, Sequence):
        shown = f"{name}[{', '.join(map(str, index))}]"
        message = f"{shown} is used, but the tensor given for {name} has no such element"
        raise WorkloadError(message)
    return found
