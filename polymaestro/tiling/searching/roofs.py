"""Roofs: what the run time cannot be below, resource by resource, as sums that tables can bound.

    run time ≥ ⌈amount / copies⌉       MACs over the lanes of all units; words over all links of a boundary

These are the bounds of `TiledAnalysis.roofline`, for the units that the mapping has: a run time is also
given where the machine has fewer. Latency, and what does not overlap, only make a run longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.model.integers import positive
from polymaestro.model.links import links_of
from polymaestro.model.roofline import Bound, bounds_of
from polymaestro.tiling.analysis import TiledAnalysis
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.quantities import Sum
from polymaestro.tiling.searching.bounds import Weighed
from polymaestro.tiling.searching.points import Array
from polymaestro.tiling.timing import TiledRunTime


@dataclass(frozen=True)
class Roof:
    """⌈amount / copies⌉ cycles, both sums of products with integers as factors; copies are above 0."""

    amount: Sum
    copies: Sum


def roofs_of(analysis: TiledAnalysis, time: TiledRunTime) -> Iterator[Roof]:
    """Give the roofs of a run time on a machine whose constants are numbers."""
    units = analysis.cuts.units
    links = links_of(analysis, analysis.costing.off_chip.tensors, time.machine, time.resident)
    for bound in bounds_of(analysis.macs, links, time.machine, units):
        each = replace(bound, copies=units) if bound.resource == "compute" else bound
        if any(form.products for _, form in each.amount.terms):
            yield _roof(each)


def _roof(bound: Bound[TiledForm]) -> Roof:
    rate = positive(bound.rate, {})
    amount = (
        (weight * sign * rate.denominator, counts)
        for weight, form in bound.amount.terms
        for sign, counts in form.products
    )
    return Roof(tuple(amount), ((rate.numerator, tuple(_number(each) for each in bound.copies)),))


def _number(units: Affine) -> TiledCount:
    """Give a number of units as a count."""
    return TiledCount(lambda _: QuasiPolynomial.of(units), tuple(sorted(units.names())))


def least_time(roofs: Sequence[tuple[Weighed, Weighed]], blocks: Sequence[Array], group: int) -> Array:
    """Bound the time from below for each row of a block and each row of the next group.

    A roof is its amount and its copies over tables; the blocks begin with the products of both so far, roof
    by roof.
    """
    found = []
    for number, (amount, copies) in enumerate(roofs):
        words = _whole(amount.least(blocks[2 * number], group))
        links = _whole(copies.greatest(blocks[2 * number + 1], group))
        found.append(-(-words // links))
    return reduce(np.maximum, found)


def _whole(values: Array) -> Array:
    """Give integers, which floating-point numbers hold exactly where sums over tables have them."""
    return values.astype(np.int64) if values.dtype == float else values
