"""Run time as a closed form: symbolic extents and bandwidths, against the oracle at random points."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

import polymaestro as pm
from polymaestro.errors import (
    ClosedFormError,
    CountingUnavailableError,
    HardwareError,
    WorkloadError,
)
from polymaestro.hardware import TABLES, Hardware, Link, Memory
from polymaestro.loopnest.timing import Machine, Wire, time_run

PUBLISHED = {
    "c_p": (pm.dataflows.c_p(), 8),
    "x_p": (pm.dataflows.x_p(), 8),
    "yx_p": (pm.dataflows.yx_p(4), 8),
    "yr_p": (pm.dataflows.yr_p(4), 12),
    "kc_p": (pm.dataflows.kc_p(4), 8),
}
SYMBOLIC = Hardware(12, noc_bw="Bn", offchip_bw="Bd", memories=(), noc_hops=1, hop_latency="Hn")


def random_point(rng: random.Random) -> dict[str, int]:
    """Draw extents around the width of the arrays, so that tiles and folds end in the middle."""
    point = {"N": rng.randint(1, 2), "P": rng.randint(1, 4), "Q": rng.randint(1, 3)}
    wide = rng.choice(["K", "C", "P", "Q"])
    point |= {name: rng.randint(1, 3) for name in ("K", "C")} | {
        "R": rng.randint(1, 3),
        "S": rng.randint(1, 3),
    }
    return point | {wide: rng.randint(3, 10)}


def assert_run_times(name: str, points: int, operator: pm.Operator, formulas: int) -> None:
    """Evaluate the form at random points, and at some of them the formula of its case too."""
    flow, num_pes = PUBLISHED[name]
    form = pm.analyze(operator, flow, num_pes).runtime(SYMBOLIC)
    assert set(form.symbols) == {*operator.symbols, "Bn", "Bd", "Hn"}
    rng = random.Random(name)
    compared = 0
    while compared < points:
        drawn = random_point(rng)
        point = {symbol: drawn[symbol] for symbol in operator.symbols}
        if not form.valid_on.holds(point):
            continue
        rate, latency = rng.randint(1, 12), rng.randint(0, 3)
        slow = Fraction(rng.randint(1, 24), rng.randint(1, 3))
        wires = (Wire(slow), Wire(rate, latency), Wire(rate, latency))
        seen = time_run(operator, flow, Machine(num_pes, wires), extents=point).runtime
        rates: dict[str, int | Fraction] = {"Bn": rate, "Bd": slow, "Hn": latency}
        assert form.at(**point, **rates) == seen
        if compared < formulas:
            case = form.case_at(point)
            assert case.region.holds(point)
            assert case.value.evaluate({**point, **rates}) == seen
        compared += 1


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_dataflows_take_as_long_as_the_oracle_says(name: str) -> None:
    assert_run_times(name, 3, pm.conv2d(R=3, S=2), formulas=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kc_p", "yr_p"])
def test_run_times_with_every_extent_a_symbol_are_exact_at_two_hundred_points(name: str) -> None:
    assert_run_times(name, 200, pm.conv2d(), formulas=8)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["c_p", "x_p", "yx_p"])
@pytest.mark.parametrize("stride", [1, 2])
def test_run_times_under_strides_are_exact(name: str, stride: int) -> None:
    assert_run_times(name, 15, pm.conv2d(R=3, S=2, stride=stride), formulas=5)


def nearby(rng: random.Random, point: dict[str, int]) -> dict[str, int]:
    return {name: max(1, size + rng.choice((0, 0, 1, -1, 2, 8, -8, 16))) for name, size in point.items()}


@pytest.mark.parametrize("name", ["yr_p", "kc_p"])
def test_a_formula_holds_on_all_of_its_region(name: str) -> None:
    flow, num_pes = PUBLISHED[name]
    cycles = pm.analyze(pm.conv2d(R=3, S=3), flow, num_pes).runtime(Hardware(12, noc_bw=4, noc_hops=1))
    rng, compared = random.Random(name), 0
    for _ in range(4):
        point = {symbol: rng.choice((1, 2, 3, rng.randint(1, 30))) for symbol in cycles.symbols}
        case = cycles.case_at(point)
        assert case.region.holds(point)
        others = [other for other in (nearby(rng, point) for _ in range(200)) if case.region.holds(other)]
        compared += len(others)
        for other in (point, *others[:6]):
            assert case.value.evaluate(other) == cycles.at(**other)
    assert compared > 5


def stationary(n: int | str = "N") -> pm.Analysis:
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K")
    return pm.analyze(pm.gemm(M=4, N=n), flow, num_pes=4)


def test_the_formula_is_what_one_writes_by_hand() -> None:
    # The first step waits for A (4 words) and B (1), and computes alone; each of the others brings 5 words
    # while 4 outputs leave at the n-th ones; at the end 4 outputs are left.
    cycles = stationary().runtime(Hardware(4, noc_bw="B"))
    K, N = sympy.symbols("K N", integer=True)
    B = sympy.Symbol("B", positive=True)
    case = cycles.case_at({"N": 8, "K": 5})
    assert str(case) == "(K·N - 1)·max(1, ⌈5/B⌉) + ⌈5/B⌉ + ⌈4/B⌉ + 1  if K ≥ 2, N ≥ 2"
    values = {K: 5, N: 8, B: 2}
    assert cycles.expr.subs(values) == cycles.at(K=5, N=8, B=2) == 39 * 3 + 3 + 2 + 1


def test_latex_and_sympy_keep_maxima_and_ceilings() -> None:
    cycles = stationary().runtime(Hardware(4, noc_bw="B", noc_hops=1, hop_latency="H"))
    assert r"\max" in cycles.latex()
    assert r"\lceil" in cycles.latex()
    assert cycles.expr.has(sympy.Max, sympy.ceiling)


def test_numbers_stay_exact_at_any_size() -> None:
    cycles = stationary().runtime(Hardware(4, noc_bw="B"))
    n = 10**30
    assert cycles.at(K=7, N=n, B=2) == (7 * n - 1) * 3 + 3 + 2 + 1


def test_a_symbol_without_a_number_or_with_an_impossible_one_is_refused() -> None:
    cycles = stationary().runtime(Hardware(4, noc_bw="B"))
    with pytest.raises(ClosedFormError, match="the machine needs a number for the symbol B"):
        cycles.at(K=2, N=8)
    with pytest.raises(ClosedFormError, match="the formula needs a value for N"):
        cycles.at(K=2, B=1)
    with pytest.raises(ClosedFormError, match="B is 0; a bandwidth must be above 0"):
        cycles.at(K=2, N=8, B=0)
    with pytest.raises(ClosedFormError, match="K is 5/2; it must be an integer"):
        cycles.at(K=Fraction(5, 2), N=8, B=1)
    with pytest.raises(ClosedFormError, match="H is 1/2; it must be an integer"):
        stationary().runtime(Hardware(4, noc_hops=1, hop_latency="H")).at(K=2, N=8, H=Fraction(1, 2))
    with pytest.raises(ClosedFormError, match="no symbol 'C'"):
        cycles.at(K=2, N=8, B=1, C=3)


def test_a_symbol_is_an_extent_or_a_constant_and_not_both() -> None:
    with pytest.raises(HardwareError, match="N is an extent and a constant of the machine"):
        stationary().runtime(Hardware(4, noc_bw="N"))
    with pytest.raises(HardwareError, match="K is an extent and a constant of the machine"):
        stationary().energy(Hardware(4, energy=replace(TABLES["eyeriss"], l2="K")))


def test_what_stays_in_a_small_l2_must_be_said_where_it_depends_on_extents() -> None:
    machine = Hardware(4, l2_size=100, offchip_bw=1)
    with pytest.raises(HardwareError, match=r"depends on the extents; say which of A, B, Z does"):
        stationary().runtime(machine)
    with pytest.raises(WorkloadError, match="no tensor 'C'"):
        stationary().runtime(machine, resident=["C"])
    kept = stationary().runtime(machine, resident=["A", "B"]).at(N=30, K=2)
    assert kept == stationary(30).cost(machine, {"K": 2}).runtime_cycles
    assert stationary(30).cost(machine, {"K": 2}).resident == ("A", "B")


WAVE = "SpatialMap(1,1) Y; TemporalMap(1,1) R"
"""Each PE holds one input row; its taps come one after the other, and at the edges not all of them."""


@pytest.mark.parametrize(
    ("dilation", "why"),
    [(1, "advance different loops at the same step"), (2, "are first active at different steps")],
)
def test_entangled_units_have_numbers_and_no_formula(dilation: int, why: str) -> None:
    operator = pm.conv2d(N=1, K=1, C=1, P=2, Q=1, R=2, S=1, dilation=dilation)
    flow, machine = pm.parse_dataflow(WAVE), Hardware(4, noc_bw=1, noc_hops=1)
    analysis = pm.analyze(operator, flow, 4)
    with pytest.raises(CountingUnavailableError, match=f"has no closed form here, because .* {why}"):
        analysis.runtime(machine)
    seen = time_run(operator, flow, Machine(4, (Wire(), Wire(1, 1))))
    assert analysis.cost(machine, {}).runtime_cycles == seen.runtime


def test_a_long_entangled_loop_nest_is_refused_with_the_reason() -> None:
    operator = pm.conv2d(N=64, K=64, C=64, P=2, Q=1, R=2, S=1)
    analysis = pm.analyze(operator, pm.parse_dataflow(WAVE), 4)
    with pytest.raises(CountingUnavailableError, match=r"up to 200000 MACs, and this one has 1048576"):
        analysis.cost(Hardware(4), {})
    [layer] = [analysis.at({})]
    assert layer.performance is None


def test_memories_of_other_dataflows_are_refused() -> None:
    machine = Hardware(4, memories=(Memory("cluster1", link=Link(2)),))
    with pytest.raises(HardwareError, match="the dataflow has no memory 'cluster1'"):
        stationary().runtime(machine)
