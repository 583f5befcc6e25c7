"""Sweeps against what takes another way: reports of single layers, and the oracle on small ones."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

import polymaestro as pm
from polymaestro.errors import ClosedFormError, DataflowError, HardwareError
from polymaestro.hardware import TABLES, Link, Memory
from polymaestro.loopnest.timing import time_run
from polymaestro.model.measuring import machine_to_run
from polymaestro.sweeping import Constraints
from polymaestro.sweeping.result import Sweep

FLOWS = {
    "X-P": pm.dataflows.x_p(),
    "YR-P": pm.dataflows.yr_p(4),
    "KC-P": pm.dataflows.kc_p(4),
}
LAYERS = {
    "EARLY": {"K": 16, "C": 3, "R": 3, "S": 3, "Y": 34, "X": 34},
    "LATE": {"K": 34, "C": 18, "R": 3, "S": 3, "Y": 9, "X": 9},
    "POINT": {"K": 20, "C": 9, "R": 1, "S": 1, "Y": 7, "X": 7},
}


def network(layers: dict[str, dict[str, int]]) -> pm.Network:
    texts = [
        f"Layer {name} {{ Type: CONV Dimensions {{ {', '.join(f'{d}: {n}' for d, n in dims.items())} }} }}"
        for name, dims in layers.items()
    ]
    parsed = pm.parse_network(f"Network Net {{ {' '.join(texts)} }}")
    return pm.Network(parsed.name, parsed.layers)


def machine(found: Sweep, row: np.void) -> pm.Hardware:
    """Give the machine of a row by its columns."""
    base = found.grids[0].base
    varied: dict[str, Any] = {"num_pes": int(row["num_pes"])}
    for name, values in found.grids[0].values.items():
        if len(values):
            varied[name] = next(v for v in values if (np.inf if v is None else float(v)) == float(row[name]))
    return replace(base, **varied)


@cache
def analyzed(operator: pm.Operator, flow: pm.Dataflow, num_pes: int, policies: pm.Policies) -> pm.Analysis:
    """Derive one layer with its own numbers."""
    return pm.analyze(operator, flow, num_pes, policies=policies)


def assert_like_alone(found: Sweep, row: np.void) -> None:
    layer = found.layers[row["layer"]]
    flow = found.dataflows[list(found.dataflows)[row["dataflow"]]]
    mapped = layer if flow is None else replace(layer, dataflow=flow)
    hardware = machine(found, row)
    alone = analyzed(mapped.operator(), mapped.mapping_dataflow(), hardware.num_pes, found.policies).on(
        hardware
    )
    buffers = {each.memory: each for each in alone.cost.buffers}
    assert int(row["runtime"]) == alone.runtime_cycles
    assert Fraction(int(row["energy"]), found.grids[0].energy_scale) == alone.cost.total_energy
    assert int(row["l2_needed"]) == buffers["L2"].needed
    assert int(row["l1_needed"]) == buffers["L1"].needed
    assert bool(row["fits"]) == all(each.fits for each in buffers.values())
    dram = alone.cost.links[0]
    assert int(row["traffic"]) == dram.ingress_words + dram.egress_words


AXES: dict[str, Any] = {
    "noc_bw": [1, 3, Fraction(7, 2), None],
    "offchip_bw": [Fraction(1, 3), 4],
    "simd_lanes": [1, 3],
    "noc_hops": [1, 2],
    "hop_latency": [0, 3],
    "l1_size": [40, 2000],
    "l2_size": [100, 1500, 9000, None],
}


@pytest.fixture(scope="module")
def swept() -> Sweep:
    base = pm.Hardware(16, energy=TABLES["eyeriss"], word_sizes={"O": 2})
    found = pm.sweep(network(LAYERS), FLOWS, num_pes=[16, 24], hardware=base, **AXES)
    return replace(found, chunk=100)


@pytest.mark.slow
def test_designs_cost_what_a_report_says(swept: Sweep) -> None:
    rng, count = random.Random(1), 0
    for rows in swept.chunks():
        assert len(rows) <= 100
        count += len(rows)
        if rng.random() < 0.013:
            assert_like_alone(swept, rows[rng.randrange(len(rows))])
    assert count == swept.size == 2 * 9 * 512
    assert not list(swept.refused)


@pytest.mark.slow
def test_hundreds_of_designs_cost_what_reports_say(swept: Sweep) -> None:
    rng, compared = random.Random(2), 0
    for rows in swept.chunks():
        for index in rng.sample(range(len(rows)), 2):
            if rng.random() < 0.7:
                assert_like_alone(swept, rows[index])
                compared += 1
    assert compared >= 200


SMALL = [
    {"K": 3, "C": 5, "R": 2, "S": 2, "Y": 5, "X": 4},
    {"K": 6, "C": 2, "R": 1, "S": 3, "Y": 3, "X": 7},
    {"K": 2, "C": 3, "R": 3, "S": 1, "Y": 7, "X": 3},
    {"K": 9, "C": 4, "R": 2, "S": 1, "Y": 3, "X": 2},
]


def assert_times_of_the_oracle(sizes: list[dict[str, int]], points: int) -> int:
    axes: dict[str, Any] = {
        "noc_bw": [1, 2, Fraction(5, 2), 7],
        "offchip_bw": [Fraction(2, 3), 1, 3],
        "noc_hops": [1, 2],
        "hop_latency": [0, 2],
        "l2_size": [30, 60, 90, 200],
    }
    layers = {f"SMALL{index}": dims for index, dims in enumerate(sizes)}
    found = pm.sweep(network(layers), FLOWS, num_pes=[8], **axes)
    rng, compared = random.Random(3), 0
    for rows in found.chunks():
        operator = found.layers[rows[0]["layer"]].operator()
        flow = FLOWS[list(FLOWS)[rows[0]["dataflow"]]]
        for index in rng.sample(range(len(rows)), points):
            hardware = machine(found, rows[index])
            known = analyzed(operator, flow, 8, found.policies).machine(hardware)
            seen = time_run(operator, flow, machine_to_run(known, {}), known.policies, {})
            assert int(rows[index]["runtime"]) == seen.runtime
            compared += 1
    return compared


def test_designs_take_as_long_as_the_oracle_says() -> None:
    assert assert_times_of_the_oracle(SMALL[:1], 6) == 18


@pytest.mark.slow
def test_hundreds_of_designs_take_as_long_as_the_oracle_says() -> None:
    assert assert_times_of_the_oracle(SMALL, 30) == 360


def by_hand(found: Sweep) -> list[dict[str, Any]]:
    """Give all rows as Python numbers."""
    rows = np.concatenate(list(found.chunks()))
    return [dict(zip(rows.dtype.names or (), row.tolist(), strict=True)) for row in rows]


@pytest.fixture(scope="module")
def small() -> Sweep:
    axes: dict[str, Any] = {
        "noc_bw": [1, 2, 4, 8],
        "offchip_bw": [1, 4],
        "l1_size": [40, 200],
        "l2_size": [300, 3000, 30000],
    }
    flows = {name: FLOWS[name] for name in ("X-P", "KC-P")}
    found = replace(pm.sweep(network(LAYERS), flows, num_pes=[16, 24], **axes), chunk=7)
    assert found.parts == 4 + 2 * 8  # 48 machines in blocks of 6, the sizes together
    return found


PARTS = 2
"""The table of Horowitz has tenths that are halves: 1.5, 2.5."""

VARIED = ("num_pes", "noc_bw", "offchip_bw", "l1_size", "l2_size")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("minimize", "second"), [("runtime", "energy"), ("energy", "runtime"), ("buffer", "energy")]
)
def test_the_best_is_the_least_of_all(small: Sweep, minimize: str, second: str) -> None:
    rows, best = [row for row in by_hand(small) if row["fits"]], small.best(minimize)
    for number, design in enumerate(best.layers):
        assert design is not None
        own = [row for row in rows if row["layer"] == number]
        least = min((row[minimize], row[second]) for row in own)
        cost = {"runtime": design.runtime, "energy": design.energy * PARTS, "buffer": design.buffer}
        assert (cost[minimize], cost[second]) == (least[0], least[1])
    totals = []
    machines = {tuple(row[name] for name in VARIED) for row in rows}
    for each in machines:
        own = [row for row in rows if tuple(row[name] for name in VARIED) == each]
        leasts = [
            min(((r[minimize], r[second]) for r in own if r["layer"] == number), default=None)
            for number in range(len(LAYERS))
        ]
        if None not in leasts:
            totals.append(tuple(sum(pair) for pair in zip(*leasts, strict=True)))
    assert best.total is not None
    assert best.total.fits
    if minimize != "buffer":  # that of a design is the largest, not the sum
        cost = {"runtime": best.total.runtime, "energy": best.total.energy * PARTS}
        assert (cost[minimize], cost[second]) == min(totals)


def test_the_front_has_what_nothing_beats(small: Sweep) -> None:
    rows = [row for row in by_hand(small) if row["fits"] and row["layer"] == 1]
    points = {(row["runtime"], row["energy"], row["buffer"]) for row in rows}
    front = {p for p in points if not any(q != p and all(map(int.__le__, q, p)) for q in points)}
    found = small.pareto(layer="LATE")
    assert {(d.runtime, int(d.energy * PARTS), d.buffer) for d in found} == front
    assert len(found) == len(front)
    assert len(front) > 3


def test_the_front_of_a_network_adds_up_its_layers(small: Sweep) -> None:
    sums: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in by_hand(small):
        sums.setdefault((row["dataflow"], *(row[name] for name in VARIED)), []).append(row)
    points = {
        (sum(r["runtime"] for r in each), max(r["buffer"] for r in each))
        for each in sums.values()
        if all(r["fits"] for r in each)
    }
    front = {p for p in points if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points)}
    assert {(d.runtime, d.buffer) for d in small.pareto(("runtime", "buffer"))} == front


def test_constraints_leave_out_what_breaks_them() -> None:
    net = network(LAYERS)
    axes: dict[str, Any] = {"noc_bw": [1, 4], "l2_size": [100, 30000]}
    base = pm.Hardware(16, clock_mhz=200, offchip_bw=2)
    flows = {"X-P": FLOWS["X-P"]}
    free = pm.sweep(net, flows, num_pes=[16], hardware=base, constraints=Constraints(fits=False), **axes)
    rows = by_hand(free)
    assert all(row["allowed"] for row in rows)
    powers = sorted(Fraction(row["energy"], PARTS) * 200 / row["runtime"] for row in rows)
    rates = sorted(Fraction(row["traffic"], row["runtime"]) for row in rows)
    power, rate = powers[len(powers) // 2], rates[len(rates) // 2]
    for constraints in (
        Constraints(fits=False, power=power),
        Constraints(fits=False, bandwidth=rate),
        Constraints(),
    ):
        kept = [row["allowed"] for row in by_hand(free.under(constraints))]
        expected = [
            (not constraints.fits or row["fits"])
            and (constraints.power is None or Fraction(row["energy"], PARTS) * 200 <= power * row["runtime"])
            and (constraints.bandwidth is None or row["traffic"] <= rate * row["runtime"])
            for row in rows
        ]
        assert kept == expected
        assert any(kept), "a constraint that keeps nothing would test nothing"
        assert False in kept


def test_described_memories_keep_what_they_say() -> None:
    memories = (
        Memory("cluster1", 5, double_buffered=False, link=Link(2, hops=1, hop_latency=1)),
        Memory("L1", 100, read_energy=0.25, write_energy=0.5),
    )
    base = pm.Hardware(16, memories=memories)
    flows = {"KC-P": FLOWS["KC-P"]}
    found = pm.sweep(network(LAYERS), flows, num_pes=[16], hardware=base, noc_bw=[1, 4], l2_size=[500, 5000])
    for rows in found.chunks():
        for row in rows:
            assert_like_alone(found, row)


def test_policies_are_kept() -> None:
    policies = pm.Policies(sharing="unicast", overlap="none", first_partial_sum_read="counted")
    found = pm.sweep(network(LAYERS), {"KC-P": FLOWS["KC-P"]}, num_pes=[16], policies=policies, noc_bw=[1, 4])
    for rows in found.chunks():
        for row in rows:
            assert_like_alone(found, row)


def test_no_machine_is_best_where_none_is_allowed(small: Sweep) -> None:
    best = small.under(Constraints(bandwidth=Fraction(1, 10**6))).best()
    assert best.total is None
    assert best.layers == (None, None, None)
    assert small.under(Constraints(bandwidth=Fraction(1, 10**6))).pareto() == []


def test_what_cannot_be_timed_is_refused_with_its_reason() -> None:
    skipping = pm.parse_dataflow("SpatialMap(1,2) K; TemporalMap(1,1) C")
    found = pm.sweep(network(LAYERS), {"SKIPS": skipping, "X-P": FLOWS["X-P"]}, num_pes=[16], noc_bw=[1])
    refused = list(found.refused)
    assert [each[:3] for each in refused] == [(16, "SKIPS", name) for name in LAYERS]
    assert all("K" in each[3] for each in refused)
    best = found.best()
    assert best.total is not None
    assert "SKIPS" not in dict(best.total.dataflows).values()
    assert all("SKIPS" not in dict(d.dataflows).values() for d in found.pareto())


def test_numbers_beyond_64_bits_are_refused() -> None:
    huge = {"HUGE": {"K": 10**7, "C": 10**6, "R": 1, "S": 1, "Y": 10**4, "X": 10**4}}
    with pytest.raises(ClosedFormError, match="exceeds 64 bits"):
        pm.sweep(network(huge), {"KC-P": FLOWS["KC-P"]}, num_pes=[16], noc_bw=[1]).best()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"noc_bw": [1], "num_pes": []}, "at least one number of PEs"),
        ({"noc": [1]}, "noc cannot vary in a sweep; did you mean 'noc_bw'"),
        ({"noc_bw": []}, "noc_bw has no values"),
        ({"noc_bw": [0]}, "noc_bw is 0"),
        ({"noc_bw": ["B"]}, "a sweep needs numbers, and the machine has the symbol B"),
        ({"l2_size": [1.5]}, "l2_size is 1.5"),
    ],
)
def test_wrong_axes_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(HardwareError, match=message):
        pm.sweep(network(LAYERS), FLOWS, **{"num_pes": [16], **wrong})


def test_unknown_costs_and_layers_are_refused(small: Sweep) -> None:
    with pytest.raises(HardwareError, match="no cost 'time'"):
        small.best("time")
    with pytest.raises(DataflowError, match="no layer 'MIDDLE'"):
        small.pareto(layer="MIDDLE")
    with pytest.raises(HardwareError, match="needs clock_mhz"):
        small.under(Constraints(power=1)).best()


def test_layers_with_their_own_dataflows_need_no_others() -> None:
    text = """Network Net { Layer FC { Type: GEMM Dimensions { M: 8, N: 8, K: 16 }
      Dataflow { SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K; } } }"""
    found = pm.sweep(pm.parse_network(text), num_pes=[4], noc_bw=[1, 2])
    for rows in found.chunks():
        for row in rows:
            assert_like_alone(found, row)


def test_two_processes_find_what_one_finds(small: Sweep) -> None:
    pytest.importorskip("joblib")
    own: dict[str, Any] = {"layers": small.layers[2:], "grids": small.grids[:1]}
    assert replace(small, jobs=2, **own).best() == replace(small, **own).best()
