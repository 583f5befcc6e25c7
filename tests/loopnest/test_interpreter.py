"""The oracle against counts made by hand: each test writes its arithmetic out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import bind
from polymaestro.dataflow.directives import Cluster, Dataflow, Directive, SpatialMap, TemporalMap
from polymaestro.errors import DataflowError, WorkloadError
from polymaestro.loopnest.interpreter import Observation, interpret, numeric
from polymaestro.loopnest.running import _rows_computed, counts_output_rows, executed
from polymaestro.strategies import Drawn, mappings, wild_mappings
from polymaestro.workload import conv2d, gemm
from polymaestro.workload.operator import Dim, Operator, Tensor, Window


def T(size: int | str, offset: int | str, dim: str) -> TemporalMap:
    return TemporalMap(Affine.of(size), Affine.of(offset), dim)


def S(size: int | str, offset: int | str, dim: str) -> SpatialMap:
    return SpatialMap(Affine.of(size), Affine.of(offset), dim)


def C(size: int) -> Cluster:
    return Cluster(Affine.of(size))


def flow(*directives: Directive) -> Dataflow:
    return Dataflow(directives)


def conv(stride: int = 1, dilation: int = 1, **extents: int) -> Operator:
    """Give a convolution whose other extents are 1."""
    ones = dict.fromkeys(("N", "K", "C", "P", "Q", "R", "S"), 1)
    return conv2d(stride=stride, dilation=dilation, **{**ones, **extents})


def at(seen: Observation, tensor: str, depth: int = 1) -> dict[str, int]:
    return seen.boundaries[depth - 1].tensors[tensor]


def boxes(seen_by: Operator, dataflow: Dataflow, num_pes: int, *dims: str) -> list[tuple[object, ...]]:
    """List (units, times of level 0, range of each dimension) in the order of execution."""
    names = [d.name for d in seen_by.dims]
    return [
        (run.unit, run.step[0], *(run.box[names.index(dim)] for dim in dims))
        for run in executed(numeric(seen_by, dataflow, num_pes, {}))
    ]


class TestOneDimensionalConvolution:
    """P = 4 outputs, R = 3 taps: 12 MACs, an input of P + R - 1 = 6 elements."""

    operator = conv(P=4, R=3)

    def test_output_stationary_on_one_pe(self) -> None:
        # p outside, r inside: the input walks 0 1 2, 1 2 3, 2 3 4, 3 4 5, one at a time: 12 fills.
        # The taps walk 0 1 2 four times: 12 fills. Each output stays for its three taps: 4 drains.
        seen = interpret(self.operator, flow(T(1, 1, "P"), T(1, 1, "R"), S(1, 1, "K")), 1)
        assert (seen.macs, seen.steps, seen.units, seen.active) == (12, 12, 1, 12)
        assert at(seen, "I") == {"occupancy": 1, "tile_total": 12, "fills": 12, "parent_reads": 12}
        assert at(seen, "W") == {"occupancy": 1, "tile_total": 12, "fills": 12, "parent_reads": 12}
        assert at(seen, "O") == {
            "occupancy": 1,
            "tile_total": 12,
            "drains": 4,
            "parent_updates": 4,
            "read_backs": 0,
            "final_writes": 4,
        }

    def test_weight_stationary_on_one_pe(self) -> None:
        # r outside: a tap stays for 4 outputs: 3 fills. Each of 4 outputs is drained 3 times, and the
        # 8 visits after the first read it back.
        # Input: 0 1 2 3, 1 2 3 4, 2 3 4 5, each element another than the one before: 12 fills.
        seen = interpret(self.operator, flow(T(1, 1, "R"), T(1, 1, "P"), S(1, 1, "K")), 1)
        assert at(seen, "W")["fills"] == 3
        assert at(seen, "I")["fills"] == 12
        assert at(seen, "O")["drains"] == 12
        assert at(seen, "O")["read_backs"] == 8
        assert at(seen, "O")["final_writes"] == 4

    def test_a_sliding_window_brings_one_new_row_a_step(self) -> None:
        # Windows 012, 123, 234, 345: 3 + 1 + 1 + 1 = 6 fills, the compulsory ones.
        seen = interpret(self.operator, flow(T("Sz(R)", 1, "Y"), S(1, 1, "K")), 1)
        assert (seen.macs, seen.steps) == (12, 4)
        assert at(seen, "I") == {"occupancy": 3, "tile_total": 12, "fills": 6, "parent_reads": 6}
        assert at(seen, "W")["fills"] == 3

    def test_windows_side_by_side_share_their_halo(self) -> None:
        # Two PEs, windows 012 and 123 at step 0, 234 and 345 at step 1. Each PE is at 3 + 2 fills:
        # PE 0: 012 then 234 brings 3 and 4; PE 1: 123 then 345 brings 4 and 5.
        # Parent reads: {0 1 2 3} and {3 4} ∪ {4 5} = {3 4 5}: 4 + 3 = 7, the 3 of step 1 is sent again.
        seen = interpret(self.operator, flow(S("Sz(R)", 1, "Y")), 2)
        assert at(seen, "I") == {"occupancy": 3, "tile_total": 12, "fills": 10, "parent_reads": 7}
        assert (seen.steps, seen.active) == (2, 4)

    def test_spatial_reduction_merges_what_leaves_at_one_step(self) -> None:
        # One tap per PE: at each of 4 steps three PEs hold the same output: 12 drains, 4 updates.
        seen = interpret(self.operator, flow(S(1, 1, "R"), T(1, 1, "P")), 3)
        assert at(seen, "O")["drains"] == 12
        assert at(seen, "O")["parent_updates"] == 4
        assert at(seen, "O")["read_backs"] == 0
        # PE r reads inputs r … r + 3: 4 fills each; at step p the PEs read p, p+1, p+2: 3 at each step.
        assert at(seen, "I")["fills"] == 12
        assert at(seen, "I")["parent_reads"] == 12

    def test_a_diagonal_shares_one_input(self) -> None:
        # Row-stationary: one PE per output row and tap: the 3 PEs of cluster p read rows p, p+1, p+2.
        seen = interpret(self.operator, flow(S("Sz(R)", 1, "Y"), C(3), S(1, 1, "Y"), S(1, 1, "R")), 12)
        assert (seen.macs, seen.steps, seen.active) == (12, 1, 12)
        assert at(seen, "I", 1) == {"occupancy": 3, "tile_total": 12, "fills": 12, "parent_reads": 6}
        assert at(seen, "I", 2) == {"occupancy": 1, "tile_total": 12, "fills": 12, "parent_reads": 12}
        assert at(seen, "O", 2)["parent_updates"] == 4


class TestWhatThePublicToolGetsWrong:
    """Small examples for which the reference gives exact counts."""

    def test_an_output_stationary_gemm_writes_each_output_once(self) -> None:
        seen = interpret(gemm(M=4, N=8, K=16), flow(T(1, 1, "N"), S(1, 1, "M"), T(1, 1, "K")), 4)
        assert at(seen, "Z")["parent_updates"] == 4 * 8 == 32
        assert at(seen, "Z")["read_backs"] == 0

    def test_an_outer_loop_re_reads_a_tensor_that_it_does_not_index(self) -> None:
        # A[m, k] for 8 values of n: its two columns alternate, so each of 8 · 2 steps reads 4 anew.
        seen = interpret(gemm(M=4, N=8, K=2), flow(T(1, 1, "N"), T(1, 1, "K"), S(1, 1, "M")), 4)
        assert at(seen, "A")["parent_reads"] == 8 * 2 * 4 == 64

    def test_the_row_stationary_diagonal_reads_each_input_once(self) -> None:
        dataflow = flow(S(3, 1, "Y"), T(3, 1, "X"), C(3), S(1, 1, "Y"), S(1, 1, "R"))
        seen = interpret(conv(R=3, S=3, P=6, Q=6), dataflow, 18)
        assert at(seen, "I")["parent_reads"] == 8 * 8 == 64
        assert (seen.macs, seen.legal) == (6 * 6 * 9, True)

    def test_a_halo_is_multicast(self) -> None:
        seen = interpret(conv(C=4, R=3, P=8), flow(S(3, 1, "Y"), T(1, 1, "C")), 8)
        assert at(seen, "I")["parent_reads"] == 4 * 10 == 40
        assert at(seen, "I")["fills"] == 4 * 8 * 3

    def test_an_edge_tile_counts_what_it_holds(self) -> None:
        dataflow = flow(S(1, 1, "K"), T(64, 64, "C"), C(64), S(1, 1, "C"))
        seen = interpret(conv(K=4, C=65, P=4, Q=4), dataflow, 256)
        assert at(seen, "W")["parent_reads"] == 4 * 65 == 260
        # One PE in each of four clusters works at the second step.
        assert (seen.steps, seen.active) == (2, 4 * 64 + 4)

    def test_a_strided_convolution_does_its_own_outputs_only(self) -> None:
        dataflow = flow(S(1, 1, "K"), T("Sz(Y)", 1, "Y"), T("Sz(X)", 1, "X"))
        seen = interpret(conv(stride=2, K=2, C=2, R=3, S=3, P=5, Q=5), dataflow, 2)
        assert seen.macs == 2 * 2 * 9 * 25 == 900


class TestIdleUnits:
    def test_a_unit_keeps_its_data_through_an_idle_step(self) -> None:
        # N = 3 on 2 PEs, inside M = 2: PE 0 holds n = 0, 2, 0, 2, PE 1 holds n = 1, idles, n = 1, idles.
        # B[0, n]: PE 0 fills at all four steps; PE 1 fills once, since it holds n = 1 while it idles.
        seen = interpret(gemm(M=2, N=3, K=1), flow(T(1, 1, "M"), S(1, 1, "N")), 2)
        assert (seen.steps, seen.units, seen.active) == (4, 2, 6)
        assert at(seen, "B")["fills"] == 1 + 4
        assert at(seen, "B")["parent_reads"] == 5
        # A[m, 0]: each PE fills it twice; both at the same step for each m: 4 fills, 2 reads.
        assert at(seen, "A")["fills"] == 4
        assert at(seen, "A")["parent_reads"] == 2
        # Z: PE 0 drains 4 outputs, PE 1 two; none is shared and none comes back.
        assert at(seen, "Z")["drains"] == 6
        assert at(seen, "Z")["read_backs"] == 0

    def test_units_beyond_the_work_never_run(self) -> None:
        seen = interpret(gemm(M=3, N=1, K=2), flow(S(1, 1, "M"), T(1, 1, "K")), 8)
        assert (seen.legal, seen.units, seen.steps, seen.active) == (True, 8, 2, 6)

    def test_steps_at_which_nothing_runs_are_no_steps(self) -> None:
        # Tile 2, offset 3, extent 6: 0-1, 3-4; 2 and 5 are missing.
        seen = interpret(gemm(M=6, N=1, K=1), flow(T(2, 3, "M")), 1)
        assert (seen.macs, seen.missing, seen.repeated, seen.steps) == (4, 2, 0, 2)
        # Tile 1, offset 5, extent 4: the second tile begins at 5, outside: no step.
        seen = interpret(gemm(M=4, N=1, K=1), flow(T(1, 5, "M")), 1)
        assert (seen.macs, seen.missing, seen.steps) == (1, 3, 1)


class TestPartialSums:
    def test_reduction_split_outermost_is_read_back(self) -> None:
        # C = 4 in two halves outside K = 3: each output leaves after each half: 6 drains, 3 come back.
        seen = interpret(conv(C=4, K=3), flow(T(2, 2, "C"), T(1, 1, "K"), S(1, 1, "P")), 1)
        assert at(seen, "O") == {
            "occupancy": 1,
            "tile_total": 6,
            "drains": 6,
            "parent_updates": 6,
            "read_backs": 3,
            "final_writes": 3,
        }

    def test_what_stays_is_not_read_back(self) -> None:
        # As above with one output only: it stays over both halves.
        seen = interpret(conv(C=4), flow(T(2, 2, "C"), T(1, 1, "K"), S(1, 1, "P")), 1)
        assert (at(seen, "O")["drains"], at(seen, "O")["read_backs"]) == (1, 0)

    def test_folds_inside_a_reduction_read_back(self) -> None:
        # Two taps, 3 outputs folded over 2 PEs: PE 0 works on 0, 2, 0, 2 and PE 1 on 1, idle, 1, idle.
        # PE 0 drains four times and reads back 0 and 2; PE 1 drains output 1 at the end.
        seen = interpret(conv(P=3, R=2), flow(T(1, 1, "R"), S(1, 1, "P")), 2)
        assert at(seen, "O")["drains"] == 4 + 1
        assert at(seen, "O")["read_backs"] == 2
        assert at(seen, "O")["final_writes"] == 3

    def test_what_another_unit_drains_at_this_step_is_read_back(self) -> None:
        # PE y holds input row y; outputs wander: r = 0: PEs 0 1 2 hold 0 1 2; r = 1: PEs 1 2 3 hold 0 1 2.
        # At r = 1 PEs 1 and 2 drain 1 and 2, which PEs 2 and 3 take over: 2 read-backs. Output 0 is still
        # in PE 0, which idles: PE 1 begins a second partial sum of it.
        # The end: PE 0: 0, PE 1: 0, PE 2: 1, PE 3: 2: 4 drains, 3 updates.
        seen = interpret(conv(P=3, R=2), flow(T(1, 1, "R"), S(1, 1, "Y")), 4)
        assert seen.legal
        assert at(seen, "O") == {
            "occupancy": 1,
            "tile_total": 6,
            "drains": 2 + 4,
            "parent_updates": 2 + 3,
            "read_backs": 2,
            "final_writes": 3,
        }

    def test_it_counts_within_one_parent_only(self) -> None:
        # Two clusters, one half of C each; the PE of each cluster works on output k = 0, then 1, once.
        # The other cluster's partial sums go to another parent at depth 2 and are merged at depth 1.
        seen = interpret(conv(C=2, K=2), flow(S(1, 1, "C"), C(1), T(1, 1, "K"), S(1, 1, "P")), 2)
        assert at(seen, "O", 2)["drains"] == 4
        assert at(seen, "O", 2)["read_backs"] == 0
        assert at(seen, "O", 2)["final_writes"] == 4
        assert (at(seen, "O", 1)["drains"], at(seen, "O", 1)["parent_updates"]) == (4, 2)


class TestWindows:
    def test_stride_leaves_gaps_in_the_input(self) -> None:
        # σ = 2, R = 1: outputs 0 1 2 read rows 0 2 4 and never 1 and 3.
        seen = interpret(conv(stride=2, P=3), flow(T("Sz(Y)", 1, "Y")), 1)
        assert at(seen, "I") == {"occupancy": 3, "tile_total": 3, "fills": 3, "parent_reads": 3}

    def test_offsets_in_output_rows(self) -> None:
        # σ = 2, R = 3, P = 4, Y = 9: one window is 3 rows, so T(3,1) Y moves one output, two rows.
        operator, dataflow = conv(stride=2, P=4, R=3), flow(T(3, 1, "Y"))
        seen = interpret(operator, dataflow, 1)
        assert counts_output_rows(bind(operator, dataflow, 1), 0, operator.windows[0])
        assert (seen.legal, seen.steps) == (True, 4)
        # Rows 0-2, 2-4, 4-6, 6-8: 3 + 2 + 2 + 2.
        assert at(seen, "I")["fills"] == 9

    def test_offsets_in_input_rows(self) -> None:
        # The same movement, written in input rows.
        operator, dataflow = conv(stride=2, P=4, R=3), flow(T(3, 2, "Y"))
        assert not counts_output_rows(bind(operator, dataflow, 1), 0, operator.windows[0])
        assert interpret(operator, dataflow, 1) == interpret(operator, flow(T(3, 1, "Y")), 1)

    def test_both_readings_of_a_tile_with_two_outputs(self) -> None:
        # 5 rows hold two windows of 3 with stride 2: offset 2 is two output rows, offset 4 four input rows.
        operator = conv(stride=2, P=5, R=3)
        two, four = (flow(T(5, offset, "Y")) for offset in (2, 4))
        assert boxes(operator, two, 1, "P") == [
            ((0,), (0,), (0, 2)),
            ((0,), (1,), (2, 4)),
            ((0,), (2,), (4, 5)),
        ]
        assert interpret(operator, two, 1) == interpret(operator, four, 1)

    def test_a_cut_filter_makes_offsets_input_rows(self) -> None:
        # σ = 2: with one tap at a time, rows (1,1) move by one row; every second holds no output for r.
        operator = conv(stride=2, P=3, R=2)
        dataflow = flow(T(1, 1, "R"), T(1, 1, "Y"))
        assert not counts_output_rows(bind(operator, dataflow, 1), 0, operator.windows[0])
        seen = interpret(operator, dataflow, 1)
        # r = 0 at y = 0, 2, 4 and r = 1 at y = 1, 3, 5.
        assert (seen.legal, seen.steps) == (True, 6)
        assert [times for _, times in boxes(operator, dataflow, 1)] == [
            (0, 0),
            (0, 2),
            (0, 4),
            (1, 1),
            (1, 3),
            (1, 5),
        ]

    def test_dilation_spreads_the_taps(self) -> None:
        # δ = 2, R = 3: a window is 5 rows of which 3 are read; outputs 0 and 1 read 0 2 4 and 1 3 5.
        seen = interpret(conv(dilation=2, P=2, R=3), flow(T(5, 1, "Y")), 1)
        assert (seen.legal, seen.steps) == (True, 2)
        assert at(seen, "I") == {"occupancy": 3, "tile_total": 6, "fills": 6, "parent_reads": 6}

    def test_a_tile_narrower_than_the_filter_computes_nothing(self) -> None:
        seen = interpret(conv(P=4, R=3), flow(S(1, 1, "Y")), 8)
        assert (seen.macs, seen.missing, seen.steps, seen.active) == (0, 12, 0, 0)
        assert at(seen, "O") == dict.fromkeys(
            ("occupancy", "tile_total", "drains", "parent_updates", "read_backs", "final_writes"), 0
        )

    def test_rows_follow_from_the_outputs_named_above(self) -> None:
        # Level 0 names the outputs in twos: its tile {2, 3} spans rows 2 … 5, in which level 1 slides.
        operator = conv(P=4, R=3)
        dataflow = flow(S(2, 2, "P"), C(1), T(3, 1, "Y"))
        seen = [(run.unit[0], run.step[1], run.box[3]) for run in executed(bind(operator, dataflow, 2))]
        assert seen == [(0, (0,), (0, 1)), (1, (0,), (2, 3)), (0, (1,), (1, 2)), (1, (1,), (3, 4))]

    def test_output_rows_have_a_primed_name(self) -> None:
        operator = conv(P=4, R=3)
        assert interpret(operator, flow(T(2, 2, "Y'")), 1) == interpret(operator, flow(T(2, 2, "P")), 1)


@given(
    st.builds(Window, *map(st.just, "YPR"), stride=st.integers(1, 3), dilation=st.integers(1, 3)),
    *(st.tuples(st.integers(0, 6), st.integers(1, 9)) for _ in range(3)),
)
def test_a_tile_of_rows_computes_the_outputs_whose_whole_window_it_holds(
    window: Window, outputs: tuple[int, int], taps: tuple[int, int], rows: tuple[int, int]
) -> None:
    tile = {
        name: (begin, begin + size) for name, (begin, size) in zip("PRY", (outputs, taps, rows), strict=True)
    }
    literal = [
        p
        for p in range(*tile["P"])
        if all(window.stride * p + window.dilation * r in range(*tile["Y"]) for r in range(*tile["R"]))
    ]
    assert list(range(*_rows_computed(window, tile))) == literal


class TestTheLoopNest:
    def test_folds_step_at_the_place_of_their_directive(self) -> None:
        # S(1,1) M on 2 units of 3, outside T(2,2) K: fold, then k.
        assert boxes(gemm(M=3, N=1, K=4), flow(S(1, 1, "M"), T(2, 2, "K")), 2, "M", "K") == [
            ((0,), (0, 0), (0, 1), (0, 2)),
            ((1,), (0, 0), (1, 2), (0, 2)),
            ((0,), (0, 1), (0, 1), (2, 4)),
            ((1,), (0, 1), (1, 2), (2, 4)),
            ((0,), (1, 0), (2, 3), (0, 2)),
            ((0,), (1, 1), (2, 3), (2, 4)),
        ]

    def test_edge_tiles_are_clipped_at_every_level(self) -> None:
        # M = 7 in fours, then in threes: 0-2, 3, 4-6.
        operator, dataflow = gemm(M=7, N=1, K=1), flow(T(4, 4, "M"), C(1), T(3, 3, "M"))
        assert [box for *_, box in boxes(operator, dataflow, 1, "M")] == [(0, 3), (3, 4), (4, 7)]

    def test_overlapping_tiles_repeat_points(self) -> None:
        # Threes by ones over 4: 0-2 and 1-3: points 1 and 2 run twice.
        seen = interpret(gemm(M=4, N=1, K=1), flow(T(3, 1, "M")), 1)
        assert (seen.macs, seen.missing, seen.repeated, seen.legal) == (6, 0, 2, False)

    def test_two_unrelated_spatial_maps_compute_a_diagonal(self) -> None:
        seen = interpret(gemm(M=3, N=3, K=1), flow(S(1, 1, "M"), S(1, 1, "N")), 3)
        assert (seen.macs, seen.missing) == (3, 6)

    def test_a_level_without_spatial_map_does_the_same_on_all_units(self) -> None:
        seen = interpret(gemm(M=2, N=1, K=1), flow(T(1, 1, "M")), 3)
        assert (seen.macs, seen.repeated, seen.active) == (6, 2, 6)

    def test_symbols_take_their_numbers(self) -> None:
        dataflow = flow(S("T", "T", "M"), C(2), S(1, 1, "K"))
        seen = interpret(gemm(N=3), dataflow, 8, {"M": 5, "K": 2, "T": 2})
        assert seen == interpret(gemm(M=5, N=3, K=2), flow(S(2, 2, "M"), C(2), S(1, 1, "K")), 8)

    def test_a_symbolic_cluster_takes_its_number(self) -> None:
        dataflow = flow(S(1, 1, "M"), Cluster(Affine.of("U")), S(1, 1, "K"))
        assert interpret(gemm(M=4, N=1, K=4), dataflow, 8, {"U": 4}).units == 8

    def test_a_symbol_without_a_number_is_refused(self) -> None:
        with pytest.raises(WorkloadError, match="a number for K, M"):
            interpret(gemm(N=3), flow(), 1)
        with pytest.raises(DataflowError, match=r"a number for B in 'TemporalMap\(B,B\) M'"):
            interpret(gemm(M=3, N=3, K=3), flow(T("B", "B", "M")), 1)

    def test_elements_of_a_skewed_access_keep_apart(self) -> None:
        # Z[i - j] += A[i, j] over 3 × 2: i - j takes -1 … 2: 4 elements.
        i, j = Affine.of("i"), Affine.of("j")
        tensors = (Tensor("A", "input", (i, j)), Tensor("Z", "output", (i - j,)))
        dims = (Dim("I", Affine.of(3)), Dim("J", Affine.of(2)))
        seen = interpret(Operator("skewed", dims, tensors), flow(T(1, 1, "I")), 1)
        assert at(seen, "A")["fills"] == 6
        assert at(seen, "Z")["final_writes"] == 4
        # Row i holds {i, i - 1}: of each two steps one output stays: 2 + 1 + 1 new, none comes back.
        assert (at(seen, "Z")["drains"], at(seen, "Z")["read_backs"]) == (4, 0)


class TestLaws:
    """What holds for every mapping, legal or not."""

    @settings(max_examples=150)
    @given(mappings() | wild_mappings())
    def test_shared_counts_never_exceed_those_of_the_units(self, drawn: Drawn) -> None:
        seen = interpret(*drawn)
        for boundary in seen.boundaries:
            for name, counts in boundary.tensors.items():
                assert counts["occupancy"] <= counts["tile_total"]
                if drawn.operator.tensor(name).role == "input":
                    assert counts["parent_reads"] <= counts["fills"] <= counts["tile_total"]
                else:
                    assert counts["final_writes"] <= counts["parent_updates"] <= counts["drains"]
                    assert counts["drains"] <= counts["tile_total"]
                    assert counts["read_backs"] <= counts["drains"]

    @settings(max_examples=150)
    @given(mappings())
    def test_a_legal_mapping_moves_every_element(self, drawn: Drawn) -> None:
        operator = drawn.operator
        whole = {
            tensor.name: at(interpret(operator, flow(), 1), tensor.name)["occupancy"]
            for tensor in operator.tensors
        }
        for boundary in interpret(*drawn).boundaries:
            for name, elements in whole.items():
                counts = boundary.tensors[name]
                least = counts["final_writes" if name == operator.output.name else "parent_reads"]
                assert least >= elements

    @settings(max_examples=150)
    @given(mappings() | wild_mappings())
    def test_busy_units_and_steps_bound_the_work(self, drawn: Drawn) -> None:
        seen = interpret(*drawn)
        assert seen.steps <= seen.active <= seen.steps * seen.units
        assert seen.active <= seen.macs
        assert [b.depth for b in seen.boundaries] == list(range(1, len(drawn.dataflow.levels) + 1))
        assert seen.boundaries[-1].steps == seen.steps

    @settings(max_examples=100)
    @given(mappings())
    def test_a_directive_with_one_step_changes_nothing(self, drawn: Drawn) -> None:
        dim = drawn.operator.dims[0].name
        if any(each.dim == dim for each in drawn.dataflow.levels[-1].maps):
            return
        longer = flow(*drawn.dataflow.directives, T(f"Sz({dim})", 1, dim))
        assert interpret(drawn.operator, longer, drawn.num_pes) == interpret(*drawn)
