"""Accelerators from the literature, as far as their sources give figures; what they leave out has no limit.

Each is the machine of its paper seen through this model: memories as one level each, one link below each.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from polymaestro.hardware.energy import EYERISS
from polymaestro.hardware.machine import Hardware
from polymaestro.hardware.memories import Link, Memory

PRESETS: Mapping[str, Hardware] = MappingProxyType(
    {
        # Chen, Krishna, Emer, Sze, "Eyeriss: An Energy-Efficient Reconfigurable Accelerator for Deep
        # Convolutional Neural Networks", JSSC 52(1), 2017: 12 × 14 PEs of 16 bits at 200 MHz; 108 kB of
        # global buffer; scratchpads of 12 + 224 + 24 words in a PE; a 64-bit link at 60 MHz to DRAM. The
        # three buses to the PEs are one link here, as wide as that of the filters and that of the partial
        # sums: 64 bits.
        "eyeriss": Hardware(
            12 * 14,
            energy=EYERISS,
            clock_mhz=200,
            name="Eyeriss (12 × 14 PEs)",
            memories=(
                Memory("DRAM", link=Link(Fraction(4 * 60, 200))),
                Memory("L2", 108 * 1024 // 2, link=Link(4)),
                Memory("L1", 12 + 224 + 24, double_buffered=False),
            ),
        ),
        # NVIDIA, "NVDLA Hardware Architectural Specification", configuration nv_large: 2048 MACs of 8 bits
        # in 32 MAC cells of 64, a convolution buffer of 512 KB.
        "nvdla": Hardware(32 * 64, l2_size=512 * 1024, name="like NVDLA (32 × 64 MACs)"),
        # Du et al., "ShiDianNao: Shifting Vision Processing Closer to the Sensor", ISCA 2015: 8 × 8 PEs of 16
        # bits at 1 GHz; 64 KB for input neurons, 64 KB for output neurons, 128 KB for synapses.
        "shidiannao": Hardware(
            8 * 8, l2_size=256 * 1024 // 2, clock_mhz=1000, name="like ShiDianNao (8 × 8 PEs)"
        ),
        # Jouppi et al., "In-Datacenter Performance Analysis of a Tensor Processing Unit", ISCA 2017:
        # 256 × 256 MACs of 8 bits at 700 MHz, a unified buffer of 24 MiB, 34 GB/s of weight memory.
        "tpu_v1": Hardware(
            256 * 256,
            l2_size=24 * 1024**2,
            offchip_bw=Fraction(34000, 700),
            clock_mhz=700,
            name="like TPU v1 (256 × 256 MACs)",
        ),
        # Kwon et al., "MAERI: Enabling Flexible Dataflow Mapping over DNN Accelerators via Reconfigurable
        # Interconnects", ASPLOS 2018; with the 64 multipliers of the one that Kwon et al., MICRO 2019,
        # compare MAESTRO with. Its trees multicast and reduce in one hop each.
        "maeri": Hardware(64, name="like MAERI (64 multipliers)"),
    }
)
"""By name; `Hardware` is frozen, and `dataclasses.replace` makes variants."""
