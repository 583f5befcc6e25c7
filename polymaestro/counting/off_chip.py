"""Between DRAM and L2: what crosses when a tensor is streamed, its elements, the sizes of its tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polymaestro.counting.engine import Count
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.sizes import Sizer
from polymaestro.counting.summing import Sum, Summing
from polymaestro.movement.quantities import Flow, Quantity
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations import Relations
from polymaestro.workload import Tensor

Sizes = tuple[tuple[Count, QuasiPolynomial], ...]
"""The sizes of a tile, each with the number of steps that have it."""


@dataclass(frozen=True)
class OffChipCounts:
    """What L2 gets and gives up, L2 being one unit that holds what is touched in a level-0 step.

    `tensors` has for each ``streamed_in`` and ``streamed_out``, where L2 keeps the tile of a step only,
    and ``elements``, all of which cross once where L2 keeps the tensor; `tiles` one entry an axis group.
    """

    tensors: Mapping[str, Mapping[str, Sum]]
    tiles: Mapping[str, tuple[Sizes, ...]]


def count_off_chip(relations: Relations, first_reads: str, sizer: Sizer) -> OffChipCounts:
    """Count what crosses between DRAM and L2; `first_reads` says whether outputs come in when all zero yet.

    Raises `CountingUnavailableError` when something cannot be counted exactly.
    """
    counter = sizer.counter
    tensors = relations.nest.operator.tensors

    def made(relations: Relations) -> dict[tuple[str, str], Quantity]:
        groups = _groups(relations)
        return {
            (each.name, name): quantity
            for each in tensors
            for name, quantity in _quantities(Flow(groups, each), each, first_reads).items()
        }

    sums = Summing(relations, counter).of(made)
    groups = _groups(relations)
    return OffChipCounts(
        {
            each.name: {name: total for (of, name), total in sums.items() if of == each.name}
            for each in tensors
        },
        {
            tensor.name: tuple(
                tuple((counter.count(steps), size) for steps, size in sizer.sizes(group.tile(tensor)))
                for group in groups
            )
            for tensor in tensors
        },
    )


def _groups(relations: Relations) -> tuple[GroupSteps, ...]:
    """Give the steps of level 0, L2 being one unit."""
    return tuple(GroupSteps(group, 1, unit_depth=0) for group in relations.groups)


def _quantities(flow: Flow, tensor: Tensor, first_reads: str) -> dict[str, Quantity]:
    arrives, elements = flow.arrivals(), flow.distinct()
    if tensor.role == "input":
        return {"streamed_in": arrives, "streamed_out": Quantity(()), "elements": elements}
    back = arrives if first_reads == "counted" else arrives.minus(elements)
    return {"streamed_in": back, "streamed_out": flow.departures(), "elements": elements}
