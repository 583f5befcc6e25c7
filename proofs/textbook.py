"""Formulas that textbooks and papers state, derived again and proved for all extents.

* Which tensor each published dataflow keeps in place, multicasts or reduces: H. Kwon et al., "Understanding
  Reuse, Performance, and Hardware Cost of DNN Dataflows", MICRO 2019, §III.
* Row-stationary reuse: Y.-H. Chen, J. Emer, V. Sze, "Eyeriss: A Spatial Architecture for Energy-Efficient
  Dataflow for Convolutional Neural Networks", ISCA 2016, §IV: in a set of R × E PEs a filter row is shared
  by E PEs, a partial-sum row is added up over R, an input row serves up to R PEs along a diagonal.
* Folds of an output-stationary systolic array: A. Samajdar et al., "SCALE-Sim", ISPASS 2020, §III.
* The best tile of a matrix product is a square: the optimum of Hong and Kung, "I/O complexity: The
  red-blue pebble game", STOC 1981, for one level of tiles with the reduction inside.
"""

from __future__ import annotations

from collections.abc import Iterator

from published import analysed

import polymaestro as pm
from polymaestro.affine import Affine, ceil_div
from polymaestro.proving import Function, Proof, at_least, decide, equal, statement

TRUST = "isl, the counting engine"


def product(analysis: pm.Analysis, *factors: Affine | str | int) -> Function:
    """Multiply expressions out as one function."""
    total = Function.polynomial(1, analysis.relations.context)
    for factor in factors:
        total = total * Function.polynomial(factor, analysis.relations.context)
    return total


@statement(trusts=TRUST)
def what_each_dataflow_keeps_shares_and_reduces() -> Iterator[Proof]:
    """The reuse that the published dataflows are known for, as equations between counts."""
    kc, c, x, yx, yr = (analysed(name) for name in ("KC-P", "C-P", "X-P", "YX-P", "YR-P"))
    pes, below = kc["cluster1"], kc["L2"]

    def claim(text: str, left: pm.ClosedForm, right: Function) -> Proof:
        return equal(text, Function.of(left), right)

    weights = product(kc, "K", "C", "R", "S")
    yield claim("KC-P is weight-stationary: a PE receives its filter once", pes["W"].fills, weights)
    yield claim("KC-P: no filter is in two PEs", below["W"].parent_reads, weights)
    yield claim(
        "KC-P reduces over C in space: one update per cluster of 64 channels",
        pes["O"].parent_updates,
        product(kc, "N", "K", "P", "Q", ceil_div(Affine.of("C"), 64)).where("P + Q >= 3"),
    )
    yield claim(
        "C-P reduces all of C in space: no partial sum leaves the array",
        c["L2"]["O"].parent_updates,
        product(c, "N", "K", "P", "Q"),
    )
    yield claim(
        "X-P multicasts the filter to every PE", x["L2"]["W"].parent_reads, product(x, "K", "C", "R", "S")
    )
    for memory in ("L2", "cluster1"):
        done = product(yx, "N", "K", "P", "Q")
        yield claim(f"YX-P is output-stationary at {memory}", yx[memory]["O"].drains, done)
    rows = yr["cluster1"]["O"]
    reduced = (Function.of(rows.parent_updates) * product(yr, "R")).where("R <= 64")
    yield equal("YR-P adds each output row up over R ≤ 64 PEs", Function.of(rows.drains), reduced)


