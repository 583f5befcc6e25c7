"""Kind *isl sets*: two parametric sets are equal, one lies in another, parts do not overlap.

isl decides these for all parameters at once (Presburger arithmetic); a point of the difference is the
counterexample.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import islpy as isl

from polymaestro.proving.verdicts import Proof
from polymaestro.relations.sets import PARAM, SET, parameters


def equal_sets(claim: str, left: isl.Set, right: isl.Set) -> Proof:
    """Prove that two sets have the same points for all parameters.

    >>> even = isl.Set("[n] -> { [i] : exists k : i = 2k and 0 <= i < n }")
    >>> equal_sets("evens", even, isl.Set("[n] -> { [i] : i mod 2 = 0 and 0 <= i < n }")).verdict
    'proved'
    >>> equal_sets("evens", even, isl.Set("[n] -> { [i] : i mod 2 = 0 and 0 <= i <= n }")).counterexample
    {'n': 0, 'i': 0}
    """
    return _nowhere(claim, left.subtract(right).union(right.subtract(left)))


def within(claim: str, part: isl.Set, whole: isl.Set) -> Proof:
    """Prove that a set lies in another for all parameters."""
    return _nowhere(claim, part.subtract(whole))


def disjoint(claim: str, parts: Sequence[isl.Set]) -> Proof:
    """Prove that no two of several sets share a point, for any parameters."""
    common = parts[0].subtract(parts[0])
    for index, part in enumerate(parts):
        for other in parts[:index]:
            common = common.union(part.intersect(other))
    return _nowhere(claim, common)


def single_valued(claim: str, relation: isl.Map) -> Proof:
    """Prove that a relation gives each point no more than one image; the counterexample is such a point."""
    if relation.is_single_valued():
        return Proof(claim, "isl sets", "proved")
    return _nowhere(claim, relation.subtract(relation.lexmin()).domain())


def _nowhere(claim: str, wrong: isl.Set) -> Proof:
    if wrong.is_empty():
        return Proof(claim, "isl sets", "proved")
    return Proof(claim, "isl sets", "false", counterexample=_point(wrong))


def _point(points: isl.Set) -> dict[str, int]:
    """Give parameters and coordinates of some point."""
    names = [*parameters(points), *_coordinates(points)]
    size = points.dim(PARAM)
    point = points.move_dims(SET, 0, PARAM, 0, size).sample_point()
    return {name: point.get_coordinate_val(SET, i).to_python() for i, name in enumerate(names)}


def _coordinates(points: isl.Set) -> Iterable[str]:
    return (points.get_dim_name(SET, index) or f"x{index}" for index in range(points.dim(SET)))
