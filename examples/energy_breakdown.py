# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---
# %% [markdown]
"""Where the energy goes: AlexNet's convolutions on an Eyeriss-like machine; also opens as a notebook."""

# %% [markdown]
# Two dataflows on one array of 168 PEs. Energy is counted in multiples of one MAC, with the costs that the
# Eyeriss paper normalises to it (Chen, Emer, Sze, ISCA 2016, Table IV).

# %%
from collections import Counter
from fractions import Fraction

import polymaestro as pm
from polymaestro.dataflow import Layer
from polymaestro.hardware import PRESETS

machine = PRESETS["eyeriss"]
print(machine.energy.source)
convolutions = [layer for layer in pm.networks.alexnet().layers if layer.name.startswith("CONV")]
machine  # which a notebook shows as tables


# %% [markdown]
# A row-stationary mapping has as many PEs in a cluster as a filter has rows; a weight-stationary one has 16
# input channels in each. Every unit of energy is spent by some memory or wire, and all but that of the MACs
# on behalf of some tensor: both sums are the same to the last digit, since no number here is a float.


# %%
def spent(layer: Layer, flow: pm.Dataflow) -> tuple[Counter[str], Counter[str]]:
    """Give the energy of a layer by where it is spent, and by the tensor that it is spent on."""
    report = pm.analyze(layer.operator(), flow, machine.num_pes).on(machine)
    places, tensors = Counter[str](), Counter[str]()
    for event, energy in report.cost.energy.items():
        places["wires" if event.endswith(" hops") else event.split()[0]] += energy
    for tensor, parts in report.cost.energy_by_tensor.items():
        tensors[tensor] = sum(parts.values(), Fraction(0))
    assert places["MAC"] == report.macs  # a MAC is the unit
    assert sum(places.values()) == sum(tensors.values()) + places["MAC"]
    return places, tensors


def row_stationary(layer: Layer) -> pm.Dataflow:
    """Give YR-P for the filter of a layer."""
    return pm.dataflows.yr_p(layer.numbers()["R"])


def weight_stationary(_layer: Layer) -> pm.Dataflow:
    """Give KC-P in clusters of 16."""
    return pm.dataflows.kc_p(16)


# %%
PLACES = ("MAC", "L1", "cluster1", "L2", "wires", "DRAM")
totals = {}
for name, flow_of in (("YR-P", row_stationary), ("KC-P", weight_stationary)):
    print(f"\n{name:6}", *(f"{place:>9}" for place in PLACES), "     I     W     O  (millions of MACs)")
    whole = Counter[str]()
    for layer in convolutions:
        places, tensors = spent(layer, flow_of(layer))
        whole += places
        shares = (f"{float(tensors[t] / sum(tensors.values())):6.0%}" for t in ("I", "W", "O"))
        print(f"{layer.name:6}", *(f"{float(places[p]) / 1e6:9.1f}" for p in PLACES), *shares)
    print(f"{'all':6}", *(f"{float(whole[p]) / 1e6:9.1f}" for p in PLACES))
    totals[name] = whole

# %% [markdown]
# Most of the energy goes to DRAM, where a word costs 200 MACs: what does not stay in L2 is fetched from there
# whenever the mapping asks for it again.

# %%
for name, whole in totals.items():
    inside = sum(whole[place] for place in PLACES[1:-1]) / whole["MAC"]
    outside = whole["DRAM"] / whole["MAC"]
    print(f"{name}: for each MAC {float(inside):.1f} in the array and {float(outside):.1f} in DRAM")
    assert outside > inside > 1
