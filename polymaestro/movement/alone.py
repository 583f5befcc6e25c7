"""One axis group by itself: the factors that it has in the quantities of `movement.quantities`.

There the groups of a nest are multiplied set by set. Here each factor of one group is a quantity of its own,
so that groups which are counted in different ways can be multiplied.
"""

from __future__ import annotations

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.movement.quantities import Factor, Quantity, Term, product
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations.sets import coalesced
from polymaestro.workload import Tensor

Advance = tuple[bool, int] | None
"""Whether the loop that advances is an own one, and how many own loops are outside it; None is the end."""


class Alone:
    """What a group holds of some indices, now and before."""

    def __init__(self, steps: GroupSteps, access: tuple[Affine, ...]) -> None:
        """Take the steps of the group and the indices of a tensor that its variables make up."""
        self.steps = steps
        self.tensor = Tensor("tile", "input", access)
        self.tile = steps.tile(self.tensor)

    # --- All steps ---

    def total(self) -> Quantity:
        """Σ over units and steps of |A|."""
        return product([self.tile])

    def used(self) -> Quantity:
        """Σ over steps of |⋃ A|."""
        return product([self.steps.spread(self.tile)])

    def peak(self) -> Quantity:
        """The largest |A|."""
        return Quantity((Term(1, (Factor("peak", self.tile),)),))

    def distinct(self) -> Quantity:
        """Σ over parents of |⋃ over units and steps of A|."""
        return product([self.steps.elements(self.tile)])

    def points(self) -> Quantity:
        """The points that are executed."""
        return product([self.steps.points])

    def times(self) -> Quantity:
        """The steps at which some unit is active."""
        return product([self.steps.times])

    # --- The steps at which a loop advances ---

    def before(self, advance: Advance) -> Quantity:
        """Σ over units and steps of |B|."""
        return product([self._before(advance)])

    def kept(self, advance: Advance) -> Quantity:
        """Σ over units and steps of |A ∩ B|."""
        return product([coalesced(self.tile.intersect(self._before(advance)))])

    def held(self, advance: Advance) -> Quantity:
        """Σ over steps of |⋃ B|; at the end, what some unit still holds."""
        if advance is None:
            last = self.tile.intersect_domain(self.steps.last())
            return product([self.steps.elements(last)])
        return product([self.steps.spread(self._before(advance))])

    def new_nowhere(self, advance: Advance) -> Quantity:
        """Σ over steps of |⋃ A minus ⋃ (A minus B)|."""
        before = self._before(advance)
        now = self.tile.intersect_domain(before.domain())
        return self._without(now, now.subtract(before))

    def gone_nowhere(self, advance: Advance) -> Quantity:
        """Σ over steps of |⋃ B minus ⋃ (B minus A)|."""
        before = self._before(advance)
        return self._without(before, before.subtract(self.tile))

    def _without(self, some: isl.Map, others: isl.Map) -> Quantity:
        left = self.steps.spread(some).subtract(self.steps.spread(others))
        return product([coalesced(left)])

    def _before(self, advance: Advance) -> isl.Map:
        """The tile of the step before, at the steps of an advance; those of all loops for the end."""
        if advance is None:
            return self.tile.intersect_domain(self.steps.last())
        own, index = advance
        relation = self.steps.own_advances(index) if own else self.steps.other_advances(index)
        return coalesced(relation.apply_range(self.tile))
