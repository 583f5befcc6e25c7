"""Comparisons against the numbers of both analyses, point by point."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

import polymaestro as pm
from polymaestro.equations.search import Space
from polymaestro.errors import EquationError

FLOWS = {
    "rows": "TemporalMap(1,1) N; SpatialMap(1,1) M",
    "columns": "TemporalMap(1,1) M; SpatialMap(1,1) N",
    "tiles": "SpatialMap(1,1) M; TemporalMap(3,3) N; TemporalMap(2,2) K",
    "deep": "SpatialMap(1,1) M; TemporalMap(2,2) N; Cluster(2); SpatialMap(1,1) K",
}
GEMMS = {name: pm.analyze(pm.gemm(), pm.parse_dataflow(text), 4) for name, text in FLOWS.items()}
BOX = [dict(zip("KMN", values, strict=True)) for values in itertools.product(range(1, 8), repeat=3)]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("rows", "columns"),
        pytest.param("columns", "tiles", marks=pytest.mark.slow),
        pytest.param("tiles", "deep", marks=pytest.mark.slow),
    ],
)
def test_every_part_has_the_sign_of_its_points(one: str, two: str) -> None:
    found = pm.diff(GEMMS[one], GEMMS[two], names=(one, two))
    decided = 0
    for change in found.changes:
        assert change.name in GEMMS[one].forms.every()
        for point in BOX:
            values = [dict(GEMMS[name].forms.every())[change.name].at(**point) for name in (one, two)]
            inside = [part.sign for part in change.parts if part.region.holds(point)]
            assert len(inside) == 1
            expected = "<" if values[0] < values[1] else ">" if values[0] > values[1] else "="
            assert inside[0] in (expected, "?")
            decided += inside[0] != "?"
            assert change.ratio_at(point) == (Fraction(values[1], values[0]) if values[0] else None)
    assert decided > len(BOX) * len(found.changes) / 2


def test_what_is_shown_is_true_in_the_case_shown() -> None:
    found = pm.diff(GEMMS["rows"], GEMMS["tiles"])
    points = list(Space.of(found.changes[0].case).walk(limit=60))
    assert all(found.region.holds(point) for point in points)
    assert len(points) == 60
    for change, point in itertools.product(found.changes, points):
        values = [value.evaluate(point) for value in change.values]
        assert values == [change.first.at(**point), change.second.at(**point)]
        if change.here != "?":
            assert change.here == ("<" if values[0] < values[1] else ">" if values[0] > values[1] else "=")


def test_the_leading_ratio_is_what_the_ratio_tends_to() -> None:
    found = pm.diff(GEMMS["rows"], GEMMS["deep"])
    assert found["steps"].leading == "K/2"  # half the rows at once, two columns a tile, K two by two
    large = dict.fromkeys("KMN", 10**6)
    exact = found["steps"].ratio_at(large)
    assert exact is not None
    assert abs(exact / 10**6 - Fraction(1, 2)) < Fraction(1, 100)


def test_what_only_one_has_is_listed_apart() -> None:
    found = pm.diff(GEMMS["rows"], GEMMS["deep"])
    assert found.only[0] == ()
    assert "cluster1.A.fills" in found.only[1]
    with pytest.raises(EquationError, match="did you mean"):
        found["L2.A.fill"]


def test_an_undecided_part_comes_with_evidence_that_is_called_so() -> None:
    yx, kc = (pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.PUBLISHED[n](), 256) for n in ("YX-P", "KC-P"))
    steps = pm.diff(yx, kc)["steps"]
    [part] = [each for each in steps.parts if each.sign == "?"]
    assert set(part.evidence) == {"<", "=", ">"}
    assert "not decided" in str(part)
    assert "points tried" in str(part)
    for _, point in zip(range(50), Space.of(steps.context).walk(limit=50), strict=False):
        assert part.region.holds(point)


def test_where_weights_are_sent_again_is_decided_for_all_layers() -> None:
    kc, yx = (pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.PUBLISHED[n](), 256) for n in ("KC-P", "YX-P"))
    weights = pm.diff(kc, yx)["L2.W.parent_reads"]
    assert [str(part) for part in weights.parts] == [
        "<  where C ≥ 2, P ≥ 33 or C ≥ 2, P ≤ 32, Q ≥ 9",  # more than one tile of 32 rows and 8 columns
        "=  where C ≥ 2, P ≤ 32, Q ≤ 8 or C = 1",
    ]


def test_equal_everywhere_is_a_proof_not_a_sample() -> None:
    found = pm.diff(GEMMS["rows"], GEMMS["tiles"])
    assert found["macs"].is_equal
    assert not found["L2.A.parent_reads"].is_equal


def test_other_operators_or_extents_do_not_compare() -> None:
    other = pm.analyze(pm.gemm(K=4), pm.parse_dataflow(FLOWS["rows"]), 4)
    with pytest.raises(EquationError, match="only analyses of one operator with the same extents"):
        pm.diff(GEMMS["rows"], other)
    small, large = (
        pm.analyze(pm.gemm(), pm.parse_dataflow(FLOWS["rows"]), 4, assuming=[each])
        for each in ("K <= 3", "K > 3")
    )
    with pytest.raises(EquationError, match="no extents suit both"):
        pm.diff(small, large)


def test_what_is_no_analysis_is_not_compared() -> None:
    flow = pm.parse_dataflow("TemporalMap(T,T) N; SpatialMap(1,1) M")
    tiled = pm.analyze_tiles(pm.gemm(), flow, 4)
    plain = pm.analyze(pm.gemm(), flow.substituted({"T": 2}), 4)
    with pytest.raises(EquationError, match=r"TiledAnalysis is none; give its sizes numbers"):
        pm.diff(plain, tiled)  # type: ignore[arg-type]
    with pytest.raises(EquationError, match=r"str is none$"):
        pm.diff("KC-P", plain)  # type: ignore[arg-type]


def test_what_is_equal_in_two_ways_of_writing_has_ratio_1() -> None:
    """Halo rows of tiles of 8 outputs: 5/4·Q where 8 divides Q is Q + 2·⌈Q/8⌉, and not elsewhere."""
    tiled = pm.parse_dataflow(
        "SpatialMap(1,1) K; TemporalMap(16,16) C; TemporalMap(3,3) R; TemporalMap(3,3) S; "
        "TemporalMap(10,8) Y; TemporalMap(10,8) X; Cluster(16); SpatialMap(1,1) C; "
        "TemporalMap(3,1) Y; TemporalMap(3,1) X"
    )
    layer = pm.conv2d(N=1, K=64, C=32, P=56, R=3, S=3)
    pair = [pm.analyze(layer, flow, 256) for flow in (tiled, pm.dataflows.yx_p())]
    found = pm.diff(*pair, at={"Q": 56})
    change = found["cluster1.I.parent_reads"]
    assert change.values[0] != change.values[1]
    assert (change.here, change.ratio) == ("=", "1")
    assert change.ratio_at(found.point) == 1
    assert change.first.at(Q=57) < change.second.at(Q=57)
