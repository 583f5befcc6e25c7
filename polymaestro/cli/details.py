"""Reports with every boundary and quantity: tables for one layer, tidy rows for other programs."""

from __future__ import annotations

import csv
import io
import textwrap

from polymaestro.cli.numbers import decimal, first_line, percent, ratio, reuse, slots
from polymaestro.cli.tables import Row, Table, page_width
from polymaestro.model import LayerReport, LinkReport, NetworkReport, Performance
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
TIMES = ("runtime_cycles", "roofline_cycles", "bound_by", "energy", "energy_unit")
LINK = ("ingress_words", "egress_words", "bandwidth_peak", "bandwidth_average")


def layer_tables(report: NetworkReport) -> list[Table]:
    """Everything about each layer: a table of totals, then one per boundary, quantity by tensor."""
    tables = []
    for layer in report.layers:
        if layer.problems:
            problems = tuple(Row((layer.name,), first_line(problem)) for problem in layer.problems)
            tables.append(Table(("layer", "problem"), problems, words=2))
        if layer.boundaries:
            tables.append(_totals(layer))
            if layer.performance:
                tables += [_costs(layer.performance), _links(layer.performance)]
            tables += [_boundary(layer, boundary) for boundary in layer.boundaries]
    return tables


def policies_text(report: NetworkReport, style: str) -> str:
    """Say what the numbers assume."""
    text = f"policies: {report.policies}"
    if style != "text":
        return f"% {text}" if style == "latex" else text
    return textwrap.fill(text, page_width(), subsequent_indent="  ", break_on_hyphens=False)


def csv_text(report: NetworkReport) -> str:
    """One row per layer, boundary and tensor; a layer without counts has one row with its problem."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = (*PLACE, *QUANTITIES, *FACTORS, *LINK, *TIMES)
    writer.writerow(["network", "layer", "operator", *columns, "problem"])
    for layer in report.layers:
        problem = "; ".join(map(first_line, layer.problems))
        for row in _rows(layer) or [[""] * len(columns)]:
            writer.writerow([report.network, layer.name, layer.operator, *row, problem])
    return text.getvalue()


def _rows(layer: LayerReport) -> list[list[str | int]]:
    rows: list[list[str | int]] = []
    times = _time_cells(layer.performance)
    links = layer.performance.links[1:] if layer.performance else (None,) * len(layer.boundaries)
    for boundary, link in zip(layer.boundaries, links, strict=True):
        place: list[str | int] = [layer.macs, boundary.parent, boundary.child, boundary.steps]
        for tensor, counts in boundary.tensors.items():
            numbers = [counts.get(quantity, "") for quantity in QUANTITIES]
            factors = ["" if each is None else decimal(each) for each in reuse(layer.macs, counts)]
            rows.append(
                [*place, tensor, boundary.roles[tensor], *numbers, *factors, *_link_cells(link), *times]
            )
    return rows


def _time_cells(times: Performance | None) -> list[str | int]:
    if times is None:
        return [""] * len(TIMES)
    energy = decimal(times.total_energy)
    return [times.runtime_cycles, times.roofline_cycles, times.bound_by, energy, times.energy_unit]


def _link_cells(link: LinkReport | None) -> list[str | int]:
    if link is None:
        return [""] * len(LINK)
    rates = [decimal(link.bandwidth_peak), decimal(link.bandwidth_average)]
    return [link.ingress_words, link.egress_words, *rates]


def _costs(times: Performance) -> Table:
    """Cycles, bounds and energy of a layer."""
    rows = [Row(("run time, cycles", str(times.runtime_cycles)))]
    if times.seconds is not None:
        rows.append(Row(("run time, seconds", decimal(times.seconds))))
    rows += [Row((f"at least, by {name}", str(cycles))) for name, cycles in times.bounds.items()]
    rows += [Row((f"energy, {times.energy_unit}", decimal(times.total_energy)))]
    rows += [Row((f"  {name}", decimal(value))) for name, value in times.energy.items() if value]
    rows += [Row((f"words that {each.memory} needs", str(each.needed))) for each in times.buffers]
    staying = ", ".join(times.resident) or "nothing"
    notes = (f"L2 keeps for the whole run: {staying}", *times.problems)
    return Table(("cost", "number"), tuple(rows), title=f"bound by {times.bound_by}", notes=notes)


def _links(times: Performance) -> Table:
    """What crosses each boundary, and how fast it should."""
    rows = tuple(
        Row(
            (
                f"{link.parent} → {link.child}",
                str(link.ingress_words),
                str(link.egress_words),
                str(link.fill_cycles),
                str(link.drain_cycles),
                decimal(link.bandwidth_peak),
                decimal(link.bandwidth_average),
            )
        )
        for link in times.links
    )
    head = ("words and cycles", "in", "out", "fill", "drain", "peak\nper cycle", "average\nper cycle")
    return Table(head, rows)


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
