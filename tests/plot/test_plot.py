"""Pictures: what is drawn is what the reports say, axes name their units, nothing warns."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import polymaestro as pm
from polymaestro import plot
from polymaestro.cli import main
from polymaestro.errors import ExportError
from polymaestro.model import NetworkReport

pytest.importorskip("matplotlib")

ROOT = Path(__file__).resolve().parents[2]
TEXT = """Network Net {
  Layer FIRST { Type: GEMM Dimensions { M: 64, N: 16, K: 16 }
    Dataflow { SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K; } }
  Layer SECOND { Type: GEMM Dimensions { M: 5, N: 9, K: 3 } }
  Layer THIRD { Type: GEMM Dimensions { M: 16, N: 90, K: 30 } } }"""
MACHINE = pm.Hardware(16, noc_bw=8, offchip_bw=2)


def panels(figure: Any) -> list[Any]:
    """Give the axes of a figure; matplotlib's types are wider than what these hold."""
    return list(figure.axes)


@pytest.fixture(scope="module")
def report() -> NetworkReport:
    parsed = pm.parse_network(TEXT)
    return pm.Network(parsed.name, parsed.layers).analyze(MACHINE)


@pytest.mark.parametrize(("below", "depth", "rate"), [("DRAM", 0, 2), ("L2", 1, 8)])
def test_a_roofline_has_every_layer_below_its_roofs(
    report: NetworkReport, below: str, depth: int, rate: int
) -> None:
    panel = panels(plot.roofline(report, below=below))[0]
    drawn = sorted(tuple(point) for each in panel.collections for point in each.get_offsets().tolist())
    links = [layer.cost.links[depth] for layer in report.layers]
    words = [max(link.ingress_words, link.egress_words) for link in links]
    expected = sorted(
        (layer.macs / moved, layer.macs / layer.runtime_cycles)
        for layer, moved in zip(report.layers, words, strict=True)
    )
    assert drawn == expected
    assert all(y <= min(16, rate * x) for x, y in drawn)
    peak, slope = panel.get_lines()
    assert set(peak.get_ydata()) == {16}
    assert all(y == rate * x for x, y in zip(slope.get_xdata(), slope.get_ydata(), strict=True))
    assert panel.get_xlabel() == f"operational intensity below {below} (MACs/word)"
    assert panel.get_ylabel() == "performance (MACs/cycle)"


def test_bars_of_energy_add_up_to_the_report(report: NetworkReport) -> None:
    panel = panels(plot.energy(report))[0]
    for index, layer in enumerate(report.layers):
        bars = [bar for bar in panel.patches if round(bar.get_x() + bar.get_width() / 2) == index]
        assert sum(bar.get_height() for bar in bars) == pytest.approx(float(layer.energy_pj) / 1e6)
        dram = sum(float(v) for name, v in layer.cost.energy.items() if name.startswith("DRAM"))
        drawn = sum(bar.get_height() for bar in bars if bar.get_facecolor() == bars[1].get_facecolor())
        assert drawn == pytest.approx(dram / 1e6)
        tensor = layer.cost.energy_by_tensor["B"]
        hatched = sum(bar.get_height() for bar in bars if bar.get_hatch() == "//")
        assert hatched == pytest.approx(float(sum(tensor.values())) / 1e6)
    assert panel.get_ylabel() == "energy (µJ)"
    assert [text.get_text() for text in panel.get_xticklabels()] == ["FIRST", "SECOND", "THIRD"]


def test_the_map_of_reuse_has_macs_per_word(report: NetworkReport) -> None:
    panel, bar = panels(plot.reuse(report))
    rows = [text.get_text() for text in panel.get_yticklabels()]
    assert rows == ["L2 A", "L2 B", "L2 Z"]
    layer = report.layers[2]
    reads = layer.boundaries[0].tensors["B"]["parent_reads"]
    assert 2 ** panel.get_images()[0].get_array()[1, 2] == pytest.approx(layer.macs / reads)
    assert bar.get_ylabel() == "reuse (log2 of MACs/word)"


