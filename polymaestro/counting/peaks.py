"""Peaks: the largest number of elements that any unit holds at any step.

A tile without holes along one index is as large as the distance between its ends, and the largest
distance is an integer program that isl solves for all parameters. Any other tile is counted with the
steps as parameters, and the largest value is found the same way while it is affine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import lcm

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting.merging import Piece
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.ranges import ranges_of
from polymaestro.counting.reading import named_division
from polymaestro.errors import CountingUnavailableError
from polymaestro.relations.sets import PARAM, coalesced, named, parameters

IN, OUT = isl.dim_type.in_, isl.dim_type.out
MAX_RANGE = 64

Cells = Callable[[isl.Set, isl.Set], list[Piece]]


def peak_pieces(tile: isl.Map, cells: Cells) -> list[Piece]:
    """Give the largest |image| of a tile relation, as disjoint pieces of parameters.

    `cells` counts a set in a context of parameters. Raises `CountingUnavailableError` when the size of
    a tile is not affine in the step.
    """
    if tile.dim(OUT) == 0:
        return [(tile.params(), QuasiPolynomial.of(1))]
    if tile.dim(OUT) == 1 and _has_no_holes(tile):
        span = isl.Map("{ [x, y] -> [z] : z = y - x + 1 }")
        pairs = tile.range_product(tile).range().unwrap().wrap().flatten()
        return _largest(pairs.apply(span))
    return _largest_count(tile, cells)


def _has_no_holes(tile: isl.Map) -> bool:
    below = tile.apply_range(isl.Map("{ [x] -> [y] : y > x }"))
    above = tile.apply_range(isl.Map("{ [x] -> [y] : y < x }"))
    return bool(below.intersect(above).is_subset(tile))


def _largest(values: isl.Set) -> list[Piece]:
    """Give the largest element of a one-dimensional set."""
    pieces: list[Piece] = []

    def keep(domain: isl.Set, value: isl.Aff) -> None:
        pieces.append((domain.params(), QuasiPolynomial.of(named_division(value))))

    coalesced(values).dim_max(0).foreach_piece(keep)
    return pieces


def _largest_count(tile: isl.Map, cells: Cells) -> list[Piece]:
    names = [f"step{index}" for index in range(tile.dim(IN))]
    for index, name in enumerate(names):
        tile = tile.set_dim_name(IN, index, name)
    own = set(parameters(tile.wrap()))
    lifted = named(tile.move_dims(PARAM, tile.dim(PARAM), IN, 0, len(names)).range()).compute_divs()
    counted = cells(lifted, lifted.params())
    values = isl.Set("{ [z] : false }")
    for domain, value in counted:
        for cell, affine in _affine_cells(domain, value, own):
            values = values.union(_valued(cell, affine, names))
    return _largest(values)


def _affine_cells(
    domain: isl.Set, value: QuasiPolynomial, own: set[str]
) -> Iterator[tuple[isl.Set, QuasiPolynomial]]:
    """Split a cell at the values of parameters with a short range until its polynomial is affine."""
    if all(sum(power for _, power in monomial) <= 1 for monomial, _ in value.terms):
        yield domain, value
        return
    ranges = ranges_of(domain)
    for name in sorted(value.names()):
        low, high = ranges[name]
        if low is not None and high is not None and high - low < MAX_RANGE:
            index = domain.find_dim_by_name(PARAM, name)
            for number in range(low, high + 1):
                cell = domain.fix_val(PARAM, index, isl.Val(number))
                if not cell.is_empty():
                    yield from _affine_cells(cell, value.substitute({name: number}), own)
            return
    message = (
        f"the size of a tile, {value}, is not affine in its step, so its largest value is not known; "
        f"give {', '.join(sorted(value.names() & own)) or 'the extents'} a number"
    )
    raise CountingUnavailableError(message)


def _valued(domain: isl.Set, value: QuasiPolynomial, steps: list[str]) -> isl.Set:
    """Give the set of values that an affine count takes on a cell of parameters and steps."""
    scale = lcm(*(factor.denominator for _, factor in value.terms))
    scaled = Affine.of(0)
    for monomial, factor in value.terms:
        atom = Affine.of(monomial[0][0]) if monomial else Affine.of(1)
        scaled = scaled + atom * int(factor * scale)
    names = parameters(domain)
    tie = isl.Set(f"[{', '.join(names)}] -> {{ [z] : {scale}*z = {scaled.isl()} }}")
    tied = tie.intersect_params(domain)
    for name in steps:
        position = tied.find_dim_by_name(PARAM, name)
        if position >= 0:
            tied = tied.project_out(PARAM, position, 1)
    return tied
