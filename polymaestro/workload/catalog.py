"""The operators of `model.md` §1 by name; every extent is a symbol until a number fixes it."""

from __future__ import annotations

from polymaestro.affine import Affine
from polymaestro.errors import WorkloadError, did_you_mean
from polymaestro.workload.operator import Dim, Operator, Tensor, Window

Pair = int | tuple[int, int]


def _pair(value: Pair) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


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
    """Depthwise convolution: O[n, c, p, q] += I[n, c, σp+δr, σq+δs] · W[c, r, s]."""
    channels = (("n", "c"), ("c",), ("n", "c"))
    dims = _dims("depthwise_conv2d", "N C P Q R S", extents)
    return _convolution("depthwise_conv2d", dims, channels, _windows(stride, dilation))


def grouped_conv2d(*, stride: Pair = 1, dilation: Pair = 1, **extents: int | str) -> Operator:
    """Grouped convolution: O[n, g, k, p, q] += I[n, g, c, …] · W[g, k, c, r, s].

    K and C count the output and input channels of one group.
    """
    channels = (("n", "g", "c"), ("g", "k", "c"), ("n", "g", "k"))
    dims = _dims("grouped_conv2d", "N G K C P Q R S", extents)
    return _convolution("grouped_conv2d", dims, channels, _windows(stride, dilation))


def gemm(**extents: int | str) -> Operator:
    """Matrix product: Z[m, n] += A[m, k] · B[k, n].

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
