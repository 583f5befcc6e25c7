"""From the directives to the printed formulas: every link, at full array size, for all extents.

    directives ─1─▶ what is executed ─2─▶ products of sets of axis groups ─3─▶ counts ─4─▶ printed formulas

1. What each axis group executes, lowered from the directives, is what the definition of TemporalMap,
   SpatialMap and Cluster says (polymaestro/proving/definition.py writes it again, with a time index for
   every map, one-step maps included), and the loops come in the same order.
2. Each quantity is a sum of products of sets of single groups. Over all groups together these products make
   up the very set that the quantity is defined to count: New, Gone, what is left at the end, their union
   over the units of a parent, what is read back (polymaestro/proving/literal.py takes the definitions as
   they are: the step before is the last earlier active step, over all loops at once).
3. Each factor is counted right: ``every-set-is-counted-right`` in counting.py, by the finite Ehrhart check.
4. The text that a table prints, read back, is that sum of products of counts, where the table says it holds.

Together: the formulas printed for the published dataflows on 256 PEs, and those of the README, are what the
definitions count, for all extents. Needed besides are: that a product of finite sets has the product of
their sizes, a disjoint union their sum, and that parts which a one-to-one relation pairs are equally many.
That definition.py and literal.py say in sets what ``loopnest.interpreter`` does in loops is tested point by
point (tests/proving/test_defined.py). Occupancy is no count: see peaks.py.

Who relies on it: everybody who reads a formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import islpy as isl
from published import ANALYSES, derived

from polymaestro.dataflow.binding import bind
from polymaestro.proving import Proof, defined, equal_sets, executed_of, statement
from polymaestro.relations import AxisGroup

TRUST = "isl; that definition.py says what directives mean and literal.py what quantities are"


def joined(names: tuple[str, ...], parts: list[tuple[tuple[str, ...], isl.Set]], context: isl.Set) -> isl.Set:
    """Give the product of sets over some of the names each; a shared name has one value."""
    whole = isl.Set(f"{{ [{', '.join(names)}] }}").intersect_params(context)
    for own, part in parts:
        onto = isl.Map(f"{{ [{', '.join(names)}] -> [{', '.join(own)}] }}")
        whole = whole.intersect(onto.intersect_range(part).domain())
    return whole


def executed(group: AxisGroup, steps: tuple[str, ...]) -> isl.Set:
    """Give what a group executes, with the steps that it leaves out for having one value at 0."""
    kept = {*group.dims}
    names = (*group.dims, *(step for step in steps if step not in kept))
    zero = " and ".join(f"{step} = 0" for step in steps if step not in kept) or "true"
    onto = isl.Map(f"{{ [{', '.join(names)}] -> [{', '.join(group.dims)}] : {zero} }}")
    return onto.intersect_range(group.executed).domain().intersect_params(group.context)


@statement(trusts=TRUST)
def directives_execute_what_they_mean() -> Iterator[Proof]:
    """Each axis group executes what the directives of its dimensions say, in their order of time."""
    for label, (operator, flow, num_pes) in ANALYSES.items():
        analysis = derived(label)
        mapping, context = bind(operator, flow, num_pes), analysis.relations.context
        axes = list(executed_of(mapping, context))
        for group in analysis.relations.groups:
            mine = [each for each in axes if set(each.variables) <= set(group.variables)]
            steps = tuple(step for each in mine for step in each.steps)
            names = (*group.dims, *(step for step in steps if step not in group.dims))
            parts = [((*each.units, *each.steps, *each.variables), each.points) for each in mine]
            claim = f"{label}: {group.name}"
            yield equal_sets(claim, executed(group, steps), joined(names, parts, context))
        order = [
            f"{'f' if kind == 'SpatialMap' else 't'}{level.index}_{each.dim.lower()}"
            for level in mapping.levels
            for each in level.maps
            for kind in [type(each).__name__]
        ]
        loops = [loop.name for loop in sorted(analysis.loop_nest.loops, key=lambda each: each.position)]
        kept = [name for name in order if name in loops]
        covered = sorted(v for each in axes for v in each.variables) == sorted(analysis.relations.variables)
        verdict = "proved" if kept == loops and covered else "false"
        yield Proof(f"{label}: {len(loops)} loops in the order of the directives", "isl sets", verdict)


@statement(trusts=TRUST)
def every_quantity_is_its_definition() -> Iterator[Proof]:
    """Fills, parent reads, drains, updates, read-backs, steps: the products make up the set defined."""
    for label in ANALYSES:
        for proof in defined(derived(label).movement):
            yield replace(proof, claim=f"{label}: {proof.claim}")
