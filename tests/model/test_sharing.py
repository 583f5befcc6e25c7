"""Words that cross once for units whose whole tiles are identical, and not where tiles only overlap."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.loopnest.interpreter import numeric
from polymaestro.loopnest.traffic import Machine, Traffic
from polymaestro.strategies import Drawn, mappings, wild_mappings
from tests.interpreted import NO_HEALTH_CHECKS

RETENTIONS = ("one-tile", "whole-step", "resident")


def identical(retention: str = "one-tile") -> pm.Policies:
    return pm.Policies(sharing="identical-tiles", retention=retention)


def assert_traffic(drawn: Drawn, chosen: pm.Policies) -> None:
    """Compare every count of every tensor on the chip, as far as the run in plain sets tells it."""
    analysis = pm.analyze(*drawn, policies=chosen, allow_illegal=True)
    seen = Traffic(numeric(*drawn, {}), Machine(drawn.num_pes), chosen).transfers[1:]
    for boundary, transfers in zip(analysis.boundaries, seen, strict=True):
        for name, counts in transfers.counts.items():
            found = {each: boundary[name].forms[each].at() for each in counts}
            assert found == counts, (boundary.depth, name)


TAPS = pm.parse_dataflow("SpatialMap(1,1) R; TemporalMap(1,1) P")


def test_units_whose_tiles_only_overlap_in_time_share_nothing() -> None:
    # Two PEs with a tap each over three outputs: at every step they hold inputs next to each other.
    row = pm.einsum("O[p] += I[p+r] * W[r]", P=3, R=2)
    reads = pm.analyze(row, TAPS, 2, policies=identical())["L2"]["I"].parent_reads
    assert reads.at() == 3 * 2


def test_overlapping_tiles_are_sent_apart_and_equal_ones_once() -> None:
    # PE p holds I[p], I[p+1], I[p+2] and all of W: 3·P words of I, 3 words of W for all.
    row = pm.einsum("O[p] += I[p+r] * W[r]", P="P", R=3)
    flow = pm.parse_dataflow("SpatialMap(1,1) P")
    kept = {
        name: pm.analyze(row, flow, "P", policies=pm.Policies(sharing=name))["L2"]
        for name in ("ideal-multicast", "identical-tiles", "unicast")
    }
    assert {
        name: (str(each["I"].parent_reads), str(each["W"].parent_reads)) for name, each in kept.items()
    } == {
        "ideal-multicast": ("P + 2", "3"),
        "identical-tiles": ("3·P", "3"),
        "unicast": ("3·P", "3·P"),
    }


def test_a_clipped_tile_is_not_identical_with_a_whole_one() -> None:
    # Row i of the triangle needs y[0] … y[i], so no two rows have the same tile; in the square all have.
    flow = pm.parse_dataflow("SpatialMap(1,1) I; TemporalMap(3,3) J")
    for where, words in (("j <= i", 1 + 2 + 3), ("j >= i", 3 + 2 + 1), ("i >= 0", 3)):
        rows = pm.einsum("Z[i] += A[i,j] * Y[j]", where=where, I=3, J=3)
        assert pm.analyze(rows, flow, 3, policies=identical())["L2"]["Y"].parent_reads.at() == words


@pytest.mark.parametrize("retention", RETENTIONS)
@pytest.mark.parametrize(
    ("flow", "num_pes"),
    [
        ("TemporalMap(1,1) I; SpatialMap(1,1) J; TemporalMap(1,1) D", 4),
        ("SpatialMap(2,2) I; TemporalMap(2,2) J; TemporalMap(2,2) D", 4),
        ("SpatialMap(2,2) I; TemporalMap(2,2) J; Cluster(2); SpatialMap(1,1) D", 8),
    ],
)
def test_rows_of_a_causal_mask_are_shared_where_they_are_equal(
    flow: str, num_pes: int, retention: str
) -> None:
    causal = pm.einsum("S[i,j] += Q[i,d] * K[j,d]", where="j <= i", I=7, J=7, D=3)
    assert_traffic(Drawn(causal, pm.parse_dataflow(flow), num_pes), identical(retention))


@given(mappings() | wild_mappings(), st.sampled_from(RETENTIONS))
@settings(max_examples=8, suppress_health_check=NO_HEALTH_CHECKS)
def test_identical_tiles_of_random_dataflows_are_exact(drawn: Drawn, retention: str) -> None:
    if pm.interpret(*drawn).macs:
        assert_traffic(drawn, identical(retention))


@pytest.mark.slow
@given(mappings() | wild_mappings(), st.sampled_from(RETENTIONS))
@settings(max_examples=100, suppress_health_check=NO_HEALTH_CHECKS)
def test_identical_tiles_of_many_random_dataflows_are_exact(drawn: Drawn, retention: str) -> None:
    if pm.interpret(*drawn).macs:
        assert_traffic(drawn, identical(retention))


@pytest.mark.parametrize("name", ["yx_p", "yr_p", "kc_p"])
def test_identical_tiles_of_published_dataflows_are_exact_and_between_the_others(name: str) -> None:
    flow = getattr(pm.dataflows, name)(8) if name != "yr_p" else pm.dataflows.yr_p()
    layer = pm.conv2d(N=1, K=5, C=5, P=4, Q=3, R=2, S=2)
    drawn = Drawn(layer, flow, 16)
    assert_traffic(drawn, identical())
    reads = [
        [
            tensor.parent_reads.at()
            for each in pm.analyze(*drawn, policies=pm.Policies(sharing=sharing)).boundaries
            for tensor in (each["I"], each["W"])
        ]
        for sharing in ("ideal-multicast", "identical-tiles", "unicast")
    ]
    assert all(a <= b <= c for a, b, c in zip(*reads, strict=True))
    assert reads[1] != reads[2]


def test_two_ways_of_sharing_are_compared_as_any_two_analyses() -> None:
    row = pm.einsum("O[p] += I[p+r] * W[r]", P="P", R=3)
    flow = pm.parse_dataflow("SpatialMap(2,2) P")
    one, two, three = (
        pm.analyze(row, flow, 4, policies=pm.Policies(sharing=sharing))
        for sharing in ("unicast", "ideal-multicast", "identical-tiles")
    )
    to_ideal, to_identical = pm.diff(one, two), pm.diff(one, three)
    for found, second in ((to_ideal, two), (to_identical, three)):
        for change in found.changes:
            for size in (1, 2, 3, 7, 8, 9, 16, 23):
                values = [dict(each.forms.every())[change.name].at(P=size) for each in (one, second)]
                [sign] = [part.sign for part in change.parts if part.region.holds({"P": size})]
                assert sign == ("<" if values[0] < values[1] else ">" if values[0] > values[1] else "=")
    assert not to_ideal["L2.I.parent_reads"].is_equal
    assert to_identical["L2.I.parent_reads"].is_equal  # tiles overlap between units, but no two are equal
    assert not to_identical["L2.W.parent_reads"].is_equal
    assert pm.diff(two, three)["L2.W.parent_reads"].is_equal


@pytest.mark.parametrize("name", ["x_p", "yr_p"])
def test_formulas_of_identical_tiles_are_exact_at_other_extents(name: str) -> None:
    flow = getattr(pm.dataflows, name)()
    layer = pm.conv2d(N=1, K=2, C=2, R=3, S=2)
    analysis = pm.analyze(layer, flow, 9, policies=identical())
    assert set(analysis.symbols) == {"P", "Q"}
    for point in ({"P": 1, "Q": 1}, {"P": 4, "Q": 9}, {"P": 5, "Q": 10}, {"P": 2, "Q": 20}):
        numbers = numeric(layer.with_extents(dict(point)), flow, 9, {})
        for boundary, seen in zip(
            analysis.boundaries, Traffic(numbers, Machine(9), identical()).transfers[1:], strict=True
        ):
            for tensor in ("I", "W"):
                assert boundary[tensor].parent_reads.at(**point) == seen.counts[tensor]["parent_reads"]
