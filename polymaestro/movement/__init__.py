"""Tiles, new data, sharing and reduction: still as relations, in product form.

What every count means, at the boundary between a memory and those below it that the first b levels of a
dataflow lead to (b = 1: below L2), by default; `polymaestro.policies` says what each policy changes. All
but the last group are numbers of elements of one tensor.

    unit u          one of the memories below, with all PEs inside it: an index for each of the b levels.
                    Units that agree in all indices but the last are those of one *parent*
    step t          the values of all time loops of the b levels, compared in lexicographic order.
                    A unit inside which no MAC is executed at t is *idle* at t, and keeps what it has
    A(u, t)         the elements that the MACs executed inside u at t read or add to
    New(u, t)       A(u, t) without A(u, s), where s is the last step before t at which u was not idle;
                    all of A(u, t) where there is none
    Gone(u, t)      A(u, s) without A(u, t), at the steps at which u is not idle; and at one more moment,
                    the *end* after all steps, all of A at the last of them

    occupancy       the largest |A(u, t)|
    tile total      Σ |A(u, t)| over units and steps
    fills           Σ |New(u, t)| over units and steps
    parent reads    Σ |⋃ New(u, t)| over parents and steps, the union over the units of the parent
    drains          Σ |Gone(u, t)| over units, steps and the end
    parent updates  Σ |⋃ Gone(u, t)| over parents, steps and the end, the union as before
    read backs      Σ over parents and steps of the elements of ⋃ New(u, t) that are in Gone(v, s) of some
                    unit v of the parent at a step s ≤ t
    final writes    Σ |⋃ Gone(u, t)| over parents, the union over units, steps and the end

    MACs            points of the iteration domain that are executed: each once, where a dataflow is legal
    steps           at a boundary those at which some unit is not idle; in all, those of the PEs
    utilization     the share of all pairs (PE of the mapping, step) in which the PE is not idle

Inputs have fills and parent reads, the output has what comes after them. `polymaestro.loopnest.timing`
goes on to words, cycles and energy.

By hand: a 2 × 2 × 2 matrix product on two PEs, a row of Z each, has the steps (k, n) = (0, 0), (0, 1),
(1, 0), (1, 1). Both PEs touch B[k, n], another element at each step: 4 fills each, 8 in all, but 4 parent
reads. PE m touches A[m, 0] twice, then A[m, 1] twice: 2 fills, which no other PE shares. Z[m, 0] is gone at
the second step, Z[m, 1] at the third, Z[m, 0] at the fourth and Z[m, 1] at the end: 4 drains. At the third
and at the fourth step PE m gets a sum back that it drained before: 2 read backs, 4 in all.

>>> import polymaestro as pm
>>> flow = pm.parse_dataflow("TemporalMap(1,1) K; TemporalMap(1,1) N; SpatialMap(1,1) M")
>>> below_l2 = pm.analyze(pm.gemm(M=2, N=2, K=2), flow, num_pes=2)["L2"]
>>> for tensor in "ABZ":
...     print(tensor, {name: form.at() for name, form in below_l2[tensor].forms.items()})
A {'occupancy': 1, 'tile_total': 8, 'fills': 4, 'parent_reads': 4}
B {'occupancy': 1, 'tile_total': 8, 'fills': 8, 'parent_reads': 4}
Z {'occupancy': 1, 'tile_total': 8, 'drains': 8, 'parent_updates': 8, 'read_backs': 4, 'final_writes': 4}
"""

from polymaestro.movement.quantities import QUANTITIES, Factor, Quantity, Term
from polymaestro.movement.tracing import BoundaryMovement, Movement, elements_used, trace

__all__ = [
    "QUANTITIES",
    "BoundaryMovement",
    "Factor",
    "Movement",
    "Quantity",
    "Term",
    "elements_used",
    "trace",
]
