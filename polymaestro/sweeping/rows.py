"""Every design of a block as a row of a structured array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from polymaestro.sweeping.blocks import Block
from polymaestro.sweeping.costs import Costs
from polymaestro.sweeping.grid import AXES, Grid, along
from polymaestro.sweeping.terms import Array

COUNTS = ("runtime", "energy", "traffic", "l1_needed", "l2_needed", "buffer")


def columns_of(grid: Grid) -> np.dtype[Any]:
    """Give the columns; an axis that holds fractions or no limit (inf) is of floats."""
    return np.dtype(
        [
            ("layer", np.int32),
            ("dataflow", np.int32),
            ("num_pes", np.int64),
            *((name, _type(values)) for name, values in grid.values.items()),
            *((name, np.int64) for name in COUNTS),
            ("fits", np.bool_),
            ("allowed", np.bool_),
        ]
    )


def rows_of(block: Block, costs: Costs, allowed: Array, *, dataflow: int, layer: int) -> Array:
    """Give the designs of a layer under a dataflow, both by position, one after the other."""
    rows = np.empty(block.shape, dtype=columns_of(block.grid))
    rows["layer"], rows["dataflow"] = layer, dataflow
    rows["num_pes"] = block.grid.base.num_pes
    for name, column in _axes(block, rows.dtype):
        rows[name] = column
    for name in (*COUNTS, "fits"):
        rows[name] = getattr(costs, name)
    rows["allowed"] = allowed
    return rows.reshape(-1)


def _type(values: Iterable[Any]) -> type[np.generic]:
    return np.int64 if all(isinstance(each, int) for each in values) else np.float64


def _axes(block: Block, columns: np.dtype[Any]) -> Iterator[tuple[str, Array]]:
    """Give the values of each axis in a block, shaped to broadcast."""
    for name in block.grid.values:
        values = block.grid.along(name)[block.where[AXES.index(name)]]
        numbers = [np.inf if each is None else each for each in values]
        yield name, np.array(numbers, dtype=columns[name]).reshape(along(name))
