"""Every design of a sweep as CSV or Parquet, block by block."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from polymaestro.errors import HardwareError
from polymaestro.sweeping.result import Sweep
from polymaestro.sweeping.terms import Array


def tables(found: Sweep) -> Iterator[dict[str, Array]]:
    """Give the columns of each block with names for positions, and energy in its unit, as the nearest float.

    An axis with no limit among its values holds ``inf`` for it.
    """
    layers, flows = np.array([each.name for each in found.layers]), np.array(list(found.dataflows))
    scale = found.grids[0].energy_scale
    for rows in found.chunks():
        columns: dict[str, Array] = {name: rows[name] for name in rows.dtype.names or ()}
        columns |= {"layer": layers[rows["layer"]], "dataflow": flows[rows["dataflow"]]}
        columns["energy"] = rows["energy"] / scale
        yield columns


def write_csv(found: Sweep, path: str | Path) -> int:
    """Write one row a design, and give their number."""
    count = 0
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(found.columns.names or ())
        for columns in tables(found):
            writer.writerows(zip(*(each.tolist() for each in columns.values()), strict=True))
            count += len(columns["layer"])
    return count


def write_parquet(found: Sweep, path: str | Path) -> int:
    """Write one row a design with pyarrow, a row group a block, and give their number."""
    try:
        import pyarrow as pa  # noqa: PLC0415  an optional extra
        from pyarrow import parquet  # noqa: PLC0415  an optional extra
    except ImportError:
        message = "Parquet needs pyarrow: pip install polymaestro[sweep]"
        raise HardwareError(message) from None
    writer: Any = None
    count = 0
    try:
        for columns in tables(found):
            table = pa.table({name: pa.array(each) for name, each in columns.items()})
            writer = writer or parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
            count += len(table)
    finally:
        if writer is not None:
            writer.close()
    return count
