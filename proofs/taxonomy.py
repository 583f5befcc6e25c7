"""MAESTRO's taxonomy of reuse, derived: for which extents each dataflow reuses what, and for which it does not.

H. Kwon et al., "Understanding Reuse, Performance, and Hardware Cost of DNN Dataflows", MICRO 2019, §III, sorts
reuse by two questions: over time or over space, and of data that are sent (multicast, inputs and weights) or
of sums that are collected (reduction, outputs). At a boundary, with Σ|A| the tiles of all units and steps,

    over time    Σ|A| / fills,  Σ|A| / drains            over space    fills / parent reads,  drains / parent updates

and a factor of 1 means that there is none. `NONE` says for each published dataflow, boundary and tensor when
the factor is exactly 1: ``true`` is never any reuse, ``false`` is reuse for all extents, anything else is the
condition on the extents, proved in both directions. N never matters: all of it is in every tile.

MAESTRO's repository names files after what the dataflows keep in place (data/mapping/..._nlr.m with the
directives of C-P, _xp_ws.m, _yxp_os.m, _rs.m, _kcp_ws.m: no local reuse, weight-, output-, row-, and weight-
stationary; the wording of the paper's own Table 3 was not at hand). With large extents the table agrees:

======= =============== ================================== ===================================================
flow    said to be      kept over time by a PE             shared, or added up, over space
======= =============== ================================== ===================================================
C-P     no local reuse  outputs, between folds of C only   outputs added up over all PEs; nothing is multicast
X-P     weight          weights; rows of inputs no more    weights to all PEs, columns of inputs to neighbours
YX-P    output          outputs                            weights to all PEs, halos of inputs
YR-P    row             weights, columns of inputs         weights to the clusters, inputs along diagonals;
                                                           outputs added up in a cluster
KC-P    weight          weights, columns of inputs         inputs to the clusters; outputs added up in one
======= =============== ================================== ===================================================

What the names leave out, and the conditions say: C-P is weight-stationary after all while C < 512, since a unit
that has one channel keeps its filter; X-P keeps no input rows once columns fold (Q ≥ 512) unless C = 1; YX-P
keeps no weights and no inputs as soon as C ≥ 2; and KC-P adds no sums up over time but where P = Q = 1.

Who relies on it: the words that a report uses for a dataflow.
"""

from __future__ import annotations

from collections.abc import Iterator

from published import NUM_PES, derived

import polymaestro as pm
from polymaestro.proving import Function, Proof, at_least, equal, statement

TRUST = "isl, the counting engine; proofs/replay.py multiplies the certificates out"
COLUMNS = "(Q >= 2 and S = 1) or (Q = 1 and P >= 2 and R = 1)"
NONE = {
    ("C-P", "L2", "I"): (f"C >= 512 or {COLUMNS} or (P = 1 and Q = 1 and K = 1)", "true"),
    ("C-P", "L2", "W"): ("C >= 512 or (P = 1 and Q = 1)", "true"),
    ("C-P", "L2", "O"): ("C <= 256", "C = 1"),
    ("X-P", "L2", "I"): (
        "(Q >= 512 and S <= 256) or ((Q <= 256 or S <= 256) and ((P >= 2 and R = 1) or (P = 1 and (K = 1 or C >= 2))))",
        "S = 1 or Q = 1",
    ),
    ("X-P", "L2", "W"): ("P = 1 and Q <= 256", "Q = 1"),
    ("X-P", "L2", "O"): ("C = 1 or P >= 2 or Q >= 512", "true"),
    ("YX-P", "L2", "I"): (
        "C >= 2 or (Q >= 9 and S = 1) or (Q <= 8 and R <= 32 and (K = 1 or P >= 64)) or (Q <= 8 and P <= 32 and K = 1)",
        "R = 1 or P = 1",
    ),
    ("YX-P", "L2", "W"): ("C >= 2 or (P <= 32 and Q <= 8)", "P = 1"),
    ("YX-P", "L2", "O"): ("C = 1", "true"),
    ("YX-P", "cluster1", "I"): (
        "C >= 2 or (Q >= 16 and S <= 8) or ((Q <= 8 or S <= 8) and (P <= 32 or R <= 32) and (K = 1 or (P >= 64 and R <= 32)))",
        "S = 1 or Q = 1",
    ),
    ("YX-P", "cluster1", "W"): ("C >= 2 or (P <= 32 and Q <= 8)", "Q = 1"),
    ("YX-P", "cluster1", "O"): ("C = 1", "true"),
    ("YR-P", "L2", "I"): (
        "(Q >= 2 and S = 1) or (Q = 1 and ((P <= 4 and K <= 2) or (P >= 8 and R <= 4) or (R <= 4 and K <= 2)))",
        "R = 1 or P = 1",
    ),
    ("YR-P", "L2", "W"): ("P <= 4 and Q = 1", "P = 1"),
    ("YR-P", "L2", "O"): ("C <= 2 or K >= 3 or P >= 8 or Q >= 2", "true"),
    ("YR-P", "cluster1", "I"): ("(Q >= 2 and S = 1) or (Q = 1 and (K <= 2 or P >= 8))", "true"),
    ("YR-P", "cluster1", "W"): ("P <= 4 and Q = 1", "true"),
    ("YR-P", "cluster1", "O"): ("R <= 64 and (C <= 2 or K >= 3 or P >= 8 or Q >= 2)", "R = 1"),
    ("KC-P", "L2", "I"): (f"{COLUMNS} or (P = 1 and Q = 1 and (K <= 4 or C >= 65))", "K = 1"),
    ("KC-P", "L2", "W"): ("P = 1 and Q = 1", "true"),
    ("KC-P", "L2", "O"): ("C <= 64 or P >= 2 or Q >= 2", "true"),
    ("KC-P", "cluster1", "I"): (f"{COLUMNS} or (P = 1 and Q = 1 and (K <= 4 or C >= 128))", "true"),
    ("KC-P", "cluster1", "W"): ("P = 1 and Q = 1", "true"),
    ("KC-P", "cluster1", "O"): ("C <= 64 or P >= 2 or Q >= 2", "C = 1"),
}


def factor_is_one(claim: str, more: pm.ClosedForm, less: pm.ClosedForm, condition: str) -> Iterator[Proof]:
    """Claim that two counts are equal exactly under a condition, and the first larger elsewhere."""
    left, right = Function.of(more), Function.of(less)
    if condition != "false":
        yield equal(f"{claim}: none where {condition}", left.where(condition), right.where(condition))
    if condition != "true":
        elsewhere = f"not ({condition})"
        yield at_least(f"{claim}: some elsewhere", left.where(elsewhere), right.where(elsewhere), margin=1)


@statement(trusts=TRUST)
def reuse_of_the_published_dataflows() -> Iterator[Proof]:
    """Each dataflow reuses each tensor over time, and over space, exactly where the table does not say none."""
    for (name, memory, tensor), (time, space) in NONE.items():
        forms = derived(f"{name}, {NUM_PES} PEs")[memory][tensor]
        moved, shared = ("fills", "parent_reads") if forms.role == "input" else ("drains", "parent_updates")
        words = ("multicast" if forms.role == "input" else "reduction", f"{name} {memory} {tensor}")
        yield from factor_is_one(
            f"{words[1]}: temporal {words[0]}", forms.forms["tile_total"], forms.forms[moved], time
        )
        yield from factor_is_one(
            f"{words[1]}: spatial {words[0]}", forms.forms[moved], forms.forms[shared], space
        )
