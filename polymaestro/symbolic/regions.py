"""Regions for print: as few conditions as say the same inside what is known anyway."""

from __future__ import annotations

from collections.abc import Mapping

import islpy as isl

from polymaestro.counting import Region, region_of
from polymaestro.relations.sets import PARAM, SET, coalesced, integer, parameters, restricted, sample_of


def domain_of(region: Region, like: isl.Set) -> isl.Set:
    """Write a region as a set over the parameters of another."""
    return isl.Set(f"[{', '.join(parameters(like))}] -> {{ : {region.isl()} }}").params()


def tidied_region(context: isl.Set) -> Region:
    """Read a region without conditions that the others imply."""
    return region_of(coalesced(context.detect_equalities().remove_redundancies()))


def shown_region(domain: isl.Set, context: isl.Set) -> Region:
    """Read a domain inside a context, as one conjunction where its hull adds no point of the context.

    >>> context = isl.Set("[P, R] -> { : P >= R >= 1 }").params()
    >>> print(shown_region(isl.Set("[P, R] -> { : P = R = 5 or P > R = 5 }").params(), context))
    R = 5
    """
    if domain.n_basic_set() > 1:
        hull = isl.Set.from_basic_set(domain.simple_hull())
        if hull.intersect(context).is_subset(domain):
            domain = hull
    return region_of(domain.gist(context))


def part_at(domain: isl.Set, point: Mapping[str, int]) -> isl.Set:
    """Give a convex part of a domain that holds a point."""
    parts = domain.compute_divs().get_basic_sets()
    return next(part for part in map(isl.Set.from_basic_set, parts) if region_of(part).holds(point))


def point_near(context: isl.Set, wish: Mapping[str, int]) -> dict[str, int]:
    """Give a point of a region, each symbol in turn as wished for, else the next larger, else any.

    >>> context = isl.Set("[C, K] -> { : C mod 64 = 0 and C >= 1 and 1 <= K <= 9 }").params()
    >>> point_near(context, {"C": 1000, "K": 1000})
    {'C': 1024, 'K': 9}
    """
    for index, name in enumerate(parameters(context)):
        above = context.lower_bound_val(PARAM, index, integer(wish.get(name, 1)))
        inside = context if above.is_empty() else above
        line = restricted(inside, [name]).move_dims(SET, 0, PARAM, 0, 1)
        bound = line.dim_max_val(0) if above.is_empty() else line.dim_min_val(0)
        context = inside.fix_val(PARAM, index, bound)
    return sample_of(context)
