"""The shape that is claimed of a count before counting: enumerated points alone must have it."""

from __future__ import annotations

from fractions import Fraction

import islpy as isl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymaestro.counting import region_of
from polymaestro.counting.ranges import ranges_of
from polymaestro.counting.region import Region
from polymaestro.proving.ehrhart import points_at
from polymaestro.proving.linear import solved
from polymaestro.proving.polytopes import Cell, NotDecidedError, cells_of, polytopes_of
from polymaestro.proving.samples import Sample, exponents_of, monomials, samples_of

CONTEXT = isl.Set("[n, m] -> { : n >= 1 and m >= 1 }").params()
SETS = [
    "[n, m] -> { [i, j] : 0 <= j <= i < n and j < m }",
    "[n, m] -> { [i, j] : 0 <= i < n and 0 <= j < m and i <= j }",
    "[n, m] -> { [y] : exists p, r : y = 3p + r and 0 <= p < n and 0 <= r < m }",
    "[n, m] -> { [f, y] : exists p, r : 2f <= p < 2f + 2 and y = p + r and 0 <= p < n and 0 <= r < m }",
    "[n, m] -> { [i, j] : 0 <= i and 0 <= j and 2i + 3j <= n and j <= m }",
    "[n, m] -> { [i] : 0 <= i < n and (i + floor(i/3)) mod 2 = 0 }",
]


def assert_shape(domain: isl.Set) -> None:
    """Interpolate from the chosen points of each class, and predict the count at all others nearby."""
    cells = cells_of(polytopes_of(domain), CONTEXT)
    whole = CONTEXT
    for cell in cells:
        region = region_of(cell.domain)
        whole = whole.subtract(cell.domain)
        for sample in samples_of(cell):
            assert_class(domain, cell, region, sample)
    assert whole.is_empty(), "the cells are not all of the context"


def assert_class(domain: isl.Set, cell: Cell, region: Region, sample: Sample) -> None:
    if sample.exhaustive:
        return
    exponents = exponents_of(len(sample.chart), cell.degree)
    matrix = [monomials([point[n] for n in sample.chart], exponents) for point in sample.points]
    factors = solved(matrix, [[points_at(domain, point)] for point in sample.points])
    assert factors is not None
    steps = dict(cell.periods)
    ranges = ranges_of(cell.domain)
    first = {name: ranges[name][0] or 0 for name in steps}
    start = {name: first[name] + (residue - first[name]) % steps[name] for name, residue in sample.residues}
    for k in range(4):
        for j in range(4):
            point = {"n": start["n"] + k * steps["n"], "m": start["m"] + j * steps["m"]}
            if region.holds(point):
                row = monomials([point[n] for n in sample.chart], exponents)
                predicted = sum((f[0] * v for f, v in zip(factors, row, strict=True)), Fraction(0))
                assert predicted == points_at(domain, point), (point, cell)


@pytest.mark.parametrize("text", SETS)
def test_degree_periods_and_cells_bound_the_count(text: str) -> None:
    assert_shape(isl.Set(text).intersect_params(CONTEXT))


@given(st.lists(st.tuples(*[st.integers(-2, 2)] * 4, st.integers(-1, 2)), min_size=1, max_size=3))
@settings(max_examples=40)
def test_degree_periods_and_cells_bound_the_count_of_random_polytopes(rows: list[tuple[int, ...]]) -> None:
    tests = [f"{a}i + {b}j + {c}n + {d}m + {e} >= 0" for a, b, c, d, e in rows]
    text = f"[n, m] -> {{ [i, j] : 0 <= i <= n + m and 0 <= j <= 2n and {' and '.join(tests)} }}"
    domain = isl.Set(text).intersect_params(CONTEXT)
    if not domain.is_empty():
        try:
            assert_shape(domain)
        except NotDecidedError:
            return
