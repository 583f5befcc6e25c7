"""Lower bounds: below every count there is, reached where one can reach them, not stated where they fail."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from math import isqrt, sqrt
from typing import Any

import pytest
from hypothesis import given, settings

import polymaestro as pm
from polymaestro.model.bounds import why_no_capacity_bound
from polymaestro.strategies import mappings
from tests.interpreted import NO_HEALTH_CHECKS

LAYER = {"N": 1, "K": 64, "C": 64, "P": 56, "Q": 56}


@given(mappings())
@settings(max_examples=10, suppress_health_check=NO_HEALTH_CHECKS)
def test_no_random_dataflow_moves_less_than_its_bounds(drawn: tuple[pm.Operator, pm.Dataflow, int]) -> None:
    assert_within_bounds(*drawn)


@pytest.mark.slow
@given(mappings())
@settings(max_examples=100, suppress_health_check=NO_HEALTH_CHECKS)
def test_no_other_dataflow_does_either(drawn: tuple[pm.Operator, pm.Dataflow, int]) -> None:
    assert_within_bounds(*drawn)


def assert_within_bounds(*drawn: Any) -> None:
    analysis = pm.analyze(*drawn)
    seen = pm.interpret(*drawn)
    for boundary, counted in zip(analysis.boundaries, seen.boundaries, strict=True):
        bounds = analysis.bounds[boundary.parent]
        words = sum(t.get("parent_reads", 0) + t.get("parent_updates", 0) for t in counted.tensors.values())
        assert bounds.words_at({}) == words
        assert words >= bounds.bound_at({})
        assert bounds.ratio_at({}) >= 1


def test_compulsory_traffic_is_the_number_of_elements_that_are_used() -> None:
    sizes = pm.analyze(pm.conv2d(), pm.dataflows.kc_p(), 256).bounds.compulsory
    assert pm.check_equation(sizes["I"], "N*C*(P + R - 1)*(Q + S - 1)").equal
    assert pm.check_equation(sizes["W"], "K*C*R*S").equal
    assert pm.check_equation(sizes["O"], "N*K*P*Q").equal
    strided = pm.conv2d(N=1, K=1, C=1, R=2, S=2, stride=3)
    gaps = pm.analyze(strided, pm.parse_dataflow("SpatialMap(1,1) P"), 4).bounds.compulsory["I"]
    assert pm.check_equation(gaps, "(2*P)*(2*Q)").equal


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_inequality_behind_the_bound_holds_for_random_sets_of_macs(stride: int, dilation: int) -> None:
    operator = pm.conv2d(N=2, K=3, C=3, P=3, Q=2, R=3, S=2, stride=stride, dilation=dilation)
    analysis = pm.analyze(operator, pm.parse_dataflow("SpatialMap(1,1) K"), 3)
    bound = analysis.bounds["L2"].capacity
    assert bound is not None
    taps = [each.constant for each in bound.reuse]
    rows = [p * stride + r * dilation for p in range(9) for r in range(3)]
    assert taps[0] == max(rows.count(y) for y in rows)
    chooser = random.Random(stride + 10 * dilation)
    points = list(itertools.product(*(range(dim.extent.constant) for dim in operator.dims)))
    names = [dim.variable for dim in operator.dims]
    for size in (1, 5, 20, 80, 300, len(points)):
        some = [dict(zip(names, point, strict=True)) for point in chooser.sample(points, size)]
        product = taps[0] * taps[1]
        for tensor in operator.tensors:
            product *= len({tuple(index.evaluate(point) for index in tensor.access) for point in some})
        assert size**2 <= product


def test_square_tiles_of_the_output_come_near_the_bound() -> None:
    flow = "SpatialMap(100,100) M; TemporalMap(100,100) N; TemporalMap(1,1) K"
    analysis = pm.analyze(pm.gemm(), pm.parse_dataflow(flow), 1)
    bounds = analysis.bounds["L2"]
    point = {"M": 10_000, "N": 10_000, "K": 10_000}
    assert bounds.capacity is not None
    assert bounds.capacity.capacity_at(point) == 100 * 100 + 100 + 100
    # 2·M·N·K/100 + M·N moved, 2·M·N·K/√10200 - 20400 needed
    assert bounds.words_at(point) == 2 * 10**10 + 10**8
    assert 1.015 < bounds.ratio_at(point) < 1.016


def test_the_bound_is_the_formula_of_its_source_rounded_down() -> None:
    bound = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), 256).bounds["L2"].capacity
    assert bound is not None
    # 4 clusters; each holds 64 channels of 3 x 3 inputs and weights, and one output.
    assert bound.capacity_at(LAYER) == 4 * (64 * 9 + 64 * 9 + 1)
    macs = 9 * 64 * 64 * 56 * 56
    exact = 2 * macs / sqrt(9 * 4612) - 2 * 4612
    assert bound.at(LAYER) == pytest.approx(exact, rel=1e-9)
    below = Fraction(2 * macs * 10**12, isqrt(9 * 4612 * 10**24) + 1) - 2 * 4612
    assert bound.at(LAYER) == below


def test_a_boundary_inside_has_its_own_parents_and_capacity() -> None:
    bound = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), 256).bounds["cluster1"].capacity
    assert bound is not None
    assert bound.capacity_at(LAYER) == 64 * (9 + 9 + 1)
    assert [str(each) for each in bound.parents] == ["4"]


@pytest.mark.parametrize(
    ("operator", "reason"),
    [
        (pm.gemm(), ""),
        (pm.conv2d(stride=2), ""),
        (pm.grouped_conv2d(), ""),
        (pm.einsum("Z[i] += A[i,j] * B[j]"), ""),
        (pm.einsum("Z[i] += A[i,j]"), "has 2 tensors, not two inputs and an output"),
        (pm.einsum("Z[i,j] += A[i,k] * B[k,l] * C[l,j]"), "has 4 tensors"),
        (pm.einsum("Z[i] += A[i,j] * B[i]"), "dimension J indexes only A"),
    ],
)
def test_where_an_assumption_fails_no_capacity_bound_is_stated(operator: pm.Operator, reason: str) -> None:
    found = why_no_capacity_bound(operator)
    assert (found == "") == (reason == "")
    assert reason in found


def test_an_illegal_dataflow_has_no_capacity_bound() -> None:
    operator, flow = pm.gemm(M=8, N=3, K=2), pm.parse_dataflow("SpatialMap(1,2) M")
    bounds = pm.analyze(operator, flow, 4, allow_illegal=True).bounds["L2"]
    assert bounds.capacity is None
    assert bounds.reason == "some MACs are skipped or repeated"


def test_intensity_is_macs_per_word_moved_partial_sums_included() -> None:
    analysis = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), 256)
    point = {**LAYER, "C": 256}
    boundary = analysis["L2"]
    words = boundary["I"].parent_reads.at(**point) + boundary["W"].parent_reads.at(**point)
    words += boundary["O"].parent_updates.at(**point) + boundary["O"].read_backs.at(**point)
    assert analysis.bounds["L2"].intensity_at(point) == Fraction(analysis.macs.at(**point), words)
