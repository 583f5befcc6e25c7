"""The roofline as a closed form, and utilization."""

from __future__ import annotations

from fractions import Fraction

import pytest

import polymaestro as pm
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import Hardware
from polymaestro.loopnest.timing import Machine, Wire, time_run
from tests.tiling.printed import Printed


def test_the_binding_resource_changes_with_the_bandwidth() -> None:
    analysis = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(4), 16)
    least = analysis.roofline(Hardware(16, noc_bw="B", offchip_bw="D"))
    point = {"N": 1, "K": 8, "C": 8, "P": 10, "Q": 9}
    assert least.symbols == ("C", "K", "N", "P", "Q", "B", "D")
    assert least.bound_by(**point, B=1000, D=1000) == "compute"
    assert least.at(**point, B=1000, D=1000) == 8 * 8 * 10 * 9 * 9 // 16
    assert least.bound_by(**point, B=1, D=1000) == "L2 → cluster1 in"
    assert least.bound_by(**point, B=1000, D=Fraction(1, 10)) == "DRAM → L2 in"
    inputs = 8 * 12 * 11 + 8 * 8 * 9
    assert least.by_resource({**point, "B": 1, "D": 1})["DRAM → L2 in"] == inputs


@pytest.mark.parametrize("rate", [1, 3, 7])
def test_the_roofline_of_a_published_dataflow_is_the_oracles(rate: int) -> None:
    operator, flow = pm.conv2d(N=1, K=6, C=5, P=4, Q=3, R=3, S=2), pm.dataflows.yr_p(3)
    seen = time_run(operator, flow, Machine(12, (Wire(2), Wire(rate), Wire(rate))))
    symbols = {"K": "K", "C": "C", "P": "P"}
    least = pm.analyze(operator.with_extents(symbols), flow, 12).roofline(
        Hardware(12, noc_bw="B", offchip_bw=2)
    )
    assert least.at(K=6, C=5, P=4, B=rate) == seen.roofline
    case = least.case_at({"K": 6, "C": 5, "P": 4})
    assert case.value.evaluate({"K": 6, "C": 5, "P": 4, "B": rate}) == seen.roofline
    assert str(case.value) in str(case)


@pytest.mark.parametrize("rate", [Fraction(6, 5), Fraction(7, 3), Fraction(5, 2)])
def test_a_bandwidth_that_is_no_whole_number_is_one_divisor(rate: Fraction) -> None:
    """⌈words/1.2⌉ and ⌈words/(7/3)⌉, never ⌈words/7/3⌉, in every notation, and where links are several."""
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,2) N; Cluster(2); SpatialMap(1,1) K")
    analysis, machine = pm.analyze(pm.gemm(), flow, 4), Hardware(4, noc_bw=rate, noc_hops=1, hop_latency=2)
    point = {"M": 8, "N": 10, "K": 6}
    for form in (analysis.roofline(machine), analysis.runtime(machine)):
        case = form.case_at(point)
        for text in (case.line(), case.text()):
            shown = Printed.read(text)
            assert shown.holds(point)
            assert shown.at(point) == form.at(**point)
        assert "/7/3" not in case.latex() + case.line()


def test_utilization_is_active_units_over_all_units() -> None:
    analysis = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(4), 16)
    point = {"N": 1, "K": 6, "C": 5, "P": 4, "Q": 3}
    seen = pm.interpret(pm.conv2d(R=3, S=3).with_extents(dict(point)), pm.dataflows.kc_p(4), 16)
    assert analysis.utilization.at(**point) == Fraction(seen.active, seen.steps * seen.units)
    symbolic = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), 4)
    assert symbolic.utilization.at(M=6, N=2, K=3) == Fraction(6, 8)


def test_a_roofline_needs_every_constant() -> None:
    analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), 4)
    least = analysis.roofline(Hardware(4, noc_bw="B"))
    with pytest.raises(ClosedFormError, match="the machine needs a number for the symbol B"):
        least.at(M=1, N=1, K=1)
    with pytest.raises(ClosedFormError, match="B is 0; a bandwidth must be above 0"):
        least.at(M=1, N=1, K=1, B=0)
