"""Regions with alternatives, cut into parts, and what a search makes of them."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.counting import Condition, Region
from polymaestro.errors import PolymaestroError
from polymaestro.tiling.searching.spaces import parts_of

NAMES = "ABCD"


def at_least(name: str, number: int) -> Condition:
    return Condition(Affine.of(name) - number)


def product(clauses: list[list[tuple[Condition, ...]]]) -> Region:
    """Multiply out: one alternative of each clause in every piece."""
    pieces = (tuple(dict.fromkeys(sum(chosen, ()))) for chosen in itertools.product(*clauses))
    return Region(tuple(pieces))


def test_the_parts_of_a_region_hold_together_where_it_holds() -> None:
    rng = random.Random(1)
    points = [dict(zip(NAMES, p, strict=True)) for p in itertools.product(range(1, 5), repeat=4)]
    cut = 0
    for _ in range(60):
        every = [at_least(name, number) for name in NAMES for number in (2, 3, 4)]
        rng.shuffle(every)
        clauses = [
            [tuple(every.pop() for _ in range(rng.randint(1, 2))) for _ in range(rng.randint(1, 3))]
            for _ in range(rng.randint(1, 2))
        ]  # fmt: skip
        pieces = list(product(clauses).pieces)
        if rng.random() < 0.3:
            pieces.pop(rng.randrange(len(pieces)))
        region = Region(tuple(pieces))
        parts = parts_of(region)
        cut += len(parts) > 1
        for point in points:
            assert all(part.holds(point) for part in parts) == region.holds(point)
    assert cut > 20
    assert parts_of(Region(((),))) == []


def test_a_search_where_the_mapping_is_legal_in_one_way_or_another() -> None:
    flow = pm.parse_dataflow("TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N; TemporalMap(T_K,T_K) K")
    analysis = pm.analyze_tiles(pm.gemm(M=6, N=4, K=5), flow, 3)
    either = [(at_least("T_M", 3), Condition(3 - Affine.of("T_N"))), (at_least("T_K", 4),)]
    legal = product([either, [(Condition(Affine.of("T_M") - "T_N"),)]])
    narrowed = replace(analysis, macs=replace(analysis.macs, valid_on=legal))
    conditions = ["L1 <= 20", "L2.traffic >= 100"]
    best = pm.optimize(narrowed, minimize="L2.traffic", extents={}, subject_to=conditions, tiles="all")
    found = []
    for m, n, k in itertools.product(range(1, 7), range(1, 5), range(1, 6)):
        tensors = analysis.at({"T_M": m, "T_N": n, "T_K": k}).boundaries[0].tensors.values()
        moved = sum(t.get(w, 0) for t in tensors for w in ("parent_reads", "parent_updates", "read_backs"))
        held = sum(t["occupancy"] for t in tensors)
        if ((m >= 3 and n <= 3) or k >= 4) and m >= n and held <= 20 and moved >= 100:
            found.append(moved)
    assert best.value == min(found)
    assert best.space == 120 > 2 * len(found)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"extents": {"M": 4.5, "N": 4, "K": 4}}, "M is 4.5; it must be an integer"),
        ({"extents": {"M": "4", "N": 4, "K": 4}}, "M is '4'; it must be an integer"),
        ({"choices": {"T": [1, 2.5]}}, "T is 2.5; it must be an integer"),
        ({"choices": {"T": [0, 2]}}, "T is 0"),
        ({"choices": {"T": []}}, "the choices of T are empty"),
        ({"choices": {"U": [1]}}, "no symbol 'U'"),
        ({"tiles": "divisor"}, "tiles is 'divisor'; did you mean 'divisors'?"),
    ],
)
def test_what_is_no_space_is_refused(given: dict[str, Any], said: str) -> None:
    tiled = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("SpatialMap(T,T) M"), num_pes=2)
    with pytest.raises(PolymaestroError, match=re.escape(said)):
        pm.optimize(tiled, minimize="L2.traffic", **{"extents": {"M": 4, "N": 4, "K": 4}, **given})


def test_the_integers_of_numpy_are_sizes() -> None:
    tiled = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("SpatialMap(T,T) M; TemporalMap(1,1) N"), num_pes=2)
    size = 2**40
    extents: dict[str, Any] = dict.fromkeys("MNK", np.int64(size))
    best = pm.optimize(tiled, minimize="L2.traffic", extents=extents, choices={"T": np.arange(1, 5)})
    # B is read once for each fold of 2·T rows, A once, and Z leaves once.
    assert best.value == size**2 * (size // 8 + 2)
    assert best.point == {"T": 4}


def test_tiles_beyond_64_bits_are_searched_like_others() -> None:
    # A is read once for each tile of N, so that one tile is best; 10^30 has 31 · 31 divisors.
    flow = pm.parse_dataflow("TemporalMap(T,T) N; SpatialMap(1,1) M; TemporalMap(1,1) K")
    tiled = pm.analyze_tiles(pm.gemm(), flow, num_pes=1)
    extents = {"M": 10**30, "K": 10**30, "N": 10**30}
    best = pm.optimize(tiled, minimize="L2.A.parent_reads", extents=extents)
    assert best.proved
    assert best.space == 31**2
    assert best.point == {"T": 10**30}
    assert best.value == 10**60
