"""Points of the whole iteration domain: sets of them, and one of them as an example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import islpy as isl

from polymaestro.relations.sets import PARAM, SET, coalesced, parameters


@dataclass(frozen=True)
class Points:
    """A set of iteration points over the loop variables of an operator, with parameters where it has any."""

    variables: tuple[str, ...]
    points: isl.Set

    def __bool__(self) -> bool:
        """Whether there are any points."""
        return not self.points.is_empty()

    @cached_property
    def example(self) -> Mapping[str, int]:
        """Give the first point: a value for each parameter and each variable; empty without any points.

        >>> points = isl.Set("[N] -> { [n, k] : 2 <= n < N and 1 <= k < 3 }")
        >>> Points(("n", "k"), points).example
        {'N': 3, 'n': 2, 'k': 1}
        """
        return first_point(self.points, self.variables) if self else {}

    def __str__(self) -> str:
        """Print the set as isl does."""
        return str(self.points)


def first_point(points: isl.Set, variables: tuple[str, ...]) -> dict[str, int]:
    """Give the lexicographically first point of a set that is not empty, parameters before variables."""
    names = parameters(points)
    flat = points.move_dims(SET, 0, PARAM, 0, len(names)) if names else points
    flat = flat.reset_tuple_id() if flat.has_tuple_id() else flat
    try:
        point = flat.lexmin().sample_point()
    except isl.Error:  # a parameter has no least value
        point = flat.sample_point()
    values = [point.get_coordinate_val(SET, index).to_python() for index in range(flat.dim(SET))]
    return dict(zip((*names, *variables), values, strict=True))


def lifted(points: isl.Set, variables: tuple[str, ...], every: tuple[str, ...]) -> isl.Set:
    """Give all points over `every` variable whose part over `variables` lies in a set."""
    projection = isl.Map(f"{{ [{', '.join(every)}] -> [{', '.join(variables)}] }}")
    return projection.intersect_range(points).domain()


def united(parts: Iterable[isl.Set], none: isl.Set) -> isl.Set:
    """Give the union of sets, `none` where there are none."""
    for each in parts:
        none = none.union(each)
    return coalesced(none)
