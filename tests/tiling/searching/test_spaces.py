"""Regions with alternatives, cut into parts, and what a search makes of them."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.counting import Condition, Region
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
