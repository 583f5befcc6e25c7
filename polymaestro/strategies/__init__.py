"""Hypothesis strategies for operators and mappings: random problems to test cost models with.

Needs hypothesis, which ``pip install polymaestro[test]`` brings. Everything drawn is small enough for
`polymaestro.interpret` to run in some milliseconds:

    from hypothesis import given
    from polymaestro import interpret
    from polymaestro.strategies import mappings

    @given(mappings())
    def test_every_point_is_executed_once(drawn):
        assert interpret(drawn.operator, drawn.dataflow, drawn.num_pes).legal

`dataflows` draws legal dataflows, built so that every level partitions the tile that it gets:

* a map on a loop dimension has disjoint tiles (size = offset), or one tile that covers the dimension;
* a map on an input coordinate holds k whole windows and moves by k outputs, with offsets in input or in
  output rows; or it partitions the rows while the same level takes the filter one tap at a time;
* the row-stationary pair SpatialMap(1,δ) Y, SpatialMap(1,1) R stands where one output row is left;
* each level has one spatial map or one such pair, unless it has a single unit.

`wild_dataflows` draws anything that `bind` accepts, and `broken_mappings` a legal mapping with one directive
changed.
"""

from polymaestro.strategies.dataflow import (
    MOST_UNITS,
    Drawn,
    array_sizes,
    dataflows,
    mappings,
)
from polymaestro.strategies.machine import (
    hardware,
    machines,
    policies,
)
from polymaestro.strategies.operator import (
    CONVOLUTIONS,
    DIAMOND,
    MASKS,
    OPERATORS,
    POOLS,
    PRODUCTS,
    STATEMENTS,
    constrained,
    operators,
)
from polymaestro.strategies.wild import (
    CHANGES,
    Broken,
    broken_mappings,
    wild_dataflows,
    wild_mappings,
)

__all__ = [
    "CHANGES",
    "CONVOLUTIONS",
    "DIAMOND",
    "MASKS",
    "MOST_UNITS",
    "OPERATORS",
    "POOLS",
    "PRODUCTS",
    "STATEMENTS",
    "Broken",
    "Drawn",
    "array_sizes",
    "broken_mappings",
    "constrained",
    "dataflows",
    "hardware",
    "machines",
    "mappings",
    "operators",
    "policies",
    "wild_dataflows",
    "wild_mappings",
]
