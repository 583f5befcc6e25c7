"""Conditions of a chamber, without those that follow from the others and from what ties mean."""

from __future__ import annotations

from collections.abc import Iterable

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting import Condition, Region, region_of
from polymaestro.counting.region import EVERYWHERE
from polymaestro.relations.sets import coalesced
from polymaestro.tiling.ties import Ties


def tidied(
    conditions: Iterable[Condition],
    given: Region,
    ties: Ties,
    zeros: Iterable[Affine] = (),
) -> Region:
    """Give the conditions that say more than `given` and the ties do.

    What decides between one tile and several comes first and is always kept.
    """
    found = list(dict.fromkeys(conditions))
    names = sorted(frozenset[str]().union(*(each.expression.names() for each in found)))
    if not names:
        return Region(((),))
    deciding = set(ties.decisions())
    first = [each for each in found if each in deciding]
    facts = [*first, *(Condition(each) for each in ties.facts(found))]
    facts += [Condition(each, equality=True) for each in zeros]
    known = _set(facts, names, given)
    rest = coalesced(_set(found, names).gist(known)).remove_redundancies()
    kept = [each for each in region_of(rest).pieces[0] if each not in first]
    return Region(((*_needed(first, kept, given, names), *kept),))


def _needed(
    conditions: list[Condition], kept: list[Condition], given: Region, names: list[str]
) -> list[Condition]:
    """Drop each condition that the other ones and what is given imply."""
    left = list(conditions)
    for each in conditions:
        others = _set([*kept, *(other for other in left if other != each)], names, given)
        if others.is_subset(_set([each], names)):
            left.remove(each)
    return left


def _set(conditions: list[Condition], names: list[str], given: Region = EVERYWHERE) -> isl.Set:
    """Build the set of a conjunction within a region, projected onto some names."""
    used = given.names().union(*(each.expression.names() for each in conditions))
    every = sorted(used.union(names))
    body = " and ".join([f"({given.isl()})", *(each.isl() for each in conditions)])
    found = isl.Set(f"[{', '.join(every)}] -> {{ : {body} }}").params()
    for name in every:
        if name not in names:
            found = found.project_out(isl.dim_type.param, found.find_dim_by_name(isl.dim_type.param, name), 1)
    return found
