"""Layer types: the operator that a type and its declared dimensions mean, and how Y and X give P and Q.

Y and X are the padded input rows and columns, so the outputs are P = ⌊(Y − δ(R−1) − 1)/σ⌋ + 1; Y' and X'
(or P and Q) are the outputs themselves. Y = 9 rows, R = 3 taps and σ = 2 leave P = ⌊6/2⌋ + 1 = 4 outputs.
A transposed convolution goes the other way: Y = 4 rows scatter to P = σ(Y − 1) + δ(R − 1) + 1 = 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from polymaestro.affine import Affine
from polymaestro.errors import WorkloadError, did_you_mean
from polymaestro.workload import catalog
from polymaestro.workload.operator import Operator

INPUTS = ("Y", "X")
PRIMES = ("Y'", "X'")
OUTPUTS = (*PRIMES, "P", "Q")
WINDOW = ("R", "S", *INPUTS, *OUTPUTS)
# What MAESTRO's files declare for any layer, whether its type has the dimension or not.
CARRIED = ("N", "G", "K", "C", "R", "S", *INPUTS, *PRIMES)
ONE = Affine.of(1)


@dataclass(frozen=True)
class Declared:
    """What a layer says of itself; stride and dilation as (rows, columns), `fail` makes errors."""

    type: str
    stride: tuple[int, int]
    dilation: tuple[int, int]
    dimensions: Mapping[str, Affine]
    fail: Callable[[str], WorkloadError]

    def operator(self) -> Operator:
        """Give what the layer computes.

        Raises what `fail` makes where the dimensions do not fit the type or contradict each other.
        """
        return KINDS[self.type](self)

    def has_window(self) -> bool:
        """Whether any dimension of a window has more than one index, or a symbol for an extent."""
        return any(self.dimensions.get(dim, ONE) != ONE for dim in WINDOW)

    def extents(self, *dims: str) -> dict[str, Affine]:
        """Give the declared extents, 1 for those that are not declared."""
        return {dim: self.dimensions.get(dim, ONE) for dim in dims}

    def axes(self) -> tuple[Axis, Axis]:
        """Give the rows and the columns."""
        return (
            Axis("Y", "P", "R", self.stride[0], self.dilation[0]),
            Axis("X", "Q", "S", self.stride[1], self.dilation[1]),
        )

    def check_names(self, *own: str) -> None:
        """Refuse dimensions that the type does not have."""
        for dim, extent in self.dimensions.items():
            if dim in own or (dim in CARRIED and extent == ONE):
                continue
            if self.type == "DSCONV" and dim == "K":
                message = (
                    f"a DSCONV has one output channel per input channel, but K = {extent}; "
                    f"write Type: NGCONV with G: {self.dimensions.get('C', ONE)}, C: 1, K: {extent}"
                )
                raise self.fail(message)
            message = f"type {self.type} has no dimension {dim!r}"
            raise self.fail(message + did_you_mean(dim, own))

    def check_no_window(self) -> None:
        """Refuse a stride or dilation where nothing slides."""
        if (self.stride, self.dilation) != ((1, 1), (1, 1)):
            article = "an" if self.type[0] in "FL" else "a"
            message = f"{article} {self.type} has no window, so Stride and Dilation must be 1"
            raise self.fail(message)


@dataclass(frozen=True)
class Axis:
    """The rows or the columns of a layer with a window."""

    input: str
    output: str
    filter: str
    stride: int
    dilation: int


def _convolution(build: Callable[..., Operator], *plain: str) -> Callable[[Declared], Operator]:
    """Give the reader of a type whose window slides over the input."""

    def read(layer: Declared) -> Operator:
        layer.check_names(*plain, *WINDOW)
        extents = layer.extents(*plain, "R", "S")
        extents |= {axis.output: _outputs(axis, layer) for axis in layer.axes()}
        return _with(build(stride=layer.stride, dilation=layer.dilation), extents)

    return read


def _transposed(layer: Declared) -> Operator:
    """Read a type whose filter is scattered; outputs that are declared must be those that are written."""
    layer.check_names("N", "K", "C", *WINDOW)
    extents = layer.extents("N", "K", "C", "R", "S", *INPUTS)
    operator = _with(catalog.transposed_conv2d(stride=layer.stride, dilation=layer.dilation), extents)
    for axis in layer.axes():
        written = operator.extent(axis.output)
        for name in (axis.output, f"{axis.input}'"):
            said = layer.dimensions.get(name, written)
            if said != written:
                rows, taps = extents[axis.input], extents[axis.filter]
                message = (
                    f"{name} = {said}, but {axis.input} = {rows} and {axis.filter} = {taps} scatter to "
                    f"{written} outputs; keep {axis.input} and leave {name} out"
                )
                raise layer.fail(message)
    return operator


def _fully_connected(layer: Declared) -> Operator:
    """Read N K C; where a filter is declared too, it must cover the whole input: one output."""
    layer.check_names("N", "K", "C", *WINDOW)
    if not layer.has_window():
        layer.check_no_window()
        return _with(catalog.fully_connected(), layer.extents("N", "K", "C"))
    for axis in layer.axes():
        outputs = _outputs(axis, layer)
        if outputs != ONE:
            message = (
                f"an FC has one output per image and channel, but here {axis.output} = {outputs}; "
                f"make {axis.filter} as large as {axis.input}, or write Type: CONV"
            )
            raise layer.fail(message)
    return _convolution(catalog.conv2d, "N", "K", "C")(layer)


def _gemm(layer: Declared) -> Operator:
    """Read M N K, and B where there are several products."""
    layer.check_names("B", "M", "N", "K")
    layer.check_no_window()
    if "B" in layer.dimensions:
        return _with(catalog.batched_gemm(), layer.extents("B", "M", "N", "K"))
    return _with(catalog.gemm(), layer.extents("M", "N", "K"))


def _lstm(layer: Declared) -> Operator:
    """Read N, K hidden units, C inputs with the hidden state, and G gates unless there are four."""
    layer.check_names("N", "G", "K", "C")
    layer.check_no_window()
    gates = layer.dimensions.get("G", Affine.of(catalog.LSTM_GATES))
    return _with(catalog.lstm(), layer.extents("N", "K", "C") | {"G": gates})


KINDS: dict[str, Callable[[Declared], Operator]] = {
    "CONV": _convolution(catalog.conv2d, "N", "K", "C"),
    "DSCONV": _convolution(catalog.depthwise_conv2d, "N", "C"),
    "NGCONV": _convolution(catalog.grouped_conv2d, "N", "G", "K", "C"),
    "TRCONV": _transposed,
    "GEMM": _gemm,
    "FC": _fully_connected,
    "POOL": _convolution(catalog.max_pool2d, "N", "C"),
    "AVGPOOL": _convolution(catalog.average_pool2d, "N", "C"),
    "LSTM": _lstm,
}


def _outputs(axis: Axis, layer: Declared) -> Affine:
    """Give the outputs of one axis from what is declared; all that is declared must agree."""
    dimensions = layer.dimensions
    found = {dim: dimensions[dim] for dim in (axis.output, f"{axis.input}'") if dim in dimensions}
    if axis.input in dimensions:
        found[axis.input] = _slid(axis, layer)
    values = list(found.values()) or [ONE]
    if any(value != values[0] for value in values):
        said = " and ".join(f"{dim} = {dimensions[dim]}, so {value}," for dim, value in found.items())
        message = f"{said} are different numbers of outputs; keep one of them"
        raise layer.fail(message)
    return values[0]


def _slid(axis: Axis, layer: Declared) -> Affine:
    """Slide the filter over the input: ⌊(Y − δ(R−1) − 1)/σ⌋ + 1."""
    size, taps = layer.dimensions[axis.input], layer.dimensions.get(axis.filter, ONE)
    covered = (taps - 1) * axis.dilation + 1
    room = size - covered
    if not room.is_constant:
        if axis.stride == 1:
            return room + 1
        message = (
            f"{axis.input} = {size} and {axis.filter} = {taps} with stride {axis.stride} leave the number of "
            f"outputs open; give {axis.input}' instead of {axis.input}"
        )
        raise layer.fail(message)
    if room.constant < 0:
        window = f"{axis.filter} = {taps}" + (f" with dilation {axis.dilation}" if axis.dilation > 1 else "")
        message = f"the window ({window}) covers {covered} of the input, but {axis.input} is only {size}"
        raise layer.fail(message)
    return Affine.of(room.constant // axis.stride + 1)


def _with(operator: Operator, extents: Mapping[str, Affine]) -> Operator:
    dims = tuple(replace(dim, extent=extents[dim.name]) for dim in operator.dims)
    return replace(operator, dims=dims)
