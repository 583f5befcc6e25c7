"""Operators of every kind, small enough to be run."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from hypothesis import strategies as st

from polymaestro.affine import Affine
from polymaestro.workload import catalog, einsum
from polymaestro.workload.operator import Operator

CONVOLUTIONS = ("conv2d", "depthwise_conv2d", "grouped_conv2d", "transposed_conv2d")
POOLS = ("max_pool2d", "average_pool2d")
PRODUCTS = ("gemm", "batched_gemm", "fully_connected", "lstm")
STATEMENTS = {
    "attention_scores": "S[b,i,j] += Q[b,i,d] * K[b,j,d]",
    "attention_values": "O[b,i,e] += P[b,i,j] * V[b,j,e]",
    "mttkrp": "D[i,j] += A[i,k,l] * B[k,j] * C[l,j]",
    "jacobi2d": "B[i,j] += A[i+u,j+v] * W[u,v]",
    "dilated_conv1d": "O[k,p] += I[c,2*p+3*r] * W[k,c,r]",
}
"""Operators without a name in the catalog, as einsum strings."""

DIAMOND = "1 <= u + v <= 3 and -1 <= u - v <= 1"
"""The five points of a Jacobi stencil in its 3 × 3 box."""

MASKS = ("j <= i", "j <= i + J - I", "i - j < 3", "j <= i and i - j < 2")
"""Causal attention, with as many queries as keys or with the last queries, and sliding windows."""

OPERATORS = (*PRODUCTS, *CONVOLUTIONS, *POOLS, *STATEMENTS)


@lru_cache(maxsize=64)  # building the strategies takes longer than drawing from them
def operators(*names: str) -> st.SearchStrategy[Operator]:
    """Draw an operator of at most 2592 MACs: of the given names, or of any in `OPERATORS`.

    Strides are 1 to 3 and dilations 1 to 2, for each axis on its own. Attention may have a mask, and any
    operator may have up to two conditions on its domain, which is never empty.
    """
    drawn = st.one_of(*(_operators(name) for name in names or OPERATORS))
    return st.one_of(drawn, drawn, drawn, drawn.flatmap(constrained))


@st.composite
def constrained(draw: st.DrawFn, operator: Operator) -> Operator:
    """Draw one or two more conditions a·x + b·y + c ≥ 0 that a drawn point of the domain meets."""
    variables = [dim.variable for dim in operator.dims if dim.extent.constant > 1]
    inside = {d.variable: draw(st.integers(0, d.extent.constant - 1)) for d in operator.dims}
    if not variables or any(each.evaluate(inside) < 0 for each in operator.conditions):
        return operator
    conditions = list(operator.constraints)
    for _ in range(draw(st.integers(1, 2))):
        chosen = draw(st.lists(st.sampled_from(variables), min_size=1, max_size=2, unique=True))
        slope = Affine.combine({name: draw(st.sampled_from([-2, -1, 1, 2])) for name in chosen})
        conditions.append(slope - slope.evaluate(inside) + draw(st.integers(0, 2)))
    return replace(operator, constraints=tuple(conditions))


def _operators(name: str) -> st.SearchStrategy[Operator]:
    if name in STATEMENTS:
        return _statements(name)
    axis = {"P": 4, "Q": 4, "R": 3, "S": 3}
    most = {
        "gemm": {"M": 12, "N": 12, "K": 12},
        "batched_gemm": {"B": 3, "M": 8, "N": 8, "K": 8},
        "fully_connected": {"N": 6, "K": 12, "C": 12},
        "lstm": {"N": 3, "G": 4, "K": 6, "C": 10},
        "conv2d": {"N": 2, "K": 3, "C": 3, **axis},
        "depthwise_conv2d": {"N": 2, "C": 4, **axis},
        "grouped_conv2d": {"N": 2, "G": 2, "K": 2, "C": 2, **axis},
        "transposed_conv2d": {"N": 2, "K": 3, "C": 3, "Y": 4, "X": 4, "R": 3, "S": 3},
        "max_pool2d": {"N": 2, "C": 4, **axis},
        "average_pool2d": {"N": 2, "C": 4, **axis},
    }
    window = {
        "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "dilation": st.tuples(st.integers(1, 2), st.integers(1, 2)),
    }
    options = window if name in CONVOLUTIONS + POOLS else {}
    return st.builds(getattr(catalog, name), **_extents(**most[name]), **options)


def _statements(name: str) -> st.SearchStrategy[Operator]:
    most = {
        "attention_scores": {"B": 2, "I": 9, "J": 9, "D": 6},
        "attention_values": {"B": 2, "I": 9, "J": 9, "E": 6},
        "mttkrp": {"I": 5, "J": 5, "K": 6, "L": 6},
        "jacobi2d": {"I": 9, "J": 9},
        "dilated_conv1d": {"K": 4, "P": 9, "C": 4, "R": 4},
    }
    where: st.SearchStrategy[str | tuple[str, ...]] = st.just(())
    fixed: dict[str, st.SearchStrategy[int]] = {}
    if name.startswith("attention"):
        where = st.just(()) | st.sampled_from(MASKS)
    elif name == "jacobi2d":
        where, fixed = st.just(DIAMOND), {"U": st.just(3), "V": st.just(3)}
    return st.builds(einsum, st.just(STATEMENTS[name]), where=where, **_extents(**most[name]), **fixed)


def _extents(**most: int) -> dict[str, st.SearchStrategy[int]]:
    return {name: st.integers(1, extent) for name, extent in most.items()}
