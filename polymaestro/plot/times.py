"""Run time against one constant of the machine, with what binds where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from polymaestro.errors import ExportError
from polymaestro.hardware import Hardware
from polymaestro.model import Analysis
from polymaestro.plot.drawing import COLOURS, axes, figure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNITS = {
    "noc_bw": "bandwidth below L2 (words/cycle)",
    "offchip_bw": "bandwidth below DRAM (words/cycle)",
    "simd_lanes": "MACs per PE and cycle (MACs/cycle)",
    "noc_hops": "hops below a memory (hops)",
    "hop_latency": "latency of a hop (cycles)",
    "l1_size": "size of L1 (words)",
    "l2_size": "size of L2 (words)",
}


def against(
    analysis: Analysis, hardware: Hardware, axis: str, values: Sequence[Any], **extents: int
) -> Figure:
    """Draw the run time and its lower bound over the values of one constant, each regime in a colour.

    A regime is where the same resource sets the lower bound.

    Raises `ExportError` for another constant, without values, and without matplotlib.

    >>> import polymaestro as pm
    >>> gemm = pm.analyze(pm.gemm(M=4), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
    >>> against(gemm, pm.Hardware(4), "noc_bw", range(1, 9), N=64, K=16).axes[0].get_ylabel()
    'run time (cycles)'
    """
    if axis not in UNITS:
        message = f"run time is drawn against one of {', '.join(UNITS)}, not {axis!r}"
        raise ExportError(message)
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        message = f"{axis} has no values to draw"
        raise ExportError(message)
    costs = [analysis.cost(replace(hardware, **{axis: value}), extents) for value in ordered]
    numbers = [float(value) for value in ordered]
    panel = axes()[0]
    panel.plot(numbers, [each.runtime_cycles for each in costs], color="black", marker=".", label="run time")
    bounds = [each.roofline_cycles for each in costs]
    panel.plot(numbers, bounds, color="black", linestyle=":", label="lower bound")
    colours: dict[str, str] = {}
    for name, group in groupby(range(len(costs)), key=lambda index: costs[index].bound_by):
        members = list(group)
        left = _between(numbers, members[0] - 1)
        right = _between(numbers, members[-1])
        label = f"{name} binds" if name not in colours else None
        colour = colours.setdefault(name, COLOURS[len(colours) % len(COLOURS)])
        panel.axvspan(left, right, color=colour, alpha=0.22, linewidth=0, label=label)
    if numbers[0] > 0 and numbers[-1] >= 16 * numbers[0]:
        panel.set_xscale("log", base=2)
    panel.set_xlim(numbers[0], numbers[-1] if len(numbers) > 1 else numbers[0] + 1)
    panel.set_ylim(0, max(each.runtime_cycles for each in costs) * 1.05)
    panel.set_xlabel(UNITS[axis])
    panel.set_ylabel("run time (cycles)")
    panel.set_title(f"{analysis.operator.name}: run time")
    panel.legend(fontsize=8)
    return figure_of(panel)


def _between(numbers: Sequence[float], index: int) -> float:
    """Give the place half-way between a value and the next one; the ends themselves at the ends."""
    if index < 0 or index + 1 >= len(numbers):
        return numbers[0] if index < 0 else numbers[-1]
    return (numbers[index] + numbers[index + 1]) / 2
