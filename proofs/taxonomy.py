"""MAESTRO's taxonomy of reuse, derived: for which extents each dataflow reuses what, and for which not.

H. Kwon et al., "Understanding Reuse, Performance, and Hardware Cost of DNN Dataflows", MICRO 2019, §III,
sorts reuse by two questions: over time or over space, and of data that are sent (multicast, inputs and
weights) or of sums that are collected (reduction, outputs). At a boundary, with Σ|A| the tiles of all units
and steps,

    over time    Σ|A| / fills             Σ|A| / drains
    over space   fills / parent reads     drains / parent updates

and a factor of 1 means that there is none. Σ|A| - fills is the number of elements that a unit uses and held
before, and fills exceed parent reads where two units of one parent get the same element at one step; so there
is reuse exactly for those extents for which there is such an element, a question that isl answers. `NONE`
says for each published dataflow on 256 PEs, boundary and tensor when there is no reuse: ``true`` is never
any, anything else is the condition on the extents, exact in both directions. N never matters.

MAESTRO's repository names files after what the dataflows keep in place (data/mapping: ..._nlr.m with the
directives of C-P, _xp_ws.m, _yxp_os.m, _rs.m, _kcp_ws.m: no local reuse, weight-, output-, row-, and weight-
stationary; the wording of the paper's own Table 3 was not at hand). With large extents the table agrees:

======= ============= ============================ ===========================================
flow    said to be    kept over time               shared, or added up, over space
======= ============= ============================ ===========================================
C-P     no local      outputs, between folds of C  outputs added up over all PEs; no multicast
X-P     weight        weights                      weights to all PEs, columns of inputs
YX-P    output        outputs                      weights to all PEs, halos of inputs
YR-P    row           weights, columns of inputs   weights to the clusters, inputs along
                                                   diagonals; outputs added up in a cluster
KC-P    weight        weights, columns of inputs   inputs to the clusters; outputs added up in
                                                   a cluster
======= ============= ============================ ===========================================

What the names leave out, and the conditions say: C-P is weight-stationary after all while C < 512, since a
unit that has one channel keeps its filter; X-P keeps rows of inputs while its columns do not fold (Q < 512);
YX-P keeps no weights and no inputs as soon as C ≥ 2; YR-P keeps no filter rows where each PE has two (R ≥
128); and KC-P adds no sums up over time but where P = Q = 1.

Who relies on it: the words that a report uses for a dataflow.
"""

from __future__ import annotations

from collections.abc import Iterator

import islpy as isl
from published import NUM_PES, derived

from polymaestro.proving import Proof, equal_sets, statement
from polymaestro.proving.defined import Whole
from polymaestro.proving.literal import Literal
from polymaestro.relations.sets import parameters

