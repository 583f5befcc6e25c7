"""Cases: where parameters alone decide which of two bounds is the sharper one.

A footprint under a stride, {σp + r}, has gaps only when the filter tile is narrower than the stride. isl
writes the set once for all parameters, with a floor in every bound. Split at r_tile ≥ σ first, the floor
disappears from one case and becomes an equation in the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting.reading import conditions_of
from polymaestro.counting.region import Condition
from polymaestro.relations.sets import coalesced, dimensions, named, parameters

MAX_DEPTH = 6  # conditions on top of each other


def split_cases(domain: isl.Set, depth: int = 0) -> list[isl.Set]:
    """Split a set at parameter conditions that decide between bounds with floors of its dimensions."""
    domain = _tightened(domain)
    if depth < MAX_DEPTH:
        for condition in _deciding(domain):
            here = domain.intersect_params(_parameters(domain, condition))
            there = domain.subtract(here)
            if not here.is_empty() and not there.is_empty():
                halves = (here, there)
                return [c for half in halves for c in split_cases(half, depth + 1)]
    return [domain]


def _tightened(domain: isl.Set) -> isl.Set:
    return named(coalesced(domain.remove_redundancies().detect_equalities()).compute_divs())


def _parameters(domain: isl.Set, condition: Condition) -> isl.Set:
    return isl.Set(f"[{', '.join(parameters(domain))}] -> {{ : {condition.isl()} }}")


def _deciding(domain: isl.Set) -> Iterator[Condition]:
    dims = frozenset(dimensions(domain))
    for piece in domain.get_basic_sets():
        lower: dict[Affine, list[Affine]] = {}
        for bound in _bounds(conditions_of(piece), dims):
            inner = [t for t in bound.terms if Affine.of(t[0]).names() & dims]
            variable = Affine.combine(dict(inner))
            lower.setdefault(variable, []).append(bound - variable)
        for rests in lower.values():
            for left, right in itertools.combinations(rests, 2):
                if not (left - right).is_constant:
                    yield Condition(left - right)


def _bounds(conditions: tuple[Condition, ...], dims: frozenset[str]) -> Iterator[Affine]:
    """Give each inequality with a floor of the dimensions, and what defines those floors."""
    found: set[Floor] = set()
    for condition in conditions:
        floors = [
            atom
            for atom, _ in condition.expression.terms
            if isinstance(atom, Floor) and atom.numerator.names() & dims
        ]
        if floors and not condition.equality:
            yield condition.expression
        found.update(floors)
    for floor in sorted(found, key=str):
        remainder = floor.numerator - Affine.of(floor) * floor.divisor
        yield remainder
        yield floor.divisor - 1 - remainder
