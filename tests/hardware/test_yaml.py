"""Machines in YAML: every field reads, and what is wrong is said with file, line and column."""

from pathlib import Path

import pytest

from polymaestro.errors import HardwareError, LanguageError
from polymaestro.hardware import TABLES, Hardware, Link, Memory, load_hardware, parse_hardware

FULL = """\
name: toy
num_pes: 168            # processing elements
clock_mhz: 200
simd_lanes: 2
energy: eyeriss
word_sizes: {O: 2}
memories:
  - name: DRAM
    link: {bandwidth: 1.5}
  - name: L2
    capacity: 55296
    double_buffered: false
    read_energy: E_L2
    write_energy: 3
    link: {bandwidth: B, hops: 2, hop_latency: 1, multicast: false, reduction: false}
  - name: L1
    capacity: 256
"""


def test_every_field_reads() -> None:
    assert parse_hardware(FULL, file="toy.yaml") == Hardware(
        168,
        simd_lanes=2,
        clock_mhz=200,
        energy=TABLES["eyeriss"],
        word_sizes={"O": 2},
        name="toy",
        memories=(
            Memory("DRAM", link=Link(1.5)),
            Memory(
                "L2",
                55296,
                double_buffered=False,
                read_energy="E_L2",
                write_energy=3,
                link=Link("B", 2, 1, multicast=False, reduction=False),
            ),
            Memory("L1", 256),
        ),
    )


def test_flat_fields_read_as_well() -> None:
    text = "num_pes: 4\nl1_size: 10\nl2_size: 20\nnoc_bw: 3\noffchip_bw: 2\nnoc_hops: 1\nhop_latency: 2\n"
    assert parse_hardware(text, file="a.yml") == Hardware(4, 10, 20, 3, 2, 1, hop_latency=2)


def test_an_energy_table_can_be_changed_constant_by_constant() -> None:
    table = parse_hardware("num_pes: 4\nenergy: {table: eyeriss, dram: 150}\n", file="a.yaml").energy
    assert (table.dram, table.l2, table.unit) == (150, 6, "MAC")
    assert table.name == "eyeriss, changed"
    assert table.source.startswith("a.yaml; the rest: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("num_pe: 4", r"a\.yaml:1:1: a machine has no field 'num_pe'; did you mean 'num_pes'\?"),
        ("noc_bw: 4", r"a\.yaml:1:1: num_pes is missing"),
        ("", r"a\.yaml:1:1: num_pes is missing"),
        ("num_pes: 4\nnum_pes: 5", r"a\.yaml:2:1: num_pes is given twice"),
        ("num_pes: 0", r"a\.yaml:1:1: num_pes is 0; it must be an integer, 1 or more"),
        ("num_pes: 4\nnoc_bw: -2", r"a\.yaml:2:1: noc_bw is -2; it must be a number, above 0"),
        ("- 3", r"a\.yaml:1:1: expected the fields of a machine"),
        ("num_pes: 4\nmemories: 3", r"a\.yaml:2:11: memories must be a list"),
        ("num_pes: 4\nmemories: [{capacity: 3}]", r"a\.yaml:2:12: this memory has no name"),
        (
            "num_pes: 4\nmemories:\n  - {name: L2, size: 3}",
            r"a\.yaml:3:16: a memory has no field 'size'.*Known: capacity",
        ),
        (
            "num_pes: 4\nmemories:\n  - name: L2\n    link: {bandwith: 3}",
            r"a\.yaml:4:12: a link has no field 'bandwith'; did you mean 'bandwidth'\?",
        ),
        ("num_pes: 4\nenergy: eyeris", r"a\.yaml:2:9: no energy table 'eyeris'; did you mean 'eyeriss'\?"),
        ("num_pes: 4\nenergy: {dram: -1}", r"a\.yaml:2:9: energy dram is -1"),
        ("num_pes: 4\nenergy: {table: x}", r"a\.yaml:2:9: no energy table 'x'"),
        ("num_pes: 4\nenergy: {table: [x]}", r"a\.yaml:2:17: table must be one value"),
        ("num_pes: !made 4", r"a\.yaml:1:10: num_pes is 4; that is no number and no name"),
        ("num_pes: !!int four", r"a\.yaml:1:10: num_pes is four; that is no number and no name"),
        ("num_pes: !!bool 4", r"a\.yaml:1:10: num_pes is 4; that is no number and no name"),
        ("num_pes: 2020-01-01", r"a\.yaml:1:10: num_pes is 2020-01-01; that is no number and no name"),
        ("num_pes: !made " + 50 * "9", r"a\.yaml:1:10: num_pes is 9{40}…; that is no number and no name"),
        ("num_pes: [4]", r"a\.yaml:1:10: num_pes must be one value"),
        ("num_pes: 4\n[1]: 2", r"a\.yaml:2:1: expected the name of a field"),
        ("num_pes: 4\nword_sizes: 3", r"a\.yaml:2:13: expected the fields of word_sizes, a tensor and its"),
        ("num_pes: 4\nword_sizes:", r"a\.yaml:2:12: expected the fields of word_sizes"),
        ("num_pes: 4\nword_sizes: {[O]: 2}", r"a\.yaml:2:14: expected the name of a field"),
        ("num_pes: 4\nword_sizes: {O: [2]}", r"a\.yaml:2:17: the word size of O must be one value"),
        ("num_pes: 4\nword_sizes: {O: 2, O: 3}", r"a\.yaml:2:20: O is given twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    with pytest.raises(HardwareError, match=message):
        parse_hardware(text, file="a.yaml")


def test_names_are_taken_as_they_are_written() -> None:
    machine = parse_hardware("num_pes: 4\nname: 2020-01-01\nmemories: [{name: 5}]", file="a.yaml")
    assert (machine.name, machine.memories[0].name) == ("2020-01-01", "5")


@pytest.mark.parametrize("text", ["a: [1", "a: 'b", "a: b: c", "\tx: 1", "a: &x [*y]", "a: \x07"])
def test_text_that_is_no_yaml_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(LanguageError, match=r"a\.yaml:\d+:\d+: "):
        parse_hardware(text, file="a.yaml")


def test_the_example_reads_and_uses_every_field_of_a_memory() -> None:
    machine = load_hardware(Path(__file__).parents[2] / "examples" / "machine.yaml")
    assert machine.memory("L2") == Memory("L2", 131072, link=Link(32, 1, 1))
    assert machine.memory("L1") == Memory("L1", 64, read_energy=0.3, write_energy=0.4)
    assert (machine.num_pes, machine.energy, machine.word_sizes) == (256, TABLES["horowitz"], {"O": 2})


def test_the_name_of_a_file_says_its_format(tmp_path: Path) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(FULL, encoding="utf-8")
    assert load_hardware(file).name == "toy"
