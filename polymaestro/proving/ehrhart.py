"""Kind *Ehrhart*: a formula that is right at finitely many points is right everywhere.

On each cell of `polytopes.cells_of` the number of points of a set is a quasi-polynomial whose degree and
periods are known before anything is counted. A formula of the same shape differs from it by another one. In
a residue class of the parameters modulo the periods that difference is a polynomial of degree ≤ k, and it
is zero when it is zero at points whose monomials form a matrix of full rank. The points are counted one
by one. The certificate holds the conditions, the formula, the cells and the points;
``proofs/replay.py`` counts again with Python integers, finds the vertices again, and the rank.

Worked example: |{0 ≤ i < n, i even}| has period 2 and degree 1 in n ≥ 1, so ⌈n/2⌉ has to be right at two
odd and two even n.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import lcm, prod
from typing import Any

import islpy as isl

from polymaestro.affine import Extremum, Floor
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region, region_of
from polymaestro.counting.ranges import Range, ranges_of
from polymaestro.counting.reading import conditions_of
from polymaestro.proving.functions import periods_of
from polymaestro.proving.linear import Basis
from polymaestro.proving.polytopes import (
    Cell,
    NotDecidedError,
    Polytope,
    cells_of,
    convex_parts,
    polytopes_of,
)
from polymaestro.proving.verdicts import Proof
from polymaestro.proving.written import affine_json, polynomial_json
from polymaestro.relations.sets import PARAM, coalesced, integer, parameters, restricted

MAX_POINTS = 2000
MAX_CANDIDATES = 4000


@dataclass(frozen=True)
class Sample:
    """Points of one residue class of a cell that decide every polynomial of its degree there."""

    residues: tuple[tuple[str, int], ...]
    points: tuple[Mapping[str, int], ...]
    chart: tuple[str, ...]
    exhaustive: bool


def counts_points(claim: str, domain: isl.Set, count: Count, context: isl.Set) -> Proof:
    """Prove that a count gives the number of points of a set for every parameter in the context.

    >>> from polymaestro.counting import Counter
    >>> counter = Counter(isl.Set("[n] -> { : n >= 1 }").params())
    >>> even = isl.Set("[n] -> { [i] : 0 <= i < n and i mod 2 = 0 }")
    >>> fewer = isl.Set("[n] -> { [i] : 0 <= 2i < n - 1 }")
    >>> [counts_points("", even, counter.count(s), counter.context).verdict for s in (even, fewer)]
    ['proved', 'false']
    """
    return decided(claim, domain, polytopes_of(domain), count, context)


def decided(
    claim: str, domain: isl.Set, polytopes: Sequence[Polytope], count: Count, context: isl.Set
) -> Proof:
    """Prove the same of a set that is written as disjoint polytopes already."""
    try:
        cells = shaped(polytopes, count, context)
        samples = [(cell, tuple(samples_of(cell))) for cell in cells]
    except NotDecidedError as error:
        return Proof(claim, "Ehrhart", "unknown", note=str(error))
    total = 0
    for _, found in samples:
        for sample in found:
            for point in sample.points:
                total += 1
                seen = points_at(domain, point)
                value = count.piece_at(point)[1].evaluate(point)
                if seen != value:
                    return Proof(claim, "Ehrhart", "false", point, note=f"{seen} points, not {value}")
    certificate = _certificate(claim, polytopes, count, context, samples)
    return Proof(claim, "Ehrhart", "proved", certificate=certificate, note=f"{total} points")


def points_at(domain: isl.Set, point: Mapping[str, int]) -> int:
    """Count the points of a set one by one, where every parameter has a number."""
    for name in parameters(domain):
        domain = domain.fix_val(PARAM, domain.find_dim_by_name(PARAM, name), integer(point[name]))
    return int(domain.project_out(PARAM, 0, domain.dim(PARAM)).count_val().to_str())


# --- Cells: where both the count and the formula are one quasi-polynomial ---


def shaped(polytopes: Sequence[Polytope], count: Count | None, context: isl.Set) -> list[Cell]:
    """Give the cells of polytopes, cut at the regions of a formula, with degrees and periods of both."""
    cells = cells_of(polytopes, context)
    return cells if count is None else [part for cell in cells for part in cut_by(cell, count)]


def cut_by(cell: Cell, count: Count) -> Iterator[Cell]:
    """Cut a cell at the regions of a formula."""
    rest = cell.domain
    names = ", ".join(parameters(rest))
    for region, value in count.pieces:
        if any(isinstance(atom, Extremum) for atom in value.atoms()):
            message = f"{value} is no quasi-polynomial"
            raise NotDecidedError(message)
        inside = coalesced(rest.intersect(isl.Set(f"[{names}] -> {{ : {region.isl()} }}").params()))
        if not inside.is_empty():
            periods = _joint(cell.periods, periods_of(value))
            yield from (
                Cell(part, max(cell.degree, _degree(value)), periods) for part in convex_parts(inside)
            )
            rest = coalesced(rest.subtract(inside))
    yield from (Cell(part, cell.degree, cell.periods) for part in convex_parts(rest))


def _degree(value: QuasiPolynomial) -> int:
    return max((sum(power for _, power in monomial) for monomial, _ in value.terms), default=0)


def _joint(periods: Iterable[tuple[str, int]], more: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name, lcm(period, more.get(name, 1))) for name, period in periods)


# --- Points: enough of them in each residue class ---


def samples_of(cell: Cell) -> Iterator[Sample]:
    """Choose points of each residue class of a cell whose monomials have full rank.

    Raises `NotDecidedError` when that takes too many points or they lie too far out.
    """
    if prod(period for _, period in cell.periods) * (cell.degree + 1) > MAX_POINTS:
        message = f"periods of {dict(cell.periods)} need more than {MAX_POINTS} points"
        raise NotDecidedError(message)
    names = [name for name, _ in cell.periods]
    region = region_of(cell.domain)
    for residues in itertools.product(*(range(period) for _, period in cell.periods)):
        tests = (
            f"({name}) mod {period} = {residue}"
            for (name, period), residue in zip(cell.periods, residues, strict=True)
        )
        head = f"[{', '.join(names)}] -> {{ : {' and '.join(tests) or 'true'} }}"
        inside = cell.domain.intersect(isl.Set(head).params())
        if not inside.is_empty():
            yield _sample(inside, region, cell, tuple(zip(names, residues, strict=True)))


def _sample(inside: isl.Set, region: Region, cell: Cell, residues: tuple[tuple[str, int], ...]) -> Sample:
    chart = _chart(inside)
    exponents = exponents_of(len(chart), cell.degree)
    ranges = ranges_of(inside)
    steps = cell.degree + 1
    while True:
        axes = [_progression(ranges[name], period, steps) for name, period in cell.periods]
        if prod(map(len, axes)) > MAX_CANDIDATES:
            break
        grid = (dict(zip(ranges, values, strict=True)) for values in itertools.product(*axes))
        found = [point for point in grid if region.holds(point)]
        basis = Basis()
        points = [p for p in found if basis.add(monomials([p[name] for name in chart], exponents))]
        if basis.rank == len(exponents):
            return Sample(residues, tuple(points), chart, exhaustive=False)
        if all(
            _is_all(axis, ranges[n], period) for axis, (n, period) in zip(axes, cell.periods, strict=True)
        ):
            return Sample(residues, tuple(found), chart, exhaustive=True)
        steps *= 2
    for steps in (cell.degree + 1, 2 * cell.degree + 2):
        basis, walked = Basis(), itertools.islice(_walked(inside, cell.periods, steps), MAX_CANDIDATES)
        points = [p for p in walked if basis.add(monomials([p[name] for name in chart], exponents))]
        if basis.rank == len(exponents):
            return Sample(residues, tuple(points), chart, exhaustive=False)
    message = f"{basis.rank} of {len(exponents)} monomials decided in {steps} steps"
    raise NotDecidedError(message)


def _walked(inside: isl.Set, periods: Sequence[tuple[str, int]], steps: int) -> Iterator[dict[str, int]]:
    """Give points of a residue class, each coordinate from the least one that the ones before leave.

    A grid from the least values misses cells such as e + g > 256, where these need each other.
    """
    if not periods:
        yield {}
        return
    (name, period), *others = periods
    for value in _progression(ranges_of(restricted(inside, [name]))[name], period, steps):
        rest = inside.fix_val(PARAM, inside.find_dim_by_name(PARAM, name), isl.Val(value))
        if not rest.is_empty():
            yield from ({name: value, **point} for point in _walked(rest, others, steps))


def _progression(bounds: Range, period: int, steps: int) -> range:
    """Give the first values of a residue class: from its least one, or around 0 where there is none."""
    low, high = bounds
    start = -steps * period if low is None else low
    stop = start + period * steps * (2 if low is None else 1)
    return range(start, stop if high is None else min(stop, high + 1), period)


def _is_all(axis: range, bounds: Range, period: int) -> bool:
    low, high = bounds
    return low is not None and high is not None and high < axis.start + period * len(axis)


def _chart(domain: isl.Set) -> tuple[str, ...]:
    """Give parameters that the others depend on affinely: coordinates of the set's affine hull."""
    names = parameters(domain)
    basis = Basis()
    for condition in conditions_of(domain.affine_hull()):
        if condition.equality and all(isinstance(atom, str) for atom, _ in condition.expression.terms):
            factors = dict(condition.expression.terms)
            basis.add([factors.get(name, 0) for name in names])
    return tuple(name for index, name in enumerate(names) if index not in basis.pivots)


