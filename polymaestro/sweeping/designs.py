"""Single designs, as a sweep gives them back: a machine, a dataflow a layer, and what these cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from polymaestro.hardware import Hardware
from polymaestro.hardware.values import exact, plain
from polymaestro.model.numbers import decimal
from polymaestro.showing import Row, Shown, Table, Tabled

METRICS = ("runtime", "energy", "buffer", "traffic")
"""What can be minimized."""


@dataclass(frozen=True, repr=False)
class Design(Shown):
    """A machine with the dataflow of each layer that is meant, and their costs.

    dataflows  pairs of a layer and its dataflow, by name
    runtime    cycles of all these layers, one after the other
    energy     in the unit of the machine's table
    buffer     words of all memories on the chip together, for the layer that needs the most
    traffic    words between DRAM and L2
    varied     the constants of the machine that the sweep varied

    >>> import polymaestro as pm
    >>> network = pm.Network("Net", pm.networks.alexnet().named("CONV3")).with_dataflow(pm.dataflows.kc_p(16))
    >>> design = pm.sweep(network, num_pes=[64, 128], noc_bw=[8, 16]).best().total
    >>> design.varied, design.runtime == network.analyze(design.hardware).runtime_cycles
    ({'num_pes': 128, 'noc_bw': 16}, True)
    """

    dataflows: tuple[tuple[str, str], ...]
    hardware: Hardware
    varied: Mapping[str, Any]
    runtime: int
    energy: Fraction
    buffer: int
    traffic: int
    fits: bool

    def __str__(self) -> str:
        """Write the design in one line."""
        head = (name.replace("\n", " ") for name in design_head(self))
        return ", ".join(f"{name}: {cell}" for name, cell in zip(head, design_cells(self), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Give the design as JSON data."""
        varied = self.varied.items()
        return {
            "dataflows": [list(pair) for pair in self.dataflows],
            **{name: None if value is None else plain(exact(value, name)) for name, value in varied},
            "runtime_cycles": self.runtime,
            "energy": float(self.energy),
            "energy_unit": self.hardware.energy.unit,
            "buffer_words": self.buffer,
            "off_chip_words": self.traffic,
            "fits": self.fits,
        }


@dataclass(frozen=True, repr=False)
class Best(Tabled):
    """The best machine for the whole network and that of each layer; None where none is allowed.

    `names` are those of the layers, `title` says what was searched.

    >>> import polymaestro as pm
    >>> network = pm.Network("Net", pm.networks.alexnet().named("CONV3")).with_dataflow(pm.dataflows.kc_p(16))
    >>> best = pm.sweep(network, num_pes=[64, 128]).best("runtime")
    >>> best.total == best.layers[0], best.total.hardware.num_pes
    (True, 128)
    """

    title: str
    names: tuple[str, ...]
    minimize: str
    total: Design | None
    layers: tuple[Design | None, ...]

    def tables(self) -> Iterator[Table]:
        """Give the best of each layer, then the best machine for all with the dataflows there."""
        some = next((each for each in self.layers if each is not None), None)
        head = ("layer", *design_head(some)) if some is not None else ("layer", "design")
        rows = [
            Row((name,), "no design keeps the constraints")
            if design is None
            else Row((name, *design_cells(design)))
            for name, design in zip(self.names, self.layers, strict=True)
        ]
        notes: tuple[str, ...] = ()
        if len(rows) > 1:
            if self.total is None:
                rows.append(Row(("all",), "no machine keeps the constraints in every layer"))
            else:
                rows.append(Row(("all", *design_cells(self.total))))
                flows = dict.fromkeys(name for _, name in self.total.dataflows)
                notes = tuple(
                    f"all under {name}: "
                    + ", ".join(layer for layer, own in self.total.dataflows if own == name)
                    for name in flows
                )
        title = f"{self.title}, the least {self.minimize}"
        yield Table(head, tuple(rows), words=2, title=title, notes=notes)


def design_head(design: Design) -> tuple[str, ...]:
    """Name the columns of `design_cells`, with their units."""
    varied = (name.replace("_", " ") for name in design.varied)
    unit = design.hardware.energy.unit
    return ("dataflow", *varied, "cycles", f"energy\n{unit}", "buffer\nwords", "DRAM\nwords")


def design_cells(design: Design) -> tuple[str, ...]:
    """Write a design: its dataflow, what varied, its costs."""
    flows = list(dict.fromkeys(name for _, name in design.dataflows))
    return (
        flows[0] if len(flows) == 1 else "mixed",
        *("none" if value is None else decimal(Fraction(str(value))) for value in design.varied.values()),
        str(design.runtime),
        decimal(design.energy),
        str(design.buffer),
        str(design.traffic),
    )
