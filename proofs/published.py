"""The published dataflows on a convolution with every extent a symbol, and the sizes of its tensors."""

from __future__ import annotations

from functools import cache

import islpy as isl

import polymaestro as pm
from polymaestro.counting import Counter
from polymaestro.proving import Function

FLOWS = {
    "C-P": pm.dataflows.c_p(),
    "X-P": pm.dataflows.x_p(),
    "YX-P": pm.dataflows.yx_p(8),
    "YR-P": pm.dataflows.yr_p(64),
    "KC-P": pm.dataflows.kc_p(64),
}
NUM_PES = 256
# What the printed tables and the README show.
ANALYSES = {
    **{f"{name}, {NUM_PES} PEs": (pm.conv2d(), flow, NUM_PES) for name, flow in FLOWS.items()},
    "attention scores, 64 PEs": (
        pm.einsum("S[i,j] += Q[i,d] * K[j,d]"),
        pm.parse_dataflow("TemporalMap(16,16) I; SpatialMap(1,1) J; TemporalMap(8,8) D"),
        64,
    ),
}


@cache
def derived(label: str) -> pm.Analysis:
    """Derive one of them, every extent a symbol."""
    return pm.analyze(*ANALYSES[label])


@cache
def analysed(name: str, filters: int | None = None) -> pm.Analysis:
    """Give the analysis of a published dataflow on 256 PEs; filters are symbols unless a size is given."""
    if filters is None:
        return derived(f"{name}, {NUM_PES} PEs")
    return pm.analyze(pm.conv2d(R=filters, S=filters), FLOWS[name], NUM_PES)


def sizes(analysis: pm.Analysis) -> dict[str, Function]:
    """Count the different elements of each tensor that the whole iteration domain touches."""
    operator, context = analysis.operator, analysis.relations.context
    counter = Counter(context)
    found = {}
    for tensor in operator.tensors:
        size = Function.polynomial(1, context)
        for group in analysis.relations.groups:
            indices = ", ".join(index.isl() for index in group.access(tensor))
            onto = isl.Map(f"{{ [{', '.join(group.variables)}] -> [{indices}] }}")
            count = counter.count(group.whole.apply(onto))
            size = size * Function(((1, (count,)),), context)
        found[tensor.name] = size
    return found


def extents(analysis: pm.Analysis) -> Function:
    """Multiply the extents of all dimensions: the size of the iteration domain."""
    total = Function.polynomial(1, analysis.relations.context)
    for dim in analysis.operator.dims:
        total = total * Function.polynomial(dim.extent, analysis.relations.context)
    return total
