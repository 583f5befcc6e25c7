"""Footprints: how many input rows lie under t outputs and w filter rows, gaps included.

With stride σ the rows are {σy + r : 0 ≤ y < t, 0 ≤ r < w}. When the filter is narrower than the stride
there are gaps between windows, and the bounding box (t - 1)·σ + w, which is what most cost models take, is
too large. The right number is (t - 1)·min(σ, w) + w.

Why it matters: it is the size of every input tile and of every halo. Who relies on it: all counts of a
convolution's input. t and w are symbols here; σ is 1 to 4, because isl takes no product of two symbols.
"""

from __future__ import annotations

from collections.abc import Iterator

import islpy as isl

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region
from polymaestro.proving import Function, Proof, counts_points, disjoint, equal, equal_sets, statement

STRIDES = (1, 2, 3, 4)
CONTEXT = isl.Set("[P, R] -> { : P >= 1 and R >= 1 }").params()


def rows(stride: int) -> isl.Set:
    """Give the rows that a window of the library's own convolution touches."""
    index = pm.conv2d(stride=stride).tensor("I").access[2]
    return isl.Set(
        f"[P, R] -> {{ [y] : exists p, r : y = {index.isl()} and 0 <= p < P and 0 <= r < R }}"
    ).intersect_params(CONTEXT)


def formula(stride: int) -> Count:
    """(P - 1)·min(σ, R) + R, in its two cases."""
    outputs, taps = QuasiPolynomial.of("P"), QuasiPolynomial.of("R")
    wide = Region(((Condition(Affine.of("R") - stride),),))
    narrow = Region(((Condition(Affine.of(stride - 1) - "R"),),))
    return Count(((wide, (outputs - 1) * stride + taps), (narrow, (outputs - 1) * taps + taps)))


@statement(trusts="isl")
def a_footprint_is_a_row_of_boxes() -> Iterator[Proof]:
    """The rows under a strided window are disjoint boxes: min(σ, w) rows per output but the last, then w."""
    for stride in STRIDES:
        inner = isl.Set(
            f"[P, R] -> {{ [y] : exists p : 0 <= p < P - 1 and {stride}p <= y < {stride}p + R"
            f" and y < {stride}p + {stride} }}"
        ).intersect_params(CONTEXT)
        last = isl.Set(
            f"[P, R] -> {{ [y] : {stride}*(P - 1) <= y < {stride}*(P - 1) + R }}"
        ).intersect_params(CONTEXT)
        yield equal_sets(f"σ = {stride}: the boxes cover the footprint", rows(stride), inner.union(last))
        yield disjoint(f"σ = {stride}: no box overlaps another", [inner, last])


@statement(trusts="proofs/replay.py recounts; isl for the cells being all")
def a_footprint_has_gaps_counted() -> Iterator[Proof]:
    """|{σy + r}| = (t - 1)·min(σ, w) + w, for all t and w."""
    for stride in STRIDES:
        yield counts_points(f"σ = {stride}", rows(stride), formula(stride), CONTEXT)


@statement(trusts="isl, the counting engine (see a-footprint-has-gaps-counted for a way without)")
def the_library_counts_footprints_so() -> Iterator[Proof]:
    """A single PE that takes a whole convolution in one step receives N·C times one footprint per axis."""
    flow = pm.parse_dataflow("SpatialMap(Sz(K),Sz(K)) K")
    for stride in STRIDES:
        analysis = pm.analyze(pm.conv2d(stride=stride), flow, 1)
        context = analysis.relations.context
        down = Function(((1, (formula(stride),)),), context)
        along = Function(((1, (renamed(formula(stride)),)),), context)
        images = Function.polynomial("N", context) * Function.polynomial("C", context)
        fills = Function.of(analysis["L2"]["I"].fills)
        yield equal(f"σ = {stride}: fills = N·C·rows·columns", fills, images * down * along)


def renamed(count: Count) -> Count:
    """The same formula for columns: Q outputs and S taps."""
    names = {"P": Affine.of("Q"), "R": Affine.of("S")}
    pieces = []
    for region, value in count.pieces:
        conditions = (
            tuple(Condition(each.expression.substitute(names), each.equality) for each in piece)
            for piece in region.pieces
        )
        pieces.append((Region(tuple(conditions)), value.substitute(names)))
    return Count(tuple(pieces))
