"""Operators: named dimensions with extents, tensors with affine accesses, windows.

An operator says WHAT is computed (`model.md` §1). One point of its iteration domain is one
multiply-accumulate (MAC). Each dimension, called by an upper-case name, has a loop variable of the
same name in lower case: extent ``K``, variable ``k``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from polymaestro.affine import RESERVED, Affine
from polymaestro.errors import WorkloadError, did_you_mean

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class Dim:
    """A loop dimension: an upper-case name and an extent, an integer or a symbol."""

    name: str
    extent: Affine

    def __post_init__(self) -> None:
        """Refuse names that isl cannot hold and extents below 1."""
        if not NAME.match(self.name):
            message = f"{self.name!r} is not a dimension name: use a letter, then letters and digits"
            raise WorkloadError(message)
        if self.name == self.variable:
            message = f"dimension {self.name!r} must have an upper-case name; its variable is lower case"
            raise WorkloadError(message)
        for name in sorted(self.extent.names()):
            if name.lower() in RESERVED or not NAME.match(name):
                message = f"{name!r} cannot be a symbol for the extent of {self.name!r}; use another name"
                raise WorkloadError(message)
        if self.extent.is_constant and self.extent.constant < 1:
            message = f"dimension {self.name!r} has extent {self.extent.constant}; it must be 1 or more"
            raise WorkloadError(message)

    @property
    def variable(self) -> str:
        """The name of the loop variable."""
        return self.name.lower()

    def bounds(self) -> tuple[Affine, Affine]:
        """Give 0 ≤ variable < extent as two expressions that are ≥ 0."""
        return Affine.of(self.variable), self.extent - 1 - self.variable


@dataclass(frozen=True)
class Tensor:
    """A tensor: its role and one affine index per axis, over loop variables."""

    name: str
    role: Literal["input", "output"]
    access: tuple[Affine, ...]


@dataclass(frozen=True)
class Window:
    """A sliding window: input = stride · output + dilation · filter, all dimension names.

    The input coordinate (MAESTRO's Y or X) is no loop dimension; directives may name it all the same.
    """

    input: str
    output: str
    filter: str
    stride: int = 1
    dilation: int = 1

    def __post_init__(self) -> None:
        """Refuse strides and dilations below 1."""
        for field, value in (("stride", self.stride), ("dilation", self.dilation)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                message = f"{field} of {self.input} is {value!r}; it must be an integer, 1 or more"
                raise WorkloadError(message)

    def coordinate(self) -> Affine:
        """Give the input coordinate over the loop variables: σp + δr."""
        return Affine.of(self.output.lower()) * self.stride + (Affine.of(self.filter.lower()) * self.dilation)

    def span(self, outputs: Affine, taps: Affine) -> Affine:
        """Give the rows under so many outputs and taps: σ(outputs - 1) + δ(taps - 1) + 1."""
        return (outputs - 1) * self.stride + (taps - 1) * self.dilation + 1


@dataclass(frozen=True)
class Operator:
    """What is computed: dimensions, tensors (exactly one output) and windows.

    Raises `WorkloadError` when names clash or an access uses an unknown variable.

    >>> from polymaestro.workload import conv2d
    >>> op = conv2d(K=64, C=3, R=3, S=3)
    >>> str(op.extent("K")), str(op.extent("P"))
    ('64', 'P')
    >>> str(op.tensor("I").access[2])
    'p + r'
    """

    name: str
    dims: tuple[Dim, ...]
    tensors: tuple[Tensor, ...]
    windows: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        """Check that every name is unique, known and used."""
        names = [dim.name for dim in self.dims]
        lowered = [dim.variable for dim in self.dims] + [w.input.lower() for w in self.windows]
        twice = sorted({name.upper() for name in lowered if lowered.count(name) > 1})
        if twice:
            message = f"dimensions of {self.name} named twice: {', '.join(twice)}"
            raise WorkloadError(message)
        outputs = [tensor.name for tensor in self.tensors if tensor.role == "output"]
        if len(outputs) != 1:
            message = f"{self.name} needs exactly one output tensor, not {len(outputs)}"
            raise WorkloadError(message)
        for tensor in self.tensors:
            used = frozenset[str]().union(*(index.names() for index in tensor.access))
            for variable in sorted(used - set(lowered[: len(names)])):
                message = f"tensor {tensor.name!r} uses unknown variable {variable!r}"
                raise WorkloadError(message + did_you_mean(variable, lowered[: len(names)]))
        for window in self.windows:
            for role in (window.output, window.filter):
                if role not in names:
                    message = f"window {window.input!r} uses unknown dimension {role!r}"
                    raise WorkloadError(message + did_you_mean(role, names))

    def extent(self, dim: str) -> Affine:
        """Give the extent of a dimension, or of the input coordinate of a window."""
        for window in self.windows:
            if window.input == dim:
                return window.span(self.extent(window.output), self.extent(window.filter))
        for known in self.dims:
            if known.name == dim:
                return known.extent
        message = f"{self.name} has no dimension {dim!r}"
        raise WorkloadError(message + did_you_mean(dim, self.coordinates))

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Every name that a directive may use: loop dimensions, then input coordinates."""
        return tuple(d.name for d in self.dims) + tuple(w.input for w in self.windows)

    def tensor(self, name: str) -> Tensor:
        """Give the tensor of that name."""
        for tensor in self.tensors:
            if tensor.name == name:
                return tensor
        message = f"{self.name} has no tensor {name!r}"
        raise WorkloadError(message + did_you_mean(name, [t.name for t in self.tensors]))

    @property
    def output(self) -> Tensor:
        """The output tensor."""
        return next(tensor for tensor in self.tensors if tensor.role == "output")

    @property
    def symbols(self) -> tuple[str, ...]:
        """The extents that are symbols, sorted."""
        return tuple(sorted(frozenset[str]().union(*(d.extent.names() for d in self.dims))))

    def with_extents(self, extents: Mapping[str, int | str]) -> Operator:
        """Give the same operator with other extents; names that are not given keep theirs."""
        for name in extents:
            if name not in {dim.name for dim in self.dims}:
                message = f"{self.name} has no dimension {name!r}"
                raise WorkloadError(message + did_you_mean(name, [d.name for d in self.dims]))
        dims = tuple(
            Dim(d.name, Affine.of(extents[d.name]) if d.name in extents else d.extent) for d in self.dims
        )
        return Operator(self.name, dims, self.tensors, self.windows)

    def __str__(self) -> str:
        """Print the computation and the extents."""
        reads = " · ".join(_indexed(t) for t in self.tensors if t.role == "input")
        sizes = ", ".join(f"{d.name} = {d.extent}" for d in self.dims)
        return f"{self.name}: {_indexed(self.output)} += {reads}\n  {sizes}"


def _indexed(tensor: Tensor) -> str:
    return f"{tensor.name}[{', '.join(map(str, tensor.access))}]"
