"""The tiles of ResNet-50's 3 × 3 layers that move the least below L2, where a PE holds 512 words.

The dataflow is KC-P, which MAESTRO's authors publish with one output per tile: its numbers become symbols,
and every tile size, edge tiles included, is searched. The result is proved to be the least of them all.
"""

from __future__ import annotations

import polymaestro as pm
from polymaestro.tiling import lifted

PES, WORDS, TAPS, LAYERS = 256, 512, 3, 16
FLOW = pm.dataflows.kc_p()


def moved(layer: pm.Operator, flow: pm.Dataflow) -> int:
    """Count what crosses the boundary below L2, by an analysis of the directives as they stand."""
    boundary = pm.analyze(layer, flow, PES).at({}).boundaries[0]
    names = ("parent_reads", "parent_updates", "read_backs")
    return sum(tensor.get(name, 0) for tensor in boundary.tensors.values() for name in names)


def held(layer: pm.Operator, flow: pm.Dataflow) -> int:
    """Count the words that a PE needs."""
    boundary = pm.analyze(layer, flow, PES).at({}).boundaries[-1]
    return sum(tensor["occupancy"] for tensor in boundary.tensors.values())


# Layers of one size need one search: sixteen layers have four sizes.
sizes: dict[pm.Operator, list[str]] = {}
for each in pm.networks.resnet50().layers:
    if each.numbers().get("R") == TAPS:
        sizes.setdefault(each.operator(), []).append(each.name)
assert sum(map(len, sizes.values())) == LAYERS

print(f"KC-P on {PES} PEs, {WORDS} words in each; words that cross the boundary below L2")
print("layers       K    C    P    Q    published         best   gain   of tilings  tiles of K, C, P, Q")
for layer, names in sizes.items():
    found = lifted(layer, FLOW, PES)
    analysis = pm.analyze_tiles(layer, found.dataflow, found.num_pes)
    best = pm.optimize(
        analysis,
        minimize="L2.traffic",
        subject_to=[f"L1 <= {WORDS}"],
        extents={name: found.values[name] for name in ("PEs", "G1")},
        tiles="all",
    )
    assert best.proved
    # The directives that it gives, analysed without any symbol, move as many words and fit.
    assert moved(layer, best.dataflow) == best.value
    assert held(layer, best.dataflow) <= WORDS
    published = moved(layer, FLOW)
    assert best.value < published
    # No dataflow moves less than each tensor once.
    k, c, p, q = (layer.extent(dim).constant for dim in "KCPQ")
    assert best.value >= k * c * 9 + c * (p + 2) * (q + 2) + k * p * q
    tiles = ", ".join(str(best.point[f"T_{dim}0"]) for dim in "KCPQ")
    print(
        f"{names[0][:5]} ({len(names)}) {k:5} {c:4} {p:4} {q:4} {published:12} {best.value:12} "
        f"{published / best.value:6.1f} {best.space:12}  {tiles}"
    )
