"""Offsets that are symbols of their own: where a mapping is legal, and that the formulas hold there."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from math import prod

import pytest

import polymaestro as pm
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import Hardware
from polymaestro.policies import Policies
from polymaestro.strategies import Drawn
from tests.interpreted import assert_equal
from tests.model.test_cost import oracle
from tests.tiling.test_search import held, moved

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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operator", "text"),
    [
        (pm.gemm(), "SpatialMap(A,B) M; TemporalMap(D,E) K; TemporalMap(T,T) N"),
        (pm.conv2d(N=1, K=2, C=2, stride=2), "SpatialMap(A,B) Y; TemporalMap(T,O) R"),
    ],
)
def test_time_and_energy_where_an_offset_is_not_the_size(operator: pm.Operator, text: str) -> None:
    """Such a point costs what a run of it costs, and as much energy as a plain analysis of its numbers."""
    flow = pm.parse_dataflow(text)
    analysis = pm.analyze_tiles(operator, flow, "PEs")
    machine = Hardware(num_pes=8, offchip_bw=1, noc_bw=3)
    time, energy = analysis.runtime(machine), analysis.energy(machine)
    rng = random.Random(text)
    compared = 0
    for _ in range(120):
        point = {name: rng.randint(1, 6) for name in analysis.symbols} | {"PEs": rng.randint(1, 4)}
        if point["A"] == point["B"] or not analysis.valid_on.holds(analysis.ties.extended(point)):
            continue
        extents = {name: point[name] for name in operator.symbols}
        drawn = Drawn(operator.with_extents(extents), flow.substituted(point), point["PEs"])
        seen = oracle(drawn, machine, Policies())
        assert time.at(**point) == time.case_at(point).evaluate(**point) == seen.runtime
        plain = pm.analyze(*drawn).cost(machine, {})
        assert energy.at(**point) == energy.case_at(point).evaluate(**point) == plain.total_energy
        compared += 1
    assert compared >= 15


@pytest.mark.parametrize(
    ("operator", "text", "fixed"),
    [
        (
            pm.gemm(),
            "SpatialMap(A,B) M; TemporalMap(D,E) K; TemporalMap(T,T) N",
            {"M": 4, "K": 6, "N": 3, "PEs": 3},
        ),
        (
            pm.conv2d(N=1, K=2, C=2, stride=2),
            "SpatialMap(A,B) Y; TemporalMap(T,O) C; TemporalMap(D,D) K",
            {"P": 3, "Q": 2, "R": 3, "S": 1, "PEs": 2},
        ),
    ],
)
@pytest.mark.parametrize("capacity", [12, 30])
def test_a_search_over_offsets_takes_legal_points_only(
    operator: pm.Operator, text: str, fixed: Point, capacity: int
) -> None:
    """Some illegal points would move less."""
    flow = pm.parse_dataflow(text)
    analysis = pm.analyze_tiles(operator, flow, "PEs")
    choices = {name: range(1, 5) for name in analysis.symbols if name not in fixed} | {"A": range(2, 6)}
    best = pm.optimize(
        analysis, minimize="L2.traffic", extents=fixed, choices=choices, subject_to=[f"L1 <= {capacity}"]
    )
    values, illegal = {}, 0
    for sizes in itertools.product(*choices.values()):
        point = dict(zip(choices, sizes, strict=True))
        numbers = operator.with_extents({name: fixed[name] for name in operator.symbols})
        seen = pm.interpret(numbers, flow, fixed["PEs"], point | fixed)
        illegal += not seen.legal
        if seen.legal and held(seen, 0) <= capacity:
            values[frozenset(point.items())] = moved(seen)
    assert illegal > len(choices["A"])
    assert best.proved
    assert best.value == min(values.values()) == values[frozenset(best.point.items())]


@pytest.mark.parametrize(
    ("operator", "text", "numbers"),
    [
        (
            pm.gemm(),
            "SpatialMap(A,B) M; TemporalMap(D,E) K; TemporalMap(T,T) N",
            {"A": 3, "B": 2, "D": 2, "E": 2, "T": 2, "PEs": 2},
        ),
        (
            pm.conv2d(N=1, K=1, S=1, Q=1, stride=2),
            "SpatialMap(A,B) Y; TemporalMap(T,O) C",
            {"A": 5, "B": 3, "T": 2, "O": 1, "PEs": 2, "R": 3},
        ),
    ],
)
def test_complete_and_specialised_formulas_hold_where_the_mapping_is_legal(
    operator: pm.Operator, text: str, numbers: Point
) -> None:
    """They refuse the same points as `at` does, which is compared with the interpreter above."""
    analysis = pm.analyze_tiles(operator, pm.parse_dataflow(text), "PEs")
    complete, special = analysis.complete(), analysis.specialised(numbers)
    rng = random.Random(text)
    seen: Counter[bool] = Counter()
    for index in range(80):
        point = {name: rng.randint(1, 6) for name in analysis.symbols} | (numbers if index % 2 else {})
        legal = analysis.valid_on.holds(analysis.ties.extended(point))
        left = {name: value for name, value in point.items() if name not in numbers}
        seen[legal] += 1
        for name, form in analysis.named():
            forms = [(complete[name], point)] + [(special[name], left)] * (index % 2)
            for each, symbols in forms:
                if legal:
                    assert each.at(**symbols) == form.at(**point)
                else:
                    with pytest.raises(ClosedFormError, match="it holds where"):
                        each.at(**symbols)
    assert min(seen[True], seen[False]) >= 10
