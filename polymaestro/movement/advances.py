"""How time passes at one boundary: in which cases units of one parent get new data at the same step.

At each step of a unit exactly one loop advances, so new data is a sum over loops, and so is what units
share, as long as units that are active together advance the same loop. A causal mask breaks that: in a
row of the triangle some units begin for the first time, others come from the row before. But between
neighbouring loops of the spatial group no other group changes, so these loops (and the first step of all,
where they are outermost) can be one case: what another group held before is then the same for all units.
"""

from __future__ import annotations

from functools import cached_property
from itertools import groupby

import islpy as isl

from polymaestro.loopnest import Loop
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations.sets import coalesced

Case = tuple[Loop, ...]
"""One loop, or neighbouring loops of the spatial group."""


class Advances:
    """The cases at one boundary; exactly one of its groups spreads over the units of a parent."""

    def __init__(self, groups: tuple[GroupSteps, ...]) -> None:
        """Order the loops of all groups by time."""
        self.groups = groups
        self.spatial = next(group for group in groups if group.spreads)
        self.loops = sorted((each for g in groups for each in g.loops), key=lambda each: each.position)

    @cached_property
    def shared(self) -> tuple[Case, ...] | None:
        """The cases for what units share; None where units that are active together differ in theirs."""
        single = tuple((loop,) for loop in self.loops)
        own = set(self.spatial.loops)
        runs = groupby(self.loops, key=lambda loop: -1 if loop in own else loop.position)
        joint = tuple(tuple(run) for _, run in runs)
        return next((cases for cases in (single, joint) if self._is_uniform(cases)), None)

    def before(self, group: GroupSteps, case: Case) -> isl.Map:
        """Relate each step at which a loop of this case advances to the step before, for the same unit."""
        if group is not self.spatial or len(case) == 1:
            return group.before(case[0])
        relation = group.before(case[0])
        for loop in case[1:]:
            relation = relation.union(group.before(loop))
        return coalesced(relation)

    def begins(self, case: Case) -> bool:
        """Whether a unit's first step belongs to this case: loops of the spatial group, outermost of all."""
        return len(case) > 1 and case[0] is self.loops[0]

    def _is_uniform(self, cases: tuple[Case, ...]) -> bool:
        """Whether units of one parent that are active together always are in the same case."""
        own = [case for case in cases if case[0] in self.spatial.loops]
        classes = [self.before(self.spatial, case).domain() for case in own]
        if own and self.begins(own[0]):
            classes[0] = classes[0].union(self.spatial.first())
        else:
            classes.append(self.spatial.first())
        seen: isl.Set | None = None
        for each in classes:
            steps = self.spatial.spread(isl.Map.from_domain(each)).domain()
            if seen is not None and not seen.is_disjoint(steps):
                return False
            seen = steps if seen is None else seen.union(steps)
        return True
