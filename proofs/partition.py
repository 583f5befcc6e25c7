"""Lowering partitions the iteration domain: the loop nest of a dataflow executes every point exactly once.

Why it matters: every number that polymaestro prints is a property of the space-time map θ. If lowering
dropped an edge tile, or gave a row to two PEs, all of them would be exact answers to another question.
The statement is about the constraints of the loop nest itself, all groups together; the legality check of
the library, which works group by group, takes no part.

Who relies on it: everything.
"""

from __future__ import annotations

from collections.abc import Iterator

import islpy as isl
from published import FLOWS

import polymaestro as pm
from polymaestro.loopnest import LoopNest, lower
from polymaestro.proving import Proof, equal_sets, single_valued, statement, within
from polymaestro.relations.sets import named_set

CLUSTERS = {"YX-P": 8, "YR-P": 64, "KC-P": 64}
ARRAYS = (1, 2, 3, 64, 256)
TRUST = "isl; that the printed loop nest is what the directives mean (tests run it against the interpreter)"


def partition(label: str, nest: LoopNest) -> Iterator[Proof]:
    """Prove that the points executed are the whole domain, each with one place and one printed time."""
    symbols = ", ".join(sorted(nest.symbols))
    context = isl.Set(f"[{symbols}] -> {{ : }}").params()
    variables = [variable for variable, _ in nest.tiles]
    places = [*(units.name for units in nest.units), *(loop.name for loop in nest.loops)]
    ties = [each.expression for each in nest.constraints()]
    executed = named_set([*variables, *places], ties, context)
    theta = isl.Map.from_domain(executed).move_dims(
        isl.dim_type.out, 0, isl.dim_type.in_, len(variables), len(places)
    )
    bounds = [bound for dim in nest.operator.dims for bound in dim.bounds()]
    yield equal_sets(
        f"{label}: every point is executed", theta.domain(), named_set(variables, bounds, context)
    )
    yield single_valued(f"{label}: by one PE at one step", theta)
    ends = [loop.last - loop.name for loop in nest.loops]
    printed = named_set([*variables, *places], [*ties, *ends], context)
    yield within(f"{label}: no loop runs past its printed end", executed, printed)


@statement(trusts=TRUST)
def every_point_is_executed_once() -> Iterator[Proof]:
    """Each published dataflow executes every point of a convolution exactly once, for all extents."""
    for name, flow in FLOWS.items():
        for units in ARRAYS:
            num_pes = CLUSTERS.get(name, 1) * units
            yield from partition(f"{name} on {num_pes} PEs", lower(pm.conv2d(), flow, num_pes))


@statement(trusts=TRUST)
def strides_leave_no_point_out() -> Iterator[Proof]:
    """With strides 2 and 3 and 3 × 3 filters every point is still executed once, for all other extents."""
    for stride in (2, 3):
        operator = pm.conv2d(R=3, S=3, stride=stride)
        for name in ("C-P", "X-P", "YR-P", "KC-P"):
            yield from partition(f"{name}, stride {stride}", lower(operator, FLOWS[name], 256))
