"""What an access costs: tables of energy per word, each with its unit and source.

A table is a starting point; every constant can be replaced by a number or a symbol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from polymaestro.hardware.values import Given, Value, exact, plain


@dataclass(frozen=True)
class EnergyTable:
    """Energy of one MAC, of one word read or written in each kind of memory, and of one word over one hop.

    `unit` is what one means: ``pJ``, or ``MAC`` where the source gives multiples of a MAC. `cluster` is
    for the memories between L2 and L1.

    >>> from dataclasses import replace
    >>> replace(EYERISS, l2="E_L2").l2
    'E_L2'
    """

    name: str
    unit: str
    source: str
    mac: Given
    l1: Given
    cluster: Given
    l2: Given
    dram: Given
    hop: Given = 0
    values: Mapping[str, Value] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the constants exactly."""
        names = [each.name for each in fields(self) if each.name not in {"name", "unit", "source", "values"}]
        values = {name: exact(getattr(self, name), f"energy {name}") for name in names}
        object.__setattr__(self, "values", values)

    def to_json(self) -> dict[str, int | float | str]:
        """Give the table as JSON data."""
        head = {"name": self.name, "unit": self.unit, "source": self.source}
        return head | {name: plain(value) for name, value in self.values.items()}


EYERISS = EnergyTable(
    "eyeriss",
    "MAC",
    "Chen, Emer, Sze, ISCA 2016, Table IV: normalized to a MAC, 16-bit words, a commercial 65 nm process; "
    "a cluster buffer as an inter-PE transfer",
    mac=1,
    l1=1,
    cluster=2,
    l2=6,
    dram=200,
    hop=2,
)

HOROWITZ = EnergyTable(
    "horowitz",
    "pJ",
    "Horowitz, ISSCC 2014, Fig. 1.1.9, 45 nm, 0.9 V: 16-bit floating-point multiplication 1.1 and addition "
    "0.4; a quarter of a 64-bit access to 8 KB (10), 32 KB (20) and 1 MB (100) of cache and to DRAM "
    "(1300, the lower end); wires between PEs are not in the figure",
    mac=1.5,
    l1=2.5,
    cluster=5,
    l2=25,
    dram=325,
)

MAESTRO = EnergyTable(
    "maestro",
    "MAC",
    "the multipliers in the source of MAESTRO (L1 1.68, L2 18.61 times a MAC), which has none for links, "
    "cluster buffers and DRAM",
    mac=1,
    l1=1.68,
    cluster=0,
    l2=18.61,
    dram=0,
)

TABLES: Mapping[str, EnergyTable] = {table.name: table for table in (HOROWITZ, EYERISS, MAESTRO)}
"""By name; the first is the default."""
