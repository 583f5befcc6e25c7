"""Dataflows that are legal, with arrays to run them on."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Cluster, Dataflow
from polymaestro.strategies.drawing import Drawing
from polymaestro.strategies.operator import operators
from polymaestro.workload.operator import Operator

MOST_UNITS = 4


class Drawn(NamedTuple):
    """An operator, a dataflow for it and the number of PEs to run it on."""

    operator: Operator
    dataflow: Dataflow
    num_pes: int


@st.composite
def mappings(draw: st.DrawFn) -> Drawn:
    """Draw an operator, a legal dataflow and an array, at times with more PEs than work.

    Level 0 has no spatial map in some; these come with an array of a single unit at level 0.
    """
    operator = draw(operators())
    if draw(st.integers(0, 4)):
        dataflow = draw(dataflows(operator))
        return Drawn(operator, dataflow, draw(array_sizes(dataflow)))
    dataflow = _legal(draw, operator, level_0_is_spatial=False)
    clusters = _clusters(dataflow)
    return Drawn(operator, dataflow, draw(st.integers(clusters, 2 * clusters - 1)))


@st.composite
def dataflows(draw: st.DrawFn, operator: Operator) -> Dataflow:
    """Draw a dataflow of one to three levels that is legal on every array as large as its clusters.

    Raises `WorkloadError` for an operator with symbolic extents.
    """
    return _legal(draw, operator, level_0_is_spatial=True)


@st.composite
def array_sizes(draw: st.DrawFn, dataflow: Dataflow) -> int:
    """Draw a number of PEs that holds the clusters of a dataflow, at times with PEs left over."""
    clusters = _clusters(dataflow)
    units = draw(st.integers(1, MOST_UNITS) | st.integers(MOST_UNITS, 3 * MOST_UNITS))
    return units * clusters + draw(st.integers(0, clusters - 1))


def _clusters(dataflow: Dataflow) -> int:
    product = 1
    for level in dataflow.levels:
        if level.cluster:
            product *= level.cluster.size.constant
    return product


def _legal(draw: st.DrawFn, operator: Operator, *, level_0_is_spatial: bool) -> Dataflow:
    drawing = Drawing(draw, operator)
    directives = drawing.level(spatial=level_0_is_spatial)
    for _ in range(draw(st.integers(0, 2))):
        units = draw(st.integers(1, MOST_UNITS))
        spatial = units > 1 or draw(st.booleans())
        directives += [Cluster(Affine.of(units)), *drawing.level(spatial=spatial)]
    return Dataflow(tuple(directives))
