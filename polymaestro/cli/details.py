"""Reports with every boundary and quantity: tables for one layer, tidy rows for other programs."""

from __future__ import annotations

import csv
import io

from polymaestro.cli.numbers import decimal, first_line, percent, ratio, reuse, slots
from polymaestro.cli.tables import Row, Table
from polymaestro.model import LayerReport, NetworkReport
from polymaestro.model.report import BoundaryReport

QUANTITIES = (
    "occupancy",
    "tile_total",
    "fills",
    "parent_reads",
    "drains",
    "parent_updates",
    "read_backs",
    "final_writes",
)
FACTORS = ("reuse_inside_tile", "reuse_temporal", "reuse_spatial")
PLACE = ("macs", "parent", "child", "steps", "tensor", "role")


def layer_tables(report: NetworkReport) -> list[Table]:
    """Everything about each layer: a table of totals, then one per boundary, quantity by tensor."""
    tables = []
    for layer in report.layers:
        if layer.problems:
            problems = tuple(Row((layer.name,), first_line(problem)) for problem in layer.problems)
            tables.append(Table(("layer", "problem"), problems, words=2))
        if layer.boundaries:
            tables.append(_totals(layer))
            tables += [_boundary(layer, boundary) for boundary in layer.boundaries]
    return tables


def csv_text(report: NetworkReport) -> str:
    """One row per layer, boundary and tensor; a layer without counts has one row with its problem."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["network", "layer", "operator", *PLACE, *QUANTITIES, *FACTORS, "problem"])
    for layer in report.layers:
        problem = "; ".join(map(first_line, layer.problems))
        for row in _rows(layer) or [[""] * len(PLACE + QUANTITIES + FACTORS)]:
            writer.writerow([report.network, layer.name, layer.operator, *row, problem])
    return text.getvalue()


def _rows(layer: LayerReport) -> list[list[str | int]]:
    rows: list[list[str | int]] = []
    for boundary in layer.boundaries:
        place: list[str | int] = [layer.macs, boundary.parent, boundary.child, boundary.steps]
        for tensor, counts in boundary.tensors.items():
            numbers = [counts.get(quantity, "") for quantity in QUANTITIES]
            factors = ["" if each is None else decimal(each) for each in reuse(layer.macs, counts)]
            rows.append([*place, tensor, boundary.roles[tensor], *numbers, *factors])
    return rows


def _totals(layer: LayerReport) -> Table:
    extents = ", ".join(f"{dim} = {extent}" for dim, extent in layer.extents.items())
    rows = (
        Row(("MACs", str(layer.macs))),
        Row(("steps", str(layer.steps))),
        Row(("PEs", str(layer.units))),
        Row(("active PEs per step", decimal(ratio(layer.active, layer.steps)))),
        Row(("utilization", percent(layer.active, slots(layer)))),
    )
    return Table(
        ("in all", "count"), rows, title=f"{layer.name}: {layer.operator}, {extents}", notes=layer.notes
    )


def _boundary(layer: LayerReport, boundary: BoundaryReport) -> Table:
    rows = []
    for quantity in QUANTITIES:
        counts = [tensor.get(quantity) for tensor in boundary.tensors.values()]
        cells = ("" if count is None else str(count) for count in counts)
        rows.append(Row((quantity.replace("_", " "), *cells)))
    factors = [reuse(layer.macs, counts) for counts in boundary.tensors.values()]
    for index, name in enumerate(FACTORS):
        rows.append(Row((name.replace("_", " "), *(decimal(each[index]) for each in factors))))
    title = f"{boundary.parent} → {boundary.child}: {boundary.steps} steps"
    return Table(("elements", *boundary.tensors), tuple(rows), title=title)