@statement(trusts=TRUST)
def row_stationary_reuse() -> Iterator[Proof]:
    """In a set of R × E PEs a filter row serves E PEs, a sum joins R PEs, an input row goes diagonally."""
    flow = (
        "SpatialMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X; Cluster(Sz(R)); SpatialMap(1,1) Y; SpatialMap(1,1) R"
    )
    for taps, height in ((3, 14), (5, 28), (11, 55)):
        operator = pm.conv2d(N=1, K=1, C=1, R=taps, P=height)
        analysis = pm.analyze(operator, pm.parse_dataflow(flow), taps * height)
        inner, outer = analysis["cluster1"], analysis["L2"]
        label = f"R = {taps}, E = {height}"
        width = Affine.of("Q") + "S" - 1
        filters = Function.of(outer["W"].parent_reads) * product(analysis, height)
        yield equal(f"{label}: a filter row serves E PEs", Function.of(inner["W"].fills), filters)
        sums = Function.of(inner["O"].parent_updates) * product(analysis, taps)
        yield equal(f"{label}: R partial sums join into one", Function.of(inner["O"].drains), sums)
        once = product(analysis, height + taps - 1, width)
        yield equal(f"{label}: an input row is read once", Function.of(outer["I"].parent_reads), once)
        all_pes = product(analysis, height * taps, width)
        yield equal(
            f"{label}: and fills R·E PEs on E + R - 1 diagonals", Function.of(inner["I"].fills), all_pes
        )


@statement(trusts=TRUST)
def systolic_folds() -> Iterator[Proof]:
    """An output-stationary R × C array works K steps for each of its ⌈M/R⌉·⌈N/C⌉ folds."""
    for rows, columns in ((2, 3), (8, 8), (16, 4), (128, 128)):
        flow = pm.parse_dataflow(
            f"SpatialMap(1,1) M; TemporalMap({columns},{columns}) N; TemporalMap(1,1) K;"
            f"Cluster({columns}); SpatialMap(1,1) N"
        )
        analysis = pm.analyze(pm.gemm(), flow, rows * columns)
        folds = product(analysis, ceil_div(Affine.of("M"), rows), ceil_div(Affine.of("N"), columns), "K")
        yield equal(f"{rows} × {columns}: K·folds steps", Function.of(analysis.steps), folds)


@statement(trusts=TRUST + "; z3")
def square_tiles_are_best() -> Iterator[Proof]:
    """Tiles of a × b outputs read M·N·K·(1/a + 1/b) operands, least for a = b = √S where a·b ≤ S."""
    for height, width in ((1, 1), (2, 3), (4, 4), (8, 2)):
        flow = pm.parse_dataflow(
            f"TemporalMap({height},{height}) M; TemporalMap({width},{width}) N; TemporalMap(1,1) K;"
            "Cluster(1); SpatialMap(1,1) M; TemporalMap(1,1) N"
        )
        analysis = pm.analyze(pm.gemm(), flow, 1, assuming=["K >= 2"])
        reads = Function.of(analysis["L2"]["A"].parent_reads), Function.of(analysis["L2"]["B"].parent_reads)
        yield equal(
            f"{height} × {width}: M·K·⌈N/{width}⌉ + N·K·⌈M/{height}⌉ operands",
            reads[0] + reads[1],
            product(analysis, "M", "K", ceil_div(Affine.of("N"), width))
            + product(analysis, "N", "K", ceil_div(Affine.of("M"), height)),
        )
    symbols = ["a", "b", "S", "r"]
    assumed = ["(> a 0)", "(> b 0)", "(> r 0)", "(= S (* r r))", "(<= (* a b) S)"]
    # 1/a + 1/b ≥ 2/√S, multiplied by a·b·r
    yield decide("1/a + 1/b ≥ 2/√S for a·b ≤ S", symbols, assumed, "(>= (* r (+ a b)) (* 2 a b))")
    equality = [*assumed, "(= (* r (+ a b)) (* 2 a b))"]
    yield decide("equality only for a = b = √S", symbols, equality, "(and (= a b) (= a r))")


@statement(trusts=TRUST)
def smaller_tiles_that_divide_read_more() -> Iterator[Proof]:
    """Doubling a tile of rows never adds reads of a matrix product, edge tiles or not."""
    for height in (1, 2, 3, 4):
        moved = []
        for size in (height, 2 * height):
            flow = pm.parse_dataflow(f"TemporalMap({size},{size}) M; TemporalMap(1,1) N; SpatialMap(1,1) K")
            moved.append(pm.analyze(pm.gemm(), flow, 4)["L2"]["B"].parent_reads)
        yield at_least(f"tiles of {height} and {2 * height} rows", *map(Function.of, moved))
