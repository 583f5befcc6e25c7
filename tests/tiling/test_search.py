"""The search against the interpreter at every point of small spaces."""

from __future__ import annotations

import itertools

import pytest

import polymaestro as pm
from polymaestro.errors import PolymaestroError
from polymaestro.loopnest.interpreter import Observation, interpret

GEMM = pm.parse_dataflow("TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N; TemporalMap(T_K,T_K) K")
CONV = pm.parse_dataflow(
    "SpatialMap(T_K,T_K) K; TemporalMap(T_C,T_C) C; TemporalMap(Sz(R)+T_P-1,T_P) Y;"
    "Cluster(G); SpatialMap(1,1) C"
)
LAYER = {"N": 1, "K": 4, "C": 4, "P": 6, "Q": 2, "R": 3, "S": 1}


def traffic(seen: Observation) -> int:
    names = ("parent_reads", "parent_updates", "read_backs")
    return sum(t.get(name, 0) for t in seen.boundaries[0].tensors.values() for name in names)


def held(seen: Observation, boundary: int) -> int:
    return sum(t["occupancy"] for t in seen.boundaries[boundary].tensors.values())


@pytest.mark.parametrize("capacity", [6, 20, 1000])
@pytest.mark.parametrize("tiles", ["divisors", "all"])
def test_the_least_traffic_of_a_gemm(capacity: int, tiles: str) -> None:
    extents = {"M": 6, "N": 4, "K": 5}
    sizes = {n: [t for t in range(1, e + 1) if tiles == "all" or e % t == 0] for n, e in extents.items()}
    every = [dict(zip(("T_M", "T_N", "T_K"), s, strict=True)) for s in itertools.product(*sizes.values())]
    runs = [interpret(pm.gemm(**extents), GEMM, 3, point) for point in every]
    fitting = [traffic(seen) for seen in runs if held(seen, 0) <= capacity]
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    best = pm.optimize(
        analysis, minimize="L2.traffic", extents=extents, subject_to=[f"L1 <= {capacity}"],
        tiles="all" if tiles == "all" else "divisors",
    )  # fmt: skip
    assert (best.value, best.space) == (min(fitting), len(every))
    assert best.proved
    assert traffic(interpret(pm.gemm(**extents), GEMM, 3, best.point)) == best.value


def test_tiles_and_clusters_of_a_convolution() -> None:
    analysis = pm.analyze_tiles(pm.conv2d(), CONV, "PEs")
    conditions = ["L1 <= 30", "cluster1 < 60", "steps <= 24"]
    best = pm.optimize(
        analysis, minimize="L2.traffic", extents=LAYER | {"PEs": 8}, choices={"G": [1, 2, 4]},
        subject_to=conditions,
    )  # fmt: skip
    values = {}
    for k, c, p, g in itertools.product((1, 2, 4), (1, 2, 4), (1, 2, 3, 6), (1, 2, 4)):
        point = {"T_K": k, "T_C": c, "T_P": p, "G": g}
        seen = interpret(pm.conv2d(**LAYER), CONV, 8, point)
        if held(seen, 1) <= 30 and held(seen, 0) < 60 and seen.steps <= 24:
            values[tuple(sorted(point.items()))] = traffic(seen)
    assert best.value == min(values.values()) == values[tuple(sorted(best.point.items()))]
    assert (best.space, best.proved) == (108, True)


def test_a_search_that_ends_early_is_not_proved() -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    best = pm.optimize(
        analysis, minimize="L2.traffic", extents={"M": 60, "N": 48, "K": 60}, subject_to=["L1 <= 50"], limit=1
    )
    assert not best.proved
    assert best.evaluated < best.space
    assert "not proved to be the least of 1440 points" in str(best)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"minimize": "L2.trafic"}, "no quantity 'L2.trafic'; did you mean 'L2.traffic'"),
        ({"subject_to": ["L3 <= 5"]}, "no quantity 'L3'; did you mean"),
        ({"subject_to": ["L1 below 5"]}, "cannot read the condition 'L1 below 5'"),
        ({"subject_to": ["L1 <= 2"]}, "no point of the space satisfies the conditions"),
        ({"extents": {"M": 6, "N": 4}}, "K needs a value in extents"),
        ({"choices": {"Tk": [1]}}, "no symbol 'Tk'; Known: K, M"),
        ({"choices": {"T_K": []}}, "the choices of T_K are empty"),
    ],
)
def test_wrong_searches_are_refused(changed: dict[str, object], message: str) -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    arguments: dict[str, object] = {"minimize": "steps", "extents": {"M": 6, "N": 4, "K": 5}}
    with pytest.raises(PolymaestroError, match=message):
        pm.optimize(analysis, **(arguments | changed))  # type: ignore[arg-type]
