"""Reading the hardware files of MAESTRO.

file  := { key INT }        ``:`` ``,`` ``;`` and ``// comments`` are blanks
"""

from __future__ import annotations

from polymaestro.dataflow.directives import located
from polymaestro.dataflow.scanner import Scanner, Token, brief
from polymaestro.errors import HardwareError, did_you_mean
from polymaestro.hardware.machine import Hardware

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


def parse_maestro(text: str, *, file: str = "<text>") -> Hardware:
    """Read a hardware file of MAESTRO; sizes are in words.

    Raises `HardwareError` for unknown keys and impossible values, `LanguageError` for text that is
    no list of keys and integers.

    >>> parse_maestro("num_pes: 256, noc_bw_cstr: 32").noc_bw
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
    return Hardware(**values)  # type: ignore[arg-type]  # every one of these is an integer


def _error(scanner: Scanner, key: Token, message: str) -> HardwareError:
    return HardwareError(located(message, scanner.place(key.start)))
