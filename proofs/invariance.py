"""Invariance: what may be written differently without changing a single count.

A directive with one step is no loop. So it may be added, left out or moved, and a cluster may be refined
into units of one. Every formula at every boundary stays the same function of the extents.

Why it matters: files that circulate are full of such directives, and a tool that counts them (or lets
their place decide what is reused) gives two answers for one machine. Who relies on it: the grouping of
layers that share a structure, and everyone who rewrites a dataflow by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from published import FLOWS, NUM_PES, analysed

import polymaestro as pm
from polymaestro.counting import count
from polymaestro.dataflow.binding import bind
from polymaestro.dataflow.directives import Cluster, Directive
from polymaestro.loopnest import nest_of
from polymaestro.movement import trace
from polymaestro.proving import Function, Proof, equal, statement
from polymaestro.relations import extract
from polymaestro.symbolic import close

TRUST = "isl, the counting engine"


def same(label: str, directives: list[Directive], name: str) -> Iterator[Proof]:
    """Prove that each formula of a rewritten dataflow is that of the published one; equal sets count once."""
    published = analysed(name)
    nest = nest_of(bind(pm.conv2d(), pm.Dataflow(tuple(directives)), NUM_PES))
    movement = trace(extract(nest), published.movement.policies)
    forms = close(count(movement, counter=published.counts.counter)).every()
    renamed = len(movement.boundaries) > len(published.boundaries)
    for quantity, form in published.forms.every().items():
        # A level more makes the innermost memory of before a cluster's memory; its own boundary stays.
        other = (
            forms[quantity] if not renamed or quantity in forms else forms[quantity.replace("L1", "cluster1")]
        )
        yield equal(f"{label}: {quantity}", Function.of(form), Function.of(other))


def is_one_step(directive: Directive) -> bool:
    """Whether a directive maps a whole filter or dimension in one tile."""
    return (
        not isinstance(directive, Cluster)
        and str(directive.size) == f"Sz({directive.dim})"
        and (directive.dim in ("N", "R", "S") and type(directive).__name__ == "TemporalMap")
    )


@statement(trusts=TRUST)
def a_directive_with_one_step_changes_nothing() -> Iterator[Proof]:
    """A map of all images in one tile, TemporalMap(Sz(N),Sz(N)) N, may stand anywhere in level 0."""
    [whole] = pm.parse_dataflow("TemporalMap(Sz(N),Sz(N)) N").directives
    for name, flow in FLOWS.items():
        for place in range(len(flow.levels[0].maps) + 1):
            directives = [*flow.directives[:place], whole, *flow.directives[place:]]
            yield from same(f"{name}, at place {place}", directives, name)


@statement(trusts=TRUST)
def one_step_directives_may_go_anywhere() -> Iterator[Proof]:
    """Those of the filter, which every published dataflow has, may stand first, last, or in reverse."""
    for name, flow in FLOWS.items():
        level = list(flow.levels[0].maps)
        rest = flow.directives[len(level) :]
        filters = [each for each in level if is_one_step(each)]
        others = [each for each in level if not is_one_step(each)]
        for order in permutations(filters):
            yield from same(f"{name}, first", [*order, *others, *rest], name)
            yield from same(f"{name}, last", [*others, *order, *rest], name)


@statement(trusts=TRUST)
def a_cluster_of_one_changes_nothing() -> Iterator[Proof]:
    """A last level of one unit adds a boundary; at all others every formula stays as it was."""
    [cluster] = pm.parse_dataflow("Cluster(1)").directives
    for name, flow in FLOWS.items():
        yield from same(name, [*flow.directives, cluster], name)
