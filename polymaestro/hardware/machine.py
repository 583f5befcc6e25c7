"""The machine: how many PEs, how much memory, how wide the links; sizes in words of one element.

    file  := { key INT }        ``:`` ``,`` ``;`` and ``// comments`` are blanks

The keys are those of the MAESTRO files.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from polymaestro.dataflow.directives import located
from polymaestro.dataflow.scanner import Scanner, Token, brief, read_source
from polymaestro.errors import HardwareError, did_you_mean

# MAESTRO's key: the field it fills.
KEYS = {
    "num_pes": "num_pes",
    "l1_size_cstr": "l1_size",
    "l2_size_cstr": "l2_size",
    "noc_bw_cstr": "noc_bw",
    "offchip_bw_cstr": "offchip_bw",
    "NoC_NumHops": "noc_hops",
    "num_simd_lanes": "simd_lanes",
}


@dataclass(frozen=True)
class Hardware:
    """A spatial accelerator; None leaves a resource without limit (lanes: 1, hops: as the model has it).

    num_pes     processing elements
    l1_size     words in the memory of one PE
    l2_size     words in the memory that all PEs share
    noc_bw      words per cycle between L2 and the PEs, each direction
    offchip_bw  words per cycle between DRAM and L2
    noc_hops    hops from L2 to a PE
    simd_lanes  multiply-accumulates per PE and cycle

    >>> Hardware(num_pes=0)
    Traceback (most recent call last):
    polymaestro.errors.HardwareError: num_pes is 0; it must be an integer, 1 or more
    """

    num_pes: int
    l1_size: int | None = None
    l2_size: int | None = None
    noc_bw: int | None = None
    offchip_bw: int | None = None
    noc_hops: int | None = None
    simd_lanes: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no integer or too small."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.name != "num_pes":
                continue
            least = 0 if field.name == "noc_hops" else 1
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                message = f"{field.name} is {value!r}; it must be an integer, {least} or more"
                raise HardwareError(message)


def parse_hardware(text: str, *, file: str = "<text>") -> Hardware:
    """Read a hardware file.

    Raises `HardwareError` for unknown keys and impossible values, `LanguageError` for text that is
    no list of keys and integers.

    >>> parse_hardware("num_pes: 256, noc_bw_cstr: 32").noc_bw
    32
    """
    scanner = Scanner(text, file)
    values: dict[str, int] = {}
    while not scanner.ended:
        key = scanner.name(f"a hardware key ({', '.join(KEYS)})")
        name = brief(key.text)
        if key.text not in KEYS:
            message = f"unknown hardware key {name!r}{did_you_mean(name, KEYS)}"
            raise _error(scanner, key, message)
        value = scanner.number(f"an integer, the value of {key.text}")
        if values.setdefault(KEYS[key.text], value) != value:
            message = f"{key.text} is given twice with different values"
            raise _error(scanner, key, message)
        if value < (key.text != "NoC_NumHops"):
            message = f"{key.text} is {value}; it must be 1 or more"
            raise _error(scanner, key, message)
    if "num_pes" not in values:
        message = "num_pes is missing: the number of PEs has no default"
        raise HardwareError(located(message, scanner.place(len(text))))
    return Hardware(**values)


def load_hardware(path: str | Path) -> Hardware:
    """Read a hardware file, or standard input for ``-``; raises as `parse_hardware` does."""
    text, name = read_source(path)
    return parse_hardware(text, file=name)


def _error(scanner: Scanner, key: Token, message: str) -> HardwareError:
    return HardwareError(located(message, scanner.place(key.start)))
