"""Files of designs, read back."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import polymaestro as pm
from polymaestro.sweeping.result import Sweep

TEXT = """Network Net {
  Layer FIRST { Type: GEMM Dimensions { M: 8, N: 8, K: 16 }
    Dataflow { SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K; } }
  Layer SECOND { Type: GEMM Dimensions { M: 5, N: 9, K: 3 } } }"""


@pytest.fixture
def found() -> Sweep:
    return pm.sweep(pm.parse_network(TEXT), num_pes=[4], noc_bw=[1, 2, None], l2_size=[64, 512])


def test_a_csv_file_has_the_numbers_of_the_chunks(found: Sweep, tmp_path: Path) -> None:
    assert found.to_csv(tmp_path / "designs.csv") == found.size == 12
    with (tmp_path / "designs.csv").open(encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    rows = np.concatenate(list(found.chunks()))
    assert len(read) == 12
    for text, row in zip(read, rows, strict=True):
        assert text["layer"] == ("FIRST", "SECOND")[row["layer"]]
        assert (text["dataflow"], text["num_pes"]) == ("own", "4")
        assert float(text["noc_bw"]) == row["noc_bw"]
        assert float(text["energy"]) == row["energy"] / 2
        for name in ("l2_size", "runtime", "traffic", "l1_needed", "l2_needed", "buffer"):
            assert int(text[name]) == row[name]
        assert text["fits"] == str(bool(row["fits"]))


def test_a_parquet_file_has_the_rows_of_the_csv_file(found: Sweep, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    found.to_csv(tmp_path / "designs.csv")
    assert found.to_parquet(tmp_path / "designs.parquet") == 12
    table = parquet.read_table(tmp_path / "designs.parquet").to_pylist()
    with (tmp_path / "designs.csv").open(encoding="utf-8") as file:
        assert [{name: str(value) for name, value in row.items()} for row in table] == list(
            csv.DictReader(file)
        )
