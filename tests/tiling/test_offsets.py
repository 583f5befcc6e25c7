"""Offsets that are symbols of their own: where a mapping is legal, and that the formulas hold there."""

from __future__ import annotations

import random
from collections import Counter
from math import prod

import pytest

import polymaestro as pm
from polymaestro.errors import ClosedFormError
from tests.tiling.test_tiles_against_interpreter import assert_equal

CONV = pm.conv2d(N=1, K=1)
STRIDED = pm.conv2d(N=1, K=1, stride=2)
DILATED = pm.conv2d(N=1, K=1, dilation=2)

Point = dict[str, int]


def points(operator: pm.Operator, analysis: pm.TiledAnalysis, near: dict[str, str]) -> list[Point]:
    """Draw points, most of them with an offset near the sizes that `near` gives."""
    rng = random.Random(str(analysis.dataflow))
    found: list[Point] = []
    for _ in range(80):
        point = {name: rng.randint(1, 5) for name in analysis.symbols}
        for offset, text in near.items():
            if rng.random() < 0.8:
                size, _, factor = text.partition("*")
                under = operator.windows[0].dilation * (point["R"] - 1) if factor else 0
                windows = point[size] - under
                point[offset] = max(1, -(-windows // int(factor or 1)))
        clusters = prod(value for name, value in point.items() if name.startswith("G"))
        point["PEs"] = clusters * rng.randint(1, 4)
        found.append(point)
    return found


def compared(operator: pm.Operator, text: str, near: dict[str, str]) -> Counter[str]:
    """Run a mapping at points: whether it is legal there, and whether the region says so."""
    flow = pm.parse_dataflow(text)
    analysis = pm.analyze_tiles(operator, flow, "PEs")
    seen: Counter[str] = Counter()
    for point in points(operator, analysis, near):
        numbers = operator.with_extents({name: point[name] for name in operator.symbols})
        observed = pm.interpret(numbers, flow, point["PEs"], point)
        known = {name: point[name] for name in analysis.symbols}
        if analysis.valid_on.holds(analysis.ties.extended(known)):
            assert observed.legal, point
            assert_equal(analysis.at(known), observed)
            seen["holds"] += 1
        else:
            seen["legal elsewhere" if observed.legal else "illegal"] += 1
            with pytest.raises(ClosedFormError, match="it holds where"):
                analysis.at(known)
    return seen


@pytest.mark.parametrize(
    ("flow", "near"),
    [
        ("SpatialMap(A,B) M; TemporalMap(D,E) K; TemporalMap(T,T) N", {"B": "A", "E": "D"}),
        ("SpatialMap(A,B) M; Cluster(G); SpatialMap(D,E) M", {"B": "A", "E": "D"}),
        ("TemporalMap(A,B) K; SpatialMap(T,T) M; Cluster(G); SpatialMap(D,D) K; TemporalMap(3,B) N", {}),
    ],
)
def test_tiles_are_consecutive_or_one_tile_covers_all(flow: str, near: dict[str, str]) -> None:
    seen = compared(pm.gemm(), flow, near)
    assert seen["holds"] >= 20
    assert seen["illegal"] >= 5
    assert not seen["legal elsewhere"]


@pytest.mark.parametrize(
    ("operator", "flow", "near"),
    [
        (CONV, "SpatialMap(A,B) Y; TemporalMap(T,O) C", {"B": "A*1", "O": "T"}),
        (STRIDED, "SpatialMap(A,B) Y", {"B": "A*2"}),
        (STRIDED, "SpatialMap(A,B) Y; Cluster(G); SpatialMap(D,E) Y", {"B": "A*2", "E": "D*2"}),
        (STRIDED, "SpatialMap(A,B) Y; Cluster(G); SpatialMap(T,T) Y; SpatialMap(T,O) R", {"B": "A*2"}),
        (CONV, "TemporalMap(T,O) R; SpatialMap(A,B) Y", {"B": "A*1", "O": "T"}),
        (DILATED, "SpatialMap(2*Sz(R)+A-2,B) Y; Cluster(G); SpatialMap(T,T) Y'", {"B": "A"}),
        (pm.conv2d(N=1, K=1, stride=3, dilation=2), "TemporalMap(A,B) Y; SpatialMap(D,D) K", {"B": "A*3"}),
        (CONV, "SpatialMap(A,A) Y'; TemporalMap(T,O) R; Cluster(G); SpatialMap(T+D-1,E) Y", {"O": "T"}),
    ],
)
def test_rows_move_by_whole_windows_or_one_tile_covers_all(
    operator: pm.Operator, flow: str, near: dict[str, str]
) -> None:
    seen = compared(operator, flow, near)
    assert seen["holds"] >= 8
    assert seen["illegal"] >= 5
    assert seen["legal elsewhere"] <= 12  # tiles of different sizes, or windows that depend on the tap
