from pathlib import Path

import pytest

from polymaestro.errors import HardwareError, LanguageError
from polymaestro.hardware import Hardware, load_hardware, parse_hardware


def test_every_key_fills_its_field() -> None:
    text = """
    num_pes: 256, // PEs
    l1_size_cstr 100; l2_size_cstr: 3000
    noc_bw_cstr: 1000
    offchip_bw_cstr: 50
    NoC_NumHops: 0
    num_simd_lanes: 2
    """
    assert parse_hardware(text) == Hardware(256, 100, 3000, 1000, 50, 0, 2)


def test_all_but_the_pes_may_be_left_out() -> None:
    assert parse_hardware("num_pes: 16") == Hardware(num_pes=16)
    assert Hardware(num_pes=16).noc_bw is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("num_pe: 16", r"h\.m:1:1: unknown hardware key 'num_pe'; did you mean 'num_pes'"),
        ("num_pes: 16\nnoc_bw: 3", r"h\.m:2:1: unknown hardware key 'noc_bw'; did you mean 'noc_bw_cstr'"),
        ("num_pes: 16\nnum_pes: 8", r"h\.m:2:1: num_pes is given twice with different values"),
        ("num_pes: 0", r"h\.m:1:1: num_pes is 0; it must be 1 or more"),
        ("noc_bw_cstr: 4", "num_pes is missing"),
        ("", "num_pes is missing"),
    ],
)
def test_impossible_hardware_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(HardwareError, match=message):
        parse_hardware(text, file="h.m")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("num_pes: many", r"h\.m:1:10: expected an integer, the value of num_pes, found 'many'"),
        ("num_pes: 1.5", r"h\.m:1:10: .* found '1\.5'"),
        ("num_pes: -4", r"h\.m:1:10: .* found '-'"),
        ("{", r"h\.m:1:1: expected a hardware key"),
    ],
)
def test_text_that_is_no_list_of_keys_is_refused(text: str, message: str) -> None:
    with pytest.raises(LanguageError, match=message):
        parse_hardware(text, file="h.m")


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "4"])
def test_sizes_are_positive_integers(value: object) -> None:
    with pytest.raises(HardwareError, match=r"l2_size is .*; it must be an integer, 1 or more"):
        Hardware(num_pes=4, l2_size=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1, True, "4", "max", "a b", float("nan"), float("inf"), [3]])
def test_bandwidths_are_numbers_above_zero_or_symbols(value: object) -> None:
    with pytest.raises(HardwareError, match=r"noc_bw is .*; it must be a number, above 0, or a name"):
        Hardware(num_pes=4, noc_bw=value)  # type: ignore[arg-type]


def test_the_file_that_circulates_reads(reference: Path) -> None:
    machine = load_hardware(reference / "maestro" / "hw" / "accelerator_1.m")
    assert machine == Hardware(num_pes=256, l1_size=100, l2_size=3000, noc_bw=1000, offchip_bw=50)


def test_a_missing_file_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(LanguageError, match="cannot read this file"):
        load_hardware(tmp_path / "absent.m")
