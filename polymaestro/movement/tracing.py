"""From relations to movement: every quantity of every tensor at every boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import islpy as isl

from polymaestro.movement.joined import rereads
from polymaestro.movement.mixed import MixedFlow
from polymaestro.movement.quantities import Flow, Quantity, product
from polymaestro.movement.steps import GroupSteps
from polymaestro.policies import Policies
from polymaestro.relations import Relations
from polymaestro.relations.effort import limited
from polymaestro.relations.sets import parameters
from polymaestro.showing import Shown
from polymaestro.workload import Tensor

MOST_STEPS = 1_500_000
"""What isl may take for all sets of a movement; published dataflows take a tenth of a million or two."""


@dataclass(frozen=True, repr=False)
class BoundaryMovement(Shown):
    """The quantities of each tensor at one boundary, and its number of steps.

    Input tensors have occupancy, tile_total, fills and parent_reads; the output has occupancy,
    tile_total, drains, parent_updates, read_backs and final_writes.
    """

    parent: str
    child: str
    depth: int
    steps: Quantity
    tensors: Mapping[str, Mapping[str, Quantity]]

    def __str__(self) -> str:
        """Write every quantity as a sum of products of sets, |…| being the number of points."""
        lines = [f"{self.parent} → {self.child}", *_written("steps", self.steps)]
        for tensor, quantities in self.tensors.items():
            for name, quantity in quantities.items():
                lines += _written(f"{tensor} {name.replace('_', ' ')}", quantity)
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Movement(Shown):
    """All boundaries, and what is executed: MACs, steps and active PEs summed over steps."""

    relations: Relations
    policies: Policies
    boundaries: tuple[BoundaryMovement, ...]
    macs: Quantity
    steps: Quantity
    active: Quantity

    def __str__(self) -> str:
        """Write what is executed, then the boundaries."""
        totals = (("MACs", self.macs), ("steps", self.steps), ("active PEs, summed", self.active))
        lines = [line for name, quantity in totals for line in _written(name, quantity)]
        return "\n\n".join(["\n".join(["in all", *lines]), *map(str, self.boundaries)])


def _written(name: str, quantity: Quantity) -> list[str]:
    return [f"  {name} =", *(f"    {line}" for line in str(quantity).split("\n"))]


def memory_names(depth: int) -> list[str]:
    """Name the memories from the top: L2, cluster1, cluster2 … L1.

    >>> memory_names(3)
    ['L2', 'cluster1', 'cluster2', 'L1']
    """
    return ["L2", *(f"cluster{level}" for level in range(1, depth)), "L1"]


def trace(relations: Relations, policies: Policies) -> Movement:
    """Derive the movement of every tensor across every boundary, in product form, under the policies.

    Raises `CountingUnavailableError` where what is read again takes too many steps to derive.
    """
    advice = relations.advice(parameters(relations.context))
    with limited(MOST_STEPS, f"deriving what is read again takes too many steps; {advice}"):
        return _traced(relations, policies)


def _traced(relations: Relations, policies: Policies) -> Movement:
    depth = relations.nest.depth
    names = memory_names(depth)
    boundaries = tuple(
        _boundary(relations, policies, level, names[level - 1 : level + 1]) for level in range(1, depth + 1)
    )
    pes = [GroupSteps(group, depth) for group in relations.groups]
    return Movement(
        relations,
        policies,
        boundaries,
        macs=product(group.points for group in pes),
        steps=_steps(pes),
        active=product(isl.Map.from_domain(group.active) for group in pes),
    )


def elements_used(relations: Relations, tensor: Tensor) -> Quantity:
    """Count the different elements of a tensor that are used at all: what the first boundary must pass."""
    return Flow(tuple(GroupSteps(group, 1) for group in relations.groups), tensor).distinct()


def _steps(groups: list[GroupSteps]) -> Quantity:
    """Count the steps at which some unit is active."""
    return product(group.times for group in groups)


def _boundary(relations: Relations, policies: Policies, depth: int, names: list[str]) -> BoundaryMovement:
    apart = tuple(GroupSteps(group, depth) for group in relations.groups)
    tensors = {tensor.name: _tensor(apart, tensor, policies) for tensor in relations.nest.operator.tensors}
    return BoundaryMovement(names[0], names[1], depth, _steps(list(apart)), tensors)


def _tensor(apart: tuple[GroupSteps, ...], tensor: Tensor, policies: Policies) -> dict[str, Quantity]:
    """Derive one tensor; what is read again needs groups together where units begin at other steps."""
    spatial = next(group for group in apart if group.spreads)
    flow = Flow if spatial.is_uniform else MixedFlow
    own = flow(apart, tensor, policies.retention, policies.sharing)
    held = {"occupancy": own.occupancy(), "tile_total": own.tile_total()}
    moved = own.transfers()
    if tensor.role == "input":
        return held | {
            "fills": moved,
            "parent_reads": moved if policies.sharing == "unicast" else own.arrivals(),
        }
    final = own.distinct()
    if policies.first_partial_sum_read == "counted":
        back = own.arrivals()
    elif policies.retention == "resident":
        back = Quantity(())  # all that is given up is given up at the end
    elif spatial.arrives_once(tensor):
        back = own.arrivals().minus(final)
    else:
        back = rereads(apart, tensor, policies.retention)
    return held | {
        "drains": moved,
        "parent_updates": moved if policies.reduction == "none" else own.departures(),
        "read_backs": back,
        "final_writes": final,
    }
