"""The best dataflow for each layer of five networks, by the traffic of L2, and what choosing gains.

Fully connected, matrix product and depthwise layers are read as the convolutions that they equal, so that
each dataflow fits each layer.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import polymaestro as pm
from polymaestro.networks import NETWORKS, as_convolutions

PES = 256
NAMES = ("alexnet", "vgg16", "resnet50", "mobilenet_v2", "transformer_encoder")
FLOWS = tuple(pm.dataflows.PUBLISHED)


def traffic(layer: dict[str, Any]) -> int:
    """Add up what crosses the boundary below L2 in the JSON of a layer."""
    tensors = layer["boundaries"][0]["tensors"].values()
    moved = ("parent_reads", "parent_updates", "read_backs")
    return sum(tensor.get(key, 0) for tensor in tensors for key in moved)


def layers_of(name: str, flow: str) -> dict[str, int]:
    """Give the traffic of each layer of a network under one dataflow."""
    network = as_convolutions(NETWORKS[name]()).with_dataflow(pm.dataflows.PUBLISHED[flow]())
    report = json.loads(json.dumps(network.analyze(pm.Hardware(PES)).to_json()))
    assert all(layer["legal"] for layer in report["layers"])
    assert sum(layer["macs"] for layer in report["layers"]) == pm.networks.macs(NETWORKS[name]())
    found = {layer["name"]: traffic(layer) for layer in report["layers"]}
    assert len(found) == len(report["layers"])
    return found


def table() -> dict[str, dict[str, dict[str, int]]]:
    """Give the traffic by network, dataflow and layer."""
    return {name: {flow: layers_of(name, flow) for flow in FLOWS} for name in NAMES}


found = table()
print(f"L2 traffic in words, {PES} PEs, batch 1")
print(f"{'':20}", *(f"{flow:>12}" for flow in (*FLOWS, "per layer")), "  gain")
for name, by_flow in found.items():
    totals = {flow: sum(layers.values()) for flow, layers in by_flow.items()}
    winners = {layer: min(FLOWS, key=lambda flow: by_flow[flow][layer]) for layer in by_flow[FLOWS[0]]}
    chosen = sum(by_flow[flow][layer] for layer, flow in winners.items())
    gain = min(totals.values()) / chosen - 1
    print(f"{name:20}", *(f"{total:12d}" for total in (*totals.values(), chosen)), f"{gain:6.1%}")
    counts = ", ".join(f"{flow} {count}" for flow, count in Counter(winners.values()).most_common())
    print(f"{'':20} best for: {counts}")
    assert chosen <= min(totals.values())
    # A layer's best is no worse than what any single dataflow gives it.
    for layer, flow in winners.items():
        assert all(by_flow[flow][layer] <= by_flow[other][layer] for other in FLOWS)

print("gain: what the best single dataflow moves above the best of each layer")