def exponents_of(size: int, degree: int) -> list[tuple[int, ...]]:
    """Give the exponents of every monomial in so many variables up to a degree.

    >>> exponents_of(2, 1)
    [(0, 0), (0, 1), (1, 0)]
    """
    every = itertools.product(range(degree + 1), repeat=size)
    return [each for each in every if sum(each) <= degree]


def monomials(values: Sequence[int], exponents: Iterable[Sequence[int]]) -> list[int]:
    """Evaluate monomials at a point."""
    return [prod(v**e for v, e in zip(values, each, strict=True)) for each in exponents]


# --- The certificate ---


def _certificate(
    claim: str,
    polytopes: Sequence[Polytope],
    count: Count,
    context: isl.Set,
    samples: Sequence[tuple[Cell, tuple[Sample, ...]]],
) -> dict[str, Any]:
    return {
        "kind": "ehrhart",
        "claim": claim,
        "parameters": parameters(context),
        **stated(polytopes, count),
        "cells": [
            {
                "degree": cell.degree,
                "periods": dict(cell.periods),
                "classes": [
                    {
                        "residues": dict(each.residues),
                        "chart": list(each.chart),
                        "points": [dict(point) for point in each.points],
                        "exhaustive": each.exhaustive,
                    }
                    for each in found
                ],
            }
            for cell, found in samples
        ],
    }


def stated(polytopes: Sequence[Polytope], count: Count) -> dict[str, Any]:
    """Write a set and the formula for the number of its points."""
    return {
        "polytopes": [
            {
                "dimensions": each.size,
                "parameters": list(each.parameters),
                "rows": [list(row) for row in each.rows],
                "equalities": list(each.equalities),
            }
            for each in polytopes
        ],
        "formula": [
            {
                "region": [[_condition(each) for each in piece] for piece in region.pieces],
                "value": _value(value),
            }
            for region, value in count.pieces
        ],
    }


def _condition(condition: Condition) -> list[Any]:
    return [affine_json(condition.expression), condition.equality]


def _value(value: QuasiPolynomial) -> dict[str, Any]:
    """Write a quasi-polynomial and the floors in it."""
    floors = sorted((atom for atom in value.atoms() if isinstance(atom, Floor)), key=str)
    table = {str(floor): [affine_json(floor.numerator), floor.divisor] for floor in floors}
    return {"terms": polynomial_json(value), "floors": table}
