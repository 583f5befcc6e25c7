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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import lcm
from typing import Any

import islpy as isl

from polymaestro.affine import Extremum, Floor
from polymaestro.counting import Condition, Count, QuasiPolynomial
from polymaestro.proving.functions import periods_of
from polymaestro.proving.polytopes import (
    Cell,
    NotDecidedError,
    Polytope,
    cells_of,
    convex_parts,
    polytopes_of,
)
from polymaestro.proving.samples import Sample, samples_of
from polymaestro.proving.verdicts import Proof
from polymaestro.proving.written import affine_json, polynomial_json
from polymaestro.relations.sets import PARAM, coalesced, integer, parameters


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
