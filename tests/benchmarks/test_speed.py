"""How long deriving and importing take; run with ``pytest tests/benchmarks``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import polymaestro as pm
from polymaestro.tiling import lifted
from tests.benchmarks.test_points import FLOWS


@pytest.mark.parametrize("name", FLOWS)
def test_deriving_conv2d_with_every_extent_a_symbol(benchmark: BenchmarkFixture, name: str) -> None:
    analysis = benchmark.pedantic(pm.analyze, (pm.conv2d(), FLOWS[name], 256), rounds=5)
    assert len(analysis.symbols) == 7


@pytest.mark.parametrize("name", FLOWS)
def test_views_of_every_quantity_of_conv2d(benchmark: BenchmarkFixture, name: str) -> None:
    analysis = pm.analyze(pm.conv2d(), FLOWS[name], 256)

    def views() -> int:
        forms = analysis.divisible("P >= R", "Q > S").forms.every().values()
        return len([str(form.generic()) + str(form.asymptotic(("R", "S"))) for form in forms])

    assert benchmark.pedantic(views, rounds=2) >= 17


@pytest.mark.parametrize("name", FLOWS)
def test_printing_every_exact_form_of_conv2d(benchmark: BenchmarkFixture, name: str) -> None:
    def printed() -> int:
        forms = pm.analyze(pm.conv2d(), FLOWS[name], 256).forms.every().values()
        return len([str(form) for form in forms])

    assert benchmark.pedantic(printed, rounds=2) >= 17


@pytest.mark.parametrize(
    ("flow", "num_pes"), [(pm.dataflows.kc_p(64), 256), (pm.dataflows.yr_p(3), 192)], ids=["KC-P", "YR-P"]
)
def test_deriving_conv2d_with_every_size_a_symbol(
    benchmark: BenchmarkFixture, flow: pm.Dataflow, num_pes: int
) -> None:
    """All extents, tiles, clusters and PEs: derived, and written in the divisible view."""
    layer = {"N": 1, "K": 128, "C": 128, "P": 56, "Q": 56, "R": 3, "S": 3}

    def derived() -> str:
        found = lifted(pm.conv2d(**layer), flow, num_pes)
        analysis = pm.analyze_tiles(pm.conv2d(), found.dataflow, found.num_pes)
        return analysis.table(layer | found.values, divisible=True)

    assert "T_K0" in benchmark.pedantic(derived, rounds=3)


def test_importing_polymaestro(benchmark: BenchmarkFixture) -> None:
    """Print the CPU time of the import itself, beside the time of a whole interpreter."""
    code = "import time; start = time.process_time(); import polymaestro; print(time.process_time() - start)"
    run = benchmark.pedantic(
        subprocess.run,
        ([sys.executable, "-c", code],),
        {"capture_output": True, "text": True, "check": True},
        rounds=5,
    )
    benchmark.extra_info["import_cpu_seconds"] = float(run.stdout)
    print(f"\nimport polymaestro: {float(run.stdout):.3f} s of CPU time")  # noqa: T201


def test_analysing_a_network_file(benchmark: BenchmarkFixture, reference: Path) -> None:
    file = reference / "maestro" / "mapping" / "Resnet50_kcp_ws.m"
    report = benchmark.pedantic(lambda: pm.load(file).analyze(pm.Hardware(num_pes=256)), rounds=3)
    assert len(report.layers) == 66


def test_timing_a_layer_of_millions_of_steps(benchmark: BenchmarkFixture) -> None:
    layer = pm.conv2d(N=1, K=512, C=512, P=224, Q=224, R=3, S=3)
    machine = pm.Hardware(num_pes=256, l2_size=65536, noc_bw=32, offchip_bw=16)
    report = benchmark.pedantic(lambda: pm.analyze(layer, FLOWS["KC-P"], 256).on(machine), rounds=3)
    assert report.steps > 5_000_000
    assert report.runtime_cycles >= report.roofline_cycles


def test_timing_a_network_file(benchmark: BenchmarkFixture, reference: Path) -> None:
    file = reference / "maestro" / "mapping" / "Resnet50_kcp_ws.m"
    machine = pm.load_hardware(reference / "maestro" / "hw" / "accelerator_1.m")
    report = benchmark.pedantic(lambda: pm.load(file).analyze(machine), rounds=3)
    assert report.timed
