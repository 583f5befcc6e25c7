"""Symbolic tiles: put numbers in, and the formulas are those that the numbers give by themselves.

A formula with symbolic tiles is derived once, by runs through loops of tiles and edge tiles, without isl
counting anything (polymaestro/tiling). The same mapping with its numbers written down goes another way: isl
sets, counted by nested sums. Who chooses tiles by the first relies on both being the same function. Here
they are shown to be, for every extent and every formula of the five published dataflows, for ten choices of
tiles, clusters and PEs each: the published numbers, and nine that were drawn. Both sides are sums of
products over axis groups, and they are compared factor by factor (polymaestro/proving/products.py).

Filters are symbols as well, of any size for C-P and KC-P and along the axis that X-P and YR-P do not spread.
Where units slide along an axis, the second way has no formula for filters longer than all that the units hold
together; there the filter has at most 7 taps, and fewer for the two choices where even that takes it minutes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from published import FLOWS, NUM_PES

import polymaestro as pm
from polymaestro.proving import Function, Proof, equal_sums, statement
from polymaestro.tiling import lifted

CHOICES = 10
TILES = (1, 2, 3, 4, 5, 6, 7, 8)
UNITS = (1, 2, 3, 4, 5, 8)
FILTERS = {"X-P": ("S <= 7",), "YR-P": ("R <= 7",), "YX-P": ("R <= 7", "S <= 7")}
SHORTER = {("YR-P", 2): ("R <= 5",), ("YX-P", 5): ("R = 3", "S = 3")}


def choices(name: str, published: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Give the published numbers, then drawn ones, the same each time; some arrays have a PE too many."""
    yield dict(published)
    rng = random.Random(name)  # noqa: S311  a choice of tiles is no secret
    for _ in range(CHOICES - 1):
        numbers = {symbol: rng.choice(TILES) for symbol in published}
        yield numbers | {"PEs": numbers.get("G1", 1) * rng.choice(UNITS) + rng.choice((0, 1))}


def compared(name: str) -> Iterator[Proof]:
    """Compare all formulas of a dataflow for each choice."""
    operator = pm.conv2d()
    found = lifted(operator, FLOWS[name], NUM_PES)
    general = pm.analyze_tiles(operator, found.dataflow, found.num_pes)
    for index, numbers in enumerate(choices(name, found.values)):
        assuming = SHORTER.get((name, index), FILTERS.get(name, ()))
        left = general.specialised(numbers, *assuming)
        dataflow = found.dataflow.substituted(numbers)
        right = pm.analyze(operator, dataflow, numbers[found.num_pes], assuming=assuming).forms.every()
        given = ", ".join(f"{symbol} = {number}" for symbol, number in numbers.items())
        pairs = {each: (Function.of(form), Function.of(right[each])) for each, form in left.items()}
        yield from equal_sums(f"{name} with {given}:", pairs)


@statement(trusts="isl; the counting engine for one side, runs through the loops for the other")
def tiles_may_get_their_numbers_late() -> Iterator[Proof]:
    """Formulas with symbolic tiles, clusters and PEs, given numbers, equal those derived from the numbers."""
    for name in FLOWS:
        yield from compared(name)
