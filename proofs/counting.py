"""Counting: every set behind the printed formulas, counted right for all parameters.

A formula of polymaestro is a sum of products, each factor the number of points of a small parametric set.
Here each factor is checked by itself without either counting engine: its polytope says beforehand what degree
and periods the count can have, and the formula is compared with counting points one by one at enough
parameters to leave no other function of that shape (see polymaestro/proving/ehrhart.py). Where a fold over
many units meets a symbolic filter, two long periods multiply; there the parameters are written in blocks
(polymaestro/proving/blocks.py). The dataflows, the array and the extents are those of the printed tables.

What the factors make up is shown in links.py. Peaks (occupancy) are no counts: see peaks.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import islpy as isl
from published import ANALYSES, FLOWS, derived

import polymaestro as pm
from polymaestro.counting import Count, barvinok, count
from polymaestro.proving import Function, Proof, counts_all_points, equal, statement
from polymaestro.proving.interpreted import counted_sets, factors_of
from polymaestro.relations.sets import parameters, restricted


def sets_of(analysis: pm.Analysis) -> dict[isl.Set, tuple[str, Count]]:
    """Give every different set of an analysis with its count and the first quantity that it is in."""
    found: dict[isl.Set, tuple[str, Count]] = {}
    for name, quantity, total in counted_sets(analysis.counts):
        for factors in factors_of(quantity, total):
            for domain, counted in factors:
                found.setdefault(domain, (name, counted))
    return found


@statement(trusts="proofs/replay.py recounts; isl for the cells being all, and for making sets small")
def every_set_is_counted_right() -> Iterator[Proof]:
    """Each factor of each formula is the number of points of its set, for all parameters."""
    for label in ANALYSES:
        analysis = derived(label)
        context = analysis.relations.context
        for domain, (name, counted) in sets_of(analysis).items():
            if parameters(domain):
                own = restricted(context, parameters(domain))
                yield counts_all_points(f"{label}: a set of {name}", domain, counted, own)


@statement(trusts="both engines; skipped unless islpy is built with barvinok")
def both_engines_count_the_same() -> Iterator[Proof]:
    """Nested sums and barvinok give the same function for every quantity of the published dataflows."""
    if not barvinok.AVAILABLE:
        yield Proof("barvinok", "polynomials", "skipped", note="install islpy-barvinok in place of islpy")
        return
    for name, flow in FLOWS.items():
        filters = {} if name in ("C-P", "KC-P") else {"R": 3, "S": 3}
        analysis = pm.analyze(pm.conv2d(**filters), flow, 256, engine="faulhaber")
        other = count(analysis.movement, "barvinok")
        pairs = zip(counted_sets(analysis.counts), counted_sets(other), strict=True)
        for (quantity, _, ours), (_, _, theirs) in pairs:
            context = analysis.relations.context
            yield equal(f"{name} {quantity}", Function(ours, context), Function(theirs, context))
