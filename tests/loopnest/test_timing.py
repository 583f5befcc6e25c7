"""The oracle of time against hand counts and against laws that hold for every machine."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.loopnest.interpreter import interpret
from polymaestro.loopnest.timing import Machine, Timing, Wire, time_run
from polymaestro.policies import Policies
from polymaestro.strategies import Drawn, mappings, policies
from tests.interpreted import NO_HEALTH_CHECKS

wires = st.builds(Wire, st.none() | st.integers(1, 9), st.integers(0, 3))


def machines(num_pes: int) -> st.SearchStrategy[Machine]:
    l2_words = st.none() | st.integers(1, 200)
    return st.builds(
        Machine,
        st.just(num_pes),
        st.tuples(wires, wires, wires, wires),
        st.integers(1, 4),
        l2_words,
        st.frozensets(st.integers(0, 3), max_size=2),
    )


OUTPUT_STATIONARY = "SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K"
WEIGHT_STATIONARY = "TemporalMap(1,1) K; SpatialMap(1,1) M; TemporalMap(1,1) N"


def gemm_time(flow: str, machine: Machine, **options: str) -> Timing:
    dataflow = pm.parse_dataflow(flow)
    return time_run(pm.gemm(M=3, N=4, K=2), dataflow, machine, Policies(**options))


def test_an_unlimited_machine_takes_one_cycle_a_step() -> None:
    seen = gemm_time(OUTPUT_STATIONARY, Machine(3))
    assert (seen.runtime, seen.roofline) == (8, 8)


def test_a_link_of_one_word_a_cycle_is_waited_for() -> None:
    # Each of the 8 steps brings A[0:3, k] and B[k, n]: 4 words. 3 outputs leave when n advances.
    seen = gemm_time(OUTPUT_STATIONARY, Machine(3, (Wire(), Wire(1))))
    assert seen.transfers[1].counts == {
        "A": {"fills": 24, "parent_reads": 24},
        "B": {"fills": 24, "parent_reads": 8},
        "Z": {"drains": 12, "parent_updates": 12, "read_backs": 0},
    }
    assert seen.runtime == 4 + 1 + 7 * 4 + 3
    assert seen.roofline == 32


def test_latency_is_paid_by_each_transfer_and_not_by_steps_without_words() -> None:
    # A and the outputs stay: after the first step, one word of B arrives and 3 outputs leave at each step.
    seen = gemm_time(WEIGHT_STATIONARY, Machine(3, (Wire(), Wire(8, latency=5))))
    # fill 4 words; 3 steps of (B in 6, outputs out 6); A and B in; 3 steps with outputs back; drain.
    assert seen.runtime == 6 + 1 + 3 * 6 + 6 + 3 * 6 + 6


def test_without_overlap_the_times_of_a_step_add_up() -> None:
    hidden = gemm_time(OUTPUT_STATIONARY, Machine(3, (Wire(), Wire(1))))
    plain = gemm_time(OUTPUT_STATIONARY, Machine(3, (Wire(), Wire(1))), overlap="none")
    assert plain.runtime - hidden.runtime == 7 * 1 + 3 * 3  # 7 steps compute, 3 egresses of 3 words


def test_outputs_that_come_back_are_ingress() -> None:
    seen = gemm_time(WEIGHT_STATIONARY, Machine(3, (Wire(), Wire(1))))
    assert seen.transfers[1].counts["Z"] == {"drains": 24, "parent_updates": 24, "read_backs": 12}
    counted = gemm_time(WEIGHT_STATIONARY, Machine(3), first_partial_sum_read="counted")
    assert counted.transfers[1].counts["Z"]["read_backs"] == 24


def test_unicast_sends_a_word_to_each_unit() -> None:
    seen = gemm_time(OUTPUT_STATIONARY, Machine(3, (Wire(), Wire(1))), sharing="unicast")
    assert seen.runtime == 6 + 1 + 7 * 6 + 3


def test_without_reduction_every_unit_sends_its_partial_sums() -> None:
    flow = "SpatialMap(1,1) K; TemporalMap(1,1) M; TemporalMap(1,1) N"
    ideal = gemm_time(flow, Machine(2, (Wire(), Wire(1))))
    plain = gemm_time(flow, Machine(2, (Wire(), Wire(1))), reduction="none")
    assert ideal.transfers[1].counts["Z"] == {"drains": 24, "parent_updates": 12, "read_backs": 0}
    assert sum(ideal.transfers[1].egress.values()) == 12
    assert sum(plain.transfers[1].egress.values()) == 24


def test_what_is_kept_decides_what_is_sent() -> None:
    def reads(retention: str) -> int:
        return gemm_time(OUTPUT_STATIONARY, Machine(3), retention=retention).transfers[1].counts["A"]["fills"]

    assert (reads("whole-step"), reads("one-tile"), reads("resident")) == (24, 24, 6)


def test_the_first_words_of_a_deeper_link_are_a_fill_of_their_own() -> None:
    flow = "SpatialMap(2,2) M; Cluster(2); SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K"
    seen = gemm_time(flow, Machine(4, (Wire(), Wire(1), Wire(1))))
    # One level-0 step holds it all: A (6), B (8) into the clusters; 2 of A, 1 of B into the larger cluster.
    assert (seen.fills, seen.drains) == ((0, 14, 3), (0, 12, 2))
    assert seen.runtime == 14 + 12 + 3 + 2 + 1 + 7 * 3


def test_a_tensor_that_fits_into_l2_crosses_once_and_others_come_again() -> None:
    # N, M and K are 4, 3 and 2: with the loops N, M, K on one PE, A is read again for every n.
    flow = "TemporalMap(1,1) N; TemporalMap(1,1) M; TemporalMap(1,1) K"
    sizes = {"A": 6, "B": 8, "Z": 12}
    full = gemm_time(flow, Machine(1, l2_words=sum(sizes.values())))
    assert full.resident == set(sizes)
    traffic = {name: sum(each.values()) for name, each in full.transfers[0].counts.items()}
    assert traffic == {"A": 2 * 6, "B": 2 * 8, "Z": 2 * 12}  # fills and parent reads, drains and updates
    assert gemm_time(flow, Machine(1, l2_words=sum(sizes.values()) - 1)).resident == {"A", "B"}
    tight = gemm_time(flow, Machine(1, l2_words=6 + 2 + 2))
    assert (tight.resident, tight.fits) == (frozenset("A"), True)
    assert tight.transfers[0].counts["B"]["parent_reads"] == 24
    small = gemm_time(flow, Machine(1, l2_words=5))
    assert (small.resident, small.fits) == (frozenset(), False)


def test_accesses_of_each_memory_add_up() -> None:
    seen = gemm_time(OUTPUT_STATIONARY, Machine(3))
    # DRAM: 14 in, 12 out. L2: 32 to the PEs and 12 out; 14 from DRAM and 12 updates.
    # L1: 2 operands a MAC, 12 of 24 partial sums, 12 drains; 48 fills and a sum for each MAC.
    assert seen.accesses == ((14, 12), (32 + 12, 14 + 12), (2 * 24 + 12 + 12, 48 + 24))
    assert seen.hops == (14 + 12, 32 + 12)


def test_the_bandwidth_that_a_dataflow_asks_for_is_per_cycle_of_compute() -> None:
    seen = gemm_time(OUTPUT_STATIONARY, Machine(3))
    assert seen.bandwidth[1] == (Fraction(4 + 3), Fraction(32 + 9, 8))


def test_a_memory_holds_the_largest_tiles_twice_where_steps_overlap() -> None:
    seen = gemm_time(OUTPUT_STATIONARY, Machine(3, l2_words=100))
    assert seen.needed == (6 + 8 + 12, 2 * 3)  # all of it stays in L2; a PE holds one of each
    assert gemm_time(OUTPUT_STATIONARY, Machine(3), overlap="none").needed[1] == 3
    assert gemm_time(OUTPUT_STATIONARY, Machine(3), retention="resident").needed[1] == 2 * (2 + 8 + 4)


def test_words_count_as_wide_as_they_are() -> None:
    seen = gemm_time(OUTPUT_STATIONARY, Machine(3, (Wire(), Wire(1)), widths={"Z": 2}))
    assert seen.runtime == 4 + 1 + 7 * max(4, 6) - (4 * 2) + 6  # only 3 of the 7 steps have 3 outputs
    assert seen.accesses[1] == (32 + 24, 14 + 24)


@given(st.data())
@settings(max_examples=15, suppress_health_check=NO_HEALTH_CHECKS)
def test_no_run_is_faster_than_the_roofline_allows(data: st.DataObject) -> None:
    drawn: Drawn = data.draw(mappings())
    machine, chosen = data.draw(machines(drawn.num_pes)), data.draw(policies())
    seen = time_run(drawn.operator, drawn.dataflow, machine, chosen)
    assert seen.runtime >= seen.roofline
    assert all(average <= peak for peak, average in seen.bandwidth)
    wider = replace(machine, wires=tuple(replace(wire, bandwidth=None) for wire in machine.wires))
    assert time_run(drawn.operator, drawn.dataflow, wider, chosen).runtime <= seen.runtime
    serial = replace(chosen, overlap="none")
    if seen.resident == (again := time_run(drawn.operator, drawn.dataflow, machine, serial)).resident:
        assert again.runtime >= seen.runtime


@given(mappings())
@settings(max_examples=12, suppress_health_check=NO_HEALTH_CHECKS)
def test_the_words_of_all_steps_are_those_that_the_interpreter_counts(drawn: Drawn) -> None:
    seen = time_run(drawn.operator, drawn.dataflow, Machine(drawn.num_pes))
    counts = [
        {
            name: {key: value for key, value in tensor.items() if key in each.counts[name]}
            for name, tensor in boundary.tensors.items()
        }
        for boundary, each in zip(interpret(*drawn).boundaries, seen.transfers[1:], strict=True)
    ]
    assert counts == [each.counts for each in seen.transfers[1:]]
