"""A table under the column names that MAESTRO writes, for tools that read them.

The numbers are polymaestro's own. What it does not derive, area, power and delays of single steps, stays
empty. MAESTRO has two inputs, the first called input and the second filter; sizes are in words of a byte.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from fractions import Fraction

from polymaestro.model import LayerReport, NetworkReport, Performance
from polymaestro.model.numbers import decimal, ratio

COLUMNS = (
    "Neural Network Name", "Layer Number", "NumPEs", "Runtime (Cycles)", "Activity count-based Energy (nJ)",
    "Throughput (MACs/Cycle)", "Throughput Per Energy (GMACs/s*J)", "Area", "Power",
    "NoC BW Req (Elements/cycle)", "Avg BW Req", "Peak BW Req", "Vector Width",
    "Offchip BW Req (Elements/cycle)", "L2 SRAM Size Req (Bytes)", "L1 SRAM Size Req (Bytes)",
    "Multicasting Factor (Weight)", "Multicasting Factor (Input)", "Num Total Input Pixels",
    "Num Total Weight Pixels", "Ops/J", "Num MACs", "PE power", "L1 power", "L2 power", "NOC power",
    "input l1 read", "input l1 write", "input l2 read", "input l2 write", "input reuse factor",
    "filter l1 read", "filter l1 write", "filter l2 read", "filter l2 write", "filter reuse factor",
    "output l1 read", "output l1 write", "output l2 read", "output l2 write", "output reuse factor",
    "Ingress Delay (Min)", "Ingress Delay (Max)", "Ingress Delay (Avg)", "Egress Delay (Min)",
    "Egress Delay (Max)", "Egress Delay (Avg)", "Compute Delay (Min)", "Compute Delay (Min)#2",
    "Compute Delay (Avg)", "Avg number of utilized PEs", "Arithmetic Intensity",
)  # fmt: skip

Cells = Iterator[tuple[str, str]]


def maestro_csv(report: NetworkReport) -> str:
    """One row per layer; a layer without counts has its name only."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for layer in report.layers:
        row = {"Neural Network Name": report.network, "Layer Number": layer.name}
        if layer.boundaries:
            row |= dict(_counts(layer))
            if layer.performance:
                row |= dict(_times(layer, layer.performance)) | {"Vector Width": str(report.hardware.lanes)}
        writer.writerow(row)
    return text.getvalue()


def _counts(layer: LayerReport) -> Cells:
    yield "NumPEs", str(layer.units)
    yield "Num MACs", str(layer.macs)
    yield "Avg number of utilized PEs", decimal(ratio(layer.active, layer.steps))
    top, bottom = layer.boundaries[0], layer.boundaries[-1]
    inputs = [name for name, role in top.roles.items() if role == "input"]
    for title, short, tensor in zip(("Input", "Weight"), ("input", "filter"), inputs, strict=False):
        above, below = top.tensors[tensor], bottom.tensors[tensor]
        yield f"Multicasting Factor ({title})", _quotient(above["fills"], above["parent_reads"])
        yield f"{short} l1 read", str(layer.macs)
        yield f"{short} l1 write", str(below["fills"])
        yield f"{short} l2 read", str(above["parent_reads"])
        yield f"{short} reuse factor", _quotient(layer.macs, below["fills"])
    output = next(name for name, role in top.roles.items() if role == "output")
    above, below = top.tensors[output], bottom.tensors[output]
    yield "output l1 read", str(layer.macs - below["drains"] + below["read_backs"])
    yield "output l1 write", str(layer.macs)
    yield "output l2 read", str(above["read_backs"])
    yield "output l2 write", str(above["parent_updates"])
    yield "output reuse factor", _quotient(layer.macs, below["drains"])


def _times(layer: LayerReport, times: Performance) -> Cells:
    yield "Runtime (Cycles)", str(times.runtime_cycles)
    yield "Throughput (MACs/Cycle)", _quotient(layer.macs, times.runtime_cycles)
    if times.energy_unit == "pJ":
        yield "Activity count-based Energy (nJ)", decimal(times.total_energy / 1000)
        if times.total_energy:
            yield "Ops/J", decimal(Fraction(layer.macs) / (times.total_energy / 10**12))
    off_chip, on_chip = times.links[0], times.links[1]
    yield "NoC BW Req (Elements/cycle)", decimal(on_chip.bandwidth_peak)
    yield "Peak BW Req", decimal(on_chip.bandwidth_peak)
    yield "Avg BW Req", decimal(on_chip.bandwidth_average)
    yield "Offchip BW Req (Elements/cycle)", decimal(off_chip.bandwidth_peak)
    yield "L2 SRAM Size Req (Bytes)", str(times.buffers[0].needed)
    yield "L1 SRAM Size Req (Bytes)", str(times.buffers[-1].needed)
    crossing = off_chip.ingress_words + off_chip.egress_words
    yield "Arithmetic Intensity", _quotient(layer.macs, crossing)


def _quotient(above: int, below: int) -> str:
    return decimal(ratio(above, below)) if below else ""