def test_run_time_against_a_bandwidth_shows_its_regimes() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K")
    analysis = pm.analyze(pm.gemm(M=16, N=20), flow, 16)
    rates = [1, 2, 4, 8, 16, 32]
    [panel] = panels(plot.against(analysis, MACHINE, "noc_bw", rates, K=12))
    costs = [analysis.on(pm.Hardware(16, noc_bw=rate, offchip_bw=2), K=12).cost for rate in rates]
    times, bounds = panel.get_lines()
    assert list(times.get_xdata()) == rates
    assert list(times.get_ydata()) == [each.runtime_cycles for each in costs]
    assert list(bounds.get_ydata()) == [each.roofline_cycles for each in costs]
    regimes = list(dict.fromkeys(each.bound_by for each in costs))
    assert len(regimes) > 1
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert labels[2:] == [f"{name} binds" for name in regimes]
    change = next(i for i, each in enumerate(costs) if each.bound_by != regimes[0])
    assert panel.patches[0].get_width() == (rates[change] + rates[change - 1]) / 2 - rates[0]
    assert panel.get_xlabel() == "bandwidth below L2 (words/cycle)"
    assert panel.get_ylabel() == "run time (cycles)"


def test_the_front_is_drawn_at_its_costs() -> None:
    front = pm.sweep(pm.parse_network(TEXT), num_pes=[4, 8, 16], l2_size=[128, 1024, 16384]).pareto()
    panel, bar = panels(plot.pareto(front))
    drawn = [tuple(each) for each in panel.collections[0].get_offsets().tolist()]
    assert drawn == [(each.runtime, pytest.approx(float(each.energy) / 1e6)) for each in front]
    assert list(panel.collections[0].get_array()) == [each.buffer for each in front]
    assert panel.get_xlabel() == "run time (cycles)"
    assert panel.get_ylabel() == "energy (µJ)"
    assert bar.get_ylabel() == "buffers on the chip (words)"


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_pictures_are_written_from_the_command_line(tmp_path: Path, ending: str, start: bytes) -> None:
    out = tmp_path / f"picture.{ending}"
    for arguments in (
        ["analyze", str(ROOT / "examples" / "gemm.m"), "--hw", str(ROOT / "examples" / "machine.yaml")],
        ["sweep", str(ROOT / "examples" / "gemm.m"), "--num-pes", "64,128", "--noc-bw", "1,2"],
    ):
        result = CliRunner().invoke(main, [*arguments, "--plot", str(out)])
        assert result.exit_code == 0, result.output
        assert out.read_bytes().startswith(start)
        out.unlink()


def test_pictures_without_a_format_a_machine_or_data_are_refused(report: NetworkReport) -> None:
    gemm = str(ROOT / "examples" / "gemm.m")
    wrong = CliRunner().invoke(main, ["sweep", gemm, "--num-pes", "4", "--plot", "front.jpg"])
    assert (wrong.exit_code, "ends in no format of pictures" in wrong.stderr) == (2, True)
    wrong = CliRunner().invoke(main, ["analyze", gemm, "--num-pes", "4", "--plot", "front.png"])
    assert (wrong.exit_code, "--plot needs --hw" in wrong.stderr) == (2, True)
    empty = NetworkReport("Net", MACHINE, (), report.policies)
    for draw in (plot.roofline, plot.energy, plot.reuse):
        with pytest.raises(ExportError, match="network Net has no layer with"):
            draw(empty)
    with pytest.raises(ExportError, match="no design to draw"):
        plot.pareto([])
    with pytest.raises(ExportError, match="below DRAM or L2, not 'L1'"):
        plot.roofline(report, below="L1")


@pytest.mark.slow
def test_names_of_points_stand_below_one_another_and_wide_networks_get_room() -> None:
    network = pm.networks.as_convolutions(pm.networks.resnet50())
    [*some] = network.with_dataflow(pm.dataflows.kc_p(16)).layers[:34]
    found = pm.Network("Net", tuple(some)).analyze(pm.Hardware(256, noc_bw=2, offchip_bw=1))
    few = replace(found, layers=found.layers[:4])
    assert plot.energy(found).get_figwidth() > plot.energy(few).get_figwidth()
    figure = plot.roofline(found)
    figure.draw_without_rendering()
    boxes = [each.get_window_extent() for each in panels(figure)[0].texts]
    assert len(boxes) > 2
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_a_front_of_one_design_has_no_scale_of_colours() -> None:
    parsed = pm.parse_network(TEXT)
    front = pm.sweep(pm.Network(parsed.name, parsed.layers), num_pes=[16], noc_bw=[1, 2, 4]).pareto()
    assert len(front) == 1
    assert len(panels(plot.pareto(front))) == 1
    assert f"{front[0].buffer} words" in panels(plot.pareto(front))[0].get_title()
