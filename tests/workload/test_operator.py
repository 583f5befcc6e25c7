import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from polymaestro.affine import Affine
from polymaestro.errors import WorkloadError
from polymaestro.workload import (
    Dim,
    Operator,
    Tensor,
    Window,
    average_pool2d,
    batched_gemm,
    conv2d,
    depthwise_conv2d,
    einsum,
    fully_connected,
    gemm,
    grouped_conv2d,
    lstm,
    max_pool2d,
    transposed_conv2d,
)


def test_the_input_of_a_strided_dilated_window() -> None:
    window = Window("Y", "P", "R", stride=2, dilation=3)
    reads = {2 * p + 3 * r for p in range(5) for r in range(4)}
    assert window.span(Affine.of(5), Affine.of(4)).constant == max(reads) + 1 == 18
    assert window.coordinate().evaluate({"p": 4, "r": 3}) == max(reads)


def test_stride_and_dilation_may_differ_by_axis() -> None:
    access = conv2d(stride=(2, 1), dilation=(1, 3)).tensor("I").access
    assert [str(index) for index in access] == ["n", "c", "2·p + r", "q + 3·s"]


def test_channels_of_the_convolutions() -> None:
    assert [str(i) for i in depthwise_conv2d().tensor("W").access] == ["c", "r", "s"]
    assert [str(i) for i in grouped_conv2d().tensor("O").access] == ["n", "g", "k", "p", "q"]
    assert [str(i) for i in conv2d().output.access] == ["n", "k", "p", "q"]


def test_a_transposed_convolution_swaps_the_roles_of_its_windows() -> None:
    operator = transposed_conv2d(Y=4, X=5, R=3, S=2, stride=(2, 3), dilation=(5, 7))
    assert [str(i) for i in operator.output.access] == ["n", "k", "5·r + 2·y", "7·s + 3·x"]
    assert operator.coordinates == ("N", "K", "C", "Y", "X", "R", "S", "P", "Q")
    assert (operator.extent("P").constant, operator.extent("Q").constant) == (
        3 * 2 + 2 * 5 + 1,
        4 * 3 + 7 + 1,
    )
    assert operator.primes == conv2d().primes == {"Y'": "P", "X'": "Q"}
    assert gemm().primes == {}


@pytest.mark.parametrize(
    ("operator", "text"),
    [
        (max_pool2d(stride=2), "max_pool2d: O[n, c, p, q] max= I[n, c, 2·p + r, 2·q + s]"),
        (average_pool2d(), "average_pool2d: O[n, c, p, q] += I[n, c, p + r, q + s]"),
        (fully_connected(), "fully_connected: O[n, k] += I[n, c] · W[k, c]"),
        (lstm(), "lstm: Z[n, g, k] += A[n, c] · W[g, k, c]"),
        (batched_gemm(), "batched_gemm: Z[b, m, n] += A[b, m, k] · B[b, k, n]"),
    ],
)
def test_operators_print_what_they_compute(operator: Operator, text: str) -> None:
    assert str(operator).splitlines()[0] == text


def test_an_lstm_has_four_gates_unless_told_otherwise() -> None:
    assert (str(lstm().extent("G")), str(lstm(G=3).extent("G"))) == ("4", "3")


def test_conditions_follow_the_extents() -> None:
    masked = einsum("S[i,j] += Q[i,d] * K[j,d]", where="j <= i + J - I", I=3, J="H")
    assert masked.domain == "H + i ≥ j + 3"
    assert masked.with_extents({"I": "J", "J": 9}).domain == "i + 9 ≥ J + j"
    assert masked.with_extents({"I": 4, "J": 4}).domain == "i ≥ j"


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (Affine.of("m") - "x", "the condition m ≥ x uses unknown name 'x'; "),
        (Affine.of("M") - 4, "the condition M ≥ 4 uses no loop variable, so it chooses no points"),
        (Affine.of("m") - "M", "gemm has an empty domain: m ≥ 8 never holds"),
        (Affine.of("n") * -1 - 1, "gemm has an empty domain: n ≤ -1 never holds"),
    ],
)
def test_conditions_that_choose_no_points_are_refused(constraint: Affine, message: str) -> None:
    with pytest.raises(WorkloadError, match=re.escape(message)):
        replace(gemm(M=8), constraints=(constraint,))


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(WorkloadError, match="unknown reduction 'min'"):
        replace(gemm(), reduction="min")  # type: ignore[arg-type]  # as a caller without types may


def test_extents_are_symbols_until_numbers_fix_them() -> None:
    operator = conv2d(K=64, R=3)
    assert operator.symbols == ("C", "N", "P", "Q", "S")
    fixed = operator.with_extents({"P": 7, "K": "K"})
    assert (str(fixed.extent("Y")), str(fixed.extent("K"))) == ("9", "K")
    assert operator.extent("P") == Affine.of("P")


def test_coordinates_are_what_a_directive_may_name() -> None:
    assert conv2d().coordinates == ("N", "K", "C", "P", "Q", "R", "S", "Y", "X")
    assert gemm().coordinates == ("M", "N", "K")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: conv2d(KK=3), "conv2d has no dimension 'KK'; did you mean 'K'"),
        (lambda: conv2d(K=0), "dimension 'K' has extent 0; it must be 1 or more"),
        (lambda: conv2d(stride=0), "stride of Y is 0; it must be an integer, 1 or more"),
        (lambda: conv2d(dilation=True), "dilation of Y is True"),
        (lambda: Dim("k", Affine.of(1)), "must have an upper-case name"),
        (lambda: Dim("K-1", Affine.of(1)), "is not a dimension name"),
        (lambda: gemm().extent("R"), "gemm has no dimension 'R'"),
        (lambda: gemm().with_extents({"R": 1}), "gemm has no dimension 'R'"),
        (lambda: gemm().tensor("C"), "gemm has no tensor 'C'"),
    ],
)
def test_operators_that_make_no_sense_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(WorkloadError, match=message):
        make()


def test_an_operator_checks_its_names() -> None:
    dims = (Dim("M", Affine.of("M")),)
    read, write = Tensor("A", "input", (Affine.of("m"),)), Tensor("Z", "output", (Affine.of("m"),))
    with pytest.raises(WorkloadError, match="exactly one output tensor, not 0"):
        Operator("copy", dims, (read,))
    with pytest.raises(WorkloadError, match="named twice: M"):
        Operator("copy", dims * 2, (read, write))
    with pytest.raises(WorkloadError, match="tensor 'B' uses unknown variable 'n'"):
        Operator("copy", dims, (read, write, Tensor("B", "input", (Affine.of("n"),))))
    with pytest.raises(WorkloadError, match="window 'Y' uses unknown dimension 'R'"):
        Operator("copy", dims, (read, write), (Window("Y", "M", "R"),))
