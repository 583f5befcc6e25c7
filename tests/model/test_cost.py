"""Time, energy, bandwidth and buffers of random dataflows on random machines, against the oracle."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.dataflow import Cluster
from polymaestro.errors import LoweringError
from polymaestro.hardware import Hardware, Memory
from polymaestro.loopnest.timing import Machine, Timing, Wire, time_run
from polymaestro.model import Performance
from polymaestro.policies import OPTIONS, Policies
from polymaestro.strategies import Drawn, machines, mappings, policies, wild_mappings
from tests.interpreted import NO_HEALTH_CHECKS


def memories_of(hardware: Hardware, levels: int) -> list[Memory]:
    names = ["DRAM", "L2", *(f"cluster{level}" for level in range(1, levels)), "L1"]
    return [hardware.memory(name) for name in names]


def oracle(drawn: Drawn, hardware: Hardware, chosen: Policies) -> Timing:
    """Run the loop nest on the machine in plain numbers, written out here once more."""
    memories = memories_of(hardware, len(drawn.dataflow.levels))
    links = [memory.link for memory in memories[:-1]]
    wires = (Wire(link.bandwidth, link.hops * int(link.hop_latency)) for link in links)  # type: ignore[arg-type]
    machine = Machine(
        drawn.num_pes,
        tuple(wires),
        hardware.simd_lanes or 1,
        memories[1].capacity,
        frozenset(depth for depth, memory in enumerate(memories[1:]) if not memory.double_buffered),
        frozenset(depth for depth, link in enumerate(links) if not link.multicast),
        frozenset(depth for depth, link in enumerate(links) if not link.reduction),
        hardware.word_sizes,
    )
    return time_run(drawn.operator, drawn.dataflow, machine, chosen)


def energy_seen(drawn: Drawn, hardware: Hardware, seen: Timing, macs: int) -> Fraction:
    table = hardware.energy
    energy = Fraction(str(table.mac)) * macs
    memories = memories_of(hardware, len(drawn.dataflow.levels))
    for memory, (reads, writes) in zip(memories, seen.accesses, strict=True):
        kind = "cluster" if "cluster" in memory.name else memory.name.lower()
        costs = [memory.read_energy, memory.write_energy]
        read, write = (Fraction(str(getattr(table, kind) if cost is None else cost)) for cost in costs)
        energy += reads * read + writes * write
    for memory, words in zip(memories[1:], seen.hops[1:], strict=False):
        energy += words * memory.link.hops * Fraction(str(table.hop))
    return energy


def assert_equal(found: Performance, seen: Timing, energy: Fraction) -> None:
    assert found.resident == tuple(sorted(seen.resident))
    assert tuple(each.needed for each in found.buffers) == seen.needed
    assert found.buffers[0].fits == seen.fits
    words = [(sum(each.ingress.values()), sum(each.egress.values())) for each in seen.transfers]
    assert [(link.ingress_words, link.egress_words) for link in found.links] == words
    assert tuple(link.fill_cycles for link in found.links) == seen.fills
    assert tuple(link.drain_cycles for link in found.links) == seen.drains
    assert found.runtime_cycles == seen.runtime
    assert tuple((link.bandwidth_peak, link.bandwidth_average) for link in found.links) == seen.bandwidth
    assert found.total_energy == energy
    assert found.runtime_cycles >= found.roofline_cycles


def compare(drawn: Drawn, hardware: Hardware, chosen: Policies) -> bool:
    """Compare everything; say whether step classes gave the times, and not the oracle itself."""
    analysis = pm.analyze(*drawn, policies=chosen, allow_illegal=True)
    found = analysis.cost(hardware, {})
    seen = oracle(drawn, hardware, chosen)
    assert_equal(found, seen, energy_seen(drawn, hardware, seen, analysis.macs.at()))
    assert found.bounds["compute"] == -(-analysis.macs.at() // (hardware.pes * hardware.lanes))
    array = replace(hardware, num_pes=drawn.num_pes)
    assert analysis.roofline(array, resident=found.resident).at() == seen.roofline
    return not analysis.classes(analysis.machine(hardware)).entangled


@given(st.data())
@settings(max_examples=10, suppress_health_check=NO_HEALTH_CHECKS)
def test_costs_of_random_dataflows_on_random_machines_are_exact(data: st.DataObject) -> None:
    drawn = data.draw(mappings())
    compare(drawn, data.draw(machines(drawn.num_pes, len(drawn.dataflow.levels))), data.draw(policies()))


@pytest.mark.slow
def test_costs_of_many_random_dataflows_are_exact_and_come_from_step_classes(*, full: bool) -> None:
    """1,000 of them with ``pytest --full``."""
    by_classes: list[bool] = []

    @given(st.data())
    @settings(max_examples=1000 if full else 250, suppress_health_check=NO_HEALTH_CHECKS)
    def check(data: st.DataObject) -> None:
        drawn = data.draw(mappings())
        machine = data.draw(machines(drawn.num_pes, len(drawn.dataflow.levels)))
        by_classes.append(compare(drawn, machine, data.draw(policies())))

    check()
    assert sum(by_classes) > 0.9 * len(by_classes)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=25, suppress_health_check=NO_HEALTH_CHECKS)
def test_costs_of_what_is_executed_are_exact_where_work_is_skipped_or_repeated(data: st.DataObject) -> None:
    drawn = data.draw(wild_mappings())
    if pm.interpret(*drawn).macs:
        compare(drawn, data.draw(machines(drawn.num_pes, len(drawn.dataflow.levels))), data.draw(policies()))


@given(st.data())
@settings(max_examples=5, suppress_health_check=NO_HEALTH_CHECKS)
def test_costs_with_padded_tiles_are_exact_on_random_machines_under_the_other_policies(
    data: st.DataObject,
) -> None:
    drawn, chosen = data.draw(mappings()), replace(data.draw(policies()), edge_tiles="padded")
    try:
        pm.analyze(*drawn, policies=chosen)
    except LoweringError:
        reject()  # no consecutive tiles, or a domain with conditions
    compare(drawn, data.draw(machines(drawn.num_pes, len(drawn.dataflow.levels))), chosen)


def test_steps_at_which_isl_loses_an_equality_are_found_all_the_same() -> None:
    p, r = Affine.of("p"), Affine.of("r")
    operator = pm.depthwise_conv2d(N=1, C=1, P=2, Q=1, R=3, S=1, stride=(2, 1))
    operator = replace(operator, constraints=(2 * r - 2 * p - 2, 2 - 2 * p))
    flow = pm.parse_dataflow("TemporalMap(1,1) R; TemporalMap(4,4) Y")
    compare(Drawn(operator, flow, 1), pm.Hardware(num_pes=1), Policies())


def test_a_loop_nest_that_is_run_uses_the_array_of_its_analysis_and_not_all_of_the_hardware() -> None:
    operator = replace(pm.gemm(M=2, N=2, K=3), constraints=(Affine.of("k") - 1,))
    flow = pm.Dataflow(
        (Cluster(Affine.of(2)), *pm.parse_dataflow("SpatialMap(1,1) K; TemporalMap(1,1) N").directives)
    )
    analysis = pm.analyze(operator, flow, num_pes=2)
    hardware = pm.Hardware(num_pes=4, noc_bw=1)
    assert analysis.classes(analysis.machine(hardware)).entangled
    seen = oracle(Drawn(operator, flow, 2), hardware, Policies())
    assert tuple(link.fill_cycles for link in analysis.cost(hardware, {}).links) == seen.fills


TWO_LEVELS = Drawn(
    pm.conv2d(N=1, K=5, C=5, P=4, Q=3, R=2, S=2, stride=1),
    pm.parse_dataflow(
        "SpatialMap(2,2) K; TemporalMap(4,4) C; TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;"
        "Cluster(4); TemporalMap(1,1) K; SpatialMap(1,1) C;"
    ),
    8,
)


@pytest.mark.parametrize(
    ("name", "option"),
    [(name, option) for name, options in OPTIONS.items() for option in options],
)
def test_each_policy_alone_is_exact(name: str, option: str) -> None:
    hardware = Hardware(8, noc_bw=2, offchip_bw=1, l2_size=70, noc_hops=1)
    assert compare(TWO_LEVELS, hardware, Policies(**{name: option}))


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("retention", "whole-step"),
        ("retention", "resident"),
        ("sharing", "unicast"),
        ("reduction", "none"),
        ("first_partial_sum_read", "counted"),
        ("edge_tiles", "padded"),
        ("overlap", "none"),
    ],
)
def test_each_policy_changes_what_a_layer_costs(name: str, option: str) -> None:
    hardware = Hardware(8, noc_bw=2, offchip_bw=1, noc_hops=1)

    def cost(chosen: Policies) -> tuple[int, Fraction]:
        found = pm.analyze(*TWO_LEVELS, policies=chosen).cost(hardware, {})
        return found.runtime_cycles, found.total_energy

    assert cost(Policies(**{name: option})) != cost(Policies())


def test_tiles_that_overlap_but_differ_cost_what_sending_them_apart_costs() -> None:
    # Three PEs with four input rows each, of which two are also their neighbour's, and the same filter.
    row = pm.conv2d(N=1, K=2, C=2, P=6, Q=1, R=3, S=1)
    flow = pm.parse_dataflow("TemporalMap(1,1) K; TemporalMap(1,1) C; SpatialMap(2,2) P")
    drawn, hardware = Drawn(row, flow, 3), Hardware(3, noc_bw=1)
    runtimes = []
    for sharing in OPTIONS["sharing"]:
        chosen = Policies(sharing=sharing)
        assert compare(drawn, hardware, chosen)
        runtimes.append(pm.analyze(*drawn, policies=chosen).cost(hardware, {}).runtime_cycles)
    ideal, unicast, identical = runtimes
    assert ideal < identical < unicast


@pytest.mark.parametrize(
    ("flow", "num_pes"),
    [
        ("TemporalMap(1,1) I; SpatialMap(1,1) J; TemporalMap(1,1) D", 4),
        ("SpatialMap(2,2) I; TemporalMap(2,2) J; TemporalMap(2,2) D", 4),
        ("SpatialMap(2,2) I; TemporalMap(2,2) J; Cluster(2); SpatialMap(1,1) D", 8),
    ],
)
def test_a_causal_mask_takes_as_long_as_its_loop_nest(flow: str, num_pes: int) -> None:
    causal = pm.einsum("S[i,j] += Q[i,d] * K[j,d]", where="j <= i", I=9, J=9, D=4)
    hardware = Hardware(num_pes, noc_bw=2, offchip_bw=1, l2_size=50, noc_hops=1)
    compare(Drawn(causal, pm.parse_dataflow(flow), num_pes), hardware, Policies())


def test_the_slowest_unit_of_a_step_counts() -> None:
    # The first cluster has 3 rows in two passes, the second 2 rows in one.
    flow = pm.parse_dataflow(
        "TemporalMap(2,2) N; SpatialMap(3,3) M; Cluster(2); TemporalMap(2,2) M; SpatialMap(2,2) K;"
        "Cluster(1); TemporalMap(1,1) K"
    )
    drawn = Drawn(pm.gemm(M=5, N=3, K=4), flow, 8)
    assert compare(drawn, Hardware(8), Policies())
    assert pm.analyze(*drawn).on(Hardware(8)).runtime_cycles == 18
