"""Operators: named dimensions with extents, tensors with affine accesses, windows, conditions.

An operator says WHAT is computed. One point of its iteration domain is one
multiply-accumulate (MAC). Each dimension, called by an upper-case name, has a loop variable of the
same name in lower case: extent ``K``, variable ``k``. The domain is the box of all extents, or the part
of it where conditions hold, as j ≤ i in causal attention.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from polymaestro.affine import Affine, comparison, settle_integers
from polymaestro.errors import WorkloadError, did_you_mean
from polymaestro.names import RESERVED, no_symbol
from polymaestro.showing import Shown

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
REDUCTIONS = {"sum": "+=", "max": "max="}


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
        if self.variable in RESERVED:
            message = f"{self.name!r} is no dimension name: {self.variable!r} is a word of the notation"
            raise WorkloadError(message)
        for name in sorted(self.extent.names()):
            reason = no_symbol(name)
            if reason:
                message = f"extent of {self.name!r}: {reason}"
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

    The names are those of a convolution: outputs and taps are loop dimensions, the input coordinate
    (MAESTRO's Y or X) is none, but directives may name it all the same. A transposed convolution loops
    over its inputs and scatters: there Y is the `output` of the window and P, the rows that it writes, its
    `input`. What is said of input rows and outputs holds with the roles swapped.
    """

    input: str
    output: str
    filter: str
    stride: int = 1
    dilation: int = 1

    def __post_init__(self) -> None:
        """Refuse strides and dilations below 1."""
        settle_integers(self)
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


@dataclass(frozen=True, repr=False)
class Operator(Shown):
    """What is computed: dimensions, tensors (exactly one output), windows, conditions, the reduction.

    Each of `constraints` is an expression that is ≥ 0 on the iteration domain; an upper-case name in it
    is the extent of that dimension. `reduction` is what becomes of the products that meet in one output.

    Raises `WorkloadError` when names clash, an access or a condition uses an unknown name, or a condition
    holds nowhere.

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
    constraints: tuple[Affine, ...] = ()
    reduction: Literal["sum", "max"] = "sum"

    def __post_init__(self) -> None:
        """Check that every name is unique and known, and that each condition can hold."""
        self._check_accesses()
        for constraint in self.constraints:
            self._check_constraint(constraint)
        if self.reduction not in REDUCTIONS:
            message = f"unknown reduction {self.reduction!r}"
            raise WorkloadError(message + did_you_mean(str(self.reduction), REDUCTIONS))

    def _check_accesses(self) -> None:
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

    def _check_constraint(self, constraint: Affine) -> None:
        variables = [dim.variable for dim in self.dims]
        known = [*variables, *(dim.name for dim in self.dims)]
        for name in sorted(constraint.names() - set(known)):
            message = f"the condition {comparison(constraint)} uses unknown name {name!r}"
            raise WorkloadError(message + did_you_mean(name, known))
        if not constraint.names() & set(variables):
            message = f"the condition {comparison(constraint)} uses no loop variable, so it chooses no points"
            raise WorkloadError(message)
        condition = constraint.substitute(self._extents)
        greatest = _greatest(condition, {d.variable: d.extent for d in self.dims})
        if greatest is not None and greatest < 0:
            message = f"{self.name} has an empty domain: {comparison(condition)} never holds"
            raise WorkloadError(message)

    @property
    def _extents(self) -> dict[str, Affine]:
        return {dim.name: dim.extent for dim in self.dims}

    @cached_property
    def conditions(self) -> tuple[Affine, ...]:
        """The `constraints` over loop variables and the symbols of extents."""
        return tuple(each.substitute(self._extents) for each in self.constraints)

    @cached_property
    def primes(self) -> dict[str, str]:
        """The output coordinates as MAESTRO calls them: Y' is what the input rows Y become."""
        gathered = {f"{w.input}'": w.output for w in self.windows if not self.scatters(w)}
        return gathered | {f"{w.output}'": w.input for w in self.windows if self.scatters(w)}

    def scatters(self, window: Window) -> bool:
        """Whether a window is over what is written, as in a transposed convolution."""
        return window.coordinate() in self.output.access

    def window_over(self, dim: str) -> Window | None:
        """Give the window whose input coordinate that is; None for a loop dimension."""
        return next((window for window in self.windows if window.input == dim), None)

    def extent(self, dim: str) -> Affine:
        """Give the extent of a dimension, or of the input coordinate of a window.

        Raises `WorkloadError` for an unknown dimension.
        """
        window = self.window_over(dim)
        if window is not None:
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
        """Give the tensor of that name.

        Raises `WorkloadError` for an unknown name.
        """
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

    @property
    def filters(self) -> tuple[str, ...]:
        """The filter dimensions of all windows."""
        return tuple(window.filter for window in self.windows)

    @property
    def filter_symbols(self) -> tuple[str, ...]:
        """The symbols in the extents of filters, sorted: what stays small while all else grows."""
        return tuple(sorted(name for dim in self.filters for name in self.extent(dim).names()))

    def with_extents(self, extents: Mapping[str, int | str | Affine]) -> Operator:
        """Give the same operator with other extents; names that are not given keep theirs.

        Raises `WorkloadError` for an unknown dimension.

        >>> import polymaestro as pm
        >>> print(pm.gemm().with_extents({"M": 4, "N": "rows"}))
        gemm: Z[m, n] += A[m, k] · B[k, n]
          M = 4, N = rows, K = K
        """
        for name in extents:
            if name not in {dim.name for dim in self.dims}:
                message = f"{self.name} has no dimension {name!r}"
                raise WorkloadError(message + did_you_mean(name, [d.name for d in self.dims]))
        dims = tuple(
            Dim(d.name, Affine.of(extents[d.name]) if d.name in extents else d.extent) for d in self.dims
        )
        return replace(self, dims=dims)

    def __str__(self) -> str:
        """Print the computation, the conditions on its domain, and the extents."""
        sizes = ", ".join(f"{d.name} = {d.extent}" for d in self.dims)
        where = f" where {self.domain}" if self.constraints else ""
        return f"{self.name}: {self.statement}{where}\n  {sizes}"

    @property
    def statement(self) -> str:
        """What is done at one point of the domain, as text."""
        reads = " · ".join(_indexed(t) for t in self.tensors if t.role == "input")
        return f"{_indexed(self.output)} {REDUCTIONS[self.reduction]} {reads}"

    @property
    def domain(self) -> str:
        """The conditions on the domain, as text; empty where the domain is the whole box."""
        return " and ".join(map(comparison, self.conditions))


def _indexed(tensor: Tensor) -> str:
    return f"{tensor.name}[{', '.join(map(str, tensor.access))}]"


def _greatest(expression: Affine, extents: Mapping[str, Affine]) -> int | None:
    """Give a bound that an expression does not exceed on the box; None where a symbol decides."""
    total = expression.constant
    for atom, factor in expression.terms:
        if not isinstance(atom, str) or atom not in extents:
            return None
        if factor > 0:
            if not extents[atom].is_constant:
                return None
            total += factor * (extents[atom].constant - 1)
    return total
