"""The operators by name, each with its formula; every extent is a symbol until a number fixes it."""

from __future__ import annotations

from typing import Literal

from polymaestro.affine import Affine
from polymaestro.errors import WorkloadError, did_you_mean
from polymaestro.workload.operator import Dim, Operator, Tensor, Window

Pair = int | tuple[int, int]

LSTM_GATES = 4
"""Input, forget, cell and output gate."""


def _pair(value: Pair) -> tuple[int, int]:
    """Give rows and columns; one number stands for both."""
    if not isinstance(value, tuple | list):
        return value, value
    if len(value) != 2:  # noqa: PLR2004  a pair
        message = f"stride or dilation {value!r}: it must be a number, or one for rows and one for columns"
        raise WorkloadError(message)
    return value[0], value[1]


def _dims(operator: str, names: str, extents: dict[str, int | str]) -> tuple[Dim, ...]:
    known = names.split()
    for name in extents:
        if name not in known:
            message = f"{operator} has no dimension {name!r}"
            raise WorkloadError(message + did_you_mean(name, known))
    return tuple(Dim(name, Affine.of(extents.get(name, name))) for name in known)


def _tensor(name: str, role: str, *indices: str | Affine) -> Tensor:
    access = tuple(Affine.of(index) for index in indices)
    return Tensor(name, "output" if role == "output" else "input", access)


def _windows(stride: Pair, dilation: Pair) -> tuple[Window, Window]:
    (stride_y, stride_x), (dilation_y, dilation_x) = _pair(stride), _pair(dilation)
    return (
        Window("Y", "P", "R", stride_y, dilation_y),
        Window("X", "Q", "S", stride_x, dilation_x),
    )


def _convolution(
    name: str,
    dims: tuple[Dim, ...],
    channels: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    windows: tuple[Window, Window],
) -> Operator:
    image, weight, result = channels
    y, x = (window.coordinate() for window in windows)
    tensors = (
        _tensor("I", "input", *image, y, x),
        _tensor("W", "input", *weight, "r", "s"),
        _tensor("O", "output", *result, "p", "q"),
    )
    return Operator(name, dims, tensors, windows)


def conv2d(*, stride: Pair = 1, dilation: Pair = 1, **extents: int | str) -> Operator:
    """Convolution: O[n, k, p, q] += I[n, c, σp+δr, σq+δs] · W[k, c, r, s].

    Extents N K C P Q R S in output coordinates (P rows, Q columns); stride and dilation are
    one number or a (rows, columns) pair. Raises `WorkloadError` for an unknown dimension.

    >>> str(conv2d(R=3, stride=2).extent("Y"))
    '2·P + 1'
    """
    channels = (("n", "c"), ("k", "c"), ("n", "k"))
    dims = _dims("conv2d", "N K C P Q R S", extents)
    return _convolution("conv2d", dims, channels, _windows(stride, dilation))


def depthwise_conv2d(*, stride: Pair = 1, dilation: Pair = 1, **extents: int | str) -> Operator:
    """Depthwise convolution: O[n, c, p, q] += I[n, c, σp+δr, σq+δs] · W[c, r, s].

    Raises `WorkloadError` for an unknown dimension.

    >>> print(depthwise_conv2d(C=32, R=3, S=3, stride=2))
    depthwise_conv2d: O[n, c, p, q] += I[n, c, 2·p + r, 2·q + s] · W[c, r, s]
      N = N, C = 32, P = P, Q = Q, R = 3, S = 3
    """
    channels = (("n", "c"), ("c",), ("n", "c"))
    dims = _dims("depthwise_conv2d", "N C P Q R S", extents)
    return _convolution("depthwise_conv2d", dims, channels, _windows(stride, dilation))


def grouped_conv2d(*, stride: Pair = 1, dilation: Pair = 1, **extents: int | str) -> Operator:
    """Grouped convolution: O[n, g, k, p, q] += I[n, g, c, …] · W[g, k, c, r, s].

    K and C count the output and input channels of one group.

    Raises `WorkloadError` for an unknown dimension.

    >>> print(grouped_conv2d(G=32, K=4, C=4, R=3, S=3).tensor("W").access)
    (g, k, c, r, s)
    """
    channels = (("n", "g", "c"), ("g", "k", "c"), ("n", "g", "k"))
    dims = _dims("grouped_conv2d", "N G K C P Q R S", extents)
    return _convolution("grouped_conv2d", dims, channels, _windows(stride, dilation))


def transposed_conv2d(*, stride: Pair = 1, dilation: Pair = 1, **extents: int | str) -> Operator:
    """Transposed convolution as a scatter: O[n, k, σy+δr, σx+δs] += I[n, c, y, x] · W[k, c, r, s].

    Extents N K C Y X R S, where Y and X are the input rows and columns that are looped over. P and Q are
    the output rows and columns, P = σ(Y - 1) + δ(R - 1) + 1; directives may name them as they may name
    the input rows of a convolution, and Y' stands for P. Outputs that no input reaches (where the stride
    exceeds the filter) are not part of the operator, and neither is cropping. Raises `WorkloadError` for an
    unknown dimension.

    >>> str(transposed_conv2d(Y=4, R=3, stride=2).extent("P"))
    '9'
    """
    (stride_y, stride_x), (dilation_y, dilation_x) = _pair(stride), _pair(dilation)
    windows = (Window("P", "Y", "R", stride_y, dilation_y), Window("Q", "X", "S", stride_x, dilation_x))
    p, q = (window.coordinate() for window in windows)
    tensors = (
        _tensor("I", "input", "n", "c", "y", "x"),
        _tensor("W", "input", "k", "c", "r", "s"),
        _tensor("O", "output", "n", "k", p, q),
    )
    return Operator(
        "transposed_conv2d", _dims("transposed_conv2d", "N K C Y X R S", extents), tensors, windows
    )


