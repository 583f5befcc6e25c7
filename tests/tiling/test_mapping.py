"""What is read as a cut, what is refused and why, and what numbers of tiles are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.dataflow.binding import bind
from polymaestro.errors import ClosedFormError, CountingUnavailableError, DataflowError, LoweringError
from polymaestro.tiling import lifted
from polymaestro.tiling.mapping import cuts_of
from polymaestro.tiling.ties import Ties

CONV = pm.conv2d()


def cuts(flow: str, operator: pm.Operator = CONV) -> list[tuple[str, int, str, str]]:
    mapping = bind(operator, pm.parse_dataflow(flow), 64)
    return [
        (cut.dim, cut.level, str(cut.size), "time" if cut.units is None else "space")
        for cut in cuts_of(mapping, Ties(set())).cuts
    ]


def test_a_map_on_rows_cuts_the_outputs() -> None:
    assert cuts("SpatialMap(Sz(R)+T-1,T) Y") == [("P", 0, "T", "space")]
    assert cuts("SpatialMap(2*Sz(R)+T-2,T) Y", pm.conv2d(dilation=2)) == [("P", 0, "T", "space")]


@pytest.mark.parametrize("offset", ["T", "2*T"])
def test_offsets_under_a_stride_count_output_or_input_rows(offset: str) -> None:
    operator = pm.conv2d(stride=2)
    flow = f"SpatialMap(Sz(R)+2*T-2,{offset}) Y"
    assert cuts(flow, operator) == [("P", 0, "T", "space")]
    reading = "output" if offset == "T" else "input"
    notes = pm.analyze_tiles(operator, pm.parse_dataflow(flow), "U").cuts.notes
    shown = f"'SpatialMap(R+2*T-2,{offset}) Y' (level 0) read in {reading} rows"
    assert notes == (f"offset {offset.replace('*', '·')} of {shown}",)


def test_the_row_stationary_pair_cuts_the_taps_where_the_outer_map_stands() -> None:
    flow = "SpatialMap(Sz(R),1) Y; Cluster(3); SpatialMap(T,T) Y; TemporalMap(1,1) C; SpatialMap(T,T) R"
    assert cuts(flow) == [("P", 0, "1", "space"), ("R", 1, "T", "space"), ("C", 1, "1", "time")]


def test_a_map_of_the_whole_cuts_nothing() -> None:
    assert cuts("TemporalMap(Sz(C),1) C; SpatialMap(T,T) K; TemporalMap(Sz(Y),3) Y") == [
        ("K", 0, "T", "space")
    ]


def test_tiles_that_are_not_consecutive_need_one_tile() -> None:
    analysis = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(A,B) K"), "U")
    assert "A ≥ K" in str(analysis.valid_on)
    point = {"M": 4, "N": 3, "K": 5, "A": 6, "B": 2, "U": 2}
    assert analysis["L2"]["A"].parent_reads.at(**point) == 20
    with pytest.raises(ClosedFormError, match=r"does not hold at A = 4.*it holds where .*A ≥ K"):
        analysis["L2"]["A"].parent_reads.at(**point | {"A": 4})


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        ("SpatialMap(T,T) Y; SpatialMap(2,2) K", "shares the units with"),
        ("SpatialMap(Sz(R)+2,1) Y", "hold 3 whole windows of equal filter tiles, but it moves by 1"),
        ("SpatialMap(Sz(R)-1,1) Y", "hold no whole window of R taps, .*give R a number"),
        (
            "TemporalMap(1,1) R; SpatialMap(T,T) K; Cluster(1); TemporalMap(3,1) Y",
            "do not hold whole windows",
        ),
        (
            "TemporalMap(Sz(R)-1,Sz(R)-1) R; SpatialMap(4,T) Y",
            "do not hold whole windows of the whole filter",
        ),
        ("SpatialMap(T,T) K; SpatialMap(T,T) C", "shares the units with"),
        ("SpatialMap(1,2) Y; SpatialMap(1,1) R", "no row-stationary pair over one output row"),
        ("SpatialMap(T,T) K; Cluster(2); TemporalMap(2,2) C", "level 1 has 2 units and no SpatialMap"),
        ("SpatialMap(3,2) K", r"the tiles of 'SpatialMap\(3,2\) K' overlap"),
        ("SpatialMap(3,4) K", r"the tiles of 'SpatialMap\(3,4\) K' leave gaps"),
    ],
)
def test_what_is_no_cut_is_refused(flow: str, message: str) -> None:
    with pytest.raises(LoweringError, match=message):
        pm.analyze_tiles(pm.conv2d(K=8, P=20, Q=20), pm.parse_dataflow(flow), 64)


def test_an_input_index_over_three_dimensions_is_refused() -> None:
    operator = pm.einsum("Z[p] += A[p + r + s] * B[r, s]")
    with pytest.raises(LoweringError, match=r"is no sliding window.*; give T, U a number, and P, R, S are"):
        pm.analyze_tiles(operator, pm.parse_dataflow("SpatialMap(T,T) P"), "U")


def test_a_cluster_of_symbols_divides_the_array() -> None:
    flow = pm.parse_dataflow(
        "SpatialMap(1,1) K; Cluster(G); SpatialMap(1,1) C; Cluster(Sz(R)); SpatialMap(1,1) R"
    )
    analysis = pm.analyze_tiles(CONV, flow, "PEs")
    assert [str(tie) for tie in analysis.ties.ties if tie.name == "U"] == ["U = ⌊PEs/(G·R)⌋"]
    point = {"N": 1, "K": 4, "C": 4, "P": 3, "Q": 3, "R": 3, "S": 1, "G": 2, "PEs": 13}
    assert analysis.at(point).units == 2 * 2 * 3
    with pytest.raises(ClosedFormError, match="the clusters need G·R PEs"):
        analysis.at(point | {"PEs": 5})


def test_names_of_ties_give_way_to_symbols() -> None:
    ties = Ties({"n_K", "E_K"})
    split = ties.split("K", Affine.of("E_K"), Affine.of("n_K"))
    assert (str(split.tiles), str(split.edge)) == ("n_K_2", "E_K_2")
    assert ties.extended({"E_K": 10, "n_K": 4})["E_K_2"] == 2


def test_forms_say_what_they_miss() -> None:
    form = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("SpatialMap(T,T) M"), "U")["L2"]["A"].fills
    with pytest.raises(ClosedFormError, match="needs a value for T, U"):
        form.at(M=4, N=3, K=2)
    with pytest.raises(ClosedFormError, match=r"no symbol 'Tt'; did you mean 'T'"):
        form.at(M=4, N=3, K=2, Tt=1)
    with pytest.raises(ClosedFormError, match=r"it holds where .*T ≥ 1"):
        form.at(M=4, N=3, K=2, T=0, U=1)


def test_numbers_of_numpy_are_integers_of_any_size() -> None:
    macs = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("SpatialMap(T,T) M"), "U").macs
    large: Any = np.int64(2**40)
    assert macs.at(M=large, N=large, K=2, T=large, U=1) == 2**81


def test_formulas_print_where_the_array_must_be_a_single_unit() -> None:
    flow = pm.parse_dataflow("TemporalMap(1,1) M; TemporalMap(1,1) N")
    tiled = pm.analyze_tiles(pm.gemm(), flow, "PEs")
    assert str(tiled["L2"]["A"].fills) == "K·M  if M ≥ 2, N ≥ 2"
    assert "PEs = 1" in str(tiled)


def test_lifting_writes_every_number_as_a_symbol() -> None:
    flow = (
        "TemporalMap(2,2) C; SpatialMap(Sz(R),1) Y; TemporalMap(Sz(R),Sz(R)) R;"
        "Cluster(3); SpatialMap(1,1) Y; SpatialMap(1,1) R"
    )
    found = lifted(pm.conv2d(R=3), pm.parse_dataflow(flow), 12)
    assert str(found.dataflow).splitlines() == [
        "TemporalMap(T_C0,T_C0) C;",
        "SpatialMap(Sz(R)+T_P0-1,T_P0) Y;",
        "TemporalMap(Sz(R),Sz(R)) R;",
        "Cluster(G1);",
        "SpatialMap(T_R1,T_R1) R;",
    ]
    assert found.values == {"PEs": 12, "T_C0": 2, "T_P0": 1, "G1": 3, "T_R1": 1}


def test_an_array_smaller_than_its_clusters_is_refused() -> None:
    with pytest.raises(DataflowError, match="the clusters need 8 PEs, the array has 4"):
        pm.analyze_tiles(CONV, pm.parse_dataflow("SpatialMap(T,T) K; Cluster(8); SpatialMap(T,T) C"), 4)


def test_a_case_is_a_sympy_expression() -> None:
    import sympy  # noqa: PLC0415

    flow = pm.parse_dataflow("SpatialMap(T,T) M; TemporalMap(A,A) K; Cluster(2); SpatialMap(B,B) K")
    form = pm.analyze_tiles(pm.gemm(), flow, "PEs").active_units
    for point in (
        {"M": 20, "N": 3, "K": 23, "T": 3, "A": 7, "B": 2, "PEs": 8},
        {"M": 21, "N": 1, "K": 6, "T": 3, "A": 7, "B": 9, "PEs": 9},
    ):
        expr = form.case_at(point).expr
        values = {sympy.Symbol(name, integer=True): value for name, value in point.items()}
        assert expr.subs(values) == form.at(**point)


def test_single_taps_in_space_under_a_stride_share_rows_beyond_their_neighbours() -> None:
    operator = pm.conv2d(N=1, K=1, C=1, P=1, R=1, stride=3)
    flow = pm.parse_dataflow("SpatialMap(T,T) S")
    reads = pm.analyze_tiles(operator, flow, "U")["L2"]["I"].parent_reads
    for point in ({"Q": 9, "S": 7, "T": 1, "U": 7}, {"Q": 5, "S": 11, "T": 2, "U": 3}):
        numbers = operator.with_extents({"Q": point["Q"], "S": point["S"]})
        seen = pm.interpret(numbers, flow, point["U"], point)
        assert reads.at(**point) == seen.boundaries[0].tensors["I"]["parent_reads"]
    with pytest.raises(CountingUnavailableError, match="more than 16 units share elements along S"):
        reads.at(Q=20, S=20, T=1, U=20)


def test_a_domain_that_is_no_box_is_refused() -> None:
    causal = pm.einsum("S[i,j] += Q[i,d] * K[j,d]", where="j <= i")
    with pytest.raises(LoweringError, match=r"is no box \(i - j ≥ 0\), which symbolic tiles need"):
        pm.analyze_tiles(causal, pm.parse_dataflow("SpatialMap(T,T) I"), "U")
