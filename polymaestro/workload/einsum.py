"""Operators written as einsum strings with affine indices: ``O[n,p] += I[n,2*p+r] * W[r]``.

    statement := tensor ('=' | '+=' | 'max=') tensor { '*' tensor }       the output first
    tensor    := NAME '[' expression { ',' expression } ']'
    (`reading` has expressions; a variable in them is lower case, `conditions` what `where` may say)

Indices are affine, so convolutions, strides and dilations can be written as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from polymaestro.affine import Affine
from polymaestro.errors import WorkloadError, did_you_mean
from polymaestro.workload.conditions import read_conditions
from polymaestro.workload.operator import REDUCTIONS, Dim, Operator, Tensor
from polymaestro.workload.reading import NAME, Reader


def einsum(statement: str, *, where: str | Sequence[str] = (), **extents: int | str) -> Operator:
    """Build the operator of an einsum string; the dimension of variable ``m`` is ``M``.

    Extents are symbols of the name of their dimension until an argument fixes them. Dimensions come
    in the order of their first use, those of the output first. `where` holds conditions on the variables,
    joined by "and" or in a sequence; points that do not meet all of them are not part of the operator.

    Raises `WorkloadError` with a caret under what does not read.

    >>> print(einsum("Z[m,n] += A[m,k] * B[k,n]", K=16))
    einsum: Z[m, n] += A[m, k] · B[k, n]
      M = M, N = N, K = 16
    >>> print(einsum("S[i,j] += Q[i,d] * K[j,d]", where="j <= i", D=64))
    einsum: S[i, j] += Q[i, d] · K[j, d] where i ≥ j
      I = I, J = J, D = 64
    >>> str(einsum("O[p] += I[2*p + r] * W[r]").tensor("I").access[0])
    '2·p + r'
    """
    reader = _Reader(statement)
    tensors = reader.statement()
    dims = [variable.upper() for variable in reader.variables]
    for name in extents:
        if name not in dims:
            message = f"this einsum has no dimension {name!r}"
            raise WorkloadError(message + did_you_mean(name, dims))
    sized = tuple(Dim(d, Affine.of(extents.get(d, d))) for d in dims)
    constraints = read_conditions(where, reader.variables)
    return Operator("einsum", sized, tensors, constraints=constraints, reduction=reader.reduction)


class _Reader(Reader):
    """Reads one statement; `variables` keeps the order of first use."""

    def __init__(self, text: str) -> None:
        self.variables: dict[str, None] = {}
        self.reduction: Literal["sum", "max"] = "sum"
        super().__init__(text, "einsum")

    def statement(self) -> tuple[Tensor, ...]:
        output = self.tensor("output")
        if self.word not in ("=", *REDUCTIONS.values()):
            self.expected("'+=' or 'max=' after the output")
        if self.advance() == "max=":
            self.reduction = "max"
        tensors = [output, self.input([output])]
        while self.word == "*":
            self.advance()
            tensors.append(self.input(tensors))
        if self.word:
            self.expected("'*' and one more input, or the end")
        return (*tensors[1:], output)

    def input(self, before: list[Tensor]) -> Tensor:
        start = self.start
        tensor = self.tensor("input")
        if tensor.name in [other.name for other in before]:
            self.fail(f"tensor {tensor.name!r} appears twice; give each operand a name of its own", start)
        return tensor

    def tensor(self, role: Literal["input", "output"]) -> Tensor:
        if not NAME.match(self.word):
            self.expected(f"the name of an {role} tensor")
        name = self.advance()
        access = [self.index("[")]
        while self.word == ",":
            access.append(self.index(","))
        if self.word != "]":
            self.expected("',' or ']'")
        self.advance()
        return Tensor(name, role, tuple(access))

    def index(self, before: str) -> Affine:
        if self.word != before:
            self.expected(repr(before))
        self.advance()
        return self.expression("an index: a lower-case variable or a number")

    def name(self, name: str, start: int) -> None:
        if name != name.lower():
            self.fail(f"index {name!r} must be lower case: {name.lower()!r}", start)
        if name.upper() == name:
            self.fail(f"index {name!r} needs a letter", start)
        self.variables.setdefault(name)
