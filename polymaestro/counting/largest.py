"""Where a tile is largest: the steps at which it has its peak size, for tiles without parameters."""

from __future__ import annotations

import islpy as isl

from polymaestro.counting.peaks import IN, OUT, Cells, affine_cells, has_no_holes, with_named_steps
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.region import Condition
from polymaestro.relations.sets import PARAM, SET, coalesced, named


def steps_of_peak(tile: isl.Map, peak: int, cells: Cells) -> isl.Set:
    """Give the steps at which a tile has `peak` elements, its largest number.

    Raises `CountingUnavailableError` when the size of a tile is not affine in the step.

    >>> tile = isl.Map("{ [t] -> [i] : 0 <= t < 4 and 4t <= i < 4t + 4 and i < 14 }")
    >>> print(steps_of_peak(tile, 4, None))
    { [t] : 0 <= t <= 2 }
    """
    if tile.dim(OUT) == 0:
        return tile.domain()
    if tile.dim(OUT) == 1 and has_no_holes(tile):
        wide = isl.Map(f"{{ [[x] -> [y]] -> [] : y = x + {peak - 1} }}")
        return coalesced(tile.range_product(tile).apply_range(wide).domain())
    tile, names = with_named_steps(tile)
    lifted = named(tile.move_dims(PARAM, 0, IN, 0, len(names)).range()).compute_divs()
    every = isl.Set(f"[{', '.join(names)}] -> {{ : }}").params()
    steps = isl.Set(f"{{ [{', '.join(names)}] : false }}")
    for domain, value in cells(lifted, lifted.params()):
        for cell, affine in affine_cells(domain, value, set()):
            largest = isl.Set(f"[{', '.join(names)}] -> {{ : {_equals(affine, peak).isl()} }}").params()
            found = every.intersect(cell).intersect(largest)
            steps = steps.union(found.move_dims(SET, 0, PARAM, 0, len(names)))
    return coalesced(steps)


def _equals(value: QuasiPolynomial, number: int) -> Condition:
    """Say that an affine value is a number, over a common denominator."""
    scaled, scale = value.as_affine()
    return Condition(scaled - number * scale, equality=True)
