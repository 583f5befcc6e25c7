"""Run time and energy with every size a symbol, at random numbers on random machines, against the oracle."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.errors import CountingUnavailableError, LoweringError
from polymaestro.hardware import Hardware
from polymaestro.policies import Policies
from polymaestro.strategies import Drawn, machines, mappings
from polymaestro.tiling import TiledAnalysis
from tests.interpreted import NO_HEALTH_CHECKS
from tests.model.test_cost import assert_equal, energy_seen, oracle
from tests.tiling.test_tiles_against_interpreter import fits, moved, with_symbols

POINTS = 3
MOST_PES = 10_000
WINDOW_POINTS = 2
Point = dict[str, int]


class Checker:
    """Compares one mapping at its own numbers and at others, and counts what was compared."""

    def __init__(self, *, plain: bool) -> None:
        self.plain = plain
        self.seen: Counter[str] = Counter()

    def check(self, data: st.DataObject, rng: random.Random) -> None:
        drawn = data.draw(mappings().filter(lambda drawn: not drawn.operator.conditions))
        operator = drawn.operator
        self.seen["mappings"] += 1
        try:
            analysis, flow, own, offsets = with_symbols(drawn, rng)
        except (CountingUnavailableError, LoweringError):
            self.seen["refused"] += 1  # units that work together advance different loops
            return
        machine = data.draw(machines(MOST_PES, len(flow.levels)))
        for index in range(POINTS):
            everything = moved(own, rng, offsets) if index else own
            if index and not fits(flow, everything):
                continue
            point = {name: everything[name] for name in analysis.symbols}
            if analysis.valid_on.holds(analysis.ties.extended(point)):
                numbers = operator.with_extents({n: everything[n] for n in analysis.operator.symbols})
                num_pes = everything["PEs"] if "PEs" in analysis.symbols else drawn.num_pes
                drawn = Drawn(numbers, flow.substituted(everything), num_pes)
                self.at(analysis, point, drawn, machine)

    def at(self, analysis: TiledAnalysis, point: Point, drawn: Drawn, machine: Hardware) -> None:
        try:
            report = analysis.on(machine, **point)
        except CountingUnavailableError:
            if analysis.operator.name == "transposed_conv2d":
                self.seen["transposed"] += 1  # outputs of tiles overlap, or its steps are sets over symbols
            else:
                self.seen["unavailable"] += 1  # single taps in space under a stride, for many outputs
            return
        found = report.cost
        seen = oracle(drawn, machine, Policies())
        assert_equal(found, seen, energy_seen(drawn, machine, seen, report.macs))
        time = analysis.runtime(machine, resident=found.resident)
        energy = analysis.energy(machine, resident=found.resident)
        array = replace(machine, num_pes=drawn.num_pes)
        roofline = analysis.roofline(array, resident=found.resident)
        assert time.at(**point) == seen.runtime
        assert energy.at(**point) == found.total_energy
        assert roofline.at(**point) == seen.roofline
        case = time.case_at(point)
        assert case.region.holds(analysis.ties.complete(point))
        assert case.evaluate(**point) == seen.runtime
        assert energy.case_at(point).evaluate(**point) == found.total_energy
        assert roofline.case_at(point).evaluate(**point) == seen.roofline
        if self.plain:
            plain = pm.analyze(*drawn)
            assert not plain.classes(plain.machine(machine)).entangled
            assert plain.cost(machine, {}) == found
        self.seen["equal"] += 1


@given(st.data(), st.randoms(use_true_random=False))
@settings(max_examples=8, suppress_health_check=NO_HEALTH_CHECKS)
def test_costs_of_mappings_with_symbols_are_what_a_run_costs(data: st.DataObject, rng: random.Random) -> None:
    Checker(plain=False).check(data, rng)


@given(st.data(), st.randoms(use_true_random=False))
@settings(max_examples=2, suppress_health_check=NO_HEALTH_CHECKS)
def test_costs_of_mappings_with_symbols_are_those_of_an_analysis_with_numbers(
    data: st.DataObject, rng: random.Random
) -> None:
    Checker(plain=True).check(data, rng)


@pytest.mark.slow
def test_costs_of_many_mappings_with_symbols_are_exact(*, full: bool) -> None:
    """2,000 of them with ``pytest --full``, which takes minutes; some also against plain analyses."""
    drawn, compared = (2000, 200) if full else (70, 5)
    seen, also_plain = run_many(drawn, plain=False), run_many(compared, plain=True)
    print(dict(seen), dict(also_plain))  # noqa: T201  how many of which, for who looks
    assert seen["equal"] >= drawn
    assert seen["unavailable"] <= POINTS + seen["equal"] / 100  # few mappings, all of whose points may be so
    assert also_plain["equal"] >= compared


def run_many(mappings_drawn: int, *, plain: bool) -> Counter[str]:
    checker = Checker(plain=plain)

    @given(st.data(), st.randoms(use_true_random=False))
    @settings(max_examples=mappings_drawn, phases=[Phase.generate], suppress_health_check=NO_HEALTH_CHECKS)
    def every(data: st.DataObject, rng: random.Random) -> None:
        checker.check(data, rng)

    every()
    return checker.seen


WINDOWED = [
    pm.conv2d(N=1, K=2, C=2, stride=3, dilation=2),
    pm.conv2d(N=1, K=2, C=2, stride=2, dilation=1),
    pm.conv2d(N=1, K=2, C=2, stride=1, dilation=3),
]


@pytest.mark.parametrize(
    "flow",
    [
        "TemporalMap(T,T) P; SpatialMap(U,U) K",
        "SpatialMap(T,T) Q; TemporalMap(U,U) C",
        "TemporalMap(T,T) R; SpatialMap(U,U) K",
        "TemporalMap(U,U) K; SpatialMap(T,T) Q; Cluster(2); SpatialMap(1,1) C",
        "TemporalMap(T,T) P; TemporalMap(U,U) R; SpatialMap(1,1) K",
        "TemporalMap(T,T) R; SpatialMap(U,U) P; TemporalMap(1,1) C",
        "SpatialMap(T,T) S; TemporalMap(U,U) Q",
    ],
)
def test_what_comes_to_a_level_two_memory_under_strides_and_dilation(flow: str) -> None:
    """Windows with gaps reach back over several tiles, so the first tiles differ from the later ones.

    An L2 of one word keeps nothing, so that all tensors are streamed.
    """
    rng = random.Random(flow)
    parsed = pm.parse_dataflow(flow)
    roomy, tight = (Hardware(num_pes=8, offchip_bw=1, noc_bw=3, l2_size=size) for size in (None, 1))
    for operator in WINDOWED:
        analysis = pm.analyze_tiles(operator, parsed, "PEs")
        for _ in range(WINDOW_POINTS):
            point = {name: rng.choice([1, 1, 2, 3, 4, 5, 6]) for name in analysis.symbols}
            point["PEs"] = 2 * rng.randint(1, 3)
            extents = {name: point[name] for name in operator.symbols}
            drawn = Drawn(operator.with_extents(extents), parsed.substituted(point), point["PEs"])
            for machine in (roomy, tight):
                seen = oracle(drawn, machine, Policies())
                assert analysis.on(machine, **point).runtime_cycles == seen.runtime


def test_symbols_of_the_machine_take_numbers_and_fractions() -> None:
    flow = "TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N; TemporalMap(T_K,T_K) K"
    tiled = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow(flow), "PEs")
    time = tiled.runtime(Hardware("PEs", noc_bw="B", offchip_bw="D", noc_hops=1, hop_latency="H"))
    assert time.symbols == ("K", "M", "N", "PEs", "T_K", "T_M", "T_N", "B", "D", "H")
    rng = random.Random(0)
    for _ in range(12):
        point = {name: rng.randint(1, 9) for name in tiled.symbols}
        fast, slow, latency = (
            Fraction(rng.randint(1, 20), 3),
            Fraction(rng.randint(1, 9), 2),
            rng.randint(0, 2),
        )
        machine = Hardware(9, noc_bw=fast, offchip_bw=slow, noc_hops=1, hop_latency=latency)
        rates: dict[str, int | Fraction] = {"B": fast, "D": slow, "H": latency}
        extents = {name: point[name] for name in ("M", "N", "K")}
        drawn = Drawn(pm.gemm(**extents), pm.parse_dataflow(flow).substituted(point), point["PEs"])
        seen = oracle(drawn, machine, Policies()).runtime
        assert time.at(**point, **rates) == seen
        assert time.case_at(point).evaluate(**point, **rates) == seen


def test_the_sympy_of_a_cost_is_over_its_own_symbols_where_the_edge_is_halved() -> None:
    """Tiles of 3, 3 and 1 taps of 7 under two outputs, two rows apart: 5 + 3 + 1 rows and 7 taps come.

    DRAM and L2 are passed by 18 words each way; L1 is written 16 + 14 times and read 28 + 12 + 2 times.
    """
    taps = pm.einsum("O[p] += I[2*p + r] * W[r]", P=2)
    tiled = pm.analyze_tiles(taps, pm.parse_dataflow("TemporalMap(T,T) R"), 1)
    machine = pm.Hardware(num_pes=1, noc_bw="B")
    point = {"R": 7, "T": 3}
    by_hand = (
        (tiled.roofline(machine), 16),
        (tiled.energy(machine), Fraction(3, 2) * 14 + 325 * 18 + 25 * 36 + Fraction(5, 2) * 72),
    )
    for cost, value in by_hand:
        expression = cost.case_at(point).expr
        numbers = {symbol: {**point, "B": 1}[symbol.name] for symbol in expression.free_symbols}
        assert expression.subs(numbers) == value


def test_one_unit_above_a_cluster_costs_the_same_after_other_points_were_asked_for() -> None:
    """One unit at level 0 takes a tile a fold: numbers of tiles and of folds are the same, but two names."""
    flow = pm.parse_dataflow("SpatialMap(T,T) K; Cluster(3); SpatialMap(V,V) K")
    machine = pm.Hardware(num_pes=3, noc_bw=1)
    tiled = pm.analyze_tiles(pm.gemm(M=2, N=2), flow, 3)
    for point in ({"K": 1, "T": 1, "V": 1}, {"K": 4, "T": 2, "V": 1}, {"K": 7, "T": 4, "V": 1}):
        drawn = Drawn(pm.gemm(M=2, N=2, K=point["K"]), flow.substituted(point), 3)
        assert tiled.on(machine, **point).runtime_cycles == oracle(drawn, machine, Policies()).runtime
