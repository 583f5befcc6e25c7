"""Formulas against the interpreter: the published dataflows on small arrays, for all extents.

The interpreter runs the directives with plain loops and sets and knows no algebra. Each formula lies in a
space of functions whose size is known beforehand from the polytopes (degrees, periods, cells), so agreement
at finitely many extents is agreement at all. The arrays are small because the number of runs grows with
every tile size and fold; clusters and PEs as in the paper are checked factor by factor in counting.py.

Who relies on it: whoever doubts the algebra as a whole, the product form included.
"""

from __future__ import annotations

from collections.abc import Iterator

import polymaestro as pm
from polymaestro.proving import Proof, same_as_interpreted, statement

TRUST = "the interpreter; that quantities are sums of products over axis groups with the cells of their sets"


@statement(trusts=TRUST)
def every_formula_is_the_interpreters_count() -> Iterator[Proof]:
    """Every count of the five published dataflows equals the interpreter's, for all symbolic extents."""
    filters = {"N": 1, "R": 2, "S": 1}
    cases = {
        "C-P, 2 PEs, 2 × 2 filters": (pm.conv2d(R=2, S=2), pm.dataflows.c_p(), 2),
        "X-P, 2 PEs, 2 × 2 filters": (pm.conv2d(N=1, R=2, S=2), pm.dataflows.x_p(), 2),
        "YX-P, 2 × 2 PEs, 2 × 1 filters": (pm.conv2d(**filters), pm.dataflows.yx_p(2), 4),
        "KC-P, 2 × 2 PEs, 2 × 1 filters": (pm.conv2d(**filters), pm.dataflows.kc_p(2), 4),
        "YR-P, 2 × 2 PEs, 2 × 1 filters, 3 columns": (pm.conv2d(**filters, Q=3), pm.dataflows.yr_p(), 4),
    }
    for label, (operator, flow, num_pes) in cases.items():
        yield same_as_interpreted(label, pm.analyze(operator, flow, num_pes).forms, flow, num_pes)


@statement(trusts=TRUST)
def matrix_products_are_the_interpreters_count() -> Iterator[Proof]:
    """The same for matrix products in tiles, with edge tiles and folds, one level and two."""
    flows = {
        "output-stationary on 3 PEs": ("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K", 3),
        "tiles of 2 × 3": ("TemporalMap(2,2) M; TemporalMap(3,3) N; SpatialMap(1,1) K", 2),
        "2 × 2 PEs": ("SpatialMap(1,1) M; TemporalMap(1,1) K; Cluster(2); SpatialMap(1,1) N", 4),
    }
    for label, (text, num_pes) in flows.items():
        flow = pm.parse_dataflow(text)
        yield same_as_interpreted(label, pm.analyze(pm.gemm(), flow, num_pes).forms, flow, num_pes)
