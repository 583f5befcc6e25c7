"""Small helpers around isl sets: building them from expressions, fitting contexts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import islpy as isl

from polymaestro.affine import Affine

PARAM, SET = isl.dim_type.param, isl.dim_type.set


def named_set(dims: Sequence[str], constraints: Iterable[Affine], context: isl.Set) -> isl.Set:
    """Build the set of integer points where every expression is ≥ 0, inside a context of parameters.

    >>> context = isl.Set("[K] -> { : K >= 1 }").params()
    >>> print(named_set(["k"], [Affine.of("k"), Affine.of("K") - 1 - "k"], context))
    [K] -> { [k] : K > 0 and 0 <= k < K }
    """
    constraints = tuple(constraints)
    symbols = sorted(frozenset[str]().union(*(each.names() for each in constraints)) - set(dims))
    body = " and ".join(f"{each.isl()} >= 0" for each in constraints) or "true"
    domain = isl.Set(f"[{', '.join(symbols)}] -> {{ [{', '.join(dims)}] : {body} }}")
    return coalesced(domain.intersect_params(restricted(context, symbols)))


def parameters(domain: isl.Set | isl.BasicSet) -> list[str]:
    """Give the names of a set's parameters."""
    return [str(domain.get_dim_name(PARAM, index)) for index in range(domain.dim(PARAM))]


def integer(number: int) -> isl.Val:
    """Give isl an integer of any size; its own constructor takes 64 bits.

    >>> integer(10**30)
    Val("1000000000000000000000000000000")
    """
    return isl.Val(str(number))


def restricted(context: isl.Set, names: Iterable[str]) -> isl.Set:
    """Project a context onto some of its parameters."""
    kept = set(names)
    for index, name in reversed(list(enumerate(parameters(context)))):
        if name not in kept:
            context = context.project_out(PARAM, index, 1)
    return context


def exchanged(domain: isl.Set, tie: isl.Set, old: Iterable[str]) -> isl.Set:
    """Replace old parameters by the others of an equation; a set without the old ones stays as it is."""
    gone = set(old) & set(parameters(domain))
    if not gone:
        return domain
    domain = domain.intersect_params(tie)
    for name in old:
        domain = domain.project_out(PARAM, domain.find_dim_by_name(PARAM, name), 1)
    return coalesced(domain)


def without_unused_parameters(domain: isl.Set) -> isl.Set:
    """Drop the parameters that no constraint mentions."""
    for index in reversed(range(domain.dim(PARAM))):
        if not domain.involves_dims(PARAM, index, 1):
            domain = domain.project_out(PARAM, index, 1)
    return domain


def dimensions(domain: isl.Set | isl.BasicSet) -> tuple[str, ...]:
    """Give the names of a set's dimensions; x0, x1, … where isl has forgotten them."""
    names = (domain.get_dim_name(SET, index) for index in range(domain.dim(SET)))
    return tuple(name or f"x{index}" for index, name in enumerate(names))


def named(domain: isl.Set) -> isl.Set:
    """Call the dimensions x0, x1 and so on."""
    domain = domain.reset_tuple_id() if domain.has_tuple_id() else domain
    for index in range(domain.dim(SET)):
        domain = domain.set_dim_name(SET, index, f"x{index}")
    return domain


def sample_of(context: isl.Set) -> dict[str, int]:
    """Give some point of a non-empty set of parameters."""
    names = parameters(context)
    point = context.move_dims(SET, 0, PARAM, 0, len(names)).sample_point()
    return {n: point.get_coordinate_val(SET, i).to_python() for i, n in enumerate(names)}


Relation = TypeVar("Relation", isl.Set, isl.Map)


def coalesced(relation: Relation) -> Relation:
    """Write a set or relation with fewer parts, where isl can; it means the same either way."""
    try:
        return relation.coalesce()
    except isl.Error:  # isl's tableaux contradict each other on some thin sets; nothing depends on it
        return relation


def lexmin(relation: isl.Map) -> isl.Map:
    """Keep the first image of each point, in lexicographic order."""
    try:
        return relation.lexmin()
    except isl.Error:  # on some thin relations isl loses an equality half way; said beforehand, it keeps it
        return relation.detect_equalities().lexmin()


def lexmax(relation: isl.Map) -> isl.Map:
    """Keep the last image of each point, in lexicographic order."""
    try:
        return relation.lexmax()
    except isl.Error:  # as above
        return relation.detect_equalities().lexmax()
