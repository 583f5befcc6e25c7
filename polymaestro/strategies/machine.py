"""Machines, and policies to count under."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from polymaestro.hardware import EnergyTable, Hardware, Link, Memory
from polymaestro.policies import OPTIONS, Policies


def hardware(num_pes: int | None = None) -> st.SearchStrategy[Hardware]:
    """Draw a machine, with this number of PEs or any; a limit that is None is none.

    Memories of few words and links of one word a cycle are drawn on purpose: they are what binds.
    """
    return st.builds(
        Hardware,
        num_pes=st.integers(1, 64) if num_pes is None else st.just(num_pes),
        l1_size=_limit(1, 1024),
        l2_size=_limit(1, 65536),
        noc_bw=_limit(1, 64),
        offchip_bw=_limit(1, 64),
        noc_hops=_limit(0, 4),
        simd_lanes=_limit(1, 8),
    )


def machines(num_pes: int, levels: int) -> st.SearchStrategy[Hardware]:
    """Draw a machine for a dataflow of so many levels, each memory and link on its own."""
    names = ["DRAM", "L2", *(f"cluster{level}" for level in range(1, levels)), "L1"]
    return st.builds(
        Hardware,
        num_pes=st.integers(num_pes, num_pes + 3),
        simd_lanes=_limit(1, 4),
        memories=st.tuples(*(_memory(name) for name in names)),
        energy=_energy,
        word_sizes=st.dictionaries(st.sampled_from("IWOABZ"), st.integers(1, 3), max_size=2),
    )


def _memory(name: str) -> st.SearchStrategy[Memory]:
    rates = st.integers(1, 9) | st.fractions(Fraction(1, 4), 9, max_denominator=4)
    link = st.builds(
        Link, st.none() | rates, st.integers(0, 2), st.integers(0, 2), st.booleans(), st.booleans()
    )
    capacity = st.none() | st.integers(1, 300)
    return st.builds(Memory, st.just(name), capacity, st.booleans(), _limit(0, 9), _limit(0, 9), link)


_energy = st.builds(
    EnergyTable,
    *map(st.just, ("drawn", "pJ", "drawn")),
    *[st.integers(0, 20) | st.decimals(0, 20, places=2) for _ in range(6)],
)


def policies() -> st.SearchStrategy[Policies]:
    """Draw policies that every mapping can be counted under: edge tiles are not padded."""
    drawn = {name: st.sampled_from(options) for name, options in OPTIONS.items()}
    return st.builds(Policies, **drawn | {"edge_tiles": st.just("exact")})


def _limit(least: int, most: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(least, most)
