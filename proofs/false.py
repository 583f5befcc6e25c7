"""Plausible statements that are false, each with the counterexample that the prover finds.

They are here for two reasons: a prover that cannot refute would prove anything; and each is believed, or
built into cost models, often enough to be worth a number.
"""

from __future__ import annotations

from collections.abc import Iterator

from footprints import CONTEXT, rows
from published import FLOWS, analysed
from runtime import timed

import polymaestro as pm
from polymaestro.counting import Count, QuasiPolynomial
from polymaestro.counting.region import EVERYWHERE
from polymaestro.proving import Function, Proof, at_least, counts_points, decide, equal, statement
from polymaestro.proving.functions import points_of

TRUST = "nothing: a counterexample is checked by counting it"


def reads(text: str, tensor: str, num_pes: int = 4, **fixed: int) -> Function:
    """Give the reads of a tensor of a matrix product below L2."""
    analysis = pm.analyze(pm.gemm(**fixed), pm.parse_dataflow(text), num_pes)
    return Function.of(analysis["L2"][tensor].parent_reads)


@statement(trusts=TRUST, is_false=True)
def traffic_never_grows_when_a_tile_grows() -> Iterator[Proof]:
    """Tiles of 3 output rows read no more than tiles of 2.

    False for 4 rows: the edge tile of one row forgets.
    """
    operator = pm.conv2d(N=1, K=1, C=1, Q=1, R=3, S=1)
    moved = []
    for outputs in (2, 3):
        text = f"TemporalMap({outputs},{outputs}) Y'; TemporalMap(1,1) R; Cluster(1); SpatialMap(1,1) Y'"
        moved.append(Function.of(pm.analyze(operator, pm.parse_dataflow(text), 1)["L2"]["I"].parent_reads))
    yield at_least("tiles of 2 output rows read as much as tiles of 3", *moved)


@statement(trusts=TRUST, is_false=True)
def a_footprint_is_its_bounding_box() -> Iterator[Proof]:
    """|{σy + r}| = (t - 1)·σ + w.

    False where the filter is narrower than the stride.
    """
    outputs, taps = QuasiPolynomial.of("P"), QuasiPolynomial.of("R")
    box = Count(((EVERYWHERE, (outputs - 1) * 3 + taps),))
    yield counts_points("σ = 3", rows(3), box, CONTEXT)


@statement(trusts=TRUST, is_false=True)
def read_backs_are_bounded_by_early_writes() -> Iterator[Proof]:
    """Read-backs ≤ parent updates - final writes.

    False: a unit may fetch a sum while another holds it. Both fetches count, and one update may follow.
    """
    flow = pm.parse_dataflow(
        "TemporalMap(4,4) Y; TemporalMap(1,1) R; Cluster(2); SpatialMap(2,2) Y; TemporalMap(1,1) R;"
        "TemporalMap(1,1) X'"
    )
    operator = pm.depthwise_conv2d(N=1, C=1, P=1, R=3, S=1, stride=(2, 1))
    output = pm.analyze(operator, flow, 2)["cluster1"]["O"]
    early = Function.of(output.parent_updates) - Function.of(output.final_writes)
    yield at_least("one output row, three taps, two PEs", early, Function.of(output.read_backs))


@statement(trusts=TRUST, is_false=True)
def the_order_of_loops_decides_nothing_without_reuse() -> Iterator[Proof]:
    """Two orders of the same loops move the same inputs.

    False: only the innermost loops keep a tile.
    """
    texts = (
        "TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K",
        "TemporalMap(1,1) K; SpatialMap(1,1) M; TemporalMap(1,1) N",
    )
    yield equal("reads of A", *(reads(text, "A") for text in texts))


@statement(trusts=TRUST, is_false=True)
def clusters_that_hold_all_channels_share_no_inputs() -> Iterator[Proof]:
    """Multicast saves KC-P nothing where a cluster holds all of C.

    False with two filters: both need the inputs.
    """
    analysis = analysed("KC-P")
    forms = analysis["L2"]["I"]
    taken = Function.of(forms.fills).where("C <= 64")
    yield at_least("reads ≥ fills", Function.of(forms.parent_reads).where("C <= 64"), taken)


@statement(trusts=TRUST, is_false=True)
def square_tiles_are_best_whatever_the_matrix() -> Iterator[Proof]:
    """Of all tiles of 4 outputs 2 × 2 reads least, M·N·K·(1/a + 1/b) rounded up.

    False for one row of outputs.
    """
    symbols = ["M", "N", "n2", "m2", "n4"]
    sizes = ["(>= M 1)", "(>= N 1)", "(<= (* 2 n2) (+ N 1))", "(>= (* 2 n2) N)", "(<= (* 2 m2) (+ M 1))"]
    sizes += ["(>= (* 2 m2) M)", "(<= (* 4 n4) (+ N 3))", "(>= (* 4 n4) N)"]
    goal = "(<= (+ (* M n2) (* N m2)) (+ (* M n4) (* N M)))"
    yield decide("2 × 2 reads no more than 1 × 4", symbols, sizes, goal, integers=True)


@statement(trusts=TRUST, is_false=True)
def run_time_is_the_roofline() -> Iterator[Proof]:
    """A layer takes as long as its slowest resource.

    False with free links, where PEs idle; false with busy PEs, for what is filled and drained.
    """
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K")
    cases = {
        "links without limit": (pm.gemm(K=4), pm.Hardware(4)),
        "4 busy PEs, 1 word a cycle": (pm.gemm(M=4), pm.Hardware(4, noc_bw=1)),
    }
    for label, (operator, hardware) in cases.items():
        analysis = pm.analyze(operator, flow, 4)
        time, least = analysis.runtime(hardware), analysis.roofline(hardware)
        point = next(
            (p for p in points_of(analysis.relations.context) if time.at(**p) != least.at(**p)), None
        )
        note = f"{time.at(**point)} cycles against {least.at(**point)}" if point else "no point found"
        yield Proof(label, "polynomials", "false" if point else "unknown", point, note=note)


@statement(trusts=TRUST, is_false=True)
def steps_alone_move_all_words() -> Iterator[Proof]:
    """The egress of all steps is all egress.

    False: what the units hold at the end leaves after the last step.
    """
    for name in FLOWS:
        found = timed(name)
        for depth, way, bound in found.links():
            if way == "out":
                stepped = found.words(depth, way, end=False).get("O", found.constant(0))
                yield equal(f"{name} {bound.resource}", stepped, found.bounding(depth, way, bound)["O"])
