from fractions import Fraction

import pytest

from polymaestro.hardware import PRESETS, Hardware


def test_eyeriss_has_the_figures_of_its_paper() -> None:
    eyeriss = PRESETS["eyeriss"]
    assert eyeriss.num_pes == 168
    assert eyeriss.memory("L2").capacity == 55296  # 108 kB of 16-bit words
    assert eyeriss.memory("L1").capacity == 260
    assert eyeriss.memory("DRAM").link.words_per_cycle == Fraction(6, 5)
    assert eyeriss.energy.unit == "MAC"


def test_the_tpu_reads_weights_at_34_gigabytes_a_second() -> None:
    words = PRESETS["tpu_v1"].memory("DRAM").link.words_per_cycle
    assert words == Fraction(34 * 10**9, 700 * 10**6)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_machine_with_a_name(name: str) -> None:
    machine = PRESETS[name]
    assert isinstance(machine, Hardware)
    assert machine.name
    assert machine.to_json()["num_pes"] == machine.num_pes
