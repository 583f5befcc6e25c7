"""Where the energy goes, and how often each word is used."""

from __future__ import annotations

from fractions import Fraction
from math import isnan, log2, nan
from typing import TYPE_CHECKING, Any

from polymaestro.errors import ExportError
from polymaestro.model import LayerReport, NetworkReport
from polymaestro.plot.drawing import COLOURS, WIDTH, axes, figure_of, scaled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HATCHES = ("", "//", "..", "xx", "oo", "++")
"""One a tensor."""


def energy(report: NetworkReport) -> Figure:
    """Draw a bar a layer, stacked by where the energy goes: MACs, each memory and tensor, the hops.

    Raises `ExportError` where no layer has an energy, and without matplotlib.

    >>> import polymaestro as pm
    >>> report = pm.load("examples/gemm.m").analyze(pm.Hardware(64, offchip_bw=4))
    >>> energy(report).axes[0].get_xlabel()
    'layer'
    """
    panel = axes(widths=(width_of(report),))[0]
    draw_energy(panel, report)
    return figure_of(panel)


def width_of(report: NetworkReport) -> float:
    """Give the width that leaves room for the name of each layer, in inches."""
    return max(WIDTH, 1.5 + 0.21 * sum(1 for layer in report.layers if layer.performance))


def draw_energy(panel: Axes, report: NetworkReport) -> None:
    """Draw into axes: a colour a memory, a hatch a tensor."""
    from matplotlib.patches import Patch  # noqa: PLC0415  an optional extra

    layers = [layer for layer in report.layers if layer.performance]
    if not layers:
        message = f"network {report.network} has no layer with an energy to draw"
        raise ExportError(message)
    parts = [_split(layer) for layer in layers]
    keys = [key for key in dict.fromkeys(key for each in parts for key in each) if _any(parts, key)]
    places, tensors = dict.fromkeys(place for place, _ in keys), dict.fromkeys(t for _, t in keys if t)
    colours = dict(zip(places, COLOURS, strict=False))
    hatches = dict(zip(tensors, HATCHES, strict=False))
    unit, scale = scaled(layers[0].cost.energy_unit, max(float(e.cost.total_energy) for e in layers))
    bottoms = [0.0] * len(layers)
    for place, tensor in sorted(keys, key=lambda key: list(places).index(key[0])):
        heights = [float(each.get((place, tensor), 0)) / scale for each in parts]
        style: dict[str, Any] = {"color": colours.get(place, "black"), "hatch": hatches.get(tensor, "")}
        panel.bar(range(len(layers)), heights, bottom=bottoms, edgecolor="white", linewidth=0, **style)
        bottoms = [low + high for low, high in zip(bottoms, heights, strict=True)]
    handles = [Patch(color=colours.get(place, "black"), label=place) for place in places]
    handles += [Patch(facecolor="0.6", edgecolor="white", hatch=h, label=t) for t, h in hatches.items()]
    panel.set_xticks(range(len(layers)), [e.name for e in layers], rotation=60, ha="right", fontsize=8)
    panel.set_ylabel(f"energy ({unit})")
    panel.set_xlabel("layer")
    panel.set_title(f"{report.network}: energy")
    panel.set_ylim(0, max(bottoms) * 1.15)
    panel.legend(handles=handles, fontsize=8, ncols=len(handles), loc="upper center", columnspacing=1)


def reuse(report: NetworkReport) -> Figure:
    """Draw a map of how many MACs each word read by or written to a memory serves, layer by layer.

    Raises `ExportError` where no layer has counts, and without matplotlib.

    >>> import polymaestro as pm
    >>> report = pm.load("examples/gemm.m").analyze(pm.Hardware(64, offchip_bw=4))
    >>> [each.get_text() for each in reuse(report).axes[0].get_yticklabels()]
    ['L2 A', 'L2 B', 'L2 Z', 'cluster1 A', 'cluster1 B', 'cluster1 Z']
    """
    layers = [layer for layer in report.layers if layer.boundaries]
    if not layers:
        message = f"network {report.network} has no layer with counts to draw"
        raise ExportError(message)
    rows = [_reuse(layer) for layer in layers]
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = [[row.get(name, nan) for row in rows] for name in names]
    panel = axes(widths=(2.6 + 0.62 * len(rows),), height=1.7 + 0.42 * len(names))[0]
    colours = [[log2(value) for value in row] for row in values]
    image = panel.imshow(colours, cmap="viridis", aspect="auto")
    shown = [each for row in colours for each in row if not isnan(each)]
    middle = (min(shown) + max(shown)) / 2
    for y, row in enumerate(values):
        for x, value in enumerate(row):
            if isnan(value):
                continue
            shade = "black" if colours[y][x] > middle else "white"
            panel.text(x, y, _short(value), ha="center", va="center", fontsize=7, color=shade)
    panel.set_xticks(range(len(rows)), [layer.name for layer in layers], rotation=60, ha="right", fontsize=8)
    panel.set_yticks(range(len(names)), names, fontsize=8)
    panel.set_xlabel("layer")
    panel.set_ylabel("memory and tensor")
    panel.set_title(f"{report.network}: reuse")
    figure = figure_of(panel)
    figure.colorbar(image, ax=panel, label="reuse (log2 of MACs/word)")
    return figure


def _split(layer: LayerReport) -> dict[tuple[str, str], Fraction]:
    """Add up reads and writes by memory and tensor; MACs are no tensor's."""
    split = {("MAC", ""): layer.cost.energy["MAC"]}
    for tensor, parts in layer.cost.energy_by_tensor.items():
        for name, value in parts.items():
            place = "hops" if name.endswith(" hops") else name.rsplit(" ", 1)[0]
            split[place, tensor] = split.get((place, tensor), Fraction(0)) + value
    return split


def _any(parts: list[dict[tuple[str, str], Fraction]], key: tuple[str, str]) -> bool:
    return any(each.get(key) for each in parts)


def _reuse(layer: LayerReport) -> dict[str, float]:
    found = {}
    for boundary in layer.boundaries:
        for tensor, counts in boundary.tensors.items():
            moved = counts["parent_reads"] if "parent_reads" in counts else counts["parent_updates"]
            if moved:
                found[f"{boundary.parent} {tensor}"] = layer.macs / moved
    return found


def _short(value: float) -> str:
    """Write three digits; thousands as k.

    >>> _short(2.9473), _short(50176.0)
    ('2.95', '50.2k')
    """
    return f"{value / 1000:.3g}k" if value >= 1000 else f"{value:.3g}"  # noqa: PLR2004  a thousand
