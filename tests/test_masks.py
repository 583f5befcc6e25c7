"""Domains that are not boxes: causal attention as closed forms, sliding windows, stencils."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import polymaestro as pm
from polymaestro.errors import LegalityError, WorkloadError
from polymaestro.loopnest.interpreter import interpret
from polymaestro.strategies import DIAMOND, STATEMENTS

SCORES = "S[i,j] += Q[i,d] * K[j,d]"
VALUES = "O[i,e] += P[i,j] * V[j,e]"

ROWS = "TemporalMap(1,1) I; TemporalMap(1,1) J; SpatialMap(1,1) D"
COLUMNS = "TemporalMap(1,1) I; SpatialMap(1,1) J; TemporalMap(1,1) D"
QUERIES = "SpatialMap(1,1) I; TemporalMap(1,1) J; TemporalMap(8,8) D"
TILES = (
    "TemporalMap(4,4) I; TemporalMap(4,4) J; SpatialMap(1,1) D; "
    "Cluster(4); SpatialMap(1,1) I; TemporalMap(1,1) J"
)
Check = Callable[..., None]
FLOWS = [(ROWS, 64), (COLUMNS, 4), (QUERIES, 4), (TILES, 16)]


# --- causal attention ---


@pytest.mark.parametrize(("text", "num_pes"), FLOWS)
def test_causal_scores_are_exact_at_many_lengths(check_formulas: Check, text: str, num_pes: int) -> None:
    check_formulas(pm.einsum(SCORES, where="j <= i", I="L", J="L"), text, num_pes, points=12)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "num_pes"), FLOWS)
def test_causal_scores_are_exact_for_queries_and_keys_of_any_number(
    check_formulas: Check, text: str, num_pes: int
) -> None:
    check_formulas(pm.einsum(SCORES, where="j <= i"), text, num_pes, points=60)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "num_pes"), FLOWS)
def test_causal_values_are_exact(check_formulas: Check, text: str, num_pes: int) -> None:
    check_formulas(
        pm.einsum(VALUES, where="j <= i", I="L", J="L"), text.replace(" D", " E"), num_pes, points=40
    )


@pytest.mark.parametrize(("text", "num_pes"), FLOWS)
def test_the_macs_of_causal_attention_are_a_triangle(text: str, num_pes: int) -> None:
    operator = pm.einsum(SCORES, where="j <= i", I="L", J="L")
    analysis = pm.analyze(operator, pm.parse_dataflow(text), num_pes)
    assert str(analysis.macs) == "D·L·(L + 1)/2"
    assert analysis.macs.at(L=10**6, D=128) == 128 * 10**6 * (10**6 + 1) // 2
    assert str(analysis["L2"]["S"].final_writes) == "L·(L + 1)/2"


def test_the_traffic_of_causal_attention_counts_the_triangle() -> None:
    operator = pm.einsum(SCORES, where="j <= i", I="L", J="L")
    columns = pm.analyze(operator, pm.parse_dataflow(COLUMNS), 4)["L2"]
    length, depth = 1000, 64
    folds = sum(-(-(row + 1) // 4) for row in range(length))
    # each score needs its own key, so every unit that works gets one element of K for each step
    assert columns["K"].parent_reads.at(L=length, D=depth) == depth * length * (length + 1) // 2
    # row i is folded over 4 units ⌈(i + 1)/4⌉ times, and in each fold D elements of Q go to all of them
    assert columns["Q"].parent_reads.at(L=length, D=depth) == depth * folds
    assert columns["S"].read_backs.at(L=length, D=depth) == 0


def test_units_whose_tile_has_no_point_are_idle() -> None:
    operator = pm.einsum(SCORES, where="j <= i", I=4, J=4, D=1)
    analysis = pm.analyze(operator, pm.parse_dataflow("TemporalMap(1,1) I; SpatialMap(1,1) J"), 4)
    assert (analysis.steps.at(), analysis.active_units.at()) == (4, 1 + 2 + 3 + 4)
    tiled = pm.analyze(
        operator, pm.parse_dataflow("TemporalMap(2,2) I; TemporalMap(2,2) J; SpatialMap(1,1) D"), 1
    )
    assert tiled.steps.at() == 3  # of four tiles, the upper right one has no point
    assert tiled["L2"]["S"].occupancy.at() == 4


HEADS = "S[b,i,j] += Q[b,i,d] * K[b,j,d]"
EIGHTS = (
    "SpatialMap(8,8) I; TemporalMap(8,8) J; TemporalMap(8,8) D; "
    "Cluster(8); TemporalMap(1,1) I; SpatialMap(1,1) J"
)
FOURS = EIGHTS.replace("8", "4")
HEAD_FLOWS = [
    # between two loops of (i, j) lies one of d; heads are outside of all
    ("TemporalMap(1,1) B; TemporalMap(1,1) I; SpatialMap(1,1) J; TemporalMap(1,1) D", 4),
    ("TemporalMap(1,1) I; TemporalMap(2,2) D; SpatialMap(1,1) J; TemporalMap(1,1) B", 3),
    (FOURS, 8),
]


@pytest.mark.parametrize(("text", "num_pes"), HEAD_FLOWS)
def test_units_that_advance_different_loops_are_exact(check_formulas: Check, text: str, num_pes: int) -> None:
    check_formulas(pm.einsum(HEADS, where="j <= i", I="L", J="L"), text, num_pes, points=9, most=9)


@pytest.mark.slow
def test_tiles_of_eight_are_exact(check_formulas: Check) -> None:
    check_formulas(pm.einsum(SCORES, where="j <= i", I="L", J="L"), EIGHTS, 64, points=30, most=28)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        # an input that every unit keeps from its first step on, and units begin one after the other
        ("S[i,j] += Q[i,d] * K[j,d] * C[d]", "TemporalMap(1,1) I; SpatialMap(1,1) J"),
        ("S[i,j] += Q[i,d] * K[j,d] * C[d]", "TemporalMap(1,1) I; SpatialMap(1,1) J; TemporalMap(2,2) D"),
        # outputs that units give up together, though one of them comes from another loop than the others
        ("O[d] += P[i,j] * V[j,d]", "TemporalMap(1,1) I; TemporalMap(2,2) D; SpatialMap(1,1) J"),
        ("O[d] += P[i,j] * V[j,d]", "TemporalMap(2,2) D; TemporalMap(1,1) I; SpatialMap(1,1) J"),
        ("O[d] += P[i,j] * V[j,d]", FOURS),
        # neighbouring tiles of d overlap in X, which some units have from the tile before and others as it is
        ("S[i,j,d] += X[d+r] * Y[i,j,r]", FOURS),
        ("O[d+r] += X[i,j,r] * Y[i,j,d]", FOURS),
    ],
)
def test_what_units_share_although_they_advance_different_loops_is_exact(
    check_formulas: Check, statement: str, text: str
) -> None:
    taps = {"R": 3} if "r" in statement else {}
    check_formulas(pm.einsum(statement, where="j <= i", I=7, J=6, **taps), text, 4, points=4, most=6)


# --- other domains ---


@pytest.mark.parametrize("where", ["j <= i + J - I", "i - j < 4 and j <= i", "j == i", "i + j < I"])
def test_other_masks_are_exact(check_formulas: Check, where: str) -> None:
    check_formulas(
        pm.einsum(SCORES, where=where, D=3), "TemporalMap(1,1) I; SpatialMap(1,1) J", 4, points=10, most=9
    )


@pytest.mark.parametrize("statement", [STATEMENTS["jacobi2d"], "B[i,j] += A[i+u,j+v]"])
def test_a_jacobi_stencil_reads_five_points(check_formulas: Check, statement: str) -> None:
    operator = pm.einsum(statement, where=DIAMOND, U=3, V=3)
    flow = pm.parse_dataflow("TemporalMap(1,1) I; TemporalMap(1,1) J; SpatialMap(1,1) U")
    analysis = pm.analyze(operator, flow, 3)
    assert str(analysis.macs) == "5·I·J"
    # the corners are never read
    assert pm.analyze(operator, pm.parse_dataflow("SpatialMap(3,3) U"), 1)["L2"]["A"].fills.at(I=6, J=8) == 76
    check_formulas(operator, "TemporalMap(1,1) I; TemporalMap(1,1) J; SpatialMap(1,1) U", 3, points=8, most=9)


def test_a_condition_is_printed_in_operator_and_loop_nest() -> None:
    operator = pm.einsum(SCORES, where="j <= i and i - j < 4", I="L", J="L")
    assert str(operator).splitlines()[0].endswith("K[j, d] where i ≥ j and j + 3 ≥ i")
    analysis = pm.analyze(operator, pm.parse_dataflow("SpatialMap(1,1) J"), 4)
    assert str(analysis.loop_nest).splitlines()[-2].strip() == "if i ≥ j and j + 3 ≥ i:"


def test_a_domain_without_points_is_refused() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) I")
    with pytest.raises(WorkloadError, match="empty domain: j ≥ i \\+ 9 never holds"):
        pm.einsum(SCORES, where="j >= i + 9", I=9, J=9, D=1)
    contrary = pm.einsum(SCORES, where="i < j and j < i", I=9, J=9, D=1)
    for run in (lambda: pm.analyze(contrary, flow, 9), lambda: interpret(contrary, flow, 9)):
        with pytest.raises(WorkloadError, match="empty domain: no point has j > i and j < i"):
            run()


def test_a_dataflow_that_executes_nothing_holds_nothing() -> None:
    operator, flow = pm.einsum(SCORES, where="d >= 1", I=2, J=2, D=2), pm.parse_dataflow("SpatialMap(1,2) D")
    analysis = pm.analyze(operator, flow, 1, allow_illegal=True)
    assert (analysis.macs.at(), analysis["L2"]["S"].occupancy.at()) == (0, 0)
    assert interpret(operator, flow, 1).boundaries[0].tensors["S"]["occupancy"] == 0


def test_points_outside_the_domain_are_not_missing() -> None:
    operator = pm.einsum(SCORES, where="j <= i", I=6, J=6, D=1)
    flow = pm.parse_dataflow("SpatialMap(1,1) I; TemporalMap(1,2) J")
    assert (
        interpret(operator, flow, 6).missing == 5 + 3 + 1
    )  # the points of odd columns that lie in the domain
    with pytest.raises(LegalityError, match=r"42\.9% of the MACs \(9 of 21\) are never executed"):
        pm.analyze(operator, flow, 6)
