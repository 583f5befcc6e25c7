"""Every operator, its extents as symbols, against the interpreter."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import polymaestro as pm
from polymaestro.errors import WorkloadError
from polymaestro.strategies import DIAMOND, OPERATORS, STATEMENTS

ROWS = "TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X"
CASES: dict[str, tuple[pm.Operator, str]] = {
    "gemm": (pm.gemm(), "TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(4,4) K"),
    "batched_gemm": (
        pm.batched_gemm(),
        "TemporalMap(1,1) B; SpatialMap(1,1) M; TemporalMap(4,4) K; TemporalMap(1,1) N",
    ),
    "fully_connected": (pm.fully_connected(), "SpatialMap(2,2) K; TemporalMap(4,4) C; TemporalMap(1,1) N"),
    "lstm": (pm.lstm(), "TemporalMap(1,1) G; SpatialMap(1,1) K; TemporalMap(4,4) C"),
    "conv2d": (pm.conv2d(stride=2, R=3, S=3, N=1), f"SpatialMap(1,1) K; {ROWS}; TemporalMap(1,1) C"),
    "depthwise_conv2d": (pm.depthwise_conv2d(R=3, S=2), f"SpatialMap(1,1) C; {ROWS}"),
    "grouped_conv2d": (
        pm.grouped_conv2d(R=2, S=2, N=1, Q=2),
        "TemporalMap(1,1) G; SpatialMap(1,1) K; TemporalMap(1,1) C; TemporalMap(Sz(R),1) Y",
    ),
    "transposed_conv2d": (
        pm.transposed_conv2d(stride=2, R=3, S=3, N=1),
        "SpatialMap(1,1) K; TemporalMap(Sz(R),1) Y'; TemporalMap(1,1) C; TemporalMap(2,2) X",
    ),
    "max_pool2d": (pm.max_pool2d(stride=2, R=2, S=3), f"SpatialMap(1,1) C; {ROWS}"),
    "average_pool2d": (pm.average_pool2d(R=3, S=3, N=1), "TemporalMap(1,1) C; SpatialMap(Sz(R),1) Y"),
    "attention_scores": (
        pm.einsum(STATEMENTS["attention_scores"]),
        "TemporalMap(1,1) B; TemporalMap(4,4) I; SpatialMap(1,1) J; TemporalMap(1,1) D",
    ),
    "attention_values": (
        pm.einsum(STATEMENTS["attention_values"]),
        "TemporalMap(1,1) B; SpatialMap(1,1) I; TemporalMap(4,4) J; TemporalMap(1,1) E",
    ),
    "mttkrp": (
        pm.einsum(STATEMENTS["mttkrp"]),
        "SpatialMap(1,1) I; TemporalMap(1,1) J; TemporalMap(4,4) K; TemporalMap(1,1) L",
    ),
    "jacobi2d": (
        pm.einsum(STATEMENTS["jacobi2d"], where=DIAMOND, U=3, V=3),
        "SpatialMap(1,1) I; TemporalMap(1,1) J; TemporalMap(1,1) U",
    ),
    "dilated_conv1d": (
        pm.einsum(STATEMENTS["dilated_conv1d"], R=3),
        "SpatialMap(1,1) K; TemporalMap(1,1) P; TemporalMap(1,1) C",
    ),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_formulas_are_exact_at_other_extents(check_formulas: Callable[..., None], name: str) -> None:
    operator, text = CASES[name]
    check_formulas(operator, text, 4, points=5, most=6)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATORS)
def test_formulas_are_exact_at_many_other_extents(check_formulas: Callable[..., None], name: str) -> None:
    operator, text = CASES[name]
    check_formulas(operator, text, 3, points=25, most=9)


def test_the_output_rows_of_a_transposed_convolution_may_be_mapped() -> None:
    operator = pm.transposed_conv2d(N=1, K=1, C=1, Y=5, X=1, R=3, S=1, stride=2)
    one_input_row = pm.parse_dataflow("SpatialMap(3,1) Y'; TemporalMap(1,1) X")
    analysis = pm.analyze(operator, one_input_row, 5)
    # five units write three rows each, neighbours one row in common: 2 * 4 + 3 rows in all
    assert analysis["L2"]["O"].drains.at() == 15
    assert analysis["L2"]["O"].parent_updates.at() == 11
    assert analysis.loop_nest.notes[0].endswith("read in input rows")
    by_output_rows = pm.analyze(operator, pm.parse_dataflow("SpatialMap(3,2) P; TemporalMap(1,1) X"), 5)
    assert by_output_rows["L2"]["O"].drains.at() == 15
    assert by_output_rows.loop_nest.notes[0].endswith("read in output rows")


def test_a_max_moves_what_a_sum_moves() -> None:
    flow = pm.parse_dataflow(f"SpatialMap(1,1) C; {ROWS}")
    largest = pm.analyze(pm.max_pool2d(stride=2, R=3, S=3), flow, 4)
    total = pm.analyze(pm.average_pool2d(stride=2, R=3, S=3), flow, 4)
    assert [str(form) for _, form in largest.forms.named()] == [str(form) for _, form in total.forms.named()]


def test_a_stride_is_one_number_or_two() -> None:
    assert pm.conv2d(stride=[1, 2]) == pm.conv2d(stride=(1, 2))  # type: ignore[arg-type]
    for pair in ((1, 2, 3), (2,), ()):
        with pytest.raises(WorkloadError, match="it must be a number, or one for rows and one for columns"):
            pm.conv2d(dilation=pair)  # type: ignore[arg-type]
