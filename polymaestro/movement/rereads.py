"""Read-backs where the units of a parent first touch an output at different steps.

Then arrivals minus distinct elements is not the number of read-backs, and the definition itself is
counted, on all groups joined into one: the elements that arrive at a step and that some unit of the same
parent gave up at that step or before.
"""

from __future__ import annotations

import islpy as isl

from polymaestro.movement.quantities import Quantity, product
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations.sets import coalesced
from polymaestro.workload import Tensor


def reread(group: GroupSteps, tensor: Tensor) -> Quantity:
    """Count partial sums that are read again below one parent, by the definition of `model.md` §3."""
    tile = group.tile(tensor)
    new = tile.intersect_domain(group.first())
    gone = tile.subtract(tile)
    for loop in group.loops:
        before = group.before(loop).apply_range(tile)
        new = new.union(tile.intersect_domain(group.before(loop).domain()).subtract(before))
        gone = gone.union(before.subtract(tile))
    return product([coalesced(group.spread(new).intersect(_since(group, group.spread(gone))))])


def _since(group: GroupSteps, gone: isl.Map) -> isl.Map:
    """Relate each step to what was given up at it or before it, below the same parent."""
    units = [f"u{index}" for index in range(len(group.units) - group.spreads)]
    loops = range(len(group.loops))
    earlier, now = [f"a{index}" for index in loops], [f"b{index}" for index in loops]
    cases = [" and ".join([*(f"a{j} = b{j}" for j in range(i)), f"a{i} < b{i}"]) for i in loops] + [
        " and ".join(f"a{j} = b{j}" for j in loops) or "true"
    ]
    order = isl.Map(
        f"{{ [{', '.join(units + now)}] -> [{', '.join(units + earlier)}] : {' or '.join(cases)} }}"
    )
    return order.apply_range(gone)
