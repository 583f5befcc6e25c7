"""Reports as tidy rows for other programs, and what the numbers assume."""

from __future__ import annotations

import csv
import io
import textwrap

from polymaestro.cli.tables import page_width
from polymaestro.model import LayerReport, LinkReport, NetworkReport, Performance
from polymaestro.model.details import FACTORS
from polymaestro.model.numbers import decimal, first_line, reuse
from polymaestro.movement import QUANTITIES

PLACE = ("macs", "parent", "child", "steps", "tensor", "role")
TIMES = ("runtime_cycles", "roofline_cycles", "bound_by", "energy", "energy_unit")
LINK = ("ingress_words", "egress_words", "bandwidth_peak", "bandwidth_average")


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
