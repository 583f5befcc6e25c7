"""Formulas of textbooks and papers against the exact counts: which hold, and which fail first where.

Each row says what is counted, under which dataflow, and where the formula comes from. The region of a
right formula is part of it: textbooks leave it out. Sources:

* Eyeriss: Y.-H. Chen, J. Emer, V. Sze, "Eyeriss: A Spatial Architecture for Energy-Efficient Dataflow for
  Convolutional Neural Networks", ISCA 2016: the taxonomy of stationary dataflows, and the row-stationary
  one, whose filter rows go across and whose input rows go up the diagonals of the array.
* MAESTRO: H. Kwon et al., "Understanding Reuse, Performance, and Hardware Cost of DNN Dataflows: A
  Data-Centric Approach", MICRO 2019: temporal and spatial multicast and reduction; Table 3's dataflows.
* SCALE-Sim: A. Samajdar et al., "A Systematic Methodology for Characterizing Scalability of DNN
  Accelerators using SCALE-Sim", ISPASS 2020: the folds of a matrix product on a systolic array.
* Tiling: the usual sum for a tiled loop nest, tiles times the bounding box of a tile, as in C. Zhang et
  al., "Optimizing FPGA-based Accelerator Design for Deep Convolutional Neural Networks", FPGA 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

import polymaestro as pm
from polymaestro.model import Ratio

FILTER = {"R": 3, "S": 3}
CHANNEL = {"N": 1, "K": 1, "C": 1}
ROWS = (
    "SpatialMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X; TemporalMap(Sz(R),Sz(R)) R; TemporalMap(Sz(S),Sz(S)) S;"
    "Cluster(Sz(R)); SpatialMap(1,1) Y; SpatialMap(1,1) R; TemporalMap(Sz(S),Sz(S)) S"
)
ANALYSES: Mapping[str, Callable[[], pm.Analysis]] = {
    # A grid of 4 × 3 PEs: filter rows across a cluster, output rows over the clusters.
    "row stationary": lambda: pm.analyze(pm.conv2d(**FILTER, **CHANNEL), pm.parse_dataflow(ROWS), 12),
    "row stationary, all channels": lambda: pm.analyze(pm.conv2d(**FILTER), pm.dataflows.yr_p(), 12),
    # 4 clusters of 64 PEs: output channels over the clusters, input channels inside.
    "weight stationary": lambda: pm.analyze(pm.conv2d(**FILTER), pm.dataflows.kc_p(), 256),
    # 8 × 8 PEs: output rows over the clusters, output columns inside; C is the innermost loop.
    "output stationary": lambda: pm.analyze(pm.conv2d(**FILTER), pm.dataflows.yx_p(), 64),
    "systolic, outputs stay": lambda: _gemm(
        "SpatialMap(1,1) M; TemporalMap(8,8) N; TemporalMap(1,1) K; Cluster(8); SpatialMap(1,1) N", 64
    ),
    "systolic, weights stay": lambda: _gemm(
        "SpatialMap(1,1) K; TemporalMap(8,8) N; TemporalMap(1,1) M; Cluster(8); SpatialMap(1,1) N", 64
    ),
    "dot products": lambda: _gemm("TemporalMap(1,1) M; TemporalMap(1,1) N; SpatialMap(1,1) K", 4),
    "tiled rows": lambda: _gemm("TemporalMap(4,4) N; SpatialMap(1,1) M", 4),
    "1x1, stride 2": lambda: _strided(1, 2, "SpatialMap(1,1) P; TemporalMap(1,1) Q"),
    "2x2, stride 3": lambda: _strided(2, 3, "SpatialMap(1,1) P"),
}

RIGHT = [
    # dataflow, quantity, formula, where it holds, source
    ("row stationary", "cluster1.W.fills", "9*Min(P, 4)", [], "Eyeriss: each PE keeps one filter row"),
    ("row stationary", "L2.W.parent_reads", "9", [], "Eyeriss: filter rows go across, read once"),
    (
        "row stationary",
        "L2.I.parent_reads",
        "(P + 2*ceil(P/4))*(Q + 2)",
        [],
        "Eyeriss: n output rows need n + R - 1 input rows, one diagonal each; so for each fold of 4",
    ),
    (
        "row stationary",
        "cluster1.O.parent_updates",
        "P*Q",
        [],
        "Eyeriss: partial sums add up along a column",
    ),
    (
        "row stationary, all channels",
        "L2.I.parent_reads",
        "C*N*ceil(K/2)*(P + 2*ceil(P/4))*(Q + 2)",
        ["Q >= 4"],
        "Eyeriss: the same for every pair of filters, since K is outside",
    ),
    (
        "row stationary, all channels",
        "steps",
        "Q*ceil(C/2)*ceil(K/2)*ceil(P/4)",
        ["N = 1"],
        "Eyeriss: folds",
    ),
    ("weight stationary", "L2.W.parent_reads", "R*S*C*K", [], "MAESTRO, KC-P: each weight is sent once"),
    (
        "weight stationary",
        "L2.O.parent_updates",
        "N*K*P*Q*ceil(C/64)",
        ["P + Q >= 3"],
        "MAESTRO, KC-P: spatial reduction over 64 channels, one partial sum for each 64",
    ),
    (
        "weight stationary",
        "L2.O.read_backs",
        "N*K*P*Q*(ceil(C/64) - 1)",
        ["P + Q >= 3"],
        "MAESTRO, KC-P: all but the first partial sums come back",
    ),
    (
        "weight stationary",
        "L2.I.parent_reads",
        "N*C*R*P*(Q + S - 1)*ceil(K/4)",
        ["Q >= 4"],
        "MAESTRO, KC-P: multicast to 4 clusters, sliding reuse along a row",
    ),
    ("output stationary", "L2.O.parent_updates", "N*K*P*Q", [], "Eyeriss: sums never leave a PE unfinished"),
    (
        "output stationary",
        "L2.I.parent_reads",
        "N*K*C*(P + (R-1)*ceil(P/8))*(Q + (S-1)*ceil(Q/8))",
        ["C >= 2"],
        "MAESTRO, YX-P: a halo for each fold in both directions, again for each output channel",
    ),
    (
        "output stationary",
        "L2.W.parent_reads",
        "R*S*C*K*ceil(P/8)*ceil(Q/8)",
        ["C >= 2"],
        "MAESTRO, YX-P: weights again for every fold of the image",
    ),
    ("systolic, outputs stay", "L2.A.parent_reads", "M*K*ceil(N/8)", ["K >= 2"], "SCALE-Sim: column folds"),
    ("systolic, outputs stay", "L2.B.parent_reads", "K*N*ceil(M/8)", ["K >= 2"], "SCALE-Sim: row folds"),
    ("systolic, outputs stay", "steps", "K*ceil(M/8)*ceil(N/8)", [], "SCALE-Sim: K steps for each fold"),
    ("systolic, weights stay", "L2.B.parent_reads", "K*N", [], "SCALE-Sim: weights once"),
    ("systolic, weights stay", "L2.A.parent_reads", "M*K*ceil(N/8)", ["M >= 2"], "SCALE-Sim: column folds"),
    ("systolic, weights stay", "L2.Z.parent_updates", "M*N*ceil(K/8)", ["M >= 2"], "SCALE-Sim: row folds"),
    ("dot products", "L2.Z.parent_updates", "M*N", [], "MAESTRO: spatial, then temporal reduction"),
    ("dot products", "L2.Z.drains", "M*N*Min(K, 4)", [], "MAESTRO: one partial sum from each active PE"),
    ("1x1, stride 2", "L2.I.parent_reads", "P*Q", [], "counted by hand: no window meets its neighbour"),
    (
        "2x2, stride 3",
        "L2.I.parent_reads",
        "(2*P)*(2*Q)",
        [],
        "counted by hand: a row between windows unread",
    ),
]

WRONG: list[tuple[Any, ...]] = [
    # dataflow, quantity, formula, what it forgets, smallest point where it fails (in a region), count and
    # formula there
    (
        "2x2, stride 3",
        "L2.I.parent_reads",
        "(3*(P - 1) + 2)*(3*(Q - 1) + 2)",
        "Tiling: the bounding box (t - 1)·σ + w counts the gaps of a stride that is wider than the window",
        {"P": 1, "Q": 2},
        (8, 10),
    ),
    (
        "1x1, stride 2",
        "L2.I.parent_reads",
        "(2*P - 1)*(2*Q - 1)",
        "Tiling: the input of a 1 × 1 layer with stride 2 is not read whole",
        {"P": 1, "Q": 2},
        (2, 3),
    ),
    (
        "output stationary",
        "L2.I.parent_reads",
        "N*K*C*(P + R - 1)*(Q + S - 1)",
        "the halo between folds of the image: the input is not read once for each output channel",
        {"C": 2, "K": 1, "N": 1, "P": 1, "Q": 9},
        (78, 66),
        "C >= 2",
    ),
    (
        "output stationary",
        "L2.I.parent_reads",
        "N*K*C*P*Q",
        "any halo: a tile of outputs as large as its inputs",
        {"C": 1, "K": 1, "N": 1, "P": 1, "Q": 1},
        (9, 1),
    ),
    (
        "output stationary",
        "L2.W.parent_reads",
        "R*S*C*K",
        "re-reads: the loop over folds of the image does not index W, but it is outside C",
        {"C": 2, "K": 1, "N": 1, "P": 1, "Q": 9},
        (36, 18),
    ),
    (
        "weight stationary",
        "L2.W.parent_reads",
        "R*S*K*64*ceil(C/64)",
        "edge tiles: ⌈C/64⌉·64 counts the last tile as full",
        {"C": 1, "K": 1, "N": 1, "P": 1, "Q": 1},
        (9, 576),
    ),
    (
        "weight stationary",
        "L2.I.parent_reads",
        "N*C*R*P*(Q + S - 1)*K/4",
        "edge tiles: the last of ⌈K/4⌉ folds may be partly idle, but it is sent",
        {"C": 1, "K": 1, "N": 1, "P": 1, "Q": 1},
        (9, "9/4"),
    ),
    (
        "weight stationary",
        "L2.I.parent_reads",
        "N*C*R*P*(Q + S - 1)*ceil(K/4)",
        "the region: with 3 columns or fewer a wrapping sweep still holds some of the next row",
        {"C": 1, "K": 1, "N": 1, "P": 2, "Q": 1},
        (12, 18),
    ),
    (
        "weight stationary",
        "L2.O.parent_updates",
        "N*K*P*Q*C",
        "reduction: the adder tree of a cluster sends one sum for 64 channels",
        {"C": 2, "K": 1, "N": 1, "P": 1, "Q": 1},
        (1, 2),
    ),
    (
        "dot products",
        "L2.Z.parent_updates",
        "M*N*ceil(K/4)",
        "temporal reduction, as the MAESTRO tool does: consecutive folds of K add up in place",
        {"K": 5, "M": 1, "N": 1},
        (1, 2),
    ),
    (
        "row stationary",
        "L2.I.parent_reads",
        "R*P*(Q + S - 1)",
        "diagonal multicast: R·P rows reach the PEs, but neighbours share theirs",
        {"P": 2, "Q": 1},
        (12, 18),
    ),
    (
        "row stationary",
        "L2.I.parent_reads",
        "(P + R - 1)*(Q + S - 1)",
        "folds: rows that two folds share are read twice",
        {"P": 5, "Q": 1},
        (27, 21),
    ),
    (
        "tiled rows",
        "L2.A.parent_reads",
        "M*K",
        # The fifth row replaces the first, again and again; the idle units keep theirs.
        "re-reads: N advances outside, does not index A, and A went by in between",
        {"K": 1, "M": 5, "N": 5},
        (7, 5),
    ),
    (
        "systolic, outputs stay",
        "L2.A.parent_reads",
        "M*K*ceil(N/8)",
        "the region: with K = 1 the column of A stays in place",
        {"K": 1, "M": 1, "N": 9},
        (1, 2),
    ),
]


def _gemm(flow: str, pes: int) -> pm.Analysis:
    return pm.analyze(pm.gemm(), pm.parse_dataflow(flow), pes)


def _strided(taps: int, stride: int, flow: str) -> pm.Analysis:
    operator = pm.conv2d(R=taps, S=taps, stride=stride, **CHANNEL)
    return pm.analyze(operator, pm.parse_dataflow(flow), 4)


@cache
def analysis(name: str) -> pm.Analysis:
    return ANALYSES[name]()


def form(name: str, quantity: str) -> pm.ClosedForm:
    found = analysis(name)
    return found.steps if quantity == "steps" else dict(found.forms.named())[quantity]


def with_taps(formula: str) -> str:
    """Write the 3-tap filters of the analyses as numbers."""
    return formula.replace("R", "3").replace("S", "3")


@pytest.mark.parametrize(
    ("name", "quantity", "formula", "where", "source"), RIGHT, ids=[f"{row[0]}: {row[1]}" for row in RIGHT]
)
def test_what_textbooks_have_right_is_proved(
    name: str, quantity: str, formula: str, where: list[str], source: str
) -> None:
    verdict = pm.check_equation(form(name, quantity), with_taps(formula), assuming=where)
    assert verdict.equal is True, f"{source}\n{verdict}"
    assert verdict.how.startswith("proved: the difference is 0 in ")


@pytest.mark.parametrize("row", WRONG, ids=[row[3].split(":")[0] for row in WRONG])
def test_what_simplifications_forget_is_refuted(row: tuple[Any, ...]) -> None:
    name, quantity, formula, forgets, point, values, *where = row
    verdict = pm.check_equation(form(name, quantity), with_taps(formula), assuming=where)
    assert verdict.equal is False, forgets
    found = verdict.counterexample
    assert found is not None
    assert found.smallest
    assert (found.point, found.ours, str(found.theirs)) == (point, values[0], str(values[1]))
    # The count is not only ours: the loop nest, run in plain Python, has it too.
    memory, tensor, counted = quantity.split(".")
    original = analysis(name)
    units = original.loop_nest.pes_at(point)
    seen = pm.interpret(original.operator.with_extents(point), original.dataflow, units)
    level = ("L2", "cluster1").index(memory)
    assert seen.boundaries[level].tensors[tensor][counted] == found.ours


def test_a_reuse_factor_is_checked_as_the_quotient_it_is() -> None:
    spatial: Ratio = analysis("weight stationary").reuse("L2", "I").spatial
    assert pm.check_equation(spatial, 4, assuming=["K % 4 = 0"]).equal
    verdict = pm.check_equation(spatial, "Min(K, 4)")
    assert verdict.counterexample is not None
    assert verdict.counterexample.point == {"C": 1, "K": 5, "N": 1, "P": 1, "Q": 2}