TRUST = "isl; that literal.py says what quantities are"
COLUMNS = "(Q >= 2 and S = 1) or (Q = 1 and P >= 2 and R = 1)"
NONE = {
    ("C-P", "L2", "I"): (f"C >= 512 or {COLUMNS} or (P = 1 and Q = 1 and K = 1)", "true"),
    ("C-P", "L2", "W"): ("C >= 512 or (P = 1 and Q = 1)", "true"),
    ("C-P", "L2", "O"): ("C <= 256", "C = 1"),
    ("X-P", "L2", "I"): (
        (
            "(Q >= 512 and S <= 256) or "
            "((Q <= 256 or S <= 256) and ((P >= 2 and R = 1) or (P = 1 and (K = 1 or C >= 2))))"
        ),
        "S = 1 or Q = 1",
    ),
    ("X-P", "L2", "W"): ("P = 1 and Q <= 256", "Q = 1"),
    ("X-P", "L2", "O"): ("C = 1 or P >= 2 or Q >= 512", "true"),
    ("YX-P", "L2", "I"): (
        (
            "C >= 2 or (Q >= 9 and S = 1) or "
            "(Q <= 8 and ((R <= 32 and (K = 1 or P >= 64)) or (P <= 32 and K = 1)))"
        ),
        "R = 1 or P = 1",
    ),
    ("YX-P", "L2", "W"): ("C >= 2 or (P <= 32 and Q <= 8)", "P = 1"),
    ("YX-P", "L2", "O"): ("C = 1", "true"),
    ("YX-P", "cluster1", "I"): (
        (
            "C >= 2 or (Q >= 16 and S <= 8) or "
            "((Q <= 8 or S <= 8) and (P <= 32 or R <= 32) and (K = 1 or (P >= 64 and R <= 32)))"
        ),
        "S = 1 or Q = 1",
    ),
    ("YX-P", "cluster1", "W"): ("C >= 2 or (P <= 32 and Q <= 8)", "Q = 1"),
    ("YX-P", "cluster1", "O"): ("C = 1", "true"),
    ("YR-P", "L2", "I"): (
        "(Q >= 2 and S = 1) or (Q = 1 and ((P <= 4 and K <= 2) or (R <= 4 and (P >= 8 or K <= 2))))",
        "R = 1 or P = 1",
    ),
    ("YR-P", "L2", "W"): ("P <= 4 and Q = 1", "P = 1"),
    ("YR-P", "L2", "O"): ("C <= 2 or K >= 3 or P >= 8 or Q >= 2", "true"),
    ("YR-P", "cluster1", "I"): (
        "(Q >= 2 and (S = 1 or R >= 128)) or (Q = 1 and (K <= 2 or P >= 8 or R >= 128))",
        "true",
    ),
    ("YR-P", "cluster1", "W"): ("R >= 128 or (P <= 4 and Q = 1)", "true"),
    ("YR-P", "cluster1", "O"): ("R <= 64 and (C <= 2 or K >= 3 or P >= 8 or Q >= 2)", "R = 1"),
    ("KC-P", "L2", "I"): (f"{COLUMNS} or (P = 1 and Q = 1 and (K <= 4 or C >= 65))", "K = 1"),
    ("KC-P", "L2", "W"): ("P = 1 and Q = 1", "true"),
    ("KC-P", "L2", "O"): ("C <= 64 or P >= 2 or Q >= 2", "true"),
    ("KC-P", "cluster1", "I"): (f"{COLUMNS} or (P = 1 and Q = 1 and (K <= 4 or C >= 128))", "true"),
    ("KC-P", "cluster1", "W"): ("P = 1 and Q = 1", "true"),
    ("KC-P", "cluster1", "O"): ("C <= 64 or P >= 2 or Q >= 2", "C = 1"),
}


def reused(name: str, memory: str, tensor: str) -> tuple[isl.Set, isl.Set]:
    """Give the extents with reuse over time, and over space: those for which there is such an element."""
    analysis = derived(f"{name}, {NUM_PES} PEs")
    [boundary] = (each for each in analysis.movement.boundaries if each.parent == memory)
    whole = Whole(analysis.relations)
    literal = Literal(whole.nest, whole.executed, boundary.depth, analysis.operator.tensor(tensor))
    if analysis.operator.tensor(tensor).role == "input":
        return literal.kept.params(), literal.at_two_units(literal.new)
    at_end = literal.left.project_out(isl.dim_type.in_, len(literal.units), len(literal.loops))
    together = literal.at_two_units(literal.gone).union(literal.at_two_units(at_end))
    return literal.kept.params(), together


@statement(trusts=TRUST)
def reuse_of_the_published_dataflows() -> Iterator[Proof]:
    """Each dataflow reuses each tensor over time, or over space, but where the table says none."""
    for (name, memory, tensor), conditions in NONE.items():
        context = derived(f"{name}, {NUM_PES} PEs").relations.context
        names = ", ".join(parameters(context))
        what = "reduction" if tensor == "O" else "multicast"
        pairs = zip(("temporal", "spatial"), reused(name, memory, tensor), conditions, strict=True)
        for kind, found, none in pairs:
            expected = context.intersect(isl.Set(f"[{names}] -> {{ : not ({none}) }}").params())
            claim = f"{name} {memory} {tensor}: {kind} {what} unless {none}"
            yield equal_sets(claim, found.intersect(context), expected)
