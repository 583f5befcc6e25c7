"""From relations to movement: every quantity of every tensor at every boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import islpy as isl

from polymaestro.movement.joined import rereads
from polymaestro.movement.mixed import MixedFlow
from polymaestro.movement.quantities import Flow, Quantity, product
from polymaestro.movement.steps import IN, GroupSteps
from polymaestro.relations import Relations, joined
from polymaestro.relations.sets import coalesced
from polymaestro.workload import Tensor


@dataclass(frozen=True)
class BoundaryMovement:
    """The quantities of each tensor at one boundary, and its number of steps.

    Input tensors have occupancy, tile_total, fills and parent_reads; the output has occupancy,
    tile_total, drains, parent_updates, read_backs and final_writes.
    """

    parent: str
    child: str
    depth: int
    steps: Quantity
    tensors: Mapping[str, Mapping[str, Quantity]]


@dataclass(frozen=True)
class Movement:
    """All boundaries, and what is executed: MACs, steps and active PEs summed over steps."""

    relations: Relations
    boundaries: tuple[BoundaryMovement, ...]
    macs: Quantity
    steps: Quantity
    active: Quantity


def memory_names(depth: int) -> list[str]:
    """Name the memories from the top: L2, cluster1, cluster2 … L1.

    >>> memory_names(3)
    ['L2', 'cluster1', 'cluster2', 'L1']
    """
    return ["L2", *(f"cluster{level}" for level in range(1, depth)), "L1"]


def trace(relations: Relations) -> Movement:
    """Derive the movement of every tensor across every boundary, in product form."""
    depth = relations.nest.depth
    names = memory_names(depth)
    boundaries = tuple(
        _boundary(relations, level, names[level - 1], names[level]) for level in range(1, depth + 1)
    )
    pes = [GroupSteps(group, depth) for group in relations.groups]
    return Movement(
        relations,
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
    return product(
        coalesced(isl.Map.from_domain(group.active).project_out(IN, 0, len(group.units))) for group in groups
    )


def _boundary(relations: Relations, depth: int, parent: str, child: str) -> BoundaryMovement:
    apart = tuple(GroupSteps(group, depth) for group in relations.groups)
    together = GroupSteps(joined(relations.groups), depth)
    tensors = {tensor.name: _tensor(apart, together, tensor) for tensor in relations.nest.operator.tensors}
    return BoundaryMovement(parent, child, depth, _steps(list(apart)), tensors)


def _tensor(apart: tuple[GroupSteps, ...], together: GroupSteps, tensor: Tensor) -> dict[str, Quantity]:
    """Derive one tensor; what is read again needs all groups together where units begin at other steps."""
    spatial = next(group for group in apart if group.spreads)
    own = Flow(apart, tensor) if spatial.is_uniform else MixedFlow(apart, tensor)
    held = {"occupancy": own.occupancy(), "tile_total": own.tile_total()}
    if tensor.role == "input":
        return held | {"fills": own.transfers(), "parent_reads": own.arrivals()}
    final = own.distinct()
    again = own.arrivals().minus(final) if spatial.arrives_once(tensor) else rereads(together, tensor)
    return held | {
        "drains": own.transfers(),
        "parent_updates": own.departures(),
        "read_backs": again,
        "final_writes": final,
    }
