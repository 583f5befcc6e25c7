"""Coverage: which points of the iteration domain are executed, never, once or several times.

A dataflow is legal when every point is executed exactly once. Points of different
groups combine freely, so the whole is covered exactly when each group is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import islpy as isl

from polymaestro.relations.groups import AxisGroup
from polymaestro.relations.points import Points, lifted, united
from polymaestro.relations.sets import PARAM, SET, coalesced, lexmin, sample_of


@dataclass(frozen=True)
class Coverage:
    """What one group executes: its missing points and those executed more than once, over its variables."""

    group: AxisGroup
    missing: isl.Set
    repeated: isl.Set

    @property
    def variables(self) -> tuple[str, ...]:
        """The iteration variables of the group; none for the units of a level without a SpatialMap."""
        return self.group.variables

    @cached_property
    def is_exact(self) -> bool:
        """Whether every point is executed exactly once, for all parameters."""
        return self.missing.is_empty() and self.repeated.is_empty()

    @cached_property
    def done(self) -> isl.Set:
        """The points that are executed at all."""
        return coalesced(self.group.space_time.domain())

    @cached_property
    def once(self) -> isl.Set:
        """The points that are executed exactly once."""
        return coalesced(self.done.subtract(self.repeated))

    def exact_on(self, context: isl.Set) -> isl.Set:
        """Give the parameters of a context for which every point is executed exactly once."""
        for wrong in (self.missing, self.repeated):
            context = context.subtract(wrong.params())
        return coalesced(context)

    def problems(self) -> list[str]:
        """Say in a line each what is wrong, with an example point."""
        axis = ", ".join(v.upper() for v in self.variables) or "no dimension"
        found = []
        if not self.missing.is_empty():
            found.append(f"points of {axis} are never executed, e.g. {_example(self.missing)}")
        if not self.repeated.is_empty() and self.variables:
            found.append(f"points of {axis} are executed more than once, e.g. {_example(self.repeated)}")
        elif not self.repeated.is_empty():
            found.append("a level with several units has no SpatialMap, so all its units do the same work")
        return found


def coverage_of(group: AxisGroup) -> Coverage:
    """Compare what a group executes with its part of the iteration domain."""
    placed = group.space_time
    done = placed.domain()
    missing = group.whole.subtract(done.align_params(group.whole.get_space()))
    return Coverage(group, coalesced(missing), _repeated(placed, done))


def _repeated(placed: isl.Map, done: isl.Set) -> isl.Set:
    """Give the points that two different places execute."""
    if placed.is_single_valued():
        return done.subtract(done)
    first = lexmin(placed)
    return coalesced(placed.subtract(first).domain())


def whole_domain(parts: Sequence[Coverage], variables: tuple[str, ...]) -> isl.Set:
    """Give the iteration domain that the groups make up together."""
    domain = isl.Set(f"{{ [{', '.join(variables)}] }}")
    for each in parts:
        if each.variables:
            domain = domain.intersect(lifted(each.group.whole, each.variables, variables))
    return domain


def never_executed(parts: Sequence[Coverage], variables: tuple[str, ...]) -> Points:
    """Give the points of the domain that some group misses."""
    domain = whole_domain(parts, variables)
    wrong = (lifted(each.missing, each.variables, variables) for each in parts if not each.is_exact)
    return Points(variables, united((each.intersect(domain) for each in wrong), domain.subtract(domain)))


def executed_again(parts: Sequence[Coverage], variables: tuple[str, ...]) -> Points:
    """Give the points that every group executes and some group more than once."""
    done = whole_domain(parts, variables)
    for each in parts:
        if not each.is_exact:
            done = done.intersect(lifted(each.done, each.variables, variables))
    wrong = (lifted(each.repeated, each.variables, variables) for each in parts if not each.is_exact)
    return Points(variables, united((each.intersect(done) for each in wrong), done.subtract(done)))


def _example(points: isl.Set) -> str:
    """Write one point with its variables, and its parameters where it has any."""
    size = points.dim(SET)
    names = [str(points.get_dim_name(SET, index)) for index in range(size)]
    flat = points.move_dims(PARAM, points.dim(PARAM), SET, 0, size).params()
    for index, name in enumerate(names, start=flat.dim(PARAM) - size):
        flat = flat.set_dim_name(PARAM, index, name)
    return ", ".join(f"{name} = {value}" for name, value in sorted(sample_of(flat).items()))
