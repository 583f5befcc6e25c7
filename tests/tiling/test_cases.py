"""A formula and the region it comes with: at every point of the region the formula is right."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

import polymaestro as pm
from polymaestro.tiling import divisible

MAPPINGS = {
    "gemm": (
        pm.gemm(),
        "TemporalMap(A,A) N; SpatialMap(T,T) M; TemporalMap(B,B) K; Cluster(2); SpatialMap(D,D) K",
    ),
    "window": (
        pm.conv2d(N=1, K=1, C=1, Q=1, S=1, stride=2),
        "SpatialMap(2*A+Sz(R)-2,A) Y; TemporalMap(Sz(R),Sz(R)) R; Cluster(2); SpatialMap(B,B) R",
    ),
    "rows": (pm.conv2d(N=1, C=1, Q=1, S=1), "TemporalMap(A,A) K; SpatialMap(B+Sz(R)-1,B) Y"),
}
POINTS = 60


def points(analysis: pm.TiledAnalysis, rng: random.Random) -> list[dict[str, int]]:
    drawn = ({name: rng.randint(1, 9) for name in analysis.symbols} for _ in range(POINTS))
    return [each | {"PEs": 2 * each["PEs"]} for each in drawn]


def analysed(name: str) -> tuple[pm.TiledAnalysis, list[tuple[dict[str, int], Mapping[str, int]]]]:
    """Give the analysis of a mapping, and points with what is tied to them."""
    operator, flow = MAPPINGS[name]
    analysis = pm.analyze_tiles(operator, pm.parse_dataflow(flow), "PEs")
    return analysis, [
        (point, analysis.ties.extended(point)) for point in points(analysis, random.Random(name))
    ]


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_case_is_right_on_all_of_its_region(name: str) -> None:
    analysis, every = analysed(name)
    elsewhere = 0
    for label, form in analysis.named():
        for home in every[:3]:
            case = form.case_at(home[0])
            assert case.region.holds(home[1])
            for point, values in every:
                if case.region.holds(values):
                    elsewhere += point != home[0]
                    assert case.value.evaluate(values) == form.at(**point), (label, home[0], point)
    assert elsewhere > 100


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_divisible_case_is_right_where_its_conditions_hold(name: str) -> None:
    analysis, every = analysed(name)
    elsewhere = 0
    for label, form in analysis.named():
        for home in every[:4]:
            view = divisible(form, home[0])
            assert all(each.holds(home[1]) for each in view.divides)
            for point, values in every:
                if view.region.holds(values) and all(each.holds(values) for each in view.divides):
                    elsewhere += point != home[0]
                    assert view.value.at(values) == form.at(**point), (label, home[0], point)
    assert elsewhere > 50
