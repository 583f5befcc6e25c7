"""The machine: memories, links and PEs, with units."""

from polymaestro.hardware.machine import Hardware, load_hardware, parse_hardware

__all__ = ["Hardware", "load_hardware", "parse_hardware"]
