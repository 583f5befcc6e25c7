"""Points that decide a polynomial: enough of them in each residue class of a cell.

A polynomial of degree ≤ k is zero when it is zero at points whose monomials form a matrix of full rank.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import islpy as isl

from polymaestro.counting import Region, region_of
from polymaestro.counting.ranges import Range, ranges_of
from polymaestro.counting.reading import conditions_of
from polymaestro.proving.linear import Basis
from polymaestro.proving.polytopes import (
    Cell,
    NotDecidedError,
)
from polymaestro.relations.sets import PARAM, parameters, restricted

MAX_POINTS = 2000  # points that a cell may take

MAX_CANDIDATES = 4000  # points to choose these from, for each residue class


@dataclass(frozen=True)
class Sample:
    """Points of one residue class of a cell that decide every polynomial of its degree there."""

    residues: tuple[tuple[str, int], ...]
    points: tuple[Mapping[str, int], ...]
    chart: tuple[str, ...]
    exhaustive: bool


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
        points = _independent(found, chart, exponents)
        if len(points) == len(exponents):
            return Sample(residues, tuple(points), chart, exhaustive=False)
        if all(
            _is_all(axis, ranges[n], period) for axis, (n, period) in zip(axes, cell.periods, strict=True)
        ):
            return Sample(residues, tuple(found), chart, exhaustive=True)
        steps *= 2
    for steps in (cell.degree + 1, 2 * cell.degree + 2):
        walked = itertools.islice(_walked(inside, cell.periods, steps), MAX_CANDIDATES)
        points = _independent(walked, chart, exponents)
        if len(points) == len(exponents):
            return Sample(residues, tuple(points), chart, exhaustive=False)
    message = f"{len(points)} of {len(exponents)} monomials decided in {steps} steps"
    raise NotDecidedError(message)


def _independent(
    points: Iterable[dict[str, int]], chart: Sequence[str], exponents: Sequence[Sequence[int]]
) -> list[dict[str, int]]:
    """Keep the points whose monomials are linearly independent of those before."""
    basis = Basis()
    return [point for point in points if basis.add(monomials([point[name] for name in chart], exponents))]


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