def max_pool2d(*, stride: Pair = 1, dilation: Pair = 1, **extents: int | str) -> Operator:
    """Max pooling: O[n, c, p, q] is the largest I[n, c, σp+δr, σq+δs]; one comparison counts as one MAC.

    Raises `WorkloadError` for an unknown dimension.

    >>> print(max_pool2d(stride=2, R=2, S=2))
    max_pool2d: O[n, c, p, q] max= I[n, c, 2·p + r, 2·q + s]
      N = N, C = C, P = P, Q = Q, R = 2, S = 2
    """
    return _pooling("max_pool2d", "max", stride, dilation, extents)


def average_pool2d(*, stride: Pair = 1, dilation: Pair = 1, **extents: int | str) -> Operator:
    """Average pooling: O[n, c, p, q] += I[n, c, σp+δr, σq+δs]; one addition counts as one MAC.

    The scaling of each output by 1/(R·S) is done afterwards and is not part of the operator.

    Raises `WorkloadError` for an unknown dimension.

    >>> print(average_pool2d(R=7, S=7))
    average_pool2d: O[n, c, p, q] += I[n, c, p + r, q + s]
      N = N, C = C, P = P, Q = Q, R = 7, S = 7
    """
    return _pooling("average_pool2d", "sum", stride, dilation, extents)


def _pooling(
    name: str, reduction: Literal["sum", "max"], stride: Pair, dilation: Pair, extents: dict[str, int | str]
) -> Operator:
    windows = _windows(stride, dilation)
    y, x = (window.coordinate() for window in windows)
    tensors = (_tensor("I", "input", "n", "c", y, x), _tensor("O", "output", "n", "c", "p", "q"))
    return Operator(name, _dims(name, "N C P Q R S", extents), tensors, windows, reduction=reduction)


def fully_connected(**extents: int | str) -> Operator:
    """Fully connected layer: O[n, k] += I[n, c] · W[k, c], N images, K outputs, C inputs.

    Raises `WorkloadError` for an unknown dimension.

    >>> print(fully_connected(K=1000, C=4096))
    fully_connected: O[n, k] += I[n, c] · W[k, c]
      N = N, K = 1000, C = 4096
    """
    tensors = (
        _tensor("I", "input", "n", "c"),
        _tensor("W", "input", "k", "c"),
        _tensor("O", "output", "n", "k"),
    )
    return Operator("fully_connected", _dims("fully_connected", "N K C", extents), tensors)


def lstm(**extents: int | str) -> Operator:
    """The gates of an LSTM for one time step: Z[n, g, k] += A[n, c] · W[g, k, c].

    G gates (4 unless given) of K hidden units each, over C inputs: the new input and the hidden state of
    the step before, one after the other. What is done element by element afterwards (σ, tanh, the
    products with the cell state) is no MAC and not part of the operator.

    Raises `WorkloadError` for an unknown dimension.

    >>> print(lstm(N=1, K=256, C=512))
    lstm: Z[n, g, k] += A[n, c] · W[g, k, c]
      N = 1, G = 4, K = 256, C = 512
    """
    tensors = (
        _tensor("A", "input", "n", "c"),
        _tensor("W", "input", "g", "k", "c"),
        _tensor("Z", "output", "n", "g", "k"),
    )
    return Operator("lstm", _dims("lstm", "N G K C", {"G": LSTM_GATES, **extents}), tensors)


def gemm(**extents: int | str) -> Operator:
    """Matrix product: Z[m, n] += A[m, k] · B[k, n].

    Raises `WorkloadError` for an unknown dimension.

    >>> print(gemm(K=16))
    gemm: Z[m, n] += A[m, k] · B[k, n]
      M = M, N = N, K = 16
    """
    tensors = (
        _tensor("A", "input", "m", "k"),
        _tensor("B", "input", "k", "n"),
        _tensor("Z", "output", "m", "n"),
    )
    return Operator("gemm", _dims("gemm", "M N K", extents), tensors)


def batched_gemm(**extents: int | str) -> Operator:
    """Matrix products side by side: Z[b, m, n] += A[b, m, k] · B[b, k, n], as in the heads of attention.

    Raises `WorkloadError` for an unknown dimension.

    >>> print(batched_gemm(B=12, K=64))
    batched_gemm: Z[b, m, n] += A[b, m, k] · B[b, k, n]
      B = 12, M = M, N = N, K = 64
    """
    tensors = (
        _tensor("A", "input", "b", "m", "k"),
        _tensor("B", "input", "b", "k", "n"),
        _tensor("Z", "output", "b", "m", "n"),
    )
    return Operator("batched_gemm", _dims("batched_gemm", "B M N K", extents), tensors)
