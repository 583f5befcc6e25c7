"""Short ways to write down layers; sizes are those of the outputs, as papers print them."""

from __future__ import annotations

from polymaestro.affine import Affine
from polymaestro.dataflow.layers import Layer

Pair = int | tuple[int, int]


def conv(  # noqa: PLR0913  a convolution has this many sizes
    name: str, size: Pair, inputs: int, outputs: int, taps: Pair, *, stride: Pair = 1, groups: int = 1
) -> Layer:
    """Give a convolution of `inputs` to `outputs` channels with `size` (rows, columns) of outputs.

    With as many groups as inputs and outputs it is depthwise.
    """
    (rows, columns), (height, width) = _pair(size), _pair(taps)
    plain = {"P": rows, "Q": columns, "R": height, "S": width}
    if groups == 1:
        return _layer(name, "CONV", {"K": outputs, "C": inputs, **plain}, stride)
    if groups == inputs == outputs:
        return _layer(name, "DSCONV", {"C": inputs, **plain}, stride)
    channels = {"G": groups, "K": outputs // groups, "C": inputs // groups}
    return _layer(name, "NGCONV", {**channels, **plain}, stride)


def up(  # noqa: PLR0913  as `conv`
    name: str, size: Pair, inputs: int, outputs: int, taps: Pair, *, stride: Pair
) -> Layer:
    """Give a transposed convolution; `size` is that of its inputs, each of which reaches a window."""
    (rows, columns), (height, width) = _pair(size), _pair(taps)
    sizes = {"K": outputs, "C": inputs, "Y": rows, "X": columns, "R": height, "S": width}
    return _layer(name, "TRCONV", sizes, stride)


def dense(name: str, inputs: int, outputs: int, *, rows: int = 1) -> Layer:
    """Give a fully connected layer, applied to so many rows of inputs."""
    return _layer(name, "FC", {"N": rows, "K": outputs, "C": inputs})


def gemm(name: str, rows: int, columns: int, inner: int, *, batch: int = 1) -> Layer:
    """Give a product of matrices, rows × inner and inner × columns, or a batch of them."""
    sizes = {"M": rows, "N": columns, "K": inner}
    return _layer(name, "GEMM", {"B": batch, **sizes} if batch > 1 else sizes)


def lstm(name: str, inputs: int, hidden: int) -> Layer:
    """Give the gates of one LSTM step; the hidden state is part of the inputs of the product."""
    return _layer(name, "LSTM", {"K": hidden, "C": inputs + hidden})


def _layer(name: str, kind: str, sizes: dict[str, int], stride: Pair = 1) -> Layer:
    dimensions = {dim: Affine.of(size) for dim, size in sizes.items()}
    return Layer(name, kind, stride=_pair(stride), dimensions=dimensions)


def _pair(value: Pair) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)
