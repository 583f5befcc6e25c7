"""Merging chambers: a case analysis shrinks to the cases that really differ.

A polynomial p replaces q on the cell where q is known to hold when p - q vanishes on that cell. isl's own
zero test is term by term, so N² - N on {0, 1} counts as "not zero"; here the equalities of a thin cell
are substituted and short ranges are gone through value by value. True means equal everywhere on the
cell; False means not shown, which costs a case but never a wrong number.
"""

from __future__ import annotations

from collections.abc import Mapping

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.ranges import Range, fixed_floors, ranges_of
from polymaestro.counting.reading import conditions_of
from polymaestro.relations.sets import coalesced, sample_of

Piece = tuple[isl.Set, QuasiPolynomial]

MAX_VALUES = 600


def merged(pieces: list[Piece], context: isl.Set) -> list[Piece]:
    """Merge disjoint pieces; outside them, but inside the context, the value is 0.

    >>> import islpy as isl
    >>> R = QuasiPolynomial.of("R")
    >>> cells = [(isl.Set("[R] -> { : R >= 2 }"), R * R), (isl.Set("[R] -> { : R = 1 }"), R)]
    >>> [str(value) for _, value in merged(cells, isl.Set("[R] -> { : R >= 1 }"))]
    ['R²']
    """
    rest = context
    for domain, _ in pieces:
        rest = rest.subtract(domain)
    everything = [(domain, with_fixed_floors(value, ranges_of(domain))) for domain, value in pieces]
    if not rest.is_empty():
        everything.append((coalesced(rest), QuasiPolynomial(())))
    everything.sort(key=_genericity, reverse=True)
    kept: list[Piece] = []
    while everything:
        domain, value = everything.pop(0)
        left: list[Piece] = []
        for other, other_value in everything:
            if vanishes(value - other_value, other):
                domain = domain.union(other)
            else:
                left.append((other, other_value))
        kept.append((coalesced(domain), value))
        everything = left
    return [(domain, value) for domain, value in kept if not value.is_zero]


def overlaid(groups: list[list[Piece]]) -> list[Piece]:
    """Add up groups of pieces; the pieces of one group are disjoint, those of two may overlap."""
    total: list[Piece] = []
    for group in groups:
        for domain, value in group:
            total = _added(total, domain, value)
    return total


def _added(total: list[Piece], domain: isl.Set, value: QuasiPolynomial) -> list[Piece]:
    result: list[Piece] = []
    left = domain
    for old, old_value in total:
        common = old.intersect(left)
        if common.is_empty():
            result.append((old, old_value))
            continue
        only = old.subtract(common)
        if not only.is_empty():
            result.append((coalesced(only), old_value))
        result.append((coalesced(common), old_value + value))
        left = left.subtract(common)
    if not left.is_empty():
        result.append((coalesced(left), value))
    return result


def _genericity(piece: Piece) -> tuple[int, int, int]:
    """Rank a piece: unbounded in many parameters first, then few equalities, then few parts."""
    ranges = ranges_of(piece[0])
    unbounded = sum(high is None for _, high in ranges.values())
    return unbounded, -sum(low == high for low, high in ranges.values()), -piece[0].n_basic_set()


def vanishes(value: QuasiPolynomial, domain: isl.Set) -> bool:
    """Whether the value is shown to be 0 at every point of the domain."""
    if value.is_zero:
        return True
    parts = [isl.Set.from_basic_set(part) for part in domain.compute_divs().get_basic_sets()]
    if any(value.evaluate(sample_of(part)) for part in parts):
        return False
    return all(_vanishes(value, part) for part in parts)


def _vanishes(value: QuasiPolynomial, domain: isl.Set) -> bool:
    value = _with_equalities(value, domain)
    if value.is_zero:
        return True
    ranges = ranges_of(domain)
    value = with_fixed_floors(value, ranges)
    if value.is_zero:
        return True
    lengths = {
        name: high - low + 1
        for name in value.names()
        if (low := ranges[name][0]) is not None and (high := ranges[name][1]) is not None
    }
    if not lengths:
        return False
    name = min(lengths, key=lambda each: lengths[each])
    if lengths[name] > MAX_VALUES or lengths[name] == 1:
        return False
    low = ranges[name][0] or 0
    return all(_vanishes_at(value, domain, name, low + step) for step in range(lengths[name]))


def _vanishes_at(value: QuasiPolynomial, domain: isl.Set, name: str, number: int) -> bool:
    index = domain.find_dim_by_name(isl.dim_type.param, name)
    slice_ = domain.fix_val(isl.dim_type.param, index, isl.Val(number))
    fixed = value.substitute({name: number})
    return fixed.is_zero or slice_.is_empty() or (bool(fixed.names()) and vanishes(fixed, slice_))


def _with_equalities(value: QuasiPolynomial, domain: isl.Set) -> QuasiPolynomial:
    hull = domain.affine_hull()
    for condition in conditions_of(hull):
        terms = condition.expression.terms
        name = next((a for a, f in terms if isinstance(a, str) and abs(f) == 1 and a in value.names()), None)
        if condition.equality and name is not None:
            factor = dict(terms)[name]
            rest = condition.expression - Affine.of(name) * factor
            if name not in rest.names():
                value = value.substitute({name: rest * -factor})
    return value


def with_fixed_floors(value: QuasiPolynomial, ranges: Mapping[str, Range]) -> QuasiPolynomial:
    """Evaluate the floors that stay the same while each parameter stays in its range."""
    known = {atom: QuasiPolynomial.of(fixed_floors(Affine.of(atom), ranges)) for atom in value.atoms()}
    return value.replace(known)
