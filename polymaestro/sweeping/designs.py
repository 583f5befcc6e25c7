"""Single designs, as a sweep gives them back: a machine, a dataflow a layer, and what these cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from polymaestro.hardware import Hardware
from polymaestro.hardware.values import exact, plain

METRICS = ("runtime", "energy", "buffer", "traffic")
"""What can be minimized."""


@dataclass(frozen=True)
class Design:
    """A machine with the dataflow of each layer that is meant, and their costs.

    dataflows  pairs of a layer and its dataflow, by name
    runtime    cycles of all these layers, one after the other
    energy     in the unit of the machine's table
    buffer     words of all memories on the chip together, for the layer that needs the most
    traffic    words between DRAM and L2
    varied     the constants of the machine that the sweep varied
    """

    dataflows: tuple[tuple[str, str], ...]
    hardware: Hardware
    varied: Mapping[str, Any]
    runtime: int
    energy: Fraction
    buffer: int
    traffic: int
    fits: bool

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


@dataclass(frozen=True)
class Best:
    """The best machine for the whole network and that of each layer; None where none is allowed."""

    minimize: str
    total: Design | None
    layers: tuple[Design | None, ...]
