"""The exact level-0 counts of published mappings, from an independent closed form, row by row."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

import polymaestro as pm
from polymaestro.model import LayerReport

EXACT = {
    "exact_input_l2_reads": ("I", "A", "parent_reads"),
    "exact_filter_l2_reads": ("W", "B", "parent_reads"),
    "exact_output_l2_writes": ("O", "Z", "parent_updates"),
    "exact_psum_refetches": ("O", "Z", "read_backs"),
    "outputs": ("O", "Z", "final_writes"),
}


def rows(reference: Path) -> list[dict[str, str]]:
    with (reference / "maestro" / "level0_counts.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["type"] != "TRCONV"]


def located(reference: Path, name: str) -> Path:
    folder, _, file = name.partition("/")
    return reference / "maestro" / folder / file.rpartition("/")[2]


def is_of(row: dict[str, str], layer: LayerReport) -> bool:
    """Names of layers come back within a file, so extents decide; K = 1 of a depthwise layer is no extent."""
    sizes = dict(item.split("=") for item in row["dims"].split())
    return row["layer"] == layer.name and all(
        layer.extents.get(dim, 1) == int(size) for dim, size in sizes.items()
    )


def first_boundary(layer: LayerReport) -> dict[str, int]:
    tensors = layer.boundaries[0].tensors
    found = {}
    for column, (conv, gemm, quantity) in EXACT.items():
        found[column] = tensors[conv if conv in tensors else gemm][quantity]
    return found


@pytest.mark.slow
def test_every_row_of_the_reference_is_exact(reference: Path) -> None:
    by_file: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(reference):
        by_file[row["mapping_file"]].append(row)
    compared = 0
    for name, expected in by_file.items():
        report = pm.load(located(reference, name)).analyze(pm.Hardware(num_pes=256))
        for row in expected:
            layer = next(layer for layer in report.layers if is_of(row, layer))
            assert layer.legal, (name, layer.name, layer.problems)
            assert first_boundary(layer) == {column: int(row[column]) for column in EXACT}, (name, layer.name)
            compared += 1
    assert compared == len(rows(reference)) > 200


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["mapping", "validation"])
def test_every_mapping_file_gets_a_verdict_on_each_layer(reference: Path, folder: str) -> None:
    files = sorted((reference / "maestro" / folder).glob("*.m"))
    assert files
    for file in files:
        report = pm.load(file).analyze(pm.Hardware(num_pes=256))
        assert all(layer.problems or layer.boundaries for layer in report.layers)
