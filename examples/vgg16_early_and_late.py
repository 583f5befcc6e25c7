"""Five dataflows on an early and a late layer of VGG-16: reuse, buffer, traffic, bandwidth, time, energy.

An early layer has many pixels and few channels, a late one the reverse. What each dataflow is stationary
in shows as the reuse of that tensor; what it costs elsewhere shows beside it.
"""

from __future__ import annotations

import polymaestro as pm
from polymaestro.model import LayerReport

LINK = 32
MACHINE = pm.Hardware(256, noc_bw=LINK, offchip_bw=16)
MOVED = ("parent_reads", "parent_updates", "read_backs")


def traffic(layer: pm.Analysis) -> dict[str, int]:
    """Give the words that cross the boundary below L2, by tensor."""
    tensors = layer.at({}).boundaries[0].tensors
    return {name: sum(counts.get(key, 0) for key in MOVED) for name, counts in tensors.items()}


def reuse(layer: pm.Analysis, tensor: str) -> str:
    """Give reuse inside the tile, over time, over space; their product is MACs per word."""
    factors = layer.reuse("L2", tensor)
    inside, temporal, spatial = factors.inside_tile.at(), factors.temporal.at(), factors.spatial.at()
    counts = layer.at({}).boundaries[0].tensors[tensor]
    assert inside * temporal * spatial * counts[MOVED[0 if tensor != "O" else 1]] == layer.macs.at()
    return f"{float(inside):.4g}·{float(temporal):.4g}·{float(spatial):.4g}"


def bandwidth(cost: LayerReport) -> tuple[float, float]:
    """Give the words per cycle that keep the PEs busy below L2: on average, and in the step of most."""
    below = cost.to_json()["boundaries"][0]
    return below["bandwidth_average"], below["bandwidth_peak"]


def energy(cost: LayerReport) -> str:
    """Give the energy in µJ."""
    return f"{cost.to_json()['energy_pj'] / 10**6:.0f}"


def row(layer: pm.Analysis, name: str) -> None:
    """Print one line."""
    moved = traffic(layer)
    held = sum(layer.boundaries[-1][tensor].occupancy.at() for tensor in "IWO")
    factors = "".join(f"{reuse(layer, tensor):>15}" for tensor in "IWO")
    cost = layer.on(MACHINE)
    mean, peak = bandwidth(cost)
    print(
        f"{name:5}{factors}{held:>6}{sum(moved.values()):>11}{mean:>7.1f}{peak:>7.1f}"
        f"{cost.runtime_cycles:>10}{energy(cost):>7}"
    )
    # No run is shorter than its longest part: the MACs, or the words over any link.
    assert cost.runtime_cycles >= cost.roofline_cycles >= layer.macs.at() / MACHINE.num_pes
    # The average need moves all words while the PEs compute, which is no longer than the run. The link has 32
    # words each way; where that is less than the need, the PEs wait.
    assert peak >= mean >= 0.999 * sum(moved.values()) / cost.runtime_cycles
    busy = layer.macs.at() / cost.to_json()["average_active_units"]
    assert mean <= 2 * LINK or cost.runtime_cycles > 1.1 * busy


found: dict[tuple[str, str], pm.Analysis] = {}
for number in ("CONV2", "CONV13"):
    [layer] = pm.networks.vgg16().named(number)
    sizes = ", ".join(f"{dim} = {size}" for dim, size in layer.numbers().items())
    print(f"{number}: {sizes}; {MACHINE.num_pes} PEs")
    print(
        f"{'':5}{'reuse of I':>15}{'W':>15}{'O':>15}{'holds':>6}{'L2 traffic':>11}"
        f"{'words/cycle':>14}{'cycles':>10}{'µJ':>7}"
    )
    for name, dataflow in pm.dataflows.PUBLISHED.items():
        found[number, name] = pm.analyze(layer.operator(), dataflow(), MACHINE.num_pes)
        row(found[number, name], name)
    best = min(pm.dataflows.PUBLISHED, key=lambda name: sum(traffic(found[number, name]).values()))
    print(f"least traffic: {best}\n")
    assert best == "KC-P"

print("reuse: MACs per word inside a tile, times reuse over time, times reuse over space")
print("words/cycle: what keeps the PEs busy, on average and at most; the link below L2 gives 32 each way")

# Weight-stationary: each weight leaves L2 once. Output-stationary: each output comes home once.
for number in ("CONV2", "CONV13"):
    weights, outputs = (found[number, name].at({}).boundaries[0].tensors for name in ("KC-P", "YX-P"))
    sizes = pm.networks.vgg16().named(number)[0].numbers()
    assert weights["W"]["parent_reads"] == sizes["K"] * sizes["C"] * sizes["R"] * sizes["S"]
    assert outputs["O"]["parent_updates"] == sizes["K"] * sizes["P"] * sizes["Q"]
    assert outputs["O"]["read_backs"] == 0
# With 64 channels C-P adds up all of them at once; with 512 they come in two folds, a step each, and the
# tiles of inputs and weights that a PE keeps over a step are gone when it could use them again.
early, late = (found[number, "C-P"] for number in ("CONV2", "CONV13"))
assert early.reuse("L2", "W").temporal.at() == 224 * 224
assert late.reuse("L2", "W").temporal.at() == 1
