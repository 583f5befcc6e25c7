"""The machine: memories, links and PEs, with units; energy tables and presets with their sources."""

from polymaestro.hardware.energy import TABLES, EnergyTable
from polymaestro.hardware.files import load_hardware, parse_hardware
from polymaestro.hardware.machine import Hardware
from polymaestro.hardware.memories import Link, Memory
from polymaestro.hardware.presets import PRESETS
from polymaestro.hardware.values import Value

__all__ = [
    "PRESETS",
    "TABLES",
    "EnergyTable",
    "Hardware",
    "Link",
    "Memory",
    "Value",
    "load_hardware",
    "parse_hardware",
]
