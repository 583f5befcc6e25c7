"""Run times with every size a symbol: what the formulas say, where they hold, how long they take."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

import polymaestro as pm
from polymaestro.counting import QP
from polymaestro.errors import ClosedFormError, CountingUnavailableError, HardwareError, WorkloadError
from polymaestro.hardware import TABLES, Hardware
from polymaestro.loopnest.timing import Machine, Wire, time_run
from polymaestro.symbolic.factoring import in_parts
from polymaestro.tiling import TiledAnalysis, TiledRunTime, lifted
from polymaestro.tiling.bounding import is_never_negative

Golden = Callable[[str, str], None]
LAYER = {"N": 1, "K": 128, "C": 128, "P": 56, "Q": 56, "R": 3, "S": 3}
PUBLISHED = {"kc_p": (pm.dataflows.kc_p(64), 256), "yr_p": (pm.dataflows.yr_p(3), 192)}
MACHINE = Hardware("PEs", noc_bw="B", noc_hops=1, hop_latency="H")
SECONDS = 3
GEMM = "TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N; TemporalMap(T_K,T_K) K"


def published(name: str) -> tuple[TiledAnalysis, dict[str, int]]:
    """Analyze a published dataflow with every number a symbol; give the numbers too."""
    flow, num_pes = PUBLISHED[name]
    found = lifted(pm.conv2d(**LAYER), flow, num_pes)
    analysis = pm.analyze_tiles(pm.conv2d(), found.dataflow, found.num_pes)
    everything = LAYER | found.values
    return analysis, {symbol: everything[symbol] for symbol in analysis.symbols}


def gemm() -> TiledAnalysis:
    return pm.analyze_tiles(pm.gemm(), pm.parse_dataflow(GEMM), "PEs")


@pytest.mark.parametrize("name", PUBLISHED)
def test_run_times_of_published_dataflows_are_derived_within_seconds(name: str) -> None:
    start = time.process_time()
    analysis, point = published(name)
    cycles = analysis.runtime(replace(MACHINE, offchip_bw="D"))
    case = cycles.case_at(point)
    assert time.process_time() - start <= SECONDS
    assert cycles.symbols == (*analysis.symbols, "B", "D", "H")
    rates = {"B": 16, "D": 4, "H": 1}
    numbers = analysis.dataflow.substituted(point)
    plain = pm.analyze(pm.conv2d(**LAYER), numbers, point["PEs"])
    hardware = Hardware(point["PEs"], noc_bw=16, offchip_bw=4, noc_hops=1, hop_latency=1)
    assert cycles.at(**point, **rates) == plain.runtime(hardware).at()
    assert case.evaluate(**point, **rates) == cycles.at(**point, **rates)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_dataflows_take_as_long_as_the_oracle_says(name: str) -> None:
    analysis, _ = published(name)
    cycles = analysis.runtime(replace(MACHINE, offchip_bw="D"))
    rng, compared = random.Random(name), 0
    while compared < 3:
        point = {symbol: rng.choice([1, 1, 2, 3, 4]) for symbol in analysis.symbols}
        point |= {"PEs": point["G1"] * rng.randint(1, 3), rng.choice("KCP"): rng.randint(4, 7)}
        if not analysis.valid_on.holds(analysis.ties.extended(point)):
            continue
        fast, slow, latency = rng.randint(1, 9), Fraction(rng.randint(1, 9), 2), rng.randint(0, 2)
        operator = pm.conv2d(**{name: point[name] for name in LAYER})
        wires = (Wire(slow), Wire(fast, latency), Wire(fast, latency))
        seen = time_run(operator, analysis.dataflow.substituted(point), Machine(point["PEs"], wires)).runtime
        rates: dict[str, int | Fraction] = {"B": fast, "D": slow, "H": latency}
        assert cycles.at(**point, **rates) == seen
        assert cycles.case_at(point).evaluate(**point, **rates) == seen
        compared += 1


def nearby(rng: random.Random, point: dict[str, int]) -> dict[str, int]:
    return {name: max(1, size + rng.choice((0, 0, 0, 1, -1, 2, 4, 16))) for name, size in point.items()}


def assert_right_where_it_holds(cycles: TiledRunTime, point: dict[str, int], rng: random.Random) -> int:
    case, ties = cycles.case_at(point), cycles.counted.ties
    others = [nearby(rng, point) for _ in range(100)]
    inside = [
        other
        for other in others
        if cycles.valid_on.holds(ties.complete(other)) and case.region.holds(ties.complete(other))
    ]
    for other in inside[:4]:
        assert case.evaluate(**other, B=5, H=1) == cycles.at(**other, B=5, H=1)
    return len(inside)


def test_a_formula_holds_on_all_of_its_region() -> None:
    rng, compared = random.Random(1), 0
    for analysis, point in (published("kc_p"), published("yr_p")):
        compared += assert_right_where_it_holds(analysis.runtime(MACHINE), point, rng)
    cycles = gemm().runtime(MACHINE)
    for _ in range(4):
        point = {name: rng.randint(1, 12) for name in cycles.counted.symbols}
        compared += assert_right_where_it_holds(cycles, point, rng)
    assert compared > 30


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_divisible_run_time_and_energy_hold_where_their_conditions_do(name: str) -> None:
    """Scaled extents keep all conditions, so the formula of one point must be right at the others."""
    analysis, point = published(name)
    table = replace(TABLES["eyeriss"], dram="E")
    cycles, energy = analysis.runtime(MACHINE), analysis.energy(replace(MACHINE, energy=table))
    times, energies = cycles.divisible_at(point), energy.divisible_at(point)
    for scale in (1, 2, 3):
        other = point | {dim: scale * point[dim] for dim in ("N", "K", "C", "Q")}
        assert times.holds(**other)
        assert energies.holds(**other)
        assert times.evaluate(**other, B=7, H=2) == cycles.at(**other, B=7, H=2)
        assert energies.evaluate(**other, E=Fraction(5, 2)) == energy.at(**other, E=Fraction(5, 2))
    edge = point | {"Q": point["Q"] + 1, "T_Q0": 2}
    assert not times.holds(**edge)


def test_the_formula_is_what_one_writes_by_hand() -> None:
    # A is 4 × K and stays for a column tile; each step brings a column of A (4) and T words of B, and 4·T
    # outputs leave where n advances. The first step waits for its words and computes while nothing moves.
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(T,T) N; TemporalMap(1,1) K")
    cycles = pm.analyze_tiles(pm.gemm(M=4), flow, 4).runtime(Hardware(4, noc_bw="B"))
    view = cycles.divisible_at({"N": 12, "K": 3, "T": 2})
    N, K, T = sympy.symbols("N K T", integer=True)
    B = sympy.Symbol("B", positive=True)
    arrive, leave = sympy.ceiling((T + 4) / B), sympy.ceiling(4 * T / B)
    expected = (
        arrive + T + (N / T * (K - 1)) * sympy.Max(T, arrive)
        + (N / T - 1) * sympy.Max(T, arrive, leave) + leave
    )  # fmt: skip
    for n, k, tile, rate in ((12, 3, 2, 1), (12, 5, 3, 4), (60, 2, 6, 9)):
        values = {N: n, K: k, T: tile, B: rate}
        assert view.expr.subs(values) == expected.subs(values) == cycles.at(N=n, K=k, T=tile, B=rate)
    assert view.divides
    assert [str(each) for each in view.divides] == ["N % T = 0"]


@pytest.mark.slow
def test_expressions_and_latex_have_tiles_and_ceilings() -> None:
    cycles = gemm().runtime(Hardware("PEs", noc_bw="B"))
    point = {"M": 13, "N": 29, "K": 11, "T_M": 4, "T_N": 2, "T_K": 3, "PEs": 5}
    case = cycles.case_at(point)
    values = {sympy.Symbol(name, integer=True): value for name, value in point.items()}
    assert case.expr.subs({**values, sympy.Symbol("B", positive=True): 3}) == cycles.at(**point, B=3)
    assert r"\max" in case.latex()
    assert r"\lceil" in cycles.latex()
    assert str(cycles) == str(cycles.common)
    view = cycles.divisible_at({"M": 16, "N": 40, "K": 9, "T_M": 4, "T_N": 2, "T_K": 3, "PEs": 5})
    assert view._repr_latex_().startswith(r"$\displaystyle")  # type: ignore[union-attr]


def test_a_roofline_divides_by_the_symbols_of_the_machine() -> None:
    least = gemm().roofline(Hardware("PEs", noc_bw="B"))
    point = {"M": 16, "N": 40, "K": 9, "T_M": 4, "T_N": 2, "T_K": 3, "PEs": 5}
    case = least.case_at(point)
    assert "⌈K·M·N/PEs⌉" in str(case)
    assert least.at(**point, B=100) == case.evaluate(**point, B=100) == 16 * 40 * 9 // 5
    assert least.bound_by(**point, B=1) == "L2 → L1 in"


def test_what_cannot_be_is_refused() -> None:
    tiled = gemm()
    point = {"M": 13, "N": 29, "K": 11, "T_M": 4, "T_N": 2, "T_K": 3, "PEs": 5}
    cycles = tiled.runtime(Hardware("PEs", noc_bw="B"))
    with pytest.raises(ClosedFormError, match="the machine needs a number for the symbol B"):
        cycles.at(**point)
    with pytest.raises(ClosedFormError, match="needs a value for T_M"):
        cycles.at(**{name: value for name, value in point.items() if name != "T_M"}, B=1)
    with pytest.raises(ClosedFormError, match="B is 0; a bandwidth must be above 0"):
        cycles.at(**point, B=0)
    with pytest.raises(HardwareError, match="T_M is a size and a constant of the machine"):
        tiled.runtime(Hardware("PEs", noc_bw="T_M"))
    with pytest.raises(HardwareError, match="n_M is a size and a constant of the machine"):
        tiled.runtime(Hardware("PEs", noc_bw="n_M"))
    with pytest.raises(HardwareError, match="num_pes is the symbol 'X', which the mapping does not have"):
        tiled.runtime(Hardware("X"))
    with pytest.raises(HardwareError, match="say which of A, B, Z does"):
        tiled.runtime(Hardware("PEs", l2_size=64))
    with pytest.raises(WorkloadError, match="gemm has no tensor 'C'"):
        tiled.runtime(Hardware("PEs"), resident=("C",))
    with pytest.raises(ClosedFormError, match="the mapping uses 5 PEs there, and the hardware has 4"):
        tiled.on(Hardware(4), **point)
    plain = pm.analyze(pm.gemm(M=2, N=2, K=2), pm.parse_dataflow("SpatialMap(1,1) M"), 2)
    with pytest.raises(HardwareError, match="num_pes is the symbol 'X'; give it a number"):
        plain.runtime(Hardware("X"))


def test_windows_that_share_elements_over_many_tiles_are_refused_where_that_matters() -> None:
    """Under a filter tile of 40 taps, what is new to L2 differs at each of the last 40 output rows."""
    flow = pm.parse_dataflow("TemporalMap(U,U) R; TemporalMap(T,T) P; SpatialMap(1,1) K")
    tiled = pm.analyze_tiles(pm.conv2d(N=1, K=1, C=1, Q=1, S=1), flow, "PEs")
    point = {"P": 100, "R": 80, "T": 1, "U": 40, "PEs": 1}
    with pytest.raises(CountingUnavailableError, match="tiles of P differ in what is new to L2"):
        tiled.runtime(Hardware(1, offchip_bw=1)).at(**point)
    # Tiles of four rows differ at ten steps only; and without a limit below DRAM it does not matter.
    machine = Machine(1, (Wire(1), Wire(1)))
    operator = pm.conv2d(N=1, K=1, C=1, P=100, Q=1, R=80, S=1)
    for numbers, hardware, wires in (
        ({"T": 4}, Hardware(1, offchip_bw=1, noc_bw=1), machine),
        ({"T": 1}, Hardware(1, noc_bw=1), Machine(1, (Wire(), Wire(1)))),
    ):
        there = point | numbers
        seen = time_run(operator, flow.substituted(there), wires).runtime
        assert tiled.runtime(hardware).at(**there) == seen


def test_a_maximum_leaves_out_what_is_never_the_largest() -> None:
    T, U, floor = QP.of("T"), QP.of("U"), QP.of(pm.affine.floor_div(pm.affine.Affine.of("T"), 2))
    assert is_never_negative(T * U - T)
    assert is_never_negative((T + U) * (T + U - 1) - T * U)
    assert not is_never_negative(T - U)
    assert not is_never_negative(T - 2)
    assert not is_never_negative(floor - 1)  # ⌊1/2⌋ is 0


def test_a_sum_of_products_is_written_as_one() -> None:
    C, K, P, R, S = map(QP.of, "CKPRS")
    value = C * (P + R - 1) * (P + S - 1) + K * R * S
    assert in_parts(value) in {"C·(P + R - 1)·(P + S - 1) + K·R·S", "C·(P + S - 1)·(P + R - 1) + K·R·S"}
    assert in_parts(C + K - 1) == "C + K - 1"
