"""What units hold together: the union as a formula, against sets of elements."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.errors import CountingUnavailableError
from polymaestro.tiling.families import Family, Held
from polymaestro.tiling.lengths import Span
from polymaestro.tiling.rows import Row
from polymaestro.tiling.run import Run
from polymaestro.tiling.shapes import index_of

Tile = tuple[int, int]


def units_of(rng: random.Random) -> list[tuple[int, int, Tile, Tile]]:
    """Draw rows as (units, stride, first tile now, first tile before); tiles before lie near or far."""
    stride = rng.randint(1, 6)
    found, low = [], 0
    for _ in range(rng.randint(1, 4)):
        units = rng.choice([1, rng.randint(1, 4), rng.randint(1, 25)])
        far = rng.choice([0, stride, rng.randint(-9, 40), rng.randint(-90, 90)])
        now, before = (low, stride), (low + far, rng.choice([stride, rng.randint(1, stride)]))
        found.append((units, stride, now, before))
        low += units * stride
    return found


def elements(tile: Tile, taps: Tile, factors: tuple[int, int], shift: int = 0) -> Iterator[int]:
    for p in range(tile[0] + shift, tile[0] + shift + tile[1]):
        for r in range(taps[0], taps[0] + taps[1]):
            yield p * factors[0] + r * factors[1]


def span(tile: Tile) -> Span:
    return Span(Affine.of(tile[0]), Affine.of(tile[1]))


@pytest.mark.parametrize("factors", [(1, 1), (2, 1), (1, 2), (3, 2), (1, 0), (2, 0)])
def test_a_union_is_as_large_as_the_set_of_its_elements(factors: tuple[int, int]) -> None:
    rng = random.Random(str(factors))
    seen: Counter[bool] = Counter()
    for _ in range(120):
        rows, taps = units_of(rng), rng.choice([(0, 1), (0, rng.randint(1, 5)), (0, rng.randint(1, 30))])
        family = Family(
            Run({}),
            index_of((Affine.of("p") * factors[0] + Affine.of("r") * factors[1],)),  # p alone where it is 0
            "p",
            tuple(
                Row(QuasiPolynomial.of(n), Affine.of(s), Affine.of(s * (n - 1)), span(now), (span(before),))
                for n, s, now, before in rows
            ),
            {"r": span(taps)} if factors[1] else {},
            {"r": span(taps)} if factors[1] else {},
        )
        for held in Held:
            union: set[int] = set()
            for units, stride, now, before in rows:
                for unit in range(units):
                    here, past = (set(elements(tile, taps, factors, unit * stride)) for tile in (now, before))
                    own, other = (past, here) if held.is_past else (here, past)
                    union |= own - other if held in (Held.NEW, Held.GONE) else own
            try:
                assert family.union(held).constant == len(union), (rows, taps, held)
                seen[True] += 1
            except CountingUnavailableError:
                seen[False] += 1
    assert seen[True] > 4 * seen[False], seen
