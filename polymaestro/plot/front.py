"""The Pareto front of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polymaestro.errors import ExportError
from polymaestro.plot.drawing import axes, figure_of, scaled
from polymaestro.sweeping import Design

if TYPE_CHECKING:
    from matplotlib.figure import Figure


DECADE = 10
"""Buffers that differ by more are coloured by their order of magnitude."""


def pareto(front: Sequence[Design], *, title: str = "Pareto front") -> Figure:
    """Draw designs at their run time and energy, coloured by the words that their memories need.

    The line joins those that no other beats in run time and energy alone.

    Raises `ExportError` for an empty front, and without matplotlib.

    >>> import polymaestro as pm
    >>> front = pm.sweep(pm.load("examples/gemm.m"), num_pes=[64, 128], noc_bw=[1, 2, 4]).pareto()
    >>> pareto(front).axes[0].get_xlabel()
    'run time (cycles)'
    """
    if not front:
        message = "there is no design to draw"
        raise ExportError(message)
    panel = axes()[0]
    from matplotlib.ticker import EngFormatter, StrMethodFormatter  # noqa: PLC0415  an optional extra

    unit = front[0].hardware.energy.unit
    name, scale = scaled(unit, max(float(design.energy) for design in front))
    points = [(design.runtime, float(design.energy) / scale) for design in front]
    ordered = sorted(points)
    lowest = [p for i, p in enumerate(ordered) if all(p[1] < other[1] for other in ordered[:i])]
    panel.step(*zip(*lowest, strict=True), where="post", color="0.6", linewidth=1, zorder=1)
    xs, ys = zip(*points, strict=True)
    buffers = [design.buffer for design in front]
    norm = "log" if max(buffers) > DECADE * min(buffers) else "linear"
    shades = panel.scatter(xs, ys, c=buffers, cmap="viridis", norm=norm, s=30, zorder=2)
    panel.xaxis.set_major_formatter(EngFormatter())
    panel.set_xlabel("run time (cycles)")
    panel.set_ylabel(f"energy ({name})")
    panel.set_title(title)
    panel.margins(0.08)
    panel.grid(visible=True, color="0.9")
    figure = figure_of(panel)
    if min(buffers) < max(buffers):
        bar = figure.colorbar(shades, ax=panel, label="buffers on the chip (words)")
        bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    else:
        panel.set_title(f"{title}\n{buffers[0]} words of buffers on the chip")
    return figure
