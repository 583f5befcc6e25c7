"""Step classes at the size of real layers, where no oracle can run: they must add up to the counts."""

from __future__ import annotations

from pathlib import Path

import pytest

import polymaestro as pm
from polymaestro.hardware import Hardware
from polymaestro.model import LayerReport
from polymaestro.model.clock import Clock, Level
from polymaestro.model.integers import Integers, levels_at
from polymaestro.movement.transfers import END
from polymaestro.policies import Policies
from tests.test_against_interpreter import FLOWS

CONV3_2 = {"N": 2, "K": 256, "C": 250, "P": 55, "Q": 57, "R": 3, "S": 3}
MACHINE = Hardware(256, l2_size=100_000, noc_bw=32, offchip_bw=16, noc_hops=1, simd_lanes=2)


def ended(level: Level, clock: Clock, depth: int) -> int:
    """Give the words that leave at the end, of all parents."""
    chosen = clock._chosen(level, (END,) * len(level.classes))
    return sum(
        number * clock._words(depth, (END,) * len(level.classes), each, "out") for each, number in chosen
    )


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("chosen", [Policies(), Policies(retention="whole-step", sharing="unicast")], ids=str)
def test_the_words_of_all_classes_are_those_that_the_counts_say(name: str, chosen: Policies) -> None:
    analysis = pm.analyze(pm.conv2d(**CONV3_2), FLOWS[name], 256, policies=chosen)
    report = analysis.on(MACHINE)
    machine = analysis.machine(MACHINE)
    levels = levels_at(analysis.classes(machine), {})
    clock = Clock(levels, machine, frozenset(report.cost.resident), Integers(machine, {}))
    for depth, link in enumerate(report.cost.links):
        level = levels[max(depth, 1) - 1]
        steps = list(clock.combinations(max(depth, 1)))
        words = {
            way: sum(number * clock.words(depth, case, each, way) for case, each, number in steps)
            for way in ("in", "out")
        }
        assert words["in"] == link.ingress_words
        assert words["out"] + ended(level, clock, depth) == link.egress_words
    assert sum(number for _, _, number in clock.combinations(1)) == report.boundaries[0].steps


@pytest.mark.parametrize("name", ["yr_p", "kc_p"])
def test_with_numbers_or_with_symbols_a_layer_takes_the_same_time(name: str) -> None:
    symbols = {dim: size for dim, size in CONV3_2.items() if dim not in "RS"}
    machine = Hardware(256, noc_bw=32, offchip_bw=16, noc_hops=1)
    form = pm.analyze(pm.conv2d(R=3, S=3), FLOWS[name], 256).runtime(machine)
    numbers = pm.analyze(pm.conv2d(**CONV3_2), FLOWS[name], 256).on(machine)
    assert form.at(**symbols) == numbers.runtime_cycles


def sound(layer: LayerReport) -> bool:
    return layer.runtime_cycles >= layer.roofline_cycles >= -(-layer.macs // 256) > 0


def test_every_layer_of_a_network_has_a_run_time_above_its_roofline(reference: Path) -> None:
    network = pm.load(reference / "maestro" / "mapping" / "Resnet50_kcp_ws.m")
    machine = Hardware(256, l2_size=65536, noc_bw=32, offchip_bw=16, noc_hops=1)
    report = network.analyze(machine)
    assert len(report.layers) == 66
    assert report.timed
    assert all(sound(layer) for layer in report.layers)
    assert report.runtime_cycles == sum(layer.runtime_cycles for layer in report.layers)


@pytest.mark.slow
@pytest.mark.parametrize(
    "file", ["vgg16_yxp_os", "vgg16_ckp_ws", "vgg16_nlr", "vgg16_xp_ws", "MobileNetV2_kcp_ws"]
)
def test_networks_that_circulate_have_run_times_above_their_rooflines(reference: Path, file: str) -> None:
    network = pm.load(reference / "maestro" / "mapping" / f"{file}.m")
    report = network.analyze(Hardware(256, noc_bw=32, offchip_bw=16, noc_hops=1))
    timed = [layer for layer in report.layers if layer.performance]
    assert len(timed) > len(report.layers) / 2
    assert all(sound(layer) for layer in timed)
    assert all(layer.performance or layer.problems for layer in report.layers)
