"""Where the energy goes, and how often each word is used."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from polymaestro.errors import ExportError
from polymaestro.model import LayerReport, NetworkReport
from polymaestro.plot.drawing import COLOURS, axes, figure_of, scaled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def energy(report: NetworkReport) -> Figure:
    """Draw a bar a layer, stacked by where the energy goes: MACs, each memory, the hops."""
    panel = axes()[0]
    draw_energy(panel, report)
    return figure_of(panel)


def draw_energy(panel: Axes, report: NetworkReport) -> None:
    """Draw into axes."""
    layers = [layer for layer in report.layers if layer.performance]
    if not layers:
        message = f"network {report.network} has no layer with an energy to draw"
        raise ExportError(message)
    parts = [_by_place(layer) for layer in layers]
    places = [place for place in dict.fromkeys(name for each in parts for name in each) if _any(parts, place)]
    most = max(float(layer.cost.total_energy) for layer in layers)
    unit, scale = scaled(layers[0].cost.energy_unit, most)
    positions, bottoms = range(len(layers)), [0.0] * len(layers)
    for index, place in enumerate(places):
        heights = [each.get(place, 0.0) / scale for each in parts]
        panel.bar(positions, heights, bottom=bottoms, label=place, color=COLOURS[index % len(COLOURS)])
        bottoms = [low + high for low, high in zip(bottoms, heights, strict=True)]
    panel.set_xticks(positions, [layer.name for layer in layers], rotation=60, ha="right", fontsize=8)
    panel.set_ylabel(f"energy ({unit})")
    panel.set_xlabel("layer")
    panel.set_title(f"{report.network}: energy")
    panel.set_ylim(0, max(bottoms) * 1.15)
    panel.legend(fontsize=8, ncols=len(places), loc="upper center", columnspacing=1)


def reuse(report: NetworkReport) -> Figure:
    """Draw a map of how many MACs each word read by or written to a memory serves, layer by layer."""
    layers = [layer for layer in report.layers if layer.boundaries]
    if not layers:
        message = f"network {report.network} has no layer with counts to draw"
        raise ExportError(message)
    rows = [_reuse(layer) for layer in layers]
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = [[row.get(name, 0.0) for row in rows] for name in names]
    panel = axes(width=2.6 + 0.62 * len(rows), height=1.7 + 0.42 * len(names))[0]
    colours = [[log2(value) if value > 0 else 0.0 for value in row] for row in values]
    image = panel.imshow(colours, cmap="viridis", aspect="auto")
    shown = [each for row in colours for each in row]
    middle = (min(shown) + max(shown)) / 2
    for y, row in enumerate(values):
        for x, value in enumerate(row):
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


def _by_place(layer: LayerReport) -> dict[str, float]:
    """Add up reads and writes of each memory."""
    places: dict[str, float] = {}
    for name, value in layer.cost.energy.items():
        place = name.removesuffix(" reads").removesuffix(" writes")
        place = "hops" if name.endswith(" hops") else place
        places[place] = places.get(place, 0.0) + float(value)
    return places


def _any(parts: list[dict[str, float]], place: str) -> bool:
    return any(each.get(place) for each in parts)


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
    return f"{value / 1000:.3g}k" if value >= 1000 else f"{value:.3g}"  # noqa: PLR2004
