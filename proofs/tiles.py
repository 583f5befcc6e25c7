"""Symbolic tiles: put numbers in, and the formulas are those that the numbers give by themselves.

A formula with symbolic tiles is derived once, by runs through loops of tiles and edge tiles, without isl
counting anything (polymaestro/tiling). The same mapping with its numbers written down goes another way: isl
sets, counted by nested sums. Who chooses tiles by the first relies on both being the same function. Here
they are shown to be, for every extent, filters of every length among them, and every formula of the five
published dataflows, for ten choices of tiles, clusters and PEs each: the published numbers, and nine that
were drawn; and for a few of these under stride 2. Both sides are sums of products over axis groups, and they
are compared factor by factor (polymaestro/proving/products.py).

Where units slide along an axis, what they share depends on how the filter, the tiles and the folds divide
each other, and the second way ends at no formula over the extent. There the extent is written in blocks of
tiles and folds (polymaestro/proving/extents.py), which are all extents: that too is shown. The second way
then has a formula for each of these choices within seconds. Of all that were drawn four were passed over,
one of YX-P and three of YR-P, for which it has none even so.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping

from published import FLOWS, NUM_PES

import polymaestro as pm
from polymaestro.proving import Blocks, Function, Proof, equal_sets, equal_sums, statement
from polymaestro.tiling import lifted

Numbers = Mapping[str, int]

CHOICES = 10
TILES = (1, 2, 3, 4, 5, 6, 7, 8)
UNITS = (1, 2, 3, 4, 5, 8)
STRIDED = {"C-P": (0, 1), "X-P": (0, 4, 9), "YX-P": (0, 1), "KC-P": (0, 1)}
PASSED_OVER = {"YX-P": (2,), "YR-P": (4, 9, 11)}


def choices(name: str, published: Numbers) -> Iterator[Numbers]:
    """Give the published numbers, then drawn ones, the same each time; some arrays have a PE too many."""
    yield dict(published)
    rng = random.Random(name)  # noqa: S311  a choice of tiles is no secret
    for place in itertools.count(1):
        numbers = {symbol: rng.choice(TILES) for symbol in published}
        numbers |= {"PEs": numbers.get("G1", 1) * rng.choice(UNITS) + rng.choice((0, 1))}
        if place not in PASSED_OVER.get(name, ()):
            yield numbers


def blocks(name: str, numbers: Numbers) -> Blocks:
    """Write the extents along which units slide in tiles and folds of these."""
    units = numbers["PEs"] // numbers.get("G1", 1)
    if name == "X-P":
        return Blocks({"Q": (numbers["T_Q0"], units)})
    if name == "YR-P":
        return Blocks({"P": (numbers["T_P0"], units)})
    if name == "YX-P":
        columns = {"Q": (numbers["T_Q0"],)} if numbers["G1"] > 1 else {}
        return Blocks({"P": (numbers["T_P0"], units)} | columns)
    return Blocks({})


def compared(name: str, stride: int = 1, places: Iterable[int] = range(CHOICES)) -> Iterator[Proof]:
    """Compare all formulas of a dataflow for some choices."""
    operator = pm.conv2d(stride=stride)
    found = lifted(operator, FLOWS[name], NUM_PES)
    general = pm.analyze_tiles(operator, found.dataflow, found.num_pes)
    drawn = list(itertools.islice(choices(name, found.values), max(places) + 1))
    for numbers in map(drawn.__getitem__, places):
        given = ", ".join(f"{symbol} = {number}" for symbol, number in numbers.items())
        claim = f"{name} with {given}, stride {stride}:"
        written = blocks(name, numbers)
        dataflow = found.dataflow.substituted(numbers)
        whole = operator.with_extents(written.values)
        derived = pm.analyze(whole, dataflow, numbers[found.num_pes], assuming=written.conditions)
        left = {each: Function.of(form) for each, form in general.specialised(numbers).items()}
        right = {each: Function.of(form) for each, form in derived.forms.every().items()}
        extents = written.restored(derived.macs.context)
        yield equal_sets(f"{claim} blocks are all extents", extents, left["macs"].context)
        pairs = {each: (written.function(form), right[each]) for each, form in left.items()}
        yield from equal_sums(claim, pairs)


@statement(trusts="isl; the counting engine for one side, runs through the loops for the other")
def tiles_may_get_their_numbers_late() -> Iterator[Proof]:
    """Formulas with symbolic tiles, clusters and PEs, given numbers, equal those derived from the numbers."""
    for name in FLOWS:
        yield from compared(name)
    for name, places in STRIDED.items():
        yield from compared(name, 2, places)
