"""Layers: what a file says of each, the operator that it means, and how Y and X give P and Q.

Y and X are the padded input rows and columns, so the outputs are P = ⌊(Y − δ(R−1) − 1)/σ⌋ + 1; Y' and X'
(or P and Q) are the outputs themselves. Y = 9 rows, R = 3 taps and σ = 2 leave P = ⌊6/2⌋ + 1 = 4 outputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Cluster, Dataflow, Directive, SpatialMap, located
from polymaestro.errors import DataflowError, Place, WorkloadError, did_you_mean
from polymaestro.workload.catalog import conv2d, depthwise_conv2d, gemm, grouped_conv2d
from polymaestro.workload.operator import Operator

TYPES = ("CONV", "DSCONV", "NGCONV", "TRCONV", "GEMM", "FC", "POOL", "LSTM")
WINDOWED: dict[str, tuple[Callable[..., Operator], tuple[str, ...]]] = {
    "CONV": (conv2d, ("N", "K", "C", "R", "S")),
    "DSCONV": (depthwise_conv2d, ("N", "C", "R", "S")),
    "NGCONV": (grouped_conv2d, ("N", "G", "K", "C", "R", "S")),
}
ANALYSED = (*WINDOWED, "GEMM")
INPUTS = ("Y", "X")
OUTPUTS = ("Y'", "X'", "P", "Q")
# What MAESTRO's files declare for any layer, whether its type has the dimension or not.
CARRIED = ("N", "G", "K", "C", "R", "S", *INPUTS, "Y'", "X'")
ONE = Affine.of(1)
LABEL = re.compile(r"(?:[\w.]|-(?!>))+\Z")


@dataclass(frozen=True)
class Layer:
    """One layer of a file; `dimensions` as the user wrote them, stride and dilation as (rows, columns)."""

    name: str
    type: str
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    dimensions: Mapping[str, Affine] = field(default_factory=dict, hash=False)
    dataflow: Dataflow | None = None
    place: Place | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a name that no file can hold, and unknown types."""
        check_label("layer", self.name)
        if self.type not in TYPES:
            message = f"layer {self.name} has unknown type {self.type!r}{did_you_mean(self.type, TYPES)}"
            raise WorkloadError(message)

    def operator(self) -> Operator:
        """Give what the layer computes; its extents are numbers where the file has numbers.

        Raises `WorkloadError` where the dimensions do not fit the type or contradict each other.

        >>> y = Affine.of(9)
        >>> layer = Layer("L", "CONV", stride=(2, 1), dimensions={"Y": y, "R": Affine.of(3)})
        >>> str(layer.operator().extent("P"))
        '4'
        """
        return _operator(self)

    def mapping_dataflow(self) -> Dataflow:
        """Give the dataflow over the dimensions that the operator has.

        Files name dimensions of extent 1 that the type lacks (K of a depthwise layer); such a
        ``TemporalMap`` has one step, which changes nothing, and is left out.

        Raises `DataflowError` when the layer has no dataflow, and for a ``SpatialMap`` of such a
        dimension: all units but the first would be idle.
        """
        if self.dataflow is None:
            message = f"layer {self.name} has no Dataflow; write one, or give one with with_dataflow"
            raise DataflowError(located(message, self.place))
        return _mapped(self.operator(), self.type, self.dataflow)


def check_label(what: str, name: str) -> None:
    """Refuse a name of a network or layer that no file can hold."""
    if not LABEL.match(name):
        message = f"{name!r} is no name of a {what}: use letters, digits and _ - ."
        raise DataflowError(message)


@dataclass(frozen=True)
class _Axis:
    """The rows or the columns of a windowed layer."""

    input: str
    output: str
    filter: str
    stride: int
    dilation: int


def _operator(layer: Layer) -> Operator:
    kind, dimensions = layer.type, layer.dimensions
    fail = partial(_failure, layer)
    if kind not in ANALYSED:
        message = f"type {kind} cannot be analysed yet; these can: {', '.join(ANALYSED)}"
        raise fail(message)
    own = ("M", "N", "K") if kind == "GEMM" else (*WINDOWED[kind][1], *INPUTS, *OUTPUTS)
    _check_names(kind, dimensions, own, fail)
    if kind == "GEMM":
        if (layer.stride, layer.dilation) != ((1, 1), (1, 1)):
            message = "a GEMM has no window, so Stride and Dilation must be 1"
            raise fail(message)
        return _with(gemm(), {dim: dimensions.get(dim, ONE) for dim in own})
    build, plain = WINDOWED[kind]
    rows = _Axis("Y", "P", "R", layer.stride[0], layer.dilation[0])
    columns = _Axis("X", "Q", "S", layer.stride[1], layer.dilation[1])
    extents = {dim: dimensions.get(dim, ONE) for dim in plain}
    extents |= {axis.output: _outputs(axis, dimensions, fail) for axis in (rows, columns)}
    return _with(build(stride=layer.stride, dilation=layer.dilation), extents)


