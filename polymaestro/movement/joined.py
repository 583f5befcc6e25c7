"""Movement where the product form does not apply, by the definitions of `model.md` §3.

When units of one parent advance different loops at the same step, or first touch an output at different
steps, the cases of the product form overlap. Then all groups are joined into one and new and gone data
are built as they are defined, over all cases at once.
"""

from __future__ import annotations

from functools import cached_property

import islpy as isl

from polymaestro.movement.quantities import Quantity, product, total
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations.sets import coalesced
from polymaestro.workload import Tensor


class JoinedFlow:
    """How one tensor moves between a parent and its units, all groups in one."""

    def __init__(self, group: GroupSteps, tensor: Tensor, retention: str = "one-tile") -> None:
        """Take the group that all groups are joined into; units keep one tile, or nothing."""
        self.group = group
        self.keeps = retention == "one-tile"
        self.tile = group.tile(tensor)

    def arrivals(self) -> Quantity:
        """Σ over steps and parents of the union over units of what is new."""
        return product([self._new])

    def departures(self) -> Quantity:
        """Σ over steps and parents of the union over units of what is given up, the end included."""
        held = self.tile.intersect_domain(self.group.last())
        return total([product([self._gone]), product([self.group.elements(held)])])

    def rereads(self) -> Quantity:
        """Σ over steps and parents of what arrives and was given up at that step or before."""
        return product([coalesced(self._new.intersect(_since(self.group, self._gone)))])

    @cached_property
    def _new(self) -> isl.Map:
        """From (parent, step) to what some unit gets there."""
        if not self.keeps:
            return coalesced(self.group.spread(self.tile))
        new = self.tile.intersect_domain(self.group.first())
        for loop in self.group.loops:
            before = self.group.before(loop)
            held = before.apply_range(self.tile)
            new = new.union(self.tile.intersect_domain(before.domain()).subtract(held))
        return coalesced(self.group.spread(new))

    @cached_property
    def _gone(self) -> isl.Map:
        """From (parent, step) to what some unit gives up there."""
        gone = self.tile.subtract(self.tile)
        for loop in self.group.loops:
            before = self.group.before(loop).apply_range(self.tile)
            gone = gone.union(before.subtract(self.tile) if self.keeps else before)
        return coalesced(self.group.spread(gone))


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
