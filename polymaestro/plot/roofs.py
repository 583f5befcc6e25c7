"""The roofline: MACs per cycle against MACs per word, with the roofs of PEs and of one link."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from polymaestro.errors import ExportError
from polymaestro.model import LayerReport, NetworkReport
from polymaestro.plot.drawing import COLOURS, HEIGHT, WIDTH, axes, figure_of
from polymaestro.plot.stacks import draw_energy, width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINKS = {"DRAM": 0, "L2": 1}
FONT = 7


def timed(report: NetworkReport) -> list[LayerReport]:
    """Give the layers that have a run time; raises `ExportError` when there is none."""
    layers = [layer for layer in report.layers if layer.performance]
    if not layers:
        message = f"network {report.network} has no layer with a run time to draw"
        raise ExportError(message)
    return layers


def roofline(report: NetworkReport, *, below: str = "DRAM") -> Figure:
    """Draw each layer as a point, at its MACs per word over the link below DRAM or L2.

    The words are those of the direction that has more. The sloped roof is the bandwidth of the link, where
    it has one.

    Raises `ExportError` where there is no such link or no layer has a run time, and without matplotlib.

    >>> import polymaestro as pm
    >>> report = pm.load("examples/gemm.m").analyze(pm.Hardware(64, offchip_bw=4))
    >>> roofline(report).axes[0].get_ylabel()
    'performance (MACs/cycle)'
    """
    if below not in LINKS:
        message = f"a roofline is drawn for the link below DRAM or L2, not {below!r}"
        raise ExportError(message)
    panel = axes()[0]
    draw_roofline(panel, report, below)
    return figure_of(panel)


def summary(report: NetworkReport) -> Figure:
    """Draw the roofline beside the energy of each layer.

    Raises `ExportError` where no layer has a run time, and without matplotlib.

    >>> import polymaestro as pm
    >>> report = pm.load("examples/gemm.m").analyze(pm.Hardware(64, offchip_bw=4))
    >>> len(summary(report).axes)
    2
    """
    left, right = axes(widths=(WIDTH, width_of(report)))
    draw_roofline(left, report, "DRAM")
    draw_energy(right, report)
    return figure_of(left)


def draw_roofline(panel: Axes, report: NetworkReport, below: str) -> None:
    """Draw into axes."""
    layers = timed(report)
    points = [_point(layer, LINKS[below]) for layer in layers]
    peak = report.hardware.pes * report.hardware.lanes
    rate = report.hardware.memory(below).link.words_per_cycle
    lowest, highest = min(x for x, _ in points) / 3, max(x for x, _ in points) * 3
    panel.axhline(peak, color="black", linewidth=1.2, label=f"{peak} MACs/cycle")
    if rate is not None and not isinstance(rate, str):
        corner = peak / float(rate)
        lowest, highest = min(lowest, corner / 3), max(highest, corner * 3)
        ends = ([lowest, corner], [lowest * float(rate), peak])
        panel.plot(*ends, color="black", linewidth=1.2, linestyle="--", label=f"{float(rate):g} words/cycle")
    bounds = sorted({layer.cost.bound_by for layer in layers})
    for bound, colour in zip(bounds, COLOURS, strict=False):
        own = [point for point, layer in zip(points, layers, strict=True) if layer.cost.bound_by == bound]
        xs, ys = zip(*own, strict=True)
        panel.scatter(xs, ys, s=28, color=colour, label=f"bound by {bound}", zorder=3)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(lowest, highest)
    panel.set_ylim(min(y for _, y in points) / 2.5, peak * 2)
    _name_points(panel, points, [layer.name for layer in layers])
    panel.set_xlabel(f"operational intensity below {below} (MACs/word)")
    panel.set_ylabel("performance (MACs/cycle)")
    panel.set_title(f"{report.network}: roofline")
    panel.grid(visible=True, which="major", color="0.9")
    panel.legend(fontsize=8, loc="lower right")


def _point(layer: LayerReport, depth: int) -> tuple[float, float]:
    """Give MACs per word and MACs per cycle."""
    link = layer.cost.links[depth]
    words = max(link.ingress_words, link.egress_words)
    return layer.macs / words, layer.macs / layer.runtime_cycles


def _name_points(panel: Axes, points: list[tuple[float, float]], names: list[str]) -> None:
    """Write the names, those of points that are nearly the same together, one below another's end."""
    spots: dict[tuple[float, float], list[str]] = {}
    for point, name in zip(points, names, strict=True):
        near = next((each for each in spots if _close(each, point)), point)
        spots.setdefault(near, []).append(name)
    area = (72 * (WIDTH - 1), 72 * (HEIGHT - 1))  # points; what is around it takes about an inch
    limits = (panel.get_xlim(), panel.get_ylim())
    taken: list[tuple[float, float, float]] = []
    for spot, own in sorted(spots.items()):
        text = own[0] if len(own) == 1 else f"{own[0]} +{len(own) - 1}"
        x, y = (
            log(value / low) / log(high / low) * length
            for value, (low, high), length in zip(spot, limits, area, strict=True)
        )
        width, drop, line = 0.66 * FONT * len(text), 0.0, FONT + 2
        while any(x0 - width < x < x0 + w and abs(y - drop - y0) < line for x0, y0, w in taken):
            drop += line
        taken.append((x, y - drop, width))
        panel.annotate(
            text, spot, xytext=(5, -2 - drop), textcoords="offset points", ha="left", va="top", fontsize=FONT
        )


def _close(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(4 / 5 < a / b < 5 / 4 for a, b in zip(one, other, strict=True))
