"""Coverage: which points of the iteration domain are executed, never, once or several times.

A dataflow is legal when every point is executed exactly once (`model.md` §2). Points of different
groups combine freely, so the whole is covered exactly when each group is.
"""

from __future__ import annotations

from dataclasses import dataclass

import islpy as isl

from polymaestro.relations.groups import AxisGroup
from polymaestro.relations.sets import PARAM, SET, coalesced, sample_of


@dataclass(frozen=True)
class Coverage:
    """One group's missing points and the points executed more than once, over its variables."""

    variables: tuple[str, ...]
    missing: isl.Set
    repeated: isl.Set

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
    return Coverage(group.variables, coalesced(missing), _repeated(placed, done))


def _repeated(placed: isl.Map, done: isl.Set) -> isl.Set:
    """Give the points that two different places execute."""
    if placed.is_single_valued():
        return done.subtract(done)
    first = placed.lexmin()
    return coalesced(placed.subtract(first).domain())


def _example(points: isl.Set) -> str:
    """Write one point with its variables, and its parameters where it has any."""
    size = points.dim(SET)
    names = [str(points.get_dim_name(SET, index)) for index in range(size)]
    flat = points.move_dims(PARAM, points.dim(PARAM), SET, 0, size).params()
    for index, name in enumerate(names, start=flat.dim(PARAM) - size):
        flat = flat.set_dim_name(PARAM, index, name)
    return ", ".join(f"{name} = {value}" for name, value in sorted(sample_of(flat).items()))
