"""Outputs that are read again, where units first touch an element at different steps.

Then an element that arrives may have been given up by another unit before, and which steps lie before a
step is a matter of the loops of all groups. So the groups are joined into one, all but those that count by
themselves, and new and gone data are built as they are defined, over all loops at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import islpy as isl

from polymaestro.movement.quantities import Quantity, product
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations import joined
from polymaestro.relations.sets import coalesced
from polymaestro.workload import Tensor


def rereads(groups: Sequence[GroupSteps], tensor: Tensor, retention: str) -> Quantity:
    """Σ over steps and parents of what arrives and was given up at that step or before.

    Units keep one tile, or nothing.
    """
    alone, rest = _divided(groups, tensor)
    group = GroupSteps(joined(each.group for each in rest), rest[0].depth)
    tile, keeps = group.tile(tensor), retention == "one-tile"
    new = _new(group, tile) if keeps else coalesced(group.spread(tile))
    again = new.intersect(_since(group, _gone(group, tile, keeps=keeps)))
    return product([*(each.tile(tensor) for each in alone), coalesced(again)])


def _divided(groups: Sequence[GroupSteps], tensor: Tensor) -> tuple[list[GroupSteps], list[GroupSteps]]:
    """Tell the groups that count by themselves from those to be joined.

    A group without loops has the same tile at all steps. One whose loops are outside of all others that are
    left, and which touches each element at one of its steps only, starts everything anew: what it has left
    never comes back, and what it gets was nowhere before.
    """
    alone = [each for each in groups if not (each.loops or each.spreads)]
    rest = [each for each in groups if each not in alone]
    for each in sorted(rest, key=lambda group: min((loop.position for loop in group.loops), default=-1)):
        others = [loop.position for other in rest if other is not each for loop in other.loops]
        outside = all(loop.position < other for loop in each.loops for other in others)
        if each.spreads or not outside or not each.touches_once(tensor):
            break
        alone.append(each)
        rest.remove(each)
    return alone, rest


def _new(group: GroupSteps, tile: isl.Map) -> isl.Map:
    """From (parent, step) to what some unit gets there."""
    new = tile.intersect_domain(group.first())
    for loop in group.loops:
        before = group.before(loop)
        held = before.apply_range(tile)
        new = new.union(tile.intersect_domain(before.domain()).subtract(held))
    return coalesced(group.spread(new))


def _gone(group: GroupSteps, tile: isl.Map, *, keeps: bool) -> isl.Map:
    """From (parent, step) to what some unit gives up there."""
    gone = tile.subtract(tile)
    for loop in group.loops:
        before = group.before(loop).apply_range(tile)
        gone = gone.union(before.subtract(tile) if keeps else before)
    return coalesced(group.spread(gone))


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
