"""Operators written as einsum strings with affine indices: ``O[n,p] += I[n,2*p+r] * W[r]``.

    statement := tensor ('=' | '+=') tensor { '*' tensor }       the output first
    tensor    := NAME '[' index { ',' index } ']'
    index     := ['-'] term { ('+' | '-') term }
    term      := INT | [INT '*'] variable                        a variable is lower case

Indices are affine, so convolutions, strides and dilations can be written as they are.
"""

from __future__ import annotations

import re
from typing import Literal, NoReturn

from polymaestro.affine import Affine, Extremum, Floor
from polymaestro.errors import Place, WorkloadError, did_you_mean
from polymaestro.workload.operator import Dim, Operator, Tensor

WORD = re.compile(
    r"\s*+(?P<word>[A-Za-z_][A-Za-z0-9_]*+|[0-9]{1,4000}+(?![A-Za-z0-9_.])|\+=|[-+*=,\[\]]|\S|\Z)"
)
NAME = re.compile(r"[A-Za-z_]")


def einsum(statement: str, **extents: int | str) -> Operator:
    """Build the operator of an einsum string; the dimension of variable ``m`` is ``M``.

    Extents are symbols of the name of their dimension until an argument fixes them. Dimensions come
    in the order of their first use, those of the output first.

    Raises `WorkloadError` with a caret under what does not read.

    >>> print(einsum("Z[m,n] += A[m,k] * B[k,n]", K=16))
    einsum: Z[m, n] += A[m, k] · B[k, n]
      M = M, N = N, K = 16
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
    return Operator("einsum", tuple(Dim(d, Affine.of(extents.get(d, d))) for d in dims), tensors)


class _Reader:
    """Recursive descent with one token of lookahead; `variables` keeps the order of first use."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: dict[str, None] = {}
        self.word, self.start, self.stop = "", 0, 0
        self.advance()

    def statement(self) -> tuple[Tensor, ...]:
        output = self.tensor("output")
        if self.word not in ("=", "+="):
            self.expected("'+=' after the output")
        self.advance()
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
        sign = self.advance() if self.word == "-" else "+"
        total: dict[str | Floor | Extremum, int] = {}
        constant = 0
        while True:
            variable, factor = self.term()
            factor = -factor if sign == "-" else factor
            if variable:
                total[variable] = total.get(variable, 0) + factor
            else:
                constant += factor
            if self.word not in ("+", "-"):
                return Affine.combine(total, constant)
            sign = self.advance()

    def term(self) -> tuple[str, int]:
        factor = 1
        if self.word.isascii() and self.word.isdigit():
            factor = int(self.advance())
            if self.word != "*":
                return "", factor
            self.advance()
        if not NAME.match(self.word):
            self.expected("an index: a lower-case variable or a number")
        if self.word != self.word.lower():
            self.fail(f"index {self.word!r} must be lower case: {self.word.lower()!r}", self.start)
        if self.word.upper() == self.word:
            self.fail(f"index {self.word!r} needs a letter", self.start)
        variable = self.advance()
        self.variables.setdefault(variable)
        return variable, factor

    def advance(self) -> str:
        taken = self.word
        found = WORD.match(self.text, self.stop)
        self.word = found["word"] if found else ""
        self.start, self.stop = found.span("word") if found else (len(self.text), len(self.text))
        return taken

    def expected(self, meaning: str) -> NoReturn:
        found = repr(self.word[:60]) if self.word else "the end"
        self.fail(f"expected {meaning}, found {found}", self.start)

    def fail(self, message: str, start: int) -> NoReturn:
        line = self.text.replace("\n", " ").replace("\r", " ")
        raise WorkloadError(message + Place("einsum", 1, start + 1, line).excerpt())
