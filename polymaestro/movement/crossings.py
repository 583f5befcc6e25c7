"""The boundaries of a nest as crossings, and whether time can be taken apart group by group."""

from __future__ import annotations

from collections.abc import Sequence

import islpy as isl

from polymaestro.movement.steps import GroupSteps
from polymaestro.movement.transfers import Crossing
from polymaestro.policies import Policies
from polymaestro.relations import Relations


def crossings_of(relations: Relations, policies: Sequence[Policies]) -> tuple[Crossing, ...]:
    """Give the crossings from DRAM → L2 on, each under its policies.

    L2 is the one unit of the first, whose steps are those of level 0.
    """
    operator = relations.nest.operator
    off_chip = tuple(GroupSteps(group, 1, unit_depth=0) for group in relations.groups)
    on_chip = (
        Crossing(depth, tuple(GroupSteps(group, depth) for group in relations.groups), operator, here)
        for depth, here in enumerate(policies[1:], 1)
    )
    return (Crossing(0, off_chip, operator, policies[0]), *on_chip)


def entangled(crossings: tuple[Crossing, ...]) -> str:
    """Say why steps are not products over the groups; empty when they are."""
    for each in crossings[1:]:
        spatial = next((group for group in each.groups if group.spreads), None)
        if spatial is None:
            continue  # its units take dimensions of a group that is not here
        if not spatial.is_uniform:
            return "units of one parent advance different loops at the same step"
        if not _start_together(spatial):
            return "units of one parent are first active at different steps"
        if _reads_back(each.policies) and not all(
            spatial.arrives_once(tensor) for tensor in each.operator.tensors if tensor.role == "output"
        ):
            return "units of one parent first hold an output at different steps"
    for whole, units in zip(crossings[0].groups, crossings[1].groups, strict=True):
        for mode in crossings[1].modes(units):
            if not crossings[0].steps(whole, mode).is_equal(crossings[1].steps(units, mode)):
                return "units and the array as a whole advance different loops at the same step"
    return ""


def _reads_back(policies: Policies) -> bool:
    return policies.first_partial_sum_read == "elided" and policies.retention != "resident"


def _start_together(group: GroupSteps) -> bool:
    """Whether all units of a parent are first active at the same step."""
    first = group.spread(isl.Map.from_domain(group.first())).domain()
    parents = len(group.units) - group.spreads
    by_parent = isl.Map.from_range(first).move_dims(isl.dim_type.in_, 0, isl.dim_type.out, 0, parents)
    return bool(by_parent.is_single_valued())
