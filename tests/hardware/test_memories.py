from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import pytest

from polymaestro.errors import HardwareError
from polymaestro.hardware import TABLES, EnergyTable, Hardware, Link, Memory

WRONG: Any = 0.5


def test_flat_fields_say_what_each_memory_has() -> None:
    machine = Hardware(16, l1_size=100, l2_size=3000, noc_bw=8, offchip_bw=0.5, noc_hops=3, hop_latency=2)
    assert machine.memory("DRAM") == Memory("DRAM", link=Link(0.5))
    assert machine.memory("L2") == Memory("L2", 3000, link=Link(8, 3, 2))
    assert machine.memory("cluster1") == Memory("cluster1", link=Link(8, 3, 2))
    assert machine.memory("L1").capacity == 100
    assert machine.memory("DRAM").link.words_per_cycle == Fraction(1, 2)


def test_without_hops_a_word_takes_one_that_costs_no_time() -> None:
    assert Hardware(16, noc_bw=8).memory("L2").link == Link(8, 1, 0)


def test_a_memory_that_is_described_goes_before_the_flat_fields() -> None:
    machine = Hardware(16, noc_bw=8, memories=(Memory("cluster1", 64, link=Link("B")),))
    assert machine.memory("cluster1") == Memory("cluster1", 64, link=Link("B"))
    assert machine.memory("L2").link == Link(8, 1, 0)


@pytest.mark.parametrize(
    ("given", "memory", "message"),
    [
        ({"l2_size": 10}, "L2", "l2_size and the memory L2 say the same"),
        ({"noc_bw": 10}, "L2", "noc_bw and the memory L2 say the same"),
        ({"offchip_bw": 10}, "DRAM", "offchip_bw and the memory DRAM say the same"),
        ({"l1_size": 10}, "L1", "l1_size and the memory L1 say the same"),
    ],
)
def test_what_is_said_twice_is_refused(given: dict[str, int], memory: str, message: str) -> None:
    with pytest.raises(HardwareError, match=message):
        Hardware(16, memories=(Memory(memory),), **given)  # type: ignore[arg-type]


def test_a_memory_given_twice_is_refused() -> None:
    with pytest.raises(HardwareError, match="the memory L2 is given twice"):
        Hardware(16, memories=(Memory("L2"), Memory("L2")))


def test_a_memory_that_no_dataflow_has_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(HardwareError, match="the dataflow has no memory 'clutser1'; did you mean 'cluster1'"):
        Hardware(16, memories=(Memory("clutser1"),)).check_names(("DRAM", "L2", "cluster1", "L1"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Memory("L2", 0), "capacity is 0; it must be an integer, 1 or more"),
        (lambda: Memory("L2", double_buffered=WRONG), "double_buffered is 0.5; it must be true or false"),
        (lambda: Memory("L2", read_energy=-1), "read_energy is -1; it must be a number, 0 or more"),
        (lambda: Link(hops=-1), "hops is -1; it must be an integer, 0 or more"),
        (lambda: Hardware(4, hop_latency=-1), "hop_latency is -1; it must be an integer, 0 or more"),
        (lambda: Link(hop_latency=WRONG), r"hop_latency is 0\.5; it must be an integer"),
        (lambda: Link(multicast=WRONG), r"multicast is 0\.5; it must be true or false"),
        (lambda: Hardware(4, word_sizes={"O": 0}), "the word size of O is 0; it must be an integer, 1"),
        (lambda: Hardware(4, clock_mhz=0), "clock_mhz is 0; it must be a number, above 0"),
    ],
)
def test_parts_that_make_no_sense_are_refused(make: object, message: str) -> None:
    with pytest.raises(HardwareError, match=message):
        make()  # type: ignore[operator]


@pytest.mark.parametrize("table", TABLES.values(), ids=str)
def test_every_energy_table_has_a_source_and_a_unit_and_costs_more_further_out(table: EnergyTable) -> None:
    assert table.source
    assert table.unit in {"pJ", "MAC"}
    assert set(table.values) == {"mac", "l1", "cluster", "l2", "dram", "hop"}
    values = table.values
    assert all(isinstance(value, Fraction) for value in values.values())
    assert values["l1"] < values["l2"]  # type: ignore[operator]


def test_published_constants_are_those_of_their_source() -> None:
    eyeriss, horowitz, maestro = TABLES["eyeriss"], TABLES["horowitz"], TABLES["maestro"]
    assert (eyeriss.l1, eyeriss.hop, eyeriss.l2, eyeriss.dram) == (1, 2, 6, 200)
    assert horowitz.values["mac"] == Fraction(11, 10) + Fraction(4, 10)
    assert horowitz.values["l1"] == Fraction(10, 4)
    assert (maestro.l1, maestro.l2) == (1.68, 18.61)


def test_an_energy_may_be_a_symbol_and_not_a_sentence() -> None:
    assert replace(TABLES["eyeriss"], dram="E_DRAM").values["dram"] == "E_DRAM"
    with pytest.raises(HardwareError, match="energy dram is 'a lot'"):
        replace(TABLES["eyeriss"], dram="a lot")


def test_json_has_what_was_set() -> None:
    machine = Hardware(16, noc_bw="B", memories=(Memory("L1", 64, read_energy=0.5),), name="m")
    data = machine.to_json()
    assert data["memories"] == [
        {
            "name": "L1",
            "capacity": 64,
            "double_buffered": True,
            "read_energy": 0.5,
            "link": {"hops": 1, "hop_latency": 0, "multicast": True, "reduction": True},
        }
    ]
    assert (data["name"], data["noc_bw"], data["energy"]["name"]) == ("m", "B", "horowitz")
    assert "l2_size" not in data
    assert {each.name for each in fields(Hardware)} >= set(data)
