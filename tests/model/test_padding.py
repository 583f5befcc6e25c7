"""Padded edge tiles: every tile at its nominal size, against the loop nest whose sizes grew one by one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, reject, settings

import polymaestro as pm
from polymaestro.errors import LoweringError
from polymaestro.loopnest.interpreter import Observation, numeric, observe
from polymaestro.loopnest.running import executed
from polymaestro.loopnest.unclipped import unclipped
from polymaestro.strategies import Drawn, mappings
from tests.interpreted import NO_HEALTH_CHECKS, assert_equal

PADDED = pm.Policies(edge_tiles="padded")


def assert_exact(drawn: Drawn) -> Observation:
    """Compare MACs, steps and every count of every tensor; nothing may be cut off in what is run."""
    report = pm.analyze(*drawn, policies=PADDED).at({})
    large = unclipped(numeric(*drawn, {}))
    boxes = [[end - begin for begin, end in run.box] for run in executed(large)]
    assert all(box == boxes[0] for box in boxes)
    seen = observe(large)
    assert_equal(report, seen)
    return seen


def test_a_gemm_is_padded_to_whole_tiles_of_whole_tiles() -> None:
    # K: 13 in tiles of 10 over tiles of 4 is 24 in tiles of 12; M: 5 in tiles of 2 is 6; N stays 3.
    flow = pm.parse_dataflow("TemporalMap(10,10) K; SpatialMap(2,2) M; Cluster(2); SpatialMap(4,4) K")
    drawn = Drawn(pm.gemm(M=5, N=3, K=13), flow, 4)
    assert assert_exact(drawn).macs == 24 * 6 * 3
    # 2 tiles of K, 2 folds of 3 tiles of M over 2 units, and 2 folds of the 3 tiles of a tile of K.
    analysis = pm.analyze(*drawn, policies=PADDED)
    assert analysis.steps.at() == 2 * 2 * 2
    assert analysis.active_units.at() == 2 * 3 * 3  # the unit without a tile in a last fold is idle
    assert analysis["L2"]["A"].parent_reads.at() == 24 * 6


def test_a_tile_larger_than_the_extent_is_whole_too() -> None:
    analysis = pm.analyze(
        pm.gemm(M="M", N=1, K=5), pm.parse_dataflow("TemporalMap(8,1) K;"), 1, policies=PADDED
    )
    assert str(analysis.macs) == "8·M"


def test_windows_are_rounded_by_the_outputs_that_a_tile_holds() -> None:
    # Eight rows hold three windows of 3 rows at stride 2; 7 outputs become 9, 15 rows become 19.
    row = pm.conv2d(N=1, K=1, C=1, P=7, Q=1, R=3, S=1, stride=2)
    drawn = Drawn(row, pm.parse_dataflow("TemporalMap(8,6) Y"), 1)
    assert assert_exact(drawn).macs == 9 * 3
    assert pm.analyze(*drawn, policies=PADDED)["L2"]["I"].parent_reads.at() == 19


def test_a_row_stationary_pair_pads_the_filter() -> None:
    row = pm.conv2d(N=1, K=1, C=1, P=4, Q=1, R=3, S=1)
    text = "TemporalMap(Sz(R),1) Y; Cluster(2); SpatialMap(2,2) Y; SpatialMap(2,2) R"
    assert assert_exact(Drawn(row, pm.parse_dataflow(text), 2)).macs == 4 * 4


def test_a_row_stationary_pair_over_smaller_filter_tiles_takes_the_rows_of_whole_ones() -> None:
    # 5 taps in tiles of 3 over tiles of 2 are 8 in tiles of 4, on two PEs; the rows are dilated.
    row = pm.conv2d(N=1, K=1, C=1, P=4, Q=1, R=5, S=1, dilation=2)
    text = (
        "TemporalMap(9,1) Y; Cluster(2); SpatialMap(5,6) Y; SpatialMap(3,3) R; Cluster(1); TemporalMap(2,2) R"
    )
    seen = assert_exact(Drawn(row, pm.parse_dataflow(text), 2))
    assert (seen.macs, seen.steps) == (4 * 8, 4 * 2)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("TemporalMap(3,2) K", "TemporalMap(3,2) K' does not cut into consecutive tiles"),
        ("TemporalMap(3,2) Y", "TemporalMap(3,2) Y' holds 1 windows"),
        ("TemporalMap(2,1) Y", "TemporalMap(2,1) Y' holds no whole window"),
        ("TemporalMap(3,1) Y; TemporalMap(1,1) R", "TemporalMap(3,1) Y' slides under the part of the filter"),
        ("SpatialMap(1,2) Y; SpatialMap(1,1) R", "SpatialMap(1,2) Y' is no row-stationary pair"),
        ("SpatialMap(1,1) Y; SpatialMap(1,1) R", "SpatialMap(1,1) Y' slides over 7 outputs"),
        (
            "TemporalMap(1,1) R; Cluster(1); TemporalMap(1,1) Y",
            "TemporalMap(1,1) Y' does not begin at a whole",
        ),
        (
            "TemporalMap(5,5) C; Cluster(1); TemporalMap(K,K) C",
            "TemporalMap(K,K) C' has tiles of K, and only numbers",
        ),
    ],
)
def test_other_maps_are_refused_by_their_names(text: str, named: str) -> None:
    layer = pm.conv2d(N=1, K="K", C=9, P=7, Q=1, R=3, S=1)
    with pytest.raises(LoweringError, match="are not padded") as refused:
        pm.analyze(layer, pm.parse_dataflow(text), 4, policies=PADDED, allow_illegal=True)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        # 2 taps in a tile of 3 over tiles of 2 are a tile of 4, of which the rows see a half
        (
            "TemporalMap(4,1) Y; TemporalMap(3,1) R; Cluster(2); SpatialMap(2,1) Y; TemporalMap(2,1) R",
            "SpatialMap(2,1) Y' slides under the part of the filter that 'TemporalMap(2,1) R' leaves",
        ),
        (
            "TemporalMap(3,1) R; Cluster(1); TemporalMap(2,1) R; Cluster(2); SpatialMap(2,1) Y",
            "SpatialMap(2,1) Y' does not begin at a whole window",
        ),
    ],
)
def test_rows_under_a_filter_that_rounding_cuts_are_refused(text: str, named: str) -> None:
    layer = pm.depthwise_conv2d(N=1, C=1, P=2, Q=2, R=2, S=2)
    flow = pm.parse_dataflow(text)
    assert pm.interpret(layer, flow, 2).legal
    with pytest.raises(LoweringError, match="are not padded") as refused:
        pm.analyze(layer, flow, 2, policies=PADDED)
    assert named in str(refused.value)


def test_a_domain_with_conditions_is_refused() -> None:
    causal = pm.einsum("S[i,j] += Q[i] * K[j]", where="j <= i", I=3, J=3)
    with pytest.raises(LoweringError, match="padded tiles need a box"):
        pm.analyze(causal, pm.parse_dataflow("TemporalMap(1,1) I"), 1, policies=PADDED)


def check_random(drawn: Drawn) -> None:
    try:
        pm.analyze(*drawn, policies=PADDED)
    except LoweringError:
        reject()  # no consecutive tiles, or a domain with conditions
    assert_exact(drawn)


@given(mappings())
@settings(max_examples=5, suppress_health_check=NO_HEALTH_CHECKS)
def test_padded_tiles_of_random_dataflows_are_exact(drawn: Drawn) -> None:
    check_random(drawn)


@pytest.mark.slow
@given(mappings())
@settings(max_examples=40, suppress_health_check=NO_HEALTH_CHECKS)
def test_padded_tiles_of_many_random_dataflows_are_exact(drawn: Drawn) -> None:
    check_random(drawn)


@pytest.mark.parametrize(
    ("name", "width"), [("c_p", None), ("x_p", None), ("yx_p", 4), ("yr_p", 3), ("kc_p", 4)]
)
def test_formulas_of_published_dataflows_are_exact_with_padded_tiles(name: str, width: int | None) -> None:
    flow = getattr(pm.dataflows, name)(*([] if width is None else [width]))
    layer = pm.conv2d(N=1, R=3, S=2)
    analysis = pm.analyze(layer, flow, 12, policies=PADDED)
    rng = random.Random(name)
    for most in (2, 3, 5, 7, 9):
        point = {symbol: rng.randint(1, most) for symbol in analysis.symbols}
        numbers = layer.with_extents(dict(point))
        assert_equal(analysis.at(point), observe(unclipped(numeric(numbers, flow, 12, {}))))