def _mapped(operator: Operator, kind: str, dataflow: Dataflow) -> Dataflow:
    """Leave out the temporal maps of dimensions that files carry and the operator lacks."""
    known = {*operator.coordinates, *(f"{window.input}'" for window in operator.windows)}
    lacking = tuple(dim for dim in CARRIED if dim not in known)
    ones = {f"Sz({dim})": 1 for dim in lacking}
    kept: list[Directive] = []
    for directive in dataflow.directives:
        if not isinstance(directive, Cluster) and directive.dim in lacking:
            if isinstance(directive, SpatialMap):
                message = (
                    f"'{directive}' leaves all units but one idle, since {kind} has no {directive.dim}; "
                    f"spread another dimension"
                )
                raise DataflowError(located(message, directive.place))
            continue
        kept.append(_sized(directive, ones))
    return Dataflow(tuple(kept))


def _sized(directive: Directive, ones: Mapping[str, int]) -> Directive:
    if isinstance(directive, Cluster):
        return replace(directive, size=directive.size.substitute(ones))
    size, offset = directive.size.substitute(ones), directive.offset.substitute(ones)
    return replace(directive, size=size, offset=offset)


def _failure(layer: Layer, message: str) -> WorkloadError:
    return WorkloadError(located(f"layer {layer.name}: {message}", layer.place))


def _check_names(
    kind: str, dimensions: Mapping[str, Affine], own: tuple[str, ...], fail: Callable[[str], WorkloadError]
) -> None:
    for dim, extent in dimensions.items():
        if dim in own or (dim in CARRIED and extent == ONE):
            continue
        if kind == "DSCONV" and dim == "K":
            message = (
                f"a DSCONV has one output channel per input channel, but K = {extent}; "
                f"write Type: NGCONV with G: {dimensions.get('C', ONE)}, C: 1, K: {extent}"
            )
            raise fail(message)
        message = f"type {kind} has no dimension {dim!r}"
        raise fail(message + did_you_mean(dim, own))


def _outputs(axis: _Axis, dimensions: Mapping[str, Affine], fail: Callable[[str], WorkloadError]) -> Affine:
    """Give the outputs of one axis from what is declared; all that is declared must agree."""
    found = {dim: dimensions[dim] for dim in (axis.output, f"{axis.input}'") if dim in dimensions}
    if axis.input in dimensions:
        found[axis.input] = _slid(axis, dimensions, fail)
    values = list(found.values()) or [ONE]
    if any(value != values[0] for value in values):
        said = " and ".join(f"{dim} = {dimensions[dim]}, so {value}," for dim, value in found.items())
        message = f"{said} are different numbers of outputs; keep one of them"
        raise fail(message)
    return values[0]


def _slid(axis: _Axis, dimensions: Mapping[str, Affine], fail: Callable[[str], WorkloadError]) -> Affine:
    """Slide the filter over the input: ⌊(Y − δ(R−1) − 1)/σ⌋ + 1."""
    size, taps = dimensions[axis.input], dimensions.get(axis.filter, ONE)
    covered = (taps - 1) * axis.dilation + 1
    room = size - covered
    if not room.is_constant:
        if axis.stride == 1:
            return room + 1
        message = (
            f"{axis.input} = {size} and {axis.filter} = {taps} with stride {axis.stride} leave the number of "
            f"outputs open; give {axis.input}' instead of {axis.input}"
        )
        raise fail(message)
    if room.constant < 0:
        window = f"{axis.filter} = {taps}" + (f" with dilation {axis.dilation}" if axis.dilation > 1 else "")
        message = f"the window ({window}) covers {covered} of the input, but {axis.input} is only {size}"
        raise fail(message)
    return Affine.of(room.constant // axis.stride + 1)


def _with(operator: Operator, extents: Mapping[str, Affine]) -> Operator:
    dims = tuple(replace(dim, extent=extents[dim.name]) for dim in operator.dims)
    return replace(operator, dims=dims)
