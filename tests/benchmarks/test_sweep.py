"""How many designs a second a sweep gives, deriving included; run with ``pytest tests/benchmarks``.

A design is a dataflow, a layer, a number of PEs and a machine, with run time, energy, the words that every
memory needs and whether they fit. Times are of the wall clock; the memory is the peak of the largest process.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path

import polymaestro as pm

FLOWS = {
    "C-P": pm.dataflows.c_p(),
    "X-P": pm.dataflows.x_p(),
    "YX-P": pm.dataflows.yx_p(8),
    "YR-P": pm.dataflows.yr_p(),
    "KC-P": pm.dataflows.kc_p(16),
}
VGG16 = Path(__file__).resolve().parents[2] / "examples" / "vgg16_kc_p.m"
WANTED = 1_000_000  # designs a second; the MAESTRO paper (MICRO 2019) reports 0.17 million
MOST = 2**30  # bytes


def test_a_million_designs_a_second_over_vgg16() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    found = pm.sweep(
        pm.load(VGG16),
        FLOWS,
        num_pes=[64, 128, 256, 512],
        hardware=pm.Hardware(64, noc_hops=1),
        jobs=2,
        noc_bw=range(1, 65),
        offchip_bw=range(1, 33),
        l1_size=[32, 128, 512, 2048],
        l2_size=[2**n for n in range(12, 21)],
    )
    start = time.perf_counter()
    refused = list(found.refused)
    deriving = time.perf_counter() - start
    designs = best = 0
    for chunk in found.chunks():
        designs += len(chunk)
        best += int(chunk["fits"].sum())
    evaluating = time.perf_counter() - start - deriving
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    after = max(resource.getrusage(each).ru_maxrss * 1024 for each in whose)
    print(  # noqa: T201
        f"\n{designs:,} designs, {best:,} fit, {len(refused)} of dataflow × layer × PEs refused: "
        f"deriving {deriving:.2f} s, evaluating {evaluating:.2f} s; "
        f"{designs / evaluating:,.0f} a second, {designs / (evaluating + deriving):,.0f} with deriving; "
        f"{after / 2**20:,.0f} MiB at most, {before / 2**20:,.0f} before"
    )
    assert designs >= 10_000_000
    assert designs / (evaluating + deriving) >= WANTED
    assert after <= MOST

    start = time.perf_counter()
    best_runtime = found.best("runtime")
    searching = time.perf_counter() - start
    assert best_runtime.total is not None
    alone = [
        pm.analyze(layer.operator(), FLOWS[name], best_runtime.total.hardware.num_pes).on(
            best_runtime.total.hardware
        )
        for layer, (_, name) in zip(found.layers, best_runtime.total.dataflows, strict=True)
    ]
    print(f"the best for all layers: {searching:.2f} s, {found.size / searching:,.0f} designs a second")  # noqa: T201
    print(best_runtime.total.varied, best_runtime.total.dataflows)  # noqa: T201
    assert sum(each.runtime_cycles for each in alone) == best_runtime.total.runtime
    assert sum(each.cost.total_energy for each in alone) == best_runtime.total.energy
