"""How long finding the tiles of a layer takes on one core; run with ``pytest tests/benchmarks``.

The 3 × 3 layers of ResNet-50 under KC-P on 256 PEs: each tile of K, C, P, Q and of C inside a cluster is
chosen, 512 words fit a PE. Times are CPU times of this process, deriving included.
"""

from __future__ import annotations

import time

import pytest

import polymaestro as pm
from polymaestro.tiling import Optimum, lifted

WANTED = 10  # seconds for a layer
CLUSTERS = [2**n for n in range(9)]
GOALS = {
    "traffic below L2": ("L2.traffic", ["L1 <= 512"]),
    "with a small cluster memory": ("L2.traffic", ["L1 <= 512", "cluster1 <= 8192"]),
    "traffic everywhere": ("L2.traffic + cluster1.traffic", ["L1 <= 512"]),
}


def layers() -> dict[str, pm.Operator]:
    """Give one layer of each size, by the names of all that have it."""
    found: dict[pm.Operator, list[str]] = {}
    for layer in pm.networks.resnet50().layers:
        if layer.numbers().get("R") == 3:
            found.setdefault(layer.operator(), []).append(layer.name)
    return {", ".join(names): operator for operator, names in found.items()}


@pytest.mark.parametrize("tiles", ["divisors", "all"])
@pytest.mark.parametrize("goal", GOALS)
def test_the_tiles_of_each_layer_within_ten_seconds(goal: str, tiles: str) -> None:
    every = layers()
    assert sum(len(names.split(", ")) for names in every) == 16
    for names, operator in every.items():
        start = time.process_time()
        best = search(operator, goal, tiles, {})
        seconds = time.process_time() - start
        print(f"\n{names}: {goal}: {best}; {best.evaluated} evaluated, {seconds:.2f} s")  # noqa: T201
        assert best.proved
        assert seconds < WANTED


def test_the_size_of_the_clusters_is_chosen_too() -> None:
    for names, operator in layers().items():
        for goal in GOALS:
            start = time.process_time()
            best = search(operator, goal, "all", {"G1": CLUSTERS})
            seconds = time.process_time() - start
            print(f"\n{names}: {goal}: {best}; {best.evaluated} evaluated, {seconds:.2f} s")  # noqa: T201
            assert best.proved


def search(operator: pm.Operator, goal: str, tiles: str, choices: dict[str, list[int]]) -> Optimum:
    found = lifted(operator, pm.dataflows.kc_p(64), 256)
    analysis = pm.analyze_tiles(operator, found.dataflow, found.num_pes)
    minimize, limits = GOALS[goal]
    kept = {name: found.values[name] for name in ("PEs", "G1") if name not in choices}
    return pm.optimize(
        analysis,
        minimize=minimize,
        subject_to=limits,
        extents=kept,
        choices=choices,
        tiles="all" if tiles == "all" else "divisors",
    )
