"""Roofs: what the run time cannot be below, resource by resource, as sums that tables can bound.

    run time ≥ ⌈amount / copies⌉       MACs over the lanes of all units; words over all links of a boundary

These are the bounds of `TiledAnalysis.roofline`, but for the units that the mapping keeps busy: no more than
it has, which a run time does not compare with those of the machine, and at each level no more than there are
tiles for them. Latency, and what does not overlap, only make a run longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np

from polymaestro.counting import QP
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
    compute, *others = bounds_of(analysis.macs, links, time.machine, units)
    for busy in product(*(_busy(analysis, level) for level in range(len(units)))):
        yield _roof(compute, busy)
    for each in others:
        if any(form.products for _, form in each.amount.terms):
            yield _roof(each, [QP.of(copies) for copies in each.copies])


def _busy(analysis: TiledAnalysis, level: int) -> list[QP]:
    """Give what the busy units of a level are at most: all, or one for each tile that goes to units."""
    found = [QP.of(analysis.cuts.units[level])]
    for dim in analysis.operator.dims:
        whole = dim.extent
        for cut in analysis.cuts.of(dim.name):
            if cut.level == level and cut.units is not None:
                found.append(analysis.ties.split(dim.name, whole, cut.size).tiles)
            whole = cut.size
    return found


def _roof(bound: Bound[TiledForm], copies: Sequence[QP]) -> Roof:
    rate = positive(bound.rate, {})
    amount = (
        (weight * sign * rate.denominator, counts)
        for weight, form in bound.amount.terms
        for sign, counts in form.products
    )
    return Roof(tuple(amount), ((rate.numerator, tuple(_number(each) for each in copies)),))


def _number(units: QP) -> TiledCount:
    """Give a number of units as a count."""
    return TiledCount(lambda _: units, tuple(sorted(units.names())))


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
