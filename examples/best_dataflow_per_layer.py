"""The best dataflow for each layer of five networks, and what choosing gains: traffic, run time, energy.

Fully connected, matrix product and depthwise layers are read as the convolutions that they equal, so that
each dataflow fits each layer. The machine: 256 PEs, 32 words a cycle from L2 and 16 from DRAM, an L2 that
holds all that is kept, and the energy constants that ``print`` shows with their source.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from math import isclose
from typing import Any

import polymaestro as pm
from polymaestro.networks import NETWORKS, as_convolutions

MACHINE = pm.Hardware(256, noc_bw=32, offchip_bw=16)
NAMES = ("alexnet", "vgg16", "resnet50", "mobilenet_v2", "transformer_encoder")
FLOWS = tuple(pm.dataflows.PUBLISHED)
Json = Mapping[str, Any]


def traffic(layer: Json) -> int:
    """Add up what crosses the boundary below L2 in the JSON of a layer."""
    tensors = layer["boundaries"][0]["tensors"].values()
    moved = ("parent_reads", "parent_updates", "read_backs")
    return sum(tensor.get(key, 0) for tensor in tensors for key in moved)


def report_of(name: str, flow: str) -> Json:
    """Give the JSON of a network under one dataflow; its totals are the sums of its layers."""
    network = as_convolutions(NETWORKS[name]()).with_dataflow(pm.dataflows.PUBLISHED[flow]())
    report: Json = json.loads(json.dumps(network.analyze(MACHINE).to_json()))
    layers, total = report["layers"], report["total"]
    assert all(layer["legal"] for layer in layers)
    assert sum(layer["macs"] for layer in layers) == total["macs"] == pm.networks.macs(NETWORKS[name]())
    assert sum(layer["runtime_cycles"] for layer in layers) == total["runtime_cycles"]
    assert isclose(sum(layer["energy_pj"] for layer in layers), total["energy_pj"])
    return report


def line(name: str, by_flow: Mapping[str, list[float]]) -> None:
    """Print the total of each dataflow, of the best one for each layer, and which those are."""
    totals = [sum(layers) for layers in by_flow.values()]
    winners = [min(FLOWS, key=lambda flow, at=at: by_flow[flow][at]) for at in range(len(by_flow[FLOWS[0]]))]
    chosen = sum(by_flow[flow][at] for at, flow in enumerate(winners))
    gain = min(totals) / chosen - 1
    print(f"{name:20}", *(f"{total:12.0f}" for total in (*totals, chosen)), f"{gain:6.1%}")
    counts = ", ".join(f"{flow} {count}" for flow, count in Counter(winners).most_common())
    print(f"{'':20}   best for: {counts}")
    # With the best of each layer, no layer is worse than under the best single dataflow.
    single = by_flow[FLOWS[totals.index(min(totals))]]
    assert all(by_flow[flow][at] <= single[at] for at, flow in enumerate(winners))


reports = {name: {flow: report_of(name, flow) for flow in FLOWS} for name in NAMES}
measures: dict[str, Callable[[Json], float]] = {
    "traffic of L2, words": traffic,
    "run time, cycles": lambda layer: layer["runtime_cycles"],
    "energy, nJ": lambda layer: layer["energy_pj"] / 1000,
}
for title, measure in measures.items():
    print(f"{title:20}", *(f"{flow:>12}" for flow in (*FLOWS, "per layer")), "  gain")
    for name, by_flow in reports.items():
        line(name, {flow: [measure(layer) for layer in each["layers"]] for flow, each in by_flow.items()})
    print()
print("gain: what the best single dataflow needs above the best of each layer")
print("energy:", reports[NAMES[0]][FLOWS[0]]["hardware"]["energy"]["source"])
