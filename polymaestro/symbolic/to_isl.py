"""Closed forms to isl: the text of a piecewise quasi-polynomial.

isl itself multiplies out the sum of products, chamber by chamber; the pieces are disjoint, none of them
outside the context, and where none is the value is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting import Count, QuasiPolynomial

Sum = Sequence[tuple[int, tuple[Count, ...]]]


def piecewise_text(sums: Sum, symbols: Sequence[str], context: isl.Set) -> str:
    """Write Σ sign · ∏ counts as isl reads it, in ``isl.PwQPolynomial`` or in its C library.

    >>> import polymaestro as pm
    >>> form = pm.analyze(pm.gemm(M=2), pm.parse_dataflow("SpatialMap(1,1) K;"), num_pes=4).macs
    >>> piecewise_text(form.sums, form.symbols, form.context)
    '[K, N] -> { 2 * K * N : K > 0 and N > 0 }'
    """
    head = f"[{', '.join(symbols)}] -> "
    known: dict[int, isl.PwQPolynomial] = {}

    def counted(count: Count) -> isl.PwQPolynomial:
        if id(count) not in known:
            pieces = (f"{_polynomial(value)} : {where.isl()}" for where, value in count.pieces)
            body = "; ".join(pieces)
            known[id(count)] = isl.PwQPolynomial(f"{head}{{ {body} }}").intersect_domain(context)
        return known[id(count)]

    total = isl.PwQPolynomial(f"{head}{{ 0 : false }}")
    for sign, counts in sums:
        one = isl.PwQPolynomial(f"{head}{{ {sign} }}").intersect_domain(context)
        total = total.add(reduce(isl.PwQPolynomial.mul, map(counted, counts), one))
    return str(total.coalesce())


def _polynomial(value: QuasiPolynomial) -> str:
    terms = []
    for monomial, factor in value.terms:
        powers = [Affine.of(atom).isl() for atom, power in monomial for _ in range(power)]
        terms.append(" * ".join([f"({factor})", *powers]))
    return " + ".join(terms) or "0"
