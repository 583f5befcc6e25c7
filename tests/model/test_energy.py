"""Energy as a closed form: counts times constants, each a number or a symbol."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

import polymaestro as pm
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import TABLES, Hardware, Memory
from polymaestro.model import Energy


def energy(hardware: Hardware, **extents: int) -> Energy:
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K")
    return pm.analyze(pm.gemm(**extents), flow, num_pes=4).energy(hardware)


SYMBOLS = replace(TABLES["eyeriss"], mac="E_MAC", l1="E_L1", l2="E_L2", dram="E_DRAM", hop="E_HOP")


def test_every_constant_can_be_a_symbol_and_the_counts_are_those_of_a_hand() -> None:
    form = energy(Hardware(4, energy=SYMBOLS))
    zero = dict.fromkeys(("E_MAC", "E_L1", "E_L2", "E_DRAM", "E_HOP"), 0)
    m, n, k = 4, 8, 2
    macs = m * n * k
    reads = n * m * k + n * k  # A comes again for each n; B goes to all 4 PEs at once
    sent = m * n
    dram = m * k + k * n + m * n
    expected = {
        "E_MAC": macs,
        "E_DRAM": dram,
        "E_L2": (reads + m * n) + (m * k + k * n + sent),  # down and to DRAM; from DRAM and up
        "E_L1": (2 * macs + (macs - sent) + sent) + (2 * macs + macs),  # operands, sums, drains; fills, sums
        "E_HOP": reads + sent,
    }
    for name, count in expected.items():
        assert form.at(M=m, N=n, K=k, **(zero | {name: 1})) == count, name
    assert form.symbols == ("K", "M", "N", "E_DRAM", "E_HOP", "E_L1", "E_L2", "E_MAC")


def test_the_sympy_expression_is_the_form() -> None:
    form = energy(Hardware(4, energy=SYMBOLS), M=4)
    values: dict[str, int | Fraction] = {
        "K": 3,
        "N": 5,
        "E_MAC": 1,
        "E_L1": 2,
        "E_L2": Fraction(7, 2),
        "E_DRAM": 200,
        "E_HOP": 3,
    }
    substituted = form.expr.subs({s: sympy.Rational(values[str(s)]) for s in form.expr.free_symbols})
    assert Fraction(str(substituted)) == form.at(**values)


def test_numbers_are_exact_decimals() -> None:
    table = replace(TABLES["horowitz"], mac=0.1, l1=0, l2=0, dram=0)
    assert energy(Hardware(4, energy=table)).at(M=4, N=8, K=10**20) == Fraction(32 * 10**20, 10)


def test_a_memory_may_read_and_write_at_its_own_cost() -> None:
    table = replace(TABLES["eyeriss"], mac=0, l1=0, l2=0, dram=0, hop=0)
    reads = energy(Hardware(4, energy=table, memories=(Memory("DRAM", read_energy="R", write_energy="W"),)))
    assert reads.at(M=4, N=8, K=2, R=1, W=0) == 4 * 2 + 2 * 8
    assert reads.at(M=4, N=8, K=2, R=0, W=1) == 4 * 8


def test_what_l2_does_not_keep_comes_from_dram_again() -> None:
    table = replace(TABLES["eyeriss"], mac=0, l1=0, l2=0, dram=1, hop=0)
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K")
    analysis = pm.analyze(pm.gemm(), flow, num_pes=4)
    kept = analysis.energy(Hardware(4, energy=table), resident=["B", "Z"])
    assert kept.at(M=4, N=8, K=2) == 8 * 4 * 2 + 2 * 8 + 4 * 8


def test_a_missing_or_unknown_symbol_is_refused() -> None:
    form = energy(Hardware(4, energy=SYMBOLS), M=4, N=8)
    with pytest.raises(ClosedFormError, match="the machine needs a number for the symbol E_"):
        form.at(K=2)
    with pytest.raises(ClosedFormError, match="no symbol 'X'"):
        form.at(K=2, X=1, E_MAC=1, E_L1=1, E_L2=1, E_DRAM=1, E_HOP=1)


def test_a_report_has_picojoules_only_where_the_table_has() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N")
    analysis = pm.analyze(pm.gemm(M=4, N=8, K=2), flow, num_pes=4)
    assert analysis.on(Hardware(4)).energy_pj > 0
    relative = analysis.on(Hardware(4, energy=TABLES["eyeriss"]))
    assert "energy_pj" not in relative.to_json()
    assert relative.to_json()["energy"] == float(relative.cost.total_energy)
    with pytest.raises(ClosedFormError, match="in units of a MAC, not in pJ"):
        _ = relative.energy_pj
    with pytest.raises(ClosedFormError, match=r"layer layer has no run time: evaluate the analysis on"):
        _ = analysis.at({}).runtime_cycles


@pytest.mark.parametrize("overlap", ["double-buffered", "none"])
def test_tensors_share_all_energy_but_that_of_macs(overlap: str) -> None:
    machine = Hardware(8, l2_size=200, noc_hops=2, energy=TABLES["eyeriss"], word_sizes={"O": 2})
    layer = pm.conv2d(N=1, K=5, C=6, P=4, Q=5, R=3, S=2)
    policies = pm.Policies(overlap=overlap, sharing="unicast")
    cost = pm.analyze(layer, pm.dataflows.kc_p(4), 8, policies=policies).on(machine).cost
    assert set(cost.energy_by_tensor) == {"I", "W", "O"}
    for name, value in cost.energy.items():
        shares = [parts[name] for parts in cost.energy_by_tensor.values() if name in parts]
        assert sum(shares) == (0 if name == "MAC" else value)
    assert cost.energy_by_tensor["W"]["L1 writes"] > 0
    assert cost.energy_by_tensor["W"]["DRAM writes"] == 0
